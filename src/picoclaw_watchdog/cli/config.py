"""`config show` and `config check`: what is set, where it came from, what is wrong with it."""

import sys

from picoclaw_watchdog.cli.loading import complain, load_settings
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.mistakes import DEFAULT
from picoclaw_watchdog.settings.schema import SETTINGS, Section, Setting


def main(arguments: list[str]) -> int:
    """Run `config show [--json]` or `config check`.

    Returns:
        0 where nothing is wrong or there are only warnings, 2 where a mistake is fatal.
    """
    import argparse

    parser = argparse.ArgumentParser(prog="picoclaw-watchdog config")
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("show", help="every setting, its value and where it came from")
    show.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("check", help="every mistake, one a line")
    chosen = parser.parse_args(arguments)

    loaded = load_settings()
    if chosen.command == "check":
        return _check(loaded)
    if chosen.json:
        _show_json(loaded)
    else:
        _show(loaded)
        complain(loaded, sys.stderr)
    return 2 if loaded.fatal else 0


def _check(loaded: Loaded) -> int:
    read = sum(origin != DEFAULT for origin in loaded.origins.values())
    if loaded.mistakes:
        complain(loaded, sys.stdout)
    elif loaded.settings.language == "ja":
        print(f"設定 {read} 件を読みました。誤りはありません。")
    else:
        print(f"{read} setting{'' if read == 1 else 's'} read, no mistakes")
    return 2 if loaded.fatal else 0


def _show(loaded: Loaded) -> None:
    from picoclaw_watchdog.settings.texts import SECTIONS
    from picoclaw_watchdog.settings.wording import place

    language = loaded.settings.language
    width = max(len(setting.name) for setting in SETTINGS)
    for section in Section:
        title = SECTIONS[section]
        print(f"# {title.ja if language == 'ja' else title.en}")
        for setting in SETTINGS:
            if setting.section is section:
                origin = place(loaded.origins[setting.field], language)
                value = _value(setting, loaded) or ("(なし)" if language == "ja" else "(none)")
                print(f"{setting.name:{width}}  {value:30}  {origin}")
        print()


def _show_json(loaded: Loaded) -> None:
    import json

    settings = []
    for setting in SETTINGS:
        origin = loaded.origins[setting.field]
        value = getattr(loaded.settings, setting.field)
        entry = {
            "key": setting.name,
            "field": setting.field,
            "value": _value(setting, loaded) if setting.secret else value,
            "set": origin != DEFAULT,
            "secret": setting.secret,
            "origin": origin._asdict(),
        }
        settings.append(entry)
    mistakes = [
        {"line": mistake.line(loaded.settings.language), "fatal": mistake.fatal}
        for mistake in loaded.mistakes
    ]
    print(json.dumps({"settings": settings, "mistakes": mistakes}, ensure_ascii=False, indent=2))


def _value(setting: Setting, loaded: Loaded) -> str:
    from picoclaw_watchdog.settings.show import as_shown

    return as_shown(setting, getattr(loaded.settings, setting.field))

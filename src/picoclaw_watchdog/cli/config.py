"""`config show` and `config check`: what is set, where it came from, what is wrong with it."""

import os
import sys

from picoclaw_watchdog.cli.arguments import Known, WrongUsageError, misused, parse
from picoclaw_watchdog.cli.helping import Help, show_help
from picoclaw_watchdog.cli.loading import complain, load_settings
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.mistakes import DEFAULT
from picoclaw_watchdog.settings.schema import SETTINGS, Section, Setting

KNOWN = Known(flags=frozenset({"--json"}), words=1)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog config show|check [--json]",
        about="What is set, where it came from, and what is wrong with it. Secrets are masked.",
        options=(
            ("show", "every setting, its value and where it came from"),
            ("check", "every mistake, one a line, with what would be right"),
            ("--json", "show: for programs"),
            ("--color WHEN", "auto, always or never"),
        ),
        statuses=(("0", "nothing wrong, or only warnings"), ("2", "wrong usage, or a mistake")),
        examples=("picoclaw-watchdog config check",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog config show|check [--json]",
        about="設定の値と出所、誤りを表示します。秘密情報は伏せます。",
        options=(
            ("show", "すべての設定の値と出所"),
            ("check", "誤りを 1 行に 1 件、直し方とともに"),
            ("--json", "show: プログラム向けに出力します"),
            ("--color WHEN", "auto、always、never のいずれか"),
        ),
        statuses=(("0", "誤りなし、または注意のみ"), ("2", "使い方か設定の誤り")),
        examples=("picoclaw-watchdog config check",),
    ),
}
_OWN = {"en": "By PicoClaw's own settings", "ja": "PicoClaw 自身の設定"}
_WHICH = {"en": "show or check?", "ja": "show か check を指定してください"}


def main(arguments: list[str]) -> int:
    """Run `config show [--json]` or `config check`.

    Returns:
        0 where nothing is wrong or there are only warnings, 2 where a mistake is fatal.
    """
    loaded = load_settings()
    language = loaded.settings.language
    if any(each in ("-h", "--help") for each in arguments):
        show_help(HELP[language], language)
        return 0
    try:
        typed = parse(arguments, KNOWN)
    except WrongUsageError as wrong:
        return misused("config", wrong.said(language), HELP, language)
    if typed.words not in (("show",), ("check",)):
        return misused("config", _WHICH[language], HELP, language)
    if typed.words == ("check",):
        return _check(loaded)
    if "--json" in typed.flags:
        _show_json(loaded)
    else:
        if sys.stdout.isatty():
            _show_to_eyes(loaded, typed.colour)
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


def _show_to_eyes(loaded: Loaded, colour: str) -> None:
    from picoclaw_watchdog.settings.texts import SECTIONS
    from picoclaw_watchdog.settings.wording import place
    from picoclaw_watchdog.terminal.blocks import Cell, pairs
    from picoclaw_watchdog.terminal.paint import Style, show, terminal_of

    language, on = loaded.settings.language, terminal_of(sys.stdout, os.environ, colour)
    for section in Section:
        title = SECTIONS[section].ja if language == "ja" else SECTIONS[section].en
        rows = []
        for setting in (each for each in SETTINGS if each.section is section):
            origin = loaded.origins[setting.field]
            text = f"{_value(setting, loaded) or '-'} ({place(origin, language)})"
            rows.append((setting.name, Cell(text, None if origin == DEFAULT else Style.HEAD)))
        if section is Section.GATEWAY and loaded.settings.own_address:
            rows.append((_OWN[language], Cell(_own(loaded), Style.HEAD)))
        show(sys.stdout, [*on.text(title, Style.HEAD), *pairs(on, rows), ""])


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
        if section is Section.GATEWAY and loaded.settings.own_address:
            print(f"# {_OWN[language]}: {_own(loaded)}")
        print()


def _show_json(loaded: Loaded) -> None:
    from picoclaw_watchdog.terminal.paint import show_json

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
    own = {"address": loaded.settings.own_address, "source": loaded.settings.own_source}
    show_json({"settings": settings, "picoclaw": own, "mistakes": mistakes})


def _own(loaded: Loaded) -> str:
    return f"{loaded.settings.own_address} ({loaded.settings.own_source})"


def _value(setting: Setting, loaded: Loaded) -> str:
    from picoclaw_watchdog.settings.show import as_shown

    return as_shown(setting, getattr(loaded.settings, setting.field))

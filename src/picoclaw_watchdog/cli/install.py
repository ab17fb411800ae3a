"""`picoclaw-watchdog install`, `enable`, `disable`, `uninstall`."""

import os
import sys

from picoclaw_watchdog.cli.loading import complain, load_settings
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.install import manager, setup, wording
from picoclaw_watchdog.install.files import Item
from picoclaw_watchdog.install.missing import Missing
from picoclaw_watchdog.install.places import Places, places

OK = 0
FAILED = 1
USAGE = 2

HELP = """picoclaw-watchdog install|enable|disable|uninstall [--language en|ja]

install    puts the program into ~/.local/share/picoclaw, its units where systemd --user looks
           for them, and a private ~/.picoclaw/.env if there is none; says what is missing
enable     begins to watch: the timer, and at once when a kick is requested
disable    stops watching
uninstall  removes all of it; settings, state and logs stay

exit status: 0 done, 1 it did not work, 2 wrong usage or mistakes in the settings
example: picoclaw-watchdog install --language ja"""


def main(arguments: list[str]) -> int:
    """Run one of the four; the first argument says which."""
    command, rest = arguments[0], arguments[1:]
    given = rest[1] if len(rest) == 2 and rest[0] == "--language" else ""  # noqa: PLR2004
    if rest and given not in ("en", "ja"):
        print(HELP, file=sys.stdout if rest[0] in ("-h", "--help") else sys.stderr)
        return OK if rest[0] in ("-h", "--help") else USAGE
    home = os.path.expanduser("~")
    loaded = load_settings()
    language = given or loaded.settings.language
    if complain(loaded) and command == "install":
        return USAGE
    where = places(os.environ, home)
    try:
        return COMMANDS[command](where, loaded.settings, language)
    except OSError as error:
        facts = {"path": error.filename or where.data, "why": error.strerror or error}
        print(wording.CANNOT_WRITE.say(language, **facts), file=sys.stderr)
        return FAILED


def _install(where: Places, settings: Settings, language: str) -> int:
    user = _user()
    done = setup.install(where, settings, os.environ, user, documents())
    _print_items(done.items, where, language)
    print()
    print((wording.INSTALLED if done.changed else wording.NOTHING_CHANGED).say(language))
    if done.taken_over:
        print(wording.TAKEN_OVER.say(language))
    restricted = wording.HARDENED if done.hardened else wording.NOT_HARDENED
    print(restricted.say(language, user=user))
    if done.refused:
        print(wording.REFUSED.say(language, why=done.refused), file=sys.stderr)
    if done.apprise:
        print(wording.APPRISE_FAILED.say(language, why=done.apprise), file=sys.stderr)
    _print_missing(done.missing, where, settings, language)
    return FAILED if done.refused else OK


def documents() -> dict[str, str]:
    """The completion scripts and the manual page."""
    from picoclaw_watchdog.cli.completion import SHELLS
    from picoclaw_watchdog.cli.manual import page

    return {**{shell: make() for shell, make in SHELLS.items()}, "man": page()}


def _enable(where: Places, settings: Settings, language: str) -> int:
    if not setup.is_installed(where):
        print(wording.NOT_INSTALLED.say(language), file=sys.stderr)
        return FAILED
    ran = manager.enable()
    if not ran.ok:
        print(wording.FAILED.say(language, why=ran.complaint), file=sys.stderr)
        return FAILED
    print(wording.ENABLED.say(language, seconds=settings.interval_sec))
    return OK


def _disable(where: Places, _: Settings, language: str) -> int:
    if not setup.is_installed(where):
        print(wording.NOTHING_INSTALLED.say(language))
        return OK
    ran = manager.disable()
    if not ran.ok:
        print(wording.FAILED.say(language, why=ran.complaint), file=sys.stderr)
        return FAILED
    print(wording.DISABLED.say(language))
    return OK


def _uninstall(where: Places, settings: Settings, language: str) -> int:
    done = setup.uninstall(where, settings)
    _print_items(done.items, where, language)
    text = wording.UNINSTALLED if done.items else wording.NOTHING_INSTALLED
    print(text.say(language))
    if done.kept:
        paths = ", ".join(_short(path, where) for path in done.kept)
        print(wording.KEPT.say(language, paths=paths))
    return OK


COMMANDS = {
    "install": _install,
    "enable": _enable,
    "disable": _disable,
    "uninstall": _uninstall,
}


def _print_items(items: list[Item], where: Places, language: str) -> None:
    for item in items:
        print(f"{wording.FATES[item.fate].say(language)}\t{_short(item.path, where)}")


def _print_missing(found: list[Missing], where: Places, settings: Settings, language: str) -> None:
    if not found:
        return
    from shutil import which

    facts = {
        "user": _user(),
        "gateway": settings.gateway_service,
        "env": _short(f"{settings.pico_home}/.env", where),
        "command": _short(where.command, where),
        "tailscale": which("tailscale") or "/usr/bin/tailscale",
    }
    print()
    print(wording.STILL_TO_DO.say(language))
    for each in found:
        print(f"- {wording.MISSING[each].say(language, **facts)}")


def _short(path: str, where: Places) -> str:
    return f"~{path.removeprefix(where.home)}" if path.startswith(f"{where.home}/") else path


def _user() -> str:
    from pwd import getpwuid

    try:
        return getpwuid(os.getuid()).pw_name
    except KeyError:
        return os.environ.get("USER", str(os.getuid()))

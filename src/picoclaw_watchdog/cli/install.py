"""`picoclaw-watchdog install`, `enable`, `disable`, `uninstall`."""

import os
import sys

from picoclaw_watchdog.cli.arguments import LANGUAGE, Known, typed_in
from picoclaw_watchdog.cli.install_help import HELP
from picoclaw_watchdog.cli.loading import complain
from picoclaw_watchdog.core.commands import filled
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.host.user import user_name
from picoclaw_watchdog.install import manager, setup, wording
from picoclaw_watchdog.install.files import Item
from picoclaw_watchdog.install.missing import Missing
from picoclaw_watchdog.install.places import Places, places
from picoclaw_watchdog.terminal.paint import Style, show, show_cells, tell, terminal_of

OK = 0
FAILED = 1
USAGE = 2

KNOWN = Known(choices=LANGUAGE)


def main(arguments: list[str]) -> int:
    """Run one of the four; the first argument says which."""
    command, rest = arguments[0], arguments[1:]
    asked = typed_in(command, rest, KNOWN, HELP[command])
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    if complain(loaded) and command == "install":
        return USAGE
    language = typed.values.get("--language", loaded.settings.language)
    where = places(os.environ, os.path.expanduser("~"))
    try:
        return COMMANDS[command](where, loaded.settings, Voice(language, typed.colour))
    except OSError as error:
        facts = {"path": error.filename or where.data, "why": error.strerror or error}
        tell(wording.CANNOT_WRITE.say(language, **facts), sys.stderr)
        return FAILED


class Voice:
    """Says what is done, in the owner's language."""

    def __init__(self, language: str, colour: str) -> None:
        self._language = language
        self._on = terminal_of(sys.stdout, os.environ, colour)

    def say(self, text: Text, **facts: object) -> None:
        """A sentence."""
        tell(text.say(self._language, **facts))

    def complain(self, text: Text, **facts: object) -> int:
        """A sentence about what did not work; answers the exit status."""
        sys.stdout.flush()
        tell(text.say(self._language, **facts), sys.stderr)
        return FAILED

    def items(self, items: list[Item], where: Places) -> None:
        """What became of each file: below each other for eyes, a line each in a pipe."""
        fates = {fate: text.say(self._language) for fate, text in wording.FATES.items()}
        rows = [(fates[each.fate], short(each.path, where)) for each in items]
        if not sys.stdout.isatty():
            show_cells(sys.stdout, [*rows, ("",)] if rows else [])
            return
        lines: list[str] = []
        for fate in dict.fromkeys(fate for fate, _ in rows):
            paths = "\n".join(path for each, path in rows if each == fate)
            lines += [self._on.paint(fate, Style.HEAD), *self._on.text(paths, indent=2)]
        show(sys.stdout, [*lines, ""] if lines else [])

    def missing(self, found: list[Missing], where: Places, settings: Settings, line: str) -> None:
        """What is still to be done."""
        if not found:
            return
        facts = {
            "user": user_name(),
            "gateway": settings.gateway_service,
            "env": short(f"{settings.pico_home}/.env", where),
            "command": short(where.command, where),
            "line": line,
        }
        print()
        self.say(wording.STILL_TO_DO)
        for each in found:
            text = wording.MISSING[each].say(self._language, **facts)
            shown = self._on.text(text, indent=2, first="- ")
            show(sys.stdout, shown if sys.stdout.isatty() else [f"- {text}"])
            if each in wording.COMMANDS:
                self.command(wording.COMMANDS[each], **facts)

    def command(self, template: str, **facts: object) -> None:
        """A command to be copied: never broken, the terminal itself does that without harm."""
        show(sys.stdout, [f"  {self._on.paint(f'$ {filled(template, facts)}', Style.COMMAND)}"])


def short(path: str, where: Places) -> str:
    """The path as the owner would write it."""
    return f"~{path.removeprefix(where.home)}" if path.startswith(f"{where.home}/") else path


def _install(where: Places, settings: Settings, voice: Voice) -> int:
    user = user_name()
    done = setup.install(where, settings, os.environ, user, documents())
    voice.items(done.items, where)
    if done.refused:
        return voice.complain(wording.REFUSED, why=done.refused)
    voice.say(wording.INSTALLED if done.changed else wording.NOTHING_CHANGED)
    if done.taken_over:
        voice.say(wording.TAKEN_OVER)
    voice.say(wording.HARDENED if done.hardened else wording.NOT_HARDENED)
    if done.unsafe:
        voice.complain(wording.UNSAFE)
        folders = tuple(short(folder, where) for folder in done.unsafe)
        voice.command(wording.CLOSE, folders=folders)
    if done.apprise:
        voice.complain(wording.APPRISE_FAILED, why=done.apprise)
    voice.missing(done.missing, where, settings, done.may.line)
    return OK


def documents() -> dict[str, str]:
    """The completion scripts and the manual page."""
    from picoclaw_watchdog.cli.completion import SHELLS
    from picoclaw_watchdog.cli.manual import page

    return {**{shell: make() for shell, make in SHELLS.items()}, "man": page()}


def _enable(where: Places, settings: Settings, voice: Voice) -> int:
    if not setup.is_installed(where):
        return voice.complain(wording.NOT_INSTALLED)
    ran = manager.enable()
    if not ran.ok:
        return voice.complain(wording.FAILED, why=ran.complaint)
    voice.say(wording.ENABLED, seconds=settings.interval_sec)
    return OK


def _disable(where: Places, _: Settings, voice: Voice) -> int:
    if not setup.is_installed(where):
        voice.say(wording.NOTHING_INSTALLED)
        return OK
    ran = manager.disable()
    if not ran.ok:
        return voice.complain(wording.FAILED, why=ran.complaint)
    voice.say(wording.DISABLED)
    return OK


def _uninstall(where: Places, settings: Settings, voice: Voice) -> int:
    done = setup.uninstall(where, settings)
    voice.items(done.items, where)
    voice.say(wording.UNINSTALLED if done.items else wording.NOTHING_INSTALLED)
    if done.kept:
        paths = ", ".join(short(path, where) for path in done.kept)
        voice.say(wording.KEPT, paths=paths)
    return OK


COMMANDS = {
    "install": _install,
    "enable": _enable,
    "disable": _disable,
    "uninstall": _uninstall,
}

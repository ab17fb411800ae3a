"""Read the settings for a command, and say what is wrong with them."""

import os
import sys

from picoclaw_watchdog.light import TYPE_CHECKING, TextIO
from picoclaw_watchdog.settings.load import Loaded, load
from picoclaw_watchdog.store.disk import DiskStore

if TYPE_CHECKING:
    from picoclaw_watchdog.terminal.paint import Terminal

USAGE = 2


def load_settings() -> Loaded:
    """The settings of this user on this host."""
    return load(os.environ, os.path.expanduser("~"))


def say_unreadable(store: DiskStore) -> bool:
    """Say what of the state could not be read: else it would look as if nothing had been there."""
    complaints = store.complaints()
    sys.stdout.flush()
    if complaints:
        from picoclaw_watchdog.terminal.paint import show  # rarely needed

        show(sys.stderr, complaints)
    return bool(complaints)


def complain(loaded: Loaded, stream: TextIO | None = None) -> bool:
    """Print every mistake, one a line; answers whether one of them is fatal."""
    sys.stdout.flush()
    if loaded.mistakes:
        from picoclaw_watchdog.terminal.paint import show, terminal_of  # rarely needed

        stream = stream or sys.stderr
        for_eyes = stream.isatty()
        on = terminal_of(stream, os.environ)
        show(stream, painted_mistakes(loaded, on) if for_eyes else mistake_lines(loaded))
    return loaded.fatal


def mistake_lines(loaded: Loaded) -> list[str]:
    """Each mistake: where it is, what is wrong with it and what would be right."""
    language = loaded.settings.language
    warning = "注意: " if language == "ja" else "warning: "
    return [f"{'' if each.fatal else warning}{each.line(language)}" for each in loaded.mistakes]


def painted_mistakes(loaded: Loaded, on: "Terminal") -> list[str]:
    """The same for a terminal."""
    from picoclaw_watchdog.terminal.paint import Sign, Style

    lines: list[str] = []
    for mistake, line in zip(loaded.mistakes, mistake_lines(loaded), strict=True):
        sign, style = (Sign.BAD, Style.BAD) if mistake.fatal else (Sign.WARN, Style.WARN)
        lines += on.text(line, style, indent=2, first=on.paint(on.sign(sign), style) + " ")
    return lines


def ended(loaded: Loaded, status: int) -> int:
    """The exit status of a command that only looks: it has shown what is known all the same.

    The mistakes come last, where a terminal is read first.
    """
    return USAGE if complain(loaded) else status

"""Lines of the log on standard output: for eyes on a terminal, and as they are in a pipe."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress

from picoclaw_watchdog.screens.log import Day, lines_of
from picoclaw_watchdog.store.log import print_line
from picoclaw_watchdog.store.log_reader import Line, read
from picoclaw_watchdog.terminal.paint import show, terminal_of


class LinePrinter:
    """Prints them.

    Args:
        colour: `auto`, `always` or `never`.
        raw: as they are, also on a terminal.
    """

    def __init__(self, colour: str = "auto", *, raw: bool = False) -> None:
        self._colour = colour
        self._raw = raw or not _is_for_eyes()
        self._day = Day()

    def show(self, lines: Iterable[Line]) -> None:
        """Print some more."""
        on = terminal_of(sys.stdout, os.environ, self._colour)
        for line in lines:
            show(sys.stdout, [line.text] if self._raw else lines_of(on, line, self._day))

    def echo(self, line: str) -> None:
        """Print one that is being written."""
        if self._raw:
            print_line(sys.stdout, line)
        else:
            self.show([read(line)])


def _is_for_eyes() -> bool:
    with suppress(ValueError):  # it is closed
        return sys.stdout is not None and sys.stdout.isatty()
    return False

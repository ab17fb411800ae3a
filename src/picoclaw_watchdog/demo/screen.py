"""Where the demo's story is told."""

import os
import sys
from collections.abc import Sequence

from picoclaw_watchdog.terminal.blocks import table
from picoclaw_watchdog.terminal.columns import shortened, width
from picoclaw_watchdog.terminal.paint import Style, Terminal, show, terminal_of

COLUMNS = 80  # a story is hard to read in longer lines
_EVENT_INDENT = 11  # columns of `   0.13 s  `
_STYLES = {
    "": None,
    "bold": Style.HEAD,
    "dim": Style.DIM,
    "red": Style.BAD,
    "green": Style.GOOD,
    "yellow": Style.WARN,
    "cyan": Style.COMMAND,
}


class Screen:
    """Prints the story, piece by piece."""

    def __init__(self, on: Terminal | None = None) -> None:
        on = on or terminal_of(sys.stdout, os.environ)
        self._on = on._replace(columns=min(COLUMNS, on.columns))

    def say(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """A paragraph, wrapped."""
        show(sys.stdout, self._on.text(text, _STYLES[style], indent=indent))

    def rule(self, title: str) -> None:
        """A heading."""
        line = "-" * (self._on.columns - width(title) - 4)
        show(sys.stdout, ["", *self._on.text(f"-- {title} {line}".rstrip(), Style.HEAD)])

    def event(self, after: float, text: str, style: str = "") -> None:
        """Something that happened, `after` seconds into the chapter."""
        first = self._on.paint(f"{after:7.2f} s  ", _STYLES[style])
        show(sys.stdout, self._on.text(text, _STYLES[style], indent=_EVENT_INDENT, first=first))

    def line(self, after: float, text: str, style: str = "") -> None:
        """The same of a log; what does not fit into one line of the terminal is left out."""
        self.event(after, shortened(text, self._on.columns - _EVENT_INDENT), style)

    def letter(self, title: str, text: str) -> None:
        """A message as the owner gets it."""
        bar = "  " + self._on.paint("| ", Style.COMMAND)
        narrower = self._on._replace(columns=self._on.columns - 6)
        lines = [bar + line for line in narrower.text(text)]
        head = self._on.paint(shortened(f".- {title}", self._on.columns - 2), Style.COMMAND)
        show(sys.stdout, [f"  {head}", *lines, "  " + self._on.paint("'-", Style.COMMAND)])

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows under a heading, which is the first of them."""
        show(sys.stdout, table(self._on, rows[0], rows[1:], rule=True))

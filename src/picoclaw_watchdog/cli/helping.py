"""What a command says of itself: --help, on one screen of any width."""

import os
import sys
from typing import NamedTuple

from picoclaw_watchdog.terminal.blocks import Cell, pairs
from picoclaw_watchdog.terminal.paint import Style, show, terminal_of

_WORDS = {
    "en": {"usage": "usage", "status": "exit status", "example": "example"},
    "ja": {"usage": "使い方", "status": "終了コード", "example": "例"},
}


class Help(NamedTuple):
    """The help of one command in one language."""

    usage: str  # one line a form
    about: str  # a sentence or two
    options: tuple[tuple[str, str], ...] = ()  # as typed, and what it does
    statuses: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()


def show_help(told: Help, language: str, *, to_errors: bool = False) -> None:
    """Print it, to standard error after a wrong usage."""
    say = _WORDS[language]
    stream = sys.stderr if to_errors else sys.stdout
    on = terminal_of(stream, os.environ)
    lines = pairs(on, [(say["usage"], Cell(told.usage, Style.COMMAND))])
    lines += ["", *on.text(told.about)]
    if told.options:
        lines += ["", *pairs(on, told.options)]
    last = [(say["example"], Cell("\n".join(told.examples), Style.COMMAND))]
    if told.statuses:
        codes = "\n".join(f"{code}  {meaning}" for code, meaning in told.statuses)
        last.insert(0, (say["status"], Cell(codes)))
    show(stream, [*lines, "", *pairs(on, last)])

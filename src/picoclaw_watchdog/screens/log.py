"""A line of the log, for eyes."""

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.screens.times import clock, day
from picoclaw_watchdog.store.log_reader import Line
from picoclaw_watchdog.terminal.paint import Sign, Style, Terminal

_OF_LEVEL = {"ERROR": (Sign.BAD, Style.BAD), "WARN": (Sign.WARN, Style.WARN)}
_INDENT = 11  # columns of `09:15:00 ! `


class Day:
    """The day that was printed last."""

    def __init__(self) -> None:
        self.date = ""


def lines_of(on: Terminal, line: Line, today: Day) -> list[str]:
    """The line, wrapped; before it the date, where it is another than before."""
    if line.wall is None:
        return on.text(printable(line.text))
    lines = []
    if (date := day(line.wall)) != today.date:
        today.date = date
        lines.append(on.paint(date, Style.HEAD))
    sign, style = _OF_LEVEL.get(line.level, (None, None))
    mark = on.paint(on.sign(sign), style) if sign is not None else " "
    first = f"{on.paint(clock(line.wall), Style.DIM)} {mark} "
    text = f"{line.target} {line.action}: {printable(line.detail)}"
    return lines + on.text(text, style, indent=_INDENT, first=first)

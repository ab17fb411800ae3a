"""Tables and lists of names with values, which reflow where the terminal is narrow."""

from collections.abc import Sequence
from typing import NamedTuple

from picoclaw_watchdog.terminal.columns import width, wrapped
from picoclaw_watchdog.terminal.paint import Style, Terminal

GAP = 2
INDENT = 2
NARROW = 60  # columns; below, a value stands under its name where it does not fit beside it
LEAST = 16  # columns a wrapped cell must get; with less, a row becomes a block


class Cell(NamedTuple):
    """One value of a row."""

    text: str
    style: Style | None = None


Row = Sequence[Cell | str]


def pairs(on: Terminal, rows: Sequence[tuple[str, Cell | str]], indent: int = 0) -> list[str]:
    """Names with their values beside them, in one column.

    On a narrow terminal the values stand below their names, where one does not fit beside it. A
    value of several lines gives several lines.
    """
    names = max((width(name) for name, _ in rows), default=0)
    room = on.columns - indent - names - GAP
    below = on.columns < NARROW and not all(_fits(_cell(value).text, room) for _, value in rows)
    lines: list[str] = []
    for name, value in rows:
        cell = _cell(value)
        if below:
            lines += on.text(name, Style.DIM, indent=indent)
            lines += on.text(cell.text, cell.style, indent=indent + INDENT)
        else:
            blanks = " " * (names - width(name) + GAP)
            head = " " * indent + on.paint(name, Style.DIM) + blanks
            lines += on.text(cell.text, cell.style, indent=indent + names + GAP, first=head)
    return lines


def table(
    on: Terminal,
    heads: Sequence[str],
    rows: Sequence[Row],
    *,
    right: frozenset[int] = frozenset(),
    flexible: int | None = None,
    rule: bool = False,
) -> list[str]:
    """Rows under a heading.

    Where they do not fit side by side, the `flexible` column is wrapped; where that leaves it
    too little room, each row becomes a block: its first cell, and below it the others by name.

    Args:
        on: where it is shown.
        heads: names of the columns.
        rows: as many cells each.
        right: columns of numbers, aligned to the right.
        flexible: the column that may be wrapped.
        rule: draw a line below the heading.
    """
    cells = [[_cell(each) for each in row] for row in rows]
    widths = [
        max(width(head), *(width(row[place].text) for row in cells)) if cells else width(head)
        for place, head in enumerate(heads)
    ]
    excess = sum(widths) + GAP * (len(widths) - 1) - on.columns
    if excess > 0 and flexible is not None:
        widths[flexible] -= excess
    if excess > 0 and (flexible is None or widths[flexible] < LEAST):
        return _as_blocks(on, heads, cells)
    lines = _side_by_side(on, [Cell(head, Style.HEAD) for head in heads], widths, right)
    if rule:
        lines.append((" " * GAP).join("-" * size for size in widths))
    for row in cells:
        lines += _side_by_side(on, row, widths, right)
    return lines


def flow(on: Terminal, items: Sequence[str], style: Style | None = None) -> list[str]:
    """Short texts one behind the other, as many in a line as fit."""
    lines: list[str] = []
    line = ""
    for item in items:
        longer = f"{line}{' ' * GAP}{item}" if line else item
        if line and width(longer) > on.columns:
            lines += on.text(line, style)
            longer = item
        line = longer
    return lines + on.text(line, style)


def _side_by_side(
    on: Terminal, row: Sequence[Cell], widths: Sequence[int], right: frozenset[int]
) -> list[str]:
    columns = [wrapped(cell.text, size) for cell, size in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, columns))):
        parts = []
        for place, (cell, size) in enumerate(zip(row, widths, strict=True)):
            text = columns[place][number] if number < len(columns[place]) else ""
            blank = " " * (size - width(text))
            painted = on.paint(text, cell.style)
            parts.append(blank + painted if place in right else painted + blank)
        lines.append((" " * GAP).join(parts).rstrip())
    return lines


def _as_blocks(on: Terminal, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    lines: list[str] = []
    for row in rows:
        if lines:
            lines.append("")
        lines += on.text(row[0].text, row[0].style or Style.HEAD)
        named = [(head, cell) for head, cell in zip(heads[1:], row[1:], strict=True) if cell.text]
        lines += pairs(on, named, INDENT)
    return lines


def _cell(value: Cell | str) -> Cell:
    return value if isinstance(value, Cell) else Cell(value)


def _fits(text: str, columns: int) -> bool:
    return all(width(line) <= columns for line in text.split("\n"))

"""Records a command in a terminal and draws it as an animated SVG: `make picture`.

    [TITLE=...] .venv/bin/python scripts/picture.py OUTPUT.svg COMMAND [ARGUMENT...]

The command must only ever add lines, as the demo does. Pauses are shortened, the times that it
prints itself are not. Where nothing moves (a printer, a reader who wants less motion), the end of
the recording is shown.
"""

import fcntl
import os
import pty
import struct
import sys
import termios
import time
from html import escape
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pyte

COLUMNS = 80
ROWS = 30  # of the picture
MOST_LINES = 2000  # of the recording
LONGEST_PAUSE = 1.2  # seconds
LAST_PAUSE = 8.0  # seconds at the end, before it begins anew
CELL = 8.4  # pixels; 0.6 of the font's size
LINE = 19
FONT = 14
MARGIN = 14
BAR = 30  # the title's height
DIM = ("\x1b[2m", "\x1b[90m")  # pyte knows no faint text: grey will do
COLOURS = {
    "default": "#d4d8e0",
    "red": "#ff7b72",
    "green": "#7ee787",
    "brown": "#e3b341",
    "cyan": "#79c0ff",
    "brightblack": "#8b949e",
}


class Line(NamedTuple):
    """One line of the terminal and when it was complete, in seconds."""

    at: float
    row: dict[int, pyte.screens.Char]


class Run(NamedTuple):
    """Characters of one look and width, side by side."""

    column: int
    text: str
    width: int  # columns
    colour: str
    bold: bool


def record(command: list[str]) -> list[tuple[float, str]]:
    """What the command printed on a terminal, and when.

    Raises:
        SystemExit: it failed.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(COLUMNS=str(COLUMNS), LINES=str(ROWS), TERM="xterm-256color")
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    began, said = time.monotonic(), b""
    pieces: list[tuple[float, str]] = []
    while True:
        try:
            said += os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            break
        whole = said.decode("utf-8", "ignore") if said.endswith(b"\n") else ""
        if whole:
            pieces.append((time.monotonic() - began, whole))
            said = b""
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        sys.exit(f"{' '.join(command)} ended with status {status}")
    return [*pieces, (time.monotonic() - began, said.decode("utf-8", "ignore"))]


def lines_of(pieces: list[tuple[float, str]]) -> list[Line]:
    """The recording as lines, with the pauses between them shortened."""
    screen = pyte.Screen(COLUMNS, MOST_LINES)
    stream = pyte.Stream(screen)
    lines: list[Line] = []
    clock = before = 0.0
    for at, text in pieces:
        clock += min(at - before, LONGEST_PAUSE)
        before = at
        stream.feed(text.replace(*DIM))
        new = range(len(lines), screen.cursor.y)
        lines += [Line(clock, dict(screen.buffer[row])) for row in new]
    return lines


def runs_of(line: Line) -> list[Run]:
    """The line's characters in as few pieces as their looks and widths allow."""
    cells = []
    for column in range(COLUMNS):
        char = line.row.get(column)
        if char is None or char.data == "":  # nothing, or the second half of a wide one
            continue
        following = line.row.get(column + 1)
        wide = 2 if following is not None and following.data == "" else 1
        cells.append((column, wide, char))
    runs = []
    for _, group in groupby(cells, key=lambda each: (each[1], each[2].fg, each[2].bold)):
        found = list(group)
        column, wide, char = found[0]
        text = "".join(each.data for _, _, each in found)
        if text.strip():
            text = text.rstrip()
            runs.append(Run(column, text, wide * len(text), char.fg, char.bold))
    return runs


def drawn(lines: list[Line], title: str) -> str:
    """The SVG."""
    width = round(COLUMNS * CELL + 2 * MARGIN)
    height = BAR + ROWS * LINE + 2 * MARGIN
    total = lines[-1].at + LAST_PAUSE
    hidden = len(lines) - ROWS  # lines that have gone out at the top in the end
    parts = [
        _opening(width, height, title),
        f"<title>{escape(title)}</title>",
        _style(lines, total),
        f'<rect width="{width}" height="{height}" rx="8" fill="#161b22"/>',
        *(
            f'<circle cx="{18 + 18 * place}" cy="16" r="5.5" fill="{colour}"/>'
            for place, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
        f'<text x="{width / 2:.0f}" y="20" text-anchor="middle" class="t">{escape(title)}</text>',
        f'<clipPath id="c">{_rect(BAR + MARGIN - 1, width, height - BAR - MARGIN)}</clipPath>',
        f'<g clip-path="url(#c)"><g transform="translate({MARGIN} {BAR + MARGIN})">',
        f'<g class="s" style="transform:translateY({-max(0, hidden) * LINE}px)">',
    ]
    parts += [_text(run, number) for number, line in enumerate(lines) for run in runs_of(line)]
    tall = len(lines) * LINE
    parts.append(
        f'<rect class="r" x="{-MARGIN}" width="{width}" height="{tall + height}" fill="#161b22"'
        f' style="transform:translateY({tall}px)"/>'
    )
    parts.append("</g></g></g></svg>")
    return "\n".join(parts) + "\n"


def _opening(width: int, height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-label="{escape(title)}">'
    )


def _rect(top: int, width: int, height: int) -> str:
    return f'<rect y="{top}" width="{width}" height="{height}"/>'


def _style(lines: list[Line], total: float) -> str:
    """Two movements: the text goes up, and what covers the lines to come goes down."""
    up, down = ["0%{transform:translateY(0)}"], ["0%{transform:translateY(0)}"]
    for at, group in groupby(enumerate(lines, 1), key=lambda each: each[1].at):
        shown = max(number for number, _ in group)
        share = f"{100 * at / total:.3f}%"
        up.append(f"{share}{{transform:translateY({-max(0, shown - ROWS) * LINE}px)}}")
        down.append(f"{share}{{transform:translateY({shown * LINE}px)}}")
    colours = "".join(f".{name}{{fill:{code}}}" for name, code in COLOURS.items())
    return (
        f"<style>text{{font:{FONT}px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,"
        "'Noto Sans Mono CJK JP','Noto Sans CJK JP',monospace;white-space:pre}"
        f".t{{fill:#8b949e}}.b{{font-weight:bold}}{colours}"
        f".s{{animation:u {total:.1f}s step-end infinite}}"
        f".r{{animation:d {total:.1f}s step-end infinite}}"
        f"@keyframes u{{{''.join(up)}}}@keyframes d{{{''.join(down)}}}"
        "@media (prefers-reduced-motion:reduce){.s,.r{animation:none}}</style>"
    )


def _text(run: Run, number: int) -> str:
    colour = run.colour if run.colour in COLOURS else "default"
    look = f"{colour} b" if run.bold else colour
    return (
        f'<text xml:space="preserve" x="{run.column * CELL:.1f}" y="{number * LINE + FONT}"'
        f' textLength="{run.width * CELL:.1f}" lengthAdjust="spacingAndGlyphs" class="{look}">'
        f"{escape(run.text)}</text>"
    )


def main(arguments: list[str]) -> int:
    """Record the command and write the picture."""
    if len(arguments) < 2:  # noqa: PLR2004
        sys.stderr.write(f"{__doc__}\n")
        return 2
    path, *command = arguments
    title = os.environ.get("TITLE", "")
    lines = lines_of(record(command))
    Path(path).write_text(drawn(lines, f"$ {title or ' '.join(command)}"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""One terminal: how wide it is, whether it has colour, and which signs it can show."""

import os
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple, TextIO

from picoclaw_watchdog.core.foreign import cleaned
from picoclaw_watchdog.terminal.columns import width, wrapped

NARROWEST = 20  # columns; a terminal that claims less is not believed
IN_A_PIPE = 80  # columns, where nobody says how wide the reader is
CHOICES = ("auto", "always", "never")


class Style(Enum):
    """What a text means; the value is its SGR code (ECMA-48)."""

    GOOD = "32"
    BAD = "31;1"
    WARN = "33"
    HEAD = "1"
    DIM = "2"
    COMMAND = "36"


_OURS = "(\n|\033\\[(?:0|" + "|".join(style.value for style in Style) + ")m)"


class Sign(Enum):
    """Signs that are told apart without colour: for a terminal that knows Unicode, and one not.

    None of them is of ambiguous width.
    """

    GOOD = ("✓", "+")
    BAD = ("✗", "x")
    UNKNOWN = ("?", "?")
    PAUSED = ("=", "=")
    WARN = ("!", "!")


class Terminal(NamedTuple):
    """Where something is shown."""

    columns: int = IN_A_PIPE
    rows: int = 24
    colour: bool = False
    unicode: bool = True

    def paint(self, text: str, style: Style | None) -> str:
        """The text in a style, where there is colour."""
        return f"\033[{style.value}m{text}\033[0m" if self.colour and style and text else text

    def sign(self, sign: Sign) -> str:
        """The sign, one column wide."""
        return sign.value[0] if self.unicode else sign.value[1]

    def text(
        self, text: str, style: Style | None = None, *, indent: int = 0, first: str = ""
    ) -> list[str]:
        """A paragraph, wrapped.

        Args:
            text: one or more lines.
            style: of all of it.
            indent: columns left free before each line.
            first: what stands in them on the first line, such as a painted sign; it must be
                `indent` columns wide without its escapes.
        """
        lines = wrapped(text, self.columns - indent)
        blank = " " * indent
        painted = [blank + self.paint(line, style) if line else "" for line in lines]
        if first:
            painted[0] = first + self.paint(lines[0], style)
        return painted


def terminal_of(stream: TextIO, environ: Mapping[str, str], colour: str = "auto") -> Terminal:
    """The terminal behind a stream.

    COLUMNS and LINES, where they are set, win over what the terminal says of itself, as
    everywhere (environ(7)). Colour is only used on a terminal, not on a dumb one, and not where
    NO_COLOR is set to anything (no-color.org), unless the owner asks for it.

    Args:
        stream: mostly standard output.
        environ: the process environment.
        colour: `auto`, `always` or `never`, as the owner typed it.
    """
    there = stream.isatty()
    columns, rows = _size(stream) if there else (IN_A_PIPE, 24)
    known = (stream.encoding or "").lower().replace("-", "").replace("_", "")
    wanted = there and environ.get("TERM") != "dumb" and not environ.get("NO_COLOR")
    return Terminal(
        columns=max(NARROWEST, _number(environ.get("COLUMNS")) or columns),
        rows=_number(environ.get("LINES")) or rows,
        colour=colour == "always" or (colour == "auto" and wanted),
        unicode=known.startswith("utf"),
    )


def _size(stream: TextIO) -> tuple[int, int]:
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return IN_A_PIPE, 24
    return size.columns or IN_A_PIPE, size.lines or 24  # 0: a serial line does not know


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 5 else 0  # noqa: PLR2004


def show(stream: TextIO, lines: Iterable[str]) -> None:
    """Print lines; a sign that the stream's encoding lacks becomes a question mark.

    Raises:
        BrokenPipeError: the reader has seen enough.
    """
    write(stream, "".join(f"{line}\n" for line in lines))


def show_json(document: object) -> None:
    """Print a document for programs; what could steer a terminal is escaped as JSON has it."""
    import json

    known = (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(document, ensure_ascii=not known, indent=2)
    pieces = [part if part.isprintable() else _escaped(part) for part in text.split("\n")]
    sys.stdout.write("".join(f"{piece}\n" for piece in pieces))
    sys.stdout.flush()


def _escaped(text: str) -> str:
    return "".join(sign if sign.isprintable() else _as_json(sign) for sign in text)


def _as_json(sign: str) -> str:
    r"""One character as `\uXXXX`, or two of them."""
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def write(stream: TextIO, text: str) -> None:
    """The last gate: of what steers a terminal only our own colours and line ends pass."""
    _put(stream, gated(text))


def show_cells(stream: TextIO, rows: Iterable[Iterable[str]]) -> None:
    """Print rows for programs: a tab between two cells, and none in them."""
    _put(stream, "".join("\t".join(map(cleaned, row)) + "\n" for row in rows))


def _put(stream: TextIO, text: str) -> None:
    known = stream.encoding or "utf-8"
    stream.write(text.encode(known, "replace").decode(known))
    stream.flush()


def gated(text: str) -> str:
    """The text without what steers a terminal, but for our own colours and line ends."""
    if text.replace("\n", "").isprintable():
        return text
    import re

    pieces = re.split(_OURS, text)  # what stands between two matches, and the matches themselves
    return "".join(piece if place % 2 else cleaned(piece) for place, piece in enumerate(pieces))


def tell(text: str, stream: TextIO | None = None) -> None:
    """Print a paragraph: wrapped for eyes, its lines whole for a pipe."""
    to = stream or sys.stdout
    lines = terminal_of(to, os.environ).text(text) if to.isatty() else text.split("\n")
    show(to, lines)


def plain_width(line: str) -> int:
    """The width of a painted line."""
    import re

    return width(re.sub(r"\033\[[\d;]*m", "", line))

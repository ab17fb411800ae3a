"""Plain text for 80 columns, Japanese included; colour only on a terminal."""

import os
import sys
import unicodedata
from collections.abc import Sequence

COLUMNS = 80
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def width(text: str) -> int:
    """Columns a text takes on a terminal; East Asian wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, columns: int) -> str:
    """The text with blanks up to a width."""
    return text + " " * max(0, columns - width(text))


def shortened(text: str, columns: int) -> str:
    """The text, cut to a width."""
    if width(text) <= columns:
        return text
    while width(text) > columns - 3:
        text = text[:-1]
    return text + "..."


def wrapped(text: str, columns: int) -> list[str]:
    """Lines no wider than asked; broken at blanks, and between wide characters."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if line and width(line + piece.rstrip()) > columns:
                lines.append(line.rstrip())
                line = ""
            line += piece if line or piece.strip() else ""
        lines.append(line.rstrip())
    return lines


def _pieces(text: str) -> list[str]:
    """What must not be broken: words with the blank behind them, single wide characters."""
    pieces: list[str] = []
    word = ""
    for sign in text:
        if width(sign) > 1:
            if word:
                pieces.append(word)
                word = ""
            # A line must not begin with one of these.
            if pieces and sign in "、。」":
                pieces[-1] += sign
            else:
                pieces.append(sign)
        else:
            word += sign
            if sign == " ":
                pieces.append(word)
                word = ""
    return [*pieces, word] if word else pieces


class Screen:
    """Where the story is told."""

    def __init__(self, *, colour: bool | None = None) -> None:
        if colour is None:
            colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._colour = colour

    def paint(self, text: str, style: str) -> str:
        """The text in a style, where there is colour."""
        return f"\033[{_CODES[style]}m{text}\033[0m" if self._colour and style else text

    def say(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """A paragraph, wrapped."""
        for line in wrapped(text, COLUMNS - indent):
            print(" " * indent + self.paint(line, style) if line else "", flush=True)

    def rule(self, title: str) -> None:
        """A heading."""
        line = "-" * (COLUMNS - width(title) - 4)
        print(f"\n{self.paint(f'-- {title} {line}', 'bold')}", flush=True)

    def event(self, after: float, text: str, style: str = "") -> None:
        """Something that happened, `after` seconds into the chapter; one line."""
        line = shortened(f"{after:7.2f} s  {text}", COLUMNS)
        print(self.paint(line, style), flush=True)

    def letter(self, title: str, text: str) -> None:
        """A message as the owner gets it."""
        print("  " + self.paint(f".- {title}", "cyan"), flush=True)
        for line in wrapped(text, COLUMNS - 6):
            print("  " + self.paint("| ", "cyan") + line, flush=True)
        print("  " + self.paint("'-", "cyan"), flush=True)

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows under a heading, which is the first of them."""
        widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
        for number, row in enumerate(rows):
            cells = (padded(cell, size) for cell, size in zip(row, widths, strict=True))
            line = "  ".join(cells).rstrip()
            print(self.paint(line, "" if number else "bold"), flush=True)
            if not number:
                print("  ".join("-" * size for size in widths), flush=True)

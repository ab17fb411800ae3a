"""Text measured in the columns of a terminal, where a Japanese character takes two."""

import unicodedata

# A line begins with none of these, and ends with none of those (JIS X 4051, the common ones).
_NOT_FIRST = frozenset(
    "、。，．・：；？！）」』】〉》］｝ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"  # noqa: RUF001
    ",.:;?!)]}"
)
_NOT_LAST = frozenset("（「『【〈《［｛([{")  # noqa: RUF001
_TOO_LONG = "..."
WIDE = 2  # columns


def width(text: str) -> int:
    """Columns a text takes; East Asian wide and full-width characters take two (UAX #11).

    Ambiguous ones (box drawing, arrows, the ellipsis) count as one, which not every terminal
    agrees to: what we print ourselves contains none.
    """
    if text.isascii():
        return len(text)
    return sum(map(_width_of, text))


def _width_of(sign: str) -> int:
    if unicodedata.east_asian_width(sign) in "WF":
        return WIDE
    return 0 if unicodedata.category(sign) in ("Mn", "Me", "Cf") else 1


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """The text with blanks up to a width, behind it or, to align numbers, before it."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def shortened(text: str, columns: int) -> str:
    """The text, cut to a width; three dots say so where there is room for them."""
    if width(text) <= columns:
        return text
    end = _TOO_LONG[: max(0, columns - 1)]
    return _head(text, columns - len(end)) + end


def wrapped(text: str, columns: int) -> list[str]:
    """Lines no wider than asked: broken at blanks, and between wide characters.

    A word that is wider than a whole line is broken where the line ends, a path behind a slash. A
    blank line stays.
    """
    columns = max(WIDE, columns)  # a wide character has to fit
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if line and width(line + piece.rstrip()) > columns:
                lines.append(line.rstrip())
                line = ""
            line += piece if line or piece.strip() else ""
            while width(line.rstrip()) > columns:
                head = _beginning(line, columns)
                lines.append(head)
                line = line[len(head) :]
        lines.append(line.rstrip())
    return lines


def _beginning(word: str, columns: int) -> str:
    """The part of a long word that comes into the first line, which shall not be too short."""
    head = _head(word, columns)
    parted = head.rfind("/") + 1
    if parted > len(head) // 2:
        return head[:parted]
    return head[:-1] if len(head) > 1 and word[len(head)] in _NOT_FIRST else head


def _head(text: str, columns: int) -> str:
    """As much of the text's beginning as fits."""
    room = columns
    for number, sign in enumerate(text):
        room -= _width_of(sign)
        if room < 0:
            return text[:number]
    return text


def _pieces(text: str) -> list[str]:
    """What must not be broken: words with the blank behind them, single wide characters."""
    pieces: list[str] = []
    word = ""
    for sign in text:
        if word and _may_break(word[-1], sign):
            pieces.append(word)
            word = ""
        word += sign
    return [*pieces, word] if word else pieces


def _may_break(before: str, sign: str) -> bool:
    if before == " ":
        return sign != " "
    if sign == " " or sign in _NOT_FIRST or before in _NOT_LAST:
        return False
    return _width_of(before) == WIDE or _width_of(sign) == WIDE

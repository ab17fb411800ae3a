"""PicoClaw's `.security.yml`: the LINE token and secret in it, and nothing else.

A strict reader for the few lines that PicoClaw itself writes, not a YAML parser: what it does not
understand on the way to a value is refused, never guessed.
"""

import re
from collections.abc import Iterator

from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.settings.mistakes import Origin, Source, Written

LARGEST = 256 * 1024  # bytes

_ROOTS = ("channels", "channel_list")
_KEY = r"([A-Za-z0-9_.-]+|\"[^\"\\]+\"|'[^']+')[ ]*:(?:[ ]+(.*))?"
_END = r"[ ]*(?:[ ]#.*)?"
_DOUBLE = r'"((?:[^"\\]|\\["\\/])*)"'
_SINGLE = r"'((?:[^']|'')*)'"
_NOTHING = ("", "~", "null", "Null", "NULL")
# What begins with one of these is an anchor, an alias, a tag, a block, a list, ...
_SPECIAL = "&*!|>{}[]@`%?,-"


class _Line(NamedTuple):
    number: int
    indent: int
    key: str  # empty where there is none
    value: str


class NotPlainError(ValueError):
    """The file is written in a way that is not read here."""


def read(text: str, path: str, fields: dict[str, str], names: frozenset[str]) -> Source:
    """What the file says of these.

    Args:
        text: of the file.
        path: of the file.
        fields: key in the file -> our field.
        names: of PicoClaw's LINE channels.

    Raises:
        NotPlainError: something on the way to one of the keys is not plain.
    """
    source: Source = {}
    channels = {(root, name) for root in _ROOTS for name in names}
    holders = channels | {(*channel, "settings") for channel in channels}
    # Every mapping in which one of the keys can be, and those around it.
    ways = {place[:depth] for place in holders for depth in (1, 2, 3)}
    above: list[tuple[int, str]] = []  # indentation and key of each mapping that is open
    hidden = -1  # lines deeper than this belong to a value that is not looked into
    seen: set[tuple[str, ...]] = set()
    for line in _lines(text):
        if 0 <= hidden < line.indent:
            continue
        above = [each for each in above if each[0] < line.indent]
        inside = tuple(key for _, key in above)
        place = (*inside, line.key)
        wanted = inside in holders and line.key in fields
        opens = bool(line.key) and not wanted and re.fullmatch(_END, f" {line.value}")
        puzzling = not opens and (place if line.key else inside) in ways
        # A tab parts nothing in YAML. What is said twice: nobody knows which counts.
        if puzzling or line.value[:1] == "\t" or (place in seen and (wanted or place in ways)):
            raise NotPlainError
        seen.add(place)
        hidden = -1 if opens else line.indent
        if opens:
            above.append((line.indent, line.key))
        elif wanted and (value := _scalar(line.value)):
            origin = Origin(path, line.number)
            source[fields[line.key]] = Written(value, origin, ".".join(place))
    return source


def _lines(text: str) -> Iterator[_Line]:
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip()
        bare = line.lstrip(" ")
        if bare and bare[0] != "#" and line not in ("---", "..."):
            found = re.fullmatch(_KEY, bare)
            key, value = (found[1].strip("'\""), found[2] or "") if found else ("", bare)
            yield _Line(number, len(line) - len(bare), key, value)


def _scalar(text: str) -> str:
    """The value; empty for none."""
    for pattern, escaped, plain in ((_DOUBLE, r"\\(.)", r"\1"), (_SINGLE, "''", "'")):
        found = re.fullmatch(pattern + _END, text)
        if found:
            return re.sub(escaped, plain, found[1])
    comment = re.search(r"(?:^|[ ])#", text)
    value = (text[: comment.start()] if comment else text).strip(" ")
    if value in _NOTHING:
        return ""
    if value[0] in _SPECIAL + "\"'" or ": " in value or value.endswith(":") or "\t" in value:
        raise NotPlainError
    return value

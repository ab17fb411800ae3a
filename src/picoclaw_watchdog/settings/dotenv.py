"""`.env` as a language: what a line means. Nothing in it is ever executed or expanded.

    KEY=value            up to the end of the line, or to a `#` with a space before it
    KEY='value'          literally
    KEY="value"          with the escapes \\n \\" \\\\ \\$ \\`
    export KEY=value     the same

A `$` is an ordinary character. The file also belongs to PicoClaw and may be read by a shell, so
what is not ours is passed over, also where a foreign quoted value goes on over several lines.
"""

import re
from typing import NamedTuple

from picoclaw_watchdog.settings.mistakes import Flaw

_LINE = re.compile(r"\s*(?:export\s+)?([^\s=#'\"][^\s=]*)\s*=(.*)", re.DOTALL)
_OURS = re.compile(r"\s*(?:export\s+)?(PICOCLAW_(?:WATCHDOG|CHANNELS_LINE_CHANNEL)[A-Z0-9_]*)")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_DOUBLE_END = re.compile(r'(?:^|[^\\])(?:\\\\)*"')
_ESCAPE = re.compile(r'\\([n"\\$`])')
_REST = re.compile(r"\s*(?:\s#.*)?", re.DOTALL)
_COMMENT = re.compile(r"\s#")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")


class Entry(NamedTuple):
    """One key and its value, or what is wrong with its line."""

    key: str
    value: str
    line: int  # from 1
    flaw: Flaw | None = None


def parse(text: str) -> list[Entry]:
    """Every `KEY=value` of the text, in order, foreign ones included. Never raises."""
    lines = text.split("\n")
    entries = []
    at = 0
    while at < len(lines):
        line = lines[at].rstrip("\r")
        at += 1
        matched = _LINE.match(line)
        if matched is None:
            ours = _OURS.match(line)
            if ours:
                entries.append(Entry(ours[1], "", at, Flaw.NO_EQUALS))
            continue
        key, raw = matched[1], matched[2]
        value, flaw = _value(raw)
        if flaw is Flaw.UNCLOSED_QUOTE and not _OURS.match(line):
            at = _after_quote(lines, at, raw.lstrip()[0])
        else:
            entries.append(Entry(key, value, at, flaw))
    return entries


def quote(value: str) -> str:
    """The value as it must be written after `KEY=`; `parse` reads it back."""
    if _PLAIN.fullmatch(value):
        return value
    if "'" not in value and "\n" not in value:
        return f"'{value}'"
    escaped = re.sub(r'(["\\$`])', r"\\\1", value).replace("\n", "\\n")
    return f'"{escaped}"'


def _value(raw: str) -> tuple[str, Flaw | None]:
    start = raw.lstrip()
    if start.startswith("'"):
        end = start.find("'", 1)
        if end < 0:
            return "", Flaw.UNCLOSED_QUOTE
        value, rest = start[1:end], start[end + 1 :]
    elif start.startswith('"'):
        quoted = _DOUBLE.match(start)
        if quoted is None:
            return "", Flaw.UNCLOSED_QUOTE
        value = _ESCAPE.sub(lambda e: "\n" if e[1] == "n" else e[1], quoted[1])
        rest = start[quoted.end() :]
    else:
        comment = _COMMENT.search(raw)
        return raw[: comment.start()].strip() if comment else raw.strip(), None
    return (value, None) if _REST.fullmatch(rest) else ("", Flaw.AFTER_QUOTE)


def _after_quote(lines: list[str], at: int, mark: str) -> int:
    """The line after a foreign value of several lines; `at` where it is merely unclosed.

    One of our keys inside it shows that somebody forgot a quote: ours must not be lost for it.
    """
    for number in range(at, len(lines)):
        line = lines[number]
        if _OURS.match(line):
            return at
        if mark in line and (mark == "'" or _DOUBLE_END.search(line)):
            return number + 1
    return at

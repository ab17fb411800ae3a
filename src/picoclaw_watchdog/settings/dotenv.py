r"""`.env` as a language: what a line means. Nothing in it is ever executed or expanded.

    KEY=value            up to the end of the line, or to a `#` with a space before it
    KEY='value'          literally
    KEY="value"          with the escapes \n \" \\ \$ \`
    export KEY=value     the same

The file also belongs to PicoClaw and may be read by a shell, so what is not ours is passed over,
also where a foreign quoted value goes on over several lines; and where a shell would put something
else in the place of a part of a value, that is said of it.
"""

import re

from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.settings.mistakes import Flaw
from picoclaw_watchdog.settings.references import expands

# Plain strings, compiled where they are first needed: most are not, in most files.
_OURS = r"\s*(?:export\s+)?(PICOCLAW_(?:WATCHDOG|CHANNELS_LINE_CHANNEL)[A-Z0-9_]*)"
_DOUBLE = r'"((?:[^"\\]|\\.)*)"'
_DOUBLE_END = r'(?:^|[^\\])(?:\\\\)*"'
_ESCAPE = r'\\([n"\\$`])'
_REST = r"\s*(?:\s#.*)?"
_COMMENT = r"\s#"
_PLAIN = r"[A-Za-z0-9_./:@%+,=-]*"


class Entry(NamedTuple):
    """One key and its value, or what is wrong with its line."""

    key: str
    value: str
    line: int  # from 1
    flaw: Flaw | None = None
    expands: bool = False  # a shell would put something else in the place of a part of it


def parse(text: str) -> list[Entry]:
    """Every `KEY=value` of the text, in order, foreign ones included. Never raises."""
    lines = text.split("\n")
    entries = []
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        if not line or line.startswith("#"):
            continue
        start, equals, raw = line.partition("=")
        words = start.split()
        if words[:1] == ["export"]:
            del words[0]
        if not equals or len(words) != 1 or words[0][0] in "'\"":
            ours = re.match(_OURS, line)
            if ours:
                entries.append(Entry(ours[1], "", at, Flaw.NO_EQUALS))
            continue
        value, flaw, shell = _value(raw)
        if "\r" in line and re.match(_OURS, line):  # else it would hold the next line's secret
            value, flaw, shell = "", Flaw.CARRIAGE_RETURN, ""
        if flaw is Flaw.UNCLOSED_QUOTE and not re.match(_OURS, line):
            at = _after_quote(lines, at, raw.lstrip()[0])
        else:
            entries.append(Entry(words[0], value, at, flaw, expands(shell)))
    return entries


def quote(value: str) -> str:
    """The value as it must be written after `KEY=`; `parse` reads it back."""
    if re.fullmatch(_PLAIN, value):
        return value
    if "'" not in value and "\n" not in value:
        return f"'{value}'"
    escaped = re.sub(r'(["\\$`])', r"\\\1", value).replace("\n", "\\n")
    return f'"{escaped}"'


def _value(raw: str) -> tuple[str, Flaw | None, str]:
    """The value, what is wrong with it, and what of it a shell would expand."""
    start = raw.lstrip()
    if start.startswith("'"):
        end = start.find("'", 1)
        if end < 0:
            return "", Flaw.UNCLOSED_QUOTE, ""
        value, rest, shell = start[1:end], start[end + 1 :], ""
    elif start.startswith('"'):
        quoted = re.match(_DOUBLE, start, re.DOTALL)
        if quoted is None:
            return "", Flaw.UNCLOSED_QUOTE, ""
        value = re.sub(_ESCAPE, lambda e: "\n" if e[1] == "n" else e[1], quoted[1])
        rest, shell = start[quoted.end() :], quoted[1]
    else:
        comment = re.search(_COMMENT, raw) if "#" in raw else None
        plain = raw[: comment.start()].strip() if comment else raw.strip()
        return plain, None, plain
    good = re.fullmatch(_REST, rest, re.DOTALL)
    return (value, None, shell) if good else ("", Flaw.AFTER_QUOTE, "")


def _after_quote(lines: list[str], at: int, mark: str) -> int:
    """The line after a foreign value of several lines; `at` where it is merely unclosed.

    One of our keys inside it shows that somebody forgot a quote: ours must not be lost for it.
    """
    for number in range(at, len(lines)):
        line = lines[number]
        if re.match(_OURS, line):
            return at
        if mark in line and (mark == "'" or re.search(_DOUBLE_END, line)):
            return number + 1
    return at

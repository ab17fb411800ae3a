"""Change keys in the text of a `.env`, and nothing else: what the owner wrote stays as it is."""

import re
from collections.abc import Mapping, Sequence

from picoclaw_watchdog.settings.dotenv import parse, quote

_BOM = "\ufeff"
# KEY= and its value; a comment behind it stays.
_LINE = (
    r"(?P<start>\s*(?:export\s+)?{key}\s*=)"
    r"(?:\s*'[^']*'|\s*\"(?:[^\"\\]|\\.)*\"|(?:(?!\s+#).)*)"
    r"(?P<comment>\s+#.*)?"
)


def changed(text: str, values: Mapping[str, str], notes: Mapping[str, Sequence[str]]) -> str:
    """The text with these values.

    A key that is set gets its new value where it is set (the last time, which is the one that
    counts); one that stands there as `#KEY=` is uncommented; any other is added at the end.

    Args:
        text: as it lies in the file; may begin with a byte order mark.
        values: by key.
        notes: for keys that are added: comment lines to stand above.
    """
    body = text.removeprefix(_BOM)
    lines = body.split("\n")
    for key, value in values.items():
        entry = f"{key}={quote(value)}"
        place = _active(body, key)
        if place is None:
            place = _commented(lines, key)
            if place is None:
                _append(lines, entry, notes.get(key, ()))
            else:
                lines[place] = entry + _line_end(lines[place])
        else:
            lines[place] = _rewritten(lines[place], key, value)
        body = "\n".join(lines)
    return text[: len(text) - len(text.removeprefix(_BOM))] + body


def _active(body: str, key: str) -> int | None:
    """The line that sets the key, from 0; None where none does."""
    found = [entry.line - 1 for entry in parse(body) if entry.key == key]
    return found[-1] if found else None


def _commented(lines: Sequence[str], key: str) -> int | None:
    """The line that shows the key with its default, as the template does."""
    pattern = re.compile(rf"#\s?(?:export\s+)?{key}=")
    return next((at for at, line in enumerate(lines) if pattern.match(line)), None)


def _rewritten(line: str, key: str, value: str) -> str:
    end = _line_end(line)
    found = re.fullmatch(_LINE.format(key=key), line.removesuffix(end))
    if found is None:  # not to be understood: the whole line goes
        return f"{key}={quote(value)}{end}"
    return f"{found['start']}{quote(value)}{found['comment'] or ''}{end}"


def _append(lines: list[str], entry: str, notes: Sequence[str]) -> None:
    """At the end, with a blank line before the notes; the last line ends with a line end."""
    end = _line_end(lines[-2]) if len(lines) > 1 else ""
    if lines[-1]:
        lines[-1] += end
        lines.append("")
    fresh = [*(f"# {note}" for note in notes), entry]
    if notes and len(lines) > 1:
        fresh.insert(0, "")
    lines[-1:] = [*(f"{line}{end}" for line in fresh), ""]


def _line_end(line: str) -> str:
    """What stands before the newline in a file from Windows."""
    return "\r" if line.endswith("\r") else ""

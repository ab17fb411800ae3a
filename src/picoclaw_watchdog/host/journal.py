"""A unit's journal as text, from `journalctl -o json`.

The text forms of journalctl say `[35B blob data]` for a line that is not UTF-8 or holds a
colour; JSON has every byte. Source: systemd.journal-fields(7), "Journal JSON Format": a field
is a text, a list of byte numbers where it is not printable, a list of these where it stands
there more than once, and null where it is long and nobody asked for `--all`.
"""

import time
from collections.abc import Iterator, Sequence

from picoclaw_watchdog.core.foreign import cleaned

FIELDS = "MESSAGE,SYSLOG_IDENTIFIER,_COMM,_PID,SYSLOG_PID,_HOSTNAME"
OPTIONS = ("--all", "--no-pager", "-o", "json", f"--output-fields={FIELDS}")
LIMIT = 8_000_000  # bytes of JSON: a byte that is not printable takes four of them
LONGEST = 16_384  # characters of one line that are kept
MOST_PARTS = 40  # lines of one entry
STATES = 3  # of a line that was written over with carriage returns


def as_text(said: str) -> str:
    """The entries, which came newest first, as lines, oldest first.

    What is no entry is left out: where the output was cut, the last one is not whole.
    """
    import json

    entries: list[list[str]] = []
    for line in said.split("\n"):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            entries.append(list(_lines(entry)))
    return "".join(f"{line}\n" for entry in reversed(entries) for line in entry)


def _lines(entry: dict[str, object]) -> Iterator[str]:
    """One entry as `journalctl -o short-iso` shows it, each of its lines with the time."""
    host, name = _field(entry, "_HOSTNAME"), _field(entry, "SYSLOG_IDENTIFIER", "_COMM")
    pid = _field(entry, "_PID", "SYSLOG_PID")
    who = f"{name or 'unknown'}[{pid}]" if pid else name or "unknown"
    head = cleaned(f"{_stamp(entry.get('__REALTIME_TIMESTAMP'))} {host} {who}:")
    parts = list(_parts(_text(entry.get("MESSAGE"))))
    for part in parts[:MOST_PARTS]:
        yield f"{head} {part[:LONGEST]}"
    if len(parts) > MOST_PARTS:
        yield f"{head} ({len(parts) - MOST_PARTS} more lines)"


def _parts(message: str) -> Iterator[str]:
    """Its lines; of one that was written over, as progress is shown, the last states."""
    for line in message.split("\n"):
        states = [
            state for each in line.split("\r") if (state := cleaned(each.expandtabs())).strip()
        ]
        if len(states) > STATES:
            yield f"({len(states) - STATES} earlier states of this line)"
        yield from (state.rstrip() for state in states[-STATES:])


def _field(entry: dict[str, object], *names: str) -> str:
    return next((text for name in names if (text := _text(entry.get(name)))), "")


def _text(value: object) -> str:
    """A field as text; bytes that are not UTF-8 stay readable, with a backslash before them."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Sequence):
        return "" if value is None else str(value)
    try:
        return bytes(value).decode("utf-8", "backslashreplace")
    except (TypeError, ValueError):  # the field stands there more than once
        return "\n".join(map(_text, value))


def _stamp(micros: object) -> str:
    try:
        local = time.localtime(int(str(micros)) / 1e6)
    except (ValueError, OverflowError, OSError):
        return "-"
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", local)

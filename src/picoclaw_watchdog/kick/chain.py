"""One line of `audit.log`: its form, and its hash, which holds it to the line before. Pure."""

import hashlib
import json
import re

from picoclaw_watchdog.light import Any, NamedTuple

GENESIS = "0" * 64
ACCEPTED, REFUSED, SERVED = "accepted", "refused", "served"
TORN = "torn"  # the line before was not finished: its writer was killed
MISSING = "missing"  # lines that were written are gone

_NUMBER = re.compile(rb'\{"n":([0-9]{1,18}),')
_ID = re.compile(rb'"id":"([^"]*)"')
_NONCE = re.compile(rb'"detail":"nonce=([0-9a-f]{32})"')


class Event(NamedTuple):
    """One thing that happened to a request."""

    at: float  # epoch seconds
    id: str
    source: str
    action: str
    event: str  # accepted, refused, served
    verdict: str = ""  # accepted, or why not
    outcome: str = ""  # of one that was served: mended, done, withheld, failed, interrupted
    detail: str = ""
    took: float = 0.0  # seconds


class Line(NamedTuple):
    """An event as it lies in the file."""

    n: int
    event: Event
    prev: str
    hash: str


def render(line: Line) -> bytes:
    """The line as it lies in the file."""
    fields = {**_fields(line.n, line.event, line.prev), "hash": line.hash}
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def parse(raw: bytes) -> Line | None:
    """A line that is as it was written; None for any other."""
    try:
        known: Any = json.loads(raw)
        event = Event(*(known[name] for name in Event._fields))
        line = Line(known["n"], event, known["prev"], known["hash"])
        same = render(line) == raw + b"\n"
        fits = all(
            isinstance(each, (int, float)) if name in ("at", "took") else isinstance(each, str)
            for name, each in event._asdict().items()
        )
        sealed = _hash(_fields(line.n, event, line.prev)) == line.hash
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return line if same and fits and sealed and type(line.n) is int else None


def chained(event: Event, n: int, prev: str) -> Line:
    """The event as the next line behind one with this number and hash."""
    return Line(n + 1, event, prev, _hash(_fields(n + 1, event, prev)))


def number_of(raw: bytes) -> int:
    """The number of a line as it lies in the file; 0 where it has none."""
    found = _NUMBER.match(raw)
    return int(found[1]) if found else 0


def id_of(raw: bytes) -> str:
    """The request that a line as it lies in the file is about; empty where it is about none."""
    found = _ID.search(raw)
    return found[1].decode("ascii", "replace") if found else ""


def nonce_of(raw: bytes) -> str:
    """The nonce of a line as it lies in the file; empty where it has none."""
    found = _NONCE.search(raw)
    return found[1].decode() if found else ""


def fingerprint(torn: bytes) -> str:
    """What the note about an unfinished line says of it."""
    return f"{len(torn)} bytes of an unfinished line, {hashlib.sha256(torn).hexdigest()[:16]}"


def _fields(n: int, event: Event, prev: str) -> dict[str, object]:
    return {"n": n, **event._asdict(), "prev": prev}


def _hash(fields: dict[str, object]) -> str:
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()

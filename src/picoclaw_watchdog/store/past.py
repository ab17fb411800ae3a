"""What the database remembers of what is over, asked so that five years of it answer at once.

Everything here reads. Old rows lack what later versions write; it counts as not known.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress

from picoclaw_watchdog.core.model import Alert, Attempt, Incident, Moment
from picoclaw_watchdog.light import Any, NamedTuple, TypeVar
from picoclaw_watchdog.ports import History
from picoclaw_watchdog.store.codec import unpack
from picoclaw_watchdog.store.kept import Hours

DAY = 86_400.0
LAST_SIGN = "\U0010ffff"
MOST = 20_000  # incidents in one answer
_NEWEST = 1000  # rows of each table in a history
_OVERLAPPING = 50  # newest incidents before a time among which those that reach into it are
_FIELDS = (
    "id",
    "target",
    "cause",
    "opened.wall",
    "closed.wall",
    "opened.boot",
    "closed.boot",
    "opened.boot_id",
    "closed.boot_id",
    "unseen",
    "mended_by",
    "attempts",
    "alerted",
    "acked",
    "drill",
    "planned",
)
_EXTRACT = ", ".join(f"json_extract(body, '$.{name}')" for name in _FIELDS)

T = TypeVar("T")


class Brief(NamedTuple):
    """One incident, as far as lists and statistics need it."""

    id: str
    target: str
    cause: str
    opened: float  # wall seconds
    closed: float | None  # wall seconds; None: it is open
    lasted: float | None  # seconds, by the clock that nobody can set where that is possible
    unseen: float | None  # seconds at most before it was seen
    mended_by: str  # empty: it came back by itself, or is open
    attempts: int
    alerted: bool
    acked: bool
    drill: bool = False  # made on purpose
    planned: float | None = None  # seconds of it that its owner wanted so; None: none of it


class Letter(NamedTuple):
    """One message about an incident."""

    alert: Alert
    delivered: Moment | None
    waiting: bool  # neither delivered nor dropped


class Story(NamedTuple):
    """All that is known of one incident."""

    incident: Incident
    attempts: tuple[Attempt, ...]  # oldest first
    letters: tuple[Letter, ...]  # oldest first


def briefs(db: sqlite3.Connection, since: float) -> tuple[Brief, ...]:
    """The incidents that were open at some time since a moment (wall seconds), newest first."""
    query = (
        f"SELECT live, {_EXTRACT} FROM incidents"  # noqa: S608  # our own names
        " WHERE wall {} ? AND json_valid(body) ORDER BY wall DESC, id DESC LIMIT ?"
    )
    newer = db.execute(query.format(">="), (since, MOST)).fetchall()
    older = db.execute(query.format("<"), (since, _OVERLAPPING)).fetchall()
    found = [_brief(row) for row in newer]
    found += [each for each in map(_brief, older) if _reaches(each, since)]
    return tuple(each for each in found if each is not None)


def _reaches(brief: Brief | None, since: float) -> bool:
    return brief is not None and (brief.closed is None or brief.closed >= since)


def _brief(row: tuple[Any, ...]) -> Brief | None:
    """None where a row is none of ours."""
    (
        live,
        name,
        target,
        cause,
        opened,
        closed,
        *clocks,
        unseen,
        mended_by,
        attempts,
        told,
        acked,
        drill,
        planned,
    ) = row
    known = isinstance(opened, (float, int)) and isinstance(name, str) and isinstance(cause, str)
    if not known or not (live or isinstance(closed, (float, int))):
        return None
    return Brief(
        id=name,
        target=target if isinstance(target, str) else "",
        cause=cause,
        opened=opened,
        closed=None if live else closed,
        lasted=None if live else _lasted(opened, closed, *clocks),
        unseen=unseen if isinstance(unseen, (float, int)) else None,
        mended_by=mended_by if isinstance(mended_by, str) else "",
        attempts=attempts if isinstance(attempts, int) else 0,
        alerted=bool(told),
        acked=bool(acked),
        drill=bool(drill),
        planned=planned if isinstance(planned, (float, int)) else None,
    )


def _lasted(
    opened: float, closed: float, began: object, ended: object, boot: object, last_boot: object
) -> float:
    """As `core.model.seconds_between` has it."""
    if boot and boot == last_boot and isinstance(began, float) and isinstance(ended, float):
        return max(0.0, ended - began)
    return max(0.0, closed - opened)


def ids(db: sqlite3.Connection, prefix: str, most: int) -> tuple[str, ...]:
    """The incidents whose id begins so: open ones first, then newest first."""
    query = "SELECT id FROM incidents WHERE {} ORDER BY wall DESC, id DESC LIMIT ?"
    begins = "id >= ? AND id < ?" if prefix else "? = ''"
    bounds = (prefix, prefix + LAST_SIGN) if prefix else ("",)
    found = [row[0] for row in db.execute(query.format(f"live AND {begins}"), (*bounds, most))]
    found += [row[0] for row in db.execute(query.format(begins), (*bounds, most))]
    return tuple(dict.fromkeys(found))[:most]


def story(db: sqlite3.Connection, name: str) -> Story | None:
    """One incident; None where it is not known, or not readable."""
    row = db.execute("SELECT body FROM incidents WHERE id = ?", (name,)).fetchone()
    incident = next(_unpacked(Incident, [row] if row else []), None)
    if incident is None:
        return None
    # What belongs to it was made while it was open, but for clocks that were set.
    first = incident.opened.wall - DAY
    last = incident.closed.wall + DAY if incident.closed is not None else float("inf")
    belongs = "AND CASE WHEN json_valid(body) THEN json_extract(body, '$.incident') END = ?"
    rows = "FROM {} WHERE wall BETWEEN ? AND ? " + belongs + " ORDER BY wall, position, id"
    span = (first, last, name)
    attempts = db.execute("SELECT body " + rows.format("attempts"), span)
    letters = db.execute("SELECT body, live, ended " + rows.format("outbox"), span)
    return Story(incident, tuple(_unpacked(Attempt, attempts)), tuple(_letters(letters)))


def _letters(rows: sqlite3.Cursor) -> Iterator[Letter]:
    for body, live, ended in rows:
        for alert in _unpacked(Alert, [(body,)]):
            delivered = next(_unpacked(Moment, [(ended,)] if ended else []), None)
            yield Letter(alert, delivered, bool(live) and delivered is None)


def history(db: sqlite3.Connection) -> History:
    """The newest of everything, newest first."""
    newest = "SELECT body FROM {} ORDER BY wall DESC, id DESC LIMIT ?"
    return History(
        incidents=tuple(_unpacked(Incident, db.execute(newest.format("incidents"), (_NEWEST,)))),
        attempts=tuple(_unpacked(Attempt, db.execute(newest.format("attempts"), (_NEWEST,)))),
        delivered=told(db, _NEWEST),
    )


def told(db: sqlite3.Connection, most: int) -> tuple[tuple[Alert, Moment], ...]:
    """The last messages that were delivered, newest first."""
    query = (
        "SELECT body, ended FROM outbox WHERE ended IS NOT NULL ORDER BY wall DESC, id DESC LIMIT ?"
    )
    found = []
    for body, ended in db.execute(query, (most,)):
        for alert in _unpacked(Alert, [(body,)]):
            found += [(alert, moment) for moment in _unpacked(Moment, [(ended,)])]
    return tuple(found)


def hours(db: sqlite3.Connection, since: int) -> Hours:
    """How many cycles found each target good, bad and unknown, from an hour since the epoch on."""
    counts: dict[int, dict[str, tuple[int, int, int]]] = {}
    query = "SELECT hour, target, good, bad, unknown FROM hours WHERE hour >= ?"
    for hour, target, *numbers in db.execute(query, (since,)):
        counts.setdefault(hour, {})[target] = (numbers[0], numbers[1], numbers[2])
    return counts


def _unpacked(kind: type[T], rows: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    for row in rows:
        with suppress(ValueError, TypeError, RecursionError):
            yield unpack(kind, json.loads(row[0]))

"""The rows of `watchdog.db`: what each statement of a write puts there."""

import json
import sqlite3
from collections.abc import Mapping, Sequence

from picoclaw_watchdog.core.model import (
    Alert,
    Attempt,
    Bag,
    Incident,
    Moment,
    State,
)
from picoclaw_watchdog.core.reasons import Topic
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.store.codec import pack
from picoclaw_watchdog.store.kept import FOUNDING, Hours

LISTS = ("incidents", "attempts", "outbox")
FACTS = tuple(name for name in State._fields if name not in (*FOUNDING, *LISTS))

_ROWS = "id TEXT PRIMARY KEY, live INTEGER, position INTEGER, wall REAL, body TEXT, ended TEXT"
TABLES = (
    *(f"CREATE TABLE {table} ({_ROWS})" for table in LISTS),
    "CREATE TABLE facts (name TEXT PRIMARY KEY, body TEXT)",
    """CREATE TABLE hours (hour INTEGER, target TEXT, good INTEGER, bad INTEGER,
        unknown INTEGER, PRIMARY KEY (hour, target))""",
)
# They only make it faster, so an older version of ours neither needs nor minds them, and the
# schema keeps its number: that changes when an older one could no longer write what it writes.
_INDEXES = tuple(
    index
    for table in LISTS
    for index in (
        f"CREATE INDEX IF NOT EXISTS {table}_wall ON {table} (wall)",
        f"CREATE INDEX IF NOT EXISTS {table}_live ON {table} (position, id) WHERE live",
    )
)
_MOST_ROWS = 20_000  # of history, in each table
MOST_BYTES = 50_000_000  # of the database; a piece of history is this many rows of each table:
_PIECE = 1_000
_DAY = 86_400


class Ends(NamedTuple):
    """When incidents ended."""

    now: Moment
    closed: Mapping[str, Incident]

    def of(self, incident: Incident) -> Incident:
        """The incident with its end."""
        known = self.closed.get(incident.id, incident)
        return known if known.closed is not None else known._replace(closed=self.now)


def write(db: sqlite3.Connection, before: State, after: State, ends: Ends, seq: int) -> int:
    """Write what differs; answers the new number of writes."""
    if before.incidents != after.incidents or ends.closed:
        _write_incidents(db, before, after, ends)
    if before.attempts != after.attempts:
        rows = [(each.id, each.at.wall, each) for each in after.attempts]
        _write_rows(db, "attempts", rows, {each.id for each in before.attempts})
    if before.outbox != after.outbox or before.bags != after.bags:
        _write_letters(db, before, after, ends.now)
    for name in FACTS:
        value = getattr(after, name)
        if getattr(before, name) != value:
            _write_fact(db, name, value)
    row = db.execute("SELECT body FROM facts WHERE name = 'seq'").fetchone()
    stored = row[0] if row is not None and str(row[0]).isdecimal() else 0
    number = max(int(stored), seq) + 1
    _write_fact(db, "seq", number)
    return number


def _write_fact(db: sqlite3.Connection, name: str, value: object) -> None:
    db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(pack(value))))


def _write_incidents(db: sqlite3.Connection, before: State, after: State, ends: Ends) -> None:
    rows = [(each.id, each.opened.wall, each) for each in after.incidents]
    _write_rows(db, "incidents", rows, {each.id for each in before.incidents})
    still = {each.id for each in after.incidents}
    ended = {each.id: ends.of(each) for each in (*before.incidents, *ends.closed.values())}
    put = "INSERT OR REPLACE INTO incidents VALUES (?, 0, 0, ?, ?, NULL)"
    for incident in ended.values():
        if incident.id not in still:
            body = json.dumps(pack(incident))
            db.execute(put, (incident.id, incident.opened.wall, body))


def _write_letters(db: sqlite3.Connection, before: State, after: State, now: Moment) -> None:
    rows = [(each.id, each.made.wall, each) for each in after.outbox]
    _write_rows(db, "outbox", rows, {each.id for each in before.outbox})
    for letter, moment in (*delivered(before, after, now), *brought(before, after, now)):
        ended = json.dumps(pack(moment))
        # The first channel that took it counts.
        mark = "UPDATE outbox SET ended = ? WHERE id = ? AND ended IS NULL"
        db.execute(mark, (ended, letter.id))


def _write_rows(
    db: sqlite3.Connection,
    table: str,
    rows: Sequence[tuple[str, float, Incident | Attempt | Alert]],
    before: set[str],
) -> None:
    gone = before - {name for name, _, _ in rows}
    retire = f"UPDATE {table} SET live = 0 WHERE id = ?"  # noqa: S608
    db.executemany(retire, [(name,) for name in gone])
    put = (
        f"INSERT INTO {table} VALUES (?, 1, ?, ?, ?, NULL) ON CONFLICT (id) DO UPDATE SET"  # noqa: S608
        " live = 1, position = excluded.position, wall = excluded.wall, body = excluded.body"
    )
    values = [
        (name, position, wall, json.dumps(pack(value)))
        for position, (name, wall, value) in enumerate(rows)
    ]
    db.executemany(put, values)


def delivered(before: State, after: State, now: Moment) -> list[tuple[Alert, Moment]]:
    """The letters whose delivery by LINE is what happened between two states.

    A delivery ends the parcel they were in and starts the cooldown of their keys. An all-clear
    starts none. A letter that left the outbox otherwise was dropped.
    """
    if before.parcel is None or after.parcel is not None:
        return []
    waiting = {letter.id for letter in after.outbox}
    was, told = dict(before.told), dict(after.told)
    gone = [letter for letter in before.outbox if letter.id not in waiting]
    newly = {key: moment for key, moment in told.items() if was.get(key) != moment}
    known = next(iter(newly.values()), now)
    return [
        (letter, newly.get(letter.key, known))
        for letter in gone
        if letter.key in newly or letter.topic is Topic.ALL_CLEAR
    ]


def brought(before: State, after: State, now: Moment) -> list[tuple[Alert, Moment]]:
    """The letters whose delivery by another channel is what happened between two states.

    A delivery takes the letter out of the bag and out of what is being tried.
    """
    told = dict(after.told)
    later = {bag.channel: bag for bag in after.bags}
    found = []
    for bag in before.bags:
        then = later.get(bag.channel, Bag(bag.channel))
        still = {letter.id for letter in then.letters}
        found += [
            (letter, told.get(letter.key, now) if letter.topic is not Topic.ALL_CLEAR else now)
            for letter in bag.letters
            if letter.id in bag.trying and letter.id not in then.trying and letter.id not in still
        ]
    return found


def index(db: sqlite3.Connection) -> None:
    """Make the indexes that are missing: in a new database, and in one of an older version."""
    for statement in _INDEXES:
        db.execute(statement)


def fold(db: sqlite3.Connection, hours: Hours) -> None:
    """Put the counts of hours there; of two counts for an hour the larger one stays."""
    put = (
        "INSERT INTO hours VALUES (?, ?, ?, ?, ?) ON CONFLICT (hour, target) DO UPDATE SET"
        " good = max(good, excluded.good), bad = max(bad, excluded.bad),"
        " unknown = max(unknown, excluded.unknown)"
    )
    rows = [
        (hour, target, *counts)
        for hour, targets in hours.items()
        for target, counts in targets.items()
    ]
    db.executemany(put, rows)


def prune(
    db: sqlite3.Connection, now: Moment, history_days: int, most_bytes: int = MOST_BYTES
) -> bool:
    """Once a day, forget what is too old or too much; answers whether it was done."""
    today = int(now.wall // _DAY)
    row = db.execute("SELECT body FROM facts WHERE name = 'pruned'").fetchone()
    if row is not None and row[0] == str(today):
        return False
    oldest = now.wall - history_days * _DAY
    for table in LISTS:
        db.execute(f"DELETE FROM {table} WHERE NOT live AND wall < ?", (oldest,))  # noqa: S608
        excess = (
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table}"  # noqa: S608
            " WHERE NOT live ORDER BY wall DESC LIMIT -1 OFFSET ?)"
        )
        db.execute(excess, (_MOST_ROWS,))
    db.execute("DELETE FROM hours WHERE hour < ?", (int(oldest // 3600),))
    for _ in range(_MOST_ROWS // _PIECE):
        if _bytes_used(db) <= most_bytes:
            break
        for table in LISTS:
            first = (
                f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table}"  # noqa: S608
                " WHERE NOT live ORDER BY wall LIMIT ?)"
            )
            db.execute(first, (_PIECE,))
    _write_fact(db, "pruned", today)
    return True


def _bytes_used(db: sqlite3.Connection) -> int:
    pages, free, size = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size

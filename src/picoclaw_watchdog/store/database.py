"""`watchdog.db`: what the founding document's files cannot hold.

Each incident, attempt and letter is a row with its value as JSON; `live` rows make up the state
(open incidents, attempts that still count, the outbox), the others are history. Every other
field of the state is a row of `facts`. Importing this module imports sqlite3: a quiet cycle
does not.
"""

import json
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import NamedTuple, TypeVar

from picoclaw_watchdog.core.model import Alert, Attempt, Incident, Moment, State
from picoclaw_watchdog.ports import History
from picoclaw_watchdog.store.codec import pack, unpack, unpack_as
from picoclaw_watchdog.store.files import make_private_folder, reason, sync_folder
from picoclaw_watchdog.store.kept import FOUNDING, NAME, DatabaseTrouble, Hours, Kept

SCHEMA = 1
LISTS = {"incidents": Incident, "attempts": Attempt, "outbox": Alert}
FACTS = tuple(name for name in State._fields if name not in (*FOUNDING, *LISTS))

_BUSY_SECONDS = 2.0
_SET_ASIDE_KEPT = 2
_HISTORY_ROWS = 1000
_MOST_ROWS = 20_000  # of history, in each table
_DAY = 86_400
# Our statements are always the same: one that SQLite does not understand meets foreign tables.
_HURT = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
    }
)
_ROWS = "id TEXT PRIMARY KEY, live INTEGER, position INTEGER, wall REAL, body TEXT, ended TEXT"
_TABLES = (
    *(f"CREATE TABLE {table} ({_ROWS})" for table in LISTS),
    "CREATE TABLE facts (name TEXT PRIMARY KEY, body TEXT)",
    "CREATE TABLE hours (hour INTEGER, target TEXT, good INTEGER, bad INTEGER, unknown INTEGER,"
    " PRIMARY KEY (hour, target))",
)

# No place for a file that SQLite needs besides the database.
_NO_ROOM = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
    }
)

T = TypeVar("T")


class _HurtError(Exception):
    """The database is no database of ours, or no longer."""


class Database:
    """The file, opened when it is first needed."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, NAME)
        self.complaints: list[str] = []
        self._folder = folder
        self._open: sqlite3.Connection | None = None

    def read(self, now: Moment) -> Kept:
        """The state that was written last; an empty one where the database was past saving.

        Raises:
            DatabaseTrouble: it is there but cannot be read now.
        """

        def work() -> Kept:
            known = self._facts()
            seq = known.pop("seq", 0)
            lists = {name: self._live(name, kind) for name, kind in LISTS.items()}
            number = seq if isinstance(seq, int) else 0
            return Kept(State(**known, **lists), number)  # type: ignore[arg-type]

        return self._guarded(work, now, Kept)

    def write(
        self,
        before: State,
        after: State,
        now: Moment,
        *,
        seq: int = 0,
        closed: Mapping[str, Incident] | None = None,
    ) -> int:
        """Write what changed, in one transaction that is on the disk when this returns.

        Args:
            before: what the database holds.
            after: what it shall hold.
            now: when an incident that is no longer open ended, unless `closed` says it better.
            seq: the number of writes that somebody else knows of.
            closed: ended incidents by their ids.

        Returns:
            The new number of writes.

        Raises:
            DatabaseTrouble: the database is as it was.
        """

        def work(before: State = before) -> int:
            with self._transaction() as db:
                return _write(db, before, after, _Ends(now, closed or {}), seq)

        return self._guarded(work, now, lambda: work(State()))

    def fold(self, hours: Hours, now: Moment, history_days: int) -> None:
        """Take over the counts of some hours, and forget what is older than the history.

        The same counts may be given again: the larger ones stay.

        Raises:
            DatabaseTrouble: they were not taken.
        """

        def work() -> None:
            with self._transaction() as db:
                _fold(db, hours)
                pruned = _prune(db, now, history_days)
            if pruned:
                self._connection().execute("PRAGMA incremental_vacuum").fetchall()

        self._guarded(work, now, work)

    def history(self, now: Moment) -> History:
        """The newest of everything, newest first.

        Raises:
            DatabaseTrouble: it cannot be read now.
        """

        def work() -> History:
            return History(
                incidents=tuple(incident for incident, _ in self._past("incidents", Incident)),
                attempts=tuple(attempt for attempt, _ in self._past("attempts", Attempt)),
                delivered=tuple(
                    (alert, unpack(Moment, json.loads(ended)))
                    for alert, ended in self._past("outbox", Alert, "WHERE ended IS NOT NULL")
                    if ended
                ),
            )

        return self._guarded(work, now, History)

    def hours(self, now: Moment) -> Hours:
        """How many cycles found each target good, bad and unknown, by hour since the epoch.

        Raises:
            DatabaseTrouble: it cannot be read now.
        """

        def work() -> Hours:
            counts: dict[int, dict[str, tuple[int, int, int]]] = {}
            query = "SELECT hour, target, good, bad, unknown FROM hours ORDER BY hour, target"
            for hour, target, *numbers in self._connection().execute(query):
                counts.setdefault(hour, {})[target] = (numbers[0], numbers[1], numbers[2])
            return counts

        return self._guarded(work, now, dict)

    @property
    def is_open(self) -> bool:
        """Whether a connection is open."""
        return self._open is not None

    def close(self) -> None:
        """Close the connection; the write-ahead log goes with it. Never raises."""
        if self._open is not None:
            with suppress(sqlite3.Error):
                self._open.close()
            self._open = None

    def _guarded(self, work: Callable[[], T], now: Moment, anew: Callable[[], T]) -> T:
        """Do it; where the database is hurt, set it aside, say so, and begin anew."""
        try:
            try:
                return work()
            except (sqlite3.DatabaseError, _HurtError) as error:
                if not _is_hurt(error):
                    raise
                self._set_aside(now, str(error))
                return anew()
        except (sqlite3.Error, _HurtError, OSError, ValueError, OverflowError) as error:
            self.close()
            raise DatabaseTrouble(f"{NAME}: {reason(error)}") from error

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            self._open = self._connect()
        return self._open

    def _connect(self) -> sqlite3.Connection:
        """Open it, make it where there is none.

        SQLite's shared memory is a file: on a full disk it cannot be made, then we open the
        database for ourselves alone, which needs none. A folder that nobody can write to is
        read as it lies.
        """
        make_private_folder(self._folder)
        if os.path.lexists(self.path):
            self._look()
        else:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            sync_folder(self._folder)
        try:
            return _opened(self.path)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _NO_ROOM:
                raise
        try:
            return _opened(self.path, "PRAGMA locking_mode=EXCLUSIVE")
        except sqlite3.OperationalError:
            from urllib.parse import quote

            return _opened(f"file:{quote(self.path)}?immutable=1")

    def _look(self) -> None:
        """SQLite would follow a link and wait for a FIFO."""
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                if not stat.S_ISREG(os.lstat(self.path + end).st_mode):
                    raise _HurtError(f"{NAME}{end} is not a regular file")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._connection()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise

    def _facts(self) -> dict[str, object]:
        known: dict[str, object] = {}
        for name, body in self._connection().execute("SELECT name, body FROM facts").fetchall():
            kind = int if name == "seq" else State.__annotations__.get(name)
            if kind is None or name in FOUNDING or name in LISTS:
                continue  # a newer version's
            try:
                known[name] = unpack_as(kind, json.loads(body))
            except (ValueError, TypeError, RecursionError) as error:
                self.complaints.append(f"{self.path}: {name}: {error}: counts as absent")
        return known

    def _live(self, table: str, kind: type[T]) -> tuple[T, ...]:
        query = f"SELECT id, body FROM {table} WHERE live ORDER BY position, id"  # noqa: S608
        found: list[T] = []
        for name, body in self._connection().execute(query).fetchall():
            try:
                found.append(unpack(kind, json.loads(body)))
            except (ValueError, TypeError, RecursionError) as error:
                self.complaints.append(f"{self.path}: {table} {name}: {error}: passed over")
                retire = f"UPDATE {table} SET live = 0 WHERE id = ?"  # noqa: S608
                with suppress(sqlite3.OperationalError):
                    self._connection().execute(retire, (name,))
        return tuple(found)

    def _past(self, table: str, kind: type[T], which: str = "") -> Iterator[tuple[T, str | None]]:
        query = f"SELECT body, ended FROM {table} {which} ORDER BY wall DESC, id DESC LIMIT ?"  # noqa: S608
        for body, ended in self._connection().execute(query, (_HISTORY_ROWS,)):
            with suppress(ValueError, TypeError, RecursionError):
                yield unpack(kind, json.loads(body)), ended

    def _set_aside(self, now: Moment, why: str) -> None:
        self.close()
        stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(now.wall))
        aside = f"{self.path}.corrupt-{stamp}"
        number = 2
        while os.path.lexists(aside):
            aside = f"{self.path}.corrupt-{stamp}_{number}"
            number += 1
        for end in ("-wal", "-shm", ""):  # the database last: without it the others mean nothing
            with suppress(FileNotFoundError):
                os.rename(self.path + end, aside + end)
        self.complaints.append(f"{self.path}: {why}: set aside as {aside}, begun anew")
        self._prune_aside()

    def _prune_aside(self) -> None:
        prefix = f"{NAME}.corrupt-"
        names = [name for name in os.listdir(self._folder) if name.startswith(prefix)]
        ages = {name: os.lstat(os.path.join(self._folder, name)).st_ctime_ns for name in names}
        whole = [name for name in names if not name.endswith(("-wal", "-shm"))]
        for old in sorted(whole, key=ages.__getitem__)[:-_SET_ASIDE_KEPT]:
            for end in ("-wal", "-shm", ""):
                with suppress(OSError):
                    os.unlink(os.path.join(self._folder, old + end))


class _Ends(NamedTuple):
    """When incidents ended."""

    now: Moment
    closed: Mapping[str, Incident]

    def of(self, incident: Incident) -> Incident:
        known = self.closed.get(incident.id, incident)
        return known if known.closed is not None else known._replace(closed=self.now)


def _is_hurt(error: BaseException) -> bool:
    if isinstance(error, _HurtError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by the module itself: bytes that are no text
        return isinstance(error, sqlite3.OperationalError) and "decode" in str(error)
    return code & 0xFF in _HURT or code == sqlite3.SQLITE_IOERR_SHORT_READ


def _opened(path: str, mode: str = "") -> sqlite3.Connection:
    db = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, uri=path.startswith("file:")
    )
    try:
        for pragma in (mode, "PRAGMA synchronous=FULL", "PRAGMA trusted_schema=OFF"):
            db.execute(pragma)
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            _make(db)
        elif version != SCHEMA:
            raise _HurtError(f"has schema {version}, not {SCHEMA}")
        db.execute("SELECT count(*) FROM facts").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _make(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA auto_vacuum=INCREMENTAL")
    db.execute("PRAGMA journal_mode=WAL").fetchone()
    db.execute("BEGIN IMMEDIATE")
    if db.execute("PRAGMA user_version").fetchone()[0] == 0:  # nobody was faster
        for table in _TABLES:
            db.execute(table)
        db.execute(f"PRAGMA user_version={SCHEMA}")
    db.execute("COMMIT")


def _write(db: sqlite3.Connection, before: State, after: State, ends: _Ends, seq: int) -> int:
    if before.incidents != after.incidents:
        _write_incidents(db, before, after, ends)
    if before.attempts != after.attempts:
        rows = [(each.id, each.at.wall, each) for each in after.attempts]
        _write_rows(db, "attempts", rows, {each.id for each in before.attempts})
    if before.outbox != after.outbox:
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


def _write_incidents(db: sqlite3.Connection, before: State, after: State, ends: _Ends) -> None:
    rows = [(each.id, each.opened.wall, each) for each in after.incidents]
    _write_rows(db, "incidents", rows, {each.id for each in before.incidents})
    still = {each.id for each in after.incidents}
    for incident in before.incidents:
        if incident.id not in still:
            body = json.dumps(pack(ends.of(incident)))
            db.execute("UPDATE incidents SET body = ? WHERE id = ?", (body, incident.id))


def _write_letters(db: sqlite3.Connection, before: State, after: State, now: Moment) -> None:
    rows = [(each.id, each.made.wall, each) for each in after.outbox]
    _write_rows(db, "outbox", rows, {each.id for each in before.outbox})
    for letter, moment in delivered(before, after, now):
        ended = json.dumps(pack(moment))
        db.execute("UPDATE outbox SET ended = ? WHERE id = ?", (ended, letter.id))


def _write_rows(
    db: sqlite3.Connection,
    table: str,
    rows: list[tuple[str, float, NamedTuple]],
    before: set[str],
) -> None:
    gone = before - {name for name, _, _ in rows}
    retire = f"UPDATE {table} SET live = 0 WHERE id = ?"  # noqa: S608
    db.executemany(retire, [(name,) for name in gone])
    put = f"INSERT OR REPLACE INTO {table} VALUES (?, 1, ?, ?, ?, NULL)"  # noqa: S608
    values = [
        (name, position, wall, json.dumps(pack(value)))
        for position, (name, wall, value) in enumerate(rows)
    ]
    db.executemany(put, values)


def delivered(before: State, after: State, now: Moment) -> list[tuple[Alert, Moment]]:
    """The letters whose delivery is what happened between two states.

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
        if letter.key in newly or letter.topic.value == "all_clear"
    ]


def _fold(db: sqlite3.Connection, hours: Hours) -> None:
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


def _prune(db: sqlite3.Connection, now: Moment, history_days: int) -> bool:
    """Once a day; answers whether it was done."""
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
    _write_fact(db, "pruned", today)
    return True

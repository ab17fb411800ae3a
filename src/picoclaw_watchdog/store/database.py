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
from contextlib import contextmanager, suppress

from picoclaw_watchdog.core.model import (
    Alert,
    Attempt,
    Incident,
    Moment,
    State,
)
from picoclaw_watchdog.light import TypeVar
from picoclaw_watchdog.store import rows
from picoclaw_watchdog.store.codec import unpack, unpack_as
from picoclaw_watchdog.store.files import make_private_folder, reason, sync_folder
from picoclaw_watchdog.store.kept import NAME, DatabaseTrouble, Hours, Kept

SCHEMA = 1
_BUSY_SECONDS = 2.0
_SET_ASIDE_KEPT = 2

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
            number = seq if isinstance(seq, int) else 0
            state = State(
                **known,  # type: ignore[arg-type]
                incidents=self._live("incidents", Incident),
                attempts=self._live("attempts", Attempt),
                outbox=self._live("outbox", Alert),
            )
            return Kept(state, number)

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
                return rows.write(db, before, after, rows.Ends(now, closed or {}), seq)

        return self._guarded(work, now, lambda: work(State()))

    def fold(self, hours: Hours, now: Moment, history_days: int, holding: State) -> None:
        """Take over the counts of some hours, and forget what is older than the history.

        The same counts may be given again: the larger ones stay. `holding` is the state that the
        database holds, to be written again where the database has to be begun anew.

        Raises:
            DatabaseTrouble: they were not taken.
        """

        def work() -> None:
            with self._transaction() as db:
                rows.index(db)
                rows.fold(db, hours)
                pruned = rows.prune(db, now, history_days)
            if pruned:
                self._connection().execute("PRAGMA incremental_vacuum").fetchall()

        def anew() -> None:
            self.write(State(), holding, now)
            work()

        self._guarded(work, now, anew)

    def ask(self, question: Callable[[sqlite3.Connection], T], now: Moment) -> T:
        """The answer to a question that only reads: see `store/past.py`.

        Raises:
            DatabaseTrouble: it cannot be read now.
        """
        return self._guarded(lambda: question(self._connection()), now, None)

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

    def _guarded(self, work: Callable[[], T], now: Moment, anew: Callable[[], T] | None) -> T:
        """Do it; where the database is hurt, set it aside, say so, and begin anew."""
        try:
            try:
                return work()
            except (sqlite3.DatabaseError, UnicodeDecodeError, _HurtError) as error:
                if anew is None or not _is_hurt(error):
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
        """SQLite would follow a link, wait for a FIFO, and say nothing of a file without content.

        Of one byte neither, which it takes for none.
        """
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                if not stat.S_ISREG(os.lstat(self.path + end).st_mode):
                    raise _HurtError(f"{NAME}{end} is not a regular file")
        if os.lstat(self.path).st_size <= 1:
            self.complaints.append(f"{self.path}: is empty: begun anew")

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
            if name not in rows.FACTS and name != "seq":
                continue  # of a newer version, or not of the state
            kind = int if name == "seq" else State.__annotations__[name]
            try:
                known[name] = unpack_as(kind, json.loads(body))
            except (ValueError, TypeError, RecursionError) as error:
                self.complaints.append(f"{self.path}: {name}: {error}: counts as absent")
                self._mend("DELETE FROM facts WHERE name = ?", name)
        return known

    def _live(self, table: str, kind: type[T]) -> tuple[T, ...]:
        query = f"SELECT id, body FROM {table} WHERE live ORDER BY position, id"  # noqa: S608
        found: list[T] = []
        for name, body in self._connection().execute(query).fetchall():
            try:
                found.append(unpack(kind, json.loads(body)))
            except (ValueError, TypeError, RecursionError) as error:
                self.complaints.append(f"{self.path}: {table} {name}: {error}: passed over")
                self._mend(f"UPDATE {table} SET live = 0 WHERE id = ?", name)  # noqa: S608
        return tuple(found)

    def _mend(self, statement: str, name: str) -> None:
        """So that it is not told again in every cycle."""
        with suppress(sqlite3.OperationalError):
            self._connection().execute(statement, (name,))

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


def _is_hurt(error: BaseException) -> bool:
    if isinstance(error, _HurtError | UnicodeDecodeError):  # SQLite's own words quoted such bytes
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
            raise _HurtError(f"has schema {version}, not {SCHEMA}")  # noqa: TRY301
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
        for table in rows.TABLES:
            db.execute(table)
        db.execute(f"PRAGMA user_version={SCHEMA}")
    db.execute("COMMIT")

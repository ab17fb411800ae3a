"""The disk as the engine sees it: `ports.Store`.

Three places make up the state: the founding document's files (what the owner writes there
wins), the database, and, while the state folder cannot be written, a spare folder in memory.
"""

import os
from collections.abc import Callable, Mapping

from picoclaw_watchdog.core.model import (
    Alert,
    Incident,
    Moment,
    State,
    Wishes,
)
from picoclaw_watchdog.light import TYPE_CHECKING, TypeVar
from picoclaw_watchdog.ports import History
from picoclaw_watchdog.store import cache, founding, kept
from picoclaw_watchdog.store.cache import Cached, Snapshot
from picoclaw_watchdog.store.files import make_private_folder, reason, remove
from picoclaw_watchdog.store.founding import Lying
from picoclaw_watchdog.store.kept import DatabaseTrouble, Hours, Kept, put_together
from picoclaw_watchdog.store.spare import MIRROR, Spare, distrust

if TYPE_CHECKING:
    from sqlite3 import Connection

    from picoclaw_watchdog.store.database import Database
    from picoclaw_watchdog.store.past import Brief, Story

T = TypeVar("T")

_EPOCH = Moment(0.0, 0.0, 0.0, "")
_TROUBLE = (OSError, ValueError, OverflowError, DatabaseTrouble, ImportError)


class DiskStore:
    """The state folder; implements `ports.Store`. One process at a time: see `store/lock.py`.

    Args:
        state_dir: the state folder; made when something is to be written.
        spare_dir: a folder in memory; empty where there is none.
        captures_keep: how many journal captures to keep.
        history_days: how long to remember what is over.
        window: seconds for which restarts count that only the owner's file knows.
    """

    def __init__(
        self, state_dir: str, spare_dir: str, captures_keep: int, history_days: int, window: float
    ) -> None:
        why_not = distrust(spare_dir)
        self._complaints: list[str] = []
        if why_not:
            self._complaints.append(f"memory folder {spare_dir} is not used: {why_not}")
            spare_dir = ""
        self._folder = state_dir
        self._spare_dir = spare_dir
        self._captures_keep = captures_keep
        self._history_days = history_days
        self._window = window
        self._spare = Spare(spare_dir)
        self._mirror = Spare(spare_dir, MIRROR)
        self._database: Database | None = None
        # What lies on the disk, as far as we know:
        self._now = _EPOCH
        self._lying = Lying()
        self._kept: Kept | None = None  # in the database; None: not known
        self._blind = True  # the database may hold more than we know of
        self._place: tuple[int | None, ...] = ()  # the folder and the database, as inodes
        self._snapshot: Snapshot | None = None
        self._snapshot_in_spare = False
        # What goes there next:
        self._seq = 0
        self._last_cycle: Moment | None = None
        self._closed: dict[str, Incident] = {}

    def load(self, now: Moment) -> State:
        """The state as the disk has it. Garbage counts as absent. Never raises."""
        self._now = now
        reader = founding.Reader(self._folder)
        self._lying = reader.read()
        self._complaints += reader.complaints
        cached = self._read_snapshot().cached
        spare = self._spare.read() or (self._mirror.read() if self._is_gone() else None)
        self._kept = cached.kept or self._ask_database()
        self._blind = self._kept is None
        main = self._kept or Kept()
        self._seq = max(main.seq, spare.seq if spare is not None else 0)
        state = put_together(self._lying, main, spare, now, self._window)
        if cached.last_cycle is not None and cached.seq >= self._seq:
            state = state._replace(last_cycle=cached.last_cycle)
        self._last_cycle = state.last_cycle
        self._place = self._inodes()
        return state

    def save(self, state: State) -> bool:
        """Write what changed, durably; False where no place took it. Never raises.

        The moment of the last cycle alone is no change: it travels in the snapshot.
        """
        self._last_cycle = state.last_cycle
        if self._was_removed():  # what we know of the disk lies there no more: write all of it
            self.close()
            self._lying, self._kept = Lying(), None
        lying = founding.wanted(state, self._lying, self._now)
        if not self._is_new(state, lying):
            return True
        try:
            self._write(state, lying)
        except _TROUBLE as error:
            text = f"state folder {self._folder} cannot be written ({reason(error)}): "
            if self._spare.write(state, self._seq + 1):
                self._complaints.append(text + "kept in memory folder until it can")
                return True
            self._complaints.append(text + "and there is no memory folder: nothing is kept")
            return False
        self._spare.clear()
        self._mirror.write(state, self._seq)
        return True

    def wishes(self, now: Moment) -> Wishes:
        """What the owner's files say by now. Never raises."""
        reader = founding.Reader(self._folder)
        found = reader.wishes(now)
        self._complaints += reader.complaints
        return found

    def archive(self, incident: Incident) -> None:
        """Say how an incident ended; the next save remembers it, also one it never saw open.

        One that just vanishes from the state counts as ended at the cycle's beginning.
        """
        self._closed[incident.id] = incident

    def complaints(self) -> tuple[str, ...]:
        """One line for each thing that could not be read or written since the last call."""
        found = self._complaints + self._spare.complaints
        self._mirror.complaints = []  # of a second copy nobody needs to hear
        if self._database is not None:
            found += self._database.complaints
            self._database.complaints = []
        self._complaints, self._spare.complaints = [], []
        return tuple(dict.fromkeys(found))

    def keep_evidence(self, text: str, now: Moment) -> str:
        """Keep a journal capture; answers its path, empty where it could not be kept."""
        from picoclaw_watchdog.store import evidence

        try:
            return evidence.keep(self._folder, text, now, self._captures_keep)
        except (OSError, ValueError, OverflowError) as error:
            self._complaints.append(f"journal capture not kept: {reason(error)}")
            return ""

    def snapshot(self, document: Mapping[str, object]) -> None:
        """Replace status.json, count the cycle, and let go of the database. Never raises."""
        cached = self._read_snapshot().cached
        hours = self._fold(cache.counted(cached.hours, document), document)
        cached = Cached(None if self._blind else self._kept, self._seq, self._last_cycle, hours)
        self._snapshot = Snapshot(dict(document), cached)
        try:
            cache.write(self._folder, document, cached)
            if self._snapshot_in_spare:
                remove(f"{self._spare_dir}/{cache.NAME}")
                self._snapshot_in_spare = False
        except (OSError, ValueError) as error:
            self._complaints.append(f"{self._folder}/{cache.NAME}: {reason(error)}")
            self._snapshot_to_spare(document, cached._replace(kept=None))

    def last_snapshot(self) -> Mapping[str, object]:
        """status.json as it lies on disk; empty where there is none."""
        return self._read_snapshot().document

    def history(self) -> History:
        """What is remembered of the past, newest first; empty where it cannot be read."""
        from picoclaw_watchdog.store import past

        return self._asked(past.history, History())

    def told(self, most: int) -> tuple[tuple[Alert, Moment], ...]:
        """The last messages that were delivered, newest first."""
        from picoclaw_watchdog.store import past

        return self._asked(lambda db: past.told(db, most), ())

    def incidents(self, since: float) -> "tuple[Brief, ...]":
        """The incidents that were open at some time since a moment (wall seconds), newest first."""
        from picoclaw_watchdog.store import past

        return self._asked(lambda db: past.briefs(db, since), ())

    def incident_ids(self, prefix: str, most: int) -> tuple[str, ...]:
        """The incidents whose id begins so: open ones first, then newest first."""
        from picoclaw_watchdog.store import past

        return self._asked(lambda db: past.ids(db, prefix, most), ())

    def story(self, name: str) -> "Story | None":
        """All that is known of one incident."""
        from picoclaw_watchdog.store import past

        return self._asked(lambda db: past.story(db, name), None)

    def hours(self, since: int = 0) -> Hours:
        """How many cycles found each target (good, bad, unknown), by hour since the epoch."""
        from picoclaw_watchdog.store import past

        kept: Hours = self._asked(lambda db: past.hours(db, since), {})
        waiting = self._read_snapshot().cached.hours
        return {**kept, **{hour: counts for hour, counts in waiting.items() if hour >= since}}

    def _asked(self, question: "Callable[[Connection], T]", nothing: T) -> T:
        """What the database answers; `nothing` where there is none or it cannot be read."""
        try:
            if cache.stamp_of_database(self._folder) is not None:
                return self._db().ask(question, self._now)
        except _TROUBLE as error:
            self._complaints.append(reason(error))
        finally:
            self.close()
        return nothing

    def close(self) -> None:
        """Let go of the database. Also done by every `snapshot`."""
        if self._database is not None:
            self._database.close()

    def _db(self) -> "Database":
        if self._database is None:
            from picoclaw_watchdog.store.database import Database

            self._database = Database(self._folder)
        return self._database

    def _ask_database(self) -> Kept | None:
        """What the database holds; None where it cannot be read."""
        try:
            if cache.stamp_of_database(self._folder) is None:
                return Kept()
            return self._db().read(self._now)
        except _TROUBLE as error:
            self._complaints.append(f"{self._folder}: {reason(error)}")
            return None

    def _is_gone(self) -> bool:
        """Whether the state folder was removed or emptied: more than an owner's edit of a file."""
        names = (kept.NAME, founding.TIMES)
        return not any(os.path.lexists(os.path.join(self._folder, name)) for name in names)

    def _was_removed(self) -> bool:
        """Whether the state folder or its database went since we looked at it last."""
        pairs = zip(self._place, self._inodes(), strict=False)
        return any(was is not None and was != now for was, now in pairs)

    def _inodes(self) -> tuple[int | None, ...]:
        found: list[int | None] = []
        for path in (self._folder, os.path.join(self._folder, kept.NAME)):
            try:
                found.append(os.stat(path).st_ino)
            except OSError:
                found.append(None)
        return tuple(found)

    def _is_new(self, state: State, lying: Lying) -> bool:
        if self._kept is None or self._spare.lies_there or self._closed or lying != self._lying:
            return True
        return _of_database(state) != _of_database(self._kept.state)

    def _write(self, state: State, lying: Lying) -> None:
        """The guards first: whatever happens after, no restart is forgotten."""
        make_private_folder(self._folder)
        founding.write_guards(self._folder, self._lying, lying)
        before = self._kept.state if self._kept is not None else State()
        unsaved = self._kept is None or self._closed
        if unsaved or _of_database(state) != _of_database(before):
            self._seq = self._db().write(
                before, state, self._now, seq=self._seq, closed=self._closed
            )
            self._closed = {}
        self._kept = Kept(state, self._seq)
        founding.write_rest(self._folder, self._lying, lying)
        self._lying, self._place = lying, self._inodes()

    def _fold(self, hours: Hours, document: Mapping[str, object]) -> Hours:
        """Bring full hours to the database, and this one too if it is open anyway."""
        at = document.get("at")
        this_hour = int(at // 3600) if isinstance(at, (int, float)) else None
        is_open = self._database is not None and self._database.is_open
        full = [hour for hour in hours if hour != this_hour]
        if self._now is not _EPOCH and (full or is_open) and not self._was_removed():
            try:
                holding = self._kept.state if self._kept is not None else State()
                self._db().fold(hours, self._now, self._history_days, holding)
                hours = {hour: counts for hour, counts in hours.items() if hour == this_hour}
            except _TROUBLE as error:
                self._complaints.append(f"history not kept: {reason(error)}")
        self.close()
        return hours

    def _read_snapshot(self) -> Snapshot:
        if self._snapshot is None:
            found = self._snapshot_of(self._spare_dir) if self._spare_dir else None
            self._snapshot_in_spare = os.path.lexists(f"{self._spare_dir}/{cache.NAME}")
            self._snapshot = found or self._snapshot_of(self._folder) or Snapshot()
        return self._snapshot

    def _snapshot_of(self, folder: str) -> Snapshot | None:
        try:
            return cache.read(folder)
        except (OSError, ValueError) as error:
            self._complaints.append(f"{folder}/{cache.NAME}: {reason(error)}: counts as absent")
            return None

    def _snapshot_to_spare(self, document: Mapping[str, object], cached: Cached) -> None:
        if not self._spare_dir:
            return
        try:
            cache.write(self._spare_dir, document, cached)
            self._snapshot_in_spare = True
        except (OSError, ValueError) as error:
            self._complaints.append(f"{self._spare_dir}/{cache.NAME}: {reason(error)}")


def _of_database(state: State) -> State:
    """The part of a state that the database must hold."""
    return state._replace(
        health_fails=0,
        ollama_fails=0,
        webhook_fails=0,
        paused=None,
        stopped=None,
        drill=None,
        last_cycle=None,
    )

"""`status.json`: the last cycle for readers, and what spares a quiet cycle the database.

Under the private key `store` lie the state as the database has it, the database's size and
time, and this hour's counts. The state is believed only while the database has not changed
since, and only where nothing is pending: no open incident, nothing to tell. It is replaced in
one step but not synced to the disk: whatever is wrong with it, the database is asked.
"""

import os
from collections.abc import Mapping

from picoclaw_watchdog.core.model import Moment, State
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.store.codec import pack, unpack
from picoclaw_watchdog.store.files import make_private_folder, read_small, write_atomically
from picoclaw_watchdog.store.kept import NAME as DATABASE
from picoclaw_watchdog.store.kept import PLANNED, Hours, Kept

NAME = "status.json"
KEY = "store"
HOURS_KEPT = 48  # that wait for the database

_LIMIT = 4 * 1024 * 1024
_MOST = 10**12  # that any number of ours can be, an hour since the epoch too
_VERDICTS = ("good", "bad", "unknown")

Stamp = tuple[int, int, int] | None  # inode, size and time of the database; None: there is none


class Cached(NamedTuple):
    """The private part."""

    kept: Kept | None = None  # None: the database must be asked
    seq: int = 0
    last_cycle: Moment | None = None
    hours: Hours = {}  # noqa: RUF012  # nothing changes a Mapping


class Snapshot(NamedTuple):
    """status.json as it lies there."""

    document: Mapping[str, object] = {}
    cached: Cached = Cached()


def stamp_of_database(folder: str) -> Stamp | bool:
    """What changes whenever the database does; False where it may change any moment.

    Raises:
        OSError: it cannot be looked at.
    """
    path = os.path.join(folder, DATABASE)
    if os.path.lexists(f"{path}-wal"):
        return False
    try:
        facts = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def read(folder: str) -> Snapshot | None:
    """The snapshot, None where there is none.

    Raises:
        OSError: it cannot be read.
        ValueError: it is none.
    """
    content = read_small(os.path.join(folder, NAME), _LIMIT)
    if content is None:
        return None
    import json

    try:
        document = json.loads(content)
        if not isinstance(document, dict):
            raise ValueError("is no snapshot")  # noqa: TRY004  # of a file, not of a caller
        return Snapshot(document, _cached(document.pop(KEY, {}), folder))
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def write(folder: str, document: Mapping[str, object], cached: Cached) -> None:
    """Replace the snapshot; at once for every reader, on the disk when the kernel likes.

    Raises:
        OSError: it is as it was.
        ValueError: the document is not for JSON.
    """
    import json

    kept, stamp = cached.kept, stamp_of_database(folder) if os.path.isdir(folder) else None
    private: dict[str, object] = {
        "database": stamp,
        "seq": cached.seq,
        "state": pack(kept.state) if kept is not None and is_quiet(kept.state) else None,
        "last_cycle": pack(cached.last_cycle),
        "hours": cached.hours,
    }
    try:
        text = json.dumps({**document, KEY: private})
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    make_private_folder(folder)
    write_atomically(os.path.join(folder, NAME), text.encode(), durable=False)


def is_quiet(state: State) -> bool:
    """Whether nothing is pending."""
    waiting = any(bag.letters for bag in state.bags)
    return not (state.incidents or state.outbox or state.parcel or waiting)


def counted(hours: Hours, document: Mapping[str, object]) -> Hours:
    """The counts with those of one more cycle: the document's `targets` at its time `at`."""
    at, targets = document.get("at"), document.get("targets")
    meant = document.get("planned")
    if not isinstance(at, (int, float)) or not isinstance(targets, Mapping):
        return hours
    hour = int(at // 3600)
    counts = dict(hours.get(hour, {}))
    for target, verdict in targets.items():
        if verdict in _VERDICTS:
            is_meant = verdict == "bad" and isinstance(meant, list) and target in meant
            name = PLANNED + target if is_meant else target
            good, bad, unknown = counts.get(name, (0, 0, 0))
            was = {"good": good, "bad": bad, "unknown": unknown}
            was[verdict] += 1
            counts[name] = (was["good"], was["bad"], was["unknown"])
    newest = sorted({*hours, hour})[-HOURS_KEPT:]
    return {each: counts if each == hour else hours[each] for each in newest}


def _cached(private: object, folder: str) -> Cached:
    if not isinstance(private, dict):
        return Cached()
    seq, state, last = private.get("seq"), private.get("state"), private.get("last_cycle")
    if not isinstance(seq, int):
        return Cached()
    stamp = private.get("database")
    known, now = tuple(stamp) if isinstance(stamp, list) else stamp, stamp_of_database(folder)
    believed = state is not None and known == now and now is not False
    return Cached(
        kept=Kept(unpack(State, state), seq) if believed else None,
        seq=seq,
        last_cycle=unpack(Moment, last) if last is not None else None,
        hours=_hours(private.get("hours")),
    )


def _hours(raw: object) -> Hours:
    """What is no count, or none that the database can hold, raises ValueError or TypeError."""
    hours: dict[int, dict[str, tuple[int, int, int]]] = {}
    for hour, targets in raw.items() if isinstance(raw, dict) else ():
        counts = {
            target: (_count(good), _count(bad), _count(unknown))
            for target, (good, bad, unknown) in targets.items()
        }
        hours[_count(int(hour))] = counts
    return hours


def _count(raw: object) -> int:
    if type(raw) is not int or not 0 <= raw < _MOST:
        raise ValueError("holds counts that are none")
    return raw

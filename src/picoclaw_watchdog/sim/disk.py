"""The pretend host's disk: a real folder whose writes are counted, refused, or lost.

The store runs as it is. What it asks of `os` and `sqlite3` to change the disk goes through the
stand-ins below while a `Disk` is installed (docs/decisions/0018). Each change is one write:
before and after it the watchdog may be killed, and instead of it the disk may say no.

What a power cut loses follows POSIX, not the kindness of one file system: a file has the content
it had at its last fsync, a folder the entries it had at its last fsync; what is older than
WRITTEN_BACK seconds the kernel has written by itself. A committed SQLite transaction under
synchronous=FULL is durable and its rollback is SQLite's business; that is assumed, not tried.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, NamedTuple

from picoclaw_watchdog.kick import audit, inbox
from picoclaw_watchdog.store import database, evidence, files, founding
from picoclaw_watchdog.store.kept import NAME as DATABASE

# Modules of ours that change the disk, each through its own name `os`.
WRITERS: tuple[ModuleType, ...] = (files, database, evidence, founding, inbox, audit)
LOST = 0.5  # how probable it is that a power cut loses a thing that it may lose
WRITTEN_BACK = 35.0  # seconds: dirty_expire_centisecs and the flusher's pause, with their defaults
_CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
SQLITE_CODES = {errno.ENOSPC: sqlite3.SQLITE_FULL, errno.EROFS: sqlite3.SQLITE_READONLY}
CODES = {"full": errno.ENOSPC, "readonly": errno.EROFS, "broken": errno.EIO}


class _Kept(NamedTuple):
    """A file as it lay there when a process died."""

    data: bytes
    times: tuple[int, int]


class Disk:
    """The state folder and the spare one of a pretend host.

    Args:
        root: a folder of our own, the pretend owner's home.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.home = f"{root}/.picoclaw"
        self.state = f"{self.home}/state/watchdog"
        self.memory = f"{root}/runtime"  # what does not outlive a boot
        self.mode = "ok"  # ok, full, readonly, broken
        self.fails_at = 0  # the number of the write from now on that fails; 0: none
        self.refused = 0  # writes that were refused
        self.writes = 0
        self.now: Callable[[], float] = lambda: 0.0
        self._before: Callable[[str], None] = lambda _: None
        self._after: Callable[[str], None] = lambda _: None
        self._open: dict[int, str] = {}
        self._paused = 0
        self._image: dict[str, _Kept] | None = None
        self._truth = _Durable()

    def attach(self, before: Callable[[str], None], after: Callable[[str], None]) -> None:
        """Who is to hear of every write."""
        self._before, self._after = before, after

    # Writes

    @contextmanager
    def write(self, path: str, *, needs_room: bool = True) -> Iterator[None]:
        """One change of the disk; one that needs no room works on a full disk, too."""
        if self._paused or not path.startswith(self.root):
            yield
            return
        self.refuse(path, needs_room=needs_room)
        self.writes += 1
        self._before("write")
        yield
        self._after("write")

    def refuse(self, path: str, *, needs_room: bool = True) -> None:
        """Say no, where this disk does.

        Raises:
            OSError: it does.
        """
        if self._paused or not path.startswith(self.state):
            return
        code = CODES.get(self.mode)
        if code == errno.ENOSPC and not needs_room:
            code = None
        if self.fails_at and needs_room:
            self.fails_at -= 1
            code = code if self.fails_at else errno.ENOSPC
        if code is not None:
            self.refused += 1
            raise OSError(code, os.strerror(code), path)

    def refuse_opening(self, path: str) -> None:
        """A file system that is read-only opens nothing for writing.

        Raises:
            OSError: it is.
        """
        if self.mode == "readonly":
            self.refuse(path, needs_room=False)

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """For what others write, such as the owner: no count, no refusal."""
        self._paused += 1
        try:
            yield
        finally:
            self._paused -= 1

    # The end of a process, and of the power

    def process_died(self) -> None:
        """Remember the database as it lies there: a killed process closes nothing."""
        self._image = {}
        for path in self._database_files():
            facts = os.stat(path)
            kept = _Kept(Path(path).read_bytes(), (facts.st_atime_ns, facts.st_mtime_ns))
            self._image[path] = kept

    def bury(self) -> None:
        """Undo what the dead process's own clearing up did to the database."""
        self._open.clear()
        image, self._image = self._image, None
        if image is None:
            return
        for path in self._database_files():
            if path not in image:
                os.unlink(path)
        for path, kept in image.items():
            if not os.path.isdir(os.path.dirname(path)):
                continue
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # the same inode, if it lives
            try:
                os.ftruncate(descriptor, 0)
                os.write(descriptor, kept.data)
            finally:
                os.close(descriptor)
            os.utime(path, ns=kept.times)

    def _database_files(self) -> list[str]:
        names = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm")
        return [path for name in names if os.path.exists(path := f"{self.state}/{name}")]

    def lose_power(self, now: float, dice: Random) -> None:
        """Leave of the state folder what has surely reached the disk, and perhaps some more."""
        self._truth.cut(self.state, now, dice)

    def settle(self) -> None:
        """An orderly end: everything reaches the disk."""
        self._truth = _Durable()

    def clear_memory(self) -> None:
        """What lies in memory does not outlive a boot."""
        if os.path.isdir(self.memory):
            for name in os.listdir(self.memory):
                os.unlink(f"{self.memory}/{name}")

    # The stand-ins

    @contextmanager
    def installed(self) -> Iterator[None]:
        """While this lasts, our modules write to this disk."""
        system: Any = _System(self)
        shelf: Any = _Sqlite(self)
        for module in WRITERS:
            vars(module)["os"] = system
        vars(database)["sqlite3"] = shelf
        try:
            yield
        finally:
            for module in WRITERS:
                vars(module)["os"] = os
            vars(database)["sqlite3"] = sqlite3

    def opened(self, descriptor: int, path: str) -> None:
        """A file was opened for writing, or a folder for syncing."""
        self._open[descriptor] = path

    def path_of(self, descriptor: int) -> str:
        """Where a descriptor leads; empty where that does not matter."""
        return self._open.get(descriptor, "")

    def closed(self, descriptor: int) -> None:
        """It is closed."""
        self._open.pop(descriptor, None)

    @property
    def truth(self) -> "_Durable":
        """What has surely reached the disk."""
        return self._truth


class _Entry(NamedTuple):
    """A name that means something else than it surely does on the disk."""

    since: float
    before: bytes | None  # the content that is sure; None: no file
    group: str  # names that change together have the same


class _Durable:
    """What a power cut would leave: kept for what has changed lately, by path."""

    def __init__(self) -> None:
        # What lies there now, but is not sure to: since when, and what was sure before.
        self.content: dict[str, tuple[float, bytes]] = {}
        self.entry: dict[str, _Entry] = {}

    def writes(self, path: str, now: float) -> None:
        """A file's content is about to change."""
        if now - self.content.get(path, (-WRITTEN_BACK, b""))[0] >= WRITTEN_BACK:
            self.content[path] = (now, _read(path) or b"")

    def synced(self, path: str) -> None:
        """A file's content has reached the disk, or a folder's entries have."""
        self.content.pop(path, None)
        for each in [each for each in self.entry if os.path.dirname(each) == path]:
            del self.entry[each]

    def changes_entry(self, path: str, now: float, *, with_: str = "") -> None:
        """A name is about to appear, to vanish, or to mean another file.

        A rename changes two names, and a journal has either both changes or none.
        """
        known = self.entry.get(path)
        if known is None or now - known.since >= WRITTEN_BACK:
            dirty = self.content.get(path)
            known = _Entry(now, dirty[1] if dirty else _read(path), path)
        self.entry[path] = known._replace(group=with_ or path)

    def renamed(self, old: str, new: str) -> None:
        """A file has another name, and is as unsure as it was."""
        was = self.content.pop(old, None)
        self.content.pop(new, None)
        if was is not None:
            self.content[new] = was

    def cut(self, folder: str, now: float, dice: Random) -> None:
        """Roll back: each unsure thing, by a coin, as if it had been written or had not."""
        for path, (since, before) in self.content.items():
            young = now - since < WRITTEN_BACK and path.startswith(folder)
            if young and os.path.isfile(path) and dice.random() < LOST:
                Path(path).write_bytes(before)
        coins: dict[str, float] = {}
        for path, entry in self.entry.items():
            young = now - entry.since < WRITTEN_BACK and path.startswith(folder)
            if not young or coins.setdefault(entry.group, dice.random()) >= LOST:
                continue
            if entry.before is not None and os.path.isdir(os.path.dirname(path)):
                Path(path).write_bytes(entry.before)
            elif os.path.isfile(path):
                os.unlink(path)
        self.content.clear()
        self.entry.clear()


def _read(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


class _System:
    """`os`, with the calls that change the disk going by way of it."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        disk = self._disk
        creates = bool(flags & os.O_CREAT) and not os.path.lexists(path)
        if flags & _CHANGES:
            disk.refuse_opening(path)
        if creates and os.path.basename(path).endswith(".tmp"):
            descriptor = os.open(path, flags, mode)  # its first write is what counts
            disk.truth.changes_entry(path, disk.now())
        elif creates:
            with disk.write(path):
                disk.truth.changes_entry(path, disk.now())
                descriptor = os.open(path, flags, mode)
        else:
            descriptor = os.open(path, flags, mode)
        if flags & (_CHANGES | os.O_DIRECTORY):
            disk.opened(descriptor, path)
        return descriptor

    def close(self, descriptor: int) -> None:
        self._disk.closed(descriptor)
        os.close(descriptor)

    def write(self, descriptor: int, data: bytes) -> int:
        disk, path = self._disk, self._disk.path_of(descriptor)
        with disk.write(path):
            disk.truth.writes(path, disk.now())
            return os.write(descriptor, data)

    def ftruncate(self, descriptor: int, length: int) -> None:
        disk, path = self._disk, self._disk.path_of(descriptor)
        with disk.write(path, needs_room=False):
            disk.truth.writes(path, disk.now())
            os.ftruncate(descriptor, length)

    def fsync(self, descriptor: int) -> None:
        self._disk.truth.synced(self._disk.path_of(descriptor))

    def rename(self, old: str, new: str) -> None:
        disk = self._disk
        with disk.write(new, needs_room=False):
            disk.truth.changes_entry(old, disk.now(), with_=new)
            disk.truth.changes_entry(new, disk.now())
            os.rename(old, new)
            disk.truth.renamed(old, new)

    def unlink(self, path: str) -> None:
        disk = self._disk
        if not os.path.lexists(path):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        with disk.write(path, needs_room=False):
            disk.truth.changes_entry(path, disk.now())
            os.unlink(path)
            disk.truth.content.pop(path, None)

    def mkdir(self, path: str, mode: int = 0o777) -> None:
        with self._disk.write(path):
            os.mkdir(path, mode)


class _Sqlite:
    """`sqlite3`, whose commits are writes."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)

    def connect(self, path: str, **options: Any) -> sqlite3.Connection:
        disk = self._disk

        class Counted(sqlite3.Connection):
            def execute(  # type: ignore[explicit-override]  # typing.override is newer than 3.11
                self, sql: str, parameters: Any = (), /
            ) -> sqlite3.Cursor:
                if sql != "COMMIT":
                    return super().execute(sql, parameters)
                try:
                    with disk.write(path):
                        return super().execute(sql, parameters)
                except OSError as error:
                    trouble = sqlite3.OperationalError(f"disk I/O error: {error.strerror}")
                    trouble.sqlite_errorcode = SQLITE_CODES.get(
                        error.errno or 0, sqlite3.SQLITE_IOERR
                    )
                    raise trouble from error

        opened: sqlite3.Connection = sqlite3.connect(path, factory=Counted, **options)
        return opened

"""The file `kick_request`: many may write it at once, and what is taken is not lost.

Writers append under a lock, and look again whether it is still that file. The watchdog renames it
to `kick_taken` and waits for the writer that may just be at work in it. `kick_taken` stays on the
disk until every request in it has its outcome in the audit log.

The owner may name any file, also by mistake. So nothing is written to, renamed or removed but what
is surely ours: see `place.py`. All else is left as it lies, and said.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress

from picoclaw_watchdog.kick.place import ASSURED, Obstacle, Why, examine, opened
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.store.files import make_private_folder, sync_folder

LONGEST_FILE = ASSURED  # bytes; what lies behind is refused unread
MOST_LINES = 200  # more in one file is a flood, not an owner
COUNTED = 4 * 1024 * 1024  # bytes of a flood whose lines are counted

_PAUSE = 0.02  # seconds between two tries
_TRIES = 50
_REPLACED = 1000  # times the file may be taken away under our hands
_WRITE = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Batch(NamedTuple):
    """What was taken at once."""

    lines: tuple[tuple[int, str], ...] = ()  # with their position in the file
    flood: int = 0  # how many more were refused unread
    again: bool = False  # a run that was killed had taken it before
    size: int = 0  # bytes that the file had
    stamp: tuple[int, int, int] = (0, 0, 0)  # of the file: device, number, time of its content


def add(path: str, line: str, sleep: Callable[[float], None] | None = None) -> None:
    """Write one request, beside those that already wait.

    Raises:
        Obstacle: something else lies in the file's place.
        OSError: the folder cannot be written, or somebody holds the lock for more than a second.
    """
    make_private_folder(os.path.dirname(path))
    for _ in range(_REPLACED):
        examine(path)
        descriptor = os.open(path, _WRITE, 0o600)
        try:
            if not _locked(descriptor, sleep):
                raise BlockingIOError(11, "somebody holds its lock", path)
            if not _is_still_there(descriptor, path):
                continue
            examine(path)
            _append(descriptor, f"{line}\n".encode("utf-8", "surrogateescape"))
            sync_folder(os.path.dirname(path))  # who is told that it waits may rely on it
            return
        finally:
            os.close(descriptor)
    raise BlockingIOError(11, "taken away again and again", path)


def take(path: str, taken: str, sleep: Callable[[float], None] | None = None) -> Batch:
    """Take all requests, or those again that a killed run had taken.

    Args:
        path: where requests are put.
        taken: where they go meanwhile, in the same folder.
        sleep: how to wait for a writer at work.

    Raises:
        Obstacle: there is something that is no request, or cannot be taken; it is untouched.
    """
    again = os.path.lexists(taken)
    try:
        descriptor = opened(taken if again else path, path)
        if descriptor is None:
            return Batch()
        try:
            if not again:
                _move(path, taken)
                if not _is_still_there(descriptor, taken):
                    return _put_back(path, taken)
            _locked(descriptor, sleep)  # in vain: whoever holds it that long is no writer of ours
            return _split(descriptor)._replace(again=again)
        finally:
            os.close(descriptor)
    except Obstacle:
        raise
    except OSError:
        raise Obstacle(path, Why.NOT_TAKEN) from None


def _move(path: str, taken: str) -> None:
    os.rename(path, taken)
    with suppress(OSError):
        # Before anything is said of them: else a power cut could bring back the request, and not
        # that it was taken, and it would look like a replay.
        sync_folder(os.path.dirname(taken))


def _put_back(path: str, taken: str) -> Batch:
    """Something else was put there this moment: the next cycle looks at it."""
    if not os.path.lexists(path):
        os.rename(taken, path)
    return Batch()


def finish(taken: str, batch: Batch) -> bool:
    """Let go of what was taken; False where it must be looked at again, or cannot be removed."""
    try:
        facts = os.lstat(taken)
        if _stamp(facts) != batch.stamp or facts.st_size != batch.size:
            return False  # somebody who takes no lock wrote after all
        os.unlink(taken)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _is_still_there(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False


def _locked(descriptor: int, sleep: Callable[[float], None] | None) -> bool:
    """Take the lock within a second."""
    if sleep is None:
        from picoclaw_watchdog.host.clock import HostClock

        sleep = HostClock().sleep
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(_PAUSE)
        except OSError:
            return False
        else:
            return True
    return False


def _append(descriptor: int, data: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        data = b"\n" + data  # of somebody who ended his line without an end
    if os.write(descriptor, data) != len(data):
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise OSError(28, "no room for the request")
    os.fsync(descriptor)


def _split(descriptor: int) -> Batch:
    """The lines within the limits, and how many there are beyond."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    content = _bytes(descriptor, LONGEST_FILE + 1)
    facts = os.fstat(descriptor)
    size = facts.st_size
    rest = b""
    if len(content) > LONGEST_FILE:
        cut = content.rfind(b"\n", 0, LONGEST_FILE) + 1
        rest = content[cut:] + _bytes(descriptor, COUNTED)
        content = content[:cut]
    else:
        size = len(content)
    found = [
        (position, line.rstrip(b"\r").decode("utf-8", "surrogateescape"))
        for position, line in enumerate(content.split(b"\n"))
        if line.strip()
    ]
    flood = len(found[MOST_LINES:]) + sum(1 for line in rest.split(b"\n") if line.strip())
    return Batch(tuple(found[:MOST_LINES]), flood, size=size, stamp=_stamp(facts))


def _stamp(facts: os.stat_result) -> tuple[int, int, int]:
    """What tells a file from another one that has taken its place, and its number."""
    return (facts.st_dev, facts.st_ino, facts.st_mtime_ns)


def _bytes(descriptor: int, most: int) -> bytes:
    parts = []
    while most > 0 and (part := os.read(descriptor, min(most, 1 << 20))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)

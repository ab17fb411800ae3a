"""The file `kick_request`: many may write it at once, and what is taken is not lost.

Writers append under a lock, and look again whether it is still that file. The watchdog renames it
to `kick_taken` and waits for the writer that may just be at work in it. `kick_taken` stays on the
disk until every request in it has its outcome in the audit log.
"""

import fcntl
import os
import stat
from collections.abc import Callable
from contextlib import suppress

from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.store.files import make_private_folder, sync_folder

LONGEST_FILE = 65_536  # bytes; what lies behind is refused unread
MOST_LINES = 200  # more in one file is a flood, not an owner
COUNTED = 4 * 1024 * 1024  # bytes of a flood whose lines are counted

_PAUSE = 0.02  # seconds between two tries
_TRIES = 50
_REPLACED = 1000  # times the file may be taken away under our hands
_WRITE = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ASIDE = 9  # things in the request's place that are kept because they cannot be removed


class Batch(NamedTuple):
    """What was taken at once."""

    lines: tuple[tuple[int, str], ...] = ()  # with their position in the file
    flood: int = 0  # how many more were refused unread
    again: bool = False  # a run that was killed had taken it before
    refused: bool = False  # something lay there that is no private file of ours
    size: int = 0  # bytes that the file had


def add(path: str, line: str, sleep: Callable[[float], None] | None = None) -> None:
    """Write one request, beside those that already wait.

    Raises:
        OSError: the state folder cannot be written, something else lies in the file's place, or
            somebody holds its lock for more than a second.
    """
    make_private_folder(os.path.dirname(path))
    for _ in range(_REPLACED):
        descriptor = os.open(path, _WRITE, 0o600)
        try:
            if not _is_ours(descriptor):
                raise PermissionError(1, "something else lies in its place", path)
            if not _locked(descriptor, sleep):
                raise BlockingIOError(11, "somebody holds its lock", path)
            if not _is_still_there(descriptor, path):
                continue
            _append(descriptor, f"{line}\n".encode("utf-8", "surrogateescape"))
            sync_folder(os.path.dirname(path))  # who is told that it waits may rely on it
            return
        finally:
            os.close(descriptor)
    raise BlockingIOError(11, "taken away again and again", path)


def take(path: str, taken: str, sleep: Callable[[float], None] | None = None) -> Batch:
    """Take all requests, or those again that a killed run had taken. Never raises.

    Args:
        path: where requests are put.
        taken: where they go meanwhile, in the same folder.
        sleep: how to wait for a writer at work.
    """
    again = os.path.lexists(taken)
    if not again:
        try:
            os.rename(path, taken)
        except FileNotFoundError:
            return Batch()
        except OSError:
            return Batch(refused=True)
        with suppress(OSError):
            # Before anything is said of them: else a power cut could bring back the request, and
            # not that it was taken, and it would look like a replay.
            sync_folder(os.path.dirname(taken))
    batch = _read(taken, sleep)
    if batch is None:
        _put_aside(taken)
        return Batch(refused=True)
    return batch._replace(again=again)


def finish(taken: str, batch: Batch) -> bool:
    """Let go of what was taken; False where it must be looked at again, or cannot be removed."""
    try:
        if os.lstat(taken).st_size != batch.size:
            return False  # somebody who takes no lock wrote after all
        os.unlink(taken)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _is_ours(descriptor: int) -> bool:
    facts = os.fstat(descriptor)
    return stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid()


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


def _read(path: str, sleep: Callable[[float], None] | None) -> Batch | None:
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return None
    try:
        if not _is_ours(descriptor):
            return None
        _locked(descriptor, sleep)  # in vain: whoever holds it that long is no writer of ours
        return _split(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _split(descriptor: int) -> Batch:
    """The lines within the limits, and how many there are beyond."""
    content = _bytes(descriptor, LONGEST_FILE + 1)
    size = os.fstat(descriptor).st_size
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
    return Batch(tuple(found[:MOST_LINES]), flood, size=size)


def _bytes(descriptor: int, most: int) -> bytes:
    parts = []
    while most > 0 and (part := os.read(descriptor, min(most, 1 << 20))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _put_aside(path: str) -> None:
    """Remove what is no request, or where that is not possible move it out of the way."""
    with suppress(OSError):
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)
    for number in range(1, _ASIDE + 1):
        if not os.path.lexists(path):
            return
        aside = os.path.join(os.path.dirname(path), f"kick_refused-{number}")
        if not os.path.lexists(aside):
            with suppress(OSError):
                os.rename(path, aside)

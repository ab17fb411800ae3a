"""One cycle at a time: an flock(2), which ends with the process that holds it."""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress

from picoclaw_watchdog.light import Self
from picoclaw_watchdog.store.files import make_private_folder

NAME = "lock"

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PAUSE = 0.05  # seconds between two tries
_REPLACED = 100  # times the file may be replaced under our hands


class Lock:
    """Held until `release`, the end of a `with`, or the death of the process."""

    def __init__(self, descriptors: tuple[int, ...]) -> None:
        self._descriptors = descriptors

    @property
    def is_real(self) -> bool:
        """False where no folder could be written: then nothing kept another cycle out."""
        return bool(self._descriptors)

    def release(self) -> None:
        """Let others go on. Releasing twice does nothing."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def acquire(
    state_dir: str, spare_dir: str, timeout: float, sleep: Callable[[float], None]
) -> Lock | None:
    """Take the lock in the state folder and in the spare folder, as far as there are such.

    A program that we start does not inherit it.

    Args:
        state_dir: the state folder; made where there is none.
        spare_dir: a folder in memory; empty where there is none.
        timeout: seconds to wait for another holder.
        sleep: how to wait.

    Returns:
        The lock; None where another process still holds it after the timeout. Where neither
        folder can hold a lock file, one that is not real: nobody watching is worse than two.
    """
    tries = max(0, round(timeout / _PAUSE))
    for attempt in range(tries + 1):
        lock = _try(state_dir, spare_dir)
        if lock is not None:
            return lock
        if attempt < tries:
            sleep(_PAUSE)
    return None


def hold(folder: str, name: str) -> Lock | None:
    """Take a lock of another name, at once; None where another process holds it.

    Raises:
        OSError: there is no place for it.
    """
    try:
        return Lock(_taken(folder, name))
    except BlockingIOError:
        return None


def _try(state_dir: str, spare_dir: str) -> Lock | None:
    """The lock, None where another process holds it.

    Of both folders: the state folder may be removed, or fail and work again, while one is held.
    """
    held: tuple[int, ...] = ()
    for folder in filter(None, (state_dir, spare_dir)):
        try:
            held += _taken(folder, NAME)
        except BlockingIOError:
            Lock(held).release()
            return None
        except OSError:
            continue
    return Lock(held)


def _taken(folder: str, name: str) -> tuple[int, ...]:
    """The locked file; nothing where it is replaced again and again.

    Raises:
        BlockingIOError: another process holds it.
        OSError: there is no place for it.
    """
    path = os.path.join(folder, name)
    for _ in range(_REPLACED):
        try:
            descriptor = os.open(path, _FLAGS)  # works on a read-only file system, too
        except FileNotFoundError:
            make_private_folder(folder)
            descriptor = os.open(path, _FLAGS | os.O_CREAT, 0o600)
        if _locked(descriptor, path):
            return (descriptor,)
    return ()


def _locked(descriptor: int, path: str) -> bool:
    """Lock it; False where the file was replaced before that worked."""
    held = False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with suppress(OSError):
            held = os.path.samestat(os.fstat(descriptor), os.lstat(path))
        return held
    finally:
        if not held:
            os.close(descriptor)

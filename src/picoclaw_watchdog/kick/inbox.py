"""The file `kick_request`: taken whole, so that nothing is served twice.

It is renamed before it is read and removed before anything is served: a watchdog killed in
between loses a request rather than serving it twice.
"""

import os
import stat
from contextlib import suppress

LONGEST_FILE = 65_536  # bytes; what lies behind is refused unread


def take(path: str) -> list[str] | None:
    """Take all requests.

    Returns:
        The lines; None where something lies there that is no private file of ours (a link, a
        folder, a file of another user): it is moved aside unread where that is possible.
    """
    taken = f"{path}.taken"
    try:
        os.rename(path, taken)
    except FileNotFoundError:
        return []
    except OSError:
        return None
    try:
        return _read(taken)
    finally:
        _remove(taken)


def add(path: str, line: str) -> None:
    """Write one request, beside those that already wait.

    Raises:
        OSError: the state folder cannot be written.
    """
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def _read(path: str) -> list[str] | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
            return None
        text = os.read(descriptor, LONGEST_FILE).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return [line for line in text.splitlines() if line.strip()]


def _remove(path: str) -> None:
    with suppress(OSError):
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)

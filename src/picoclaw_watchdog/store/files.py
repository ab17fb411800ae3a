"""Private files, written so that a reader sees the old content or the new, never a part."""

import errno
import os
import re
import stat
import time
from contextlib import suppress

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TEMPORARY = r"\..+\.(\d+)\.tmp"


def make_private_folder(path: str) -> None:
    """Make a folder that only its owner can read (0700), parents as needed.

    One that exists stays as its owner made it.

    Raises:
        OSError: it could not be made, or something else lies in its place.
    """
    if os.path.isdir(path):
        return
    parent = os.path.dirname(os.path.abspath(path))
    if parent != path:
        make_private_folder(parent)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not os.path.isdir(path):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path) from None


def read_small(path: str, limit: int, *, tail: bool = False) -> bytes | None:
    """The content of a regular file, None where there is none.

    Links are not followed, and a FIFO in the file's place cannot make us wait.

    Args:
        path: the file.
        limit: the most bytes it may have.
        tail: of a longer file, answer the last `limit` bytes instead of refusing it.

    Raises:
        OSError: there is something that cannot be read, is no regular file, or is too long.
    """
    try:
        descriptor = os.open(path, _READ)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        if facts.st_size > limit:
            if not tail:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
            os.lseek(descriptor, -limit, os.SEEK_END)
        return _read_all(descriptor, limit)
    finally:
        os.close(descriptor)


def write_atomically(path: str, data: bytes, *, durable: bool = True) -> None:
    """Replace a file (0600) in one step; on the disk before this returns, unless not `durable`.

    A folder in its place is moved aside.

    Raises:
        OSError: the file is as it was before.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, _NEW, 0o600)
    except FileExistsError:  # of a process that had our number and was killed
        os.unlink(temporary)
        descriptor = os.open(temporary, _NEW, 0o600)
    try:
        try:
            _write_all(descriptor, data)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _replace(path, temporary)
    except BaseException:  # Ctrl-C too: there may be a secret in it
        with suppress(OSError):
            os.unlink(temporary)
        raise
    if durable:
        sync_folder(folder)


def add_line(path: str, line: str) -> None:
    """Add a line to a private file, durably, whoever else does so at the same moment.

    Raises:
        OSError: it was not added.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        _write_all(descriptor, f"\n{line}\n".encode())  # the last one may have been torn
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(os.path.dirname(path))


def remove(path: str) -> None:
    """Remove a file, durably; nothing happens where there is none. A folder is moved aside.

    Raises:
        OSError: it is still there.
    """
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except IsADirectoryError:
        _move_aside(path)
    sync_folder(os.path.dirname(path))


def sync_folder(path: str) -> None:
    """Bring a folder's own entries to the disk: a rename is not durable before.

    Raises:
        OSError: it could not be.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_left_over(name: str) -> bool:
    """Whether this is a temporary file of a writer that no longer lives."""
    found = re.fullmatch(_TEMPORARY, name) if name.endswith(".tmp") else None
    return found is not None and not os.path.exists(f"/proc/{found[1]}")


def reason(error: BaseException) -> str:
    """The error in words, without the path: the message that uses it names the file."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or str(error) or type(error).__name__


def _replace(path: str, temporary: str) -> None:
    try:
        os.rename(temporary, path)
    except IsADirectoryError:
        _move_aside(path)
        os.rename(temporary, path)


def _move_aside(path: str) -> None:
    """A folder in a file's place: not ours to delete."""
    stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(os.lstat(path).st_mtime))
    number = 1
    while os.path.lexists(aside := f"{path}.aside-{stamp}-{number}"):
        number += 1
    os.rename(path, aside)


def _read_all(descriptor: int, limit: int) -> bytes:
    parts = []
    left = limit
    while left > 0 and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]

"""Files that are put in place, or left alone where they are already right."""

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum

from picoclaw_watchdog.light import NamedTuple


class Fate(Enum):
    """What became of a file."""

    NEW = "new"
    REPLACED = "replaced"
    SAME = "same"
    GONE = "gone"
    KEPT = "kept"  # it is the owner's


class Item(NamedTuple):
    """One file of the installation."""

    path: str
    fate: Fate

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return self.fate not in (Fate.SAME, Fate.KEPT)


MARK = ".picoclaw-watchdog"
MARK_TEXT = "Made by `picoclaw-watchdog install`, which may replace or remove this folder.\n"
CLOSED = 0o022  # what nobody else may have: to write into what we run


class Folders:
    """Makes folders and remembers which, so that an uninstall removes no others."""

    def __init__(self, record: str) -> None:
        self._record = record
        self._made = read(record).splitlines()

    def make(self, folder: str, mode: int = 0o755) -> None:
        """Make a folder and those above it.

        Raises:
            OSError: it cannot be made.
        """
        if os.path.isdir(folder):
            return
        self.make(os.path.dirname(folder))
        os.mkdir(folder, mode)
        os.chmod(folder, mode)  # whatever the umask is
        self._made.append(folder)

    def keep(self) -> None:
        """Write the record down. Its own folder must exist."""
        put(self._record, "".join(f"{folder}\n" for folder in self._made), 0o600)

    def remove(self) -> list[Item]:
        """Remove those that are empty now, inner ones first."""
        removed = []
        for folder in sorted(self._made, key=len, reverse=True):
            with suppress(OSError):
                os.rmdir(folder)
                removed.append(Item(folder, Fate.GONE))
        return removed


def read(path: str) -> str:
    """The file's text; empty where there is none or it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def put(path: str, text: str, mode: int = 0o644) -> Item:
    """Give a file this content and mode, atomically. A link in its place is replaced.

    Raises:
        OSError: it cannot be written.
    """
    there = os.path.lexists(path)
    if there and not os.path.islink(path) and os.path.isfile(path) and read(path) == text:
        if os.stat(path).st_mode & 0o777 == mode:
            return Item(path, Fate.SAME)
        os.chmod(path, mode)
        return Item(path, Fate.REPLACED)
    fresh = f"{path}.{os.getpid()}"
    try:
        with open(fresh, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except BaseException:  # Ctrl-C leaves nothing behind either
        with suppress(OSError):
            os.unlink(fresh)
        raise
    return Item(path, Fate.REPLACED if there else Fate.NEW)


def link(path: str, target: str) -> Item:
    """Make a symbolic link, atomically; a file in its place is replaced.

    Raises:
        OSError: it cannot be made.
    """
    there = os.path.lexists(path)
    if os.path.islink(path) and os.readlink(path) == target:
        return Item(path, Fate.SAME)
    fresh = f"{path}.{os.getpid()}"
    os.symlink(target, fresh)
    try:
        os.replace(fresh, path)
    except OSError:
        os.unlink(fresh)
        raise
    return Item(path, Fate.REPLACED if there else Fate.NEW)


def move_aside(path: str) -> list[Item]:
    """Give somebody else's file another name, so that ours can have its own.

    Raises:
        OSError: it cannot be renamed.
    """
    number = 1
    while os.path.lexists(aside := f"{path}.before-{number}"):
        number += 1
    os.rename(path, aside)
    return [Item(aside, Fate.KEPT)]


def remove(path: str) -> list[Item]:
    """Remove a file or link, where there is one.

    Raises:
        OSError: it cannot be removed.
    """
    try:
        os.unlink(path)
    except FileNotFoundError:
        return []
    return [Item(path, Fate.GONE)]


def make_marked(path: str) -> None:
    """Make a folder that we know again, and may remove.

    Raises:
        OSError: it cannot be made, or something is in its place.
    """
    os.makedirs(path, 0o755)
    put(f"{path}/{MARK}", MARK_TEXT)


def is_marked(path: str) -> bool:
    """Whether it is a folder that we made."""
    return (
        os.path.isdir(path)
        and not os.path.islink(path)
        and os.lstat(path).st_uid == os.geteuid()
        and read(f"{path}/{MARK}") == MARK_TEXT
    )


def refuse_others(path: str) -> None:
    """Nothing is built where something lies that we did not make.

    Raises:
        FileExistsError: so it is.
    """
    if os.path.lexists(path) and not is_marked(path):
        raise FileExistsError(errno.EEXIST, "is not ours and is left alone: move it away", path)


def remove_tree(path: str) -> list[Item]:
    """Remove a folder of ours with all that is in it; somebody else's is kept.

    Raises:
        OSError: it cannot be removed.
    """
    from shutil import rmtree

    if not os.path.lexists(path):
        return []
    if not is_marked(path):
        return [Item(path, Fate.KEPT)]
    rmtree(path)
    return [Item(path, Fate.GONE)]


def close_tree(path: str) -> None:
    """Let nobody else write into a tree of ours, whatever modes its files were copied with.

    Raises:
        OSError: a mode cannot be changed.
    """
    for folder, _, names in os.walk(path):
        os.chmod(folder, 0o755)  # noqa: S103  # a program is no secret
        for name in names:
            file = f"{folder}/{name}"
            if not os.path.islink(file):
                os.chmod(file, 0o755 if os.stat(file).st_mode & 0o100 else 0o644)


def open_to_others(paths: Iterable[str], home: str) -> tuple[str, ...]:
    """Folders on the way from the home to these files in which others may write.

    Whoever may write in a folder may put another file in the place of any that is in it.
    """
    found = []
    for path in paths:
        folder = os.path.dirname(path)
        while len(folder) >= len(home) and folder not in found:
            if _is_open(folder):
                found.append(folder)
            folder = os.path.dirname(folder)
    return tuple(sorted(found))


def _is_open(folder: str) -> bool:
    try:
        facts = os.stat(folder)
    except OSError:
        return False
    if facts.st_uid not in (0, os.geteuid()):
        return True
    return bool(facts.st_mode & CLOSED) and not facts.st_mode & stat.S_ISVTX  # /tmp, say

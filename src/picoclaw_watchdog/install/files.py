"""Files that are put in place, or left alone where they are already right."""

import os
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


def remove_tree(path: str) -> list[Item]:
    """Remove a folder with all that is in it, where there is one.

    Raises:
        OSError: it cannot be removed.
    """
    from shutil import rmtree

    if not os.path.isdir(path):
        return []
    rmtree(path)
    return [Item(path, Fate.GONE)]

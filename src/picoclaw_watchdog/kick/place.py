"""Whether what lies at a path is requests of ours, and nothing but requests.

A file of the name that the founding document gives is ours by its name, as long as nobody else
can have put it there: what is no request in it is a malformed one. Under any other name only a
file counts in which every line has the form of a request.
"""

import os
import re
import stat
from collections.abc import Iterable
from enum import Enum

from picoclaw_watchdog.kick import NAME, TAKEN
from picoclaw_watchdog.kick.requests import VERBS

ASSURED = 65_536  # bytes from the beginning that are looked at
LARGEST = ASSURED + 4 * 1024 * 1024  # bytes of a file that is ours by its name

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_VERB = "|".join(VERBS)
_FORM = rf"({_VERB})(=[^|\s]{{0,256}})?\|[^|\r\n]*\|[^|\r\n]*\|[0-9]+\r?"


class Why(Enum):
    """What is wrong with it; the words are those of a refused request."""

    NOT_A_FILE = "not_a_file"  # a folder, a link, a pipe, another user's, one of two names
    NOT_REQUESTS = "not_requests"
    OPEN_FOLDER = "open_folder"
    NOT_TAKEN = "not_taken"


class Obstacle(OSError):  # noqa: N818  # what it is
    """Something that is not ours lies where requests belong."""

    def __init__(self, path: str, why: Why) -> None:
        super().__init__(1, why.value, path)
        self.path, self.why = path, why


def opened(path: str, named: str = "") -> int | None:
    """A descriptor of the requests at a path; None where there are none.

    Args:
        path: where they are.
        named: where they were put, if that is elsewhere.

    Raises:
        Obstacle: something lies there that is not requests of ours.
    """
    descriptor = _open(path)
    if descriptor is None:
        return None
    try:
        size = os.fstat(descriptor).st_size
        by_name = os.path.basename(named or path) == NAME and size <= LARGEST
        if by_name or _has_requests(path, descriptor, size):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _open(path: str) -> int | None:
    """A private file of ours; looked at before it is opened, which alone can do something."""
    try:
        before = os.lstat(path)
        if not _is_private(before):
            raise Obstacle(path, Why.NOT_A_FILE)
        check_folder(path)
        descriptor = os.open(path, _READ)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if os.path.samestat(before, os.fstat(descriptor)):
        return descriptor
    os.close(descriptor)
    return None  # replaced this moment: the next cycle looks at what is there now


def examine(path: str) -> None:
    """Make sure that a path is free, or holds requests of ours.

    Raises:
        Obstacle: it is neither.
    """
    check_folder(path)
    descriptor = opened(path)
    if descriptor is not None:
        os.close(descriptor)


def stamp(path: str) -> tuple[int, int] | None:
    """What tells one waiting request from another; None where none waits."""
    try:
        descriptor = opened(path)
    except OSError:
        return None
    if descriptor is None:
        return None
    try:
        facts = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return (facts.st_ino, facts.st_mtime_ns)


def is_place(path: str, home: str, state: str, others: Iterable[str]) -> bool:
    """Whether a path may be the place of requests, as far as can be said beforehand.

    Args:
        path: what the owner has written.
        home: PicoClaw's folder.
        state: the watchdog's own; in it no other name than the founding document's is free.
        others: more paths that are ours for another purpose.
    """
    folder, name = os.path.split(path)
    inside = f"{os.path.realpath(folder)}/"
    in_state = inside.startswith(f"{os.path.realpath(state)}/")
    if name == TAKEN or (in_state and name != NAME):
        return False
    if os.path.realpath(folder) == os.path.realpath(home) and name != NAME:
        return False  # .env, config.json, .security.yml and more, by any version
    ours = (home, state, *others)
    if any(f"{os.path.realpath(each)}/".startswith(f"{os.path.realpath(path)}/") for each in ours):
        return False  # a folder of ours, or one around it
    try:
        facts = os.lstat(path)
        check_folder(path)
    except Obstacle:
        return False
    except OSError:
        return True
    return _is_private(facts)


def check_folder(path: str) -> None:
    """In a folder of somebody else, or of everybody, what lies there may change under our hands.

    Raises:
        Obstacle: it is such a folder.
    """
    try:
        facts = os.stat(os.path.dirname(path))
    except OSError:
        return  # then there is no file either
    if facts.st_uid not in (0, os.geteuid()) or facts.st_mode & stat.S_IWOTH:
        raise Obstacle(path, Why.OPEN_FOLDER)


def _has_requests(path: str, descriptor: int, size: int) -> bool:
    """Whether there are some, and nothing else; an empty file holds none, and is whose it is."""
    content = os.pread(descriptor, ASSURED, 0)
    if size > len(content):
        content = content[: content.rfind(b"\n") + 1]  # without the line that is cut off
    lines = [line.decode("utf-8", "replace") for line in content.split(b"\n") if line.strip()]
    if not all(re.fullmatch(_FORM, line) for line in lines) or (size > ASSURED and not lines):
        raise Obstacle(path, Why.NOT_REQUESTS)
    return bool(lines)


def _is_private(facts: os.stat_result) -> bool:
    """A regular file of ours that has no other name: removing it here removes nothing elsewhere."""
    return stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid() and facts.st_nlink == 1

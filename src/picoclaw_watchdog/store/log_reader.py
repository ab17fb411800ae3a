"""ops-watchdog.log read again, rotated files included, while others write and rotate it."""

import os
import re
import stat
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress

from picoclaw_watchdog.light import NamedTuple

LEVELS = ("INFO", "WARN", "ERROR")
PIECE = 65_536  # bytes read at a time
LONGEST = 1_048_576  # bytes of a line; of a longer one, which is none of ours, the end is lost
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LINE = re.compile(
    r"\[(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)[^\]]*\] level=(\S+) target=(\S+)"
    r' result=(\S+) action=(\S+) detail="(.*)"$'
)
_ESCAPED = re.compile(r'\\(["\\])')
_SLACK = 3600.0  # seconds the clock may have been set back between two lines


class Line(NamedTuple):
    """One line; only `text` is known of one that is not ours."""

    text: str
    wall: float | None = None  # seconds since the epoch
    level: str = ""
    target: str = ""
    result: str = ""
    action: str = ""
    detail: str = ""


def read(text: str) -> Line:
    """The line's parts. Its time is local time, which once a year is said twice."""
    found = _LINE.match(text)
    if found is None:
        return Line(text)
    *moment, level, target, result, action, detail = found.groups()
    year, month, day, hour, minute, second = map(int, moment)
    try:
        wall = time.mktime((year, month, day, hour, minute, second, 0, 0, -1))
    except (ValueError, OverflowError):
        return Line(text)
    return Line(text, wall, level, target, result, action, _ESCAPED.sub(r"\1", detail))


def newest(path: str) -> Iterator[str]:
    """All lines, the newest first: of the log, then of `path.1`, `path.2`, ..."""
    known: set[tuple[int, int]] = set()
    number = 0
    while True:
        descriptor = _opened(f"{path}.{number}" if number else path)
        if descriptor is None:
            if number:
                return
        else:
            try:
                facts = os.fstat(descriptor)
                if (facts.st_dev, facts.st_ino) not in known:  # rotated while we were reading
                    known.add((facts.st_dev, facts.st_ino))
                    yield from _backwards(descriptor, facts.st_size)
            finally:
                os.close(descriptor)
        number += 1


def last(path: str, most: int, accepts: Callable[[Line], bool], since: float = 0.0) -> list[Line]:
    """The last lines that are accepted, oldest first.

    Args:
        path: the log.
        most: how many.
        accepts: which ones.
        since: none before this moment (wall seconds).
    """
    found: list[Line] = []
    for text in newest(path):
        line = read(text)
        if line.wall is not None and line.wall < since - _SLACK:
            break
        if (line.wall is None or line.wall >= since) and accepts(line):
            found.append(line)
            if len(found) == most:
                break
    return found[::-1]


def first(path: str, most: int, since: float, until: float) -> list[Line]:
    """The first lines between two moments (wall seconds), oldest first."""
    kept: deque[Line] = deque(maxlen=most)  # read backwards: the earliest ones stay
    for text in newest(path):
        line = read(text)
        if line.wall is None or line.wall > until:
            continue
        if line.wall < since - _SLACK:
            break
        if line.wall >= since:
            kept.append(line)
    return list(kept)[::-1]


class Follower:
    """What is written from now on, over rotations.

    Args:
        path: the log; it need not be there yet.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = _opened(path)
        self._rest = b""
        if self._descriptor is not None:
            os.lseek(self._descriptor, 0, os.SEEK_END)

    def lines(self) -> list[str]:
        """The lines that were completed since the last call."""
        found = self._read()
        if self._is_current():
            return found
        for descriptor in self._newer():  # ours was rotated away, once or several times
            found += self._read()  # what was written to it just before
            self._replace(descriptor)
            found += self._read()
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._replace(None)

    def _replace(self, descriptor: int | None) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self._rest = descriptor, b""

    def _is_current(self) -> bool:
        try:
            there = os.lstat(self._path)
        except OSError:
            return True  # between two files, or gone: what we have is all there is
        return self._descriptor is not None and os.path.samestat(os.fstat(self._descriptor), there)

    def _newer(self) -> list[int]:
        """The files that have begun since ours, oldest first."""
        found: list[int] = []
        ours = os.fstat(self._descriptor) if self._descriptor is not None else None
        number = 0
        while True:
            descriptor = _opened(f"{self._path}.{number}" if number else self._path)
            if descriptor is None:
                break
            if ours is not None and os.path.samestat(os.fstat(descriptor), ours):
                os.close(descriptor)
                return found[::-1]
            found.append(descriptor)
            number += 1
        for descriptor in found[1:]:  # ours is nowhere: begin with the log itself
            os.close(descriptor)
        return found[:1]

    def _read(self) -> list[str]:
        if self._descriptor is None:
            return []
        if os.lseek(self._descriptor, 0, os.SEEK_CUR) > os.fstat(self._descriptor).st_size:
            os.lseek(self._descriptor, 0, os.SEEK_SET)  # somebody has emptied it
            self._rest = b""
        while piece := os.read(self._descriptor, PIECE):
            self._rest += piece
        *whole, self._rest = self._rest.split(b"\n")
        self._rest = self._rest[:LONGEST]
        return [_text(line) for line in whole]


def _opened(path: str) -> int | None:
    """A descriptor of a regular file; a link, a FIFO or nothing gives none."""
    with suppress(OSError):
        descriptor = os.open(path, _FLAGS)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
    return None


def _backwards(descriptor: int, size: int) -> Iterator[str]:
    rest, at = b"", size
    while at > 0:
        length = min(PIECE, at)
        at -= length
        first, *others = (os.pread(descriptor, length, at) + rest).split(b"\n")
        for line in reversed(others):
            if line:
                yield _text(line)
        rest = first[:LONGEST]
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")

"""Whether `audit.log` is whole: every line there, unchanged, behind the one it followed."""

import os

from picoclaw_watchdog.kick.chain import GENESIS, MISSING, TORN, Line, fingerprint, parse
from picoclaw_watchdog.kick.trail import HEAD, MOST, NAME, Head, files, read_head
from picoclaw_watchdog.store.files import read_small

_LOOKS = 3  # it is read again while a writer is at work


def verify(folder: str) -> list[str]:
    """What is wrong with the chain; nothing where every line is there and unchanged."""
    problems: list[str] = []
    for _ in range(_LOOKS):
        problems = _problems(folder)
        if not problems:
            break
    return problems


def _problems(folder: str) -> list[str]:
    head = read_head(folder)
    found = _Chain(head)
    for path in files(folder):
        try:
            content = read_small(path, MOST) or b""
        except OSError as error:
            found.problems.append(f"{os.path.basename(path)}: cannot be read: {error.strerror}")
            continue
        raw = content.split(b"\n")
        for number, each in enumerate(raw[:-1], 1):
            found.take(each, f"{os.path.basename(path)}:{number}")
    found.end()
    return found.problems


class _Chain:
    """Follows the chain line by line."""

    def __init__(self, head: Head | None) -> None:
        self.problems: list[str] = []
        self._head = head
        self._last: Line | None = None
        self._bad: tuple[bytes, str] | None = None  # not yet known whether it was torn
        self._hash_at_head = GENESIS if head is not None and head.n == 0 else ""

    def take(self, raw: bytes, place: str) -> None:
        line = parse(raw)
        if line is None:
            self._give_up()
            self._bad = (raw, place)
            return
        if line.event.event == TORN and self._bad is not None:
            torn = line.event.detail == fingerprint(self._bad[0])
            self._bad = None if torn else self._bad
        self._give_up()
        self._follow(line, place)
        if self._head is not None and line.n == self._head.n:
            self._hash_at_head = line.hash
        self._last = line

    def _follow(self, line: Line, place: str) -> None:
        if line.event.event == MISSING:
            self.problems.append(f"{place}: {line.event.detail}")
        if self._last is None:
            first = self._head.first if self._head is not None else 1
            if line.n > first:
                self.problems.append(f"{place}: lines {first} to {line.n - 1} are missing")
            elif line.n == 1 and line.prev != GENESIS:
                self.problems.append(f"{place}: the first line follows another one")
            return
        if line.n != self._last.n + 1:
            self.problems.append(f"{place}: line {line.n} follows line {self._last.n}")
        elif line.prev != self._last.hash:
            self.problems.append(f"{place}: line {self._last.n} is not the one that was before it")

    def _give_up(self) -> None:
        if self._bad is not None:
            self.problems.append(f"{self._bad[1]}: changed, or no line of ours")
            self._bad = None

    def end(self) -> None:
        """Compare the end with what the head says."""
        self._give_up()
        if self._head is None:
            if self._last is not None or self.problems:
                self.problems.append(f"{HEAD}: missing or unreadable")
            return
        last = self._last.n if self._last is not None else 0
        if last < self._head.n:
            self.problems.append(f"{NAME}: lines {last + 1} to {self._head.n} are cut off")
        elif self._hash_at_head != self._head.hash:
            self.problems.append(f"{HEAD}: line {self._head.n} is not the one that was written")

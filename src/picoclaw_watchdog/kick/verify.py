"""Whether `audit.log` is whole: every line there, unchanged, behind the one it followed."""

import os

from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.kick.chain import GENESIS, MISSING, TORN, Line, fingerprint, parse
from picoclaw_watchdog.kick.trail import HEAD, MOST, NAME, Head, files, read_head
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.store.files import read_small

_LOOKS = 3  # it is read again while a writer is at work

_UNREADABLE = Text("cannot be read: {why}", "読めません: {why}")
_NOTED = Text("{why}", "書き込み時に見つかった欠落: {why}")
_MISSING = Text("lines {first} to {last} are missing", "{first}～{last} 行目がありません")
_CUT_OFF = Text("lines {first} to {last} are cut off", "末尾の {first}～{last} 行目がありません")
_NO_START = Text("the first line follows another one", "最初の行の前に、別の行があったはずです")
_GAP = Text("line {n} follows line {before}", "{before} 行目の次が {n} 行目です")
_OTHER = Text(
    "line {before} is not the one that was before it",
    "前にあった {before} 行目と、いまの {before} 行目が違います",
)
_CHANGED = Text("changed, or no line of ours", "書き換えられたか、この記録の行ではありません")
_NO_HEAD = Text("missing or unreadable", "ないか、読めません")
_NOT_WRITTEN = Text(
    "line {n} is not the one that was written", "{n} 行目が、書いたときのものと違います"
)


class Problem(NamedTuple):
    """One thing that is wrong with the chain."""

    place: str  # the file, and where it helps the line in it
    text: Text
    facts: tuple[tuple[str, object], ...] = ()

    def say(self, language: str) -> str:
        """It in one line."""
        return f"{self.place}: {self.text.say(language, **dict(self.facts))}"


def verify(folder: str) -> list[Problem]:
    """What is wrong with the chain; nothing where every line is there and unchanged."""
    problems: list[Problem] = []
    for _ in range(_LOOKS):
        problems = _problems(folder)
        if not problems:
            break
    return problems


def _problems(folder: str) -> list[Problem]:
    head = read_head(folder)
    found = _Chain(head)
    for path in files(folder):
        try:
            content = read_small(path, MOST) or b""
        except OSError as error:
            found.miss(os.path.basename(path), _UNREADABLE, why=error.strerror)
            continue
        raw = content.split(b"\n")
        for number, each in enumerate(raw[:-1], 1):
            found.take(each, f"{os.path.basename(path)}:{number}")
    found.end()
    return found.problems


class _Chain:
    """Follows the chain line by line."""

    def __init__(self, head: Head | None) -> None:
        self.problems: list[Problem] = []
        self._head = head
        self._last: Line | None = None
        self._bad: tuple[bytes, str] | None = None  # not yet known whether it was torn
        self._hash_at_head = GENESIS if head is not None and head.n == 0 else ""

    def miss(self, place: str, text: Text, **facts: object) -> None:
        self.problems.append(Problem(place, text, tuple(facts.items())))

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
            self.miss(place, _NOTED, why=line.event.detail)
        if self._last is None:
            first = self._head.first if self._head is not None else 1
            if line.n > first:
                self.miss(place, _MISSING, first=first, last=line.n - 1)
            elif line.n == 1 and line.prev != GENESIS:
                self.miss(place, _NO_START)
            return
        if line.n != self._last.n + 1:
            self.miss(place, _GAP, n=line.n, before=self._last.n)
        elif line.prev != self._last.hash:
            self.miss(place, _OTHER, before=self._last.n)

    def _give_up(self) -> None:
        if self._bad is not None:
            self.miss(self._bad[1], _CHANGED)
            self._bad = None

    def end(self) -> None:
        """Compare the end with what the head says."""
        self._give_up()
        if self._head is None:
            if self._last is not None or self.problems:
                self.miss(HEAD, _NO_HEAD)
            return
        last = self._last.n if self._last is not None else 0
        if last < self._head.n:
            self.miss(NAME, _CUT_OFF, first=last + 1, last=self._head.n)
        elif self._hash_at_head != self._head.hash:
            self.miss(HEAD, _NOT_WRITTEN, n=self._head.n)

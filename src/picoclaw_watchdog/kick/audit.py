"""`audit.log`: every request with its verdict and outcome, each line chained to the one before.

A line is one JSON object; `hash` is the SHA-256 of its canonical form without it, and `prev` the
hash of the line before. `audit.head` holds the last line's number and hash, so that a tail that
was cut off is missed, and the number of the oldest line that must still be there. The chain goes
on through `audit.log.1` (newer) to `.5` (oldest). Whoever may write these files and knows this
form can forge all of it: it shows accidents, clumsy hands and lost lines.

One process writes: the cycle that holds the lock.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from picoclaw_watchdog.store.files import make_private_folder, read_small, write_atomically

NAME = "audit.log"
HEAD = "audit.head"
MAX_BYTES = 1_000_000  # a file that would become longer is rotated first
KEEP = 5  # rotated files
GENESIS = "0" * 64
LONGEST_DETAIL = 2000  # characters

ACCEPTED, REFUSED, SERVED = "accepted", "refused", "served"
TORN = "torn"  # the line before was not finished: its writer was killed
MISSING = "missing"  # lines that were written are gone

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TAIL = 65_536  # bytes: more than the longest line
_MOST = 8 * MAX_BYTES  # of a file that is read
_NUMBER = re.compile(rb'\{"n":([0-9]{1,18}),')
_ID = re.compile(rb'"id":"([^"]*)"')
_NONCE = re.compile(rb'"detail":"nonce=([0-9a-f]{32})"')
_LOOKS = 3  # verifying reads again while a writer is at work


class Event(NamedTuple):
    """One thing that happened to a request."""

    at: float  # epoch seconds
    id: str
    source: str
    action: str
    event: str  # accepted, refused, served
    verdict: str = ""  # accepted, or why not
    outcome: str = ""  # of one that was served: mended, done, withheld, failed, interrupted
    detail: str = ""
    took: float = 0.0  # seconds


class Line(NamedTuple):
    """An event as it lies in the file."""

    n: int
    event: Event
    prev: str
    hash: str


class Head(NamedTuple):
    """Where the chain ends, and where it must still begin."""

    n: int = 0
    hash: str = GENESIS
    first: int = 1


class Audit:
    """The log of one state folder.

    Args:
        folder: the state folder.
        secrets: texts that must not appear, whatever field somebody wrote them into.
    """

    def __init__(self, folder: str, secrets: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._path = os.path.join(folder, NAME)
        self._secrets = tuple(filter(None, secrets))

    def append(self, events: Sequence[Event]) -> None:
        """Write all events, durably.

        Raises:
            OSError: they are not all there.
        """
        if not events:
            return
        make_private_folder(self._folder)
        head = read_head(self._folder)
        robbed = head is None and bool(files(self._folder))
        if head is None:
            head = Head(first=_first_of(self._folder))
            write_head(self._folder, head)  # before the first line
        head = self._rotated(head)
        descriptor = os.open(self._path, _FLAGS, 0o600)
        try:
            _check(descriptor)
            last = self._written(descriptor, head, events, robbed=robbed)
        finally:
            os.close(descriptor)
        write_head(self._folder, head._replace(n=last.n, hash=last.hash))

    def nonces(self) -> dict[str, str]:
        """Those of all signed requests that were accepted, with the request's id."""
        found: dict[str, str] = {}
        for path in files(self._folder):
            for raw in _content(path).split(b"\n"):
                nonce = _NONCE.search(raw)
                if nonce:
                    found.setdefault(nonce[1].decode(), _name(raw))
        return found

    def known(self, ids: Collection[str]) -> dict[str, str]:
        """How far each of these requests has come: accepted, refused or served."""
        found: dict[str, str] = {}
        for path in files(self._folder):
            for line in _lines_of(path, lambda raw: _name(raw) in ids):
                name, event = line.event.id, line.event.event
                if event != REFUSED or name not in found:
                    found[name] = event
        return found

    def _written(
        self, descriptor: int, head: Head, events: Sequence[Event], *, robbed: bool
    ) -> Line:
        """Append behind the last whole line."""
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, _TAIL, max(0, size - _TAIL))
        whole, newline, torn = tail.rpartition(b"\n")
        if not newline:
            whole, torn = b"", tail
        last = _last_of(whole) or _last_before(self._folder)
        out: list[bytes] = []
        at = events[0].at
        if torn:
            out.append(b"\n")
        if last is None or not _holds(self._folder, head, last):
            if head.n:
                n = last.n if last is not None else 0
                gap = Event(at, "", "", "", MISSING, detail=f"the line before is not {head.n}: {n}")
                last = _chained(gap, head.n, head.hash)
                out.append(render(last))
            else:
                last = Line(0, Event(at, "", "", "", ""), "", GENESIS)
        if torn:
            note = Event(at, "", "", "", TORN, detail=_fingerprint(torn))
            last = _chained(note, last.n, last.hash)
            out.append(render(last))
        if robbed:
            last = _chained(
                Event(at, "", "", "", MISSING, detail=f"{HEAD} was gone"), last.n, last.hash
            )
            out.append(render(last))
        for event in events:
            last = _chained(self._clean(event), last.n, last.hash)
            out.append(render(last))
        _write(descriptor, b"".join(out), size)
        return last

    def _clean(self, event: Event) -> Event:
        source, action, detail = event.source, event.action, event.detail
        for secret in self._secrets:
            source, action, detail = (
                text.replace(secret, "***") for text in (source, action, detail)
            )
        return event._replace(
            at=round(event.at, 3), source=source, action=action, detail=detail[:LONGEST_DETAIL]
        )

    def _rotated(self, head: Head) -> Head:
        """Make room, if the file is full. Killed anywhere, the chain is whole."""
        try:
            if os.lstat(self._path).st_size < MAX_BYTES:
                return head
        except FileNotFoundError:
            return head
        oldest = f"{self._path}.{KEEP}"
        if os.path.lexists(oldest):
            kept = [path for path in files(self._folder) if path != oldest]
            starts = [line.n for path in kept[:1] for line in _lines_of(path)][:1]
            head = head._replace(first=starts[0] if starts else head.n + 1)
            write_head(self._folder, head)  # what is forgotten is not missing
        for number in range(KEEP - 1, 0, -1):
            with suppress(FileNotFoundError):
                os.rename(f"{self._path}.{number}", f"{self._path}.{number + 1}")
        os.rename(self._path, f"{self._path}.1")
        return head


def _holds(folder: str, head: Head, last: Line) -> bool:
    """Whether the log still has the line that the head names; more may have come after it."""
    if last.n <= head.n:
        return last.n == head.n and last.hash == head.hash
    for path in reversed(files(folder)):
        for line in _lines_of(path):
            if line.n == head.n:
                return line.hash == head.hash
    return head.n == 0


def files(folder: str) -> list[str]:
    """The log's files that exist, oldest first."""
    path = os.path.join(folder, NAME)
    names = [f"{path}.{number}" for number in range(KEEP, 0, -1)]
    return [name for name in (*names, path) if os.path.lexists(name)]


def lines(folder: str) -> Iterator[Line]:
    """Every whole line, oldest first; what is none is passed over."""
    for path in files(folder):
        yield from _lines_of(path)


def after(folder: str, number: int) -> list[Event]:
    """The events behind the line of this number, oldest first."""
    found: list[Event] = []
    for path in reversed(files(folder)):
        newer = list(_lines_of(path, lambda raw: _number(raw) > number))
        found[:0] = [line.event for line in newer]
        if not newer:
            break
    return found


def last_number(folder: str) -> int:
    """The number of the last line, as the head has it; 0 where there is none."""
    head = read_head(folder)
    return head.n if head is not None else 0


def verify(folder: str) -> list[str]:
    """What is wrong with the chain; nothing where every line is there and unchanged."""
    problems: list[str] = []
    for _ in range(_LOOKS):
        problems = _problems(folder)
        if not problems:
            break
    return problems


def render(line: Line) -> bytes:
    """The line as it lies in the file."""
    fields = {**_fields(line.n, line.event, line.prev), "hash": line.hash}
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def read_head(folder: str) -> Head | None:
    """What the head says; None where there is none that can be read."""
    try:
        content = read_small(os.path.join(folder, HEAD), 4096)
        known: Any = json.loads(content or b"")
        head = Head(known["n"], known["hash"], known["first"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    good = type(head.n) is int and type(head.first) is int and type(head.hash) is str
    return head if good else None


def write_head(folder: str, head: Head) -> None:
    """Replace the head, durably.

    Raises:
        OSError: it is as it was.
    """
    content = json.dumps(head._asdict(), separators=(",", ":")).encode() + b"\n"
    write_atomically(os.path.join(folder, HEAD), content)


def _fields(n: int, event: Event, prev: str) -> dict[str, object]:
    return {"n": n, **event._asdict(), "prev": prev}


def _chained(event: Event, n: int, prev: str) -> Line:
    """The event as the next line behind one with this number and hash."""
    return Line(n + 1, event, prev, _hash(_fields(n + 1, event, prev)))


def _hash(fields: dict[str, object]) -> str:
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _parse(raw: bytes) -> Line | None:
    """A line that is as it was written; None for any other."""
    try:
        known: Any = json.loads(raw)
        event = Event(*(known[name] for name in Event._fields))
        line = Line(known["n"], event, known["prev"], known["hash"])
        same = render(line) == raw + b"\n"
        fits = all(
            isinstance(each, (int, float)) if name in ("at", "took") else isinstance(each, str)
            for name, each in event._asdict().items()
        )
        sealed = _hash(_fields(line.n, event, line.prev)) == line.hash
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return line if same and fits and sealed and type(line.n) is int else None


def _content(path: str) -> bytes:
    try:
        return read_small(path, _MOST, tail=True) or b""
    except OSError:
        return b""


def _lines_of(path: str, wanted: Callable[[bytes], bool] = bool) -> Iterator[Line]:
    """The whole lines that are wanted: to judge all of a full log takes a second."""
    for raw in _content(path).split(b"\n")[:-1]:
        line = _parse(raw) if wanted(raw) else None
        if line is not None:
            yield line


def _number(raw: bytes) -> int:
    found = _NUMBER.match(raw)
    return int(found[1]) if found else 0


def _name(raw: bytes) -> str:
    found = _ID.search(raw)
    return found[1].decode("ascii", "replace") if found else ""


def _last_of(content: bytes) -> Line | None:
    for raw in reversed(content.split(b"\n")):
        line = _parse(raw)
        if line is not None:
            return line
    return None


def _last_before(folder: str) -> Line | None:
    """The last line of the files that were rotated."""
    for path in reversed(files(folder)):
        if path.endswith(NAME):
            continue
        last = _last_of(_content(path)[-_TAIL:])
        if last is not None:
            return last
    return None


def _first_of(folder: str) -> int:
    return next((line.n for line in lines(folder)), 1)


def _fingerprint(torn: bytes) -> str:
    return f"{len(torn)} bytes of an unfinished line, {hashlib.sha256(torn).hexdigest()[:16]}"


def _check(descriptor: int) -> None:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
        raise PermissionError(1, "something else lies in the place of audit.log")


def _write(descriptor: int, data: bytes, size: int) -> None:
    """All of it, or nothing, durably."""
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def _problems(folder: str) -> list[str]:
    head = read_head(folder)
    found = _Chain(head)
    for path in files(folder):
        try:
            content = read_small(path, _MOST) or b""
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
        line = _parse(raw)
        if line is None:
            self._give_up()
            self._bad = (raw, place)
            return
        if line.event.event == TORN and self._bad is not None:
            torn = line.event.detail == _fingerprint(self._bad[0])
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

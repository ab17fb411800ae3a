"""`audit.log`: every request with its verdict and outcome, each line chained to the one before.

A line is one JSON object; `hash` is the SHA-256 of its canonical form without it, and `prev` the
hash of the line before. `audit.head` holds the last line's number and hash, so that a tail that
was cut off is missed, and the number of the oldest line that must still be there. The chain goes
on through `audit.log.1` (newer) to `.5` (oldest). Whoever may write these files and knows this
form can forge all of it: it shows accidents, clumsy hands and lost lines.

One process writes: the cycle that holds the lock.
"""

import os
import stat
from collections.abc import Collection, Sequence
from contextlib import suppress

from picoclaw_watchdog.core.foreign import without
from picoclaw_watchdog.kick.chain import (
    ACCEPTED,
    GENESIS,
    MISSING,
    REFUSED,
    SERVED,
    TORN,
    Event,
    Line,
    chained,
    fingerprint,
    id_of,
    nonce_of,
    parse,
    render,
)
from picoclaw_watchdog.kick.trail import (
    HEAD,
    KEEP,
    NAME,
    Head,
    after,
    content_of,
    files,
    last_number,
    lines,
    lines_of,
    read_head,
    write_head,
)
from picoclaw_watchdog.kick.verify import Problem, verify
from picoclaw_watchdog.store.files import make_private_folder, sync_folder

# One door for whoever uses the log.
__all__ = [
    "ACCEPTED",
    "GENESIS",
    "HEAD",
    "NAME",
    "REFUSED",
    "SERVED",
    "Audit",
    "Event",
    "Line",
    "Problem",
    "after",
    "last_number",
    "lines",
    "read_head",
    "render",
    "verify",
]

MAX_BYTES = 1_000_000  # a file that would become longer is rotated first
LONGEST_DETAIL = 2000  # characters

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TAIL = 65_536  # bytes: more than the longest line


class Audit:
    """The log of one state folder.

    Args:
        folder: the state folder.
        secrets: texts that must not appear, whatever field somebody wrote them into.
    """

    def __init__(self, folder: str, secrets: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._path = os.path.join(folder, NAME)
        self._secrets = secrets

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
        is_new = not os.path.lexists(self._path)
        descriptor = os.open(self._path, _FLAGS, 0o600)
        try:
            _check(descriptor)
            last = self._written(descriptor, head, events, robbed=robbed)
        finally:
            os.close(descriptor)
        if is_new:
            sync_folder(self._folder)  # the file's name, before the head says what is in it
        write_head(self._folder, head._replace(n=last.n, hash=last.hash))

    def ends_with(self, event: Event) -> bool:
        """Whether the newest line says this already, whenever it was."""
        last = _last_of(content_of(self._path)[-_TAIL:]) or _last_before(self._folder)
        clean = self._clean(event)
        return last is not None and last.event._replace(at=clean.at) == clean

    def nonces(self) -> dict[str, str]:
        """Those of all signed requests that were accepted, with the request's id."""
        found: dict[str, str] = {}
        for path in files(self._folder):
            for raw in content_of(path).split(b"\n"):
                nonce = nonce_of(raw)
                if nonce:
                    found.setdefault(nonce, id_of(raw))
        return found

    def known(self, ids: Collection[str]) -> dict[str, str]:
        """How far each of these requests has come: accepted, refused or served."""
        found: dict[str, str] = {}
        for path in files(self._folder):
            for line in lines_of(path, lambda raw: id_of(raw) in ids):
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
                last = chained(gap, head.n, head.hash)
                out.append(render(last))
            else:
                last = Line(0, Event(at, "", "", "", ""), "", GENESIS)
        if torn:
            note = Event(at, "", "", "", TORN, detail=fingerprint(torn))
            last = chained(note, last.n, last.hash)
            out.append(render(last))
        if robbed:
            last = chained(
                Event(at, "", "", "", MISSING, detail=f"{HEAD} was gone"), last.n, last.hash
            )
            out.append(render(last))
        for event in events:
            last = chained(self._clean(event), last.n, last.hash)
            out.append(render(last))
        _write(descriptor, b"".join(out), size)
        return last

    def _clean(self, event: Event) -> Event:
        return event._replace(
            at=round(event.at, 3),
            source=without(self._secrets, event.source),
            action=without(self._secrets, event.action),
            detail=without(self._secrets, event.detail)[:LONGEST_DETAIL],
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
            starts = [line.n for path in kept[:1] for line in lines_of(path)][:1]
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
        for line in lines_of(path):
            if line.n == head.n:
                return line.hash == head.hash
    return head.n == 0  # of a writer that was killed before it wrote its first line


def _last_of(content: bytes) -> Line | None:
    for raw in reversed(content.split(b"\n")):
        line = parse(raw)
        if line is not None:
            return line
    return None


def _last_before(folder: str) -> Line | None:
    """The last line of the files that were rotated."""
    for path in reversed(files(folder)):
        if path.endswith(NAME):
            continue
        last = _last_of(content_of(path)[-_TAIL:])
        if last is not None:
            return last
    return None


def _first_of(folder: str) -> int:
    return next((line.n for line in lines(folder)), 1)


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

"""The files of `audit.log` and its head, as they lie in the state folder: reading them."""

import json
import os
from collections.abc import Callable, Iterator

from picoclaw_watchdog.kick.chain import GENESIS, Event, Line, number_of, parse
from picoclaw_watchdog.light import Any, NamedTuple
from picoclaw_watchdog.store.files import read_small, write_atomically

NAME = "audit.log"
HEAD = "audit.head"
KEEP = 5  # rotated files
MOST = 8_000_000  # bytes of a file that are read


class Head(NamedTuple):
    """Where the chain ends, and where it must still begin."""

    n: int = 0
    hash: str = GENESIS
    first: int = 1


def files(folder: str) -> list[str]:
    """The log's files that exist, oldest first."""
    path = os.path.join(folder, NAME)
    names = [f"{path}.{number}" for number in range(KEEP, 0, -1)]
    return [name for name in (*names, path) if os.path.lexists(name)]


def lines(folder: str) -> Iterator[Line]:
    """Every whole line, oldest first; what is none is passed over."""
    for path in files(folder):
        yield from lines_of(path)


def after(folder: str, number: int) -> list[Event]:
    """The events behind the line of this number, oldest first."""
    found: list[Event] = []
    for path in reversed(files(folder)):
        newer = list(lines_of(path, lambda raw: number_of(raw) > number))
        found[:0] = [line.event for line in newer]
        if not newer:
            break
    return found


def last_number(folder: str) -> int:
    """The number of the last line, as the head has it; 0 where there is none."""
    head = read_head(folder)
    return head.n if head is not None else 0


def read_head(folder: str) -> Head | None:
    """What the head says; None where there is none that can be read."""
    try:
        content = read_small(os.path.join(folder, HEAD), 4096)
        known: Any = json.loads(content or b"")
        head = Head(known["n"], known["hash"], known["first"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    good = type(head.n) is int and type(head.first) is int and type(head.hash) is str
    return head if good and (head.n > 0 or head.hash == GENESIS) else None


def write_head(folder: str, head: Head) -> None:
    """Replace the head, durably.

    Raises:
        OSError: it is as it was.
    """
    content = json.dumps(head._asdict(), separators=(",", ":")).encode() + b"\n"
    write_atomically(os.path.join(folder, HEAD), content)


def content_of(path: str) -> bytes:
    """A file's bytes, the last ones of a very long one; none where it cannot be read."""
    try:
        return read_small(path, MOST, tail=True) or b""
    except OSError:
        return b""


def lines_of(path: str, wanted: Callable[[bytes], bool] = bool) -> Iterator[Line]:
    """The whole lines that are wanted: to judge all of a full log takes a second."""
    for raw in content_of(path).split(b"\n")[:-1]:
        line = parse(raw) if wanted(raw) else None
        if line is not None:
            yield line

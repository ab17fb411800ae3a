"""ops-watchdog.log, in the founding document's format.

    [2026-02-20 09:15:00 JST] level=ERROR target=gateway result=NG action=detect detail="..."

A line is one write to a file opened for appending, so lines of two processes never mix. What
cannot be written goes to standard error, which systemd brings to the journal.
"""

import errno
import fcntl
import os
import re
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from picoclaw_watchdog.core.foreign import masked
from picoclaw_watchdog.light import TextIO
from picoclaw_watchdog.store.files import make_private_folder, reason

DETAIL_LIMIT = 2000  # characters, as written

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# Controls, what turns a terminal's line around or breaks it, halves of characters.
_UNSAFE = r'["\\\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]'
_NOT_A_WORD = r"[^\w.:/-]+"
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_LAST_BYTE = 0xFF
_TRIES = 3


class LogFile:
    """The log; implements `ports.Logbook`. Nothing here raises.

    Args:
        path: the file; its folder is made (0700), it is 0600.
        now: seconds since the epoch.
        max_bytes: a file that would become longer is rotated first; 0: never.
        keep: how many rotated files to keep: `path.1` (newest) to `path.N`.
        secrets: texts that must not appear.
        echo: is also given each line; what it raises of a closed stream is of no interest.
    """

    def __init__(
        self,
        path: str,
        now: Callable[[], float],
        max_bytes: int = 1_000_000,
        keep: int = 5,
        secrets: tuple[str, ...] = (),
        echo: Callable[[str], None] | None = None,
    ) -> None:
        self._path = path
        self._now = now
        self._max_bytes = max_bytes
        self._keep = keep
        self._secrets = secrets
        self._echo = echo

    def write(self, level: str, target: str, result: str, action: str, detail: str) -> None:
        """One line; secrets are masked, controls and quotes escaped, the detail is shortened."""
        words = {"level": level, "target": target, "result": result, "action": action}
        fields = " ".join(f"{name}={self._word(word)}" for name, word in words.items())
        shown = escaped(masked(detail, self._secrets))
        line = f'[{_stamp(self._now())}] {fields} detail="{shown}"'
        if self._echo is not None:
            with suppress(OSError, ValueError):
                self._echo(line)
        try:
            self._append(f"{line}\n".encode("utf-8", "backslashreplace"))
        except OSError as error:
            print_line(sys.stderr, f"{self._path}: cannot be written ({reason(error)}): {line}")

    def _word(self, text: str) -> str:
        return re.sub(_NOT_A_WORD, "_", masked(text, self._secrets))[:100] or "-"

    def _append(self, data: bytes) -> None:
        for _ in range(_TRIES):
            descriptor = self._opened()
            try:
                if not self._rotated(descriptor, len(data)):
                    _write(descriptor, data)
                    return
            finally:
                os.close(descriptor)
        descriptor = self._opened()  # others are faster at rotating; this line must not wait
        try:
            _write(descriptor, data)
        finally:
            os.close(descriptor)

    def _opened(self) -> int:
        try:
            descriptor = os.open(self._path, _FLAGS, 0o600)
        except FileNotFoundError:
            make_private_folder(os.path.dirname(os.path.abspath(self._path)))
            descriptor = os.open(self._path, _FLAGS, 0o600)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "Not a regular file", self._path)
        return descriptor

    def _rotated(self, descriptor: int, more: int) -> bool:
        """Rotate where that is due; whether the file is now another one, to be opened anew."""
        facts = os.fstat(descriptor)
        if not 0 < self._max_bytes < facts.st_size + more or not facts.st_size:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False  # somebody is at it
        try:
            if not os.path.samestat(facts, os.lstat(self._path)):
                return True  # somebody has just done it
            self._rotate()
        except OSError:
            return False  # a log too long is better than none
        return True

    def _rotate(self) -> None:
        """The oldest goes, every other becomes one older."""
        if self._keep < 1:
            os.unlink(self._path)
            return
        for number in range(self._keep - 1, 0, -1):
            with suppress(FileNotFoundError):
                os.rename(f"{self._path}.{number}", f"{self._path}.{number + 1}")
        os.rename(self._path, f"{self._path}.1")


def escaped(text: str) -> str:
    """The text on one line, without quotes, at most DETAIL_LIMIT characters long."""
    if _is_plain(text):
        return text
    pieces = []
    room = DETAIL_LIMIT
    for piece in map(_escaped, text[: DETAIL_LIMIT + 1]):
        room -= len(piece)
        if room < 0:
            break
        pieces.append(piece)
    else:
        return "".join(pieces)
    end = "..."
    room = DETAIL_LIMIT - len(end)
    while sum(map(len, pieces)) > room:
        pieces.pop()
    return "".join(pieces) + end


def _is_plain(text: str) -> bool:
    """Whether nothing is to be done: so it is on most days, and then it shall cost nothing."""
    if len(text) > DETAIL_LIMIT or not (text.isascii() and text.isprintable()):
        return False
    return '"' not in text and "\\" not in text


def _escaped(character: str) -> str:
    if re.match(_UNSAFE, character) is None:
        return character
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code <= _LAST_BYTE else f"\\u{code:04x}")


def _stamp(wall: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(wall))
    except (ValueError, OverflowError, OSError):
        return "no time"


def _write(descriptor: int, data: bytes) -> None:
    """Append in one write; a line that a full disk has torn is ended first."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        data = b"\n" + data
    if os.write(descriptor, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def print_line(stream: TextIO | None, line: str) -> None:
    """To a stream that may be closed, or may not know our characters."""
    if stream is None:
        return
    with suppress(OSError, ValueError):
        known = stream.encoding or "utf-8"
        stream.write(line.encode(known, "backslashreplace").decode(known) + "\n")
        stream.flush()

"""An HTTP/1.1 answer, read piece by piece: bytes in, status, headers and body out.

No sockets and no clock in here, so that a fuzzer can feed it whatever it likes. It takes what
RFC 9112 allows a client to take, stops early rather than late, and never raises.
"""

import re
from collections.abc import Callable
from enum import Enum

BODY_LIMIT = 65_536  # bytes of the body that are kept; reading stops there
HEAD_LIMIT = 32_768  # bytes of status line and headers, interim answers included
HEADERS_LIMIT = 100
CHUNK_LINE_LIMIT = 1024  # bytes, extensions included

_STATUS_LINE = rb"(?s)HTTP/1\.[0-9] ([1-9][0-9]{2})(?: .*)?"
_FIELD = rb"(?s)([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)"
_CHUNK_LINE = rb"(?s)([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?"
_LENGTH = r"([0-9]{1,15})(?:[ \t]*,[ \t]*\1)*"  # repeated, but never contradicting

_SWITCHING = 101  # final, though its number says interim
_FIRST_FINAL = 200
_NO_BODY = (_SWITCHING, 204, 304)


class Stage(Enum):
    """How far the answer has come."""

    HEAD = "head"
    BODY = "body"
    DONE = "done"  # nothing more is wanted
    BROKEN = "broken"  # what came next was not HTTP; see `fault`


class AnswerParser:
    """Feed it what the socket gives; look at `stage` to know whether it wants more.

    `status` and `headers` are complete from BODY on. Where the body breaks off or turns out
    malformed, what came before stays: only a malformed head makes the answer worthless.
    """

    def __init__(self) -> None:
        self.stage = Stage.HEAD
        self.fault = ""
        self.status = 0
        self.headers: dict[str, str] = {}  # names in lower case, values of one name joined
        self.body = bytearray()
        self.empty = True  # nothing was ever fed
        self._buffer = bytearray()
        self._searched = 0  # no newline in the buffer before this
        self._head_size = 0
        self._fields = 0
        self._last_field = ""
        self._left = 0  # bytes of the body, or of its chunk, still to come
        self._step: Callable[[], bool] = self._status_line

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if not data:
            return
        self.empty = False
        self._buffer += data
        while self.stage in {Stage.HEAD, Stage.BODY} and self._step():
            pass

    @property
    def head_complete(self) -> bool:
        """Whether status and headers can be relied on."""
        return self._step not in {self._status_line, self._field_line}

    def _break(self, fault: str) -> bool:
        self.stage = Stage.BROKEN
        self.fault = fault
        return False

    def _line(self, limit: int) -> bytes | None:
        """The next line without its end, None until it is complete."""
        end = self._buffer.find(b"\n", self._searched)
        self._searched = len(self._buffer)
        if (self._searched if end < 0 else end) > limit:
            self._break("a line without end")
            return None
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        return line.removesuffix(b"\r")

    def _head_line(self) -> bytes | None:
        line = self._line(HEAD_LIMIT - self._head_size)
        if line is not None:
            self._head_size += len(line) + 1
        return line

    def _status_line(self) -> bool:
        if not b"HTTP/1.".startswith(self._buffer[:7]):
            return self._break("no HTTP status line")
        line = self._head_line()
        if line is None:
            return False
        match = re.fullmatch(_STATUS_LINE, line)
        if not match:
            return self._break("no HTTP status line")
        self.status = int(match[1])
        self._step = self._field_line
        return True

    def _field_line(self) -> bool:
        line = self._head_line()
        if line is None:
            return False
        if not line:
            return self._end_of_head()
        self._fields += 1
        if self._fields > HEADERS_LIMIT:
            return self._break("too many headers")
        if line[:1] in b" \t" and self._last_field:  # folded: part of the header before
            self.headers[self._last_field] += " " + _text(line)
            return True
        match = re.fullmatch(_FIELD, line)
        if not match:
            return self._break("a malformed header")
        name, value = match[1].decode("ascii").lower(), _text(match[2])
        before = self.headers.get(name)
        self.headers[name] = value if before is None else f"{before}, {value}"
        self._last_field = name
        return True

    def _end_of_head(self) -> bool:
        if self.status < _FIRST_FINAL and self.status != _SWITCHING:
            self.headers.clear()
            self._last_field = ""
            self._step = self._status_line
            return True
        self.stage = Stage.BODY
        self._step = self._until_closed
        length = self.headers.get("content-length")
        codings = self.headers.get("transfer-encoding", "").lower()
        if self.status in _NO_BODY:
            self.stage = Stage.DONE
        elif codings.rpartition(",")[2].strip() == "chunked":
            self._step = self._chunk_line
        elif length is not None and not codings:
            match = re.fullmatch(_LENGTH, length)
            if not match:
                return self._break("a malformed Content-Length")
            self._left = int(match[1])
            self._step = self._counted
        return True

    def _take(self, most: int) -> int:
        """Move bytes from the buffer to the body; answers how many."""
        piece = self._buffer[: max(0, min(most, BODY_LIMIT - len(self.body)))]
        self.body += piece
        del self._buffer[: len(piece)]
        if len(self.body) >= BODY_LIMIT:
            self.stage = Stage.DONE
        return len(piece)

    def _until_closed(self) -> bool:
        self._take(len(self._buffer))
        return False

    def _counted(self) -> bool:
        self._left -= self._take(self._left)
        if not self._left:
            self.stage = Stage.DONE
        return False

    def _chunk_line(self) -> bool:
        line = self._line(CHUNK_LINE_LIMIT)
        if line is None:
            return False
        match = re.fullmatch(_CHUNK_LINE, line)
        if not match:
            return self._break("a malformed chunk")
        self._left = int(match[1], 16)
        if not self._left:  # trailers are nobody's business, and the connection ends here
            self.stage = Stage.DONE
            return False
        self._step = self._chunk
        return True

    def _chunk(self) -> bool:
        taken = self._take(self._left)
        self._left -= taken
        if not self._left:
            self._step = self._chunk_end
        return taken > 0

    def _chunk_end(self) -> bool:
        line = self._line(1)
        if line is None:
            return False
        if line:
            return self._break("a malformed chunk")
        self._step = self._chunk_line
        return True


def _text(value: bytes | bytearray) -> str:
    return value.decode("latin-1").strip(" \t")

"""What must hold for whatever a server answers, byte by byte and at any pace.

The first byte chooses what the others are. A server on loopback plays what the client must bear:
it drips, floods, stops, resets and never ends. A second reading is h11's.
"""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import NamedTuple

import h11

from picoclaw_watchdog.host import http
from picoclaw_watchdog.host.http import ask, parse_url
from picoclaw_watchdog.host.http_answer import (
    BODY_LIMIT,
    CHUNK_LINE_LIMIT,
    HEAD_LIMIT,
    HEADERS_LIMIT,
    AnswerParser,
    Stage,
)
from picoclaw_watchdog.ports import Answer, HttpFate, Request

PIECES, PLAYED, ENDLESS, WRITTEN = map(bytes, zip(range(4), strict=True))
DEADLINE = 0.15  # seconds
OVERRUN = 3.0  # seconds a busy machine may take; without a deadline it would be for ever
MOST_READ = 4 * 1024 * 1024  # bytes a client may take from an endless server, its buffers included

_OUR_LIMITS = {"too many headers", "a line without end"}  # others take more


def check(data: bytes) -> None:
    """One run of the fuzzer."""
    if data:
        kinds = (_pieces, _played, _endless, _written)
        kinds[data[0] % len(kinds)](data[1:])


def _pieces(data: bytes) -> None:
    """An answer is the same however it is cut into pieces, bounded, and as h11 reads it."""
    if not data:
        return
    size, content = data[0] % 64 + 1, data[1:]
    whole = AnswerParser()
    whole.feed(content)
    parser = AnswerParser()
    for start in range(0, len(content), size):
        parser.feed(content[start : start + size])
        assert len(parser._buffer) <= max(HEAD_LIMIT, CHUNK_LINE_LIMIT, BODY_LIMIT) + size
        assert len(parser.body) <= BODY_LIMIT
    assert _read(parser) == _read(whole)
    assert len(parser.headers) <= HEADERS_LIMIT
    assert sum(map(len, parser.headers.values())) <= HEAD_LIMIT
    if parser.head_complete:
        assert 100 < parser.status <= 999
        assert all(name == name.lower() for name in parser.headers)
        assert not any("\n" in value for value in parser.headers.values())
    theirs = _second_reading(content)
    if theirs is not None and whole.fault not in _OUR_LIMITS:
        assert whole.head_complete, "h11 reads it, we do not"
        assert (whole.status, bytes(whole.body)) == (theirs.status, theirs.body[:BODY_LIMIT])
        assert not whole.fault


def _read(parser: AnswerParser) -> tuple[object, ...]:
    known = (parser.status, parser.headers, bytes(parser.body)) if parser.head_complete else ()
    return parser.stage, parser.fault, parser.head_complete, known


class Reading(NamedTuple):
    """An answer as another reader understands it."""

    status: int
    body: bytes


def _second_reading(content: bytes) -> Reading | None:
    """What h11 makes of the bytes of a server that closes then; None: not a whole answer."""
    other = h11.Connection(h11.CLIENT)
    other.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    other.send(h11.EndOfMessage())
    status, body = 0, b""
    try:
        other.receive_data(content)
        other.receive_data(b"")
        while True:
            event = other.next_event()
            if isinstance(event, h11.Response | h11.InformationalResponse):
                if not event.http_version.startswith(b"1."):
                    return None  # others are not as strict
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return Reading(status, body)
            elif (
                event is h11.NEED_DATA
                or event is h11.PAUSED
                or isinstance(event, h11.ConnectionClosed)
            ):
                return None
    except h11.RemoteProtocolError:
        return None


def _played(data: bytes) -> None:
    """Moves of a server, and what it sends: whatever it does, the deadline is kept."""
    if len(data) < 2:
        return
    server, moves = _server(), data[1 : 1 + data[0] % 12]
    server.play(Part(moves, data[1 + len(moves) :]))
    answer, took = _asked(server)
    sent = server.wait()
    assert took < DEADLINE + OVERRUN
    assert answer.sent or answer.fate in {HttpFate.NO_ANSWER, HttpFate.CLOSED}
    parser = AnswerParser()
    parser.feed(sent)
    if answer.fate is HttpFate.ANSWERED:
        assert parser.head_complete, "nothing like it was sent"
        assert (answer.status, answer.headers) == (parser.status, parser.headers)
        assert parser.body.startswith(answer.body)
    elif answer.fate is HttpFate.NOT_HTTP:
        assert not parser.head_complete or parser.stage is Stage.BROKEN
    elif answer.fate is HttpFate.NO_ANSWER:
        assert took >= DEADLINE
    else:
        assert answer.fate is HttpFate.CLOSED


def _endless(data: bytes) -> None:
    """A start, and after a zero byte what is sent again and again until the client goes."""
    start, _, again = data.partition(b"\0")
    server = _server()
    server.play(Part(b"", start, again or b"x"))
    answer, took = _asked(server)
    sent = server.wait()
    assert took < DEADLINE + OVERRUN
    assert len(sent) < MOST_READ + 65_536, "it stops reading"
    assert len(answer.body) <= BODY_LIMIT
    assert len(answer.headers) <= HEADERS_LIMIT


def _asked(server: "Server") -> tuple[Answer, float]:
    began = time.monotonic()
    answer = ask(Request(f"http://127.0.0.1:{server.port}/"), DEADLINE)
    return answer, time.monotonic() - began


def _written(data: bytes) -> None:
    """URL, method, header name and value: nothing of them breaks out of its place."""
    url, method, name, value, *_ = (*data.decode("utf-8", "replace").split("\0"), "", "", "", "")
    method = method or "GET"
    headers = ((name, value),) if name else ()
    request = Request(url, method, headers, b"body")
    place = parse_url(url)
    assert place is None or 0 < place.port < 65_536
    wire = http._serialised(request, place) if place else None
    if wire is None or place is None:
        answer = ask(request, DEADLINE)
        assert (answer.fate, answer.sent) == (HttpFate.NAME_UNKNOWN, False)
        return
    head, _, body = wire.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    ours = {"host", "connection", "content-length", "user-agent", "authorization", "expect"}
    assert body == b"body", "the head ends where we end it"
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert lines[0] == f"{method} {place.path} HTTP/1.1".encode()
    assert lines[1] == f"Host: {place.authority}".encode()
    assert all(byte > 32 for byte in place.path.encode()), "one word"
    sent = [line.partition(b":")[0].decode().lower() for line in lines[1:]]
    assert set(sent) <= ours | {name.lower()}
    assert len(lines) <= len(ours)


class Part(NamedTuple):
    """What the server plays on one connection."""

    moves: bytes  # low three bits: see `Server._move`; the others: how much
    content: bytes
    again: bytes = b""  # sent without end afterwards


class Server:
    """A server on loopback that plays one part after another."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._part = Part(b"", b"")
        self._sent = b""
        self._done = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def play(self, part: Part) -> None:
        """What the next connection gets."""
        self._part, self._sent = part, b""
        self._done.clear()

    def wait(self) -> bytes:
        """What was sent, once that is over."""
        assert self._done.wait(20), "the client holds its connection for ever"
        return self._sent

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            connection.settimeout(DEADLINE + OVERRUN + 10)
            with connection, suppress(OSError):  # the client has gone
                self._talk(connection)
            self._done.set()

    def _talk(self, connection: socket.socket) -> None:
        part, left = self._part, self._part.content
        if not part.moves or part.moves[0] & 7 != 5:
            connection.recv(65_536)
        for move in part.moves:
            left = self._move(connection, move, left)
        self._send(connection, left)
        while part.again and len(self._sent) < MOST_READ + 65_536:
            self._send(connection, part.again * (8192 // len(part.again) + 1))

    def _move(self, connection: socket.socket, move: int, left: bytes) -> bytes:
        kind, much = move & 7, move >> 3
        if kind == 0:  # some of it
            self._send(connection, left[: much * much])
            return left[much * much :]
        if kind == 1:  # a drip
            for byte in left[:much]:
                self._send(connection, bytes((byte,)))
                time.sleep(0.001)
            return left[much:]
        if kind == 2:  # a pause
            time.sleep(much / 1000)
        elif kind == 3 and much > 16:  # silence, longer than the deadline
            time.sleep(DEADLINE * 1.5)
        elif kind == 4:  # a reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        elif kind == 6:  # all that is left, again
            return left + left[: much * 64]
        return left

    def _send(self, connection: socket.socket, data: bytes) -> None:
        self._sent += data  # before it is on its way: the client may be quick
        connection.sendall(data)


@cache
def _server() -> Server:
    return Server()


def seeds() -> Iterator[tuple[str, bytes]]:
    """One input for each way through the code."""
    ok = b"HTTP/1.1 200 OK\r\n"
    counted = ok + b"Content-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello"
    chunked = ok + b"Transfer-Encoding: chunked\r\n\r\n5;e=1\r\nhello\r\n0\r\nT: x\r\n\r\n"
    answers = {
        "counted": counted,
        "chunked": chunked,
        "closed": b"HTTP/1.0 503 Busy\r\n\r\n" + b'{"status": "not ready"}',
        "interim": b"HTTP/1.1 100 Go on\r\nA: b\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n" + counted,
        "folded": ok + b"A: b\r\n c\r\n\td\r\n\r\n",
        "bare": counted.replace(b"\r\n", b"\n"),
        "no-body": b"HTTP/1.1 204 None\r\nContent-Length: 9\r\n\r\n",
        "switching": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nzzz",
        "two-lengths": ok + b"Content-Length: 5, 5\r\n\r\nhello",
        "bad-length": ok + b"Content-Length: -5\r\n\r\nhello",
        "other-lengths": ok + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "both": ok + b"Content-Length: 3\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "bad-chunk": ok + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        "long-chunk": ok + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffff\r\nhello",
        "chunk-without-end": ok + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "chunk-line": ok + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 1100,
        "not-http": b"SSH-2.0-OpenSSH_9.2\r\n",
        "flood": ok + b"A: b\r\n" * 101 + b"\r\n",
        "empty": b"",
        "cut": counted[:30],
        "too-many-headers": ok + b"".join(b"H%d: x\r\n" % n for n in range(130)) + b"\r\n",
        "many-headers": ok + b"".join(b"H%d: x\r\n" % n for n in range(100)) + b"\r\n",
    }
    for name, content in answers.items():
        yield f"pieces-{name}", PIECES + b"\2" + content
    for name in ("counted", "chunked", "interim", "not-http", "closed"):
        content = answers[name]
        yield f"drip-{name}", PLAYED + b"\2\xf9\xf9" + content
        yield f"silence-{name}", PLAYED + b"\2\x20\xfb" + content
        yield f"reset-{name}", PLAYED + b"\2\x38\x04" + content
        yield f"unread-{name}", PLAYED + b"\1\5" + content
        yield f"paused-{name}", PLAYED + b"\3\x18\x52\xf8" + content
    yield "doubled", PLAYED + b"\1\x0e" + chunked
    again = {
        "body": ok + b"\r\n\0body",
        "length": ok + b"Content-Length: 999999999999\r\n\r\n\0body",
        "headers": ok + b"\0A: b\r\n",
        "header": ok + b"A: b\0b",
        "folded": ok + b"A: b\r\n\0 b\r\n",
        "chunks": ok + b"Transfer-Encoding: chunked\r\n\r\n\0001\r\nx\r\n",
        "chunk-extension": ok + b"Transfer-Encoding: chunked\r\n\r\n1;\0x",
        "interim": b"\0HTTP/1.1 100 Go on\r\n\r\n",
        "status": b"HTTP/1.1 200 \0O",
        "nothing": b"\0\r\n",
    }
    for name, content in again.items():
        yield f"endless-{name}", ENDLESS + content
    urls = {
        "plain": "http://127.0.0.1:18790/health?a=b#c",
        "user": "https://me:p%20w@host/",
        "six": "http://[::1]:8080",
        "port": "http://h:70000/",
        "space": "http://h/a b",
        "lines": "http://h/\r\nX: y",
    }
    for name, url in urls.items():
        yield f"url-{name}", WRITTEN + url.encode()
    yield "header-lines", WRITTEN + b"http://h/\0POST\0X-A\0b\r\nX-B: c"
    yield "header-name", WRITTEN + b"http://h/\0POST\0X A:\0b"
    yield "method", WRITTEN + b"http://h/\0GET / HTTP/1.1\r\n\0A\0b"
    yield "header-own", WRITTEN + b"http://me:pw@h/\0DELETE\0Authorization\0Bearer x\xc3\xa9"

"""What the stand-in servers share: small HTTP answers, faults on order, a tidy end."""

import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, NamedTuple

_TICK_SECONDS = 0.1
_TICKS_BETWEEN_OWNER_CHECKS = 10
_IDLE_SECONDS = 30.0
_LINE_LIMIT = 65_536


class Asked(NamedTuple):
    """One HTTP request; header names in lower case, the path without its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """One HTTP answer."""

    status: int
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class Rude(Enum):
    """Ways not to answer."""

    HANG = "hang"  # keep the connection open and say nothing
    DROP = "drop"  # close it without a word


Answering = Callable[[Asked], Reply | Rude]


def json_reply(status: int, document: object, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """An answer whose body is the document as JSON."""
    body = json.dumps(document, ensure_ascii=False).encode()
    return Reply(status, body, "application/json", headers)


def read_control(path: str) -> dict[str, object]:
    """The faults ordered in a control file; none where it is absent or no JSON object."""
    if not path:
        return {}
    try:
        document = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


class Server:
    """An HTTP/1.1 server on one loopback port, or unix socket, that can stop and begin again.

    It is written on bare sockets because that starts in a third of the time that
    `http.server` needs, and a stand-in is started hundreds of times.
    """

    def __init__(self, place: int | str, answering: Answering) -> None:
        self._place = place
        self._answering = answering
        self._socket: socket.socket | None = None
        self._closed = threading.Event()

    def open(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        if self._socket is None:
            self._socket = _listener(self._place)
            self._closed = threading.Event()
            threading.Thread(
                target=self._accept, args=(self._socket, self._closed), daemon=True
            ).start()

    def close(self) -> None:
        """Stop listening and let go of those who wait."""
        if self._socket is not None:
            self._closed.set()
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            self._socket.close()
            self._socket = None

    def keep(self, wanted: bool) -> None:  # noqa: FBT001
        """Listen or do not."""
        if wanted:
            self.open()
        else:
            self.close()

    def _accept(self, listener: socket.socket, closed: threading.Event) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(client, closed), daemon=True).start()

    def _talk(self, client: socket.socket, closed: threading.Event) -> None:
        client.settimeout(_IDLE_SECONDS)
        with client, client.makefile("rb") as reader, suppress(OSError, ValueError):
            while (asked := _read(reader)) is not None:
                reply = self._answering(asked)
                if reply is Rude.HANG:
                    closed.wait()
                if isinstance(reply, Rude):
                    return
                ends = asked.headers.get("connection", "").lower() == "close"
                client.sendall(_written(asked, reply, ends=ends))
                if ends:
                    return


def _listener(place: int | str) -> socket.socket:
    if isinstance(place, int):
        return socket.create_server(("127.0.0.1", place), backlog=64)
    listener = socket.socket(socket.AF_UNIX)
    with suppress(FileNotFoundError):
        os.unlink(place)
    listener.bind(place)
    # As tailscaled does: rights are looked up by who connects.
    os.chmod(place, 0o666)  # noqa: S103
    listener.listen(64)
    return listener


def _read(reader: BinaryIO) -> Asked | None:
    """The next request; None where the client is done.

    Raises:
        ValueError: what came is no HTTP request.
    """
    line = reader.readline(_LINE_LIMIT).decode("latin-1")
    if not line:
        return None
    method, target, _ = line.split()
    headers: dict[str, str] = {}
    while header := reader.readline(_LINE_LIMIT).decode("latin-1").strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length") or 0))
    return Asked(method, target.partition("?")[0], headers, body)


def _written(asked: Asked, reply: Reply, *, ends: bool) -> bytes:
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Status"
    lines = [
        f"HTTP/1.1 {reply.status} {phrase}",
        f"Content-Type: {reply.kind}",
        f"Content-Length: {len(reply.body)}",
        *(f"{name}: {value}" for name, value in reply.headers),
        *(["Connection: close"] if ends else []),
    ]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if asked.method == "HEAD" else head + reply.body


def status_of(url: str, timeout: float) -> int:
    """The status of a GET, asked by hand: an HTTP library would cost more than a whole start.

    Raises:
        OSError: no connection, or no answer in time.
        ValueError: the answer is no HTTP.
    """
    host_port, _, path = url.removeprefix("http://").partition("/")
    host, _, port = host_port.partition(":")
    with socket.create_connection((host, int(port or 80)), timeout) as server:
        asking = f"GET /{path} HTTP/1.1\r\nHost: {host_port}\r\nConnection: close\r\n\r\n"
        server.sendall(asking.encode())
        with server.makefile("rb") as answer:
            first = answer.readline(_LINE_LIMIT).split()
    if len(first) < 2:  # noqa: PLR2004  # a protocol and a status
        raise ValueError("no HTTP")
    return int(first[1])


def run(tick: Callable[[], None] | None = None, *, die_by_signal: bool = False) -> int:
    """Stay until SIGTERM or SIGINT, or until the process that owns the box is gone.

    The owner's process id is in PICOCLAW_DEMO_OWNER; a box whose owner was killed
    outright must not leave servers behind.
    """
    told_to_end = threading.Event()
    if not die_by_signal:
        signal.signal(signal.SIGTERM, lambda *_: told_to_end.set())
    signal.signal(signal.SIGINT, lambda *_: told_to_end.set())
    owner = int(os.environ.get("PICOCLAW_DEMO_OWNER") or 0)
    ticks = 0
    while not told_to_end.wait(_TICK_SECONDS):
        ticks += 1
        if tick is not None:
            tick()
        if owner and ticks % _TICKS_BETWEEN_OWNER_CHECKS == 0 and not _alive(owner):
            break
    return 0


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

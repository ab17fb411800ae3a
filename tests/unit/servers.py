"""Real servers on loopback that behave as a test tells them to."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Self

Script = Callable[[socket.socket, bytes], None]
Reply = tuple[int, bytes] | tuple[int, object]


class Server:
    """A TCP server: each connection's request is read, then the script has the connection."""

    def __init__(self, script: Script, family: socket.AddressFamily = socket.AF_INET) -> None:
        self.requests: list[bytes] = []
        self._script = script
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        self._listener.listen(16)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._stopping = threading.Event()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        # Closing alone does not wake a thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()
        for connection in self._open:
            connection.close()

    @property
    def stopping(self) -> bool:
        """Whether the test is over: endless scripts look here."""
        return self._stopping.is_set()

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.split(b" ")[1].decode() for request in self.requests]

    def _serve(self) -> None:
        while not self.stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            request = read_request(connection)
            self.requests.append(request)
            self._script(connection, request)
        except OSError:
            pass
        finally:
            connection.close()


def read_request(connection: socket.socket) -> bytes:
    """A whole request: its head, and the body that Content-Length announces."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def says(*pieces: bytes, pause: float = 0.0) -> Script:
    """Send the pieces with a pause between them, then close."""

    def script(connection: socket.socket, _: bytes) -> None:
        for number, piece in enumerate(pieces):
            if number:
                time.sleep(pause)
            connection.sendall(piece)

    return script


def endless(first: bytes, then: bytes, pause: float = 0.0) -> Script:
    """Send the first bytes, and the others again and again until the client leaves."""

    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(then)
            time.sleep(pause)

    return script


def silent(connection: socket.socket, _: bytes) -> None:
    """Take the request and say nothing until the client leaves."""
    connection.recv(1)


def resets(*pieces: bytes) -> Script:
    """Send the pieces, then reset the connection instead of closing it."""

    def script(connection: socket.socket, _: bytes) -> None:
        for piece in pieces:
            connection.sendall(piece)
        if pieces:
            time.sleep(0.1)  # a reset overtakes what has not been read
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return script


def response(status: int, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A well-formed answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def site(pages: Mapping[str, Reply]) -> Script:
    """Answer by `METHOD /path` (the query does not count); anything else is 404."""

    def script(connection: socket.socket, request: bytes) -> None:
        method, target = request.split(b"\r\n")[0].decode().split(" ")[:2]
        status, content = pages.get(f"{method} {target.partition('?')[0]}", (404, b""))
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        connection.sendall(response(status, body))

    return script


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

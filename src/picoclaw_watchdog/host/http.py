"""A small HTTP/1.1 client: one request on one connection, and a deadline over all of it.

What the standard library's client cannot promise is the point here: neither a slow resolver
nor a server that sends one byte a second outlasts the deadline, and ten gigabytes of body are
left where they are after 64 KiB. Redirects are not followed. A proxy is used where the
environment names one for the host (`proxy.py`), by CONNECT: it sees a name and nothing else.
"""

import binascii
import errno
import os
import re
import select
import socket
from contextlib import suppress

from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.host.http_answer import AnswerParser, Stage
from picoclaw_watchdog.host.resolve import Address, Unresolved, literal, resolve
from picoclaw_watchdog.light import TYPE_CHECKING, NamedTuple
from picoclaw_watchdog.ports import Answer, HttpFate, Request

if TYPE_CHECKING:
    from picoclaw_watchdog.host.proxy import Proxy

PIECE = 16_384
NEXT_ADDRESS_AFTER = 0.25  # seconds; RFC 8305: try the next address beside one that is slow

_URL = (
    r"(https?)://(?:([!\"$-.0->A-~]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?"
    r"([/?][!-\"$-~]*)?(?:#[!-~]*)?"
)
_FIELD_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_FIELD_VALUE = r"[\t -~\x80-\xff]*"
_PORTS = {"http": 80, "https": 443}
_REFUSED, _TIMED_OUT = errno.ECONNREFUSED, errno.ETIMEDOUT
# This machine gives us nothing more: descriptors, buffers, memory.
_STARVED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_LAST_PORT = 65_535
_CONNECTED = range(200, 300)  # what a proxy says that has connected us


class Place(NamedTuple):
    """Where a URL leads."""

    scheme: str
    user: str  # user:password, still percent-encoded
    host: str  # without brackets
    port: int
    path: str  # with the query

    @property
    def authority(self) -> str:
        """The Host header: no port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class _Failure(Exception):  # noqa: N818  # never leaves this file
    """The exchange ended before there was an answer."""

    def __init__(self, fate: HttpFate, detail: str, reason: int = 0) -> None:
        super().__init__(detail)
        self.fate = fate
        self.detail = detail
        self.reason = reason


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self.ends = monotonic() + seconds
        self.passed = _Failure(HttpFate.NO_ANSWER, f"no answer within {seconds:.3g} s")

    def left(self) -> float:
        """Seconds left, always positive. Raises _Failure when there are none."""
        seconds = self.ends - monotonic()
        if seconds <= 0:
            raise self.passed
        return seconds


def ask(request: Request, deadline: float, socket_path: str = "") -> Answer:
    """One request, one answer.

    Args:
        request: `connect_to` takes the place of name resolution; the certificate is still
            checked against the name in the URL.
        deadline: Seconds for all of it: resolving, connecting, TLS, sending and reading.
        socket_path: A unix socket to ask instead. NAME_UNKNOWN: there is none; NO_ROUTE: we
            may not open it.

    Returns:
        ANSWERED as soon as there is a complete head, with as much of the body as came within
        64 KiB and the deadline. A request that cannot be written as HTTP is NAME_UNKNOWN.
    """
    place = parse_url(request.url)
    wire = _serialised(request, place) if place else None
    if place is None or wire is None:
        return Answer(HttpFate.NAME_UNKNOWN, detail="not a request that HTTP can carry")
    clock = _Deadline(deadline)
    connection: socket.socket | None = None
    sent = False
    try:
        connection = _local(socket_path, clock) if socket_path else _reached(request, place, clock)
        peer = "" if socket_path else str(connection.getpeername()[0])
        if place.scheme == "https":
            connection = _secured(connection, place.host, clock)
        sent = _send(connection, wire, clock)
        return _receive(connection, clock, sent=sent)._replace(peer=peer)
    except _Failure as failure:
        return Answer(failure.fate, detail=failure.detail, sent=sent, reason=failure.reason)
    finally:
        if connection is not None:
            connection.close()


def parse_url(url: str) -> Place | None:
    """A URL taken apart; None where it is none, or not http."""
    match = re.fullmatch(_URL, url)
    if not match:
        return None
    scheme, user, host, port, path = match.groups(default="")
    number = int(port or _PORTS[scheme])
    if not 0 < number <= _LAST_PORT:
        return None
    path = path if path.startswith("/") else f"/{path}"
    return Place(scheme, user, host.strip("[]"), number, path)


def _serialised(request: Request, place: Place) -> bytes | None:
    """The request as bytes; None where a name or value would break out of its line."""
    fields = [("Host", place.authority), *request.headers]
    given = {name.lower() for name, _ in request.headers}
    if place.user and "authorization" not in given:
        fields.append(("Authorization", f"Basic {_basic(place.user)}"))
    if "user-agent" not in given:
        fields.append(("User-Agent", "picoclaw-watchdog"))
    if request.body or request.method != "GET":
        fields.append(("Content-Length", str(len(request.body))))
    fields.append(("Connection", "close"))
    if not re.fullmatch(_FIELD_NAME, request.method):
        return None
    if not all(
        re.fullmatch(_FIELD_NAME, name) and re.fullmatch(_FIELD_VALUE, value)
        for name, value in fields
    ):
        return None
    lines = [f"{request.method} {place.path} HTTP/1.1", *(f"{n}: {v}" for n, v in fields)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


def _basic(user: str) -> str:
    plain = re.sub(
        rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), user.encode("ascii")
    )
    return binascii.b2a_base64(plain, newline=False).decode("ascii")


def _local(path: str, clock: _Deadline) -> socket.socket:
    """A connection to a unix socket."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(clock.left())
        connection.connect(path)
    except TimeoutError:
        connection.close()
        raise clock.passed from None
    except OSError as error:
        connection.close()
        fates = {_REFUSED: HttpFate.REFUSED, errno.EACCES: HttpFate.NO_ROUTE}
        fate = fates.get(error.errno or 0, HttpFate.NAME_UNKNOWN)
        raise _Failure(fate, f"{path}: {os.strerror(error.errno or 0).lower()}") from None
    except _Failure:
        connection.close()
        raise
    return connection


def _reached(request: Request, place: Place, clock: _Deadline) -> socket.socket:
    """A connection to the place: directly, or by the proxy that the environment names."""
    host = request.connect_to or place.host
    if request.connect_to and not literal(host):
        raise _Failure(HttpFate.NAME_UNKNOWN, "no IP address to connect to")
    if place.scheme == "https" and {"HTTPS_PROXY", "https_proxy"} & os.environ.keys():
        from picoclaw_watchdog.host.proxy import proxy_for

        proxy = proxy_for(host)
        if proxy is not None:
            return _by_proxy(proxy, host, place.port, clock)
    return _connected(_addresses(host, clock), place.port, clock)


def _by_proxy(proxy: "Proxy", host: str, port: int, clock: _Deadline) -> socket.socket:
    """A connection that a proxy makes for us. What it cannot do is no fault of the other side."""
    if not proxy.is_http:
        raise _Failure(HttpFate.PROXY_FAILED, f"the proxy {proxy.words} does not speak http://")
    try:
        connection = _connected(_addresses(proxy.host, clock), proxy.port, clock)
    except _Failure as failure:
        detail = f"the proxy {proxy.words}: {failure.detail}"
        raise _Failure(HttpFate.PROXY_FAILED, detail) from None
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.user:
        lines.append(f"Proxy-Authorization: Basic {_basic(proxy.user)}")
    try:
        _send(connection, "\r\n".join([*lines, "", ""]).encode("latin-1"), clock)
        status = _status_of_proxy(connection, clock)
    except (_Failure, OSError) as error:
        connection.close()
        detail = f"the proxy {proxy.words} does not answer: {error}"
        raise _Failure(HttpFate.PROXY_FAILED, detail) from None
    if status not in _CONNECTED:
        connection.close()
        raise _Failure(HttpFate.PROXY_FAILED, f"the proxy {proxy.words} answers {status}")
    return connection


def _status_of_proxy(connection: socket.socket, clock: _Deadline) -> int:
    """What the proxy says. TLS begins with us, so there is nothing after it that could be lost."""
    parser = AnswerParser()
    while parser.stage is Stage.HEAD:
        connection.settimeout(clock.left())
        piece = connection.recv(PIECE)
        if not piece:
            break
        parser.feed(piece)
    return parser.status if parser.head_complete else 0


def _addresses(host: str, clock: _Deadline) -> tuple[Address, ...]:
    found = resolve(host, clock.left())
    if isinstance(found, Unresolved):
        fate = HttpFate.STARVED if found.starved else HttpFate.NAME_UNKNOWN
        raise _Failure(fate, found.detail)
    return found


def _connected(addresses: tuple[Address, ...], port: int, clock: _Deadline) -> socket.socket:
    """A connection to the first address that takes one.

    The next address is tried beside a slow one, so that one dead address (commonly: IPv6
    that leads nowhere) does not eat the deadline.
    """
    waiting: dict[int, socket.socket] = {}
    poll = select.poll()
    failures: list[int] = []
    queue = list(addresses)
    try:
        while queue or waiting:
            if queue:
                _begin(queue.pop(0), port, waiting, poll, failures)
            patience = min(clock.left(), NEXT_ADDRESS_AFTER) if queue else clock.left()
            for fd, _ in poll.poll(patience * 1000) if waiting else ():
                connection = waiting.pop(fd)
                poll.unregister(fd)
                failure = _failure_of(connection)
                if not failure:
                    return connection
                failures.append(failure)
                connection.close()
    finally:
        for connection in waiting.values():
            connection.close()
    raise _not_connected(failures)


def _begin(
    address: Address,
    port: int,
    waiting: dict[int, socket.socket],
    poll: "select.poll",
    failures: list[int],
) -> None:
    """Start connecting to one address."""
    try:
        connection = socket.socket(address.family, socket.SOCK_STREAM)
    except OSError as error:
        failures.append(error.errno or 0)
        return
    connection.setblocking(False)
    number = connection.connect_ex((address.ip, port))
    if number not in {0, errno.EINPROGRESS}:
        failures.append(number)
        connection.close()
        return
    waiting[connection.fileno()] = connection
    poll.register(connection, select.POLLOUT)


def _failure_of(connection: socket.socket) -> int:
    failure = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if not failure:
        with suppress(OSError):
            # A connection to a port nobody listens on can, by chance, meet itself.
            if connection.getsockname() == connection.getpeername():
                return _REFUSED
    return failure


def _not_connected(failures: list[int]) -> _Failure:
    """The most telling of the failures: somebody was there, was silent, was out of reach."""
    if failures[0] in _STARVED:
        return _Failure(HttpFate.STARVED, os.strerror(failures[0]).lower())
    if _REFUSED in failures:
        return _Failure(HttpFate.REFUSED, "connection refused")
    if _TIMED_OUT in failures:
        return _Failure(HttpFate.NO_ANSWER, "the connection timed out")
    if errno.ECONNRESET in failures:
        return _Failure(HttpFate.CLOSED, "the connection was reset")
    return _Failure(HttpFate.NO_ROUTE, os.strerror(failures[0]).lower())


def _secured(plain: socket.socket, host: str, clock: _Deadline) -> socket.socket:
    """TLS over the connection, with the certificate checked against the host's name."""
    from picoclaw_watchdog.host import tls  # only TLS shall cost it

    plain.settimeout(clock.left())
    try:
        return tls.secured(plain, host)
    except TimeoutError:
        raise clock.passed from None
    except tls.CertificateError as error:
        raise _Failure(*error.refused) from None
    except (OSError, ValueError) as error:
        raise _Failure(HttpFate.TLS_FAILED, f"TLS handshake failed: {_named(error)}") from None


def _send(connection: socket.socket, wire: bytes, clock: _Deadline) -> bool:
    """Whether all of it was handed over; where not, an answer may still have come."""
    rest = memoryview(wire)
    try:
        while rest:
            connection.settimeout(clock.left())
            rest = rest[connection.send(rest) :]
    except TimeoutError:
        raise clock.passed from None
    except OSError:
        return False
    return True


def _receive(connection: socket.socket, clock: _Deadline, *, sent: bool) -> Answer:
    parser = AnswerParser()
    try:
        while parser.stage in {Stage.HEAD, Stage.BODY}:
            connection.settimeout(clock.left())
            piece = connection.recv(PIECE)
            if not piece:
                break
            parser.feed(piece)
    except (TimeoutError, _Failure):
        return _answer(parser, clock.passed, sent=sent)
    except OSError as error:
        tls = hasattr(error, "library")  # an ssl.SSLError, without importing ssl to ask
        fate = HttpFate.TLS_FAILED if tls else HttpFate.CLOSED
        return _answer(parser, _Failure(fate, _named(error)), sent=sent)
    closed = "closed in the middle of an answer" if parser.status else "closed without an answer"
    return _answer(parser, _Failure(HttpFate.CLOSED, closed), sent=sent)


def _answer(parser: AnswerParser, otherwise: _Failure, *, sent: bool) -> Answer:
    """What was read, or why it is nothing."""
    if parser.head_complete:
        return Answer(
            HttpFate.ANSWERED,
            parser.status,
            parser.headers,
            bytes(parser.body),
            parser.fault,
            sent,
        )
    if parser.stage is Stage.BROKEN:
        return Answer(HttpFate.NOT_HTTP, detail=parser.fault, sent=sent)
    return Answer(otherwise.fate, detail=otherwise.detail, sent=sent)


def _named(error: Exception) -> str:
    """An error in words that never hold what was sent."""
    reason = getattr(error, "reason", "") or getattr(error, "strerror", "")
    return str(reason or type(error).__name__).replace("_", " ").lower()

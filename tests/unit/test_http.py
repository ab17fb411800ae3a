import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picoclaw_watchdog.host import resolve
from picoclaw_watchdog.host.http import ask, parse_url
from picoclaw_watchdog.host.http_answer import (
    BODY_LIMIT,
    HEAD_LIMIT,
    HEADERS_LIMIT,
    AnswerParser,
    Stage,
)
from picoclaw_watchdog.host.resolve import Address
from picoclaw_watchdog.ports import Answer, HttpFate, Request
from tests.unit.servers import (
    Script,
    Server,
    closed_port,
    endless,
    resets,
    response,
    says,
    silent,
)

SHORT = 0.3
LATE = SHORT * 5


def get(script: Script, deadline: float = 10.0, path: str = "/") -> Answer:
    with Server(script) as server:
        return ask(Request(server.url + path), deadline)


def timed(script: Script, deadline: float = SHORT) -> Answer:
    began = time.monotonic()
    answer = get(script, deadline)
    assert time.monotonic() - began < deadline + LATE
    return answer


def parsed(*pieces: bytes) -> AnswerParser:
    parser = AnswerParser()
    for piece in pieces:
        parser.feed(piece)
    return parser


# What an answer says


def test_status_headers_and_body_come_back() -> None:
    answer = get(says(response(503, b"{}", [("X-One", " 1 "), ("x-one", "2")])))
    assert answer.fate is HttpFate.ANSWERED
    assert answer.status == 503
    assert answer.headers == {"content-length": "2", "x-one": "1, 2"}
    assert answer.body == b"{}"
    assert answer.sent


def test_a_chunked_body_is_put_together() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = (
        b'4\r\nWiki\r\n6;ext="a"\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nTrailer: x\r\n\r\n'
    )
    assert get(says(head + chunks)).body == b"Wikipedia in \r\n\r\nchunks."


def test_a_body_without_length_ends_with_the_connection() -> None:
    assert get(says(b"HTTP/1.0 200 OK\r\n\r\nuntil", b" closed")).body == b"until closed"


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body_and_are_not_waited_for(status: int) -> None:
    head = f"HTTP/1.1 {status} Nothing\r\nContent-Length: 9\r\n\r\n".encode()
    assert timed(endless(head, b"", 0.05), 5).status == status
    assert parsed(head).stage is Stage.DONE


def test_interim_answers_are_skipped() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    answer = get(says(b"HTTP/1.1 100 Continue\r\n\r\n" + hints + response(405)))
    assert answer.status == 405
    assert "link" not in answer.headers


def test_bare_newlines_and_a_missing_reason_are_understood() -> None:
    assert get(says(b"HTTP/1.1 200\nContent-Length: 2\n\nok")).body == b"ok"


# What goes wrong


def test_a_closed_port_is_refused() -> None:
    answer = ask(Request(f"http://127.0.0.1:{closed_port()}/"), 5)
    assert answer == Answer(HttpFate.REFUSED, detail="connection refused")


def test_a_connection_closed_without_an_answer_had_our_request() -> None:
    answer = get(says())
    assert (answer.fate, answer.sent) == (HttpFate.CLOSED, True)
    answer = get(resets())
    assert (answer.fate, answer.sent) == (HttpFate.CLOSED, True)


def test_a_head_that_breaks_off_is_no_answer() -> None:
    assert get(says(b"HTTP/1.1 200 OK\r\nContent-")).fate is HttpFate.CLOSED
    assert get(says(b"HTT")).fate is HttpFate.CLOSED
    assert get(says(b"HTTP/1.1 100 Continue\r\n\r\n")).fate is HttpFate.CLOSED
    assert get(resets(b"HTTP/1.1 200 OK\r\n")).fate is HttpFate.CLOSED


def test_a_body_that_breaks_off_leaves_the_status_known() -> None:
    for script in (says, resets):
        answer = get(script(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\npart"))
        assert (answer.fate, answer.status, answer.body) == (HttpFate.ANSWERED, 200, b"part")


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0\0\0\0",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 2000 High\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: first\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_garbage_is_not_http(garbage: bytes) -> None:
    # The other side waits after it: garbage is known as such at once.
    assert timed(endless(garbage, b"", 0.05), 10).fate is HttpFate.NOT_HTTP


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n",
        b"-4\r\nWiki\r\n",
        b"\r\n",
        b"4\r\nWikiX\r\n",
        b"4\r\nWikiX\n",
        b"1" * 2000,
        b"0x4\r\nWiki",
    ],
)
def test_a_malformed_chunk_ends_the_body_and_keeps_what_came(chunks: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"
    answer = timed(endless(head + chunks, b"", 0.05), 10)
    assert (answer.status, answer.body[:2]) == (200, b"ok")
    assert answer.detail


def test_a_malformed_length_leaves_the_status_known() -> None:
    answer = timed(endless(b"HTTP/1.1 405 No\r\nContent-Length: 1, 2\r\n\r\n", b"", 0.05), 10)
    assert (answer.fate, answer.status) == (HttpFate.ANSWERED, 405)


# Servers that never come to an end


def test_silence_ends_at_the_deadline_and_had_our_request() -> None:
    answer = timed(silent)
    assert (answer.fate, answer.sent) == (HttpFate.NO_ANSWER, True)
    assert answer.detail == "no answer within 0.3 s"


def test_a_listener_that_never_accepts_cannot_outlast_the_deadline() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        for each in crowd:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        began = time.monotonic()
        answer = ask(Request(f"http://127.0.0.1:{port}/"), SHORT)
        assert time.monotonic() - began < SHORT + LATE
        assert (answer.fate, answer.sent) == (HttpFate.NO_ANSWER, False)
        for each in crowd:
            each.close()


def test_a_slow_drip_of_a_head_cannot_outlast_the_deadline() -> None:
    assert timed(endless(b"HTTP/1.1 200 OK\r\n", b"x", 0.02)).fate is HttpFate.NO_ANSWER


def test_a_slow_drip_of_a_body_cannot_outlast_the_deadline() -> None:
    answer = timed(endless(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x", 0.02))
    assert (answer.fate, answer.status) == (HttpFate.ANSWERED, 200)
    assert 0 < len(answer.body) < 999


def test_an_endless_body_is_left_after_the_limit() -> None:
    for head in (b"", b"Content-Length: 10000000000\r\n", b"Transfer-Encoding: chunked\r\n"):
        piece = b"2000\r\n" + b"x" * 8192 + b"\r\n" if b"chunked" in head else b"x" * 8192
        answer = timed(endless(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", piece), 10)
        assert answer.status == 200
        assert len(answer.body) == BODY_LIMIT


@pytest.mark.parametrize(
    "flood", [b"x" * 4096, b"A: b\r\n" * 50, b"A: " + b"b" * 4000 + b"\r\n", b" folded\r\n" * 50]
)
def test_a_flood_of_headers_is_cut_off(flood: bytes) -> None:
    assert timed(endless(b"HTTP/1.1 200 OK\r\nA: b\r\n", flood), 10).fate is HttpFate.NOT_HTTP


def test_endless_interim_answers_are_cut_off() -> None:
    answer = timed(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50), 10)
    assert answer.fate is HttpFate.NOT_HTTP


def test_an_answer_that_comes_before_all_is_sent_is_read() -> None:
    def early(connection: socket.socket) -> None:
        connection.recv(10)
        connection.sendall(response(413))
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.2)
        connection.close()

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=lambda: early(listener.accept()[0]), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        answer = ask(Request(url, "POST", body=b"x" * 20_000_000), 20)
        thread.join()
    assert not answer.sent
    assert answer.fate in {HttpFate.ANSWERED, HttpFate.CLOSED}


def test_a_server_that_never_reads_cannot_outlast_the_deadline() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        began = time.monotonic()
        answer = ask(Request(url, "POST", body=b"x" * 20_000_000), SHORT)
    assert time.monotonic() - began < SHORT + LATE
    assert (answer.fate, answer.sent) == (HttpFate.NO_ANSWER, False)


# What we send


def test_the_request_is_what_it_should_be() -> None:
    with Server(says(response(200))) as server:
        body = '{"text":"壊れた"}'.encode()
        headers = (("Content-Type", "application/json"), ("Authorization", "Bearer t"))
        ask(Request(f"{server.url}/a?b=c#d", "POST", headers, body), 5)
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(server.requests[0])
    request = connection.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method, request.target) == (b"POST", b"/a?b=c")
    assert dict(request.headers) == {
        b"host": f"127.0.0.1:{server.port}".encode(),
        b"content-type": b"application/json",
        b"authorization": b"Bearer t",
        b"user-agent": b"picoclaw-watchdog",
        b"content-length": str(len(body)).encode(),
        b"connection": b"close",
    }
    data = connection.next_event()
    assert isinstance(data, h11.Data)
    assert data.data == body


def test_credentials_in_the_url_are_sent_and_never_shown() -> None:
    with Server(says(b"")) as server:
        answer = ask(Request(f"http://me:p%40ss@127.0.0.1:{server.port}"), 5)
    assert b"Authorization: Basic bWU6cEBzcw==\r\n" in server.requests[0]
    assert b"GET / HTTP/1.1\r\n" in server.requests[0]
    assert "p%40ss" not in repr(answer)


def test_our_own_authorization_goes_before_the_urls() -> None:
    with Server(says(response(200))) as server:
        url = f"http://me:pass@127.0.0.1:{server.port}"
        ask(Request(url, headers=(("authorization", "Bearer mine"),)), 5)
    assert server.requests[0].lower().count(b"authorization") == 1


@pytest.mark.parametrize(
    "request_",
    [
        Request("http://127.0.0.1:1/", headers=(("X", "a\r\nEvil: 1"),)),
        Request("http://127.0.0.1:1/", headers=(("X", "a\nEvil: 1"),)),
        Request("http://127.0.0.1:1/", headers=(("X", "\0"),)),
        Request("http://127.0.0.1:1/", headers=(("X: y\r\nEvil", "1"),)),
        Request("http://127.0.0.1:1/", headers=(("", "1"),)),
        Request("http://127.0.0.1:1/", headers=(("X", "日本"),)),
        Request("http://127.0.0.1:1/", method="GET / HTTP/1.1\r\nEvil: 1"),
        Request("http://127.0.0.1:1/ HTTP/1.1\r\nEvil: 1"),
        Request("http://127.0.0.1:1/a b"),
        Request("http://127.0.0.1:0/"),
        Request("http://127.0.0.1:99999/"),
        Request("http:///path"),
        Request("ftp://127.0.0.1/"),
        Request("file:///etc/passwd"),
        Request("127.0.0.1:80"),
        Request(""),
        Request("http://127.0.0.1/\u2028"),
    ],
)
def test_a_request_that_could_be_misunderstood_is_never_sent(request_: Request) -> None:
    answer = ask(request_, 1)
    assert (answer.fate, answer.sent) == (HttpFate.NAME_UNKNOWN, False)


def test_urls_are_taken_apart_as_the_standard_says() -> None:
    def parts(url: str) -> tuple[str, int, str]:
        place = parse_url(url)
        assert place is not None
        return place.host, place.port, place.path

    assert parts("https://h.example") == ("h.example", 443, "/")
    assert parts("http://h?q=1#frag") == ("h", 80, "/?q=1")
    assert parts("http://[::1]:81/x") == ("::1", 81, "/x")
    assert parts("http://a@evil.example/@good.example") == ("evil.example", 80, "/@good.example")
    assert parts("http://evil.example?@good.example/")[0] == "evil.example"
    assert parse_url("http://evil.example\\@good.example/") is None or (
        parts("http://evil.example\\@good.example/")[0] == "good.example"
    )


def test_the_host_header_has_the_port_only_where_it_is_not_the_schemes() -> None:
    for url, authority in (
        ("http://h/", "h"),
        ("http://h:80/", "h"),
        ("https://h:80/", "h:80"),
        ("http://[::1]:8080/", "[::1]:8080"),
    ):
        place = parse_url(url)
        assert place is not None
        assert place.authority == authority


# Where it goes


def test_localhost_means_ipv6_too() -> None:
    with Server(says(response(200)), socket.AF_INET6) as server:
        answer = ask(Request(f"http://localhost:{server.port}/"), 5)
        direct = ask(Request(f"http://[::1]:{server.port}/"), 5)
    assert (answer.status, direct.status) == (200, 200)


def test_a_given_address_takes_the_place_of_the_name() -> None:
    with Server(says(response(405))) as server:
        url = f"http://public.example:{server.port}/webhook/line"
        answer = ask(Request(url, connect_to="127.0.0.1"), 5)
    assert answer.status == 405
    assert f"Host: public.example:{server.port}\r\n".encode() in server.requests[0]
    assert ask(Request(url, connect_to="no.ip"), 5).fate is HttpFate.NAME_UNKNOWN


def test_an_address_that_swallows_everything_does_not_hide_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Server(says(response(200))) as server, socket.socket() as hole:
        hole.bind(("127.0.0.2", server.port))
        hole.listen(0)
        crowd = [socket.socket() for _ in range(4)]
        for each in crowd:
            each.setblocking(False)
            each.connect_ex(("127.0.0.2", server.port))
        two = tuple(Address(socket.AF_INET, ip) for ip in ("127.0.0.2", "127.0.0.1"))
        monkeypatch.setattr(resolve, "_ask", lambda _: two)
        answer = ask(Request(f"http://two.example:{server.port}/"), 10)
        for each in crowd:
            each.close()
    assert answer.status == 200


def test_a_network_without_route_is_told_from_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ask(Request("http://255.255.255.255/"), 2)
    assert answer.fate is HttpFate.NO_ROUTE
    both = (Address(socket.AF_INET, "255.255.255.255"), Address(socket.AF_INET, "127.0.0.1"))
    monkeypatch.setattr(resolve, "_ask", lambda _: both)
    assert ask(Request(f"http://x.example:{closed_port()}"), 2).fate is HttpFate.REFUSED


def test_no_descriptor_is_left_open() -> None:
    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        silent_url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        before = count()
        for _ in range(3):
            ask(Request(silent_url), 0.05)
            ask(Request(silent_url.replace("http:", "https:")), 0.05)
            ask(Request(f"http://127.0.0.1:{closed_port()}/"), 1)
            ask(Request("http://255.255.255.255/"), 1)
        assert count() == before


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for safe.example and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    made = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=safe.example",
            "-addext",
            "subjectAltName=DNS:safe.example,IP:127.0.0.1",
            *files,
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("no openssl to make a certificate with")
    both = folder / "both.pem"
    both.write_text((folder / "cert").read_text() + (folder / "key").read_text())
    return both


class TlsServer:
    """Answers one request per connection over TLS."""

    def __init__(self, certificate: Path, answer: bytes) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(65536)
                    tls.sendall(self._answer)
            except OSError:
                pass
            connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def tls(certificate: Path) -> Iterator[TlsServer]:
    server = TlsServer(certificate, response(405, b"Method not allowed"))
    yield server
    server.close()


def test_a_certificate_for_the_name_is_accepted(
    tls: TlsServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    url = f"https://safe.example:{tls.port}/webhook/line"
    answer = ask(Request(url, connect_to="127.0.0.1"), 10)
    assert (answer.fate, answer.status, answer.body) == (
        HttpFate.ANSWERED,
        405,
        b"Method not allowed",
    )
    assert ask(Request(f"https://127.0.0.1:{tls.port}/"), 10).status == 405


def test_a_certificate_for_another_name_is_refused(
    tls: TlsServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    url = f"https://other.example:{tls.port}/"
    answer = ask(Request(url, connect_to="127.0.0.1"), 10)
    assert (answer.fate, answer.sent) == (HttpFate.TLS_FAILED, False)
    assert "mismatch" in answer.detail.lower()


def test_a_certificate_from_nobody_we_know_is_refused(
    tls: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    url = f"https://safe.example:{tls.port}/"
    answer = ask(Request(url, connect_to="127.0.0.1"), 10)
    assert answer.fate is HttpFate.TLS_FAILED
    assert "certificate" in answer.detail.lower()


def test_a_folder_of_hashed_certificates_is_enough(
    tls: TlsServer, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", str(certificate)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (tmp_path / f"{hashed}.0").write_text(certificate.read_text().split("-----BEGIN PRIV")[0])
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setattr("picoclaw_watchdog.host.tls.HASHED_FOLDERS", ("/nowhere", str(tmp_path)))
    url = f"https://safe.example:{tls.port}/"
    assert ask(Request(url, connect_to="127.0.0.1"), 10).status == 405


def test_a_handshake_that_never_ends_cannot_outlast_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        began = time.monotonic()
        answer = ask(Request(f"https://127.0.0.1:{port}/"), SHORT)
    assert time.monotonic() - began < SHORT + LATE
    assert (answer.fate, answer.sent) == (HttpFate.NO_ANSWER, False)


def test_a_server_without_tls_fails_the_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def plain() -> None:
            connection, _ = listener.accept()
            connection.sendall(response(400))
            connection.recv(1000)
            connection.close()

        threading.Thread(target=plain, daemon=True).start()
        answer = ask(Request(f"https://127.0.0.1:{listener.getsockname()[1]}/"), 5)
    assert answer.fate is HttpFate.TLS_FAILED


# The parser against another one


@given(st.binary(max_size=3000), st.lists(st.integers(1, 400), max_size=20))
def test_no_bytes_raise_or_grow_beyond_the_limits(data: bytes, cuts: list[int]) -> None:
    for start in (
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        whole = parsed(start + data)
        pieces, rest = [], start + data
        for cut in cuts:
            pieces.append(rest[:cut])
            rest = rest[cut:]
        in_pieces = parsed(*pieces, rest)
        assert in_pieces.stage is whole.stage
        assert (in_pieces.status, in_pieces.headers) == (whole.status, whole.headers)
        assert in_pieces.body == whole.body
        assert len(whole.body) <= BODY_LIMIT
        assert len(whole.headers) <= HEADERS_LIMIT


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=12).filter(
    lambda name: name not in {"content-length", "transfer-encoding", "connection"}
)
VALUES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30
).map(lambda text: text.encode("latin-1"))
HEADERS = st.lists(st.tuples(NAMES.map(str.encode), VALUES), max_size=8)
STATUSES = st.integers(200, 599)
BODIES = st.lists(st.binary(min_size=1, max_size=300), max_size=5)


@settings(deadline=None)
@given(STATUSES, HEADERS, BODIES, st.sampled_from(["length", "chunked", "close"]), st.data())
def test_what_h11_writes_is_read_as_it_was_meant(
    status: int,
    headers: list[tuple[bytes, bytes]],
    body: list[bytes],
    framing: str,
    data: st.DataObject,
) -> None:
    server = h11.Connection(h11.SERVER)
    version = b"1.0" if framing == "close" else b"1.1"
    server.receive_data(b"GET / HTTP/" + version + b"\r\nHost: x\r\n\r\n")
    while not isinstance(server.next_event(), h11.EndOfMessage):
        pass
    written = list(headers)
    if framing == "length":
        written.append((b"content-length", str(sum(map(len, body))).encode()))
    if status in {204, 304}:
        body = []
        written = list(headers)
    try:
        wire = server.send(h11.Response(status_code=status, headers=written)) or b""
    except h11.LocalProtocolError:  # it is stricter about values than the standard
        return
    for piece in body:
        wire += server.send(h11.Data(data=piece)) or b""
    wire += server.send(h11.EndOfMessage()) or b""
    cut = data.draw(st.integers(0, len(wire)))
    parser = parsed(wire[:cut], wire[cut:])
    assert parser.status == status
    assert bytes(parser.body) == b"".join(body)
    for name, value in headers:
        assert value.decode("latin-1").strip() in parser.headers[name.decode()]
    if framing != "close":
        assert parser.stage is Stage.DONE


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.1 100 C\r\n",
                b"A: b\r\n",
                b"Content-Length: 3\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"\r\n",
                b"3\r\nabc\r\n",
                b"0\r\n\r\n",
                b"abc",
            ]
        ),
        max_size=8,
    )
)
def test_what_h11_accepts_we_read_the_same_way(pieces: list[bytes]) -> None:
    wire = b"".join(pieces)
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(wire)
    status, body = 0, b""
    try:
        while True:
            event = client.next_event()
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            elif not isinstance(event, h11.InformationalResponse):
                break
    except h11.RemoteProtocolError:
        return  # ours may be more lenient
    parser = parsed(wire)
    if status:
        assert parser.head_complete
        assert (parser.status, bytes(parser.body)) == (status, body)
    else:
        assert not parser.head_complete


def test_the_limits_are_exact() -> None:
    fields = b"A: b\r\n" * HEADERS_LIMIT
    assert parsed(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n").head_complete
    assert parsed(b"HTTP/1.1 200 OK\r\n" + fields + b"A: b\r\n").stage is Stage.BROKEN
    long = b"A: " + b"b" * HEAD_LIMIT
    assert parsed(b"HTTP/1.1 200 OK\r\n" + long).stage is Stage.BROKEN
    body = b"x" * BODY_LIMIT
    exact = parsed(response(200, body))
    assert (exact.stage, bytes(exact.body)) == (Stage.DONE, body)

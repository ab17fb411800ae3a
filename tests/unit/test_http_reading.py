"""The HTTP client: its parser against another one, and against anything."""

import h11
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.host.http_answer import BODY_LIMIT, HEAD_LIMIT, HEADERS_LIMIT, Stage
from tests.unit.asking import parsed
from tests.unit.servers import response


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

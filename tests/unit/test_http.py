"""The HTTP client: answers, failures, requests, and where they go."""

import os
import socket

import h11
import pytest

from picoclaw_watchdog.host import resolve
from picoclaw_watchdog.host.http import ask, parse_url
from picoclaw_watchdog.host.http_answer import Stage
from picoclaw_watchdog.host.resolve import Address
from picoclaw_watchdog.ports import Answer, HttpFate, Request
from tests.unit.asking import get, parsed, timed
from tests.unit.limits import no_descriptors_left, without_processes
from tests.unit.servers import Server, closed_port, endless, resets, response, says

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


def test_a_request_for_which_there_is_no_descriptor_blames_nobody() -> None:
    with Server(says(response(200))) as server, no_descriptors_left():
        answer = ask(Request(server.url), 5)
    assert answer.fate is HttpFate.STARVED
    assert answer.detail == "too many open files"


def test_without_a_thread_a_number_is_asked_and_a_name_is_not() -> None:
    with Server(says(response(204))) as server:
        said = without_processes(
            "from picoclaw_watchdog.ports import Request\n"
            f"for url in ({server.url!r}, 'http://localhost:{server.port}', 'http://x.example/'):\n"
            "    print(http.ask(Request(url), 5).fate.value)"
        )
    assert said.split() == ["answered", "answered", "starved"]

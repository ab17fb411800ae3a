"""The HTTP client: servers that never come to an end."""

import socket
import threading
import time

import pytest

from picoclaw_watchdog.host.http import ask
from picoclaw_watchdog.host.http_answer import BODY_LIMIT
from picoclaw_watchdog.ports import HttpFate, Request
from tests.unit.asking import LATE, SHORT, timed
from tests.unit.servers import endless, response, silent


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

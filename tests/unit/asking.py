"""The client asks a scripted server once; the parser is fed in pieces."""

import time

from picoclaw_watchdog.host.http import ask
from picoclaw_watchdog.host.http_answer import AnswerParser
from picoclaw_watchdog.ports import Answer, Request
from tests.unit.servers import Script, Server

SHORT = 0.3
LATE = 10.0  # how much later an answer may come on a busy machine


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

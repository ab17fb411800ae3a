"""Whole cycles with channels beside LINE and with a dead-man's switch; the real Apprise."""

import json
from collections.abc import Callable, Iterator

import pytest

from picoclaw_watchdog.demo.box import Box
from tests.mock.conftest import MakeHost
from tests.mock.cycles import bring_back_ollama, cycle, status
from tests.mock.test_messages import break_ollama
from tests.unit.servers import Server, response, says, silent

SLOW = {"EXTERNAL_TIMEOUT_SEC": "6"}  # a loaded machine needs some seconds to import Apprise
UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


class Hook:
    """A server that a channel sends to, on loopback."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = f"json://127.0.0.1:{server.port}/"

    def titles(self) -> list[str]:
        bodies = [request.partition(b"\r\n\r\n")[2] for request in self.server.requests]
        return [json.loads(body)["title"] for body in bodies]


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Server(says(response(200))) as server:
        yield Hook(server)


@pytest.fixture
def make(make_host: MakeHost) -> Callable[..., Box]:
    return lambda **settings: make_host({**SLOW, **settings})


def test_every_channel_is_told_once(make: Callable[..., Box], hook: Hook) -> None:
    host = make(APPRISE_URLS=f"warning>{hook.url}")
    break_ollama(host)
    cycle(host, 2)
    assert len(host.messages()) == 1
    (title,) = hook.titles()
    assert title in host.messages()[0].text
    bring_back_ollama(host)
    cycle(host)
    assert len(host.messages()) == len(hook.titles()) == 2, "the all-clear follows the alert"
    assert status(host)["couriers"] == []


def test_a_line_that_is_away_does_not_hold_back_the_others(
    make: Callable[..., Box], hook: Hook
) -> None:
    host = make(APPRISE_URLS=hook.url)
    host.line_down()
    break_ollama(host)
    cycle(host, 2)
    assert len(hook.titles()) == 1
    host.line_up()
    cycle(host, 2)
    assert len(host.messages()) == 1
    assert len(hook.titles()) == 1


def test_a_channel_that_hangs_neither_delays_line_nor_repeats_it(
    make: Callable[..., Box],
) -> None:
    with Server(silent) as server:
        url = f"json://127.0.0.1:{server.port}/?rto=120"
        host = make(APPRISE_URLS=url, EXTERNAL_TIMEOUT_SEC="3")
        break_ollama(host)
        cycle(host, 2)
        assert len(host.messages()) == 1
        assert len(server.requests) == 1
    known = {"name": "json", "waiting": 1, "trouble": "no answer in time"}
    assert status(host)["couriers"] == [known]


def test_without_line_the_others_are_enough(make: Callable[..., Box], hook: Hook) -> None:
    host = make(APPRISE_URLS=hook.url, LINE_NOTIFY_ENABLED="false")
    break_ollama(host)
    cycle(host, 2)
    assert len(hook.titles()) == 1
    assert "not sent" not in host.log()
    assert status(host)["waiting_messages"] == 0


def test_when_lines_messages_run_short_the_lesser_go_by_the_others(
    make: Callable[..., Box], hook: Hook
) -> None:
    host = make(APPRISE_URLS=f"critical>{hook.url}")
    host.order("line", limit=200, used=195)
    break_ollama(host)
    cycle(host, 3)
    assert host.messages() == []
    assert len(hook.titles()) == 1, "below its gravity, but better there than nowhere"
    assert status(host)["waiting_messages"] == 0


def test_no_address_is_in_the_log_or_the_snapshot(make: Callable[..., Box]) -> None:
    with Server(says(response(404))) as server:
        host = make(
            APPRISE_URLS=f"json://127.0.0.1:{server.port}/hunter2-secret",
            HEARTBEAT_URL=f"{server.url}/ping/hunter2-secret",
        )
        break_ollama(host)
        cycle(host)
    said = host.log() + json.dumps(status(host))
    assert "error=404" in said
    assert "HTTP 404" in said
    assert "hunter2" not in said


# ---- the dead-man's switch


def test_the_switch_hears_of_what_the_owner_is_told(make: Callable[..., Box]) -> None:
    with Server(says(response(200, b"OK"))) as server:
        host = make(HEARTBEAT_URL=f"{server.url}/ping/{UUID}")
        cycle(host)
        break_ollama(host)
        forget_the_last_call(host)
        cycle(host)
        bring_back_ollama(host)
        forget_the_last_call(host)
        cycle(host)
    heads = [request.split(b"\r\n")[0].decode() for request in server.requests]
    assert heads == [
        f"POST /ping/{UUID} HTTP/1.1",
        f"POST /ping/{UUID}/fail HTTP/1.1",
        f"POST /ping/{UUID} HTTP/1.1",
    ]


def test_a_switch_that_never_answers_is_called_after_the_mending(
    make: Callable[..., Box],
) -> None:
    healthy: list[bool] = []
    hosts: list[Box] = []
    with Server(lambda *_: healthy.extend(host.is_healthy() for host in hosts)) as server:
        hosts.append(make(HEARTBEAT_URL=f"{server.url}/api/push/{UUID}"))
        forget_the_last_call(hosts[0])
        hosts[0].kill_gateway()
        cycle(hosts[0])
    assert healthy == [True]


def forget_the_last_call(host: Box) -> None:
    path = host.state_dir / "status.json"
    document = json.loads(path.read_text("utf-8"))
    document.pop("heartbeat")
    path.write_text(json.dumps(document), "utf-8")

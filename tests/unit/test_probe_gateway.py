"""The probes of the gateway: ports and health."""

import socket
import time

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Means
from picoclaw_watchdog.probes.health import look as health_of
from picoclaw_watchdog.probes.http_sights import Expectation, observed, observed_here
from picoclaw_watchdog.probes.listen import look as ports_of
from picoclaw_watchdog.probes.ollama import look as ollama_of
from picoclaw_watchdog.probes.ready import look as ready_of
from picoclaw_watchdog.probes.webhook import look_public
from tests.unit.probing import DEADLINE, GOOD, WORLD, FakeNetwork, bad, seen, world
from tests.unit.servers import Script, Server, closed_port, response, says, silent, site

# Ports


def test_both_ports_open_is_good() -> None:
    network = FakeNetwork(listening=frozenset({18790, 18791, 22}))
    assert seen(ports_of(Settings(), world(network), 1)) == GOOD


@pytest.mark.parametrize(
    ("open_ports", "closed"),
    [({18790}, "18791"), ({18791}, "18790"), (set[int](), "18790, 18791")],
)
def test_a_closed_port_is_named(open_ports: set[int], closed: str) -> None:
    network = FakeNetwork(listening=frozenset(open_ports))
    observation = ports_of(Settings(), world(network), 1)
    assert seen(observation) == bad(Sight.PORT_CLOSED)
    assert observation.detail == closed


def test_ports_that_cannot_be_looked_at_are_unknown() -> None:
    observation = ports_of(Settings(), world(FakeNetwork(listening=None)), 1)
    assert seen(observation) == (Verdict.UNKNOWN, Sight.PROBE_BROKEN)


def test_ports_that_cannot_be_looked_at_for_want_of_descriptors_say_so() -> None:
    short = Means(shortage=("no file can be opened",))
    observation = ports_of(Settings(), world(FakeNetwork(listening=None), short), 1)
    assert seen(observation) == (Verdict.UNKNOWN, Sight.OUT_OF_PROCESSES)
    assert observation.detail == "no file can be opened"


def test_a_real_listener_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as two:
        ports = (one.getsockname()[1], two.getsockname()[1])
        settings = Settings(gateway_port=ports[0], line_webhook_port=ports[1])
        assert seen(ports_of(settings, WORLD, 1)) == GOOD


# Health


def look_health(script: Script, deadline: float = DEADLINE) -> Observation:
    with Server(script) as server:
        return health_of(Settings(health_url=f"{server.url}/health"), WORLD, deadline)


def test_health_200_is_good() -> None:
    script = site({"GET /health": (200, {"status": "ok", "uptime": "4m35s"})})
    observation = look_health(script)
    assert seen(observation) == GOOD
    assert observation.asked.endswith("/health")
    assert observation.status == 200


@pytest.mark.parametrize(
    ("script", "sight", "detail"),
    [
        (says(response(500)), Sight.WRONG_STATUS, "500"),
        (says(response(301, b"", [("Location", "/")])), Sight.MOVED, "301 -> /"),
        (says(response(401)), Sight.NEEDS_KEY, "401"),
        (site({}), Sight.NOT_FOUND, "404"),
        (says(b""), Sight.NO_ANSWER, "closed without an answer"),
        (says(b"SSH-2.0-x\r\n"), Sight.NOT_HTTP, "no HTTP status line"),
    ],
)
def test_any_other_health_is_bad_and_says_why(script: Script, sight: Sight, detail: str) -> None:
    observation = look_health(script)
    assert seen(observation) == bad(sight)
    assert observation.detail == detail


def test_a_hung_gateway_is_bad_by_the_deadline() -> None:
    began = time.monotonic()
    assert seen(look_health(silent, 0.3)) == bad(Sight.NO_ANSWER)
    assert time.monotonic() - began < 10


def test_a_refused_connection_is_bad() -> None:
    settings = Settings(health_url=f"http://127.0.0.1:{closed_port()}/health")
    assert seen(health_of(settings, WORLD, DEADLINE)) == bad(Sight.REFUSED)


def test_without_an_address_there_is_nothing_to_look_at() -> None:
    nothing = Settings(health_url="", ready_url="", ollama_models_url="", webhook_url="")
    for observation in (
        health_of(nothing, WORLD, 1),
        ready_of(nothing, WORLD, 1),
        ollama_of(nothing, WORLD, 1),
        look_public(nothing, WORLD, 1),
    ):
        assert seen(observation) == (Verdict.UNKNOWN, Sight.NO_ADDRESS)


def test_the_gateway_is_not_blamed_where_nobody_could_be_reached() -> None:
    for fate in (HttpFate.NAME_UNKNOWN, HttpFate.NO_ROUTE):
        lost = Answer(fate)
        assert observed_here(Probe.HEALTH, lost, Expectation(), "").verdict is Verdict.UNKNOWN
        assert observed(Probe.OLLAMA, lost, Expectation(), "").verdict is Verdict.BAD


@pytest.mark.parametrize(
    ("script", "sight"),
    [
        (
            says(response(200, b"<!doctype html><title>OpenClaw Control</title>")),
            Sight.ANOTHER_PROGRAM,
        ),
        (says(response(200, b'{"app":"browser-control"}')), Sight.ANOTHER_PROGRAM),
        (says(response(200, b'{"status":"error"}')), Sight.SAYS_ERROR),
        (says(response(503, b'{"status":"starting"}')), Sight.READY_STARTING),
        (says(response(503, b"")), Sight.WRONG_STATUS),
    ],
)
def test_an_answer_that_is_no_health_is_told_from_silence(script: Script, sight: Sight) -> None:
    assert seen(look_health(script)) == bad(sight)

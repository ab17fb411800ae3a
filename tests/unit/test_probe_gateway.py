"""The probes of the gateway and of Ollama: listen, health, ready, webhook, ollama, route."""

import json
import socket
import time

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate
from picoclaw_watchdog.probes.health import look as health_of
from picoclaw_watchdog.probes.http_sights import beside, expect, expect_here, quoted
from picoclaw_watchdog.probes.listen import look as ports_of
from picoclaw_watchdog.probes.ollama import look as ollama_of
from picoclaw_watchdog.probes.ready import look as ready_of
from picoclaw_watchdog.probes.route import look as route_of
from picoclaw_watchdog.probes.webhook import look_local as webhook_of
from picoclaw_watchdog.probes.webhook import look_public
from tests.unit.probing import FakeNetwork, world
from tests.unit.servers import Script, Server, closed_port, response, says, silent, site

WORLD = world()
DEADLINE = 10.0

Seen = tuple[Verdict, Sight]
GOOD = (Verdict.GOOD, Sight.AS_EXPECTED)


def seen(observation: Observation) -> Seen:
    return observation.verdict, observation.sight


def bad(sight: Sight) -> Seen:
    return Verdict.BAD, sight


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
    assert look_health(script) == Observation(Probe.HEALTH, Verdict.GOOD, Sight.AS_EXPECTED)


@pytest.mark.parametrize(
    ("script", "sight", "detail"),
    [
        (says(response(500)), Sight.WRONG_STATUS, "500"),
        (says(response(301, b"", [("Location", "/")])), Sight.WRONG_STATUS, "301"),
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
        assert expect_here(Probe.HEALTH, Answer(fate), 200).verdict is Verdict.UNKNOWN
        assert expect(Probe.OLLAMA, Answer(fate), 200).verdict is Verdict.BAD


@pytest.mark.parametrize("fate", [fate for fate in HttpFate if fate is not HttpFate.ANSWERED])
def test_every_way_an_exchange_can_end_has_its_sight(fate: HttpFate) -> None:
    assert expect(Probe.OLLAMA, Answer(fate), 200).verdict is Verdict.BAD


# Ready


def check(name: str, status: str, message: str = "ok") -> dict[str, object]:
    return {"name": name, "status": status, "message": message}


def look_ready(status: int, content: object) -> Observation:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    with Server(says(response(status, body))) as server:
        return ready_of(Settings(ready_url=f"{server.url}/ready"), WORLD, DEADLINE)


def not_ready(*checks: dict[str, object]) -> dict[str, object]:
    named = {str(each["name"]): each for each in checks}
    return {"status": "not ready", "uptime": "", "checks": named}


def test_ready_200_is_good_whatever_it_says() -> None:
    assert seen(look_ready(200, b"anything")) == GOOD


@pytest.mark.parametrize(
    "content",
    [
        {"status": "not ready", "uptime": "1s"},
        {"status": "not ready", "checks": {}},
        {"status": "not ready", "checks": None},
    ],
)
def test_a_503_without_checks_is_what_stock_releases_always_say(content: object) -> None:
    assert seen(look_ready(503, content)) == (Verdict.GOOD, Sight.READY_STOCK)


def test_a_503_for_ollama_alone_is_ollamas_fault() -> None:
    observation = look_ready(
        503,
        not_ready(
            check("ollama", "fail", "unreachable: dial tcp"),
            check("ollama_models", "fail", "not loaded: a"),
            check("other", "ok"),
        ),
    )
    assert seen(observation) == bad(Sight.READY_OLLAMA)
    assert observation.detail == "ollama: unreachable: dial tcp; ollama_models: not loaded: a"


def test_a_503_for_anything_else_as_well_is_the_gateways_fault() -> None:
    content = not_ready(check("ollama", "fail", "gone"), check("database", "fail", "locked"))
    observation = look_ready(503, content)
    assert seen(observation) == bad(Sight.READY_FAILING)
    assert observation.detail == "ollama: gone; database: locked"


def test_a_503_though_every_check_passes_is_failing() -> None:
    assert seen(look_ready(503, not_ready(check("ollama", "ok")))) == bad(Sight.READY_FAILING)


@pytest.mark.parametrize(
    "checks",
    [{"db": "broken"}, {"db": None}, {"db": {}}, {"db": {"status": 1, "message": ["x"]}}],
)
def test_checks_of_another_shape_count_as_failing(checks: object) -> None:
    content = {"status": "not ready", "checks": checks}
    assert seen(look_ready(503, content)) == bad(Sight.READY_FAILING)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Service Unavailable",
        b"[]",
        b"{}",
        b'{"error":1}',
        b'{"status":"no',
        b"\xff",
        b"[" * 60000,
    ],
)
def test_a_503_from_somebody_else_is_a_wrong_status(body: bytes) -> None:
    observation = look_ready(503, body)
    assert seen(observation) == bad(Sight.WRONG_STATUS)
    assert observation.detail == "503"


def test_other_statuses_are_wrong() -> None:
    assert seen(look_ready(404, {"status": "not ready"})) == bad(Sight.WRONG_STATUS)


def test_a_detail_is_one_line_without_credentials() -> None:
    message = 'Get "http://user:hunt@er2@host/api":\n\r\x1b[31m\u2028 dial tcp\x00 ' + "x" * 1000
    detail = look_ready(503, not_ready(check("ollama", "fail", message))).detail
    assert "er2" not in detail
    assert detail.startswith('ollama: Get "http://***@host/api": dial tcp\ufffd x')
    assert len(detail.splitlines()) == 1
    assert len(detail) == 300


# Webhook


def look_local(own: Script | None, gateway: Script | None, deadline: float = 5) -> Observation:
    """What is seen with these behind the webhook's port and the gateway's."""
    with Server(own or silent) as one, Server(gateway or silent) as two:
        settings = Settings(
            line_webhook_port=one.port if own else closed_port(),
            gateway_port=two.port if gateway else closed_port(),
        )
        return webhook_of(settings, WORLD, deadline)


SERVED = site({"GET /webhook/line": (405, b"Method not allowed\n")})
HEALTH_ONLY = site({"GET /health": (200, {"status": "ok"})})


def test_a_served_webhook_refuses_the_method() -> None:
    assert seen(look_local(SERVED, HEALTH_ONLY)) == GOOD


def test_a_webhook_on_the_gateways_port_is_good_too() -> None:
    assert seen(look_local(None, SERVED)) == (Verdict.GOOD, Sight.SHARED_PORT)
    assert seen(look_local(HEALTH_ONLY, SERVED)) == (Verdict.GOOD, Sight.SHARED_PORT)


def test_a_dead_webhook_is_bad_for_what_its_own_port_said() -> None:
    assert seen(look_local(None, HEALTH_ONLY)) == bad(Sight.REFUSED)
    assert seen(look_local(None, None)) == bad(Sight.REFUSED)
    assert seen(look_local(HEALTH_ONLY, HEALTH_ONLY)) == bad(Sight.WRONG_STATUS)
    assert seen(look_local(silent, SERVED, 0.3)) == bad(Sight.NO_ANSWER)


def test_one_port_for_both_is_asked_once() -> None:
    with Server(HEALTH_ONLY) as server:
        settings = Settings(line_webhook_port=server.port, gateway_port=server.port)
        assert seen(webhook_of(settings, WORLD, 5)) == bad(Sight.WRONG_STATUS)
        assert server.paths() == ["/webhook/line"]


def test_the_path_is_the_owners() -> None:
    with Server(site({"GET /hook": (405, b"")})) as server:
        settings = Settings(line_webhook_port=server.port, webhook_path="/hook")
        assert seen(webhook_of(settings, WORLD, 5)) == GOOD


def test_the_public_webhook_is_looked_at_where_it_is_known() -> None:
    with Server(SERVED) as server:
        url = f"{server.url}/webhook/line"
        assert seen(look_public(Settings(webhook_url=url), WORLD, 5)) == GOOD
        assert seen(look_public(Settings(), WORLD, 5, url)) == GOOD
        elsewhere = f"http://127.0.0.1:{closed_port()}/"
        mine = Settings(webhook_url=url)
        assert seen(look_public(mine, WORLD, 5, elsewhere)) == GOOD, "the owner's goes first"


def test_a_502_from_the_ingress_is_told_as_such() -> None:
    with Server(says(response(502))) as server:
        observation = look_public(Settings(webhook_url=server.url), WORLD, 5)
    assert seen(observation) == bad(Sight.WRONG_STATUS)
    assert observation.detail == "502"


def test_a_public_name_that_nobody_knows_is_bad() -> None:
    url = "https://" + "a" * 300 + ".invalid/webhook/line"
    observation = look_public(Settings(webhook_url=url), WORLD, 5)
    assert seen(observation) == bad(Sight.NAME_UNKNOWN)


# Ollama


def test_ollama_is_good_when_it_lists_its_models() -> None:
    with Server(site({"GET /v1/models": (200, {"object": "list", "data": None})})) as server:
        settings = Settings(ollama_models_url=f"{server.url}/v1/models")
        assert seen(ollama_of(settings, WORLD, 5)) == GOOD
    assert seen(ollama_of(settings, WORLD, 5)) == bad(Sight.REFUSED)


# Route


def test_a_route_and_a_name_server_are_good() -> None:
    network = FakeNetwork()
    assert seen(route_of(Settings(), world(network), 1)) == GOOD
    assert network.resolved == ["api.line.me"]


def test_a_missing_route_is_bad_and_nobody_is_asked() -> None:
    network = FakeNetwork(route=False)
    assert seen(route_of(Settings(), world(network), 1)) == bad(Sight.NO_ROUTE)
    assert network.resolved == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2:8080", "LOCALHOST", "[::1]:80"])
def test_a_stand_in_for_line_on_this_host_needs_no_route(host: str) -> None:
    network = FakeNetwork(route=False, resolves=False)
    settings = Settings(line_push_endpoint=f"http://{host}/push")
    assert seen(route_of(settings, world(network), 1)) == GOOD


def test_a_name_server_that_does_not_answer_is_bad() -> None:
    for known in (True, None):
        network = FakeNetwork(route=known, resolves=False)
        observation = route_of(Settings(), world(network), 1)
        assert seen(observation) == bad(Sight.NAME_UNKNOWN)
        assert observation.detail == "api.line.me"


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("https://u:secret@line.example/push", "line.example"),
        ("http://[2001:db8::1]:80/", "2001:db8::1"),
        ("", "api.line.me"),
    ],
)
def test_the_name_asked_for_is_the_one_messages_go_to(endpoint: str, name: str) -> None:
    network = FakeNetwork()
    route_of(Settings(line_push_endpoint=endpoint), world(network), 1)
    assert network.resolved == [name]


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:8080/push", "http://[::1]:80/push"])
def test_a_host_without_a_way_out_needs_none_where_messages_stay_on_it(endpoint: str) -> None:
    network = FakeNetwork(route=False, resolves=False)
    observation = route_of(Settings(line_push_endpoint=endpoint), world(network), 1)
    assert observation.verdict is Verdict.GOOD


# Shared


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h:1/v1/models", "http://h:1/api/tags"),
        ("http://h:1/v1/models/", "http://h:1/api/tags"),
        ("http://h/proxy/v1/models?x=1", "http://h/proxy/api/tags"),
        ("http://u:p@h/other", "http://u:p@h/api/tags"),
        ("https://h", "https://h/api/tags"),
    ],
)
def test_another_call_of_the_same_api_lies_beside_the_one_we_know(url: str, expected: str) -> None:
    assert beside(url, "/v1/models", "/api/tags") == expected


def test_a_quotation_leaves_ordinary_text_alone() -> None:
    assert quoted(Settings(), "接続できません: a/b@c") == "接続できません: a/b@c"

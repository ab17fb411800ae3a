"""The probe `ready`: whose fault is it that the gateway is not?"""

import json

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.probes import fit
from picoclaw_watchdog.probes.health import look as health_of
from picoclaw_watchdog.probes.ready import look as ready_of
from tests.unit.probing import DEADLINE, GOOD, WORLD, bad, seen
from tests.unit.servers import Reply, Server, response, says, site


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
    assert observation.status == 503


@pytest.mark.parametrize(
    ("status", "sight"),
    [(404, Sight.NOT_FOUND), (401, Sight.NEEDS_KEY), (302, Sight.MOVED), (500, Sight.WRONG_STATUS)],
)
def test_other_statuses_are_what_they_say(status: int, sight: Sight) -> None:
    assert seen(look_ready(status, {"status": "not ready"})) == bad(sight)


def test_a_detail_is_one_line_without_credentials() -> None:
    message = 'Get "http://user:hunt@er2@host/api":\n\r\x1b[31m\u2028 dial\x00 tcp ' + "x" * 1000
    detail = fit(look_ready(503, not_ready(check("ollama", "fail", message))), ()).detail
    assert "er2" not in detail
    assert detail.startswith('ollama: Get "http://***@host/api": dial\ufffd tcp x')
    assert len(detail.splitlines()) == 1
    assert len(detail) == 300


# Successors and neighbours


@pytest.mark.parametrize(
    ("status", "content", "verdict", "sight"),
    [
        (503, {"ready": False}, Verdict.GOOD, Sight.READY_STOCK),
        (503, {"ready": False, "failing": [], "uptimeMs": 1}, Verdict.GOOD, Sight.READY_STOCK),
        (503, {"ready": False, "failing": ["startup-sidecars"]}, Verdict.BAD, Sight.READY_STARTING),
        (
            503,
            {"ready": False, "failing": ["startup", "warmup"]},
            Verdict.BAD,
            Sight.READY_STARTING,
        ),
        (503, {"status": "starting"}, Verdict.BAD, Sight.READY_STARTING),
        (503, {"ready": False, "failing": ["llm-provider"]}, Verdict.BAD, Sight.READY_OLLAMA),
        (503, {"ready": False, "failing": ["event-loop"]}, Verdict.BAD, Sight.READY_FAILING),
        (503, {"ready": False, "failing": ["startup-x", "disk"]}, Verdict.BAD, Sight.READY_FAILING),
        (200, {"ready": True, "failing": []}, Verdict.GOOD, Sight.AS_EXPECTED),
        (200, {"status": "ready", "uptime": "1s"}, Verdict.GOOD, Sight.AS_EXPECTED),
    ],
)
def test_every_gateway_is_read_in_its_own_way(
    status: int, content: object, verdict: Verdict, sight: Sight
) -> None:
    assert seen(look_ready(status, content)) == (verdict, sight)


@pytest.mark.parametrize(
    "name",
    ["ollama", "Ollama_models", "llm", "llm:chat", "model.worker", "provider-openai", "embedding"],
)
@pytest.mark.parametrize("as_list", [True, False])
def test_checks_of_what_the_gateway_needs_are_not_its_own(name: str, *, as_list: bool) -> None:
    fails, well = check(name, "fail", "gone"), check("database", "ok")
    checks: object = [fails, well] if as_list else {name: fails, "database": well}
    assert seen(look_ready(503, {"status": "degraded", "checks": checks})) == bad(
        Sight.READY_OLLAMA
    )


@pytest.mark.parametrize("name", ["database", "modeling", "disk", "mcp", "providence"])
def test_a_check_of_its_own_is_the_gateways_fault(name: str) -> None:
    content = {"status": "not ready", "checks": [check(name, "fail"), check("ollama", "fail")]}
    assert seen(look_ready(503, content)) == bad(Sight.READY_FAILING)


def look_health(pages: dict[str, Reply]) -> tuple[Observation, list[str]]:
    with Server(site(pages)) as server:
        observation = health_of(Settings(health_url=f"{server.url}/health"), WORLD, DEADLINE)
        return observation, server.paths()


def test_a_health_that_fails_for_ollama_alone_is_ollamas_fault() -> None:
    checks = [check("ollama", "fail", "dial tcp: refused"), check("agent", "ok")]
    observation, asked = look_health({"GET /health": (503, {"status": "down", "checks": checks})})
    assert seen(observation) == bad(Sight.READY_OLLAMA)
    assert observation.detail == "ollama: dial tcp: refused"
    assert asked == ["/health"]


def test_a_health_that_names_nothing_is_asked_whether_it_lives() -> None:
    down: Reply = (503, {"status": "unavailable"})
    live, asked = look_health({"GET /health": down, "GET /health/live": (200, {"status": "ok"})})
    assert seen(live) == bad(Sight.READY_OLLAMA)
    assert asked == ["/health", "/health/live"]
    dead, _ = look_health({"GET /health": down})
    assert seen(dead) == bad(Sight.WRONG_STATUS)
    app, _ = look_health({"GET /health": down, "GET /health/live": (200, b"<html>")})
    assert seen(app) == bad(Sight.WRONG_STATUS), "a web app's page to any path is no proof"


def test_a_health_that_fails_for_itself_is_its_own_fault() -> None:
    for name in ("agent", "database", "mcp"):
        checks = [check("ollama", "fail"), check(name, "fail")]
        pages: dict[str, Reply] = {
            "GET /health": (503, {"status": "down", "checks": checks}),
            "GET /health/live": (200, {"status": "ok"}),
        }
        assert seen(look_health(pages)[0]) == bad(Sight.WRONG_STATUS)

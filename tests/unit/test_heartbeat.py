"""The dead-man's switch: what it is told, in which form, and that it is in nobody's way."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from benchmarks.cycle_cost.healthy_host import HealthyHost, Public

from picoclaw_watchdog.channels.heartbeat import Form, Health, call_for, form_of, health_of, is_due
from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import (
    Bag,
    Incident,
    Pause,
    State,
)
from picoclaw_watchdog.core.reasons import Ill
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.heartbeat import DEADLINE, beat, send, words
from picoclaw_watchdog.engine.report import Report
from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.host.network import HostNetwork
from tests.unit.letters import a_fault, at
from tests.unit.servers import Server, closed_port, response, says, silent
from tests.unit.standins.world import FakeLog, a_world
from tests.unit.test_quiet_path import run

UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
TOLD = Settings(line_notify_enabled=True)
DOWN = Incident("gateway-1", targets.GATEWAY, Ill.SERVICE_DOWN, at(0), alerted=True)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        (f"https://hc-ping.com/{UUID}", Form.HEALTHCHECKS),
        ("https://hc-ping.com/pingkey/my-slug?create=1", Form.HEALTHCHECKS),
        (f"http://192.168.1.5:8000/ping/{UUID}", Form.HEALTHCHECKS),
        ("https://checks.example.com/ping/key/slug", Form.HEALTHCHECKS),
        ("http://kuma:3001/api/push/AbCdEf12?status=up&msg=OK&ping=", Form.KUMA),
        ("https://example.com/kuma/api/push/AbCdEf12", Form.KUMA),
        ("https://nosnch.in/c2354d53d2", Form.PLAIN),
        ("https://example.com/", Form.PLAIN),
        ("https://example.com", Form.PLAIN),
    ],
)
def test_the_address_says_the_form(url: str, form: Form) -> None:
    assert form_of(url) is form


def test_what_the_host_is_is_what_the_owner_is_told_of() -> None:
    blip = DOWN._replace(alerted=False)
    assert health_of(TOLD, State(), at(0)) is Health.WELL
    assert health_of(TOLD, State(incidents=(blip,)), at(0)) is Health.WELL
    assert health_of(TOLD, State(incidents=(DOWN,)), at(0)) is Health.ILL
    assert health_of(TOLD, State(incidents=(DOWN._replace(acked=True),)), at(0)) is Health.ILL


def test_a_pause_is_well_until_it_ends() -> None:
    paused = State(incidents=(DOWN,), paused=Pause(at(60).wall))
    assert health_of(TOLD, paused, at(0)) is Health.PAUSED
    assert health_of(TOLD, paused, at(61)) is Health.ILL
    assert health_of(TOLD, paused._replace(paused=Pause(None)), at(99)) is Health.PAUSED


def test_where_nobody_can_be_told_the_outside_must_be() -> None:
    letter = a_fault("gateway")
    waiting = State(outbox=(letter,))
    assert health_of(TOLD, waiting, at(599)) is Health.WELL
    assert health_of(TOLD, waiting, at(601)) is Health.UNTOLD
    told_by_another = waiting._replace(told=(("gateway", at(10)),))
    assert health_of(TOLD, told_by_another, at(601)) is Health.WELL
    in_a_bag = State(bags=(Bag("tgram", letters=(letter,)),))
    assert health_of(TOLD, in_a_bag, at(601)) is Health.UNTOLD
    refused = State(channel_trouble="HTTP 401")
    assert health_of(TOLD, refused, at(0)) is Health.UNTOLD
    two = TOLD._replace(apprise_urls=("notice>tgram://a",))
    assert health_of(two, refused, at(0)) is Health.WELL
    assert health_of(Settings(), State(incidents=(DOWN,)), at(0)) is Health.UNTOLD
    assert health_of(Settings(), State(), at(0)) is Health.WELL


def test_healthchecks_is_posted_to() -> None:
    url = f"https://hc-ping.com/{UUID}"
    assert call_for(url, Health.WELL, "fine", 5) == ("POST", url, "fine")
    assert call_for(url, Health.PAUSED, "fine", 5) == ("POST", url, "fine")
    assert call_for(url, Health.ILL, "ill", 5) == ("POST", f"{url}/fail", "ill")
    assert call_for(f"{url}/start", Health.UNTOLD, "ill", 5) == ("POST", f"{url}/fail", "ill")
    by_name = call_for("https://hc-ping.com/key/slug?create=1", Health.ILL, "ill", 5)
    assert by_name is not None
    assert by_name.url == "https://hc-ping.com/key/slug/fail?create=1"


def test_kuma_is_asked_with_status_words_and_milliseconds() -> None:
    call = call_for(
        "http://k:3001/api/push/Ab?status=up&msg=OK&ping=", Health.ILL, "停止 & é?", 123
    )
    assert call is not None
    parts = urlsplit(call.url)
    assert (call.method, parts.path, call.body) == ("GET", "/api/push/Ab", "")
    assert parse_qs(parts.query) == {"status": ["down"], "msg": ["停止 & é?"], "ping": ["123"]}


def test_a_plain_address_hears_of_life_and_of_what_nobody_else_can_tell_by_silence() -> None:
    url = "https://example.com/beat?x=1"
    assert call_for(url, Health.WELL, "", 0) == ("GET", url, "")
    assert call_for(url, Health.ILL, "", 0) == ("GET", url, "")
    assert call_for(url, Health.UNTOLD, "", 0) is None


def test_no_more_than_five_calls_a_minute_whatever_the_interval() -> None:
    calls, last = 0, None
    for second in range(60):
        if is_due(last, 1000.0 + second):
            calls, last = calls + 1, 1000.0 + second
    assert calls == 5
    assert is_due(2000.0, 1999.0), "a clock that was set back does not silence it"


def test_the_words_are_the_owners_and_hold_no_detail() -> None:
    ill = State(incidents=(DOWN._replace(detail="token hunter2"),))
    assert words(TOLD, State(), Health.WELL) == "all is well"
    assert words(TOLD, ill, Health.ILL) == "the gateway is down"
    japanese = TOLD._replace(language="ja")
    assert words(japanese, State(), Health.PAUSED) == "一時停止中"
    assert "届いていません; " in words(japanese, ill, Health.UNTOLD)


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, ""), (201, ""), (301, "leads to"), (404, "copy the address"), (429, "too often")],
)
def test_an_answer_is_judged(status: int, said: str) -> None:
    with Server(says(response(status, b"{}"))) as server:
        settings = Settings(heartbeat_url=f"{server.url}/api/push/hunter2")
        call = call_for(settings.heartbeat_url, Health.WELL, "fine", 1)
        assert call is not None
        trouble = send(settings, HostNetwork(), call)
    assert (said in trouble) if said else trouble == ""
    assert "hunter2" not in trouble


def test_a_service_that_is_away_or_silent_is_logged_and_nothing_else() -> None:
    log = FakeLog()
    world = a_world(log=log)._replace(network=HostNetwork())
    report = Report(at(0), at(1), State(), None, None)  # type: ignore[arg-type]  # it needs no look
    away = Settings(heartbeat_url=f"http://127.0.0.1:{closed_port()}/ping/{UUID}")
    beat(away, world, report)
    with Server(silent) as server:
        began = monotonic()
        beat(Settings(heartbeat_url=f"{server.url}/ping/{UUID}"), world, report)
        assert monotonic() - began < 4 * DEADLINE
    beat(Settings(heartbeat_url=away.heartbeat_url), world._replace(network=None), report)  # type: ignore[arg-type]
    assert len(log.lines) == 3
    assert all(line.startswith("WARN heartbeat NG beat ") for line in log.lines)
    assert not any(UUID in line for line in log.lines)


# ---- with the real cycle


@pytest.fixture(scope="module")
def host() -> Iterator[HealthyHost]:
    with HealthyHost(Public.HTTP) as made:
        run(made)
        yield made


def with_heartbeat(host: HealthyHost, url: str) -> dict[str, str]:
    return {**host.environ, "PICOCLAW_WATCHDOG_HEARTBEAT_URL": url}


class Beating:
    """The healthy host with a heartbeat in its environment."""

    def __init__(self, host: HealthyHost, url: str) -> None:
        self.environ = with_heartbeat(host, url)


def rested(host: HealthyHost) -> None:
    """As if the last call was long ago."""
    path = host.pico_home / "state/watchdog/status.json"
    document = json.loads(path.read_text())
    document.pop("heartbeat", None)
    path.write_text(json.dumps(document))


def test_a_quiet_cycle_calls_once_and_not_again_at_once(host: HealthyHost) -> None:
    rested(host)
    with Server(says(response(200, b"OK"))) as server:
        beating = Beating(host, f"{server.url}/ping/{UUID}")
        run(beating)  # type: ignore[arg-type]  # all it needs
        run(beating)  # type: ignore[arg-type]
        (request,) = server.requests
    assert request.startswith(f"POST /ping/{UUID} HTTP/1.1\r\n".encode())
    assert request.endswith(b"\r\n\r\nall is well")
    assert UUID not in host.log_file.read_text()


def test_it_comes_after_the_snapshot(host: HealthyHost) -> None:
    rested(host)
    path = host.pico_home / "state/watchdog/status.json"
    seen: list[bool] = []
    with Server(lambda _, __: seen.append("heartbeat" in json.loads(path.read_text()))) as server:
        run(Beating(host, f"{server.url}/ping/{UUID}"))  # type: ignore[arg-type]
    assert seen == [True]
    assert "target=heartbeat result=NG action=beat" in host.log_file.read_text()


def test_it_costs_a_quiet_cycle_two_modules_and_without_an_address_none(
    host: HealthyHost,
) -> None:
    rested(host)
    without = set(run(host)["modules"])
    with Server(says(response(200, b"OK"))) as server:
        beats = set(run(Beating(host, f"{server.url}/ping/{UUID}"))["modules"])  # type: ignore[arg-type]
        assert len(server.requests) == 1
    ours = {"picoclaw_watchdog.channels.heartbeat", "picoclaw_watchdog.engine.heartbeat"}
    assert beats - without == ours
    assert not without & ours

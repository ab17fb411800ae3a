"""The probe `route`: one witness alone is no proof that the network is down."""

import pytest

from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request
from picoclaw_watchdog.probes.outside import line_url
from picoclaw_watchdog.probes.route import look as route_of
from tests.unit.probing import GOOD, FakeNetwork, bad, seen, unknown, world

ANSWERED = Answer(HttpFate.ANSWERED, 404)
SILENT = Answer(HttpFate.NO_ANSWER)
NO_ROUTE = Answer(HttpFate.NO_ROUTE, detail="network is unreachable")
UNKNOWN_NAME = Answer(HttpFate.NAME_UNKNOWN, detail="Temporary failure in name resolution")


def network(line: Answer, by_number: Answer = SILENT, *, route: bool | None = True) -> FakeNetwork:
    def answer(request: Request) -> Answer:
        return by_number if request.connect_to else line

    return FakeNetwork(answer, route=route)


def test_a_world_that_answers_is_good_and_nobody_else_is_asked() -> None:
    asked = network(ANSWERED)
    assert seen(route_of(Settings(), world(asked), 1)) == GOOD
    assert [each.url for each in asked.asked] == ["https://api.line.me/"]
    assert asked.asked[0].headers == (), "no token is shown"


@pytest.mark.parametrize("route", [True, False, None])
@pytest.mark.parametrize(
    "fate",
    [
        HttpFate.ANSWERED,
        HttpFate.REFUSED,
        HttpFate.CLOSED,
        HttpFate.TLS_FAILED,
        HttpFate.CERTIFICATE_REFUSED,
        HttpFate.NO_CERTIFICATES,
    ],
)
def test_whoever_is_reached_proves_the_way_whatever_the_tables_say(
    fate: HttpFate, *, route: bool | None
) -> None:
    assert seen(route_of(Settings(), world(network(Answer(fate), route=route)), 1)) == GOOD


@pytest.mark.parametrize("line", [SILENT, NO_ROUTE, UNKNOWN_NAME])
def test_a_missing_route_is_the_second_witness(line: Answer) -> None:
    asked = network(line, route=False)
    observation = route_of(Settings(), world(asked), 1)
    assert seen(observation) == bad(Sight.NO_ROUTE)
    assert observation.detail.startswith("no default route, and https://api.line.me/: ")
    assert len(asked.asked) == 1


@pytest.mark.parametrize("route", [True, None])
def test_names_that_nobody_knows_while_nobody_is_there_by_number_are_bad(
    *, route: bool | None
) -> None:
    for by_number in (SILENT, NO_ROUTE):
        observation = route_of(Settings(), world(network(UNKNOWN_NAME, by_number, route=route)), 1)
        assert seen(observation) == bad(Sight.NAME_UNKNOWN)
        assert "Temporary failure" in observation.detail


@pytest.mark.parametrize("line", [SILENT, NO_ROUTE, UNKNOWN_NAME])
def test_a_world_that_is_there_by_number_is_not_down(line: Answer) -> None:
    observation = route_of(Settings(), world(network(line, ANSWERED)), 1)
    assert seen(observation) == GOOD
    assert observation.detail.startswith("the world is reached by number, but ")


def test_an_ipv6_only_host_reaches_the_number_of_its_own_family() -> None:
    def answer(request: Request) -> Answer:
        return ANSWERED if ":" in request.connect_to else NO_ROUTE

    assert seen(route_of(Settings(), world(FakeNetwork(answer)), 1)) == GOOD


def test_silence_on_all_sides_with_a_way_out_is_no_proof() -> None:
    assert seen(route_of(Settings(), world(network(SILENT, SILENT)), 1)) == unknown(Sight.NO_ANSWER)


@pytest.mark.parametrize(
    ("fate", "sight"),
    [
        (HttpFate.STARVED, Sight.OUT_OF_PROCESSES),
        (HttpFate.PROXY_FAILED, Sight.PROXY_NEEDED),
    ],
)
def test_our_own_inability_is_not_the_networks(fate: HttpFate, sight: Sight) -> None:
    asked = network(Answer(fate), route=False)
    assert seen(route_of(Settings(), world(asked), 1)) == unknown(sight)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2:8080", "LOCALHOST", "[::1]:80"])
def test_a_stand_in_for_line_on_this_host_needs_no_way_out(host: str) -> None:
    asked = network(NO_ROUTE, route=False)
    settings = Settings(line_push_endpoint=f"http://{host}/push")
    observation = route_of(settings, world(asked), 1)
    assert observation.verdict is Verdict.GOOD
    assert asked.asked == []


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://u:secret@line.example/push?x=1", "https://line.example/"),
        ("http://[2001:db8::1]:80/v2", "http://[2001:db8::1]:80/"),
        ("https://line.example", "https://line.example/"),
        ("", "https://api.line.me/"),
        ("nonsense", "https://api.line.me/"),
    ],
)
def test_the_address_asked_is_the_one_messages_go_to(endpoint: str, url: str) -> None:
    assert line_url(Settings(line_push_endpoint=endpoint)) == url

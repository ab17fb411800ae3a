"""The probe `host`: is it this machine that cannot see? Two witnesses, or no verdict."""

from email.utils import formatdate

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Means, Request
from picoclaw_watchdog.probes import PROBES
from tests.unit.probing import GOOD, FakeNetwork, bad, seen, world
from tests.unit.standins.world import VirtualClock

NOW = VirtualClock().now().wall
EXPIRED, TOO_YOUNG, NO_ISSUER, SELF_SIGNED, OTHER_NAME = 10, 9, 20, 18, 62


def dated(ahead: float = 0.0) -> Answer:
    """An answer of somebody whose clock is so many seconds ahead of ours."""
    return Answer(HttpFate.ANSWERED, 404, {"date": formatdate(NOW + ahead, usegmt=True)})


def refused(reason: int, fate: HttpFate = HttpFate.CERTIFICATE_REFUSED) -> Answer:
    return Answer(fate, detail=f"verify error {reason}", reason=reason)


LOST = Answer(HttpFate.NO_ANSWER, detail="no answer within 2 s")
UNREACHED = Answer(HttpFate.NO_ROUTE)


def look(
    line: Answer,
    means: Means | None = None,
    *,
    plain: Answer = UNREACHED,
    number: Answer = UNREACHED,
    proxy: Answer = UNREACHED,
    ollama: Answer = UNREACHED,
    ollama_url: str = "http://127.0.0.1:11434/v1/models",
    route: bool | None = True,
) -> Observation:
    """What is seen with these answers of LINE, of LINE without TLS, and of the others."""

    def answer(request: Request) -> Answer:
        if request.connect_to:
            return number
        table = {"https://api.line.me/": line, "http://api.line.me/": plain, ollama_url: ollama}
        return table.get(request.url, proxy)

    where = world(FakeNetwork(answer, route=route), means, clock=VirtualClock())
    settings = Settings(ollama_models_url=ollama_url)
    return PROBES[Probe.HOST].look(settings, where, 5)


def test_a_host_that_has_all_it_needs_is_good() -> None:
    assert seen(look(dated())) == GOOD


# Clock


@pytest.mark.parametrize("reason", [EXPIRED, TOO_YOUNG])
@pytest.mark.parametrize("ahead", [86_400 * 400, -86_400 * 400, 301, -301])
def test_a_certificates_dates_and_anothers_clock_make_ours_wrong(reason: int, ahead: float) -> None:
    observation = look(refused(reason), plain=dated(ahead))
    assert seen(observation) == bad(Sight.CLOCK_WRONG)
    assert f"verify error {reason}" in observation.detail
    assert f"{abs(ahead):.0f} s {'behind' if ahead > 0 else 'ahead of'}" in observation.detail


@pytest.mark.parametrize(
    ("line", "means"),
    [
        (refused(TOO_YOUNG), Means(clock_kept=False)),
        (refused(TOO_YOUNG), Means(built=NOW + 90_000)),
        (dated(600), Means(clock_kept=False)),
        (dated(-9_000), Means(built=NOW + 90_000)),
        (LOST, Means(clock_kept=False, built=NOW + 90_000)),
    ],
)
def test_any_two_witnesses_do(line: Answer, means: Means) -> None:
    assert seen(look(line, means)) == bad(Sight.CLOCK_WRONG)


def test_the_clock_of_a_far_ollama_is_a_witness_where_line_says_nothing() -> None:
    far = "http://100.83.207.6:11434/v1/models"
    unkept = Means(clock_kept=False)
    wrong = look(LOST, unkept, ollama=dated(4_000), ollama_url=far)
    assert seen(wrong) == bad(Sight.CLOCK_WRONG)
    assert seen(look(LOST, unkept, ollama=dated(100), ollama_url=far)) == GOOD


@pytest.mark.parametrize(
    ("line", "means"),
    [
        (refused(EXPIRED), Means(clock_kept=True)),  # LINE's own certificate has expired
        (dated(4_000), Means(clock_kept=True)),  # LINE's own clock is wrong
        (dated(), Means(clock_kept=False)),  # a virtual machine
        (dated(200), Means(clock_kept=False)),
        (dated(), Means(built=NOW + 90_000)),
        (Answer(HttpFate.ANSWERED, 404, {"date": "yesterday"}), Means(clock_kept=False)),
        (refused(OTHER_NAME), Means(clock_kept=False)),
    ],
)
def test_one_witness_alone_does_not_make_the_clock_wrong(line: Answer, means: Means) -> None:
    assert seen(look(line, means)) == GOOD


# Certificates


@pytest.mark.parametrize("reason", [NO_ISSUER, SELF_SIGNED, 19, 21])
def test_no_ca_store_is_ours_and_not_the_others(reason: int) -> None:
    means = Means(authorities=False, authorities_words="no CA certificates in /x or /y")
    observation = look(refused(reason, HttpFate.NO_CERTIFICATES), means)
    assert seen(observation) == bad(Sight.NO_CERTIFICATES)
    assert observation.detail.startswith("no CA certificates in /x or /y; https://api.line.me/: ")


def test_a_store_that_knows_neither_of_two_issuers_is_not_whole() -> None:
    whole = Means(authorities=True)
    observation = look(refused(NO_ISSUER), whole, number=refused(NO_ISSUER))
    assert seen(observation) == bad(Sight.NO_CERTIFICATES)
    assert "dns.google" in observation.detail


@pytest.mark.parametrize("number", [Answer(HttpFate.ANSWERED, 200), LOST, refused(OTHER_NAME)])
def test_one_certificate_that_nobody_knows_is_theirs(number: Answer) -> None:
    assert seen(look(refused(NO_ISSUER), Means(authorities=True), number=number)) == GOOD


def test_a_missing_store_is_nobodys_ill_while_line_is_verified() -> None:
    assert seen(look(dated(), Means(authorities=False))) == GOOD


# Proxy

PROXIED = Means(proxy_elsewhere="http://me:pw@proxy.corp:3128", proxy_named_in="/etc/environment")


@pytest.mark.parametrize(
    "line",
    [
        LOST,
        UNREACHED,
        Answer(HttpFate.REFUSED, detail="connection refused"),
        Answer(HttpFate.NAME_UNKNOWN),
    ],
)
def test_a_proxy_that_this_host_has_and_we_do_not_is_named(line: Answer) -> None:
    observation = look(line, PROXIED, proxy=Answer(HttpFate.ANSWERED, 400))
    assert seen(observation) == bad(Sight.PROXY_NEEDED)
    assert "/etc/environment names http://proxy.corp:3128" in observation.detail
    assert "pw" not in observation.detail


@pytest.mark.parametrize(
    ("line", "means", "proxy"),
    [
        (LOST, Means(), Answer(HttpFate.ANSWERED, 400)),  # nobody names one
        (LOST, PROXIED, LOST),  # it is not there either: the network
        (dated(), PROXIED, Answer(HttpFate.ANSWERED, 400)),  # it goes without
        (Answer(HttpFate.TLS_FAILED), PROXIED, Answer(HttpFate.ANSWERED, 400)),
    ],
)
def test_a_proxy_is_not_needed_on_one_witness(line: Answer, means: Means, proxy: Answer) -> None:
    assert seen(look(line, means, proxy=proxy)) == GOOD


def test_a_proxy_of_ours_that_refuses_is_named() -> None:
    line = Answer(HttpFate.PROXY_FAILED, detail="the proxy proxy.corp:3128 answers 407")
    observation = look(line)
    assert seen(observation) == bad(Sight.PROXY_NEEDED)
    assert "answers 407" in observation.detail


# Resolver

NO_NAME = Answer(HttpFate.NAME_UNKNOWN, detail="Temporary failure in name resolution")


@pytest.mark.parametrize("servers", [(), ("192.0.2.53",), None])
@pytest.mark.parametrize(
    "number", [Answer(HttpFate.ANSWERED, 200), Answer(HttpFate.REFUSED), refused(NO_ISSUER)]
)
def test_names_that_fail_while_numbers_answer_are_the_resolvers(
    servers: tuple[str, ...] | None, number: Answer
) -> None:
    observation = look(NO_NAME, Means(name_servers=servers), number=number)
    assert seen(observation) == bad(Sight.NO_RESOLVER)
    assert "Temporary failure" in observation.detail


def test_no_name_server_at_all_is_a_witness_too() -> None:
    assert seen(look(NO_NAME, Means(name_servers=()))) == bad(Sight.NO_RESOLVER)


@pytest.mark.parametrize(
    ("means", "route"),
    [
        (Means(name_servers=("192.0.2.53",)), True),
        (Means(name_servers=()), False),
        (Means(), True),
    ],
)
def test_names_that_fail_while_nobody_answers_are_the_networks(
    means: Means, *, route: bool
) -> None:
    assert seen(look(NO_NAME, means, route=route)) == GOOD


# Limits


def test_a_shortage_that_was_seen_twice_is_told_before_anybody_is_asked() -> None:
    network = FakeNetwork()
    short = Means(shortage=("no thread can be started", "no program can be started"))
    observation = PROBES[Probe.HOST].look(Settings(), world(network, short), 5)
    assert seen(observation) == bad(Sight.OUT_OF_PROCESSES)
    assert observation.detail == "no thread can be started; no program can be started"
    assert network.asked == []


def test_a_shortage_that_was_seen_once_has_passed_by_itself() -> None:
    assert seen(look(dated(), Means(shortage=("no thread can be started",)))) == GOOD


def test_where_messages_stay_on_this_host_the_world_is_not_asked() -> None:
    network = FakeNetwork()
    settings = Settings(line_push_endpoint="http://127.0.0.1:8080/v2/bot/message/push")
    means = Means(clock_kept=False, authorities=False, name_servers=())
    assert seen(PROBES[Probe.HOST].look(settings, world(network, means), 5)) == GOOD
    assert network.asked == []

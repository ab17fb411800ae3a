"""The probe `webhook`: is it served, here and as the world sees it?"""

from collections.abc import Mapping
from typing import cast

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, Funnel, HttpFate, Node, Request, Tailnet
from picoclaw_watchdog.probes.webhook import look_local as webhook_of
from picoclaw_watchdog.probes.webhook import look_public
from tests.unit.probing import GOOD, WORLD, FakeNetwork, bad, seen, unknown, world
from tests.unit.servers import Reply, Script, Server, closed_port, response, says, silent, site
from tests.unit.standins.world import ScriptedTailnet


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
    assert seen(look_local(HEALTH_ONLY, HEALTH_ONLY)) == bad(Sight.NOT_FOUND)
    assert seen(look_local(silent, SERVED, 0.3)) == bad(Sight.NO_ANSWER)


def test_one_port_for_both_is_asked_once() -> None:
    with Server(HEALTH_ONLY) as server:
        settings = Settings(line_webhook_port=server.port, gateway_port=server.port)
        assert seen(webhook_of(settings, WORLD, 5)) == bad(Sight.NOT_FOUND)
    assert server.paths() == ["/webhook/line"] * 2, "by GET, and because of the 404 by POST"


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


# A webhook that only a POST shows

POST_ONLY: Mapping[str, Reply] = {"POST /webhook/line": (401, {"error": "invalid signature"})}
NAME = "box.tail1234.ts.net"
PUBLIC = f"https://{NAME}/webhook/line"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_webhook_that_asks_a_post_for_its_signature_is_served(status: int) -> None:
    with Server(site({"POST /webhook/line": (status, b"")})) as server:
        settings = Settings(line_webhook_port=server.port, gateway_port=server.port)
        assert seen(webhook_of(settings, WORLD, 5)) == GOOD
    head, _, body = server.requests[1].partition(b"\r\n\r\n")
    assert body == b"{}", "nothing that a handler could act on"
    assert b"signature" not in head.lower()
    assert server.paths()[2] != "/webhook/line", "compared with where nobody serves"


def test_a_webhook_by_post_on_the_shared_port_is_good_too() -> None:
    assert seen(look_local(None, site(POST_ONLY))) == (Verdict.GOOD, Sight.SHARED_PORT)


@pytest.mark.parametrize("status", [401, 403, 400])
def test_who_refuses_every_post_alike_proves_nothing(status: int) -> None:
    def wall(request: Request) -> Answer:
        refused = status if request.method == "POST" else 404
        return Answer(HttpFate.ANSWERED, refused, sent=True)

    assert seen(webhook_of(Settings(), world(FakeNetwork(wall)), 5)) == bad(Sight.NOT_FOUND)


@pytest.mark.parametrize("status", [200, 202, 404, 405, 500])
def test_who_takes_an_unsigned_post_is_no_webhook_of_lines(status: int) -> None:
    with Server(site({"POST /webhook/line": (status, b"")})) as server:
        settings = Settings(line_webhook_port=server.port, gateway_port=server.port)
        assert seen(webhook_of(settings, WORLD, 5)) == bad(Sight.NOT_FOUND)


@pytest.mark.parametrize("status", [200, 302, 401, 500, 502])
def test_nothing_is_posted_where_a_get_says_something_else(status: int) -> None:
    with Server(says(response(status))) as server:
        settings = Settings(line_webhook_port=server.port, gateway_port=server.port)
        webhook_of(settings, WORLD, 5)
    assert all(request.startswith(b"GET ") for request in server.requests)


def answering(local: Mapping[str, int], public: Mapping[str, int]) -> FakeNetwork:
    """Statuses by method for the webhook's path, here and outside; any other path is 404."""

    def answer(request: Request) -> Answer:
        table = local if "//127.0.0.1" in request.url else public
        known = request.url.endswith("/webhook/line")
        status = table.get(request.method, 404) if known else 404
        return Answer(HttpFate.ANSWERED, status, sent=True)

    return FakeNetwork(answer)


def posts(network: FakeNetwork) -> list[str]:
    return [each.url for each in network.asked if each.method == "POST" and NAME in each.url]


def named(name: str) -> Tailnet:
    return cast("Tailnet", ScriptedTailnet(Funnel(), Node("Running", dns_name=name)))


def test_the_public_one_is_posted_to_only_where_the_local_one_needed_it() -> None:
    by_post = {"POST": 401}
    network = answering(by_post, by_post)
    where = world(network, tailnet=named(NAME))
    assert seen(look_public(Settings(), where, 5, PUBLIC)) == GOOD
    assert posts(network)[0] == PUBLIC
    network = answering({"GET": 405}, by_post)
    where = world(network, tailnet=named(NAME))
    assert seen(look_public(Settings(), where, 5, PUBLIC)) == bad(Sight.NOT_FOUND)
    assert posts(network) == []


@pytest.mark.parametrize("other", ["other.tail1234.ts.net", "", "ts.net"])
def test_nothing_is_posted_to_another_name_than_this_nodes(other: str) -> None:
    network = answering({"POST": 401}, {"POST": 401})
    where = world(network, tailnet=named(other))
    seen_there = look_public(Settings(webhook_url=PUBLIC), where, 5)
    assert seen(seen_there) == unknown(Sight.NOT_FOUND), "it cannot be told"
    assert posts(network) == []


def test_a_public_path_that_leads_elsewhere_stays_not_found() -> None:
    network = answering({"POST": 401}, {})
    where = world(network, tailnet=named(NAME))
    assert seen(look_public(Settings(), where, 5, PUBLIC)) == bad(Sight.NOT_FOUND)

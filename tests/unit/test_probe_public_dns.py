"""The probe `public_dns`."""

import json
import socket

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.probes import public_dns
from tests.unit.probing import DEADLINE, GOOD, WORLD, FakeNetwork, bad, seen, unknown, world
from tests.unit.servers import Reply, Server, closed_port, response, site


def dns(*records: tuple[int, str], status: int = 0) -> Reply:
    answer = [{"name": "x.", "type": kind, "TTL": 60, "data": data} for kind, data in records]
    return 200, {"Status": status, "Answer": answer} if answer else {"Status": status}


def look_dns(reply: Reply, deadline: float = DEADLINE) -> tuple[Observation, Server, Server]:
    webhook = site({"GET /webhook/line": (405, b"")})
    with Server(webhook) as ingress, Server(site({"GET /resolve": reply})) as resolver:
        url = f"http://host.example:{ingress.port}/webhook/line"
        observation = public_dns.look(
            Settings(webhook_url=url), WORLD, deadline, resolver=f"{resolver.url}/resolve"
        )
    return observation, ingress, resolver


def test_the_webhook_is_asked_for_at_the_address_the_world_sees() -> None:
    observation, ingress, resolver = look_dns(dns((5, "alias.example."), (1, "127.0.0.1")))
    assert seen(observation) == GOOD
    assert b"Host: host.example:" in ingress.requests[0]
    assert resolver.paths() == ["/resolve?name=host.example&type=A"]


def test_an_address_that_is_dead_is_followed_by_the_next() -> None:
    observation, ingress, _ = look_dns(dns((1, "127.0.0.2"), (1, "127.0.0.1")))
    assert seen(observation) == GOOD
    assert len(ingress.requests) == 1


def test_an_address_that_answers_is_asked_once() -> None:
    _, ingress, _ = look_dns(dns((1, "127.0.0.1"), (1, "127.0.0.1")))
    assert len(ingress.requests) == 1


def test_an_address_that_serves_nothing_is_bad() -> None:
    observation, _, _ = look_dns(dns((1, "127.0.0.2")))
    assert seen(observation) == bad(Sight.REFUSED)


@pytest.mark.parametrize("reply", [dns(status=3), dns(), dns((5, "alias.example."))])
def test_a_name_the_world_does_not_know_is_bad(reply: Reply) -> None:
    observation, _, resolver = look_dns(reply)
    assert seen(observation) == bad(Sight.NAME_UNKNOWN)
    assert observation.detail == "host.example"
    assert [path[-2:] for path in resolver.paths()] == ["=A", "AA"], "IPv6 is asked for as well"


@pytest.mark.parametrize("ip", ["100.64.0.1", "100.127.255.254"])
def test_an_answer_from_the_tailnet_tells_nothing(ip: str) -> None:
    observation, ingress, _ = look_dns(dns((1, ip)))
    assert seen(observation) == unknown(Sight.NO_ADDRESS)
    assert ingress.requests == []


def test_an_ipv6_answer_from_the_tailnet_tells_nothing_either() -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        reply = dns((28, "fd7a:115c:a1e0::1")) if b"type=AAAA" in request else dns()
        connection.sendall(response(200, json.dumps(reply[1]).encode()))

    with Server(script) as resolver:
        settings = Settings(webhook_url="https://host.example/webhook/line")
        observation = public_dns.look(settings, WORLD, DEADLINE, resolver=resolver.url)
    assert seen(observation) == unknown(Sight.NO_ADDRESS)


@pytest.mark.parametrize("reply", [(500, b""), (200, b"<html>"), dns(status=2), (200, {})])
def test_a_resolver_that_does_not_say_is_no_verdict(reply: Reply) -> None:
    assert seen(look_dns(reply)[0]) == unknown(Sight.NO_ANSWER)


@pytest.mark.parametrize("data", ["no address", "::1", "1.2.3", None])
def test_a_resolver_that_names_no_address_is_no_verdict(data: object) -> None:
    observation, ingress, _ = look_dns((200, {"Status": 0, "Answer": [{"type": 1, "data": data}]}))
    assert (observation.verdict, observation.sight) == (Verdict.UNKNOWN, Sight.NO_ANSWER)
    assert ingress.requests == []


def test_the_tailnets_own_address_is_known_in_every_form() -> None:
    mapped = {"Status": 0, "Answer": [{"type": 28, "data": "::ffff:100.100.1.2"}]}
    observation, ingress, _ = look_dns((200, mapped))
    assert (observation.verdict, observation.sight) == (Verdict.UNKNOWN, Sight.NO_ADDRESS)
    assert ingress.requests == []


def test_a_resolver_that_cannot_be_reached_is_no_verdict() -> None:
    settings = Settings(webhook_url="https://host.example/")
    resolver = f"http://127.0.0.1:{closed_port()}/"
    observation = public_dns.look(settings, WORLD, DEADLINE, resolver=resolver)
    assert seen(observation) == unknown(Sight.NO_ANSWER)


def test_without_a_public_address_nobody_is_asked() -> None:
    network = FakeNetwork()
    assert seen(public_dns.look(Settings(), world(network), 1)) == unknown(Sight.NO_ADDRESS)
    assert network.asked == []
    public_dns.look(Settings(), world(network), 1, "https://said.by.tailscale/webhook/line")
    assert network.asked[0].url.startswith("https://dns.google/resolve?name=said.by.tailscale&")

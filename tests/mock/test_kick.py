import time

from picoclaw_watchdog.demo.box import Box
from tests.mock.conftest import MakeHost
from tests.mock.cycles import cycle, own_writing, spend_budget

TOKEN = "a-long-enough-kick-token-0123456789"
KICKS = {"KICK_ENABLED": "true", "KICK_TOKEN": TOKEN}


def kick(host: Box, action: str, token: str = TOKEN) -> None:
    own_writing(host, "kick_request", f"{action}|{token}|line:U1|{time.time():.0f}\n")


def test_a_kick_restarts_a_healthy_gateway_once(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    kick(host, "restart_gateway")
    cycle(host, 2)
    assert host.gateway_starts() == 2
    assert host.is_healthy()
    assert not (host.state_dir / "kick_request").exists()


def test_a_kick_with_a_wrong_token_is_refused_and_told(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    kick(host, "restart_gateway", "wrong-token-wrong-token-wrong-token")
    cycle(host, 2)
    assert host.gateway_starts() == 1
    assert len(host.messages()) == 1
    assert not (host.state_dir / "kick_request").exists()


def test_a_kick_is_not_served_while_kicks_are_off(host: Box) -> None:
    kick(host, "restart_gateway")
    cycle(host, 2)
    assert host.gateway_starts() == 1


def test_a_kick_obeys_the_budget(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    spend_budget(host, 300, 200, 100)
    kick(host, "restart_gateway")
    cycle(host)
    assert host.gateway_starts() == 1


def test_a_kick_publishes_the_funnel(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    kick(host, "recover_funnel")
    cycle(host)
    assert host.tailscale_commands()[:1] == [f"funnel --bg {host.ports.webhook}"]
    assert host.is_reachable()

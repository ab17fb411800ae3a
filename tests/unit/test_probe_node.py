import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Funnel, Node, Silence, Why
from picoclaw_watchdog.probes import node
from tests.unit.standins.world import ScriptedTailnet, a_world
from tests.unit.tailnet import HOST, OURS, config, from_json

BOTH = Funnel(
    (
        *from_json(config(OURS, host="old.tail1234.ts.net")).entries,
        *from_json(config(OURS)).entries,
    )
)
LOGIN = "https://login.tailscale.com/a/0123456789"


def seen_of(answer: Node | Silence, funnel: Funnel | None = None) -> Observation:
    tailnet = ScriptedTailnet(Funnel(), node=answer)
    return node.look(Settings(), a_world(tailnet=tailnet), 5.0, funnel)


@pytest.mark.parametrize(
    ("answer", "verdict", "sight"),
    [
        (Node("Running", dns_name=HOST), Verdict.GOOD, Sight.AS_EXPECTED),
        (Node("Running", can_funnel=True, can_https=True), Verdict.GOOD, Sight.AS_EXPECTED),
        (Node("Running", online=False), Verdict.UNKNOWN, Sight.NODE_OFFLINE),
        (Node("Running", can_funnel=False), Verdict.BAD, Sight.NOT_ALLOWED),
        (Node("Running", can_https=False), Verdict.BAD, Sight.NOT_ALLOWED),
        (Node("Running", expired=True), Verdict.BAD, Sight.KEY_EXPIRED),
        (Node("NeedsLogin", expired=True), Verdict.BAD, Sight.KEY_EXPIRED),
        (Node("NeedsLogin", can_funnel=False), Verdict.BAD, Sight.LOGGED_OUT),
        (Node("NeedsMachineAuth"), Verdict.BAD, Sight.NOT_APPROVED),
        (Node("Stopped"), Verdict.BAD, Sight.TAILSCALE_STOPPED),
        (Node("Starting"), Verdict.UNKNOWN, Sight.TAILSCALE_STARTING),
        (Node("NoState"), Verdict.UNKNOWN, Sight.TAILSCALE_STARTING),
        (Node("InUseOtherUser"), Verdict.UNKNOWN, Sight.TAILSCALE_SILENT),
        (Silence("none", Why.MISSING), Verdict.UNKNOWN, Sight.TAILSCALE_MISSING),
        (Silence("hangs", Why.TIMED_OUT), Verdict.UNKNOWN, Sight.TAILSCALE_SILENT),
        (Silence("gone", Why.DOWN), Verdict.BAD, Sight.TAILSCALED_DOWN),
    ],
)
def test_each_state_has_its_meaning(answer: Node | Silence, verdict: Verdict, sight: Sight) -> None:
    observation = seen_of(answer)
    assert observation.probe is Probe.NODE
    assert (observation.verdict, observation.sight) == (verdict, sight)


def test_the_address_to_log_in_at_stays_out_of_the_log() -> None:
    observation = seen_of(Node("NeedsLogin", auth_url=LOGIN))
    assert "login.tailscale.com" not in observation.detail
    assert "tailscale up" in observation.detail


def test_what_is_not_allowed_is_named() -> None:
    assert "HTTPS" in seen_of(Node("Running", can_funnel=True, can_https=False)).detail
    assert "Funnel" not in seen_of(Node("Running", can_funnel=True, can_https=False)).detail


def test_a_funnel_under_the_nodes_old_name_is_dead() -> None:
    old = from_json(config(OURS, host="old.tail1234.ts.net"))
    observation = seen_of(Node("Running", dns_name=HOST), old)
    assert (observation.verdict, observation.sight) == (Verdict.BAD, Sight.FUNNEL_ELSEWHERE)
    assert HOST in observation.detail


@pytest.mark.parametrize(
    "funnel",
    [
        from_json(config(OURS)),
        from_json(config(OURS, host=HOST.upper(), port=8443)),
        BOTH,
        Funnel(),
    ],
)
def test_a_funnel_under_the_nodes_name_is_fine(funnel: Funnel) -> None:
    assert seen_of(Node("Running", dns_name=HOST), funnel).verdict is Verdict.GOOD

"""Undoing a drill: long after, twice, after a reboot, and never against its owner."""

import pytest

from picoclaw_watchdog.core.model import Drill, Entry, Stop, UnitFacts, Wishes
from picoclaw_watchdog.core.reasons import Fault
from picoclaw_watchdog.engine.faults import NotPossibleError, make, prepare, undo
from picoclaw_watchdog.ports import Funnel, Silence, Why
from tests.unit.looks import FAILED, RUNNING, SETTINGS, START, at
from tests.unit.standins.world import FakeStore, ScriptedServices, ScriptedTailnet, a_world
from tests.unit.tailnet import HOST, ON, OURS, config, from_json, from_text, serving

INACTIVE = FAILED._replace(active="inactive", sub="dead", result="success")
GATEWAY = Drill(Fault.GATEWAY, at(0), 180.0, "gw.service", "i-1")
SILENCE = Silence("no answer", Why.TIMED_OUT)


def undone(
    drill: Drill, facts: UnitFacts | Silence, wishes: Wishes | None = None
) -> tuple[str, list[str]]:
    services = ScriptedServices(facts)
    world = a_world(services=services, store=FakeStore(said=wishes or Wishes()))
    return undo(SETTINGS, world, drill), services.changes


@pytest.mark.parametrize("active", ["inactive", "failed", "deactivating"])
def test_a_unit_that_is_as_the_drill_left_it_is_started(active: str) -> None:
    assert undone(GATEWAY, INACTIVE._replace(active=active)) == ("", ["start"])


def test_after_a_reboot_a_unit_has_no_instance_and_is_started_too() -> None:
    assert undone(GATEWAY, INACTIVE._replace(instance="")) == ("", ["start"])


@pytest.mark.parametrize(
    "facts", [RUNNING, INACTIVE._replace(instance="i-2"), RUNNING._replace(active="activating")]
)
def test_what_somebody_has_started_since_is_his(facts: UnitFacts) -> None:
    assert undone(GATEWAY, facts) == ("", [])


def test_what_its_owner_wants_stopped_stays_stopped() -> None:
    assert undone(GATEWAY, INACTIVE, Wishes(stopped=Stop(None))) == ("", [])
    over = Wishes(stopped=Stop(START - 1))
    assert undone(GATEWAY, INACTIVE, over) == ("", ["start"])


def test_what_cannot_be_looked_at_is_not_undone_and_says_so() -> None:
    assert undone(GATEWAY, SILENCE) == ("no answer", [])


def test_what_was_frozen_is_let_go_on_whatever_has_become_of_it() -> None:
    frozen = GATEWAY._replace(fault=Fault.HANG)
    assert undone(frozen, RUNNING) == ("", ["signal"])
    assert undone(frozen, INACTIVE) == ("", ["signal"])


def test_a_misled_look_needs_nothing_but_the_end_of_the_record() -> None:
    assert undone(Drill(Fault.OLLAMA, at(0), 1.0), INACTIVE) == ("", [])
    stopped = GATEWAY._replace(fault=Fault.OLLAMA, unit="ollama.service")
    assert undone(stopped, INACTIVE) == ("", ["start"])


ENTRY = Entry(HOST, 443, "/", "http://127.0.0.1:18791")


def test_our_entry_is_switched_off_and_put_back_beside_others() -> None:
    other = config({"/": {"Text": "x"}}, port=8443, public=False)
    tailnet = serving({key: {**other.get(key, {}), **config(OURS)[key]} for key in config(OURS)})  # type: ignore[dict-item]
    before = tailnet.there.serve
    world = a_world(tailnet=tailnet)
    drill = prepare(SETTINGS, world, Fault.FUNNEL, at(0), 180.0)
    assert drill.entry == ENTRY
    assert make(SETTINGS, world, drill) == ""
    assert tailnet.there.serve == other
    assert undo(SETTINGS, world, drill) == ""
    assert tailnet.there.serve == before
    assert undo(SETTINGS, world, drill) == "", "it may be asked for twice"


@pytest.mark.parametrize("port", [18790, 18791])
@pytest.mark.parametrize("public", [443, 8443])
@pytest.mark.parametrize("mount", ["/", "/hook"])
def test_whatever_publishes_the_webhook_alone_on_its_port_can_be_broken(
    port: int, public: int, mount: str
) -> None:
    target = f"http://127.0.0.1:{port}"
    world = a_world(tailnet=serving(config({mount: {"Proxy": target}}, port=public)))
    entry = prepare(SETTINGS, world, Fault.FUNNEL, at(0), 180.0).entry
    assert entry == Entry(HOST, public, mount, target)


@pytest.mark.parametrize(
    ("funnel", "why"),
    [
        (
            from_json(config({**OURS, "/other": {"Proxy": "http://127.0.0.1:3000"}})),
            "funnel_shared",
        ),
        (from_text(ON), "funnel_shared"),
        (Funnel(), "funnel_off"),
        (Silence("tailscale is not installed", Why.MISSING), "no_tailscale"),
        (SILENCE, "tailscale_silent"),
    ],
)
def test_any_other_funnel_is_left_as_it_is(funnel: Funnel | Silence, why: str) -> None:
    world = a_world(tailnet=ScriptedTailnet(funnel))
    with pytest.raises(NotPossibleError, match=why):
        prepare(SETTINGS, world, Fault.FUNNEL, at(0), 180.0)


def test_a_gateway_that_does_not_run_cannot_be_broken() -> None:
    for facts in (INACTIVE, SILENCE):
        world = a_world(services=ScriptedServices(facts))
        with pytest.raises(NotPossibleError, match="not_running"):
            prepare(SETTINGS, world, Fault.GATEWAY, at(0), 180.0)

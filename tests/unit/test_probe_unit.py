import pytest

from picoclaw_watchdog.core.model import UnitFacts
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Silence
from picoclaw_watchdog.probes import unit
from tests.unit.standins.world import ScriptedServices, a_world

INSTANCE = "0c3b6de35b3a4b8d9d7c7b8f0f5a1e22"


def facts(active: str, sub: str, result: str = "success", load: str = "loaded") -> UnitFacts:
    return UnitFacts(load, active, sub, result, INSTANCE)


@pytest.mark.parametrize(
    ("seen", "verdict", "sight"),
    [
        (facts("active", "running"), Verdict.GOOD, Sight.AS_EXPECTED),
        (facts("active", "running", load="masked"), Verdict.GOOD, Sight.AS_EXPECTED),
        (facts("active", "running", load="not-found"), Verdict.GOOD, Sight.AS_EXPECTED),
        (facts("activating", "start"), Verdict.BAD, Sight.UNIT_CHANGING),
        (facts("activating", "auto-restart", "exit-code"), Verdict.BAD, Sight.UNIT_AUTO_RESTART),
        (facts("activating", "auto-restart-queued"), Verdict.BAD, Sight.UNIT_AUTO_RESTART),
        (facts("deactivating", "stop-sigterm"), Verdict.BAD, Sight.UNIT_CHANGING),
        (facts("reloading", "reload"), Verdict.BAD, Sight.UNIT_CHANGING),
        (facts("inactive", "dead"), Verdict.BAD, Sight.UNIT_INACTIVE),
        (facts("failed", "failed", "signal"), Verdict.BAD, Sight.UNIT_FAILED),
        (facts("failed", "failed", "start-limit-hit"), Verdict.BAD, Sight.UNIT_START_LIMIT),
        (facts("inactive", "dead", load="masked"), Verdict.BAD, Sight.UNIT_MASKED),
        (facts("failed", "failed", "signal", load="masked"), Verdict.BAD, Sight.UNIT_MASKED),
        (facts("inactive", "dead", load="not-found"), Verdict.BAD, Sight.UNIT_NOT_FOUND),
        (facts("dreaming", "of sheep"), Verdict.UNKNOWN, Sight.BUS_SILENT),
    ],
)
def test_each_state_has_its_meaning(seen: UnitFacts, verdict: Verdict, sight: Sight) -> None:
    world = a_world(services=ScriptedServices(seen))
    observation, told = unit.look(Settings(), world, 3.0)
    assert observation.probe is Probe.UNIT
    assert (observation.verdict, observation.sight) == (verdict, sight)
    assert told == seen


def test_a_silent_bus_is_not_a_dead_unit() -> None:
    services = ScriptedServices(Silence("Failed to connect to bus: No medium found"))
    observation, told = unit.look(Settings(), a_world(services=services), 3.0)
    assert (observation.verdict, observation.sight) == (Verdict.UNKNOWN, Sight.BUS_SILENT)
    assert observation.detail == "Failed to connect to bus: No medium found"
    assert told is None


def test_the_detail_says_what_systemd_said() -> None:
    seen = facts("failed", "failed", "exit-code", load="bad-setting")
    observation, _ = unit.look(Settings(), a_world(services=ScriptedServices(seen)), 3.0)
    assert observation.detail == "failed (failed), load bad-setting, result exit-code"


def test_the_unit_of_the_settings_is_asked_within_the_deadline() -> None:
    services = ScriptedServices(facts("active", "running"))
    unit.look(Settings(gateway_service="other.service"), a_world(services=services), 2.5)
    assert services.calls == ["show other.service 2.5"]

"""The gateway's unit, as systemd sees it."""

from picoclaw_watchdog.core.model import (
    Observation,
    UnitFacts,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Silence, World

CHANGING = ("activating", "deactivating", "reloading", "refreshing", "maintenance")


def look(settings: Settings, world: World, deadline: float) -> tuple[Observation, UnitFacts | None]:
    """Ask systemd. A bus that does not answer is not a unit that is down."""
    began = world.clock.now()
    facts = world.services.show(settings.gateway_service, deadline)
    took = seconds_between(began, world.clock.now())
    if isinstance(facts, Silence):
        silent = Observation(Probe.UNIT, Verdict.UNKNOWN, Sight.BUS_SILENT, facts.detail, took)
        return silent, None
    verdict, sight = judge(facts)
    return Observation(Probe.UNIT, verdict, sight, _detail(facts), took), facts


def judge(facts: UnitFacts) -> tuple[Verdict, Sight]:
    """What the facts mean. A unit that runs is good even if it is masked or its file is gone."""
    if facts.active == "active":
        return Verdict.GOOD, Sight.AS_EXPECTED
    if facts.active in CHANGING:
        by_itself = facts.active == "activating" and facts.sub.startswith("auto-restart")
        return Verdict.BAD, Sight.UNIT_AUTO_RESTART if by_itself else Sight.UNIT_CHANGING
    if facts.active not in ("inactive", "failed"):
        return Verdict.UNKNOWN, Sight.BUS_SILENT
    if facts.load == "masked":
        return Verdict.BAD, Sight.UNIT_MASKED
    if facts.load == "not-found":
        return Verdict.BAD, Sight.UNIT_NOT_FOUND
    if facts.active == "inactive":
        return Verdict.BAD, Sight.UNIT_INACTIVE
    limited = facts.result == "start-limit-hit"
    return Verdict.BAD, Sight.UNIT_START_LIMIT if limited else Sight.UNIT_FAILED


def _detail(facts: UnitFacts) -> str:
    words = [f"{facts.active} ({facts.sub})"]
    if facts.load != "loaded":
        words.append(f"load {facts.load}")
    if facts.result not in ("", "success"):
        words.append(f"result {facts.result}")
    return ", ".join(words)

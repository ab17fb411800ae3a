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
from picoclaw_watchdog.ports import Silence, Why, World
from picoclaw_watchdog.probes.unit_reasons import why_it_cannot_start, why_it_ended

# Of these systemd waits for something after the start: READY, an exit, a name on the bus. A
# program that never gives it can run and serve all the same.
WAITS_FOR = {
    "notify": "READY=1",
    "notify-reload": "READY=1",
    "oneshot": "its end",
    "forking": "its first process to end",
    "dbus": "its name on the bus",
}
CHANGING = ("activating", "deactivating", "reloading", "refreshing", "maintenance")


def look(settings: Settings, world: World, deadline: float) -> tuple[Observation, UnitFacts | None]:
    """Ask systemd. A bus that does not answer is not a unit that is down."""
    name = settings.gateway_service
    began = world.clock.now()
    facts = world.services.show(name, deadline)
    took = seconds_between(began, world.clock.now())
    if isinstance(facts, Silence):
        sight = Sight.OUT_OF_PROCESSES if facts.why is Why.STARVED else Sight.BUS_SILENT
        return Observation(Probe.UNIT, Verdict.UNKNOWN, sight, facts.detail, took, name), None
    verdict, sight = judge(facts)
    return Observation(Probe.UNIT, verdict, sight, _detail(facts, sight), took, name), facts


def judge(facts: UnitFacts) -> tuple[Verdict, Sight]:
    """What the facts mean. A unit that runs is good even if it is masked or its file is gone."""
    if facts.scope == "system":
        runs = facts.active in ("active", "reloading", "refreshing")
        return Verdict.GOOD if runs else Verdict.BAD, Sight.UNIT_OF_THE_SYSTEM
    if facts.active == "active":
        return Verdict.GOOD, Sight.AS_EXPECTED
    if facts.active in CHANGING:
        return _changing(facts)
    if facts.active not in ("inactive", "failed"):
        return Verdict.UNKNOWN, Sight.BUS_SILENT
    return Verdict.BAD, _at_rest(facts)


def _at_rest(facts: UnitFacts) -> Sight:
    if facts.load in ("masked", "not-found"):
        return Sight.UNIT_MASKED if facts.load == "masked" else Sight.UNIT_NOT_FOUND
    if why_it_cannot_start(facts):
        return Sight.UNIT_CANNOT_START
    if facts.active == "inactive":
        return Sight.UNIT_INACTIVE
    limited = facts.result == "start-limit-hit"
    return Sight.UNIT_START_LIMIT if limited else Sight.UNIT_FAILED


def _changing(facts: UnitFacts) -> tuple[Verdict, Sight]:
    if facts.active == "activating" and facts.sub.startswith("auto-restart"):
        futile = why_it_cannot_start(facts)
        return Verdict.BAD, Sight.UNIT_CANNOT_START if futile else Sight.UNIT_AUTO_RESTART
    if facts.active == "activating" and facts.sub == "start" and facts.kind in WAITS_FOR:
        return Verdict.UNKNOWN, Sight.UNIT_WAITS_FOR_READY
    return Verdict.BAD, Sight.UNIT_CHANGING


def _detail(facts: UnitFacts, sight: Sight) -> str:
    words = [f"{facts.active} ({facts.sub})"]
    if facts.scope == "system":
        words.append("a unit of the system, not of the user")
    if facts.load != "loaded":
        words.append(f"load {facts.load}")
    if sight is Sight.UNIT_WAITS_FOR_READY:
        words.append(f"Type={facts.kind}: systemd still waits for {WAITS_FOR[facts.kind]}")
        return ", ".join(words)
    for reason in (why_it_cannot_start(facts), why_it_ended(facts)):
        if reason:
            words.append(reason)
            break
    return ", ".join(words)

"""Whether what was seen is yet a fault: start-up, settling, confirmation, consecutive failures."""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import (
    Finding,
    Incident,
    Look,
    Moment,
    Pause,
    State,
    Stop,
    UnitFacts,
    seconds_suspended,
)
from picoclaw_watchdog.core.reasons import Fault, Ill, Probe, Sight, Topic, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Target

GATEWAY_PROBES = (Probe.UNIT, Probe.LISTEN, Probe.HEALTH, Probe.READY, Probe.WEBHOOK_LOCAL)

# A host that has slept longer than this needs a moment to find its network again.
SLEPT_SECONDS = 5.0

DRILLED = {
    Fault.GATEWAY: targets.GATEWAY,
    Fault.HANG: targets.GATEWAY,
    Fault.FUNNEL: targets.FUNNEL,
    Fault.OLLAMA: targets.OLLAMA,
}

# Of these both Ollama's policy and its count are kept.
OLLAMA_ILL = (Ill.PEER_DOWN, Ill.PEER_NOT_READY)

# What is told of the owner's own switches, also while paused, and the cooldown's key.
PAUSED_KEY, STOPPED_KEY = "paused", "service_stopped"
REMINDERS = frozenset({Topic.STILL_PAUSED, Topic.STILL_STOPPED, Topic.SWITCHED})


def is_quiet(state: State, look: Look) -> bool:
    """Whether there is nothing to decide: all is well, and nothing is open from before."""
    if any(seen.verdict is Verdict.BAD for seen in look.seen):
        return False
    if look.sight(Probe.UNIT) is Sight.BUS_SILENT or state.paused or state.stopped:
        return False
    counts = (state.health_fails, state.ollama_fails, state.webhook_fails)
    return not any((*counts, state.incidents, state.attempts, state.outbox, state.parcel))


def is_on(switch: Pause | Stop | None, now: Moment) -> bool:
    """Whether a switch of the owner's is set and its time has not come."""
    return switch is not None and (switch.until is None or switch.until > now.wall)


def leaves_alone(stop: Stop | None, unit: UnitFacts | None, now: Moment) -> bool:
    """Whether the gateway does not run because its owner wants it so."""
    if stop is None or unit is None or unit.active == "active":
        return False
    return is_on(stop, now) and not _was_started_since(stop, unit)


def is_planned(state: State, target: Target, look: Look, now: Moment) -> bool:
    """Whether a fault is as the owner wants it: he has paused, or stopped the gateway."""
    if state.paused is not None:
        return True
    return target == targets.GATEWAY and leaves_alone(state.stopped, look.unit, now)


def stop_is_over(stop: Stop, unit: UnitFacts | None, now: Moment) -> bool:
    """Whether there is nothing left to remember of it: it was started, or runs after its time."""
    if unit is None:
        return False
    ended = not is_on(stop, now)
    return _was_started_since(stop, unit) or (ended and unit.active == "active")


def _was_started_since(stop: Stop, unit: UnitFacts) -> bool:
    return bool(stop.instance and unit.instance) and unit.instance != stop.instance


def is_drilled(state: State, target: Target) -> bool:
    """Whether a fault of this target is there on purpose."""
    return state.drill is not None and DRILLED[state.drill.fault] is target


def is_endless(switch: Pause | Stop | None) -> bool:
    """Whether a switch of the owner's never ends by itself: one that can be forgotten."""
    return switch is not None and switch.until is None


def over_keys(state: State) -> set[str]:
    """Reminders whose reason is over: the next one of their kind begins anew."""
    switches = ((PAUSED_KEY, state.paused), (STOPPED_KEY, state.stopped))
    return {key for key, switch in switches if not is_endless(switch)}


def may_tell(state: State) -> bool:
    """Whether anything may be told: while paused only that it is."""
    if state.paused is None:
        return True
    letters = (*state.outbox, *(letter for bag in state.bags for letter in bag.letters))
    return any(letter.topic in REMINDERS for letter in letters)


def is_settling(settings: Settings, state: State, now: Moment) -> bool:
    """Whether the host has just booted or woken up: its network and peers may still come."""
    if now.boot < settings.startup_grace_sec:
        return True
    return state.last_cycle is not None and seconds_suspended(state.last_cycle, now) > SLEPT_SECONDS


def is_starting(settings: Settings, look: Look) -> bool:
    """Whether the gateway runs, but for less than its grace period."""
    unit = look.unit
    if unit is None or unit.active != "active" or unit.started_ago is None:
        return False
    return unit.started_ago < settings.startup_grace_sec


def ready_blames_ollama(look: Look) -> bool:
    """Whether the gateway is well but reports Ollama as ill."""
    return look.sight(Probe.READY) is Sight.READY_OLLAMA and not look.is_bad(Probe.HEALTH)


def is_ill(look: Look) -> bool:
    """Whether the gateway itself fails health or ready."""
    return look.is_bad(Probe.HEALTH) or (look.is_bad(Probe.READY) and not ready_blames_ollama(look))


def health_fails(before: State, look: Look, gateway: Finding | None) -> int:
    """Consecutive cycles, this one included, in which the gateway failed."""
    if gateway is not None and gateway.cause in (Ill.SERVICE_STARTING, Ill.SERVICE_STOPPED):
        return before.health_fails
    if is_ill(look):
        return before.health_fails + 1
    asked = [look.of(Probe.HEALTH), look.of(Probe.READY)]
    if any(seen is not None and seen.verdict is Verdict.UNKNOWN for seen in asked):
        return before.health_fails
    return 0


def ollama_fails(before: State, look: Look, findings: tuple[Finding, ...]) -> int:
    """Consecutive failures of Ollama, this cycle's included.

    The first failure is asked again within its cycle; if that fails too, it is the second.
    """
    found = [finding for finding in findings if finding.target == targets.OLLAMA]
    if any(finding.cause in OLLAMA_ILL for finding in found):
        asked_twice = look.is_bad(Probe.OLLAMA) and look.times_looked(Probe.OLLAMA) > 1
        return before.ollama_fails + (2 if before.ollama_fails == 0 and asked_twice else 1)
    if look.is_bad(Probe.OLLAMA) or ready_blames_ollama(look):
        return before.ollama_fails  # explained by something else
    ollama = look.of(Probe.OLLAMA)
    if ollama is not None and ollama.verdict is Verdict.UNKNOWN:
        return before.ollama_fails
    return 0


def webhook_fails(before: State, look: Look) -> int:
    """Consecutive cycles in which the public webhook failed while the local one was well."""
    if look.is_bad(Probe.WEBHOOK_PUBLIC):
        local_is_dead = look.is_bad(Probe.WEBHOOK_LOCAL)
        return before.webhook_fails if local_is_dead else before.webhook_fails + 1
    return 0 if look.is_good(Probe.WEBHOOK_PUBLIC) else before.webhook_fails


def is_over(settings: Settings, incident: Incident, look: Look) -> bool:
    """Whether there is evidence that it is over: not merely no evidence that it goes on."""
    rare = {
        Probe.LINE_TEST: settings.probe_line_webhook_test,
        Probe.PUBLIC_DNS: settings.probe_public_dns,
        Probe.GENERATION: settings.probe_ollama_generation,
    }
    awaited = [probe for probe in incident.followers if rare.get(probe, False)]
    if incident.cause is Ill.FUNNEL_OFF and look.is_bad(Probe.WEBHOOK_LOCAL):
        return look.is_good(Probe.FUNNEL)  # no answer from outside is another's fault
    return _is_well(incident.target, look) and all(look.is_good(probe) for probe in awaited)


def _is_well(target: Target, look: Look) -> bool:
    if target == targets.GATEWAY:
        return look.is_good(Probe.HEALTH) or look.is_good(Probe.UNIT)
    if target == targets.FUNNEL:
        way_is_open = look.is_good(Probe.FUNNEL) or look.is_good(Probe.WEBHOOK_PUBLIC)
        return way_is_open and not look.is_bad(Probe.WEBHOOK_PUBLIC)
    if target == targets.OLLAMA:
        return look.of(Probe.OLLAMA) is None or look.is_good(Probe.OLLAMA)
    if target == targets.NETWORK:
        ways = (Probe.FUNNEL, Probe.WEBHOOK_PUBLIC, Probe.ROUTE)
        return any(look.is_good(probe) for probe in ways)
    unit = look.of(Probe.UNIT)
    return unit is not None and unit.verdict is not Verdict.UNKNOWN

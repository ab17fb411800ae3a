"""The owner's switches: a pause, a gateway that was stopped on purpose, a fault that is a drill."""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import Look, Moment, Pause, State, Stop, UnitFacts
from picoclaw_watchdog.core.reasons import Fault, Topic
from picoclaw_watchdog.core.targets import Target

DRILLED = {
    Fault.GATEWAY: targets.GATEWAY,
    Fault.HANG: targets.GATEWAY,
    Fault.FUNNEL: targets.FUNNEL,
    Fault.OLLAMA: targets.OLLAMA,
}

# What is told of the owner's own switches, also while paused, and the cooldown's key.
PAUSED_KEY, STOPPED_KEY = "paused", "gateway_stopped"
REMINDERS = frozenset({Topic.STILL_PAUSED, Topic.STILL_STOPPED, Topic.SWITCHED})


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
    return state.drill is not None and DRILLED[state.drill.fault] == target


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

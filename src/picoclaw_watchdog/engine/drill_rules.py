"""What a drill may do, and what it has to show. Pure."""

from collections.abc import Mapping
from typing import Any

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.budget import allowance
from picoclaw_watchdog.core.model import (
    Attempt,
    Incident,
    Moment,
    State,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Fault, Hold
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import DRILLED, is_on
from picoclaw_watchdog.light import NamedTuple

PROMISED = 120.0  # seconds from a fault until it is mended: the founding document's section 9
STALE_INTERVALS = 3
SUPPRESSED_CYCLES = 3  # with Ollama away, before it counts as proven that restarts end
# In this order each finds the gateway old enough to be judged, and the backoff over.
ORDER = (Fault.GATEWAY, Fault.FUNNEL, Fault.OLLAMA, Fault.HANG)
SPENDS = {
    Fault.GATEWAY: targets.RESTART_GATEWAY,
    Fault.FUNNEL: targets.RECOVER_FUNNEL,
    Fault.OLLAMA: targets.RESTART_GATEWAY,
    Fault.HANG: targets.RESTART_GATEWAY,
}


# What is not on this host need not pass where all is drilled.
NOT_HERE = frozenset({"no_ollama", "no_tailscale"})


class Refused(NamedTuple):
    """Why there is no drill now."""

    reason: str
    detail: str = ""
    until: float | None = None  # wall seconds


class Result(NamedTuple):
    """What came of a drill."""

    run: str  # the same for all of one command
    fault: str
    how: str  # what was done: stop, off, override, freeze
    at: float  # wall seconds
    promised: float | None  # seconds; None: what is promised is no time
    found: float | None = None  # seconds from the fault until the watchdog knew of it
    mended: float | None = None  # seconds from the fault until all was well, seen from outside
    restarts: int = 0  # attempts of the watchdog
    messages: int = 0
    passed: bool = False
    why: str = ""  # why not: late, too_many, not_made, interrupted, not_undone, ...
    detail: str = ""


def why_not(
    settings: Settings,
    state: State,
    document: Mapping[str, Any],
    faults: tuple[Fault, ...],
    now: Moment,
) -> Refused | None:
    """Why these faults must not be made now, None where they may.

    Args:
        settings: the owner's wishes.
        state: what is on disk, a planned window included.
        document: the last cycle's snapshot.
        faults: what would be broken, in one go.
        now: the moment of deciding.
    """
    if not settings.enabled:
        return Refused("off")
    if state.paused is not None:
        return Refused("paused", until=state.paused.until)
    if is_on(state.stopped, now):
        return Refused("stopped")
    at = document.get("at")
    if not isinstance(at, (int, float)):
        return Refused("never")
    if now.wall - at > STALE_INTERVALS * settings.interval_sec:
        return Refused("stale")
    if state.incidents or not document.get("healthy"):
        return Refused("unhealthy", ", ".join(each.id for each in state.incidents))
    return _too_little(settings, state, faults, now)


def _too_little(
    settings: Settings, state: State, faults: tuple[Fault, ...], now: Moment
) -> Refused | None:
    """A drill spends the watchdog's attempts, and each must find one left."""
    for action in targets.ACTIONS:
        needed = sum(SPENDS[fault] == action for fault in faults)
        most = settings.restart_max_count
        if needed > most:
            return Refused("budget_small", f"{needed} > {most}")
        for spare in range(needed):
            left, wait = allowance(
                state.attempts,
                action,
                now,
                window=settings.restart_window_sec,
                most=most - spare,
            )
            if left == 0:
                return Refused("budget", f"{needed}", now.wall + wait)
    return None


def incident_of(incidents: tuple[Incident, ...], fault: Fault, since: Moment) -> Incident | None:
    """The first incident that the fault led to."""
    ours = [
        each
        for each in incidents
        if each.target == DRILLED[fault] and each.opened.wall >= since.wall - 1
    ]
    return min(ours, key=lambda each: each.opened.wall, default=None)


def attempts_of(attempts: tuple[Attempt, ...], fault: Fault, since: Moment) -> tuple[Attempt, ...]:
    """What the watchdog has tried since."""
    action = SPENDS[fault]
    return tuple(each for each in attempts if each.action == action and each.at.wall >= since.wall)


def found_after(incident: Incident | None, since: Moment) -> float | None:
    """Seconds from the fault until the watchdog knew of it."""
    return None if incident is None else round(seconds_between(since, incident.opened), 1)


def is_suppressed(document: Mapping[str, Any], since: Moment) -> bool:
    """Whether cycles since then have withheld a restart for Ollama, as the policy wants."""
    lasting = any(
        each["target"] == targets.OLLAMA.name and each["cycles"] >= SUPPRESSED_CYCLES
        for each in document.get("incidents") or ()
    )
    return lasting and any(
        entry["at"] >= since.wall
        and any(
            each["target"] == targets.OLLAMA.name and each["hold"] == Hold.SUPPRESSED.value
            for each in entry["withheld"]
        )
        for entry in document.get("decisions") or ()
    )


def of_mended(result: Result) -> Result:
    """The verdict on a fault that had to be mended in time."""
    if result.mended is None:
        return result._replace(why="late")
    if result.found is None:
        return result._replace(why="unseen")  # somebody else mended it
    late = result.promised is not None and result.mended > result.promised
    return result._replace(passed=not late, why="late" if late else "")


def of_suppressed(result: Result, *, suppressed: bool) -> Result:
    """The verdict on a fault that nothing of ours can mend: no restarts without end."""
    if result.found is None:
        return result._replace(why="unseen")
    if result.restarts > 1:
        return result._replace(why="too_many")
    return result._replace(passed=suppressed, why="" if suppressed else "unsuppressed")

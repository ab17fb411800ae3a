"""Restart the gateway's unit and wait until it is healthy.

`systemctl restart` waits for systemd's job, and a wedged process makes that job last for all of
TimeoutStopSec (90 s by default). So it gets `stop_timeout_sec`, then the unit is killed.
"""

from collections.abc import Callable

from picoclaw_watchdog.core.baseline import start_patience
from picoclaw_watchdog.core.foreign import said
from picoclaw_watchdog.core.model import (
    Moment,
    Outcome,
    Step,
    UnitFacts,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Phase
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Ran, Silence, World

ASK_EVERY = 0.1  # seconds between two questions whether the gateway is healthy
LOOK_EVERY = 1.0  # seconds between two looks at the unit meanwhile
KILLED_WITHIN = 5.0  # seconds a killed unit gets to be gone
COMMAND_SEC = 5.0  # for commands that need no waiting
REFUSED = ("attempted too often", "repeated too quickly", "start-limit-hit")


def mend(settings: Settings, world: World, step: Step, healthy: Callable[[], bool]) -> Outcome:
    """Restart once, by force if need be, and verify.

    Args:
        settings: `gateway_service`, `stop_timeout_sec`, `restart_verify_sec`.
        world: Where to do it.
        step: What to clear out of the way first. Its `after` has passed already.
        healthy: Asks health and ready once.

    Returns:
        DONE the moment `healthy` says so; STARTED where its starts may take longer than we wait;
        else FAILED with the reason in one line.
    """
    began = world.clock.now()

    def failed(detail: str) -> Outcome:
        return Outcome(Phase.FAILED, detail, seconds_between(began, world.clock.now()))

    if step.move_pid is not None and not world.host.move_aside(step.move_pid.path):
        # The gateway refuses to start as long as it is there.
        return failed(f"stale pid file could not be moved: {step.move_pid.path}")
    if step.reset_failed:
        world.services.reset_failed(settings.gateway_service, COMMAND_SEC)
    reason = _restart(settings, world, step.instance)
    if not reason:
        seen = _verify(settings, world, healthy)
        if seen is None and start_patience(settings, step.baseline) > _spent(world, began):
            return failed(_not_yet(settings))._replace(phase=Phase.STARTED)
        reason = _not_yet(settings) if seen is None else seen
    if reason:
        return failed(reason)
    return Outcome(Phase.DONE, took=seconds_between(began, world.clock.now()))


def _not_yet(settings: Settings) -> str:
    return f"not healthy {settings.restart_verify_sec} s after the restart"


def _spent(world: World, began: Moment) -> float:
    return seconds_between(began, world.clock.now())


def _restart(settings: Settings, world: World, old: str) -> str:
    """Restart; answers why it cannot have worked, empty where verifying makes sense."""
    unit = settings.gateway_service
    ran = world.services.restart(unit, settings.stop_timeout_sec)
    if ran.timed_out:
        return _force(settings, world)
    if ran.ok:
        return ""
    facts = world.services.show(unit, COMMAND_SEC)
    if isinstance(facts, Silence):
        return _reason(ran)
    if facts.instance not in ("", old):  # something was started: it may still come up
        return "" if facts.active not in ("failed", "inactive") else _reason(ran)
    if _was_refused(ran, facts):
        # Nothing was started, so this second command is still the one recorded start.
        world.services.reset_failed(unit, COMMAND_SEC)
        ran = world.services.restart(unit, settings.stop_timeout_sec)
        return "" if ran.ok or ran.timed_out else _reason(ran)
    return "" if facts.active == "activating" else _reason(ran)


def _was_refused(ran: Ran, facts: UnitFacts) -> bool:
    complaint = f"{ran.err} {ran.out}".lower()
    limited = facts.active == "failed" and facts.result == "start-limit-hit"
    return limited or any(words in complaint for words in REFUSED)


def _force(settings: Settings, world: World) -> str:
    """The restart has not ended in time: kill what will not stop."""
    unit = settings.gateway_service
    facts = world.services.show(unit, COMMAND_SEC)
    if isinstance(facts, Silence):
        return f"restart not finished after {settings.stop_timeout_sec} s, then {facts.detail}"
    if facts.active != "deactivating":
        return ""  # it takes its time to start
    world.services.kill(unit, COMMAND_SEC)
    began = world.clock.now()
    gone = 0
    while seconds_between(began, world.clock.now()) < KILLED_WITHIN:
        facts = world.services.show(unit, COMMAND_SEC)
        if isinstance(facts, UnitFacts):
            if facts.active in ("active", "activating", "reloading"):
                return ""  # systemd went on with its restart
            gone = gone + 1 if facts.active in ("inactive", "failed") else 0
        if gone > 1:  # one look may fall between systemd's stop and its start
            ran = world.services.restart(unit, settings.stop_timeout_sec)
            return "" if ran.ok or ran.timed_out else _reason(ran)
        world.clock.sleep(ASK_EVERY)
    return "its processes do not end, not even by SIGKILL"


def _verify(settings: Settings, world: World, healthy: Callable[[], bool]) -> str | None:
    """Ask until healthy; answers why not, empty when healthy, None when it may still come."""
    began = looked = world.clock.now()
    ended = ""
    while not healthy():
        now = world.clock.now()
        if seconds_between(began, now) >= settings.restart_verify_sec:
            return None
        if ended or seconds_between(looked, now) >= LOOK_EVERY:
            looked = now
            before, ended = ended, _ended(settings, world)
            if before and ended:  # twice: between two starts of systemd's own it looks ended too
                return ended
        world.clock.sleep(ASK_EVERY)
    return ""


def _ended(settings: Settings, world: World) -> str:
    facts = world.services.show(settings.gateway_service, COMMAND_SEC)
    if isinstance(facts, Silence) or facts.active not in ("failed", "inactive"):
        return ""
    return f"started, then ended: {facts.active}, result {facts.result or 'unknown'}"


def _reason(ran: Ran) -> str:
    """The first line that says something: the later ones only point to the journal."""
    lines = [line.strip() for line in ran.err.splitlines() if line.strip()]
    return (said(lines[0]) if lines else "") or ran.complaint

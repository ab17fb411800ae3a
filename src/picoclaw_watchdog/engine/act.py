"""Carry out one step: record it, take it, verify it, record what became of it."""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.foreign import cleaned, masked, said
from picoclaw_watchdog.core.incidents import ended, intended
from picoclaw_watchdog.core.model import (
    Look,
    Moment,
    Outcome,
    State,
    Step,
    Withheld,
)
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.core.reasons import Hold, Phase, Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.observe import Observer
from picoclaw_watchdog.engine.switches import wishes_now
from picoclaw_watchdog.ports import World
from picoclaw_watchdog.probes import PROBES
from picoclaw_watchdog.recoveries import RECOVERIES, Proof


def strike(
    settings: Settings, world: World, observer: Observer, state: State, step: Step, look: Look
) -> tuple[State, Outcome | Withheld]:
    """Take one step.

    Returns:
        The state with the attempt in it, and what became of it. Where it was not made, because
        the owner has said no meanwhile or because it could not be written down: why.
    """
    if step.after > 0:
        world.clock.sleep(step.after)
    now = world.clock.now()
    forbidden = _forbidden(settings, world, state, step, now)
    if forbidden is not None:
        return state, forbidden
    attempt_id = f"{step.action.name}-{now.wall:.6f}"
    recorded = intended(state, step, attempt_id, now)
    if not world.store.save(recorded):
        return state, Withheld(step.target, step.action, Hold.NOT_RECORDABLE, kicks=step.kicks)
    evidence = _capture(settings, world) if step.capture else ""
    world.log.write("WARN", step.target.name, "NG", step.action.name, f"cause={step.cause.value}")
    proof = _proof(settings, world, observer, look)
    outcome = without_secrets(settings, RECOVERIES[step.action](settings, world, step, proof))
    level, result = ("INFO", "OK") if outcome.phase is Phase.DONE else ("ERROR", "NG")
    detail = outcome.detail or f"verified after {outcome.took:.2f} s"
    world.log.write(level, step.target.name, result, "verify", detail)
    finished = ended(recorded, step, attempt_id, outcome, evidence)
    world.store.save(finished)
    return finished, outcome


def without_secrets(settings: Settings, outcome: Outcome) -> Outcome:
    """What the commands said passes here on its way to the disk and the owner."""
    secrets = secrets_of(settings)
    return outcome._replace(
        detail=said(outcome.detail, secrets),
        lost=tuple(said(entry, secrets) for entry in outcome.lost),
        stands=tuple(said(entry, secrets) for entry in outcome.stands),
        advice=masked(cleaned(outcome.advice), secrets),
    )


def _forbidden(
    settings: Settings, world: World, state: State, step: Step, now: Moment
) -> Withheld | None:
    """What the owner has switched off since the cycle began."""
    held = Withheld(step.target, step.action, Hold.PAUSED, kicks=step.kicks)
    wishes = wishes_now(settings, world.store, now)
    if wishes.paused is not None:
        return held._replace(until=wishes.paused.until)
    stop = wishes.stopped
    if stop is None or stop == state.stopped or step.action != targets.RESTART_GATEWAY:
        return None
    return held._replace(hold=Hold.STOPPED, until=stop.until)


def _proof(settings: Settings, world: World, observer: Observer, look: Look) -> Proof:
    def reachable() -> Verdict:
        # Through a dead webhook nobody can see whether the Funnel works.
        return Verdict.UNKNOWN if look.is_bad(Probe.WEBHOOK_LOCAL) else _from_outside(observer)

    return Proof(healthy=lambda: is_healthy(settings, world), reachable=reachable)


def _capture(settings: Settings, world: World) -> str:
    from picoclaw_watchdog.recoveries import evidence

    path = evidence.capture(settings, world)
    world.log.write("INFO", "gateway", "OK" if path else "NG", "journal", path or "not kept")
    return path


def is_healthy(settings: Settings, world: World) -> bool:
    """Whether a gateway that was just started answers health and ready."""
    deadline = settings.local_timeout_sec
    asked = [probe for probe in (Probe.HEALTH, Probe.READY) if PROBES[probe].is_on(settings)]
    for probe in asked or [Probe.LISTEN]:
        seen = PROBES[probe].look(settings, world, deadline)
        if seen.verdict is not Verdict.GOOD and seen.sight is not Sight.READY_OLLAMA:
            return False
    return True


def _from_outside(observer: Observer) -> Verdict:
    """Whether the public address answers; no address to ask is no answer either way."""
    seen = observer.look((Probe.FUNNEL, Probe.WEBHOOK_PUBLIC)).of(Probe.WEBHOOK_PUBLIC)
    return Verdict.UNKNOWN if seen is None else seen.verdict

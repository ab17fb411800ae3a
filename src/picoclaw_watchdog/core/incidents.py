"""How state changes: every change is one of these functions, each from state to state."""

from collections.abc import Callable

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.diagnose import is_ill, ready_blames_ollama
from picoclaw_watchdog.core.model import (
    Attempt,
    Finding,
    Incident,
    Look,
    Moment,
    Outcome,
    State,
    Step,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Ill, Phase, Probe, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import is_drilled, is_planned, leaves_alone, stop_is_over
from picoclaw_watchdog.core.targets import Kind, Target
from picoclaw_watchdog.core.watched import watched, without_verdict
from picoclaw_watchdog.light import NamedTuple

# Wall and boot clock drift apart by less than this unless somebody sets the wall clock.
CLOCK_SET = 2.0
# Faults that began with a change of the unit's state.
_ENDED = frozenset({Ill.SERVICE_DOWN, Ill.SERVICE_START_LIMIT})

_SAY_LESS = (Ill.SERVICE_STARTING, Ill.PEER_NOT_READY)
# Of these the count is kept that the owner's file shows.
_PEER_FAILS = (Ill.PEER_DOWN, Ill.PEER_NOT_READY)
# Not yet counted as failures of the gateway.
_NO_FAILURE = (Ill.SERVICE_STARTING, Ill.SERVICE_STOPPED)

# Who acknowledged an incident with the command `ack`; kicks name their source.
AT_THE_HOST = "cli"


class Seen(NamedTuple):
    """State after a cycle's last look, and the incidents that ended with it."""

    state: State
    closed: tuple[Incident, ...]


def after_look(
    settings: Settings,
    before: State,
    state: State,
    look: Look,
    findings: tuple[Finding, ...],
    now: Moment,
) -> State:
    """Count failures and open what is new.

    Args:
        settings: what is watched.
        before: the state when the cycle began: what is counted once a cycle counts from there.
        state: the state now, with this cycle's attempts.
        look: all that was seen.
        findings: the root causes.
        now: the moment of judging.
    """
    gateway = next((each for each in findings if each.target == targets.GATEWAY), None)
    found = {finding.target: finding for finding in findings}
    if gateway is not None and leaves_alone(state.stopped, look.unit, now):
        del found[targets.GATEWAY]  # no fault, as long as its owner wants it so
    kept: list[Incident] = []
    for target in (*(each.target for each in watched(settings)), targets.WATCHDOG):
        was = state.incident(target)
        finding = found.get(target)
        if finding is not None:
            unseen = _unseen(before, look, finding, now)
            fresh = _found(was, before.incident(target), finding, now, unseen)
            kept.append(fresh._replace(drill=True) if is_drilled(state, target) else fresh)
        elif was is not None:
            kept.append(was)
    kept = [
        _with_plan(before, each, now) if is_planned(state, each.target, look, now) else each
        for each in kept
    ]
    return state._replace(
        health_fails=health_fails(before, state, look, gateway),
        ollama_fails=ollama_fails(before, look, findings),
        webhook_fails=webhook_fails(before, look),
        unseen=_unseen_cycles(settings, before, state, look),
        incidents=tuple(kept),
    )


def at_the_end(
    settings: Settings,
    state: State,
    look: Look,
    findings: tuple[Finding, ...],
    now: Moment,
) -> Seen:
    """Close what is over, once a cycle has looked at all it wants to look at.

    What mended an incident is credited if it ends in the same cycle, or in the first one after a
    cycle that was killed: one that goes on was not mended, and that it ends later owes nothing
    to an earlier attempt. A start that is still waited for is neither,
    unless it is the boot's.
    """
    found = {finding.target: finding.cause for finding in findings}
    over = [
        each
        for each in state.incidents
        if each.target not in found and is_over(settings, state, each, look)
    ]
    kept = tuple(
        _credited(state, each)
        if found.get(each.target) is Ill.SERVICE_STARTING and each.opened.boot_id == now.boot_id
        else each._replace(mended_by=None)
        for each in state.incidents
        if each not in over
    )
    closed = tuple(_credited(state, each)._replace(closed=now) for each in over)
    stop = state.stopped
    if stop is not None and stop_is_over(stop, look.unit, now):
        stop = None
    return Seen(state._replace(incidents=kept, stopped=stop), closed)


def _unseen_cycles(
    settings: Settings, before: State, state: State, look: Look
) -> tuple[tuple[str, int], ...]:
    was = dict(before.unseen)
    dark = without_verdict(settings, state, look)
    return tuple((each.name, was.get(each.name, 0) + 1) for each in dark)


def health_fails(before: State, state: State, look: Look, gateway: Finding | None) -> int:
    """Consecutive cycles, this one included, in which the gateway failed."""
    if gateway is not None and gateway.cause in _NO_FAILURE:
        return state.health_fails  # an earlier look of this cycle may have seen it fail
    if is_ill(look):
        return before.health_fails + 1
    asked = [look.of(Probe.HEALTH), look.of(Probe.READY)]
    if any(seen is not None and seen.verdict is Verdict.UNKNOWN for seen in asked):
        return before.health_fails
    return 0


def ollama_fails(before: State, look: Look, findings: tuple[Finding, ...]) -> int:
    """Consecutive failures of Ollama, this cycle's included.

    The first failure is asked again within its cycle; if that fails too, it is the second.
    An answer is no failure, whatever it says.
    """
    found = [finding for finding in findings if finding.target == targets.OLLAMA]
    if any(finding.cause in _PEER_FAILS for finding in found):
        asked_twice = look.is_bad(Probe.OLLAMA) and look.times_looked(Probe.OLLAMA) > 1
        return before.ollama_fails + (2 if before.ollama_fails == 0 and asked_twice else 1)
    if not found and (look.is_bad(Probe.OLLAMA) or ready_blames_ollama(look)):
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


def is_over(settings: Settings, state: State, incident: Incident, look: Look) -> bool:
    """Whether it is over: only the looks that saw it ill can say so."""
    if incident.target.kind is Kind.AGENT:
        return not state.unseen
    if incident.cause is Ill.BUS_SILENT:
        unit = look.of(Probe.UNIT)
        return unit is not None and unit.verdict is not Verdict.UNKNOWN
    each = next((one for one in watched(settings) if one.target == incident.target), None)
    if each is None:
        return True  # it is not watched any more
    if each.target.kind is Kind.NETWORK:
        ways = (Probe.FUNNEL, Probe.WEBHOOK_PUBLIC, Probe.ROUTE)
        return any(look.is_good(probe) for probe in ways)
    if incident.cause is Ill.FUNNEL_OFF and look.is_bad(Probe.WEBHOOK_LOCAL):
        return look.is_good(Probe.FUNNEL)  # no answer from outside is another's fault
    known = [seen for probe in each.decisive if (seen := look.of(probe)) is not None]
    if known and all(seen.verdict is Verdict.UNKNOWN for seen in known):
        return False
    saw = [probe for probe in incident.followers if probe in each.probes]
    return all(_says_well(settings, look, probe) for probe in saw)


def _says_well(settings: Settings, look: Look, probe: Probe) -> bool:
    rare = {
        Probe.LINE_TEST: settings.probe_line_webhook_test,
        Probe.PUBLIC_DNS: settings.probe_public_dns,
        Probe.GENERATION: settings.probe_ollama_generation,
    }
    seen = look.of(probe)
    if seen is None:
        return not rare.get(probe, False)  # switched off, unless its time has only not come
    if probe in (Probe.HEALTH, Probe.READY) and ready_blames_ollama(look):
        return True
    return seen.verdict is Verdict.GOOD


def _with_plan(before: State, incident: Incident, now: Moment) -> Incident:
    """It has gone on since the last cycle, and its owner wants it so."""
    was, last = before.incident(incident.target), before.last_cycle
    if was is None or was.id != incident.id or last is None:
        return incident._replace(planned=0.0)
    since = min(seconds_between(last, now), seconds_between(was.opened, now))
    return incident._replace(planned=(was.planned or 0.0) + since)


def _unseen(before: State, look: Look, finding: Finding, now: Moment) -> float | None:
    """How long a fault may have been there: systemd knows, else since the last cycle looked."""
    unit, last = look.unit, before.last_cycle
    since_last = seconds_between(last, now) if last is not None else None
    if finding.cause not in _ENDED or unit is None or unit.changed_ago is None:
        return since_last
    return unit.changed_ago if since_last is None else min(unit.changed_ago, since_last)


def _found(
    was: Incident | None,
    before: Incident | None,
    finding: Finding,
    now: Moment,
    unseen: float | None,
) -> Incident:
    if was is None:
        # Tenths of a second: a gateway that is killed again at once is another incident.
        name = f"{finding.target.name}-{int(now.wall * 10)}"
        return Incident(
            id=name,
            target=finding.target,
            cause=finding.cause,
            opened=now,
            detail=finding.detail,
            asked=finding.asked,
            followers=finding.followers,
            cycles=1,
            unseen=unseen,
        )
    # Why it began stays its name, unless more is known now: that it is starting, or that the
    # gateway has not yet seen that Ollama is back, says less.
    renamed = was.cause in _SAY_LESS or finding.cause not in _SAY_LESS
    return was._replace(
        cause=finding.cause if renamed else was.cause,
        detail=finding.detail or was.detail,
        asked=finding.asked or was.asked,
        followers=finding.followers or was.followers,
        cycles=1 if before is None or before.id != was.id else before.cycles + 1,
    )


def intended(state: State, step: Step, attempt_id: str, now: Moment) -> State:
    """An attempt is about to be made. To be saved before it is."""
    incident = state.incident(step.target)
    attempt = Attempt(
        id=attempt_id,
        action=step.action,
        at=now,
        incident=incident.id if incident is not None else "",
        instance=step.instance,
        kicks=step.kicks,
    )
    counted = _with(state, step.target, lambda each: each._replace(attempts=each.attempts + 1))
    return counted._replace(attempts=(*counted.attempts, attempt))


def ended(state: State, step: Step, attempt_id: str, outcome: Outcome, evidence: str = "") -> State:
    """An attempt has come to its end; `evidence` is the journal that was saved before it."""

    def finished(each: Attempt) -> Attempt:
        return each._replace(
            phase=outcome.phase, detail=outcome.detail, took=outcome.took, evidence=evidence
        )

    attempts = tuple(finished(each) if each.id == attempt_id else each for each in state.attempts)
    state = state._replace(attempts=attempts)
    if outcome.lost:
        gone = "; ".join(outcome.lost)
        state = _with(state, step.target, lambda each: each._replace(lost=gone))
    if outcome.phase is Phase.DONE and step.target == targets.OLLAMA:
        return state  # a gateway that was restarted for Ollama has not mended Ollama
    if outcome.phase is Phase.STARTED:
        return state  # the next cycles see whether it was of use
    if outcome.phase is Phase.DONE:
        return _with(
            state,
            step.target,
            lambda each: each._replace(mended_by=step.action, took=outcome.took),
        )
    return _with(
        state,
        step.target,
        lambda each: each._replace(
            failed=each.failed + 1,
            last_error=outcome.detail,
            stands="; ".join(outcome.stands),
            advice=outcome.advice,
        ),
    )


def _credited(state: State, incident: Incident) -> Incident:
    """With the attempt that mended it where we did not stay, or live, to see that it had."""
    if incident.mended_by is not None or incident.target == targets.OLLAMA:
        return incident
    for attempt in state.attempts:
        since = state.last_cycle is None or seconds_between(state.last_cycle, attempt.at) > 0
        lost = attempt.phase is Phase.LOST and since
        if attempt.incident == incident.id and (lost or attempt.phase is Phase.STARTED):
            return incident._replace(mended_by=attempt.action)
    return incident


def rebased(state: State, now: Moment) -> State:
    """State with every attempt and cooldown in terms of this boot and of the clock as it is set.

    The boot clock cannot be set, but ends with the boot; the wall clock outlives it, but can be
    set. So a moment of another boot is adopted into this one the first time it is seen, and the
    wall time of one of this boot follows the wall clock.
    """
    attempts = tuple(each._replace(at=_rebased(each.at, now)) for each in state.attempts)
    told = tuple((key, _rebased(moment, now)) for key, moment in state.told)
    if attempts == state.attempts and told == state.told:
        return state
    return state._replace(attempts=attempts, told=told)


def _rebased(moment: Moment, now: Moment) -> Moment:
    age = seconds_between(moment, now)
    if moment.boot_id != now.boot_id:
        return Moment(now.wall - age, now.boot - age, now.awake - age, now.boot_id)
    wall = now.wall - age
    return moment._replace(wall=wall) if abs(wall - moment.wall) > CLOCK_SET else moment


def forget_old_attempts(state: State, now: Moment, keep_seconds: float) -> State:
    """Drop the attempts that no budget counts any more."""
    recent = tuple(a for a in state.attempts if seconds_between(a.at, now) < keep_seconds)
    return state if len(recent) == len(state.attempts) else state._replace(attempts=recent)


def acked(
    state: State, ids: frozenset[str] | None, by: str = "", now: Moment | None = None
) -> State:
    """The owner knows of these open incidents, or of all if None: they are told no more."""
    incidents = tuple(
        each._replace(acked=True, acked_by=by, acked_at=now)
        if not each.acked and (ids is None or each.id in ids)
        else each
        for each in state.incidents
    )
    return state._replace(incidents=incidents)


def alerted(state: State, incident_id: str) -> State:
    """A message about an incident is in the outbox."""
    incidents = tuple(
        each._replace(alerted=True) if each.id == incident_id else each for each in state.incidents
    )
    return state._replace(incidents=incidents)


def _with(state: State, target: Target, change: Callable[[Incident], Incident]) -> State:
    incidents = tuple(change(each) if each.target == target else each for each in state.incidents)
    return state._replace(incidents=incidents)

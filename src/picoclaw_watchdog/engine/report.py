"""What a cycle leaves for readers: lines in the log and the snapshot `status.json`."""

from collections.abc import Mapping

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import (
    Baseline,
    Decision,
    Incident,
    Look,
    Moment,
    Observation,
    Outcome,
    Pause,
    State,
    Step,
    Stop,
    Withheld,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Probe, Topic, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import DRILLED, is_on, leaves_alone
from picoclaw_watchdog.core.targets import Action, Target
from picoclaw_watchdog.core.watched import target_of
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import World

Document = dict[str, object]

# Decisions worth explaining that the snapshot remembers.
DECISIONS_KEPT = 20


class News(NamedTuple):
    """Something to tell that no probe has seen: broken settings, a refused kick."""

    key: str
    topic: Topic
    facts: tuple[tuple[str, str], ...] = ()


class Report(NamedTuple):
    """What one cycle saw, decided and did."""

    began: Moment
    ended: Moment
    state: State
    look: Look
    decision: Decision
    outcomes: tuple[tuple[Step, Outcome], ...] = ()
    closed: tuple[Incident, ...] = ()
    beat: bool = False  # whether the dead-man's switch is to be called now


def log_cycle(world: World, report: Report) -> None:
    """One line for a quiet cycle; else one for each thing found, withheld and ended."""
    bad = [seen for seen in report.look.seen if seen.verdict is Verdict.BAD]
    for seen in bad:
        detail = f"probe={seen.probe.value} sight={seen.sight.value} {seen.detail}"
        world.log.write("ERROR", target_of(seen).name, "NG", "detect", detail.strip())
    for held in report.decision.withheld:
        action = held.action.name if held.action is not None else "nothing"
        why = f"action={action} withheld={held.hold.value} {held.detail}"
        world.log.write("WARN", held.target.name, "NG", "withhold", why.strip())
    for incident in report.closed:
        world.log.write("INFO", incident.target.name, "OK", "resolved", _ended(incident, report))
    if not bad:
        _log_quiet_cycle(world, report)


def log_new_incidents(world: World, before: State, after: State) -> None:
    """A line for each incident the moment it is known: mending it may take a while."""
    known = {incident.id for incident in before.incidents}
    for incident in after.incidents:
        if incident.id not in known:
            cause = f"incident={incident.id} cause={incident.cause.value} {incident.detail}"
            world.log.write("ERROR", incident.target.name, "NG", "incident", cause.strip())


def _log_quiet_cycle(world: World, report: Report) -> None:
    seen = report.look.seen
    unknown = [each for each in seen if each.verdict is Verdict.UNKNOWN]
    took = seconds_between(report.began, report.ended)
    detail = f"{len(seen) - len(unknown)} looks good in {took:.2f} s"
    for each in unknown:
        detail += f"; {each.probe.value} unknown: {each.detail or each.sight.value}"
    world.log.write("WARN" if unknown else "INFO", "watchdog", "OK", "cycle", detail)


def _ended(incident: Incident, report: Report) -> str:
    by = incident.mended_by.name if incident.mended_by is not None else "itself"
    lasted = seconds_between(incident.opened, report.ended)
    return f"incident={incident.id} cause={incident.cause.value} lasted={lasted:.1f}s by={by}"


def verdicts(look: Look) -> dict[str, str]:
    """The worst verdict of each target that was looked at, keyed by target."""
    worst: dict[str, str] = {}
    rank = {"good": 0, "unknown": 1, "bad": 2}
    for seen in look.seen:
        target = target_of(seen).name
        if rank[seen.verdict.value] >= rank[worst.get(target, "good")]:
            worst[target] = seen.verdict.value
    return worst


def planned(state: State, look: Look, now: Moment) -> list[str]:
    """The targets that are bad because their owner wants them so, or has them drilled."""
    if not (state.paused or state.stopped or state.drill):
        return []
    bad: dict[Target, set[Probe]] = {}
    for seen in look.seen:
        if seen.verdict is Verdict.BAD:
            bad.setdefault(target_of(seen), set()).add(seen.probe)
    if state.paused is not None:
        return [target.name for target in bad]
    meant = {DRILLED[state.drill.fault]} if state.drill is not None else set()
    if leaves_alone(state.stopped, look.unit, now):
        meant.add(targets.GATEWAY)
    if targets.GATEWAY in meant and bad.get(targets.FUNNEL) == {Probe.WEBHOOK_PUBLIC}:
        meant.add(targets.FUNNEL)  # nobody answers behind it
    return [target.name for target in bad if target in meant]


def snapshot(settings: Settings, world: World, report: Report) -> Document:
    """The whole picture after a cycle, ready for JSON."""
    state, now = report.state, report.ended
    seconds = report.decision.next_look_in
    pause = settings.interval_sec if seconds is None else min(settings.interval_sec, seconds)
    return {
        "version": 1,
        "host": world.host.name(),
        "at": round(now.wall, 3),
        "took": round(seconds_between(report.began, now), 3),
        "healthy": not (state.incidents or state.unseen),
        "unseen": [name for name, _ in state.unseen],
        "paused": shown_switch(state.paused),
        "stopped": shown_switch(state.stopped if is_on(state.stopped, now) else None),
        "targets": verdicts(report.look),
        "planned": planned(state, report.look, now),
        "looks": [_look(seen) for seen in report.look.seen],
        "incidents": [_incident(each) for each in state.incidents],
        "baselines": [shown_baseline(each) for each in state.baselines],
        "budgets": {
            action.name: _budget(settings, state, action, now) for action in targets.ACTIONS
        },
        "next_look": round(report.began.wall + pause, 3),
        "waiting_messages": len(waiting_for(state)),
        "channel_trouble": state.channel_trouble,
        "quota_left": state.quota_left,
        "couriers": [
            {"name": bag.channel, "waiting": len(bag.letters), "trouble": bag.trouble}
            for bag in state.bags
        ],
        "decisions": _decisions(world.store.last_snapshot(), report),
    }


def waiting_for(state: State) -> frozenset[str]:
    """The ids of the letters that some channel still has to bring."""
    waiting = {letter.id for letter in state.outbox}
    return frozenset(waiting.union(each.id for bag in state.bags for each in bag.letters))


def shown_switch(switch: Pause | Stop | None) -> Document | None:
    """A switch of the owner's, ready for JSON."""
    if switch is None:
        return None
    planned = isinstance(switch, Pause) and switch.planned
    told: Document = {"until": switch.until, "who": switch.who, "why": switch.why}
    return {**told, "planned": True} if planned else told


def shown_baseline(baseline: Baseline) -> Document:
    """What was seen working, ready for JSON."""
    entry = baseline.entry
    return {
        "target": baseline.target.name,
        "since": round(baseline.since, 3),
        "address": baseline.address,
        "unit": baseline.unit,
        "port": baseline.port,
        "entry": entry._asdict() if entry is not None else None,
        "starts": list(baseline.starts),
    }


def _look(seen: Observation) -> Document:
    return {
        "probe": seen.probe.value,
        "target": target_of(seen).name,
        "verdict": seen.verdict.value,
        "sight": seen.sight.value,
        "detail": seen.detail,
        "took": round(seen.took, 3),
    }


def _incident(incident: Incident) -> Document:
    return {
        "id": incident.id,
        "target": incident.target.name,
        "cause": incident.cause.value,
        "since": round(incident.opened.wall, 3),
        "cycles": incident.cycles,
        "attempts": incident.attempts,
        "failed": incident.failed,
        "detail": incident.detail,
        "last_error": incident.last_error,
        "asked": incident.asked,
        "stands": incident.stands,
        "advice": incident.advice,
        "followers": [probe.value for probe in incident.followers],
        "alerted": incident.alerted,
        "acked": incident.acked,
    }


def _budget(settings: Settings, state: State, action: Action, now: Moment) -> Document:
    if not state.attempts:
        return {"left": settings.restart_max_count, "max": settings.restart_max_count}
    from picoclaw_watchdog.core.budget import allowance

    left, wait = allowance(
        state.attempts,
        action,
        now,
        window=settings.restart_window_sec,
        most=settings.restart_max_count,
    )
    return {
        "left": left,
        "max": settings.restart_max_count,
        "next_possible": round(now.wall + wait, 3) if wait else None,
    }


def _decisions(previous: Mapping[str, object], report: Report) -> list[object]:
    """The decisions worth explaining, newest first."""
    known = previous.get("decisions")
    kept = list(known) if isinstance(known, list) else []
    if not (report.outcomes or report.decision.withheld or report.closed):
        return kept[:DECISIONS_KEPT]
    entry = {
        "at": round(report.began.wall, 3),
        "found": [
            {"target": each.target.name, "cause": each.cause.value, "detail": each.detail}
            for each in report.decision.findings
        ],
        "did": [_did(step, outcome) for step, outcome in report.outcomes],
        "withheld": [_withheld(each) for each in report.decision.withheld],
        "ended": [
            {
                "id": each.id,
                "cause": each.cause.value,
                "mended_by": each.mended_by.name if each.mended_by is not None else "",
            }
            for each in report.closed
        ],
    }
    return [entry, *kept][:DECISIONS_KEPT]


def _did(step: Step, outcome: Outcome) -> Document:
    return {
        "action": step.action.name,
        "cause": step.cause.value,
        "kicks": list(step.kicks),
        "phase": outcome.phase.value,
        "took": round(outcome.took, 3),
        "detail": outcome.detail,
    }


def _withheld(held: Withheld) -> Document:
    return {
        "target": held.target.name,
        "action": held.action.name if held.action is not None else "",
        "hold": held.hold.value,
        "until": held.until,
        "detail": held.detail,
    }

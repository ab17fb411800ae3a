"""One cycle: observe, judge, decide, record, act, verify, tell."""

from typing import NamedTuple

from picoclaw_watchdog.core.alerts import raise_alert, tell
from picoclaw_watchdog.core.decide import affected_by, decide
from picoclaw_watchdog.core.evolve import after_look, at_the_end, forget_old_attempts, rebased
from picoclaw_watchdog.core.ladder import FUNNEL_REST
from picoclaw_watchdog.core.model import (
    Action,
    Cause,
    Decision,
    Hold,
    Incident,
    Kick,
    Look,
    Moment,
    Outcome,
    Phase,
    Probe,
    State,
    Step,
    Topic,
    Withheld,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.act import strike
from picoclaw_watchdog.engine.observe import RARELY, Observer, due_looks
from picoclaw_watchdog.engine.report import log_cycle, snapshot
from picoclaw_watchdog.ports import World

# Looks and steps one cycle may take: confirm, back off, wait for Ollama, look again after each.
ROUNDS = 8


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


def run(
    settings: Settings, world: World, kicks: tuple[Kick, ...] = (), news: tuple[News, ...] = ()
) -> Report:
    """Run one cycle to its end. Mending comes first; telling never delays it."""
    began = world.clock.now()
    before = rebased(world.store.load(began), began)
    worked = _watch_and_mend(settings, world, before, began, kicks)
    state = worked.state
    for item in news:
        state = raise_alert(settings, state, item.key, item.topic, began, item.facts)
    now = world.clock.now()
    state = tell(settings, state, worked.decision, worked.closed, now)
    state = forget_old_attempts(state, now, max(settings.restart_window_sec, FUNNEL_REST))
    state = _remember(state, worked.look, began)
    report = worked._replace(state=state)
    for incident in report.closed:
        world.store.archive(incident)
    log_cycle(world, before, report)
    world.store.save(state)
    if (state.outbox or state.refused_for) and state.paused is None:
        from picoclaw_watchdog.engine.tell import deliver

        state, _ = deliver(settings, world, state, now)
    report = report._replace(state=state, ended=world.clock.now())
    world.store.snapshot(snapshot(settings, world, report))
    for complaint in world.store.complaints():
        world.log.write("ERROR", "watchdog", "NG", "store", complaint)
    return report


def _watch_and_mend(
    settings: Settings, world: World, before: State, began: Moment, kicks: tuple[Kick, ...]
) -> Report:
    """Look, decide and act until nothing more is to be done in this cycle."""
    observer = Observer(settings, world)
    look = observer.look(due_looks(settings, before, began))
    state = before
    done: frozenset[Action] = frozenset()
    outcomes: list[tuple[Step, Outcome]] = []
    decision = Decision()
    for _ in range(ROUNDS):
        now = world.clock.now()
        basis = before._replace(attempts=state.attempts, incidents=state.incidents)
        decision = decide(settings, basis, look, now, done, kicks)
        state = after_look(before, state, look, decision.findings, now)
        for step in decision.steps:
            state, outcome = strike(settings, world, observer, state, step, look)
            if outcome is None:
                decision = _unrecordable(decision, step)
                return Report(began, now, state, look, decision, tuple(outcomes))
            outcomes.append((step, outcome))
            done |= {step.action}
            kicks = tuple(kick for kick in kicks if kick.verb != step.action.value)
            look = look.updated(observer.look(_again_after(step, outcome, look)))
        if not decision.steps:
            if decision.again is None:
                break
            world.clock.sleep(decision.again.after)
            look = look.updated(observer.look(decision.again.probes))
    now = world.clock.now()
    seen = at_the_end(state, look, decision.findings, done, now)
    worth = tuple(each for each in seen.closed if each.alerted or each.attempts or _was_real(each))
    return Report(began, now, seen.state, look, decision, tuple(outcomes), worth)


def _again_after(step: Step, outcome: Outcome, look: Look) -> tuple[Probe, ...]:
    """What an action may have changed, and what had only followed from what it mended."""
    probes = affected_by(step.action)
    followers = [seen.probe for seen in look.seen if look.is_bad(seen.probe)]
    if outcome.phase is Phase.DONE:
        probes += tuple(probe for probe in followers if probe not in probes)
    return probes


def _was_real(incident: Incident) -> bool:
    """A start that came to a good end was never a fault."""
    return incident.cause is not Cause.GATEWAY_STARTING


def _unrecordable(decision: Decision, step: Step) -> Decision:
    held = Withheld(step.target, step.action, Hold.NOT_RECORDABLE)
    return decision._replace(steps=(), withheld=(*decision.withheld, held))


def _remember(state: State, look: Look, began: Moment) -> State:
    taken = dict(state.rare_looks)
    taken.update({seen.probe.value: began for seen in look.seen if seen.probe in RARELY})
    return state._replace(last_cycle=began, rare_looks=tuple(taken.items()))

"""The cycle of a host that is not well: decide, record, act, verify, look again."""

from picoclaw_watchdog.core.alerts import raise_alert, remind, tell
from picoclaw_watchdog.core.answers import noted, of_action, tell_answers
from picoclaw_watchdog.core.decide import FUNNEL_REST, affected_by, decide
from picoclaw_watchdog.core.incidents import (
    AT_THE_HOST,
    acked,
    after_look,
    at_the_end,
    forget_old_attempts,
    rebased,
)
from picoclaw_watchdog.core.model import (
    Decision,
    Incident,
    Kick,
    Look,
    Outcome,
    Served,
    Step,
    Withheld,
)
from picoclaw_watchdog.core.reasons import Ill, Phase, Probe
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Action
from picoclaw_watchdog.engine.act import strike
from picoclaw_watchdog.engine.observe import Observer
from picoclaw_watchdog.engine.report import News, Report, log_new_incidents
from picoclaw_watchdog.ports import World

# Looks and steps one cycle may take: confirm, back off, wait for Ollama, look again after each.
ROUNDS = 8


def mend(
    settings: Settings,
    world: World,
    observer: Observer,
    first: Report,
    kicks: tuple[Kick, ...],
    news: tuple[News, ...],
    answered: tuple[tuple[Kick, Served], ...],
) -> Report:
    """Take a cycle from its first look to what the owner must be told.

    Args:
        settings: the owner's wishes.
        world: where all this happens.
        observer: who takes the looks of this cycle.
        first: the state at the cycle's beginning and its first look.
        kicks: authorised requests.
        news: what no probe can see.
        answered: requests whose outcome is known without this cycle.
    """
    worked = _watch_and_mend(settings, world, observer, first, kicks)
    state, now = worked.state, world.clock.now()
    for item in news:
        state = raise_alert(settings, state, item.key, item.topic, now, item.facts)
    if state.incidents:
        state = acked(state, world.store.wishes(now).acked, AT_THE_HOST, now)
    state, notes = noted(state, kicks, now)
    state = tell(settings, state, worked.decision, worked.closed, now)
    if kicks or answered:
        here = tuple((kick, of_action(kick, worked.outcomes, worked.decision)) for kick in kicks)
        state = tell_answers(settings, state, (*answered, *here), notes, now)
    state = remind(settings, state, now)
    state = forget_old_attempts(state, now, max(settings.restart_window_sec, FUNNEL_REST))
    for incident in worked.closed:
        world.store.archive(incident)
    return worked._replace(state=state)


def _watch_and_mend(
    settings: Settings, world: World, observer: Observer, first: Report, kicks: tuple[Kick, ...]
) -> Report:
    """Look, decide and act until nothing more is to be done in this cycle."""
    began, look = first.began, first.look
    before = state = rebased(first.state, began)
    done: frozenset[Action] = frozenset()
    outcomes: list[tuple[Step, Outcome]] = []
    decision = Decision()
    for _ in range(ROUNDS):
        now = world.clock.now()
        basis = before._replace(attempts=state.attempts, incidents=state.incidents)
        decision = decide(settings, basis, look, now, done, kicks)
        known, state = state, after_look(settings, before, state, look, decision.findings, now)
        log_new_incidents(world, known, state)
        for step in decision.steps:
            state, outcome = strike(settings, world, observer, state, step, look)
            if isinstance(outcome, Withheld):
                withheld = (*decision.withheld, outcome)
                decision = decision._replace(steps=(), withheld=withheld)
                return Report(began, now, state, look, decision, tuple(outcomes))
            outcomes.append((step, outcome))
            done |= {step.action}
            kicks = tuple(kick for kick in kicks if kick.verb != step.action.name)
            look = look.updated(observer.look(_again_after(step, outcome, look)))
        if not decision.steps:
            if decision.again is None:
                break
            world.clock.sleep(decision.again.after)
            look = look.updated(observer.look(decision.again.probes))
    now = world.clock.now()
    seen = at_the_end(settings, state, look, decision.findings, now)
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
    return incident.cause is not Ill.SERVICE_STARTING

"""The only door to the core: from settings, state and sight to a decision that says why.

What each ill asks for stands in `ills.py`; here stands when it is due.
"""

from collections.abc import Callable
from typing import assert_never

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.baseline import may_be_restored, start_patience
from picoclaw_watchdog.core.budget import Allowance, allowance, allowance_for_kicks
from picoclaw_watchdog.core.diagnose import diagnose
from picoclaw_watchdog.core.ills import Confirm, Rule, rule_of
from picoclaw_watchdog.core.incidents import ollama_fails
from picoclaw_watchdog.core.model import (
    Decision,
    Finding,
    Kick,
    Look,
    Moment,
    SecondLook,
    State,
    Step,
    Withheld,
    seconds_between,
    seconds_suspended,
)
from picoclaw_watchdog.core.reasons import Hold, Ill, Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import leaves_alone
from picoclaw_watchdog.core.targets import Action, Kind, Target, Verb
from picoclaw_watchdog.core.watched import OURS, is_remote
from picoclaw_watchdog.light import NamedTuple

Due = Step | Withheld | SecondLook

# What a restart may change.
GATEWAY_PROBES = (Probe.UNIT, Probe.LISTEN, Probe.HEALTH, Probe.READY, Probe.WEBHOOK_LOCAL)
FUNNEL_PROBES = (Probe.FUNNEL, Probe.WEBHOOK_PUBLIC)
# A service that seems ill is asked once more, this many seconds later, before it is restarted.
CONFIRM_AFTER = 1.0
# The way to it is asked again after this many seconds: routers and relays hiccup.
CONFIRM_PUBLIC_AFTER = 2.0
# Looks in one cycle that make a fault certain.
CONFIRMED = 2
# The consecutive failure of a peer that is answered with the one restart.
FAILS_FOR_RESTART = 2
# A Funnel that several attempts did not mend is tried again once in this many seconds.
FUNNEL_REST = 3600.0
# A host that has slept longer than this needs a moment to find its network again.
SLEPT_SECONDS = 5.0
# What is asked only in doubt: each costs a process or a look-up.
DOUBT_PROBES = (Probe.NODE, Probe.ROUTE, Probe.HOST)
# What no ill service can explain.
_NO_WAY = (Sight.NO_ROUTE, Sight.NAME_UNKNOWN)
# What no fault of the way out can explain.
_CERTAIN = (Kind.SERVICE, Kind.MANAGER)


class Situation(NamedTuple):
    """What every rule below may ask."""

    settings: Settings
    state: State  # as it was when the cycle began, plus this cycle's attempts
    look: Look
    now: Moment
    findings: tuple[Finding, ...]
    done: frozenset[Action]  # what this cycle has already tried

    def has(self, kind: Kind) -> bool:
        """Whether something of this kind is ill."""
        return any(each.target.kind is kind for each in self.findings)


def decide(
    settings: Settings,
    state: State,
    look: Look,
    now: Moment,
    done: frozenset[Action] = frozenset(),
    kicks: tuple[Kick, ...] = (),
) -> Decision:
    """Judge what was seen.

    Args:
        settings: the owner's wishes.
        state: what was known when the cycle began, and the attempts made since.
        look: all that this cycle has seen so far.
        now: the moment of deciding.
        done: the actions this cycle has already tried; none is tried twice in a cycle.
        kicks: authorised requests that have not been served yet.
    """
    findings = diagnose(settings, state, look, now)
    at = Situation(settings, state, look, now, findings, done)
    due = [next_stage(at, finding) for finding in findings]
    steps = [each for each in due if isinstance(each, Step)]
    withheld = [each for each in due if isinstance(each, Withheld)]
    looks = [each for each in due if isinstance(each, SecondLook)]
    if _is_in_doubt(at):
        # The way out explains more than what lies behind it: ask it before judging that.
        findings = tuple(each for each in findings if each.target.kind in _CERTAIN)
        steps = [step for step in steps if step.target.kind in _CERTAIN]
        looks = [SecondLook(DOUBT_PROBES, 0.0)]
    for action in targets.ACTIONS:
        ids = tuple(kick.id for kick in kicks if kick.verb == action.name)
        if not ids:
            continue  # nobody asked, or what was asked for is no action of ours
        if any(step.action == action for step in steps):
            steps = [s._replace(kicks=ids) if s.action == action else s for s in steps]
            continue
        asked = _for_kicks(at, action, ids)
        if isinstance(asked, Withheld):
            withheld.append(asked)
        else:
            steps.append(asked)
    kept, refused = _one_of_each(steps)
    return Decision(
        findings=findings,
        steps=kept,
        withheld=tuple(withheld) + refused,
        again=min(looks, key=lambda wanted: wanted.after, default=None),
        next_look_in=_next_look(withheld, now),
    )


def action_for(target: Target, verb: Verb | None) -> Action | None:
    """What a remedy does for a target; for a peer, to the service that lives on it."""
    if verb is None:
        return None
    return Action(verb, targets.GATEWAY if target.kind is Kind.PEER else target)


def affected_by(action: Action) -> tuple[Probe, ...]:
    """What must be looked at again after an action."""
    match action.verb:
        case Verb.RESTART:
            return (*GATEWAY_PROBES, Probe.OLLAMA)
        case Verb.RECOVER:
            return FUNNEL_PROBES
        case _:
            assert_never(action.verb)


def next_stage(at: Situation, finding: Finding) -> Due:
    """What is due for one finding: a step, another look first, or nothing and why."""
    rule = rule_of(finding.cause)
    action = action_for(finding.target, rule.remedy)
    if at.state.paused is not None:
        return Withheld(finding.target, action, Hold.PAUSED, at.state.paused.until)
    if finding.target == targets.GATEWAY and _is_left_alone(at):
        return Withheld(finding.target, action, Hold.STOPPED, _stop_ends(at))
    if finding.cause is Ill.SERVICE_STARTING:
        restart = Action(Verb.RESTART, finding.target)
        return Withheld(finding.target, restart, Hold.STARTING, _grace_ends(at))
    if action is None:
        return Withheld(finding.target, None, Hold.CANNOT_HELP, detail=finding.detail)
    held = Withheld(finding.target, action, Hold.UNKNOWN, detail=finding.detail)
    return (
        _settles(at, finding, held)
        or _confirms(at, rule, held)
        or _is_forbidden(at, finding, rule, held)
        or _spends(at, finding, action, held)
        or _step(at, finding, action)
    )


def _settles(at: Situation, finding: Finding, held: Withheld) -> Withheld | None:
    """Whether it may still come by itself: the host has just booted, or Tailscale starts."""
    if finding.target.kind is Kind.SERVICE:
        return None
    starting = Sight.TAILSCALE_STARTING in (at.look.sight(Probe.NODE), at.look.sight(Probe.FUNNEL))
    of_funnel = finding.target.kind is Kind.EXPOSURE and starting
    return held._replace(hold=Hold.SETTLING) if _is_settling(at) or of_funnel else None


def _confirms(at: Situation, rule: Rule, held: Withheld) -> Due | None:
    """The look, or the cycle, that has to confirm it first."""
    match rule.confirm:
        case Confirm.AT_ONCE:
            return None
        case Confirm.SECOND_LOOK:
            seen = at.look.times_looked(Probe.HEALTH) >= CONFIRMED
            return None if seen else SecondLook(GATEWAY_PROBES, CONFIRM_AFTER)
        case Confirm.SECOND_CYCLE:
            return _confirms_outside(at, held)
        case Confirm.SECOND_FAILURE:
            return _confirms_peer(at, held)
        case _:
            assert_never(rule.confirm)


def _confirms_outside(at: Situation, held: Withheld) -> Due | None:
    """A Funnel that is on and does not answer is touched only when that is certain."""
    if not at.look.is_good(Probe.FUNNEL):
        return held
    if at.look.sight(Probe.WEBHOOK_PUBLIC) is Sight.NO_ROUTE:
        return held  # it is this host that cannot get there: nobody has looked at the Funnel
    asked = at.look.times_looked(Probe.WEBHOOK_PUBLIC)
    if at.look.of(Probe.WEBHOOK_PUBLIC) and asked < CONFIRMED:
        return SecondLook((Probe.WEBHOOK_PUBLIC,), CONFIRM_PUBLIC_AFTER)
    return held._replace(hold=Hold.UNCONFIRMED) if at.state.webhook_fails < 1 else None


def _confirms_peer(at: Situation, held: Withheld) -> Due | None:
    asked = at.look.times_looked(Probe.OLLAMA)
    if at.state.ollama_fails == 0 and asked == 1 and at.look.is_bad(Probe.OLLAMA):
        return SecondLook((Probe.OLLAMA, Probe.READY), at.settings.ollama_retry_sec)
    fails = ollama_fails(at.state, at.look, at.findings)
    if fails < FAILS_FOR_RESTART:
        return held._replace(hold=Hold.UNCONFIRMED)
    if not may_be_restored(at.settings, at.state, at.look, held.target):
        return held._replace(hold=Hold.NEVER_GOOD)
    if fails > FAILS_FOR_RESTART:
        return held._replace(hold=Hold.SUPPRESSED)
    if _is_left_alone(at) or at.has(Kind.SERVICE):
        return held._replace(hold=Hold.FOLLOWS_ANOTHER)
    return None


def _is_forbidden(at: Situation, finding: Finding, rule: Rule, held: Withheld) -> Withheld | None:
    """Why it would do no good, or harm."""
    if at.has(Kind.MANAGER) and held.action is not None and held.action.verb is Verb.RESTART:
        return held  # nobody there to ask for it
    concerned = {finding.target, held.action.target} if held.action else {finding.target}
    known = all(may_be_restored(at.settings, at.state, at.look, each) for each in concerned)
    if not known or (finding.cause is Ill.WEBHOOK_DEAD and not _webhook_was_seen(at)):
        return held._replace(hold=Hold.NEVER_GOOD)
    incident = at.state.incident(finding.target)
    tried = incident.attempts if incident is not None else 0
    if rule.most is not None and tried >= rule.most:
        peer = finding.target.kind is Kind.PEER
        return held._replace(hold=Hold.SUPPRESSED if peer else Hold.CANNOT_HELP)
    wrong_answer = finding.cause is Ill.WEBHOOK_DEAD and _answers_here(at.look)
    return held._replace(hold=Hold.CANNOT_HELP) if wrong_answer else None


def _webhook_was_seen(at: Situation) -> bool:
    """Whether the webhook was ever served here, wherever it is looked for now."""
    baseline = at.state.baseline(targets.GATEWAY)
    return baseline is not None and baseline.port > 0


def _answers_here(look: Look) -> bool:
    """Whether something does answer at the webhook's place: that is configuration."""
    silence = (Sight.REFUSED, Sight.NO_ANSWER, Sight.NOT_HTTP)
    return look.sight(Probe.WEBHOOK_LOCAL) not in silence


def _spends(at: Situation, finding: Finding, action: Action, held: Withheld) -> Due | None:
    """Whether the budget has an attempt left, and now."""
    if action in at.done:
        return held._replace(hold=Hold.ALREADY_RESTARTED)
    left, wait = _allowed(at, action)
    if left == 0:
        return held._replace(hold=Hold.BUDGET_SPENT, until=at.now.wall + wait)
    if action.verb is Verb.RESTART:
        # It may come back by itself meanwhile.
        return SecondLook(GATEWAY_PROBES, wait) if wait > 0 else None
    rest, hold = _rest(at, finding.target)
    if rest > 0:
        return held._replace(hold=hold, until=at.now.wall + rest)
    return held._replace(hold=Hold.BACKOFF, until=at.now.wall + wait) if wait > 0 else None


def _rest(at: Situation, target: Target) -> tuple[float, Hold]:
    """Seconds to leave alone what attempts of this incident did not mend."""
    incident = at.state.incident(target)
    stands = incident is not None and bool(incident.stands)
    hold = Hold.IN_THE_WAY if stands else Hold.BUDGET_SPENT
    if incident is None or (incident.failed < at.settings.restart_max_count and not stands):
        return 0.0, hold
    tried = [a.at for a in at.state.attempts if a.incident == incident.id]
    since = min((seconds_between(moment, at.now) for moment in tried), default=FUNNEL_REST)
    return FUNNEL_REST - since, hold


def _step(at: Situation, finding: Finding, action: Action) -> Step:
    step = Step(finding.target, action, finding.cause)
    return _with_remedies(at, step)


def _with_remedies(at: Situation, step: Step) -> Step:
    """What an action must do first here, or it would not work or destroy the evidence."""
    baseline = at.state.baseline(step.action.target)
    if step.action.verb is Verb.RECOVER:
        return step._replace(baseline=baseline)
    seen = at.look.of(Probe.UNIT)
    unit = seen.unit if seen is not None else None
    incident = at.state.incident(step.target)
    # A cycle that ended in a start has counted no failure, though its attempt did not help.
    tried = incident is not None and incident.attempts > 0
    return step._replace(
        capture=tried or at.state.health_fails >= 1,
        reset_failed=unit is not None and unit.active == "failed",
        move_pid=seen.stale_pid if seen is not None else None,
        instance=unit.instance if unit is not None else "",
        baseline=baseline,
    )


def _for_kicks(at: Situation, action: Action, kicks: tuple[str, ...]) -> Step | Withheld:
    """What requests for an action lead to: they obey the owner, the baseline and the budget.

    Args:
        at: the situation.
        action: what was asked for.
        kicks: the ids of the requests: one attempt serves them all.
    """
    held = Withheld(action.target, action, Hold.PAUSED, kicks=kicks)
    if at.state.paused is not None:
        return held._replace(until=at.state.paused.until)
    if action.target == targets.GATEWAY and _is_left_alone(at):
        return held._replace(hold=Hold.STOPPED, until=_stop_ends(at))
    if action in at.done:
        return held._replace(hold=Hold.ALREADY_RESTARTED)
    if not may_be_restored(at.settings, at.state, at.look, action.target):
        return held._replace(hold=Hold.NEVER_GOOD)
    left, wait = _allowed(at, action, allowance_for_kicks)
    if left == 0:
        hold = Hold.KEPT_FOR_FAULTS if _allowed(at, action)[0] else Hold.BUDGET_SPENT
        until = at.now.wall + wait if wait < float("inf") else None
        return held._replace(hold=hold, until=until)
    cause = Ill.FUNNEL_OFF if action.verb is Verb.RECOVER else Ill.SERVICE_DOWN
    return _with_remedies(at, Step(action.target, action, cause, after=wait, kicks=kicks))


def _is_left_alone(at: Situation) -> bool:
    return leaves_alone(at.state.stopped, at.look.unit, at.now)


def _stop_ends(at: Situation) -> float | None:
    return at.state.stopped.until if at.state.stopped is not None else None


def _grace_ends(at: Situation) -> float:
    unit = at.look.unit
    age = unit.started_ago if unit is not None and unit.started_ago is not None else 0.0
    patience = start_patience(at.settings, at.state.baseline(targets.GATEWAY))
    return at.now.wall + max(1.0, patience - age)


def _allowed(
    at: Situation, action: Action, judge: Callable[..., Allowance] = allowance
) -> Allowance:
    return judge(
        at.state.attempts,
        action,
        at.now,
        window=at.settings.restart_window_sec,
        most=at.settings.restart_max_count,
    )


def _is_settling(at: Situation) -> bool:
    """Whether the host has just booted or woken up: its network and peers may still come."""
    if at.now.boot < at.settings.startup_grace_sec:
        return True
    last = at.state.last_cycle
    return last is not None and seconds_suspended(last, at.now) > SLEPT_SECONDS


def _is_in_doubt(at: Situation) -> bool:
    """Whether the way out, or this very host, has to be asked before others are blamed."""
    look = at.look
    if look.of(Probe.ROUTE) is not None:
        return False  # asked already
    was_away = any(each.target.kind in (Kind.NETWORK, Kind.HOST) for each in at.state.incidents)
    if was_away or any(seen.sight in OURS for seen in look.seen):
        return True
    unexplained = not at.has(Kind.SERVICE) or look.sight(Probe.WEBHOOK_PUBLIC) in _NO_WAY
    public = look.is_bad(Probe.WEBHOOK_PUBLIC) and unexplained
    far_ollama = look.is_bad(Probe.OLLAMA) and is_remote(at.settings.ollama_models_url)
    return public or look.is_bad(Probe.FUNNEL) or far_ollama


def _one_of_each(steps: list[Step]) -> tuple[tuple[Step, ...], tuple[Withheld, ...]]:
    """At most one step of each kind in a cycle; a second wish for it is withheld."""
    kept: list[Step] = []
    refused: list[Withheld] = []
    for step in steps:
        if any(other.action == step.action for other in kept):
            refused.append(Withheld(step.target, step.action, Hold.ALREADY_RESTARTED))
        else:
            kept.append(step)
    return tuple(kept), tuple(refused)


def _next_look(withheld: list[Withheld], now: Moment) -> float | None:
    waits = [max(0.0, each.until - now.wall) for each in withheld if each.until is not None]
    return min(waits, default=None)

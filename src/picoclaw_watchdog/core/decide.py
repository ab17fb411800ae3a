"""The only door to the core: from settings, state and sight to a decision that says why."""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.blame import blame, is_remote
from picoclaw_watchdog.core.judge import GATEWAY_PROBES, leaves_alone, stop_is_over
from picoclaw_watchdog.core.ladder import Situation, next_stage, stage_for_kicks
from picoclaw_watchdog.core.model import (
    Decision,
    Finding,
    Kick,
    Look,
    Moment,
    SecondLook,
    State,
    Step,
    Stop,
    Withheld,
    seconds_awake_between,
)
from picoclaw_watchdog.core.reasons import Hold, Ill, Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Action

# What is asked only when the public path is in doubt: each costs a process or a look-up.
DOUBT_PROBES = (Probe.NODE, Probe.ROUTE)
_STARTS = (Ill.SERVICE_STARTING, Ill.SERVICE_CRASH_LOOP)
# What no ill gateway can explain.
_NO_WAY = (Sight.NO_ROUTE, Sight.NAME_UNKNOWN)
# What no fault of the way out can explain.
CERTAIN = (targets.GATEWAY, targets.SYSTEMD)


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
    findings = tuple(_named(settings, state, look, each, now) for each in blame(settings, look))
    at = Situation(settings, state, look, now, findings, done)
    verdicts = [next_stage(at, finding) for finding in findings]
    steps = [verdict for verdict in verdicts if isinstance(verdict, Step)]
    withheld = [verdict for verdict in verdicts if isinstance(verdict, Withheld)]
    looks = [verdict for verdict in verdicts if isinstance(verdict, SecondLook)]
    doubt = _doubt(settings, state, look, findings)
    if doubt is not None:
        # The way out explains more than what lies behind it: ask it before judging that.
        findings = tuple(each for each in findings if each.target in CERTAIN)
        steps = [step for step in steps if step.target in CERTAIN]
        looks = [doubt]
    for action in targets.ACTIONS:
        ids = tuple(kick.id for kick in kicks if kick.verb == action.name)
        if not ids:
            continue  # nobody asked, or what was asked for is no action of ours
        if any(step.action == action for step in steps):
            steps = [s._replace(kicks=ids) if s.action == action else s for s in steps]
            continue
        asked = stage_for_kicks(at, action, ids)
        if isinstance(asked, Withheld):
            withheld.append(asked)
        else:
            steps.append(asked)
    kept, refused = _one_of_each(steps)
    again = min(looks, key=lambda wanted: wanted.after, default=None)
    return Decision(
        findings=findings,
        steps=kept,
        withheld=tuple(withheld) + refused,
        again=again,
        next_look_in=_next_look(withheld, now),
    )


def _of_stopped(stop: Stop, look: Look, finding: Finding, now: Moment) -> Finding:
    ended = finding.cause is Ill.SERVICE_DOWN and not stop_is_over(stop, look.unit, now)
    if ended or leaves_alone(stop, look.unit, now):
        return finding._replace(cause=Ill.SERVICE_STOPPED)
    return finding


def _named(settings: Settings, state: State, look: Look, finding: Finding, now: Moment) -> Finding:
    """The finding by what only the state knows of it.

    What its owner stopped is not down. And a start that never comes to an end is no start:
    systemd restarts the gateway in vain. Only one that was nothing else before, and by the time
    in which the host could start it: the start that ends a long outage, or follows a boot, is no
    crash loop.
    """
    if finding.target == targets.GATEWAY and state.stopped is not None:
        finding = _of_stopped(state.stopped, look, finding, now)
    if finding.cause is not Ill.SERVICE_STARTING:
        return finding
    incident = state.incident(targets.GATEWAY)
    if incident is None or incident.cause not in _STARTS:
        return finding
    patience = settings.startup_grace_sec + settings.restart_verify_sec
    if seconds_awake_between(incident.opened, now) <= patience:
        return finding
    return finding._replace(cause=Ill.SERVICE_CRASH_LOOP)


def _doubt(
    settings: Settings, state: State, look: Look, findings: tuple[Finding, ...]
) -> SecondLook | None:
    if look.of(Probe.ROUTE) is not None:
        return None  # asked already
    gateway_is_ill = any(finding.target == targets.GATEWAY for finding in findings)
    unexplained = not gateway_is_ill or look.sight(Probe.WEBHOOK_PUBLIC) in _NO_WAY
    public_is_bad = look.is_bad(Probe.WEBHOOK_PUBLIC) and unexplained
    far_ollama = look.is_bad(Probe.OLLAMA) and is_remote(settings.ollama_models_url)
    was_away = state.incident(targets.NETWORK) is not None
    if not (was_away or public_is_bad or look.is_bad(Probe.FUNNEL) or far_ollama):
        return None
    return SecondLook(DOUBT_PROBES, 0.0)


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


def affected_by(action: Action) -> tuple[Probe, ...]:
    """What must be looked at again after an action."""
    if action == targets.RESTART_GATEWAY:
        return (*GATEWAY_PROBES, Probe.OLLAMA)
    return (Probe.FUNNEL, Probe.WEBHOOK_PUBLIC)

"""Which stage of recovery is due for a root cause. docs/recovery.md shows the same as tables."""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.budget import allowance, allowance_for_kicks
from picoclaw_watchdog.core.judge import (
    GATEWAY_PROBES,
    is_settling,
    leaves_alone,
    ollama_fails,
)
from picoclaw_watchdog.core.model import (
    Finding,
    Look,
    Moment,
    SecondLook,
    State,
    Step,
    Withheld,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Hold, Ill, Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Action
from picoclaw_watchdog.light import NamedTuple

Verdict = Step | Withheld | SecondLook

# A gateway that seems ill is asked once more, this many seconds later, before it is restarted.
CONFIRM_AFTER = 1.0
# The way to it is asked again after this many seconds: routers and relays hiccup.
CONFIRM_PUBLIC_AFTER = 2.0
# Looks in one cycle that make a fault certain.
CONFIRMED = 2
# The consecutive failure of Ollama that is answered with the one gateway restart.
FAILS_FOR_RESTART = 2
# A Funnel that three attempts did not mend is tried again once in this many seconds.
FUNNEL_REST = 3600.0

ONLY_THE_OWNER = frozenset(
    {
        Ill.SERVICE_MASKED,
        Ill.SERVICE_NOT_FOUND,
        Ill.SERVICE_ELSEWHERE,
        Ill.SERVICE_CRASH_LOOP,
        Ill.WEBHOOK_SIGNATURE_REFUSED,
        Ill.FUNNEL_NOT_ALLOWED,
        Ill.PUBLIC_NAME_UNKNOWN,
        Ill.LINE_WEBHOOK_OFF,
        Ill.TAILSCALE_LOGGED_OUT,
        Ill.TAILSCALE_KEY_EXPIRED,
        Ill.TAILSCALE_NOT_APPROVED,
        Ill.TAILSCALE_STOPPED,
        Ill.PEER_MODELS_MISSING,
        Ill.PEER_STUCK,
    }
)
NOT_MENDABLE = ONLY_THE_OWNER | {Ill.BUS_SILENT, Ill.NETWORK_DOWN, Ill.TAILSCALE_DOWN}
# What systemd itself reports needs no second look; what a socket says does.
_CERTAIN = frozenset(
    {
        Ill.SERVICE_DOWN,
        Ill.SERVICE_STOPPED,
        Ill.SERVICE_START_LIMIT,
        Ill.SERVICE_STALE_PID,
    }
)


class Situation(NamedTuple):
    """What every rule below may ask."""

    settings: Settings
    state: State  # as it was when the cycle began, plus this cycle's attempts
    look: Look
    now: Moment
    findings: tuple[Finding, ...]
    done: frozenset[Action]  # what this cycle has already tried


def next_stage(at: Situation, finding: Finding) -> Verdict:
    """What is due for one root cause: a step, another look first, or nothing and why."""
    action = action_for(finding)
    if at.state.paused is not None:
        return Withheld(finding.target, action, Hold.PAUSED, at.state.paused.until)
    if finding.target == targets.GATEWAY and _is_left_alone(at):
        return Withheld(finding.target, action, Hold.STOPPED, _stop_ends(at))
    if finding.cause in NOT_MENDABLE:
        return Withheld(finding.target, action, Hold.CANNOT_HELP, detail=finding.detail)
    if finding.target == targets.GATEWAY:
        return _gateway(at, finding)
    if finding.target == targets.FUNNEL:
        return _funnel(at, finding)
    return _ollama(at, finding)


def _is_left_alone(at: Situation) -> bool:
    return leaves_alone(at.state.stopped, at.look.unit, at.now)


def _stop_ends(at: Situation) -> float | None:
    return at.state.stopped.until if at.state.stopped is not None else None


def action_for(finding: Finding) -> Action | None:
    """The action that could mend a target at all."""
    if finding.target == targets.FUNNEL:
        return targets.RECOVER_FUNNEL
    if finding.target in (targets.GATEWAY, targets.OLLAMA):
        return targets.RESTART_GATEWAY
    return None


def stage_for_kicks(at: Situation, action: Action, kicks: tuple[str, ...]) -> Step | Withheld:
    """What requests for an action lead to: they obey the owner and the budget, not the diagnosis.

    Args:
        at: the situation.
        action: what was asked for.
        kicks: the ids of the requests: one attempt serves them all.
    """
    funnel = action == targets.RECOVER_FUNNEL
    target = targets.FUNNEL if funnel else targets.GATEWAY
    if at.state.paused is not None:
        return Withheld(target, action, Hold.PAUSED, at.state.paused.until, kicks=kicks)
    if target == targets.GATEWAY and _is_left_alone(at):
        return Withheld(target, action, Hold.STOPPED, _stop_ends(at), kicks=kicks)
    if action in at.done:
        return Withheld(target, action, Hold.ALREADY_RESTARTED, kicks=kicks)
    left, wait = allowance_for_kicks(
        at.state.attempts,
        action,
        at.now,
        window=at.settings.restart_window_sec,
        most=at.settings.restart_max_count,
    )
    if left == 0:
        hold = Hold.KEPT_FOR_FAULTS if _allowed(at, action)[0] else Hold.BUDGET_SPENT
        until = at.now.wall + wait if wait < float("inf") else None
        return Withheld(target, action, hold, until, kicks=kicks)
    cause = Ill.FUNNEL_OFF if funnel else Ill.SERVICE_DOWN
    step = Step(target, action, cause, after=wait, kicks=kicks)
    return _with_remedies(at, step) if action == targets.RESTART_GATEWAY else step


def _gateway(at: Situation, finding: Finding) -> Verdict:
    restart = targets.RESTART_GATEWAY
    if finding.cause is Ill.SERVICE_STARTING:
        return Withheld(targets.GATEWAY, restart, Hold.STARTING, _grace_ends(at))
    if finding.cause not in _CERTAIN and at.look.times_looked(Probe.HEALTH) < CONFIRMED:
        return SecondLook(GATEWAY_PROBES, CONFIRM_AFTER)
    if finding.cause is Ill.SERVICE_PORT_TAKEN and _was_tried(at):
        return Withheld(targets.GATEWAY, restart, Hold.CANNOT_HELP, detail=finding.detail)
    if finding.cause is Ill.WEBHOOK_DEAD and not _webhook_restart_may_help(at):
        return Withheld(targets.GATEWAY, restart, Hold.CANNOT_HELP, detail=finding.detail)
    return _restart(at, finding)


def _webhook_restart_may_help(at: Situation) -> bool:
    """One restart is tried for a dead webhook; an answer with a wrong status is configuration."""
    return not _was_tried(at) and at.look.sight(Probe.WEBHOOK_LOCAL) is not Sight.WRONG_STATUS


def _was_tried(at: Situation) -> bool:
    """Whether this incident has had its restart already."""
    incident = at.state.incident(targets.GATEWAY)
    return incident is not None and incident.attempts > 0


def _grace_ends(at: Situation) -> float:
    unit = at.look.unit
    age = unit.started_ago if unit is not None and unit.started_ago is not None else 0.0
    return at.now.wall + max(1.0, at.settings.startup_grace_sec - age)


def _restart(at: Situation, finding: Finding) -> Verdict:
    restart = targets.RESTART_GATEWAY
    if any(other.target == targets.SYSTEMD for other in at.findings):
        return Withheld(finding.target, restart, Hold.UNKNOWN)  # nobody there to ask for it
    if restart in at.done:
        return Withheld(finding.target, restart, Hold.ALREADY_RESTARTED)
    left, wait = _allowed(at, restart)
    if left == 0:
        return Withheld(finding.target, restart, Hold.BUDGET_SPENT, at.now.wall + wait)
    if wait > 0:
        return SecondLook(GATEWAY_PROBES, wait)  # it may come back by itself meanwhile
    return _with_remedies(at, Step(finding.target, restart, finding.cause))


def _with_remedies(at: Situation, step: Step) -> Step:
    """What a restart must do first here, or it would not work or destroy the evidence."""
    unit = at.look.unit
    return step._replace(
        capture=at.state.health_fails >= 1,
        reset_failed=unit is not None and unit.active == "failed",
        move_pid=at.look.stale_pid,
        instance=unit.instance if unit is not None else "",
    )


def _allowed(at: Situation, action: Action) -> tuple[int, float]:
    return allowance(
        at.state.attempts,
        action,
        at.now,
        window=at.settings.restart_window_sec,
        most=at.settings.restart_max_count,
    )


def _funnel(at: Situation, finding: Finding) -> Verdict:
    recover = targets.RECOVER_FUNNEL
    if is_settling(at.settings, at.state, at.now) or _tailscale_is_starting(at.look):
        return Withheld(targets.FUNNEL, recover, Hold.SETTLING)
    if finding.cause is Ill.FUNNEL_UNREACHABLE:
        waiting = _unreachable_waits(at, recover)
        if waiting is not None:
            return waiting
    if recover in at.done:
        return Withheld(targets.FUNNEL, recover, Hold.ALREADY_RESTARTED)
    left, wait = _allowed(at, recover)
    if left == 0:
        return Withheld(targets.FUNNEL, recover, Hold.BUDGET_SPENT, at.now.wall + wait)
    if wait > 0:
        return Withheld(targets.FUNNEL, recover, Hold.BACKOFF, at.now.wall + wait)
    rest = _rest_of_funnel(at)
    if rest > 0:
        return Withheld(targets.FUNNEL, recover, Hold.BUDGET_SPENT, at.now.wall + rest)
    return Step(targets.FUNNEL, recover, finding.cause)


def _unreachable_waits(at: Situation, recover: Action) -> SecondLook | Withheld | None:
    """A Funnel that is on and does not answer is touched only when that is certain."""
    if not at.look.is_good(Probe.FUNNEL):
        return Withheld(targets.FUNNEL, recover, Hold.UNKNOWN)
    if at.look.of(Probe.WEBHOOK_PUBLIC) and at.look.times_looked(Probe.WEBHOOK_PUBLIC) < CONFIRMED:
        return SecondLook((Probe.WEBHOOK_PUBLIC,), CONFIRM_PUBLIC_AFTER)
    if at.state.webhook_fails < 1:
        return Withheld(targets.FUNNEL, recover, Hold.UNCONFIRMED)
    return None


def _tailscale_is_starting(look: Look) -> bool:
    return look.sight(Probe.NODE) is Sight.TAILSCALE_STARTING


def _rest_of_funnel(at: Situation) -> float:
    """Seconds to leave a Funnel alone that several attempts of this incident did not mend."""
    incident = at.state.incident(targets.FUNNEL)
    if incident is None or incident.failed < at.settings.restart_max_count:
        return 0.0
    tried = [a.at for a in at.state.attempts if a.incident == incident.id]
    since = min((seconds_between(moment, at.now) for moment in tried), default=FUNNEL_REST)
    return FUNNEL_REST - since


def _ollama(at: Situation, finding: Finding) -> Verdict:
    restart = targets.RESTART_GATEWAY
    if is_settling(at.settings, at.state, at.now):
        return Withheld(targets.OLLAMA, restart, Hold.SETTLING)
    fails = ollama_fails(at.state, at.look, at.findings)
    asked = at.look.times_looked(Probe.OLLAMA)
    first_time = at.state.ollama_fails == 0
    if first_time and asked == 1 and at.look.is_bad(Probe.OLLAMA):
        again = (Probe.OLLAMA, Probe.READY)
        return SecondLook(again, at.settings.ollama_retry_sec)
    if fails < FAILS_FOR_RESTART:
        return Withheld(targets.OLLAMA, restart, Hold.UNCONFIRMED)
    if fails > FAILS_FOR_RESTART:
        return Withheld(targets.OLLAMA, restart, Hold.SUPPRESSED)
    if _is_left_alone(at) or any(other.target == targets.GATEWAY for other in at.findings):
        return Withheld(targets.OLLAMA, restart, Hold.FOLLOWS_ANOTHER)
    if _restarted_for_ollama(at):
        return Withheld(targets.OLLAMA, restart, Hold.SUPPRESSED)
    return _restart(at, finding)


def _restarted_for_ollama(at: Situation) -> bool:
    """One Ollama incident costs one gateway restart, whatever the counter says."""
    incident = at.state.incident(targets.OLLAMA)
    return incident is not None and incident.attempts > 0

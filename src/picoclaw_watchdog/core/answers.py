"""What became of requests, and which of it the watchdog tells by itself.

A gateway that is restarted takes the agent with it that asked for the restart from LINE, and with
the agent the answer. So the watchdog sends it: of what was done, or not done, to the gateway and
to the Funnel, the two that stand between the person and an answer. It goes to the owner's
recipient and nobody else: a source is a claim, and no request may choose who gets a message.
"""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.alerts import queued, raise_alert
from picoclaw_watchdog.core.model import (
    Attempt,
    Decision,
    Kick,
    Moment,
    Outcome,
    Served,
    State,
    Step,
)
from picoclaw_watchdog.core.reasons import Phase, Topic
from picoclaw_watchdog.core.settings import Settings

LINE = "line:"
# Why a request was not served; the words are in `wording/requests.py`.
CUT_SHORT = "cycle_ended_before"
KILLED = "killed_at_it"
TOO_OLD = "found_too_late"

_ACTIONS = tuple(action.name for action in targets.ACTIONS)
_TOPICS = {"mended": Topic.KICK_DONE, "withheld": Topic.KICK_WITHHELD}
_NAMED = 3  # sources in one message


def of_action(kick: Kick, outcomes: tuple[tuple[Step, Outcome], ...], decision: Decision) -> Served:
    """What a cycle made of a request for an action."""
    for step, outcome in outcomes:
        if kick.id in step.kicks:
            good = outcome.phase in (Phase.DONE, Phase.STARTED)
            return Served("mended" if good else "failed", outcome.detail, outcome.took)
    for held in decision.withheld:
        if kick.id in held.kicks:
            return Served("withheld", held.hold.value, until=held.until)
    return Served("failed", CUT_SHORT)


def of_attempt(attempt: Attempt) -> Served:
    """What became of a request whose attempt was recorded by a run that was killed."""
    if attempt.phase in (Phase.DONE, Phase.STARTED):
        return Served("mended", attempt.detail)
    if attempt.phase is Phase.FAILED:
        return Served("failed", attempt.detail)
    return Served("interrupted", KILLED)


def tell_answers(
    settings: Settings, state: State, served: tuple[tuple[Kick, Served], ...], now: Moment
) -> State:
    """Queue a message for each outcome that nobody else may be there to tell, once a request.

    What was tried is always told: the budget bounds it. What was withheld is told under its
    cooldown, and not while the owner has paused everything.
    """
    ours = [(kick, what) for kick, what in served if _is_ours(kick)]
    if not ours:
        return state
    groups: dict[tuple[str, str], list[tuple[Kick, Served]]] = {}
    for kick, what in ours:
        if kick.id not in state.answered:
            groups.setdefault((kick.verb, what.outcome), []).append((kick, what))
    for group in groups.values():
        state = _told(settings, state, group, now)
    return state._replace(answered=tuple(kick.id for kick, _ in ours))


def _is_ours(kick: Kick) -> bool:
    return kick.verb in _ACTIONS and kick.source.startswith(LINE)


def _told(settings: Settings, state: State, group: list[tuple[Kick, Served]], now: Moment) -> State:
    kick, what = group[0]
    topic = _TOPICS.get(what.outcome, Topic.KICK_FAILED)
    facts = _facts(settings, group)
    if topic is Topic.KICK_WITHHELD:
        key = f"kick_withheld_{kick.verb}"
        return state if state.paused else raise_alert(settings, state, key, topic, now, facts)
    # With the outcome in the key, two about one action at one moment are two messages.
    return queued(settings, state, f"kick_{kick.verb}_{what.outcome}", topic, now, facts)


def _facts(settings: Settings, group: list[tuple[Kick, Served]]) -> tuple[tuple[str, str], ...]:
    kick, what = group[0]
    others = sorted({each.source for each, _ in group} - {f"{LINE}{settings.line_notify_to}"})
    more = f"; +{len(others) - _NAMED}" if len(others) > _NAMED else ""
    facts = {
        "action": kick.verb,
        "reason": what.detail if what.outcome != "mended" else "",
        "took": f"{what.took:.1f}" if what.took else "",
        "next_wall": f"{what.until:.0f}" if what.until is not None else "",
        "source": "; ".join(others[:_NAMED]) + more,
        "attempts": str(len(group)),
    }
    return tuple((name, value) for name, value in facts.items() if value)

"""What became of requests, and which of it the watchdog tells by itself.

A gateway that is restarted takes the agent with it that asked for the restart from LINE, and with
the agent the answer. So the watchdog sends it: of what was done, or not done, to the gateway and
to the Funnel, the two that stand between the person and an answer. It goes to the owner's
recipient and nobody else: a source is a claim, and no request may choose who gets a message.

And who can ask can try to silence the watchdog. So every pause, resumption and acknowledgement by
request is told at once, whoever asked, also while paused: one message a cycle sums them up.
"""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.alerts import queued, raise_alert
from picoclaw_watchdog.core.incidents import acked
from picoclaw_watchdog.core.model import (
    Attempt,
    Decision,
    Incident,
    Kick,
    Moment,
    Outcome,
    Served,
    State,
    Step,
)
from picoclaw_watchdog.core.reasons import Phase, Topic
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import NamedTuple

LINE = "line:"
# Why a request was not served; the words are in `wording/requests.py`.
CUT_SHORT = "cycle_ended_before"
KILLED = "killed_at_it"
TOO_OLD = "found_too_late"
# The same of a switch.
AT_THE_HOST = "set_at_the_host"
NOT_PAUSED = "was_not_paused"
PAUSED_BEFORE = "paused_before"
SHORTENED = "an_hour_at_most"
STILL_PAUSED = "still_paused_at_the_host"
PAUSED_OFTEN = "paused_often_enough"
_UNCHANGED = (NOT_PAUSED, PAUSED_BEFORE, AT_THE_HOST)

_SWITCHES = ("pause", "resume")
_ACTIONS = tuple(action.name for action in targets.ACTIONS)
_TOPICS = {"mended": Topic.KICK_DONE, "withheld": Topic.KICK_WITHHELD}
_NAMED = 3  # sources in one message
_EPOCH = 1.0  # a request's time is a whole second


class Note(NamedTuple):
    """An acknowledgement by request, and the incidents that were acknowledged by it."""

    kick: Kick
    ids: tuple[str, ...]


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


def noted(state: State, kicks: tuple[Kick, ...], now: Moment) -> tuple[State, tuple[Note, ...]]:
    """Acknowledge by request what was open when that was asked for and has been told.

    Nobody can acknowledge beforehand what the owner has never heard of.
    """
    notes: list[Note] = []
    for kick in kicks:
        if kick.verb == "ack":
            ids = tuple(each.id for each in state.incidents if _may_be_noted(each, kick))
            state = acked(state, frozenset(ids), kick.source, now)
            notes.append(Note(kick, ids))
    return state, tuple(notes)


def _may_be_noted(incident: Incident, kick: Kick) -> bool:
    was_open = incident.opened.wall < kick.asked + _EPOCH
    meant = kick.argument in ("", incident.id)
    settled = incident.acked or incident.acked_by  # also one that was taken back at the host
    return meant and was_open and incident.alerted and not settled


def tell_answers(
    settings: Settings,
    state: State,
    served: tuple[tuple[Kick, Served], ...],
    notes: tuple[Note, ...],
    now: Moment,
) -> State:
    """Queue a message for each outcome that nobody else may be there to tell, once a request.

    What was tried is always told: the budget bounds it. What was withheld is told under its
    cooldown, and not while the owner has paused everything. What was switched is told without
    one: what may be switched is bounded.
    """
    ours = [(kick, what) for kick, what in served if _is_ours(kick)]
    switched = [
        (kick, what)
        for kick, what in served
        if kick.verb in _SWITCHES and what.outcome == "done" and what.detail not in _UNCHANGED
    ]
    notes = tuple(note for note in notes if note.ids)
    known = (*ours, *switched, *notes)
    if not known:
        return state
    groups: dict[tuple[str, str], list[tuple[Kick, Served]]] = {}
    for kick, what in ours:
        if kick.id not in state.answered:
            groups.setdefault((kick.verb, what.outcome), []).append((kick, what))
    for group in groups.values():
        state = _told(settings, state, group, now)
    fresh = [each for each in switched if each[0].id not in state.answered]
    if fresh or notes:
        facts = _of_switches(fresh, notes)
        state = queued(settings, state, "switched", Topic.SWITCHED, now, facts)
    return state._replace(answered=tuple(each[0].id for each in known))


def _of_switches(
    switched: list[tuple[Kick, Served]], notes: tuple[Note, ...]
) -> tuple[tuple[str, str], ...]:
    """What all of a cycle's requests have led to, and who asked for it."""
    last = switched[-1] if switched else None
    until = last[1].until if last is not None and last[0].verb == "pause" else None
    kicks = (*(kick for kick, _ in switched), *(note.kick for note in notes))
    facts = {
        "next_wall": f"{until:.0f}" if until is not None else "",
        "asked": last[0].argument if last is not None and last[1].detail == SHORTENED else "",
        "resumed": "yes" if last is not None and last[0].verb == "resume" else "",
        "incidents": "; ".join(name for note in notes for name in note.ids),
        "source": _listed({kick.source for kick in kicks}),  # as claimed: also the reader's own
        "attempts": str(len(kicks)),
    }
    return tuple((name, value) for name, value in facts.items() if value)


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
    facts = {
        "action": kick.verb,
        "reason": what.detail if what.outcome != "mended" else "",
        "took": f"{what.took:.1f}" if what.took else "",
        "next_wall": f"{what.until:.0f}" if what.until is not None else "",
        "source": _sources(settings, tuple(each for each, _ in group)),
        "attempts": str(len(group)),
    }
    return tuple((name, value) for name, value in facts.items() if value)


def _sources(settings: Settings, kicks: tuple[Kick, ...]) -> str:
    """Who asked, as far as that is not the reader; empty: nobody else."""
    return _listed({kick.source for kick in kicks} - {f"{LINE}{settings.line_notify_to}"})


def _listed(sources: set[str]) -> str:
    more = f"; +{len(sources) - _NAMED}" if len(sources) > _NAMED else ""
    return "; ".join(sorted(sources)[:_NAMED]) + more

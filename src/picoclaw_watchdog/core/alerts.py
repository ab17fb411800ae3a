"""What the owner must be told now, and why."""

from typing import assert_never

from picoclaw_watchdog.core import couriers, targets
from picoclaw_watchdog.core.delivery import is_told
from picoclaw_watchdog.core.ills import A_DAY, rule_of
from picoclaw_watchdog.core.incidents import alerted
from picoclaw_watchdog.core.model import (
    Alert,
    Decision,
    Incident,
    Moment,
    State,
    Withheld,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Gravity, Hold, Ill, Topic
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import PAUSED_KEY, REMINDERS, STOPPED_KEY, is_endless
from picoclaw_watchdog.core.targets import Kind, Target

# Holds after which nothing of ours is left to be tried.
_NOTHING_LEFT = frozenset({Hold.CANNOT_HELP, Hold.IN_THE_WAY})
# As what an attempt that did not help is told, whatever the ill.
_UNMENDED = {Kind.SERVICE: Topic.RESTART_FAILED, Kind.EXPOSURE: Topic.FUNNEL_FAILED}


def tell(
    settings: Settings,
    state: State,
    decision: Decision,
    closed: tuple[Incident, ...],
    now: Moment,
) -> State:
    """Put what is due into the outbox. Of a pause only what was promised before outlives it."""
    if state.paused is not None:
        for incident in closed:
            state = _tell_end(settings, state, incident, now) if incident.alerted else state
        return state
    for incident in state.incidents:
        topic = topic_of(state, incident, decision)
        stopped = _held(decision, incident.target, Hold.STOPPED) is not None
        if topic is None or incident.acked or stopped:
            continue
        facts = _facts(settings, incident, decision, now)
        never = _held(decision, incident.target, Hold.NEVER_GOOD) is not None
        pause = A_DAY if never else rule_of(incident.cause).pause
        key = incident.target.name
        state = raise_alert(settings, state, key, topic, now, facts, incident, pause)
    for incident in closed:
        state = _tell_end(settings, state, incident, now)
    return state


def remind(settings: Settings, state: State, now: Moment) -> State:
    """Once a day, that the owner has switched something off that does not end by itself."""
    switches = (
        (PAUSED_KEY, Topic.STILL_PAUSED, state.paused),
        (STOPPED_KEY, Topic.STILL_STOPPED, state.stopped),
    )
    for key, topic, switch in switches:
        if switch is None or not is_endless(switch):
            state = couriers.superseded(state, key, "")
        elif key not in dict(state.told):  # he knows today: it was he
            state = state._replace(told=(*state.told, (key, now)))
        else:
            facts = tuple(fact for fact in (("who", switch.who), ("why", switch.why)) if fact[1])
            state = raise_alert(settings, state, key, topic, now, facts)
    return state


def raise_alert(
    settings: Settings,
    state: State,
    key: str,
    topic: Topic,
    now: Moment,
    facts: tuple[tuple[str, str], ...] = (),
    incident: Incident | None = None,
    pause: float = 0.0,
) -> State:
    """Queue one message, unless its key is cooling down or waits for every channel alike.

    `pause`: seconds at least between two about the same, where the cooldown is shorter.
    """
    told = dict(state.told).get(key)
    last = _last_told(state, key, told)
    silence = max(pause, _cooldown(settings, topic))
    cooling = last is not None and seconds_between(last, now) < silence
    about = incident.id if incident is not None else ""
    waiting = any(
        letter.key == key and letter.incident == about and not is_told(told, letter)
        for letter in (*state.outbox, *(each for bag in state.bags for each in bag.letters))
    )
    if cooling or waiting:
        return state
    state = couriers.superseded(state, key, about)
    state = queued(settings, state, key, topic, now, facts, incident)
    return state if incident is None else alerted(state, incident.id)


def _last_told(state: State, key: str, told: Moment | None) -> Moment | None:
    """When a message with this key was accepted, or may have been: its fate may be open."""
    parcel = state.parcel
    if parcel is None or not parcel.silent:
        return told
    is_open = any(
        letter.key == key and letter.id in parcel.letters and letter.topic is not Topic.ALL_CLEAR
        for letter in state.outbox
    )
    if is_open and (told is None or seconds_between(told, parcel.first) > 0):
        return parcel.first
    return told


def _cooldown(settings: Settings, topic: Topic) -> float:
    """A typing error is told once; a reminder a day is enough for what does not get worse."""
    if topic is Topic.SETTINGS_BROKEN or topic in REMINDERS:
        return max(A_DAY, settings.alert_cooldown_sec)
    return settings.alert_cooldown_sec


def topic_of(state: State, incident: Incident, decision: Decision) -> Topic | None:
    """Why this open incident must be told, None while it need not be."""
    rule = rule_of(incident.cause)
    holds = {each.hold for each in decision.withheld if each.target == incident.target}
    lasting = _times_found(state, incident, holds) >= rule.patience
    if holds & _NOTHING_LEFT and rule.remedy is not None:
        return Topic.OWNER_MUST_ACT
    if rule.only_the_owner or Hold.NEVER_GOOD in holds:
        return Topic.OWNER_MUST_ACT if lasting else None
    if rule.kind is Kind.SERVICE and Hold.BUDGET_SPENT in holds:
        return Topic.BUDGET_SPENT
    if incident.failed or Hold.NOT_RECORDABLE in holds:
        return _UNMENDED.get(rule.kind, rule.told)
    return rule.told if lasting else None


def _times_found(state: State, incident: Incident, holds: set[Hold]) -> int:
    """Consecutive cycles that found it, or more by the owner's own count, where there is one.

    A cycle that only waits for a start has found nothing.
    """
    counts = {targets.GATEWAY: state.health_fails, targets.OLLAMA: state.ollama_fails}
    counted = counts.get(incident.target, 0)
    return counted if Hold.STARTING in holds else max(incident.cycles, counted)


def _held(decision: Decision, target: Target, hold: Hold) -> Withheld | None:
    for each in decision.withheld:
        if each.target == target and each.hold is hold:
            return each
    return None


def _tell_end(settings: Settings, state: State, incident: Incident, now: Moment) -> State:
    facts = _end_facts(incident, now)
    if incident.alerted:
        key = f"{incident.target.name}_all_clear"
        return queued(settings, state, key, Topic.ALL_CLEAR, now, facts, incident)
    if incident.mended_by is None or not settings.tell_mended:
        return state
    key = f"{incident.target.name}_mended"
    return raise_alert(settings, state, key, Topic.MENDED, now, facts, incident)


def queued(
    settings: Settings,
    state: State,
    key: str,
    topic: Topic,
    now: Moment,
    facts: tuple[tuple[str, str], ...],
    incident: Incident | None = None,
) -> State:
    """Queue one message, whatever its key was told last."""
    letter = Alert(
        id=f"{key}-{topic.value}-{now.wall:.3f}",
        key=key,
        topic=topic,
        gravity=gravity_of(topic, incident.cause if incident is not None else None),
        made=now,
        target=incident.target.name if incident is not None else "",
        cause=incident.cause if incident is not None else None,
        incident=incident.id if incident is not None else "",
        facts=facts,
    )
    state = state._replace(outbox=(*state.outbox, letter))
    return couriers.queued(state, couriers.addresses(settings), letter)


def gravity_of(topic: Topic, cause: Ill | None) -> Gravity:
    """How much the owner must know it; of an ill alone, as its rule says."""
    match topic:
        case Topic.MENDED | Topic.ALL_CLEAR | Topic.KICK_DONE | Topic.KICK_WITHHELD:
            return Gravity.NOTICE
        case Topic.KICK_FAILED | Topic.KICK_REFUSED | Topic.SWITCHED:
            # Never critical: who may ask must not be able to use up what is kept for faults.
            return Gravity.WARNING
        case Topic.SETTINGS_BROKEN | Topic.STILL_PAUSED | Topic.STILL_STOPPED:
            return Gravity.WARNING
        case Topic.RESTART_FAILED | Topic.BUDGET_SPENT | Topic.FUNNEL_FAILED:
            return Gravity.CRITICAL
        case Topic.OWNER_MUST_ACT:
            rule = rule_of(cause) if cause is not None else None
            told_so = rule is not None and (rule.only_the_owner or rule.kind is Kind.PEER)
            return rule.gravity if rule is not None and told_so else Gravity.CRITICAL
        case (
            Topic.HEALTH_FAILING
            | Topic.OLLAMA_FAILING
            | Topic.NETWORK_AWAY
            | Topic.BUS_SILENT
            | Topic.BLIND
        ):
            return rule_of(cause).gravity if cause is not None else Gravity.WARNING
        case _:
            assert_never(topic)


def _facts(
    settings: Settings, incident: Incident, decision: Decision, now: Moment
) -> tuple[tuple[str, str], ...]:
    held = _held(decision, incident.target, Hold.BUDGET_SPENT)
    facts = {
        "drill": "yes" if incident.drill else "",
        "unit": settings.gateway_service,
        "attempts": str(incident.attempts),
        "max": str(settings.restart_max_count),
        "window_min": str(settings.restart_window_sec // 60),
        "duration": f"{seconds_between(incident.opened, now):.0f}",
        "since_wall": f"{incident.opened.wall:.0f}",
        "cycles": str(incident.cycles),
        "error": incident.last_error,
        "lost": incident.lost,
        "detail": incident.detail,
        "models": incident.detail if incident.cause is Ill.PEER_MODELS_MISSING else "",
        "next_wall": f"{held.until:.0f}" if held is not None and held.until is not None else "",
        "asked": incident.asked,
        "stands": incident.stands,
        "advice": incident.advice,
        "never_good": "yes" if _held(decision, incident.target, Hold.NEVER_GOOD) else "",
    }
    return tuple((name, value) for name, value in facts.items() if value)


def _end_facts(incident: Incident, now: Moment) -> tuple[tuple[str, str], ...]:
    mended_by = incident.mended_by
    facts = {
        "drill": "yes" if incident.drill else "",
        "detail": incident.detail,
        "duration": f"{seconds_between(incident.opened, now):.1f}",
        "since_wall": f"{incident.opened.wall:.0f}",
        "mended_by": mended_by.name if mended_by is not None else "",
        "took": f"{incident.took:.1f}" if mended_by == targets.RESTART_GATEWAY else "",
        "attempts": str(incident.attempts),
        "error": incident.last_error,
        "lost": incident.lost,
    }
    return tuple((name, value) for name, value in facts.items() if value)

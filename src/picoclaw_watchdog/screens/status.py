"""The state of the host on one screen: the first lines say all that is needed in ten seconds."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.commands import command
from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.ills import rule_of
from picoclaw_watchdog.core.model import Alert, Moment
from picoclaw_watchdog.core.reasons import Hold, Ill, Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Target
from picoclaw_watchdog.core.wording import (
    cause_words,
    hold_words,
    remedy_words,
    sight_words,
    target_words,
    topic_words,
    ways_out_words,
)
from picoclaw_watchdog.screens.baselines import baseline_line
from picoclaw_watchdog.screens.status_words import WORDS
from picoclaw_watchdog.screens.times import lasted, when
from picoclaw_watchdog.terminal.blocks import Cell, pairs
from picoclaw_watchdog.terminal.columns import padded, width
from picoclaw_watchdog.terminal.paint import Sign, Style, Terminal

_SAID_OF = {"stopped": "stopped_target"}
_PROGRAM = "picoclaw-watchdog"
_AT_IT = frozenset({Hold.UNCONFIRMED, Hold.STARTING, Hold.SETTLING, Hold.ALREADY_RESTARTED})
_TOLD = 3  # of the last messages


class Seen(NamedTuple):
    """What the screen is made of."""

    settings: Settings
    document: Mapping[str, Any]  # status.json; empty: no cycle has run
    delivered: tuple[tuple[Alert, Moment], ...]  # newest first
    now: float  # wall seconds
    stale: bool  # nobody looks any more


# After these nothing of ours is left to be tried.
_NOTHING_OF_OURS = (Hold.CANNOT_HELP, Hold.SUPPRESSED)


def screen(on: Terminal, seen: Seen) -> list[str]:
    """The lines of the screen."""
    say = WORDS[seen.settings.language]
    if "at" not in seen.document:
        lines = _head(on, Sign.UNKNOWN, Style.WARN, say["never"])
        once = Cell(f"{_PROGRAM} once", Style.COMMAND)
        return [*lines, *pairs(on, [(say["next_command"], once)])]
    lines = [*_heads(on, seen), ""]
    lines += _targets(on, seen)
    rows = [
        (say["left"], _budgets(seen)),
        (say["messages"], _messages(seen)),
        (say["told"], _told(seen)),
        (say["next_command"], Cell("\n".join(_commands(seen)), Style.COMMAND)),
    ]
    return [*lines, "", *pairs(on, [row for row in rows if row[1].text])]


def _heads(on: Terminal, seen: Seen) -> list[str]:
    """How it is, since when, and what the owner has to do."""
    say, document = WORDS[seen.settings.language], seen.document
    at, ago = when(document["at"], seen.now), _ago(seen, document["at"])
    looked = say["looked"].format(ago=ago, next=when(document["next_look"], seen.now))
    host = printable(document["host"])
    lines: list[str] = []
    if not seen.settings.enabled:
        lines += _head(on, Sign.WARN, Style.WARN, f"{host}: {say['off']}")
    elif seen.stale:
        lines += _head(on, Sign.BAD, Style.BAD, f"{host}: " + say["stale"].format(at=at, ago=ago))
        lines += _steps(on, say["to_do"], [say["stale_to_do"]], Style.WARN)
        lines += on.text(say["stale_rest"], Style.DIM, indent=2)
    lines += [line for name in ("paused", "stopped") for line in _switch(on, seen, name, host)]
    for incident in document["incidents"]:
        lines += _incident(on, seen, incident, host)
    if not document["incidents"]:
        lines += _blind(on, seen, host)
    well = document["healthy"] and not document.get("stopped")
    if well and not (seen.stale or not seen.settings.enabled):
        lines += _head(on, Sign.GOOD, Style.GOOD, f"{host}: {say['healthy']}")
    lines += _channels(on, seen)
    return lines if seen.stale else [*lines, *on.text(looked, Style.DIM, indent=2)]


def _channels(on: Terminal, seen: Seen) -> list[str]:
    """Who does not take messages, and why."""
    say, document = WORDS[seen.settings.language], seen.document
    lines: list[str] = []
    if document.get("channel_trouble"):
        why = printable(document["channel_trouble"])
        lines += _head(on, Sign.WARN, Style.WARN, say["trouble"].format(why=why))
    for courier in document.get("couriers", ()):
        if courier["trouble"] and courier["waiting"]:
            facts = {name: printable(str(courier[name])) for name in courier}
            facts["test"] = command(_PROGRAM, "notify-test", "--channel", courier["name"])
            lines += _head(on, Sign.WARN, Style.WARN, say["courier"].format(**facts))
    return lines


def _head(on: Terminal, sign: Sign, style: Style, text: str) -> list[str]:
    return on.text(text, style, indent=2, first=on.paint(on.sign(sign), style) + " ")


def _blind(on: Terminal, seen: Seen, host: str) -> list[str]:
    """What has no verdict: unknown is not well."""
    say, language = WORDS[seen.settings.language], seen.settings.language
    unseen = [target_words(targets.named(each), language) for each in _unseen(seen)]
    if not unseen or seen.stale:
        return []
    comma = "、" if language == "ja" else ", "
    text = say["blind"].format(names=comma.join(unseen))
    lines = _head(on, Sign.UNKNOWN, Style.WARN, f"{host}: {text}")
    return [*lines, *_steps(on, say["blind_to_do"], [f"{_PROGRAM} doctor"], None)]


def _unseen(seen: Seen) -> list[str]:
    return list(seen.document.get("unseen") or ())


def _switch(on: Terminal, seen: Seen, name: str, host: str) -> list[str]:
    say, switch = WORDS[seen.settings.language], seen.document.get(name)
    if not switch:
        return []
    until, planned = switch["until"], bool(switch.get("planned"))
    text = say[f"{name}_open" if until is None else "window" if planned else name]
    text = text.format(until=when(until or 0.0, seen.now))
    named = switch["who"] and not planned
    who = say["paused_by"].format(who=printable(switch["who"])) if named else ""
    words = ": ".join(filter(None, [who, printable(switch["why"])]))
    return _head(on, Sign.PAUSED, Style.WARN, f"{host}: {text}" + (f" ({words})" if words else ""))


def _incident(on: Terminal, seen: Seen, incident: Mapping[str, Any], host: str) -> list[str]:
    language = seen.settings.language
    say = WORDS[language]
    cause = cause_words(Ill(incident["cause"]), language)
    acked = bool(incident.get("acked"))
    lines = _head(on, Sign.BAD, Style.BAD, f"{host}: {cause}")
    since = say["since"].format(
        at=when(incident["since"], seen.now), ago=_ago(seen, incident["since"])
    )
    marks = [since]
    if incident["attempts"]:
        marks.append(say["attempts"].format(number=incident["attempts"]))
    if acked:
        marks.append(say["acked"])
    comma = "、" if language == "ja" else ", "
    lines += on.text(comma.join(marks), indent=2)
    return [*lines, *_to_do(on, seen, incident)]


def _to_do(on: Terminal, seen: Seen, incident: Mapping[str, Any]) -> list[str]:
    """What the owner has to do, or why nothing."""
    language = seen.settings.language
    say, cause = WORDS[language], Ill(incident["cause"])
    models = seen.settings.ollama_required_models
    steps = remedy_words(cause, seen.settings.gateway_service, models, language)
    held = _held(seen, incident["target"])
    hold = Hold(held["hold"]) if held else None
    if hold in (Hold.NEVER_GOOD, Hold.IN_THE_WAY):
        return _left_alone(on, seen, incident, hold)
    if _is_the_owners(cause) or hold in _NOTHING_OF_OURS:
        return _steps(on, say["to_do"], steps, Style.WARN)
    if hold is Hold.BUDGET_SPENT and held:
        until = held["until"]
        text = say["spent"] if until else say["spent_open"]
        text = text.format(at=when(until or 0.0, seen.now))
        return [
            *on.text(text, Style.WARN, indent=2),
            *_steps(on, say["to_do"], steps, Style.WARN),
        ]
    if hold is None or hold in _AT_IT:
        return on.text(say["at_it"], indent=2)
    full_stop = hold_words(hold, language).rstrip("。")
    lines = on.text(say["held"].format(hold=full_stop), indent=2)
    return [*lines, *_steps(on, say["look"], steps, None)]


def _left_alone(on: Terminal, seen: Seen, incident: Mapping[str, Any], hold: Hold) -> list[str]:
    """What was not touched, why, and the owner's ways out."""
    language = seen.settings.language
    say, cause, unit = WORDS[language], Ill(incident["cause"]), seen.settings.gateway_service
    if hold is Hold.NEVER_GOOD:
        text = say["never_good"].format(asked=printable(incident.get("asked") or "-"))
        steps = ways_out_words(targets.named(incident["target"]), cause, unit, language)
    else:
        text = say["stands"].format(stands=printable(incident.get("stands") or "-"))
        advice = printable(incident.get("advice") or "")
        steps = [advice] if advice else remedy_words(cause, unit, (), language)
    return [*on.text(text, indent=2), *_steps(on, say["to_do"], steps, Style.WARN)]


def _steps(on: Terminal, title: str, steps: Sequence[str], style: Style | None) -> list[str]:
    lines = on.text(title, style, indent=2)
    for step in steps:
        lines += on.text(step, Style.COMMAND, indent=4)
    return lines


def _is_the_owners(cause: Ill) -> bool:
    return rule_of(cause).remedy is None and cause is not Ill.SERVICE_STARTING


def _held(seen: Seen, target: str) -> Mapping[str, Any] | None:
    """What the last cycle withheld from this target."""
    entry = next(iter(seen.document.get("decisions") or ()), None)
    began = seen.document["at"] - seen.document["took"]
    if entry is None or abs(entry["at"] - began) > 1:
        return None  # an earlier cycle's
    return next((each for each in entry["withheld"] if each["target"] == target), None)


def _targets(on: Terminal, seen: Seen) -> list[str]:
    """One line for each target, and below it what a look found wrong."""
    language, document = seen.settings.language, seen.document
    say = WORDS[language]
    ill = {each["target"] for each in document["incidents"]}
    known = [
        each for each in targets.BUILT_IN if each.name in ill or each.name in document["targets"]
    ]
    names = max((width(target_words(each, language)) for each in known), default=0)
    lines: list[str] = []
    for target in known:
        verdict = document["targets"].get(target.name, "bad")
        if target.name in ill:
            verdict = "bad"
        if document.get("stopped"):
            verdict = _while_stopped(seen, target, verdict)
        sign, style = _LOOK_OF[verdict]
        name = padded(target_words(target, language), names)
        words = say[_SAID_OF.get(verdict, verdict)]
        lines.append(f"{on.paint(on.sign(sign), style)} {name}  {on.paint(words, style)}")
        sights = _sights(seen, target) if verdict not in ("stopped", "unseen") else []
        lines += [line for text in sights for line in on.text(text, indent=4)]
        baseline = baseline_line(document, target.name, seen.now, language)
        lines += on.text(baseline, Style.DIM, indent=4) if baseline else []
    return lines


def _while_stopped(seen: Seen, target: Target, verdict: str) -> str:
    """What only follows from a gateway that was stopped on purpose is not bad."""
    if verdict != "bad":
        return verdict
    if target == targets.GATEWAY:
        return "stopped"
    looks = [each for each in seen.document["looks"] if each["target"] == target.name]
    bad = {each["probe"] for each in looks if each["verdict"] == "bad"}
    return "unseen" if bad == {Probe.WEBHOOK_PUBLIC.value} else verdict


_LOOK_OF = {
    "stopped": (Sign.PAUSED, Style.WARN),
    "unseen": (Sign.UNKNOWN, Style.WARN),
    "good": (Sign.GOOD, Style.GOOD),
    "bad": (Sign.BAD, Style.BAD),
    "unknown": (Sign.UNKNOWN, Style.WARN),
}


def _sights(seen: Seen, target: Target) -> list[str]:
    """What was seen of a target and is not as it should be; what merely follows in one line."""
    say, document = WORDS[seen.settings.language], seen.document
    follow = {probe for each in document["incidents"] for probe in each["followers"]}
    looks = [
        each
        for each in document["looks"]
        if each["verdict"] != "good" and each["target"] == target.name
    ]
    looks.sort(key=lambda look: (look["probe"] != Probe.UNIT.value, look["verdict"] != "bad"))
    texts, name = [], "follows"
    if any(each["target"] == target.name for each in document["incidents"]):
        texts, looks, name = [_sight(seen, each) for each in looks[:1]], looks[1:], "also"
    texts += [_sight(seen, look) for look in looks if look["probe"] not in follow]
    rest = ", ".join(look["probe"] for look in looks if look["probe"] in follow)
    return [*texts, say[name].format(probes=rest)] if rest else texts


def _sight(seen: Seen, look: Mapping[str, Any]) -> str:
    sight = Sight(look["sight"])
    detail = "" if sight is Sight.REFUSED else printable(look["detail"])
    words = sight_words(sight, seen.settings.language)
    return f"{look['probe']}: " + ": ".join(filter(None, [words, detail]))


def _budgets(seen: Seen) -> Cell:
    say = WORDS[seen.settings.language]
    texts, spent = [], False
    for action, budget in seen.document["budgets"].items():
        text = say["budget"].format(name=say[action], left=budget["left"], max=budget["max"])
        if budget["left"] == 0 and budget.get("next_possible"):
            spent = True
            text += f" ({say['next'].format(at=when(budget['next_possible'], seen.now))})"
        texts.append(text)
    return Cell(", ".join(texts), Style.WARN if spent else None)


def _messages(seen: Seen) -> Cell:
    say, document = WORDS[seen.settings.language], seen.document
    number = document["waiting_messages"]
    texts = [say["waiting"].format(number=number) if number else say["none_waiting"]]
    if document.get("quota_left") is not None:
        texts.append(say["quota"].format(number=document["quota_left"]))
    return Cell(", ".join(texts), Style.WARN if number else None)


def _told(seen: Seen) -> Cell:
    language = seen.settings.language
    lines = []
    for alert, moment in seen.delivered[:_TOLD]:
        about = topic_words(alert.topic, language)
        if alert.cause is not None:
            about += f" ({cause_words(alert.cause, language)})"
        lines.append(f"{when(moment.wall, seen.now)} {about}")
    return Cell("\n".join(lines))


def _commands(seen: Seen) -> list[str]:
    """What to type next."""
    paused = seen.document.get("paused")
    if paused and not paused.get("planned"):
        return [f"{_PROGRAM} resume"]
    if seen.document.get("stopped"):
        return [f"{_PROGRAM} start-gateway"]
    incidents = seen.document["incidents"]
    ill_otherwise = seen.stale or seen.document.get("channel_trouble") or _unseen(seen)
    if not incidents and ill_otherwise:
        return [f"{_PROGRAM} doctor"]
    if not incidents:
        return [f"{_PROGRAM} history"]
    commands = [f"{_PROGRAM} why", f"{_PROGRAM} incidents show"]
    if not all(each.get("acked") for each in incidents):
        commands.append(f"{_PROGRAM} ack")
    return commands


def _ago(seen: Seen, wall: float) -> str:
    return lasted(max(0.0, seen.now - wall), seen.settings.language)

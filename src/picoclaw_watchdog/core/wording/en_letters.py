"""English: the messages."""

from typing import assert_never

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import Alert
from picoclaw_watchdog.core.reasons import Ill, Topic
from picoclaw_watchdog.core.switches import REMINDERS
from picoclaw_watchdog.core.wording import facts
from picoclaw_watchdog.core.wording.en import action, cause_tenses, remedy, target, topic
from picoclaw_watchdog.core.wording.facts import Matter, fact
from picoclaw_watchdog.core.wording.requests import request_reason


def letter(alert: Alert, host: str, waited: float) -> str:
    """One message: the headline, what is known, what to do, where to look."""
    lines = [f"[{host}] {_drill(alert)}{_headline(alert)}"]
    lines += _known(alert)
    lines += _footnotes(alert, waited)
    quiet = alert.topic in facts.QUIET
    return "\n".join([*lines, f"More: {facts.STATUS if quiet else facts.WHY}"])


def _known(alert: Alert) -> list[str]:
    if alert.topic in facts.ANSWERS:
        return _answer(alert)
    return _over(alert) if alert.topic in {Topic.MENDED, Topic.ALL_CLEAR} else _open(alert)


def digest(about: tuple[Matter, ...], host: str, waited: float) -> str:
    """Several matters, a line each."""
    open_matters = sum(not matter.is_over for matter in about)
    late = f" (messages were held up for {_span(waited)})" if waited >= facts.LATE else ""
    lines = [f"[{host}] {len(about)} reports{late}"]
    lines += [_line(matter) for matter in about[-facts.MATTERS_MAX :]]
    unlisted = len(about) - facts.MATTERS_MAX
    if unlisted > 0:
        lines.insert(1, f"... and {unlisted} earlier ones")
    if (gone := facts.suppressed(tuple(a for each in about for a in each.letters))) > 0:
        lines.append(f"({gone} more were not told)")
    lines.append(f"Still open: {open_matters}" if open_matters else "All of it is over.")
    return "\n".join([*lines, f"More: {facts.STATUS}"])


def _line(matter: Matter) -> str:
    last = matter.last
    if last.topic is Topic.ALL_CLEAR:
        text = f"{_subject(last)}: {_mended_by(last)}"
    else:
        text = _headline(last)
        if not matter.is_over and (steps := _to_do(last)):
            text += f" -> {steps[0]}"
    times = f" ({matter.more + 1} times)" if matter.more else ""
    return f"{matter.clock} {_drill(last)}{_capital(text)}{times}".strip()


def _drill(alert: Alert) -> str:
    return "Drill: " if fact(alert, "drill") else ""


def _headline(alert: Alert) -> str:
    about = _subject(alert)
    match alert.topic:
        case Topic.MENDED if alert.cause is Ill.SERVICE_STOPPED:
            return "The gateway runs again: its planned stop is over"
        case Topic.MENDED:
            return _capital(f"{about}, now it is mended")
        case Topic.ALL_CLEAR:
            return f"All clear: {about}"
        case Topic.OWNER_MUST_ACT | Topic.NETWORK_AWAY | Topic.OLLAMA_FAILING:
            needed = alert.topic is Topic.OWNER_MUST_ACT and alert.cause is not None
            return _capital(f"{about}{': you are needed' if needed else ''}")
        case Topic.RESTART_FAILED | Topic.BUDGET_SPENT | Topic.HEALTH_FAILING | Topic.BUS_SILENT:
            return _capital(f"{about}: {topic(alert.topic)}" if alert.cause else about)
        case (
            Topic.FUNNEL_FAILED
            | Topic.KICK_REFUSED
            | Topic.SETTINGS_BROKEN
            | Topic.STILL_PAUSED
            | Topic.STILL_STOPPED
            | Topic.SWITCHED
            | Topic.BLIND
        ):
            return _capital(topic(alert.topic))
        case Topic.KICK_DONE | Topic.KICK_WITHHELD | Topic.KICK_FAILED:
            asked = facts.wanted(alert)
            about = f"{action(asked)}: " if asked else ""
            return _capital(f"{about}{topic(alert.topic)}")
        case _:
            assert_never(alert.topic)


def _subject(alert: Alert) -> str:
    """The fault in the tense of the message."""
    over = alert.topic in {Topic.MENDED, Topic.ALL_CLEAR}
    if alert.cause is not None:
        return cause_tenses(alert.cause)[over]
    if not over:
        return topic(alert.topic)
    named = next((target(each) for each in targets.BUILT_IN if each.name == alert.target), "")
    return f"the {named} had a fault" if named in {"gateway", "Funnel"} else "there was a fault"


def _over(alert: Alert) -> list[str]:
    if alert.topic is Topic.MENDED and alert.cause is Ill.SERVICE_STOPPED:
        took = facts.seconds(alert, "took")
        return [] if took is None else [f"It was healthy {took:g} s after it was started."]
    lines = [f"{_capital(_mended_by(alert))}."]
    length = facts.seconds(alert, "duration")
    began, ended = fact(alert, "since"), fact(alert, "made_at")
    times = f" ({began}-{ended})" if began and ended and began != ended else ""
    if length is not None:
        lines.append(f"It lasted {_span(length)}{times}.")
    elif began:
        lines.append(f"It began at {began}.")
    if error := fact(alert, "error"):
        lines.append(f"Last error: {error}")
    return lines + _lost(alert)


def _lost(alert: Alert) -> list[str]:
    lost = "; ".join(facts.items(alert, "lost"))
    return [f"Lost by the Funnel reset, please set up again: {lost}"] if lost else []


def _mended_by(alert: Alert) -> str:
    mender = facts.mender(alert)
    if mender is None:
        return "mended" if alert.topic is Topic.MENDED else "it came back by itself"
    took = facts.seconds(alert, "took")
    return f"mended by a {action(mender)}" + (f", which took {took:g} s" if took else "")


def _open(alert: Alert) -> list[str]:
    lines = _complaint(alert)
    if alert.topic is Topic.FUNNEL_FAILED:
        reason = _subject(alert) if alert.cause else "its public address does not work"
        lines.append(f"{_capital(reason)}. LINE messages do not arrive.")
    if detail := fact(alert, "detail"):
        lines.append(f"Seen: {detail}")
    lines += [*_since(alert), *_tried(alert)]
    lines += _lost(alert)
    if next_at := fact(alert, "next_at"):
        lines.append(f"Next attempt: {next_at}")
    if source := fact(alert, "source"):
        lines.append(f"It came from: {source}")
    steps = _to_do(alert)
    return lines + [f"{'To do' if place == 0 else 'then'}: {s}" for place, s in enumerate(steps)]


def _answer(alert: Alert) -> list[str]:
    """What became of a request."""
    lines = []
    if alert.topic is Topic.KICK_DONE:
        took = facts.seconds(alert, "took")
        lines.append(f"Verified after {took:g} s." if took else "Verified.")
    if reason := fact(alert, "reason"):
        lines.append(f"Reason: {request_reason(reason, 'en')}")
    if next_at := fact(alert, "next_at"):
        lines.append(f"Possible again from: {next_at}")
    return lines + _asker(alert)


def _asker(alert: Alert) -> list[str]:
    source, count = fact(alert, "source"), facts.number(alert, "attempts")
    times = f" ({count} requests)" if count > 1 else ""
    return [f"Asked for by: {source or 'you'}{times}"]


def _since(alert: Alert) -> list[str]:
    began, length = fact(alert, "since"), facts.seconds(alert, "duration")
    lasting = f"for {_span(length)}" if length else ""
    if began:
        return [f"Since {began}" + (f" ({lasting})" if lasting else "")]
    return [_capital(lasting)] if lasting else []


def _complaint(alert: Alert) -> list[str]:
    """What was wrong with something that the owner or a stranger wrote."""
    error, count = fact(alert, "error", facts.LIST_MAX), facts.number(alert, "attempts")
    if alert.topic is Topic.SETTINGS_BROKEN:
        others = f" (and {count - 1} more)" if count > 1 else ""
        return [f"{error}{others}", "Until then the default is used."] if error else []
    if alert.topic is Topic.KICK_REFUSED:
        times = f" ({count} requests)" if count > 1 else ""
        source = fact(alert, "source")
        who = f", from {source}" if source else ""
        return [f"Reason: {request_reason(error, 'en')}{times}{who}"] if error else []
    if alert.topic in REMINDERS:
        who, why = fact(alert, "who") or "somebody", fact(alert, "why") or "no reason given"
        effect = "nothing is" if alert.topic is Topic.STILL_PAUSED else "a stopped gateway is not"
        return [f"By {who}: {why}", f"It has no end, and until then {effect} mended."]
    return []


def _tried(alert: Alert) -> list[str]:
    attempts, window = facts.number(alert, "attempts"), facts.number(alert, "window_min")
    if alert.topic in {Topic.SETTINGS_BROKEN, Topic.KICK_REFUSED}:
        return []
    what = "recovery" if alert.target == targets.FUNNEL.name else "restart"
    plural = "recoveries" if what == "recovery" else "restarts"
    most = facts.number(alert, "max")
    if not attempts:  # all that are allowed went to earlier faults
        spent_before = alert.topic is Topic.BUDGET_SPENT and window
        made = f"{most} {what if most == 1 else plural} in {window} min"
        return [f"Tried before: {made}, as many as are allowed"] if spent_before else []
    allowed = f"; {most} in {window} min are allowed" if window else ""
    spent = allowed if alert.topic is Topic.BUDGET_SPENT else ""
    tried = f"Tried: {attempts} {what if attempts == 1 else plural}, in vain{spent}"
    error = fact(alert, "error")
    return [tried, f"Last error: {error}"] if error else [tried]


def _to_do(alert: Alert) -> list[str]:
    """The exact things that only the owner can do."""
    if alert.topic is Topic.SETTINGS_BROKEN:
        return ["picoclaw-watchdog config check"]
    if fact(alert, "drill"):
        return []
    if alert.topic in REMINDERS:
        return [facts.RESUME if alert.topic is Topic.STILL_PAUSED else facts.START]
    if command := fact(alert, "command"):
        return [command]
    if facts.was_stopped(alert):
        return ["if you stopped it yourself: picoclaw-watchdog stop-gateway 2h"]
    if not facts.is_helpless(alert) or alert.cause is None:
        return []
    unit = fact(alert, "unit") or facts.UNIT
    return remedy(alert.cause, unit, facts.items(alert, "models"))


def _footnotes(alert: Alert, waited: float) -> list[str]:
    lines = []
    if fact(alert, "drill") and alert.topic not in {Topic.MENDED, Topic.ALL_CLEAR}:
        lines.append("(There is nothing for you to do.)")
    if (gone := facts.number(alert, "suppressed")) > 0:
        lines.append(f"({gone} more like it were not told)")
    if waited >= facts.LATE:
        lines.append(f"(This message was held up for {_span(waited)}.)")
    return lines


def _span(length: float) -> str:
    return " ".join(f"{count} {unit}" for count, unit in facts.span(length).parts)


def _capital(text: str) -> str:
    named_small = text.startswith(("systemd", "tailscaled"))
    return text if named_small else text[:1].upper() + text[1:]

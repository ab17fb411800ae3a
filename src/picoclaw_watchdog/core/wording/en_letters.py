"""English: the messages."""

from typing import assert_never

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import Alert
from picoclaw_watchdog.core.reasons import Ill, Topic
from picoclaw_watchdog.core.switches import REMINDERS
from picoclaw_watchdog.core.targets import Kind, Target
from picoclaw_watchdog.core.wording import facts
from picoclaw_watchdog.core.wording.en import action, cause_tenses, remedy, target, topic, ways_out
from picoclaw_watchdog.core.wording.facts import Matter, Untouched, fact
from picoclaw_watchdog.core.wording.requests import request_reason

_UNTOUCHED = {
    Untouched.NEVER_GOOD: "It was never seen working here, so nothing was touched.",
    Untouched.ANSWERS: "It answers, so nothing was restarted.",
    Untouched.ELSEWHERE: "No restart can change that, so nothing was restarted.",
    Untouched.OUTSIDE: "Nothing was restarted, and the Funnel was left alone.",
    Untouched.HOST: "The fault is on this host. The Funnel was left alone.",
    Untouched.UNSEEN: "Whether it works is unknown; nothing was touched.",
}


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
    if alert.topic is Topic.SWITCHED:
        return _switched(alert)
    return _over(alert) if alert.topic in {Topic.MENDED, Topic.ALL_CLEAR} else _open(alert)


def digest(about: tuple[Matter, ...], host: str, waited: float) -> str:
    """Several matters, a line each."""
    open_matters = sum(not matter.is_over for matter in about)
    late = f" (messages were delayed by {_span(waited)})" if waited >= facts.LATE else ""
    lines = [f"[{host}] {len(about)} reports{late}"]
    lines += [_line(matter) for matter in about[-facts.MATTERS_MAX :]]
    unlisted = len(about) - facts.MATTERS_MAX
    if unlisted > 0:
        lines.insert(1, f"... and {unlisted} earlier ones")
    if (gone := facts.suppressed(tuple(a for each in about for a in each.letters))) > 0:
        lines.append(f"({gone} more were not sent)")
    lines.append(f"Still open: {open_matters}" if open_matters else "Nothing is open any more.")
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
            return f"Recovered: {about}"
        case Topic.ALL_CLEAR:
            return f"All clear: {about}"
        case (
            Topic.OWNER_MUST_ACT
            | Topic.FUNNEL_FAILED
            | Topic.OLLAMA_FAILING
            | Topic.NETWORK_AWAY
            | Topic.RESTART_FAILED
            | Topic.BUDGET_SPENT
            | Topic.HEALTH_FAILING
            | Topic.BUS_SILENT
        ):
            return _capital(": ".join([about, *_turn(alert)]))
        case (
            Topic.KICK_REFUSED
            | Topic.SETTINGS_BROKEN
            | Topic.STILL_PAUSED
            | Topic.STILL_STOPPED
            | Topic.SWITCHED
        ):
            return _capital(": ".join([topic(alert.topic), *_switches(alert)]))
        case Topic.BLIND:
            return _capital(f"{topic(alert.topic)} {_unseen(alert)}".strip())
        case Topic.KICK_DONE | Topic.KICK_WITHHELD | Topic.KICK_FAILED:
            asked = facts.wanted(alert)
            about = f"{action(asked)}: " if asked else ""
            return _capital(f"{about}{topic(alert.topic)}")
        case _:
            assert_never(alert.topic)


def _turn(alert: Alert) -> list[str]:
    """What came of a fault so far, where its name alone does not say enough."""
    silent = {Topic.OLLAMA_FAILING, Topic.NETWORK_AWAY}
    if alert.cause is None or alert.topic in silent or facts.may_pass(alert):
        return []
    if facts.items(alert, "stands"):
        return ["something is in the way"]
    if alert.topic is Topic.FUNNEL_FAILED:
        return ["the recovery did not help"] if facts.number(alert, "attempts") else []
    return [topic(alert.topic)]


def _unseen(alert: Alert) -> str:
    """What the watchdog is blind to."""
    unseen = facts.blind_to(alert)
    return " and ".join(map(_the, unseen))


def _the(each: Target) -> str:
    named = each.kind in (Kind.SERVICE, Kind.EXPOSURE, Kind.NETWORK)
    return f"the {target(each)}" if named else target(each)


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
    if said := facts.of_systemd(alert):
        lines.append(f"systemd said: {said}")
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
    return [f"Lost in the Funnel reset, please set up again: {lost}"] if lost else []


def _mended_by(alert: Alert) -> str:
    mender = facts.mender(alert)
    if mender is None:
        return "it has recovered" if alert.topic is Topic.MENDED else "it came back by itself"
    took = facts.seconds(alert, "took")
    return f"a {action(mender)} brought it back" + (f" in {took:g} s" if took else "")


def _open(alert: Alert) -> list[str]:
    lines = _complaint(alert)
    if alert.topic is Topic.FUNNEL_FAILED and alert.cause is None:
        lines.append("The public address does not work.")
    if facts.is_cut_off(alert):
        lines.append("LINE messages do not arrive.")
    lines += [*_seen(alert), *_left_alone(alert), *_since(alert), *_tried(alert)]
    lines += _lost(alert)
    if next_at := fact(alert, "next_at"):
        lines.append(f"Next attempt: {next_at}")
    if source := fact(alert, "source"):
        lines.append(f"Requested by: {source}")
    steps = _to_do(alert)
    next_step = "or" if fact(alert, "never_good") else "then"
    return lines + [f"{next_step if n else 'To do'}: {step}" for n, step in enumerate(steps)]


def _seen(alert: Alert) -> list[str]:
    """What was seen, and where it was looked for."""
    detail = fact(alert, "detail")
    if detail and alert.cause is Ill.SERVICE_CANNOT_START:
        return [f"systemd says: {detail}"]
    asked = facts.asked(alert)
    if alert.cause is Ill.SERVICE_ADDRESS_DIFFERS and asked and detail:
        return [f"The watchdog asks {asked}", f"The gateway is set to {detail}"]
    if not detail:
        return [f"Looked at: {asked}"] if asked else []
    return [f"Seen at {asked}: {detail}" if asked and asked not in detail else f"Seen: {detail}"]


def _left_alone(alert: Alert) -> list[str]:
    """Why nothing was done, where that is what the owner has to know."""
    if stands := "; ".join(facts.items(alert, "stands")):
        return [f"In the way: {stands}", "Restoring ours would change that, so it was not done."]
    why = facts.untouched(alert)
    return [_UNTOUCHED[why]] if why is not None else []


def _answer(alert: Alert) -> list[str]:
    """What became of a request."""
    lines = []
    if alert.topic is Topic.KICK_DONE:
        took = facts.seconds(alert, "took")
        lines.append(f"Verified after {took:g} s." if took else "Verified.")
    if reason := fact(alert, "reason"):
        lines.append(f"Reason: {request_reason(reason, 'en')}")
    if next_at := fact(alert, "next_at"):
        lines.append(f"Possible again at: {next_at}")
    return lines + _asker(alert)


def _switches(alert: Alert) -> list[str]:
    """What requests have led to, in a few words each."""
    if alert.topic is not Topic.SWITCHED:
        return []
    said = []
    if next_at := fact(alert, "next_at"):
        said.append(f"paused until {next_at}")
    if fact(alert, "resumed"):
        said.append("the pause by request is over")
    if names := facts.items(alert, "incidents"):
        said.append(f"acknowledged {', '.join(names)}")
    return [", ".join(said)] if said else []


def _switched(alert: Alert) -> list[str]:
    """What requests have switched, who asked, and how to undo it."""
    lines = []
    if fact(alert, "next_at"):
        lines.append("Until then nothing is recovered and no message is sent.")
    if asked := fact(alert, "asked"):
        lines.append(f"Requested: {asked}; one hour is the limit.")
    if facts.items(alert, "incidents"):
        lines.append("No more reminders of what is acknowledged; the all-clear still comes.")
    lines += _asker(alert)
    return lines + [f"To undo: {step}" for step in facts.undoing(alert)]


def _asker(alert: Alert) -> list[str]:
    source, count = fact(alert, "source"), facts.number(alert, "attempts")
    times = f" ({count} requests)" if count > 1 else ""
    return [f"Requested by: {source or 'you'}{times}"]


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
        return [f"{error}{others}", "Until it is corrected, the default applies."] if error else []
    if alert.topic is Topic.KICK_REFUSED:
        times = f" ({count} requests)" if count > 1 else ""
        lines = [f"Reason: {request_reason(error, 'en')}{times}"] if error else []
        return lines + ([f"Left untouched: {path}"] if (path := facts.path(alert)) else [])
    if alert.topic in REMINDERS:
        who, why = fact(alert, "who") or "somebody", fact(alert, "why") or "no reason given"
        paused = alert.topic is Topic.STILL_PAUSED
        effect = "nothing is recovered" if paused else "the gateway is not started"
        return [f"By {who}: {why}", f"It has no end: until you end it, {effect}."]
    return []


def _tried(alert: Alert) -> list[str]:
    attempts, window = facts.number(alert, "attempts"), facts.number(alert, "window_min")
    if alert.topic in {Topic.SETTINGS_BROKEN, Topic.KICK_REFUSED} or fact(alert, "stands"):
        return []
    most = facts.number(alert, "max")
    if not attempts:  # all that are allowed went to earlier faults
        spent_before = alert.topic is Topic.BUDGET_SPENT and window
        made = f"{_deeds(alert, most)} in {window} min"
        return [f"Used up before: {made}, as many as are allowed"] if spent_before else []
    allowed = f" ({most} in {window} min are allowed)" if window else ""
    spent = allowed if alert.topic is Topic.BUDGET_SPENT else ""
    failed = "it" if attempts == 1 else "they"
    tried = f"Tried: {_deeds(alert, attempts)}; {failed} did not help{spent}"
    error = fact(alert, "error")
    return [tried, f"Last error: {error}"] if error else [tried]


def _deeds(alert: Alert, number: int) -> str:
    """So many attempts of the kind that this target gets."""
    if alert.target == targets.FUNNEL.name:
        return f"{number} {'recovery' if number == 1 else 'recoveries'}"
    of = " of the gateway" if alert.target == targets.OLLAMA.name else ""
    return f"{number} {'restart' if number == 1 else 'restarts'}{of}"


def _to_do(alert: Alert) -> list[str]:
    """The exact things that only the owner can do."""
    if alert.topic is Topic.SETTINGS_BROKEN:
        return ["picoclaw-watchdog config check"]
    if fact(alert, "drill"):
        return []
    if alert.topic is Topic.SWITCHED:
        return facts.undoing(alert)
    if alert.topic in REMINDERS:
        return [facts.RESUME if alert.topic is Topic.STILL_PAUSED else facts.START]
    return _owners_steps(alert)


def _owners_steps(alert: Alert) -> list[str]:
    if advice := facts.advice(alert):
        return [f"if that may change: {advice}" if fact(alert, "stands") else advice]
    if facts.was_stopped(alert):
        return ["if you stopped it yourself: picoclaw-watchdog stop-gateway 2h"]
    if not facts.is_helpless(alert) or alert.cause is None:
        return []
    if fact(alert, "never_good"):
        return ways_out(targets.named(alert.target), alert.cause, facts.unit(alert))
    return remedy(alert.cause, facts.unit(alert), facts.items(alert, "models"))


def _footnotes(alert: Alert, waited: float) -> list[str]:
    lines = []
    if fact(alert, "drill") and alert.topic not in {Topic.MENDED, Topic.ALL_CLEAR}:
        lines.append("(No action needed.)")
    if (gone := facts.number(alert, "suppressed")) > 0:
        lines.append(f"({gone} more like it were not sent)")
    if waited >= facts.LATE:
        lines.append(f"(This message was delayed by {_span(waited)}.)")
    return lines


def _span(length: float) -> str:
    return " ".join(f"{count} {unit}" for count, unit in facts.span(length).parts)


def _capital(text: str) -> str:
    named_small = text.startswith(("systemd", "tailscaled"))
    return text if named_small else text[:1].upper() + text[1:]

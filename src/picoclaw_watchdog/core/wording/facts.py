"""What both languages need of an alert before they put it into words."""

from enum import Enum
from typing import NamedTuple

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.commands import command, word
from picoclaw_watchdog.core.foreign import masked, printable
from picoclaw_watchdog.core.ills import rule_of
from picoclaw_watchdog.core.model import Alert
from picoclaw_watchdog.core.reasons import Ill, Topic
from picoclaw_watchdog.core.targets import Action, Kind, Target

DETAIL_MAX = 160  # characters of a foreign text in a message for somebody half asleep
LIST_MAX = 1500  # characters of a list that has to be complete to be of use
UNIT = "picoclaw-gateway.service"
LATE = 180.0  # seconds a message may wait before it says that it is late
STATUS = "picoclaw-watchdog status"
WHY = "picoclaw-watchdog why"
RESUME = "picoclaw-watchdog resume"
PAUSE = "picoclaw-watchdog pause 30m"
ACK_UNDO = "picoclaw-watchdog ack --undo"
START = "picoclaw-watchdog start-gateway"
ACCEPT = "picoclaw-watchdog accept"
DOCTOR = "picoclaw-watchdog doctor"
MATTERS_MAX = 30  # lines of a digest
ANSWERS = frozenset({Topic.KICK_DONE, Topic.KICK_WITHHELD, Topic.KICK_FAILED})
OVER = frozenset({Topic.ALL_CLEAR, Topic.MENDED, Topic.KICK_DONE, Topic.KICK_WITHHELD})
_HELPLESS = (
    Topic.OWNER_MUST_ACT,
    Topic.FUNNEL_FAILED,
    Topic.OLLAMA_FAILING,
    Topic.BUS_SILENT,
    Topic.BLIND,
)
# What may well end by itself.
_MAY_PASS = frozenset({Ill.PEER_LOADING, Ill.PEER_TOO_MANY})
# Ills of the unit itself, which has a setting of its own.
_OF_UNIT = frozenset(
    {
        *(Ill.SERVICE_DOWN, Ill.SERVICE_START_LIMIT, Ill.SERVICE_STALE_PID),
        *(Ill.SERVICE_CANNOT_START, Ill.SERVICE_STOPPED),
    }
)
# What `status` says enough about:
QUIET = OVER | {Topic.KICK_REFUSED, Topic.STILL_PAUSED, Topic.STILL_STOPPED, Topic.SWITCHED}


class Untouched(Enum):
    """Why nothing was done."""

    NEVER_GOOD = "never_good"  # there is nothing that could be brought back
    ANSWERS = "answers"  # an answer is not silence
    ELSEWHERE = "elsewhere"  # no restart of ours can change it
    OUTSIDE = "outside"  # it lies between the world and the Funnel
    HOST = "host"  # this host is to blame
    UNSEEN = "unseen"  # what is unknown is not touched


_UNTOUCHED = {
    Ill.PEER_NOT_REACHED: Untouched.ELSEWHERE,
    Ill.SERVICE_ADDRESS_DIFFERS: Untouched.ELSEWHERE,
    Ill.SERVICE_ANSWERS_OTHERWISE: Untouched.ANSWERS,
    Ill.WEBHOOK_SIGNATURE_REFUSED: Untouched.ANSWERS,
    Ill.PUBLIC_ANSWERS_OTHERWISE: Untouched.OUTSIDE,
    Ill.PUBLIC_CERTIFICATE: Untouched.OUTSIDE,
    Ill.PUBLIC_NAME_UNKNOWN: Untouched.OUTSIDE,
}
_UNTOUCHED_KINDS = {Kind.HOST: Untouched.HOST, Kind.AGENT: Untouched.UNSEEN}


def fact(alert: Alert, name: str, limit: int = DETAIL_MAX) -> str:
    """A fact's text as one printable line of bearable length, empty where it is not known."""
    text = next((value for key, value in alert.facts if key == name), "")
    line = masked(printable(text))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def number(alert: Alert, name: str) -> int:
    """A fact that counts something; 0 where it is not known."""
    text = fact(alert, name)
    return int(text) if text.isdecimal() else 0


def seconds(alert: Alert, name: str) -> float | None:
    """A fact that is a number of seconds; None where it is not known."""
    text = fact(alert, name)
    return float(text) if text.replace(".", "", 1).isdecimal() else None


def path(alert: Alert) -> str:
    """What lies where requests belong, as it can be pasted."""
    return word(found) if (found := fact(alert, "path", LIST_MAX)) else ""


def advice(alert: Alert) -> str:
    """The command that only the owner may decide to run: as it was made, or none at all."""
    text = next((value for key, value in alert.facts if key == "advice"), "")
    return text if len(text) <= LIST_MAX and text.isprintable() else ""


def unit(alert: Alert) -> str:
    """The gateway's unit, whole."""
    return fact(alert, "unit", LIST_MAX) or UNIT


def asked(alert: Alert) -> str:
    """The address, unit or command that was asked; empty where that is not known."""
    return "" if alert.topic is Topic.BLIND else fact(alert, "asked")


def is_cut_off(alert: Alert) -> bool:
    """Whether nothing of LINE comes in, which the fault itself does not say."""
    off = alert.cause in (Ill.FUNNEL_OFF, Ill.FUNNEL_UNREACHABLE, Ill.FUNNEL_NOT_ALLOWED)
    return alert.topic is Topic.FUNNEL_FAILED or (off and alert.topic is Topic.OWNER_MUST_ACT)


def blind_to(alert: Alert) -> tuple[Target, ...]:
    """What cannot be seen."""
    names = fact(alert, "asked").split(", ") if alert.topic is Topic.BLIND else []
    return tuple(targets.named(name) for name in names if name)


def untouched(alert: Alert) -> Untouched | None:
    """Why nothing was done about it; None where something was, or nothing is to be said."""
    if alert.cause is None or alert.topic in OVER or number(alert, "attempts"):
        return None
    if fact(alert, "never_good"):
        return Untouched.NEVER_GOOD
    rule = rule_of(alert.cause)
    peer = Untouched.ANSWERS if rule.kind is Kind.PEER and rule.only_the_owner else None
    return _UNTOUCHED.get(alert.cause) or _UNTOUCHED_KINDS.get(rule.kind, peer)


def may_pass(alert: Alert) -> bool:
    """Whether it may well end by itself, so that nobody has to get up for it."""
    return alert.cause in _MAY_PASS


def setting_of(cause: Ill) -> str:
    """The setting that says where it is looked for."""
    match rule_of(cause).kind:
        case Kind.EXPOSURE:
            name = "WEBHOOK_URL"
        case Kind.PEER:
            name = "OLLAMA_MODELS_URL"
        case _:
            webhook = "LINE_WEBHOOK_PORT" if cause is Ill.WEBHOOK_DEAD else "HEALTH_URL"
            name = "GATEWAY_SERVICE" if cause in _OF_UNIT else webhook
    return f"PICOCLAW_WATCHDOG_{name}"


def start_of(cause: Ill, unit_name: str) -> str:
    """The command that starts a unit which is not enabled; empty where it is no matter of it."""
    ours = cause in _OF_UNIT and cause is not Ill.SERVICE_CANNOT_START
    return command("systemctl", "--user", "enable", "--now", unit_name) if ours else ""


def accept(target: Target) -> str:
    """The command that takes what is seen now as what is right."""
    known = target in (targets.GATEWAY, targets.FUNNEL, targets.OLLAMA)
    return command(*ACCEPT.split(), target.name) if known else ACCEPT


def items(alert: Alert, name: str) -> tuple[str, ...]:
    """A fact that lists things, separated by semicolons."""
    parts = fact(alert, name, LIST_MAX).split(";")
    return tuple(item for part in parts if (item := part.strip()))


def undoing(alert: Alert) -> list[str]:
    """The commands that undo what requests have switched."""
    steps = [RESUME] if fact(alert, "next_at") else []
    steps += [PAUSE] if fact(alert, "resumed") else []
    names = items(alert, "incidents")
    return steps + ([command(*ACK_UNDO.split(), *names)] if names else [])


def mender(alert: Alert) -> Action | None:
    """What mended it; None: it came back by itself."""
    return _action(alert, "mended_by")


def wanted(alert: Alert) -> Action | None:
    """What was asked for; None where that is not known."""
    return _action(alert, "action")


def is_helpless(alert: Alert) -> bool:
    """Whether only its reader can do something: a user may not start tailscaled, either."""
    away = alert.topic is Topic.NETWORK_AWAY and alert.cause is Ill.TAILSCALE_DOWN
    return away or alert.topic in _HELPLESS


def of_systemd(alert: Alert) -> str:
    """Why a unit that has ended did so, as systemd says; empty where it does not say."""
    ended = (Ill.SERVICE_DOWN, Ill.SERVICE_START_LIMIT, Ill.SERVICE_CANNOT_START)
    return fact(alert, "detail") if alert.cause in ended else ""


def was_stopped(alert: Alert) -> bool:
    """Whether somebody seems to stop the gateway as often as we start it."""
    ended_well = alert.cause is Ill.SERVICE_DOWN and fact(alert, "detail").startswith("inactive")
    return ended_well and alert.topic is Topic.BUDGET_SPENT


def _action(alert: Alert, name: str) -> Action | None:
    text = fact(alert, name)
    return targets.action_named(text)


class Span(NamedTuple):
    """A length of time in the two units that matter, the lesser one dropped where it is zero."""

    parts: tuple[tuple[int, str], ...]  # (number, one of "d", "h", "min", "s")


def span(length: float) -> Span:
    """Seconds as people say them: 40 s, 5 min, 1 h 4 min, 2 d 3 h."""
    whole = max(0, round(length))
    if whole < 90:  # noqa: PLR2004  # "75 s" reads better than "1 min 15 s"
        return Span(((whole, "s"),))
    minutes = round(whole / 60)
    if minutes < 60:  # noqa: PLR2004
        return Span(((minutes, "min"),))
    if minutes < 48 * 60:
        large, small, names = minutes // 60, minutes % 60, ("h", "min")
    else:
        large, small, names = minutes // 1440, minutes % 1440 // 60, ("d", "h")
    return Span(((large, names[0]), (small, names[1])) if small else ((large, names[0]),))


class Matter(NamedTuple):
    """All letters about one thing: one line of a digest."""

    letters: tuple[Alert, ...]  # as they were made

    @property
    def end(self) -> Alert | None:
        """The all-clear, where there is one."""
        return next((each for each in self.letters if each.topic is Topic.ALL_CLEAR), None)

    @property
    def last(self) -> Alert:
        """The letter that knows best: the all-clear, or else the latest."""
        return self.end or self.letters[-1]

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left to be done."""
        return self.last.topic in OVER

    @property
    def more(self) -> int:
        """How many letters it stands for besides those that can be seen in its line."""
        return 0 if self.last.incident else len(self.letters) - 1

    @property
    def clock(self) -> str:
        """When: `02:10`, or `02:10-03:14` for what is over, as far as the facts say it."""
        first = self.letters[0]
        began = next((text for each in self.letters if (text := fact(each, "since"))), "")
        began = began or fact(first, "made_at")
        ended = fact(self.last, "made_at") if self.is_over else ""
        if began and ended and began != ended:
            return f"{began}-{ended}"
        return began or ended


def matters(alerts: tuple[Alert, ...]) -> tuple[Matter, ...]:
    """The letters put together by what they are about, in the order of their first ones."""
    grouped: dict[str, list[Alert]] = {}
    for alert in alerts:
        name = alert.incident or f"{alert.topic.value} {alert.key}"
        grouped.setdefault(name, []).append(alert)
    return tuple(Matter(tuple(letters)) for letters in grouped.values())


def suppressed(alerts: tuple[Alert, ...]) -> int:
    """How many messages were not told, all letters together."""
    return sum(number(alert, "suppressed") for alert in alerts)

"""What both languages need of an alert before they put it into words."""

from typing import NamedTuple

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.foreign import masked, printable
from picoclaw_watchdog.core.model import Alert
from picoclaw_watchdog.core.reasons import Ill, Topic
from picoclaw_watchdog.core.targets import Action

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
MATTERS_MAX = 30  # lines of a digest
ANSWERS = frozenset({Topic.KICK_DONE, Topic.KICK_WITHHELD, Topic.KICK_FAILED})
OVER = frozenset({Topic.ALL_CLEAR, Topic.MENDED, Topic.KICK_DONE, Topic.KICK_WITHHELD})
_HELPLESS = (
    Topic.OWNER_MUST_ACT,
    Topic.FUNNEL_FAILED,
    Topic.OLLAMA_FAILING,
    Topic.BUS_SILENT,
)
# What `status` says enough about:
QUIET = OVER | {Topic.KICK_REFUSED, Topic.STILL_PAUSED, Topic.STILL_STOPPED, Topic.SWITCHED}


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
    from shlex import quote

    return quote(found) if (found := fact(alert, "path", LIST_MAX)) else ""


def items(alert: Alert, name: str) -> tuple[str, ...]:
    """A fact that lists things, separated by semicolons."""
    parts = fact(alert, name, LIST_MAX).split(";")
    return tuple(item for part in parts if (item := part.strip()))


def undoing(alert: Alert) -> list[str]:
    """The commands that undo what requests have switched."""
    steps = [RESUME] if fact(alert, "next_at") else []
    steps += [PAUSE] if fact(alert, "resumed") else []
    names = items(alert, "incidents")
    return steps + ([" ".join((ACK_UNDO, *names))] if names else [])


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

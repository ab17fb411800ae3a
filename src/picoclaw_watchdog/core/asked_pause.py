"""The pause that a request sets: what it may be, and which of several pauses counts. Pure.

It is a switch of its own, beside the owner's: no request can shorten, end or replace what was set
at the host, and whatever asks, the watchdog is back within the hour.
"""

from picoclaw_watchdog.core.model import Pause
from picoclaw_watchdog.light import NamedTuple

HOUR = 3600.0
DAY = 24 * HOUR
LONGEST = HOUR  # from the first of requests that follow each other
REST = HOUR  # without a pause by request, before the next one counts as a first one
MOST_IN_A_DAY = 6  # each is a message of the month's


class Asked(NamedTuple):
    """The pause by request, also one that is over: it bounds the next."""

    until: float  # wall seconds
    who: str
    began: float  # wall seconds: the first of those that follow each other
    made: tuple[float, ...] = ()  # wall seconds: those of the last day


class Granted(NamedTuple):
    """What a request for a pause gets: a pause, or none before a time."""

    asked: Asked | None
    until: float


def granted(before: Asked | None, seconds: float, who: str, now: float) -> Granted:
    """Judge one request for a pause of so many seconds. The same pause: nothing changes.

    Args:
        before: what earlier requests have set.
        seconds: what is wished for.
        who: the source.
        now: epoch seconds.
    """
    made = tuple(each for each in (before.made if before else ()) if now - DAY < each <= now)
    follows = before is not None and before.began <= now < before.until + REST
    began = before.began if before is not None and follows else now
    until = min(now + seconds, began + LONGEST)
    if before is not None and is_on(before, now) and until <= before.until:
        return Granted(before, before.until)
    if until <= now:
        return Granted(None, (before.until if before is not None else now) + REST)
    if len(made) >= MOST_IN_A_DAY:
        return Granted(None, made[0] + DAY)
    return Granted(Asked(until, who, began, (*made, now)), until)


def ended(asked: Asked, now: float) -> Asked:
    """No longer paused by it; what it has used of its hour stays used."""
    return asked._replace(until=min(asked.until, now))


def is_on(asked: Asked, now: float) -> bool:
    """Whether it pauses. One that reads longer than it can be is a clock's mistake, or a trick."""
    return now < asked.until <= now + LONGEST


def pause_of(asked: Asked | None, now: float) -> Pause | None:
    """The pause by request, while it is on."""
    if asked is None or not is_on(asked, now):
        return None
    return Pause(asked.until, asked.who, asked=True)


def longer(one: Pause | None, other: Pause | None) -> Pause | None:
    """Of two pauses the one that ends later; the first where they end together."""
    if one is None or other is None:
        return one or other
    if one.until is None or (other.until is not None and other.until <= one.until):
        return one
    return other

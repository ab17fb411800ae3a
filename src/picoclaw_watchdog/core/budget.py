"""How often something may still be tried: a sliding window and a backoff inside it."""

from collections.abc import Iterable

from picoclaw_watchdog.core.model import (
    Attempt,
    Moment,
    seconds_between,
)
from picoclaw_watchdog.core.targets import Action
from picoclaw_watchdog.light import NamedTuple

# Seconds that must lie between the n-th attempt of a window and the one before it.
BACKOFF = (0.0, 10.0, 30.0)


# Attempts of a window that no request may spend: they are what self-healing needs.
RESERVED = 1


class Allowance(NamedTuple):
    """What a budget still permits."""

    left: int  # attempts left in the window
    wait: float  # seconds until the next attempt may be made


def attempts_in_window(
    attempts: Iterable[Attempt], action: Action, now: Moment, window: float
) -> list[float]:
    """Ages in seconds of the attempts that still count, oldest first."""
    ages = [seconds_between(attempt.at, now) for attempt in attempts if attempt.action == action]
    return sorted((age for age in ages if age < window), reverse=True)


def allowance(
    attempts: Iterable[Attempt], action: Action, now: Moment, *, window: float, most: int
) -> Allowance:
    """Judge whether one more attempt is allowed, and when.

    Every attempt counts, also one that failed or whose outcome was lost.
    """
    ages = attempts_in_window(attempts, action, now, window)
    if len(ages) >= most:
        must_expire = ages[len(ages) - most] if most > 0 else 0.0
        return Allowance(left=0, wait=window - must_expire)
    if not ages:
        return Allowance(left=most, wait=0.0)
    pause = BACKOFF[min(len(ages), len(BACKOFF) - 1)]
    return Allowance(left=most - len(ages), wait=max(0.0, pause - ages[-1]))


def allowance_for_kicks(
    attempts: Iterable[Attempt], action: Action, now: Moment, *, window: float, most: int
) -> Allowance:
    """The same for one more attempt by request. Where one is all there is, none is for requests."""
    if most <= RESERVED:
        return Allowance(left=0, wait=float("inf"))
    return allowance(attempts, action, now, window=window, most=most - RESERVED)

"""How long each target was up, from the counts of looks and the incidents. Pure.

What nobody looked at is unknown, neither up nor down. Down is counted from the last look that
found a target well (or from the moment that systemd names) to the look that found it well again:
never less than it was. An hour counts as watched by as much as its cycles are of a usual hour's.

What the owner wanted so is counted apart, as planned, and neither up nor down: pauses, windows, a
gateway that he stopped, drills.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.reasons import Ill
from picoclaw_watchdog.store.kept import PLANNED, Hours
from picoclaw_watchdog.store.past import Brief

HOUR, DAY = 3600, 86_400
PERIODS = (1, 7, 30, 90)  # days
# These are always looked at; the others only in doubt: they are up while nothing says otherwise.
ALWAYS = (targets.GATEWAY.name, targets.FUNNEL.name, targets.OLLAMA.name)
_SLACK = 2.0  # seconds that are lost where a planned incident is added up from cycles
_STARTING = 120.0  # seconds in which a gateway that was stopped is to be up again
_NEARLY = 0.9  # of the cycles an hour should have, from which it counts as a full one


class Span(NamedTuple):
    """A length of time, in seconds."""

    length: float = 0.0
    watched: float = 0.0
    down: float = 0.0  # of what was watched
    planned: float = 0.0  # of what was watched: down as its owner wanted it

    @property
    def up(self) -> float | None:
        """The part of the watched time in which it was up; None where nobody looked."""
        counts = self.watched - self.planned
        return None if counts <= 0 else 1 - self.down / counts


class Looks(NamedTuple):
    """How many cycles of an hour found a target so."""

    good: int = 0
    bad: int = 0
    unknown: int = 0
    planned: int = 0  # bad, as its owner wanted it


class Sum(NamedTuple):
    """One target in one period."""

    span: Span
    planned: int  # incidents that were drills or planned; no other number here counts them
    incidents: int
    by_us: int  # of the incidents that are over
    by_itself: int
    seen: tuple[float, float] | None  # seconds until an incident was seen: median, worst
    mended: tuple[float, float] | None  # seconds from there until it was over: median, worst


class Uptime(NamedTuple):
    """All that is known."""

    now: float  # wall seconds
    begins: float | None  # of the oldest record; None: there is none
    watch: Mapping[int, Span]  # days -> how much anybody looked
    sums: Mapping[str, Mapping[int, Sum]]  # target -> days -> sum
    days: Mapping[str, Mapping[str, Span]]  # target -> local date -> that day, oldest first


def measured(counts: Hours, briefs: Sequence[Brief], now: float, interval: float) -> Uptime:
    """Put it all together.

    Args:
        counts: counts of good, bad and unknown looks by hour since the epoch and target.
        briefs: the incidents of the longest period.
        now: wall seconds.
        interval: seconds between two cycles, as it is set now.
    """
    longest, hours = max(PERIODS), _looks(counts)
    first = int((now - longest * DAY) // HOUR)
    lengths = _lengths(first, now)
    watched = _watched(hours, lengths, interval, int(now // HOUR))
    targets = [*ALWAYS, *sorted({each.target for each in briefs} - set(ALWAYS))]
    dates = {hour: _date(hour) for hour in lengths}
    sums: dict[str, dict[int, Sum]] = {}
    days: dict[str, dict[str, Span]] = {}
    for target in targets:
        ours = [each for each in briefs if each.target == target]
        spans = _spans(hours, lengths, watched, target, _down_by_hour(ours, now))
        if any(span.watched for span in spans.values()) or ours:
            sums[target] = {days_: _sum(spans, ours, now, days_) for days_ in PERIODS}
            days[target] = _by_date(spans, dates)
    whole = {hour: Span(lengths[hour], watched[hour]) for hour in lengths}
    return Uptime(
        now=now,
        begins=min((hour * HOUR for hour in hours), default=None),
        watch={days_: _total(whole, now, days_) for days_ in PERIODS},
        sums=sums,
        days=days,
    )


def _looks(counts: Hours) -> dict[int, dict[str, Looks]]:
    """Each hour, with what was planned beside the rest."""
    return {
        hour: {
            name: Looks(*targets.get(name, (0, 0, 0)), targets.get(PLANNED + name, (0, 0, 0))[1])
            for name in {each.removeprefix(PLANNED) for each in targets}
        }
        for hour, targets in counts.items()
    }


def _lengths(first: int, now: float) -> dict[int, float]:
    """How much of each hour has passed."""
    last = int(now // HOUR)
    return {
        hour: float(HOUR) if hour < last else now - last * HOUR for hour in range(first, last + 1)
    }


def _watched(
    hours: Mapping[int, Mapping[str, Looks]],
    lengths: Mapping[int, float],
    interval: float,
    last: int,
) -> dict[int, float]:
    """How much of each hour somebody looked."""
    cycles = {
        hour: max((sum(counts) for counts in hours.get(hour, {}).values()), default=0)
        for hour in lengths
    }
    usual = {day: _usual(cycles, day, interval, last) for day in {hour // 24 for hour in lengths}}
    return {
        hour: min(length, number / usual[hour // 24] * HOUR)
        for (hour, number), length in zip(cycles.items(), lengths.values(), strict=True)
    }


def _usual(cycles: Mapping[int, int], day: int, interval: float, last: int) -> float:
    """How many cycles an hour of this day has when nothing is amiss.

    The interval may have been another one then: so what most hours had, unless one had as many
    as the interval of today promises.
    """
    promised = HOUR / interval
    hours = range(day * 24, day * 24 + 24)
    numbers = sorted(number for hour in hours if hour != last and (number := cycles.get(hour, 0)))
    if not numbers or numbers[-1] >= _NEARLY * promised:
        return promised * _NEARLY
    return float(numbers[len(numbers) // 2])


def _planned(brief: Brief, now: float) -> float:
    """The part of an incident's time that its owner wanted so, between 0 and 1."""
    lasted = now - brief.opened if brief.lasted is None else brief.lasted
    if brief.cause == Ill.SERVICE_STOPPED.value and lasted < _STARTING:
        return 1.0  # the end of a stop, not a fault
    if brief.drill or (brief.planned is not None and lasted - brief.planned < _SLACK):
        return 1.0
    return min(1.0, brief.planned / (lasted + (brief.unseen or 0.0))) if brief.planned else 0.0


def _down_by_hour(briefs: Iterable[Brief], now: float) -> dict[int, tuple[float, float]]:
    """Seconds of each hour in which an incident was open, or not yet seen: down, and planned."""
    down: dict[int, tuple[float, float]] = {}
    oldest = now - max(PERIODS) * DAY
    for each in briefs:
        ended = now if each.lasted is None else each.opened + each.lasted
        began, planned = max(each.opened - (each.unseen or 0.0), oldest), _planned(each, now)
        for hour in range(int(began // HOUR), int(ended // HOUR) + 1):
            part = max(0.0, min(ended, (hour + 1) * HOUR) - max(began, hour * HOUR))
            was = down.get(hour, (0.0, 0.0))
            down[hour] = was[0] + part * (1 - planned), was[1] + part * planned
    return down


def _spans(
    hours: Mapping[int, Mapping[str, Looks]],
    lengths: Mapping[int, float],
    watched: Mapping[int, float],
    target: str,
    down: Mapping[int, tuple[float, float]],
) -> dict[int, Span]:
    """Each hour of one target."""
    spans = {}
    for hour, length in lengths.items():
        looks = hours.get(hour, {}).get(target, Looks())
        known, total = sum(looks) - looks.unknown, sum(looks)
        seen, each = watched[hour], 0.0  # how much was seen, and by each look
        if target in ALWAYS:
            seen *= known / total if total else 0.0
            each = seen / known if known else 0.0
        broken, meant = down.get(hour, (0.0, 0.0))
        bad = min(seen, max(looks.bad * each, broken))
        spans[hour] = Span(length, seen, bad, min(seen - bad, max(looks.planned * each, meant)))
    return spans


def _total(spans: Mapping[int, Span], now: float, days: int) -> Span:
    """The sum of the last days."""
    first = (now - days * DAY) / HOUR
    length = watched = down = planned = 0.0
    for hour, span in spans.items():
        if hour + 1 <= first:
            continue
        part = min(1.0, hour + 1 - first)  # of the hour in which the period begins
        length += span.length * part
        watched += span.watched * part
        down += span.down * part
        planned += span.planned * part
    return Span(length, watched, down, planned)


def _sum(spans: Mapping[int, Span], briefs: Sequence[Brief], now: float, days: int) -> Sum:
    since = now - days * DAY
    here = [each for each in briefs if each.closed is None or each.closed >= since]
    ours = [each for each in here if _planned(each, now) < 1]
    over = [each for each in ours if each.closed is not None]
    return Sum(
        span=_total(spans, now, days),
        planned=len(here) - len(ours),
        incidents=len(ours),
        by_us=sum(bool(each.mended_by) for each in over),
        by_itself=sum(not each.mended_by for each in over),
        seen=_median_and_worst([each.unseen for each in ours if each.unseen is not None]),
        mended=_median_and_worst(
            [each.lasted - (each.planned or 0.0) for each in over if each.lasted is not None]
        ),
    )


def _median_and_worst(numbers: list[float]) -> tuple[float, float] | None:
    if not numbers:
        return None
    numbers.sort()
    return numbers[(len(numbers) - 1) // 2], numbers[-1]


def _by_date(spans: Mapping[int, Span], dates: Mapping[int, str]) -> dict[str, Span]:
    days: dict[str, Span] = {}
    for hour, span in spans.items():
        so_far = days.get(dates[hour], Span())
        days[dates[hour]] = Span(*(map(sum, zip(so_far, span, strict=True))))
    return days


def _date(hour: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(hour * HOUR))

"""Planned windows: when they are on. Pure; only a cycle with PAUSE_WINDOWS set imports it.

A window is an event of systemd.time(7) and a length: `Mon..Fri 12:00 10m`. Of the events we know
`[WEEKDAYS] [DATE] [TIME]` in the host's own time, and systemd's words (`daily`, `weekly`, ...):

- weekdays: names, long or short, in lists and ranges: `Mon,Wed..Fri`
- date: `YEAR-MONTH-DAY` or `MONTH-DAY`; time: `HOUR:MINUTE[:SECOND]`, without one: midnight
- each part: `*`, numbers, ranges `9..17`, lists `1,15`, repetition `0/10` and `8..18/2`

Not known: time zones, `~` (days before a month's end), fractions of seconds, two-digit years.
As with systemd a time that the clocks skip in spring does not happen that day, and one that
comes twice in autumn is the first of the two.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from picoclaw_watchdog.core.lengths import seconds_of
from picoclaw_watchdog.light import NamedTuple

LONGEST = 7 * 86_400  # seconds
YEARS = (1970, 2199)

_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORDS = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
}
_PART = r"([0-9]{1,4})(?:\.\.([0-9]{1,4}))?(?:/([0-9]{1,4}))?"
# A local time may differ by this much from one that is as far away in seconds: clocks are set.
_SLACK = 2 * 3600
_CHAINED = 100  # windows that may follow one another without a gap, before we stop counting

Offset = Callable[[float], int]  # epoch second -> seconds that local time is ahead of UTC


class Event(NamedTuple):
    """When something begins: every day that matches, at every time that matches."""

    weekdays: frozenset[int]  # 0: Monday
    years: frozenset[int]
    months: frozenset[int]
    days: frozenset[int]
    hours: tuple[int, ...]  # in order
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]

    def is_on(self, day: date) -> bool:
        """Whether it happens on a day."""
        return (
            day.day in self.days
            and day.month in self.months
            and day.year in self.years
            and day.weekday() in self.weekdays
        )


class Window(NamedTuple):
    """An event and for how many seconds it lasts."""

    event: Event
    length: int
    text: str


class Now(NamedTuple):
    """The window that is on."""

    text: str
    until: float  # epoch seconds: when no window is on any more


def read_all(text: str) -> tuple[Window, ...]:
    """The windows that a setting lists, separated by semicolons.

    Raises:
        ValueError: with the first entry that is none.
    """
    entries = (" ".join(entry.split()) for entry in text.split(";"))
    return tuple(read(entry) for entry in entries if entry)


def read(text: str) -> Window:
    """One window.

    Raises:
        ValueError: it is none; the text of the error is the window's.
    """
    event, _, length = text.rpartition(" ")
    seconds = seconds_of(length, LONGEST)
    if not seconds:
        raise ValueError(text)
    try:
        return Window(read_event(event), seconds, text)
    except ValueError:
        raise ValueError(text) from None


def read_event(text: str) -> Event:
    """A calendar event.

    Raises:
        ValueError: it is none, or of a kind that is not known here.
    """
    words = _WORDS.get(text.lower(), text).split()
    weekdays = frozenset(range(7))
    if words and words[0][:1].isalpha():
        weekdays = _weekdays(words.pop(0))
    elif not words:
        raise ValueError(text)
    days = words.pop(0) if words and ":" not in words[0] else "*-*-*"
    times = words.pop(0) if words else "00:00:00"
    if words:
        raise ValueError(text)
    date_parts, time_parts = days.split("-"), times.split(":")
    if len(date_parts) not in (2, 3) or len(time_parts) not in (2, 3):
        raise ValueError(text)
    year, month, day = ["*", *date_parts][-3:]
    hour, minute, second = [*time_parts, "00"][:3]
    return Event(
        weekdays,
        frozenset(_values(year, *YEARS)),
        frozenset(_values(month, 1, 12)),
        frozenset(_values(day, 1, 31)),
        tuple(sorted(_values(hour, 0, 23))),
        tuple(sorted(_values(minute, 0, 59))),
        tuple(sorted(_seconds(second))),
    )


def _weekdays(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dots, last = part.partition("..")
        low = _weekday(first)
        high = _weekday(last) if dots else low
        if high < low:
            raise ValueError(text)
        found.update(range(low, high + 1))
    return frozenset(found)


def _weekday(name: str) -> int:
    for number, day in enumerate(_DAYS):
        if name.lower() in (day, day[:3]):
            return number
    raise ValueError(name)


def _seconds(text: str) -> set[int]:
    """The seconds. A range of a single one (`5..5`) is refused, as systemd 252 does here only."""
    for part in text.split(","):
        first, dots, last = part.partition("..")
        if dots and last.isdecimal() and int(first) == int(last):
            raise ValueError(text)
    return _values(text, 0, 59)


def _values(text: str, low: int, high: int) -> set[int]:
    """The numbers that a part of a date or time stands for."""
    if text == "*":
        return set(range(low, high + 1))
    found: set[int] = set()
    for part in text.split(","):
        matched = re.fullmatch(_PART, part)
        if matched is None:
            raise ValueError(text)
        first, last, step = (int(group) if group else None for group in matched.groups())
        if first is None or not low <= first <= high or step == 0:
            raise ValueError(text)
        if last is not None and not first <= last <= high:
            raise ValueError(text)
        if last is None and step is not None and first + step > high:
            raise ValueError(text)  # it would never be repeated
        end = last if last is not None else high if step is not None else first
        found.update(range(first, end + 1, step or 1))
    return found


def on_at(windows: Iterable[Window], now: float, offset: Offset) -> Now | None:
    """The window that is on at an epoch second; of several the one that ends last."""
    known = tuple(windows)
    first = _longest(known, now, offset)
    if first is None:
        return None
    text, until = first
    for _ in range(_CHAINED):
        following = _longest(known, until, offset)
        if following is None or following.until <= until:
            break
        until = following.until
    return Now(text, until)


def longest_on(windows: Iterable[Window], after: float, offset: Offset, days: int) -> float:
    """The longest time, in seconds, that some window is on without a gap in the next days."""
    known, end = tuple(windows), after + days * _DAY
    longest, at = float(max((each.length for each in known), default=0)), after
    while at < end and longest < end - after:
        began = at
        while at < end and (on := on_at(known, at, offset)) is not None:
            at = on.until
        longest = max(longest, min(at, end) - began)
        begins = [next_begin(each.event, at, offset, days + 1) for each in known]
        at = min((each for each in begins if each is not None), default=end)
    return longest


def _longest(windows: tuple[Window, ...], now: float, offset: Offset) -> Now | None:
    ends = [
        Now(window.text, began + window.length)
        for window in windows
        if (began := last_begin(window, now, offset)) is not None
    ]
    return max(ends, key=lambda each: each.until, default=None)


def last_begin(window: Window, now: float, offset: Offset) -> float | None:
    """When the window that is on at `now` began; None: it is off."""
    oldest = now - window.length
    today, last = _day_of(now, offset), _day_of(oldest - _SLACK, offset)
    sod = int(now + offset(now)) % _DAY
    for ordinal in range(today, last - 1, -1):
        if not window.event.is_on(date.fromordinal(ordinal)):
            continue
        latest = sod + _slack(now, offset) if ordinal == today else _DAY
        for at in _times(window.event, 0, latest, backwards=True):
            began = epoch_of(ordinal, at, offset)
            if began is not None and began <= now:
                return began if began > oldest else None
    return None


def next_begin(event: Event, after: float, offset: Offset, most_days: int) -> float | None:
    """The first time it happens later than `after`, looked for on so many days."""
    today = _day_of(after, offset)
    sod = int(after + offset(after)) % _DAY
    for ordinal in range(today, today + most_days):
        if not event.is_on(date.fromordinal(ordinal)):
            continue
        earliest = sod - _slack(after, offset) if ordinal == today else 0
        for at in _times(event, earliest, _DAY, backwards=False):
            begins = epoch_of(ordinal, at, offset)
            if begins is not None and begins > after:
                return begins
    return None


def _times(event: Event, earliest: int, latest: int, *, backwards: bool) -> Iterator[int]:
    """Seconds since midnight, in order, hardly any outside of these bounds."""
    step = -1 if backwards else 1
    for hour in event.hours[::step]:
        if not earliest - 3600 < hour * 3600 <= latest:
            continue
        for minute in event.minutes[::step]:
            if not earliest - 60 < hour * 3600 + minute * 60 <= latest:
                continue
            for second in event.seconds[::step]:
                yield hour * 3600 + minute * 60 + second


def _slack(epoch: float, offset: Offset) -> int:
    """By how much local times may be out of order around a moment: only when clocks are set."""
    ahead = {offset(epoch + each) for each in (-_SLACK, 0, _SLACK)}
    return _SLACK if len(ahead) > 1 else 0


def _day_of(epoch: float, offset: Offset) -> int:
    return _EPOCH + int(epoch + offset(epoch)) // _DAY


def epoch_of(ordinal: int, seconds: int, offset: Offset) -> float | None:
    """The epoch second of a local time; None where clocks skip it, the first where it is twice."""
    local = (ordinal - _EPOCH) * _DAY + seconds
    offsets = {offset(local - _DAY), offset(local + _DAY)}
    found = [local - each for each in offsets if offset(local - each) == each]
    return float(min(found)) if found else None

"""Moments and lengths of time as the owner's clock and language have them."""

import time

from picoclaw_watchdog.core.wording.facts import span

_UNITS = {
    "en": {"d": " d", "h": " h", "min": " min", "s": " s"},
    "ja": {"d": "日", "h": "時間", "min": "分", "s": "秒"},
}
_LATEST = 253_402_300_799.0  # the last second of the year 9999: a broken file may say anything


def lasted(seconds: float, language: str) -> str:
    """A length of time: `40 s`, `5 min`, `1 h 4 min`; below ten seconds with a tenth."""
    units = _UNITS[language]
    if 0 < seconds < 9.95:  # noqa: PLR2004
        return f"{seconds:.1f}{units['s']}"
    glue = " " if language == "en" else ""
    return glue.join(f"{number}{units[unit]}" for number, unit in span(seconds).parts)


def when(wall: float, now: float) -> str:
    """Local time: only the clock if it is today's, with the date if not."""
    then, today = _local(wall), _local(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M:%S", then)
    form = "%m-%d %H:%M" if then[0] == today[0] else "%Y-%m-%d %H:%M"
    return time.strftime(form, then)


def clock(wall: float) -> str:
    """Local time of day."""
    return time.strftime("%H:%M:%S", _local(wall))


def day(wall: float) -> str:
    """Local date."""
    return time.strftime("%Y-%m-%d", _local(wall))


def full(wall: float) -> str:
    """Local date and time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", _local(wall))


def with_zone(wall: float) -> str:
    """Local date and time with the zone's name, for readers elsewhere."""
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", _local(wall))


def _local(wall: float) -> time.struct_time:
    return time.localtime(min(max(wall, 0.0), _LATEST))

"""Planned windows. What systemd has to say about an event, systemd itself is asked."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picoclaw_watchdog.core.asked_pause import longer
from picoclaw_watchdog.core.model import Moment, Pause
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.switches import window_at
from picoclaw_watchdog.settings.windows import (
    Now,
    last_begin,
    next_begin,
    on_at,
    read,
    read_all,
    read_event,
)

ANALYZE = shutil.which("systemd-analyze")
ZONES = ("UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
DAY_NAMES = ("Mon", "tue", "Wednesday", "Thu", "FRI", "Sat", "sunday")


def offset_in(zone: str) -> Callable[[float], int]:
    known = ZoneInfo(zone)

    def offset(epoch: float) -> int:
        ahead = datetime.fromtimestamp(epoch, known).utcoffset()
        assert ahead is not None
        return int(ahead.total_seconds())

    return offset


def epoch(text: str, zone: str = "UTC", fold: int = 0) -> float:
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return local.timestamp()


def on(text: str, when: str, zone: str = "UTC", fold: int = 0) -> Now | None:
    return on_at(read_all(text), epoch(when, zone, fold), offset_in(zone))


# ---- what an event means, by systemd's own word


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    """A part of a date or a time: a star, a number, a range, a repetition, a list of them."""
    number = st.integers(low, high)
    part = st.one_of(
        number.map(str),
        number.map("{:02}".format),
        st.tuples(number, number).map(lambda two: f"{min(two)}..{max(two)}"),
        st.tuples(number, number, st.integers(1, 40)).map(
            lambda three: f"{min(three[:2])}..{max(three[:2])}/{three[2]}"
        ),
        st.tuples(number, st.integers(1, 40)).map(lambda two: f"{two[0]}/{two[1]}"),
    )
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


WEEKDAYS = st.lists(
    st.one_of(
        st.sampled_from(DAY_NAMES),
        st.tuples(st.integers(0, 6), st.integers(0, 6)).map(
            lambda two: f"{DAY_NAMES[min(two)]}..{DAY_NAMES[max(two)]}"
        ),
    ),
    min_size=1,
    max_size=3,
).map(",".join)
YEARS = st.one_of(st.just("*"), st.integers(2020, 2034).map(str), st.just("2024/2"))
DATES = st.one_of(
    st.tuples(YEARS, numbers(1, 12), numbers(1, 31)).map("-".join),
    st.tuples(numbers(1, 12), numbers(1, 31)).map("-".join),
)
TIMES = st.one_of(
    st.tuples(numbers(0, 23), numbers(0, 59)).map(":".join),
    st.tuples(numbers(0, 23), numbers(0, 59), numbers(0, 59)).map(":".join),
)
WORDS = st.sampled_from(
    ("minutely", "hourly", "Daily", "weekly", "monthly", "quarterly", "semiannually", "yearly")
)
EVENTS = st.one_of(
    WORDS,
    st.tuples(
        st.one_of(st.just(""), WEEKDAYS),
        st.one_of(st.just(""), DATES),
        st.one_of(st.just(""), TIMES),
    ).map(lambda three: " ".join(filter(None, three))),
)


def of_systemd(events: list[str], base: float, zone: str) -> list[float | None]:
    """When systemd says that each happens next; None: never."""
    assert ANALYZE is not None
    ran = subprocess.run(
        [ANALYZE, "calendar", f"--base-time=@{int(base)}", *events],
        env={"TZ": zone, "LC_ALL": "C", "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    blocks = [block for block in ran.stdout.split("\n\n") if block.strip()]
    assert len(blocks) == len(events), ran.stdout
    return [_next(block) for block in blocks]


def _next(block: str) -> float | None:
    if "never" in block:
        return None
    for label in (r"\(in UTC\)", "Next elapse"):
        found = re.search(rf"{label}: \w+ (\S+ \S+) UTC", block)
        if found:
            return datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp()
    raise AssertionError(block)


def is_ours(text: str) -> bool:
    try:
        read_event(text)
    except ValueError:
        return False
    return True


@pytest.mark.skipif(ANALYZE is None and os.environ.get("CI") != "true", reason="no systemd here")
@settings(max_examples=30)
@given(
    st.lists(EVENTS.filter(is_ours), min_size=8, max_size=8),
    st.integers(int(epoch("2024-01-01")), int(epoch("2030-01-01"))),
    st.sampled_from(ZONES),
)
def test_what_we_understand_systemd_understands_in_the_same_way(
    events: list[str], base: int, zone: str
) -> None:
    offset = offset_in(zone)
    for event, begins in zip(events, of_systemd(events, base, zone), strict=True):
        ours = next_begin(read_event(event), base, offset, 366 * 12)
        if begins is not None and begins > base + 11 * 365 * 86_400:
            continue  # further than we looked
        assert ours == begins, (event, base, zone)


@pytest.mark.skipif(ANALYZE is None and os.environ.get("CI") != "true", reason="no systemd here")
@pytest.mark.parametrize("zone", ZONES)
def test_nights_on_which_the_clocks_are_set_are_those_of_systemd(zone: str) -> None:
    events = [f"*-*-* {hour}:{minute}" for hour in range(5) for minute in (0, 20, 30, 45)]
    for base in (
        "2026-03-07",
        "2026-03-28",
        "2026-04-04",
        "2026-10-03",
        "2026-10-24",
        "2026-10-31",
    ):
        before = epoch(f"{base} 22:00")
        begins = of_systemd(events, before, zone)
        ours = [next_begin(read_event(e), before, offset_in(zone), 400) for e in events]
        assert ours == begins, (base, zone)


@pytest.mark.parametrize(
    "text",
    [
        "Sun",
        "30m",
        "Sun 03:00",
        "Sun 03:00 0m",
        "Sun 03:00 30",
        "Sun 03:00 8d",
        "Sum 03:00 30m",
        "Sat..Mon 03:00 30m",
        "Mon, Tue 03:00 30m",
        "25:00 30m",
        "24:00 30m",
        "3:60 30m",
        "*/2:00 30m",
        "*:50/20 30m",
        "*:0/0 30m",
        "*-*-32 03:00 30m",
        "*:*:0..0 30m",
        "*:*:7,05..5 30m",
        "*-13-01 03:00 30m",
        "*-*-5..3 03:00 30m",
        "26-01-01 03:00 30m",
        "*-*~1 03:00 30m",
        "03:00 UTC 30m",
        "03:00 Europe/Berlin 30m",
        "03:00:00.5 30m",
        "@1700000000 30m",
        "fortnightly 30m",
        "Sun 03:00 03:00 30m",
    ],
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        read(text)


@given(st.text(max_size=40))
def test_rubbish_is_refused_and_nothing_worse(text: str) -> None:
    try:
        windows = read_all(text)
    except ValueError:
        return
    assert all(window.length > 0 for window in windows)


# ---- when a window is on


def test_a_window_is_on_from_its_beginning_to_its_end() -> None:
    weekly = "Sun 03:00 30m"
    assert on(weekly, "2026-11-22 02:59:59") is None
    assert on(weekly, "2026-11-22 03:00:00") == Now(weekly, epoch("2026-11-22 03:30"))
    assert on(weekly, "2026-11-22 03:29:59") == Now(weekly, epoch("2026-11-22 03:30"))
    assert on(weekly, "2026-11-22 03:30:00") is None
    assert on(weekly, "2026-11-23 03:10:00") is None


def test_a_window_lasts_over_midnight_and_over_days() -> None:
    assert on("23:50 30m", "2026-01-01 00:10") == Now("23:50 30m", epoch("2026-01-01 00:20"))
    assert on("*-12-31 18:00 3d", "2027-01-03 17:59") is not None
    assert on("*-12-31 18:00 3d", "2027-01-03 18:00") is None


def test_of_several_windows_the_longest_is_told_and_those_that_follow_at_once_belong_to_it() -> (
    None
):
    both = "03:00 1h; Sun 03:30 2h"
    assert on(both, "2026-11-22 03:40") == Now("Sun 03:30 2h", epoch("2026-11-22 05:30"))
    assert on(both, "2026-11-22 03:10") == Now("03:00 1h", epoch("2026-11-22 05:30"))
    assert on("03:00 1h; 04:00 1h", "2026-11-22 03:10") == Now(
        "03:00 1h", epoch("2026-11-22 05:00")
    )


def test_a_window_that_is_always_on_has_an_end_all_the_same() -> None:
    always = on("*:0/10 10m", "2026-11-22 03:10")
    assert always is not None
    assert always.until > epoch("2026-11-22 04:00")


def test_a_window_keeps_to_local_time_and_to_its_length_when_the_clocks_are_set() -> None:
    berlin = "Europe/Berlin"
    # Spring: 02:30 does not exist. An hour from 01:30 on ends at 03:30 by the clock.
    assert on("02:30 10m", "2026-03-29 03:35", berlin) is None
    assert on("01:30 1h", "2026-03-29 03:29", berlin) is not None
    assert on("01:30 1h", "2026-03-29 03:30", berlin) is None
    # Autumn: 02:30 comes twice, and is the first of the two.
    assert on("02:30 10m", "2026-10-25 02:35", berlin, fold=0) is not None
    assert on("02:30 10m", "2026-10-25 02:35", berlin, fold=1) is None
    assert on("02:30 2h", "2026-10-25 03:29", berlin) is not None
    assert on("02:30 2h", "2026-10-25 03:30", berlin) is None


@given(
    EVENTS.filter(is_ours),
    st.sampled_from((60, 600, 3600, 86_400)),
    st.integers(int(epoch("2024-01-01")), int(epoch("2030-01-01"))),
    st.sampled_from(ZONES),
)
@settings(max_examples=60)
def test_looking_back_and_looking_ahead_agree(event: str, length: int, now: int, zone: str) -> None:
    """On means that it happened no longer ago than it lasts."""
    offset = offset_in(zone)
    happened = next_begin(read_event(event), now - length, offset, 9)
    window = read(f"{event} {length}s")
    assert (last_begin(window, now, offset) is not None) is (
        happened is not None and happened <= now
    )


# ---- as the pause of a cycle


def test_a_planned_window_is_a_pause_that_says_which_and_until_when() -> None:
    wall = epoch("2026-11-22 03:10")
    wanted = Settings(pause_windows=("*-*-* *:*:* 2s",))
    pause = window_at(wanted, Moment(wall, 1.0, 1.0, "b"))
    assert pause is not None
    assert (pause.who, pause.why, pause.planned) == ("PAUSE_WINDOWS", "*-*-* *:*:* 2s", True)
    assert window_at(Settings(), Moment(wall, 1.0, 1.0, "b")) is None


def test_of_two_pauses_the_one_that_ends_later_counts() -> None:
    short, long, endless = Pause(10.0), Pause(20.0, planned=True), Pause(None)
    assert longer(short, long) == long
    assert longer(long, short) == long
    assert longer(endless, long) == endless
    assert longer(long, endless) == endless
    assert longer(None, long) == long
    assert longer(short, None) == short
    assert longer(None, None) is None

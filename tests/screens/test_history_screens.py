import json
import time
from pathlib import Path

import pytest
from benchmarks.long_history import years

from picoclaw_watchdog.screens.history import sign_of
from picoclaw_watchdog.screens.uptime import DAY, HOUR, PERIODS, Span, Uptime, measured
from picoclaw_watchdog.store.past import Brief
from tests.screens.snapshots import check, typed
from tests.sim.night import Night

NOW = 1_700_006_400.0  # 09:00 in Tokyo, and a whole hour
THIS = int(NOW // HOUR)
Counts = dict[int, dict[str, tuple[int, int, int]]]


def state_of(home: Path) -> Path:
    return home / ".picoclaw" / "state" / "watchdog"


@pytest.mark.usefixtures("_tokyo")
def test_half_a_year_of_a_bad_host(tmp_path: Path) -> None:
    years.write(str(state_of(tmp_path)), NOW, years=0.2, a_day=0.4)
    check(tmp_path, "history", "history", wall=NOW)


def test_the_first_night(night: Night) -> None:
    night.cycles(30)
    night.do("gateway_crashes")
    night.cycles(5)
    check(night.folder, "history-first-night", "history", wall=night.host.moment().wall)


def test_nothing_recorded_yet(tmp_path: Path) -> None:
    check(tmp_path, "history-none", "history", wall=NOW)


def test_programs_get_json(night: Night) -> None:
    night.host.wall_ahead = time.time() - night.host.moment().wall
    night.cycles(3)
    known = json.loads(typed(night.folder, "history", "--json").stdout)
    assert set(known["targets"]["gateway"]) == {"1d", "7d", "30d", "90d"}
    assert known["records_begin"] <= night.host.moment().wall


# What is measured


def full(hours: range, **bad: int) -> Counts:
    """Sixty cycles an hour, some of which found a target bad."""
    targets = ("gateway", "funnel", "ollama")
    return {
        hour: {name: (60 - bad.get(name, 0), bad.get(name, 0), 0) for name in targets}
        for hour in hours
    }


def brief(opened: float, lasted: float | None, **more: object) -> Brief:
    closed = None if lasted is None else opened + lasted
    plain = Brief(
        id=f"gateway-{opened:.0f}",
        target="gateway",
        cause="service_down",
        opened=opened,
        closed=closed,
        lasted=lasted,
        unseen=0.0,
        mended_by="restart_gateway",
        attempts=1,
        alerted=False,
        acked=False,
    )
    return plain._replace(**more)  # type: ignore[arg-type]


def gateway(known: Uptime, days: int = 1) -> Span:
    return known.sums["gateway"][days].span


LAST_DAY = range(THIS - 24, THIS)
EVER = range(THIS - 24 * 90, THIS)


def test_a_day_without_faults_is_up_and_watched() -> None:
    known = measured(full(LAST_DAY), [], NOW, 60)
    assert gateway(known) == Span(DAY, DAY, 0.0)
    assert gateway(known).up == 1.0


def test_hours_in_which_nobody_looked_are_neither_up_nor_down() -> None:
    known = measured(full(range(THIS - 6, THIS)), [], NOW, 60)
    assert gateway(known) == Span(DAY, 6 * HOUR, 0.0)
    assert known.watch[1].watched == 6 * HOUR
    assert gateway(measured(full(range(THIS - 60, THIS - 50)), [], NOW, 60)).up is None


def test_looks_that_saw_nothing_are_unknown() -> None:
    hours = full(LAST_DAY)
    hours[THIS - 1]["funnel"] = (0, 0, 60)
    known = measured(hours, [], NOW, 60)
    assert known.sums["funnel"][1].span.watched == 23 * HOUR
    assert gateway(known).watched == 24 * HOUR


def test_half_an_hour_of_looks_is_half_an_hour_watched() -> None:
    hours = full(LAST_DAY)
    hours[THIS - 3]["gateway"] = (30, 0, 0)
    hours[THIS - 3]["funnel"] = (30, 0, 0)
    hours[THIS - 3]["ollama"] = (30, 0, 0)
    known = measured(hours, [], NOW, 60)
    assert 23.4 * HOUR < gateway(known).watched < 23.7 * HOUR


def test_an_interval_that_was_another_one_is_no_gap() -> None:
    slow = {hour: {"gateway": (12, 0, 0)} for hour in LAST_DAY}
    assert gateway(measured(slow, [], NOW, 60)).watched == DAY
    fast = {hour: {"gateway": (720, 0, 0)} for hour in LAST_DAY}
    assert gateway(measured(fast, [], NOW, 60)).watched == DAY


def test_the_hour_that_has_just_begun_counts_for_what_has_passed_of_it() -> None:
    now = NOW + 600
    hours = full(range(THIS - 24, THIS)) | {THIS: {"gateway": (10, 0, 0)}}
    assert gateway(measured(hours, [], now, 60)) == pytest.approx((DAY, DAY, 0.0, 0.0), abs=30)


def test_a_fault_that_was_mended_between_two_looks_counts_with_its_seconds() -> None:
    known = measured(full(LAST_DAY), [brief(NOW - 7000, 2.5, unseen=0.5)], NOW, 60)
    assert gateway(known).down == pytest.approx(3.0)


def test_a_fault_without_an_incident_counts_by_its_looks() -> None:
    hours = full(LAST_DAY) | full(range(THIS - 2, THIS - 1), gateway=15)
    assert gateway(measured(hours, [], NOW, 60)).down == HOUR / 4


def test_what_is_open_counts_until_now() -> None:
    known = measured(full(LAST_DAY), [brief(NOW - 100, None)], NOW, 60)
    assert gateway(known).down == pytest.approx(100)
    assert known.sums["gateway"][1].by_us == 0


def test_a_fault_while_nobody_looked_is_not_down_but_unknown() -> None:
    hours = full(range(THIS - 24, THIS - 12)) | full(range(THIS - 2, THIS))
    known = measured(hours, [brief(NOW - 13 * HOUR, 12 * HOUR)], NOW, 60)
    assert gateway(known).watched == 14 * HOUR
    assert gateway(known).down == 2 * HOUR


def test_only_incidents_of_the_period_count_in_it() -> None:
    briefs = [brief(NOW - 100, 10.0), brief(NOW - 3 * DAY, 50.0, mended_by="", unseen=None)]
    known = measured(full(EVER), briefs, NOW, 60)
    day, week = known.sums["gateway"][1], known.sums["gateway"][7]
    assert (day.incidents, day.by_us, day.by_itself) == (1, 1, 0)
    assert (week.incidents, week.by_us, week.by_itself) == (2, 1, 1)
    assert week.mended == (10.0, 50.0)
    assert week.seen == (0.0, 0.0)


def test_a_target_that_is_only_looked_at_in_doubt_is_up_while_nothing_says_otherwise() -> None:
    known = measured(full(LAST_DAY), [brief(NOW - 100, 30.0, target="network")], NOW, 60)
    assert known.sums["network"][1].span == pytest.approx((DAY, DAY, 30.0, 0.0))


def test_every_period_is_as_long_as_it_says() -> None:
    known = measured(full(EVER), [], NOW + 1234.5, 60)
    for days in PERIODS:
        assert known.watch[days].length == pytest.approx(days * DAY)


def test_there_are_as_many_days_as_the_longest_period_has() -> None:
    known = measured(full(EVER), [], NOW, 60)
    assert 90 <= len(known.days["gateway"]) <= 91
    assert list(known.days["gateway"]) == sorted(known.days["gateway"])


@pytest.mark.parametrize(
    ("span", "sign"),
    [
        (Span(DAY, 0, 0), "."),
        (Span(DAY, DAY, 0), "|"),
        (Span(DAY, DAY, 2.5), "+"),
        (Span(DAY, DAY, 60), "!"),
        (Span(DAY, DAY, 0, 7200), "="),
        (Span(DAY, DAY, 60, 7200), "!"),
        (Span(DAY, DAY, 3600), "X"),
        (Span(DAY, HOUR, 0), ":"),
        (Span(DAY, HOUR, 120), "!"),
    ],
)
def test_a_day_has_the_sign_of_the_worst_that_is_known_of_it(span: Span, sign: str) -> None:
    assert sign_of(span) == sign

"""Weeks that chance makes: a fixed few in every run, thousands in `make proof`."""

from pathlib import Path

import pytest

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim import deeds, words
from picoclaw_watchdog.sim.life import Life
from picoclaw_watchdog.sim.play import live, report
from picoclaw_watchdog.sim.proof import Tally, rows, weeks
from picoclaw_watchdog.sim.week import DAY, KINDS, draw
from tests.sim.test_leaps import history

# A dozen, and those that have been called broken once.
SEEDS = (*range(12), 137, 1794, 2245, 3104, 3779, 3821, 4774, 7121)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_week_breaks_an_invariant(seed: int, tmp_path: Path) -> None:
    played = live(draw(seed, Settings()), str(tmp_path))
    assert played.is_good, report(played, f"seed {seed}")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [5])
def test_a_seed_replays_its_days_exactly_with_leaps_and_without(seed: int, tmp_path: Path) -> None:
    week = draw(seed, Settings(), 2 * DAY)
    assert week == draw(seed, Settings(), 2 * DAY)
    leapt, again, steps = (
        live(week, str(tmp_path / name), leaps=name != "steps")
        for name in ("leaps", "again", "steps")
    )
    assert history(leapt) == history(again) == history(steps)
    assert leapt.life.records.leapt > 0
    assert steps.life.records.leapt == 0


def test_other_seeds_are_other_weeks() -> None:
    assert len({repr(draw(seed, Settings()).events) for seed in range(50)}) == 50


def test_every_deed_of_chance_is_a_deed_and_has_words() -> None:
    assert {kind.deed for kind in KINDS} <= set(deeds.DEEDS)
    assert set(words.DEEDS) == set(deeds.DEEDS)


def test_what_two_processes_lived_adds_up() -> None:
    seen: list[Tally] = []
    total = weeks(range(4), Settings(), 2, seen.append, DAY / 4)
    assert total.lives == 4
    assert total.broken == ()
    assert seen[-1] == total
    table = dict(rows(total))
    assert table["invariants broken"] == "0"
    assert table["lives"] == "4"


def test_faults_of_one_kind_that_overlap_leave_nothing_behind(tmp_path: Path) -> None:
    life = Life(Settings(), str(tmp_path))
    for lasts in (60.0, 120.0):
        deeds.do(life, "tailscaled_down", {}, lasts)
    assert life.host.tailnet.is_connected is False
    life.host.advance(200.0)
    assert life.standing == {}
    assert [life.host.tailnet.daemon] == [True]


def test_a_host_that_is_still_without_power_at_the_end_is_waited_for(tmp_path: Path) -> None:
    life = Life(Settings(), str(tmp_path))
    life.run(600)
    deeds.do(life, "power_cut", {"off": 3 * 3600.0}, None)
    assert life.finish() == []

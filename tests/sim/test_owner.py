"""The owner's switches over days, in virtual time."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.core.model import Pause, Stop
from picoclaw_watchdog.store.founding import write_pause, write_stop
from tests.sim.night import Night

RARELY = 1200.0  # seconds between two cycles, so that days pass quickly
DAY_IN_CYCLES = 72


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def clock_of(night: Night, minutes: int) -> str:
    return time.strftime("%H:%M", time.gmtime(night.host.moment().wall + 60 * minutes))


def test_in_a_window_nothing_is_done_and_after_it_what_is_still_wrong_is_mended(
    tmp_path: Path,
) -> None:
    night = Night(tmp_path)
    night.cycles(2)
    window = f"*-*-* {clock_of(night, 2)} 10m"
    night.settings = night.settings._replace(pause_windows=(window,))
    before = len(night.restarts)
    night.cycles(3)
    night.do("gateway_crashes")
    night.cycles(8)
    assert len(night.restarts) == before
    assert night.sent == []
    night.cycles(4)
    assert len(night.restarts) == before + 1
    assert night.host.gateway.is_well


def test_a_forgotten_pause_is_told_once_a_day_and_nothing_else_is(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.cycles(2)
    write_pause(night.settings.state_dir, Pause(None, "aki", "disk"))
    night.do("gateway_crashes")
    night.cycles(2 * DAY_IN_CYCLES + 10, RARELY)
    texts = night.sent
    assert len(texts) == 2, texts
    assert all("still paused" in text for text in texts)
    write_pause(night.settings.state_dir, None)
    night.cycles(3)
    assert night.host.gateway.is_well


def test_a_forgotten_stop_is_told_once_a_day(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.cycles(2)
    write_stop(night.settings.state_dir, Stop(None, "aki", "disk"))
    night.host.gateway.stop()
    night.cycles(DAY_IN_CYCLES + 10, RARELY)
    [text] = night.sent
    assert "still stopped" in text
    assert "picoclaw-watchdog start-gateway" in text
    assert not night.host.gateway.is_well

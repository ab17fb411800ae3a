"""What the owner wanted so is no downtime: it is counted apart."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.core.model import Drill, Pause, Stop
from picoclaw_watchdog.core.reasons import Fault
from picoclaw_watchdog.engine.wiring import store_of
from picoclaw_watchdog.screens.incidents import was_real
from picoclaw_watchdog.screens.uptime import HOUR, Sum, measured
from picoclaw_watchdog.store import drills
from picoclaw_watchdog.store.founding import write_pause, write_stop
from picoclaw_watchdog.store.lock import Lock
from tests.screens.snapshots import check, typed
from tests.sim.night import Night

CYCLE = 60.0
pytestmark = pytest.mark.usefixtures("_tokyo")


def of(night: Night, target: str) -> Sum:
    """What `history` says of a target and the last 24 hours."""
    store, now = store_of(night.settings, {"XDG_RUNTIME_DIR": "/nowhere"}), night.host.moment().wall
    briefs = [each for each in store.incidents(0.0) if was_real(each)]
    return measured(store.hours(), briefs, now, night.settings.interval_sec).sums[target][1]


def stop(night: Night, seconds: float) -> None:
    until = night.host.moment().wall + seconds
    write_stop(night.settings.state_dir, Stop(until, "taro", "upgrade"))
    night.host.gateway.stop()


def pause(night: Night) -> None:
    write_pause(night.settings.state_dir, Pause(None, "taro"))


def resume(night: Night) -> None:
    write_pause(night.settings.state_dir, None)


@pytest.fixture
def drill(night: Night) -> Iterator[Lock]:
    """A drill of the gateway is on."""
    night.cycles(3)
    folder = night.settings.state_dir
    held = drills.hold(folder)
    assert held is not None
    facts = night.world().services.show(night.settings.gateway_service, 1.0)
    instance = getattr(facts, "instance", "")
    now = night.host.moment()
    drills.write(folder, Drill(Fault.GATEWAY, now, 180.0, night.settings.gateway_service, instance))
    yield held
    held.release()


def test_a_gateway_stopped_for_half_an_hour_was_not_down(night: Night) -> None:
    night.cycles(10)
    stop(night, HOUR / 2)
    night.cycles(35)
    for name in ("gateway", "funnel"):
        span = of(night, name).span
        assert span.down == 0, name
        assert span.planned == pytest.approx(HOUR / 2, abs=5 * CYCLE), name
        assert span.up == 1.0, name
    known = of(night, "gateway")
    assert (known.incidents, known.planned) == (0, 1), "that it was started again is no fault"


def test_a_gateway_that_does_not_start_again_after_its_stop_is_down(night: Night) -> None:
    night.cycles(10)
    stop(night, HOUR / 2)
    night.do("gateway_dies_at_start")
    night.cycles(60)
    known = of(night, "gateway")
    assert known.span.planned == pytest.approx(HOUR / 2, abs=5 * CYCLE)
    assert known.span.down == pytest.approx(HOUR / 2, abs=5 * CYCLE)
    assert known.incidents == 1


def test_a_funnel_that_is_off_while_the_gateway_is_stopped_was_down(night: Night) -> None:
    night.cycles(20)
    stop(night, 2 * HOUR)
    night.cycles(10)
    night.do("funnel_off")
    night.cycles(5)
    known = of(night, "funnel")
    # Put back, but through a stopped gateway nobody sees from outside that it works.
    assert (known.incidents, known.by_us) == (1, 0)
    assert 0 < known.span.down < 3 * CYCLE


def test_a_gateway_that_dies_in_a_pause_is_down_from_the_pause_on(night: Night) -> None:
    night.cycles(20)
    pause(night)
    night.cycle()
    night.do("gateway_crashes")
    night.cycles(30)
    resume(night)
    night.cycles(5)
    known = of(night, "gateway")
    assert known.span.planned == pytest.approx(30 * CYCLE, abs=3 * CYCLE)
    assert known.span.down < 3 * CYCLE
    assert (known.incidents, known.planned, known.by_us) == (1, 0, 1)
    assert known.mended is not None
    assert known.mended[1] < 3 * CYCLE


def test_what_came_and_went_in_a_pause_is_no_incident(night: Night) -> None:
    night.cycles(20)
    pause(night)
    night.do("peer_down")
    night.cycles(30)
    night.undo("peer_down")
    night.cycles(5)
    resume(night)
    night.cycles(5)
    known = of(night, "ollama")
    assert (known.incidents, known.planned, known.seen, known.mended) == (0, 1, None, None)
    assert known.span.down == 0
    assert known.span.planned == pytest.approx(30 * CYCLE, abs=3 * CYCLE)


def test_an_outage_before_a_pause_counts_until_it(night: Night) -> None:
    night.cycles(20)
    night.do("peer_down")
    night.cycles(10)
    pause(night)
    night.cycles(20)
    night.undo("peer_down")
    night.cycles(2)
    resume(night)
    night.cycles(5)
    known = of(night, "ollama")
    assert known.span.down == pytest.approx(10 * CYCLE, abs=3 * CYCLE)
    assert known.span.planned == pytest.approx(20 * CYCLE, abs=3 * CYCLE)
    assert known.incidents == 1
    assert known.mended is not None
    assert known.mended[1] == pytest.approx(10 * CYCLE, abs=3 * CYCLE)


def test_a_planned_window_is_a_pause(tmp_path: Path) -> None:
    night = Night(tmp_path, pause_windows=("*-*-* 10:30 20m",))
    night.cycles(28)
    night.do("peer_down")
    night.cycles(20)
    night.undo("peer_down")
    night.cycles(10)
    known = of(night, "ollama")
    assert known.span.down < 6 * CYCLE
    assert known.span.planned > 15 * CYCLE


@pytest.mark.usefixtures("drill")
def test_a_drill_is_no_incident(night: Night) -> None:
    night.host.gateway.stop()
    night.cycles(5)
    known = of(night, "gateway")
    assert (known.incidents, known.planned, known.by_us) == (0, 1, 0)
    assert (known.seen, known.mended) == (None, None)
    assert known.span.down == 0
    assert known.span.planned > 0


def test_a_drill_is_marked_as_one_wherever_its_incident_is_shown(night: Night, drill: Lock) -> None:
    night.host.wall_ahead = 0.0
    night.host.gateway.stop()
    night.cycles(3)
    drills.clear(night.settings.state_dir)
    drill.release()
    night.cycles(2)
    wall = night.host.moment().wall
    check(night.folder, "incidents-drill", "incidents", wall=wall)
    check(night.folder, "incidents-show-drill", "incidents", "show", wall=wall)
    check(night.folder, "history-drill", "history", wall=wall)
    assert json.loads(typed(night.folder, "incidents", "show", "--json").stdout)
    assert "| drill | this fault was made on purpose" in typed(night.folder, "report").stdout


def test_planned_time_on_the_screen(night: Night) -> None:
    night.cycles(30)
    stop(night, HOUR / 2)
    night.cycles(35)
    night.do("gateway_crashes")
    night.cycles(5)
    check(night.folder, "history-planned", "history", wall=night.host.moment().wall)

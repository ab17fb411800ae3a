"""What is seen now, taken as what is right."""

from pathlib import Path
from typing import cast

import pytest

from picoclaw_watchdog.cli import accept as command
from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import Baseline, Drill, State
from picoclaw_watchdog.core.reasons import Fault
from picoclaw_watchdog.core.targets import Target
from picoclaw_watchdog.engine.accept import ACCEPTABLE
from picoclaw_watchdog.ports import Store
from picoclaw_watchdog.store import drills, lock
from picoclaw_watchdog.terminal.paint import Terminal
from tests.sim.night import Night

OLD = Baseline(targets.GATEWAY, 5.0, "http://127.0.0.1:1/health", "old.service", 7, starts=(4.0,))


def accept(night: Night, *chosen: Target, agrees: bool = True) -> int:
    settings = night.settings
    return command.accept(
        settings, night.world(), Terminal(80), chosen or ACCEPTABLE, lambda: agrees
    )


def known(night: Night, target: Target) -> Baseline | None:
    world = night.world()
    return world.store.load(world.clock.now()).baseline(target)


def put(night: Night, *baselines: Baseline) -> None:
    world = night.world()
    world.store.save(world.store.load(world.clock.now())._replace(baselines=baselines))


def test_what_works_now_becomes_what_may_be_restored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = Night(tmp_path)
    put(night, OLD)
    assert accept(night) == 0
    gateway = known(night, targets.GATEWAY)
    assert gateway is not None
    assert (gateway.address, gateway.unit) == (
        night.settings.health_url,
        night.settings.gateway_service,
    )
    assert gateway.starts[:1] == OLD.starts  # they take as long wherever it lives
    assert known(night, targets.FUNNEL) is not None
    shown = capsys.readouterr().out
    assert OLD.address in shown
    assert night.settings.health_url in shown


def test_what_does_not_work_now_is_forgotten_and_then_not_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = Night(tmp_path)
    night.cycles(2)
    night.do("peer_down")
    assert accept(night) == 0
    assert known(night, targets.OLLAMA) is None
    assert known(night, targets.GATEWAY) is not None
    assert "nothing will be touched until it is seen working" in capsys.readouterr().out
    night.cycles(5)
    assert night.restarts == []


def test_looking_runs_no_action(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.cycles(2)
    night.do("gateway_crashes")
    night.do("funnel_off")
    accept(night, agrees=False)
    assert night.restarts == []
    assert night.funnel_commands == []
    assert night.sent == []


def test_without_consent_nothing_is_written(tmp_path: Path) -> None:
    night = Night(tmp_path)
    put(night, OLD)
    assert accept(night, agrees=False) == 1
    assert known(night, targets.GATEWAY) == OLD


def test_only_what_was_named_is_changed(tmp_path: Path) -> None:
    night = Night(tmp_path)
    elsewhere = Baseline(targets.OLLAMA, 5.0, "http://10.0.0.1:1/v1/models")
    put(night, OLD, elsewhere)
    assert accept(night, targets.OLLAMA) == 0
    assert known(night, targets.GATEWAY) == OLD
    ollama = known(night, targets.OLLAMA)
    assert ollama is not None
    assert ollama.address == night.settings.ollama_models_url
    assert known(night, targets.FUNNEL) is None


def test_where_nothing_has_changed_nobody_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = Night(tmp_path)
    night.cycles(2)
    before = known(night, targets.GATEWAY)
    assert accept(night, agrees=False) == 0
    assert "Nothing has changed." in capsys.readouterr().out
    assert known(night, targets.GATEWAY) == before


def test_it_waits_for_a_cycle_and_no_cycle_runs_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night(tmp_path)
    put(night, OLD)
    monkeypatch.setattr(command, "WAIT_FOR_CYCLE", 0.1)
    held = lock.acquire(night.settings.state_dir, "", 0.0, lambda _: None)
    assert held is not None
    with held:
        assert accept(night) == 1
    assert "A cycle is still running" in capsys.readouterr().err
    assert known(night, targets.GATEWAY) == OLD


def test_the_owner_is_not_kept_from_the_watch_while_he_thinks(tmp_path: Path) -> None:
    """A question that stays open all night must not keep every cycle out."""
    night = Night(tmp_path)
    put(night, OLD)
    free: list[bool] = []

    def thinks() -> bool:
        held = lock.acquire(night.settings.state_dir, "", 0.0, lambda _: None)
        free.append(held is not None)
        if held is not None:
            held.release()
        return False

    command.accept(night.settings, night.world(), Terminal(80), ACCEPTABLE, thinks)
    assert free == [True]


class FullStore:
    """A store that takes nothing."""

    def __init__(self, store: Store) -> None:
        self.load = store.load
        self.complaints = lambda: ("no space left on device",)

    def save(self, _: State) -> bool:
        return False


def test_what_cannot_be_saved_is_not_called_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = Night(tmp_path)
    put(night, OLD)
    world = night.world()
    full = world._replace(store=cast("Store", FullStore(world.store)))
    assert command.accept(night.settings, full, Terminal(80), ACCEPTABLE, lambda: True) == 1
    said = capsys.readouterr()
    assert "no space left on device" in said.err
    assert "Accepted" not in said.out


def test_during_a_drill_nothing_is_accepted(tmp_path: Path) -> None:
    night = Night(tmp_path)
    put(night, OLD)
    drills.write(night.settings.state_dir, Drill(Fault.GATEWAY, night.host.moment(), 600.0))
    assert accept(night) == 1
    assert known(night, targets.GATEWAY) == OLD

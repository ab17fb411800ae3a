from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from picoclaw_watchdog.core.model import Kick
from picoclaw_watchdog.core.reasons import Cause, Topic
from picoclaw_watchdog.engine.report import News
from picoclaw_watchdog.engine.unattended import cycles
from tests.sim.night import Night, most_in_any_window


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(tmp_path)


def test_a_quiet_night_leaves_no_trace(night: Night) -> None:
    night.cycles(30)
    assert night.host.restarts == []
    assert night.line.sent == []


def test_a_dead_gateway_is_mended_with_one_restart_and_one_message(night: Night) -> None:
    night.cycles(2)
    night.host.crash()
    night.cycles(5)
    assert len(night.host.restarts) == 1
    assert len(night.line.sent) == 1
    assert "mended" in night.line.sent[0].lower()


def test_a_hung_gateway_is_mended_with_one_restart_and_one_message(night: Night) -> None:
    night.host.hung = True
    night.cycles(5)
    assert len(night.host.restarts) == 1
    assert len(night.line.sent) == 1


def test_a_gateway_that_comes_back_while_the_backoff_lasts_is_not_restarted(
    night: Night,
) -> None:
    night.host.crash()
    night.cycle()
    night.host.seconds += 2
    night.host.crash()
    night.host.mended_while_we_sleep = True
    night.cycle()
    assert len(night.host.restarts) == 1


def test_a_gateway_that_dies_at_once_gets_three_restarts_and_one_message(night: Night) -> None:
    night.host.crash()
    night.host.dies_at_once = True
    night.cycles(9)
    assert len(night.host.restarts) == 3
    assert len(night.line.sent) == 1
    night.cycles(100)
    assert most_in_any_window(night.host.restarts, 600) == 3


def test_one_that_is_mended_after_the_owner_was_told_gets_an_all_clear(night: Night) -> None:
    night.host.crash()
    night.host.dies_at_once = True
    night.cycles(3)
    night.host.dies_at_once = False
    night.cycles(15)
    assert len(night.line.sent) == 2


@pytest.mark.parametrize("hours", [1 / 3, 10])
def test_a_dead_ollama_costs_one_gateway_restart_and_one_alert_per_cooldown(
    night: Night, hours: float
) -> None:
    night.host.ollama_up = False
    night.cycles(round(hours * 60))
    assert len(night.host.restarts) == 1
    gaps = [b - a for a, b in zip(night.line.times, night.line.times[1:], strict=False)]
    assert all(gap >= 900 for gap in gaps)
    assert len(night.line.sent) == pytest.approx(hours * 4, abs=1)


def test_an_ollama_that_comes_back_is_told_once(night: Night) -> None:
    night.host.ollama_up = False
    night.cycles(5)
    night.host.ollama_up = True
    night.cycles(30)
    assert len(night.host.restarts) == 1
    assert len(night.line.sent) == 2


def test_stock_releases_that_are_never_ready_are_left_alone(night: Night) -> None:
    night.host.stock_ready = True
    night.cycles(20)
    assert night.host.restarts == []
    assert night.line.sent == []


def test_a_funnel_that_is_off_is_put_back_and_told_once(night: Night) -> None:
    night.host.funnel_on = False
    night.cycles(5)
    assert len(night.host.funnel_commands) == 1
    assert night.host.restarts == []
    assert len(night.line.sent) == 1


def test_a_funnel_that_cannot_be_mended_is_not_hammered(night: Night) -> None:
    night.host.funnel_on = False
    night.host.funnel_mendable = False
    night.cycles(600)
    attempts = night.host.funnel_commands[::2]  # two commands each
    assert most_in_any_window(attempts, 600) <= 3
    assert len(attempts) <= 3 + 10
    assert night.line.sent


def test_logged_out_runs_nothing_and_says_what_to_do(night: Night) -> None:
    night.host.logged_in = False
    night.cycles(10)
    assert night.host.funnel_commands == []
    assert len(night.line.sent) == 1
    assert "tailscale up" in night.line.sent[0]


def test_no_network_restarts_nothing_and_is_told_when_it_is_back(night: Night) -> None:
    night.host.network_up = False
    night.cycles(30)
    assert night.host.restarts == []
    assert night.line.sent == []
    night.host.network_up = True
    night.cycles(5)
    assert night.host.restarts == []
    assert night.host.funnel_commands == []
    assert len(night.line.sent) == 1


def test_a_silent_bus_is_told_and_nothing_is_touched(night: Night) -> None:
    night.host.bus_silent = True
    night.host.hung = True
    night.cycles(5)
    assert night.host.restarts == []
    assert len(night.line.sent) == 1


@pytest.mark.parametrize("unit", ["masked", "not-found"])
def test_a_unit_that_no_restart_mends_is_told_once(night: Night, unit: str) -> None:
    night.host.unit = unit
    night.cycles(10)
    assert night.host.restarts == []
    assert len(night.line.sent) == 1


@pytest.mark.parametrize("mode", ["gone", "503", "silent"])
def test_line_down_for_an_hour_gives_one_digest(night: Night, mode: str) -> None:
    night.line.mode = mode
    for fault in range(6):
        if fault % 2:
            night.host.crash()
        else:
            night.host.funnel_on = False
        night.cycles(10)
    night.line.mode = "ok"
    night.cycles(10)
    assert len(night.line.sent) == 1


def test_line_that_accepts_and_drops_gives_one_message(night: Night) -> None:
    night.line.mode = "drop"
    night.host.crash()
    night.cycles(20)
    assert len(night.line.sent) == 1


def test_evidence_is_kept_from_the_second_failing_cycle_on(night: Night) -> None:
    night.host.hung = night.host.hangs_again = True
    night.cycles(2)
    captures = list(Path(night.settings.state_dir).glob("gateway_journal_*.log"))
    assert len(captures) == 1
    assert "last words" in captures[0].read_text()


def test_a_kick_restarts_and_counts(night: Night) -> None:
    for number in range(5):
        night.cycle((Kick(f"k{number}", "restart_gateway", "line:U1"),))
        night.host.seconds += 60
    assert len(night.host.restarts) == 3


def test_a_gateway_that_fails_while_its_owner_is_told_is_mended_at_once(night: Night) -> None:
    # Its OnFailure= start meets a service that is running already, and starts nothing.
    night.host.crash()
    night.line.gateway_fails_meanwhile = True
    assert cycles(night.settings, night.world(), ()) == 0
    assert len(night.host.restarts) == 2
    assert night.host.is_up


def test_settings_mended_and_broken_again_are_told_again(night: Night) -> None:
    broken = (News("settings", Topic.SETTINGS_BROKEN, (("error", ".env line 3"),)),)
    for news in (broken, broken, (), broken):
        night.cycle(news=news)
        night.host.seconds += 60
    assert len(night.line.sent) == 2


def test_every_endpoint_a_black_hole_costs_one_timeout_not_their_sum(night: Night) -> None:
    night.host.hung = True
    night.host.bus_silent = True
    night.host.funnel_on = False
    report = night.cycle()
    assert report is not None
    assert all(seen.took <= 5.0 for seen in report.look.seen)


def test_a_start_is_never_a_fault(night: Night) -> None:
    night.host.startup = 40.0
    night.host.started = night.host.seconds
    reports = night.cycles(3)
    assert night.host.restarts == []
    assert night.line.sent == []
    assert reports[0].decision.findings[0].cause is Cause.GATEWAY_STARTING
    assert reports[-1].state.incidents == ()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "crash",
                "hang",
                "dies",
                "lives",
                "ollama",
                "ollama_back",
                "funnel_off",
                "clock_forward",
                "clock_back",
                "reboot",
                "kick",
                "nothing",
                "line_503",
                "line_ok",
            ]
        ),
        st.integers(1, 90),  # seconds until the next cycle
        st.one_of(st.none(), st.integers(1, 4)),  # killed after that many effects
    ),
    min_size=3,
    max_size=25,
)


def _apply(night: Night, fault: str) -> None:
    changes: dict[str, tuple[str, object]] = {
        "hang": ("hung", True),
        "dies": ("dies_at_once", True),
        "lives": ("dies_at_once", False),
        "ollama": ("ollama_up", False),
        "ollama_back": ("ollama_up", True),
        "funnel_off": ("funnel_on", False),
        "clock_forward": ("wall_offset", night.host.wall_offset + 5_000),
        "clock_back": ("wall_offset", night.host.wall_offset - 5_000),
        "reboot": ("boot_id", f"boot-{night.host.seconds}"),
    }
    if fault in changes:
        setattr(night.host, *changes[fault])
    if fault in ("crash", "dies", "reboot"):
        night.host.crash()
    if fault.startswith("line_"):
        night.line.mode = fault.removeprefix("line_")


SPENT = [("crash", 1, None)] * 3


@example([*SPENT, ("clock_forward", 1, None), ("reboot", 1, None)])
@example([*SPENT, ("reboot", 1, None), ("clock_forward", 1, None)])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_no_sequence_of_failures_kills_and_reruns_makes_a_fourth_restart(
    steps: list[tuple[str, int, int | None]],
) -> None:
    with TemporaryDirectory() as folder:
        night = Night(Path(folder))
        for fault, pause, kill_after in steps:
            _apply(night, fault)
            asked = Kick(f"k{night.host.seconds}", "restart_gateway", "line:U1")
            kicks = (asked,) if fault == "kick" else ()
            night.host.effects = 0
            night.host.kill_after = kill_after
            night.cycle(kicks)
            night.host.seconds += pause
        assert most_in_any_window(night.host.restarts, 600) <= 3
        assert len(night.line.sent) == len(set(night.line.accepted))

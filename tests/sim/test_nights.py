from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from picoclaw_watchdog.core.model import Kick
from picoclaw_watchdog.core.reasons import Ill, Topic
from picoclaw_watchdog.engine.report import News
from picoclaw_watchdog.sim.invariants import broken
from tests.sim.night import Night, most_in_any_window


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(tmp_path)


def test_a_quiet_night_leaves_no_trace(night: Night) -> None:
    night.cycles(30)
    assert night.restarts == []
    assert night.sent == []


def test_a_dead_gateway_is_mended_with_one_restart_and_one_message(night: Night) -> None:
    night.cycles(2)
    night.do("gateway_crashes")
    night.cycles(5)
    assert len(night.restarts) == 1
    assert len(night.sent) == 1
    assert "Recovered: " in night.sent[0]


def test_a_hung_gateway_is_mended_with_one_restart_and_one_message(night: Night) -> None:
    night.do("gateway_hung")
    night.cycles(5)
    assert len(night.restarts) == 1
    assert len(night.sent) == 1


def test_a_gateway_that_comes_back_while_the_backoff_lasts_is_not_restarted(
    night: Night,
) -> None:
    night.do("gateway_crashes")
    night.cycle()
    night.pass_(2)
    night.do("gateway_crashes")
    night.host.later(3, lambda: night.do("owner_starts_gateway"))
    night.cycle()
    assert len(night.restarts) == 1


def test_a_gateway_that_dies_at_once_gets_three_restarts_and_one_message(night: Night) -> None:
    night.do("gateway_crashes")
    night.do("gateway_dies_at_start", after=0.1)
    night.cycles(9)
    assert len(night.restarts) == 3
    assert len(night.sent) == 1
    night.cycles(100)
    assert most_in_any_window(night.restarts, 599.5) == 3


def test_one_that_is_mended_after_the_owner_was_told_gets_an_all_clear(night: Night) -> None:
    night.do("gateway_crashes")
    night.do("gateway_dies_at_start", after=0.1)
    night.cycles(3)
    night.undo("gateway_dies_at_start")
    night.cycles(15)
    assert len(night.sent) == 2


@pytest.mark.parametrize("hours", [1 / 3, 10])
def test_a_dead_ollama_costs_one_gateway_restart_and_one_alert_per_cooldown(
    night: Night, hours: float
) -> None:
    night.do("peer_down")
    night.cycles(round(hours * 60))
    assert len(night.restarts) == 1
    gaps = [b - a for a, b in zip(night.sent_at, night.sent_at[1:], strict=False)]
    assert all(gap >= 899 for gap in gaps)
    assert len(night.sent) == pytest.approx(hours * 4, abs=1)


def test_an_ollama_that_comes_back_is_told_once(night: Night) -> None:
    night.do("peer_down")
    night.cycles(5)
    night.undo("peer_down")
    night.cycles(30)
    assert len(night.restarts) == 1
    assert len(night.sent) == 2


def test_stock_releases_that_are_never_ready_are_left_alone(night: Night) -> None:
    night.do("gateway_version", **{"is": "stock"})
    night.cycles(20)
    assert night.restarts == []
    assert night.sent == []


def test_a_funnel_that_is_off_is_put_back_and_told_once(night: Night) -> None:
    night.do("funnel_off")
    night.cycles(5)
    assert len(night.funnel_commands) == 1
    assert night.restarts == []
    assert len(night.sent) == 1


def test_a_funnel_that_cannot_be_mended_is_not_hammered(night: Night) -> None:
    night.do("funnel_off")
    night.do("funnel_command", **{"is": "nothing"})
    night.cycles(600)
    attempts = night.funnel_commands[::2]  # two commands each
    assert most_in_any_window(attempts, 599.5) <= 3
    assert len(attempts) <= 3 + 10
    assert night.sent


def test_logged_out_runs_nothing_and_says_what_to_do(night: Night) -> None:
    night.do("tailscale_logged_out")
    night.cycles(10)
    assert night.funnel_commands == []
    assert len(night.sent) == 1
    assert "tailscale up" in night.sent[0]


def test_no_network_restarts_nothing_and_is_told_when_it_is_back(night: Night) -> None:
    night.do("network_down")
    night.cycles(30)
    assert night.restarts == []
    assert night.sent == []
    night.undo("network_down")
    night.cycles(5)
    assert night.restarts == []
    assert night.funnel_commands == []
    assert len(night.sent) == 1


def test_a_silent_bus_is_told_and_nothing_is_touched(night: Night) -> None:
    night.do("bus_silent")
    night.do("gateway_hung")
    night.cycles(5)
    assert night.restarts == []
    assert len(night.sent) == 1


@pytest.mark.parametrize("unit", ["unit_masked", "unit_removed"])
def test_a_unit_that_no_restart_mends_is_told_once(night: Night, unit: str) -> None:
    night.do(unit)
    night.cycles(10)
    assert night.restarts == []
    assert len(night.sent) == 1


@pytest.mark.parametrize(("mode", "messages"), [("refuse", 1), ("503", 2), ("silent", 2)])
def test_line_down_for_an_hour_gives_what_it_may_have_taken_and_one_digest(
    night: Night, mode: str, messages: int
) -> None:
    night.host.line.mode = mode
    for fault in range(6):
        if fault % 2:
            night.do("gateway_crashes")
        else:
            night.do("funnel_off")
        night.cycles(10)
    night.host.line.mode = "ok"
    night.cycles(10)
    assert len(night.sent) == messages


def test_line_that_accepts_and_drops_gives_one_message(night: Night) -> None:
    night.host.line.mode = "drop"
    night.do("gateway_crashes")
    night.cycles(20)
    assert len(night.sent) == 1


def test_evidence_is_kept_from_the_second_failing_cycle_on(night: Night) -> None:
    night.do("gateway_hung", stays=True)
    night.cycles(5)  # how long its starts take was never seen
    captures = list(Path(night.settings.state_dir).glob("gateway_journal_*.log"))
    assert len(captures) == 1
    assert "last words" in captures[0].read_text()


def test_a_kick_restarts_and_counts(night: Night) -> None:
    for number in range(5):
        night.cycle((Kick(f"k{number}", "restart_gateway", "line:U1"),))
        night.pass_(60)
    assert len(night.restarts) == 2, "the last attempt is kept for faults"


def test_a_gateway_that_fails_while_its_owner_is_told_is_mended_at_once(night: Night) -> None:
    # Its OnFailure= start meets a service that is running already, and starts nothing.
    night.do("gateway_crashes")
    night.host.later(2.4, lambda: night.do("gateway_crashes"))
    night.serve()
    assert night.sent_at[0] > night.restarts[0] + 2.2
    assert len(night.restarts) == 2
    assert night.host.gateway.is_well


def test_settings_mended_and_broken_again_are_told_again(night: Night) -> None:
    broken = (News("settings", Topic.SETTINGS_BROKEN, (("error", ".env line 3"),)),)
    for news in (broken, broken, (), broken):
        night.cycle(news=news)
        night.pass_(60)
    assert len(night.sent) == 2


def test_every_endpoint_a_black_hole_costs_one_timeout_not_their_sum(night: Night) -> None:
    night.do("gateway_hung")
    night.do("bus_silent")
    night.do("funnel_off")
    report = night.cycle()
    assert report is not None
    assert all(seen.took <= 5.0 for seen in report.look.seen)


def test_a_start_is_never_a_fault(night: Night) -> None:
    night.do("gateway_slow_to_start", takes=40.0)
    night.do("owner_restarts_gateway")
    reports = night.cycles(3)
    assert night.restarts == []
    assert night.sent == []
    assert reports[0].decision.findings[0].cause is Ill.SERVICE_STARTING
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
    deeds: dict[str, Callable[[], object]] = {
        "crash": lambda: night.do("gateway_crashes"),
        "hang": lambda: night.do("gateway_hung"),
        "dies": lambda: night.do("gateway_dies_at_start", after=0.1),
        "lives": lambda: night.undo("gateway_dies_at_start"),
        "ollama": lambda: night.do("peer_down"),
        "ollama_back": lambda: night.undo("peer_down"),
        "funnel_off": lambda: night.do("funnel_off"),
        "clock_forward": lambda: night.do("clock_set", by=5000.0),
        "clock_back": lambda: night.do("clock_set", by=-5000.0),
        "reboot": lambda: night.do("reboot", off=0.0),
        "line_503": lambda: setattr(night.host.line, "mode", "503"),
        "line_ok": lambda: setattr(night.host.line, "mode", "ok"),
    }
    if fault in deeds:
        deeds[fault]()
    if fault == "reboot":
        night.pass_(41)


SPENT = [("crash", 1, None)] * 3


@pytest.mark.timeout(180)
@example([*SPENT, ("clock_forward", 1, None), ("reboot", 1, None)])
@example([*SPENT, ("reboot", 1, None), ("clock_forward", 1, None)])
@settings(max_examples=60)
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
            if kill_after is not None:
                night.kill("effect", kill_after)
            night.cycle(kicks)
            night.host.kill = None
            night.pass_(pause)
        assert most_in_any_window(night.restarts, 600) <= 3
        assert broken(night.life.records) == []

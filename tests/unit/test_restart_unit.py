from collections.abc import Callable

import pytest

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import Baseline, Outcome, PidFile, Step, UnitFacts
from picoclaw_watchdog.core.reasons import Ill, Phase
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Ran, Silence
from picoclaw_watchdog.recoveries import restart_unit
from tests.unit.standins.world import FakeHost, ScriptedServices, VirtualClock, a_world

OLD, NEW = "a" * 32, "b" * 32
STEP = Step(targets.GATEWAY, targets.RESTART_GATEWAY, Ill.SERVICE_DOWN, instance=OLD)
# Its starts are known to be quick.
QUICK = STEP._replace(baseline=Baseline(targets.GATEWAY, 0.0, starts=(0.5,)))
SETTINGS = Settings(stop_timeout_sec=10, restart_verify_sec=45)
TIMED_OUT = Ran(-9, timed_out=True)
REFUSED = Ran(
    1,
    err="Job for picoclaw-gateway.service failed because start of the service was attempted too "
    'often.\nSee "systemctl --user status picoclaw-gateway.service" for details.\n',
)
CRASHED = Ran(
    1,
    err="Job for picoclaw-gateway.service failed because the control process exited with error "
    'code.\nSee "systemctl --user status picoclaw-gateway.service" for details.\n',
)


def unit(active: str, instance: str = NEW, result: str = "success") -> UnitFacts:
    return UnitFacts("loaded", active, "", result, instance)


def healthy_after(looks: int) -> Callable[[], bool]:
    asked = 0

    def healthy() -> bool:
        nonlocal asked
        asked += 1
        return asked > looks

    return healthy


def never() -> bool:
    return False


def mended(services: ScriptedServices, healthy: Callable[[], bool], step: Step = STEP) -> Outcome:
    return restart_unit.mend(SETTINGS, a_world(services=services), step, healthy)


def test_it_succeeds_the_moment_the_gateway_is_healthy() -> None:
    services = ScriptedServices(unit("active"))
    outcome = mended(services, healthy_after(7))
    assert outcome.phase is Phase.DONE
    assert outcome.took == pytest.approx(0.7)
    assert services.changes == ["restart"]


def test_the_stop_timeout_bounds_the_command() -> None:
    services = ScriptedServices(unit("active"))
    mended(services, healthy_after(0))
    assert services.calls == ["restart picoclaw-gateway.service 10"]


def test_a_gateway_that_stays_ill_is_given_up_at_the_deadline() -> None:
    services = ScriptedServices(unit("active"))
    outcome = mended(services, never, QUICK)
    assert outcome.phase is Phase.FAILED
    assert outcome.detail == "not healthy 45 s after the restart"
    assert outcome.took == pytest.approx(45, abs=0.2)
    assert services.changes == ["restart"]


def test_one_whose_starts_may_take_longer_has_not_failed_at_the_deadline() -> None:
    slow = QUICK._replace(baseline=Baseline(targets.GATEWAY, 0.0, starts=(0.5, 145.0)))
    for step in (STEP, slow):
        outcome = mended(ScriptedServices(unit("active")), never, step)
        assert outcome.phase is Phase.STARTED
        assert outcome.took == pytest.approx(45, abs=0.2)


def test_a_unit_that_ends_again_is_not_waited_for() -> None:
    services = ScriptedServices(unit("failed", result="exit-code"))
    outcome = mended(services, never)
    assert outcome.phase is Phase.FAILED
    assert outcome.detail == "started, then ended: failed, result exit-code"
    assert outcome.took < 2


def test_between_two_starts_of_systemds_own_it_is_not_given_up() -> None:
    services = ScriptedServices(unit("failed"), unit("activating"), unit("active"))
    assert mended(services, healthy_after(25)).phase is Phase.DONE


def test_a_silent_bus_does_not_end_the_verification() -> None:
    services = ScriptedServices(Silence("no bus"))
    assert mended(services, healthy_after(100)).phase is Phase.DONE


def test_a_wedged_process_is_killed_and_systemd_goes_on() -> None:
    services = ScriptedServices(
        unit("deactivating", OLD), unit("deactivating", OLD), unit("active"), restarts=[TIMED_OUT]
    )
    outcome = mended(services, healthy_after(3))
    assert outcome.phase is Phase.DONE
    assert services.changes == ["restart", "kill"]
    assert outcome.took < 2


def test_a_wedged_process_whose_restart_was_dropped_is_started_again() -> None:
    services = ScriptedServices(
        unit("deactivating", OLD),
        unit("failed", OLD, "signal"),
        unit("failed", OLD, "signal"),
        unit("active"),
        restarts=[TIMED_OUT, Ran(0)],
    )
    assert mended(services, healthy_after(3)).phase is Phase.DONE
    assert services.changes == ["restart", "kill", "restart"]


def test_what_survives_sigkill_is_told() -> None:
    services = ScriptedServices(unit("deactivating", OLD), restarts=[TIMED_OUT])
    outcome = mended(services, never)
    assert outcome.phase is Phase.FAILED
    assert "SIGKILL" in outcome.detail
    assert services.changes == ["restart", "kill"]
    assert outcome.took < 10


def test_a_slow_start_is_verified_and_not_killed() -> None:
    services = ScriptedServices(unit("activating"), restarts=[TIMED_OUT])
    assert mended(services, healthy_after(200)).phase is Phase.DONE
    assert services.changes == ["restart"]


def test_a_bus_that_hangs_is_told() -> None:
    services = ScriptedServices(Silence("no answer within 5 s"), restarts=[TIMED_OUT])
    outcome = mended(services, never)
    assert outcome.phase is Phase.FAILED
    assert outcome.detail == "restart not finished after 10 s, then no answer within 5 s"


def test_a_start_limit_is_cleared_once() -> None:
    limited = unit("failed", OLD, "start-limit-hit")
    services = ScriptedServices(limited, unit("active"), restarts=[REFUSED, Ran(0)])
    assert mended(services, healthy_after(3)).phase is Phase.DONE
    assert services.changes == ["restart", "reset-failed", "restart"]


def test_a_start_limit_that_comes_back_is_a_failure() -> None:
    services = ScriptedServices(unit("failed", OLD, "start-limit-hit"), restarts=[REFUSED])
    outcome = mended(services, never)
    assert outcome.phase is Phase.FAILED
    assert "attempted too often" in outcome.detail
    assert services.changes == ["restart", "reset-failed", "restart"]


def test_a_start_that_was_made_is_never_made_twice() -> None:
    # It was started, crashed, and systemd's own restarts ran into the limit.
    services = ScriptedServices(unit("failed", NEW, "start-limit-hit"), restarts=[REFUSED])
    assert mended(services, never).phase is Phase.FAILED
    assert services.changes == ["restart"]


def test_a_failed_start_that_systemd_tries_again_is_verified() -> None:
    services = ScriptedServices(unit("activating"), restarts=[CRASHED])
    assert mended(services, healthy_after(30)).phase is Phase.DONE


def test_a_failed_start_says_why_in_one_line() -> None:
    services = ScriptedServices(unit("failed", NEW, "exit-code"), restarts=[CRASHED])
    outcome = mended(services, never)
    assert outcome.phase is Phase.FAILED
    assert outcome.detail == CRASHED.err.splitlines()[0]
    assert outcome.took < 1


def test_a_masked_unit_is_not_waited_for() -> None:
    ran = Ran(1, err="Failed to restart picoclaw-gateway.service: Unit is masked.\n")
    services = ScriptedServices(unit("inactive", OLD), restarts=[ran])
    outcome = mended(services, never)
    assert (outcome.phase, outcome.detail) == (Phase.FAILED, ran.err.strip())
    assert services.changes == ["restart"]


def test_a_hung_gateway_that_cannot_be_restarted_is_not_waited_for() -> None:
    ran = Ran(1, err="Failed to connect to bus: No medium found\n")
    services = ScriptedServices(unit("active", OLD), restarts=[ran])
    outcome = mended(services, never)
    assert (outcome.detail, outcome.took) == (ran.err.strip(), 0.0)


def test_what_stands_in_the_way_is_cleared_first() -> None:
    services, host = ScriptedServices(unit("active")), FakeHost()
    stale = PidFile("/home/pico/.picoclaw/.picoclaw.pid", 151, "systemd-resolved")
    step = STEP._replace(reset_failed=True, move_pid=stale)
    world = a_world(services=services, host=host)
    assert restart_unit.mend(SETTINGS, world, step, healthy_after(0)).phase is Phase.DONE
    assert host.moved == [stale.path]
    assert services.changes == ["reset-failed", "restart"]


def test_a_pid_file_that_stays_makes_a_restart_useless() -> None:
    services, host = ScriptedServices(unit("active")), FakeHost(moved_to="")
    step = STEP._replace(move_pid=PidFile("/x/.picoclaw.pid", 151, "cron"))
    world = a_world(services=services, host=host)
    outcome = restart_unit.mend(SETTINGS, world, step, healthy_after(0))
    assert (outcome.phase, outcome.detail) == (
        Phase.FAILED,
        "stale pid file could not be moved: /x/.picoclaw.pid",
    )
    assert services.calls == []


def test_the_deadline_counts_from_the_restart_and_not_from_the_stop() -> None:
    clock = VirtualClock()
    services = ScriptedServices(unit("active"), during_restart=lambda: clock.sleep(9.0))
    world = a_world(services=services)._replace(clock=clock)
    outcome = restart_unit.mend(SETTINGS, world, STEP, lambda: clock.passed > 50)
    assert outcome.phase is Phase.DONE
    assert outcome.took == pytest.approx(50, abs=0.2)

import signal

import pytest

from picoclaw_watchdog.demo.box import UNIT, Box
from tests.mock.conftest import MakeHost
from tests.mock.cycles import cycle, looks, own_writing, spend_budget, status


def test_a_healthy_host_is_left_alone(host: Box) -> None:
    cycle(host, 2)
    assert host.gateway_starts() == 1
    assert host.messages() == []
    assert host.tailscale_commands() == []
    assert status(host)["healthy"] is True


def test_a_killed_gateway_is_restarted_in_the_same_cycle(host: Box) -> None:
    host.kill_gateway()
    cycle(host)
    assert host.gateway_starts() == 2
    assert host.is_healthy()
    assert host.is_reachable()


def test_a_stopped_gateway_is_restarted(host: Box) -> None:
    host.systemctl("stop", UNIT)
    cycle(host)
    assert host.gateway_starts() == 2
    assert host.is_healthy()


def test_a_hung_gateway_is_restarted_once(make_host: MakeHost) -> None:
    host = make_host({"LOCAL_TIMEOUT_SEC": "0.5"})
    host.hang_gateway()
    cycle(host, 2)
    assert host.gateway_starts() == 2
    assert host.is_healthy()


def test_failing_health_leads_to_one_restart_and_one_message(make_host: MakeHost) -> None:
    host = make_host({"RESTART_VERIFY_SEC": "1"})
    host.order("gateway", health_status=500)
    cycle(host)
    assert host.gateway_starts() == 2
    assert len(host.messages()) == 1


def test_a_lost_listener_leads_to_a_restart(make_host: MakeHost) -> None:
    host = make_host({"RESTART_VERIFY_SEC": "1"})
    host.lose_listener()
    cycle(host)
    assert host.gateway_starts() == 2


def test_one_fault_is_told_once_when_it_is_mended(host: Box) -> None:
    host.kill_gateway()
    cycle(host, 3)
    assert len(host.messages()) == 1


def test_the_journal_is_kept_from_the_second_failing_cycle_on(make_host: MakeHost) -> None:
    host = make_host({"RESTART_VERIFY_SEC": "1"})
    own_writing(host, "health_fail_count", "1\n")
    host.order("gateway", health_status=500)
    cycle(host)
    kept = list(host.state_dir.glob("gateway_journal_*.log"))
    assert len(kept) == 1
    assert "starting gateway" in kept[0].read_text("utf-8")


def test_a_stock_ready_that_is_never_ready_leads_to_nothing(host: Box) -> None:
    host.order("gateway", ready="stock")
    cycle(host, 3)
    assert host.gateway_starts() == 1
    assert host.messages() == []


@pytest.mark.parametrize("release", ["v0.1.2", "v0.2.0", "v0.2.5", "main"])
def test_every_release_counts_as_healthy(make_host: MakeHost, release: str) -> None:
    host = make_host(release=release)
    cycle(host, 2)
    assert host.gateway_starts() == 1
    assert host.messages() == []
    assert host.tailscale_commands() == []


@pytest.mark.parametrize("load", ["masked", "not-found"])
def test_a_unit_that_cannot_be_started_is_told_and_not_restarted(host: Box, load: str) -> None:
    host.kill_gateway()
    host.set_unit(load=load, told_to_stop=True)
    cycle(host, 3)
    assert host.gateway_starts() == 1
    assert len(host.messages()) == 1


def test_a_unit_that_is_being_started_is_left_alone(host: Box) -> None:
    host.kill_gateway()
    host.set_unit(pretend=(("ActiveState", "activating"), ("SubState", "start")))
    cycle(host, 2)
    assert host.gateway_starts() == 1
    assert host.messages() == []


def test_a_start_limit_is_cleared_before_the_restart(host: Box) -> None:
    for _ in range(5):
        host.systemctl("restart", UNIT)
    assert "ActiveState=failed" in host.systemctl("show", UNIT, "-p", "ActiveState")[1]
    assert host.gateway_starts() == 5
    cycle(host)
    assert host.gateway_starts() == 6
    assert host.is_healthy()


def test_a_silent_bus_restarts_nothing_and_is_told(host: Box) -> None:
    host.set_bus(up=False)
    cycle(host, 3)
    assert host.gateway_starts() == 1
    assert len(host.messages()) == 1


def test_a_hanging_systemctl_restarts_nothing(make_host: MakeHost) -> None:
    host = make_host({"LOCAL_TIMEOUT_SEC": "0.5"})
    host.set_bus(hang=True)
    cycle(host)
    assert host.gateway_starts() == 1
    assert looks(host)["unit"]["verdict"] == "unknown"


def test_a_gateway_that_dies_at_once_is_never_restarted_a_fourth_time(make_host: MakeHost) -> None:
    host = make_host({"RESTART_VERIFY_SEC": "1"})
    spend_budget(host, 300, 100)
    host.order("gateway", die=True)
    host.kill_gateway()
    cycle(host, 6)
    assert host.gateway_starts() == 2
    assert "withheld=budget_spent" in host.log()
    assert len((host.state_dir / "restart_gateway_times.log").read_text().split()) == 3


def test_the_budget_is_spent_also_when_it_was_spent_before_an_upgrade(host: Box) -> None:
    spend_budget(host, 300, 200, 100)
    host.kill_gateway()
    cycle(host, 2)
    assert host.gateway_starts() == 1
    assert len(host.messages()) == 1


def test_a_restart_that_was_interrupted_counts_all_the_same(make_host: MakeHost) -> None:
    host = make_host(start_delay=1.5)
    spend_budget(host, 300, 200)
    host.kill_gateway()
    watchdog = host.begin("once")
    while host.gateway_starts() < 2:
        assert watchdog.poll() is None
    watchdog.send_signal(signal.SIGKILL)
    watchdog.communicate()
    host.kill_gateway()
    cycle(host)
    assert host.gateway_starts() == 2

"""A broken host is mended within the promised time, and never too often."""

import json
import re
from collections.abc import Callable

import pytest

from tests.lab.host import GATEWAY, PUBLIC, STATE, TIMER, WATCHDOG, Host
from tests.lab.lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

KILL = ("systemctl", "--user", "kill", "-s", "KILL", GATEWAY)
RESTART = ("systemctl", "--user", "restart", GATEWAY)
MAX_COUNT = 3


def test_a_killed_gateway_is_healthy_within_a_second_of_its_own_start_ten_times(
    host: Host, record_property: Callable[[str, object], None]
) -> None:
    own = max(host.time_outage(*RESTART) for _ in range(3))
    host.watch(INTERVAL_SEC=60)
    outages = []
    for _ in range(10):
        host.give_budget_back()
        outages.append(host.time_outage(*KILL))
        host.wait_for_rest()
    record_property("own_start", own)
    record_property("outages", outages)
    assert max(outages) < own + 1.0, (own, outages)
    known = json.loads(host.command("incidents", "--json").out)
    assert len(known) == len(outages)
    assert max(each["unseen"] for each in known) < max(outages), "systemd says when it ended"


def test_a_clean_stop_is_mended_by_the_next_cycle(host: Host) -> None:
    host.watch()
    host.lab.systemctl("stop", GATEWAY)
    assert not host.is_healthy()
    host.cycle()
    assert host.is_healthy()


def test_a_gateway_that_hangs_is_mended_within_two_cycles(host: Host) -> None:
    host.watch(LOCAL_TIMEOUT_SEC=1, STARTUP_GRACE_SEC=1)
    host.order(hang=True)
    # The order holds for the new process as well, unless it is withdrawn as it starts.
    host.drop_in(GATEWAY, "[Service]\nExecStartPre=/bin/rm -f /run/standins/gateway.json\n")
    assert not host.is_healthy()
    for _ in range(2):
        host.cycle()
    assert host.is_healthy()
    assert host.gateway_starts() == 2, "one restart"


def test_a_start_limit_is_cleared(host: Host) -> None:
    host.watch()
    host.lab.systemctl("stop", TIMER)
    host.drop_in(GATEWAY, "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=2\nOnFailure=\n")
    assert not all(host.lab.run(*RESTART) for _ in range(5)), "systemd refuses"
    assert host.lab.show(GATEWAY, "ActiveState") == "failed"
    assert host.lab.show(GATEWAY, "Result") == "start-limit-hit"
    host.wait_for_rest()
    host.give_budget_back()
    for _ in range(2):
        if not host.is_healthy():
            host.cycle()
    assert host.is_healthy()


def test_a_gateway_that_dies_at_once_is_never_started_a_fourth_time(host: Host) -> None:
    host.watch(INTERVAL_SEC=2, STARTUP_GRACE_SEC=1, RESTART_VERIFY_SEC=3)
    before = host.gateway_starts()
    host.order(die=True)
    host.kill_gateway()
    recorded = f"{STATE}/restart_gateway_times.log"
    host.lab.wait_for(lambda: len(host.lab.read(recorded).splitlines()) >= MAX_COUNT, 120)
    host.wait_for_rest()
    host.wait_for_cycles(3, 60)
    for _ in range(3):  # and whoever else asks
        host.cycle()
    assert host.gateway_starts() - before == MAX_COUNT
    assert len(host.lab.read(recorded).splitlines()) == MAX_COUNT

    host.order()
    host.give_budget_back()
    host.lab.wait_for(host.is_healthy, 60, "a gateway mended with a budget")


def test_the_journal_is_saved_before_the_restart_buries_it(host: Host) -> None:
    host.watch(STARTUP_GRACE_SEC=0, LOCAL_TIMEOUT_SEC=1, RESTART_VERIFY_SEC=2)
    host.lab.must("systemd-cat", "-t", "unrelated", "echo", "not the gateway's line")
    host.order(hang=True)  # for good: the first restart does not help
    restarted = "action=restart_gateway detail="

    def is_tried_again() -> bool:  # once the new start has had its time
        host.cycle()
        return host.log().count(restarted) > 1

    host.lab.wait_for(is_tried_again, 60, "the second restart")
    captures = sorted(host.lab.path(STATE).glob("gateway_journal_*.log"))
    assert captures, host.log()
    assert re.fullmatch(r"gateway_journal_\d{8}_\d{6}\.log", captures[0].name)
    text = captures[0].read_text()
    assert "starting gateway" in text
    assert "unrelated" not in text
    assert captures[0].stat().st_mode & 0o777 == 0o600
    log = host.log()
    assert "action=journal" in log
    assert log.count("action=journal") == log.count(restarted) - 1, "not before the first"
    second_restart = [m.start() for m in re.finditer(restarted, log)][-1]
    assert log.rindex("action=journal") < second_restart


def test_a_cycle_that_hangs_is_killed_and_the_next_one_runs(host: Host) -> None:
    host.watch(INTERVAL_SEC=1)
    host.lab.systemctl("stop", TIMER)
    host.wait_for_rest()
    host.drop_in(WATCHDOG, "[Service]\nTimeoutStartSec=2\nTimeoutStopSec=1\n")
    stop_itself = "#!/bin/sh\nkill -STOP $PPID\nsleep 600\n"
    host.lab.write("~/.local/bin/tailscale", stop_itself, 0o755)
    host.lab.systemctl("start", "--no-block", WATCHDOG)
    host.lab.wait_for(lambda: host.lab.show(WATCHDOG, "Result") == "timeout", 20, "the time limit")
    host.lab.must("rm", f"{host.lab.bin}/tailscale")
    host.wait_for_rest()
    assert host.processes() == []

    host.lab.systemctl("start", TIMER)
    host.wait_for_cycles(2)
    host.wait_for_rest()
    assert host.lab.show(WATCHDOG, "Result") == "success"


def test_tools_that_hang_do_not_hang_the_cycle(host: Host) -> None:
    host.watch(EXTERNAL_TIMEOUT_SEC=1, LOCAL_TIMEOUT_SEC=1)
    for tool in ("tailscale", "journalctl"):
        host.lab.write(f"~/.local/bin/{tool}", "#!/bin/sh\nsleep 600\n", 0o755)
    host.lab.systemctl("stop", GATEWAY)
    host.cycle()
    assert host.lab.show(WATCHDOG, "Result") == "success"
    assert host.is_healthy()


@pytest.mark.parametrize("operator", [True, False])
def test_a_funnel_is_published_again_with_the_rights_that_the_install_found(
    host: Host,
    operator: bool,  # noqa: FBT001
) -> None:
    host.tailscale(operator=operator)
    host.publish()
    host.watch(WEBHOOK_URL=PUBLIC)
    restricted = "yes" if operator else "no"
    assert host.lab.show(WATCHDOG, "NoNewPrivileges") == restricted
    host.unpublish()
    assert not host.published()
    host.cycle()
    assert host.published(), host.log()


def test_a_funnel_that_was_never_seen_is_not_published(host: Host) -> None:
    host.tailscale(operator=True)
    host.watch(WEBHOOK_URL=PUBLIC)
    for _ in range(2):
        host.cycle()
    assert not host.published(), host.log()


def test_a_burst_of_triggers_does_not_switch_the_watchdog_off(host: Host) -> None:
    host.watch()
    for _ in range(8):  # systemd's own limit would be five in ten seconds
        host.cycle()
    assert host.lab.show(WATCHDOG, "Result") == "success"


def test_the_lab_has_its_own_network(lab: Lab) -> None:
    assert "18790" not in lab.must("ss", "-ltn")

"""Those whom the watchdog asks are silent: systemctl, tailscale, journald, the manager itself."""

import time

import pytest

from tests.lab.host import GATEWAY, STATE, TIMER, WATCHDOG, Host
from tests.lab.tools import Tools
from tests.lab.witness import LINE_SETTINGS, QUICK, Witness

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

LONGEST_LOOK = 1.0 + 1.0  # the longest single timeout plus one second
PROCESSES = 3.0  # seconds for a process, its modules and systemd on a busy machine


def sleepers(host: Host) -> list[str]:
    """Children that the hanging tools have left."""
    shown = host.lab.must("ps", "-e", "-o", "args=").splitlines()
    return [line for line in shown if line.startswith("sleep 60")]


def test_nothing_is_restarted_while_systemctl_and_tailscale_hang_and_nothing_stays(
    host: Host,
) -> None:
    witness, tools = Witness(host), Tools(host)
    host.watch_at_once(**QUICK, **LINE_SETTINGS)
    tools.hang("systemctl", "tailscale")
    host.lab.systemctl("stop", GATEWAY)
    for _ in range(2):
        began = time.monotonic()
        host.cycle()
        # The first look, and the second one that a gateway which seems dead gets after a second.
        assert time.monotonic() - began < 2 * LONGEST_LOOK + 1 + PROCESSES
        assert host.lab.show(WATCHDOG, "Result") == "success"
        assert (witness.processes(), sleepers(host)) == ([], [])
    assert len(tools.seen()) >= 4
    assert witness.starts() == [], "an unknown state is not mended"
    (told,) = witness.messages()
    assert "systemd" in told

    tools.behave()
    host.cycle()
    assert host.is_healthy()
    assert len(witness.starts()) == 1
    assert len(witness.messages()) == 2, "the all-clear of the one and the other mended, in one"


def test_a_journal_that_is_stopped_or_dead_holds_no_restart_up(host: Host) -> None:
    witness = Witness(host)
    host.watch_at_once(**QUICK, **LINE_SETTINGS)
    host.drop_in(GATEWAY, "[Service]\nExecStartPre=/bin/rm -f /run/standins/gateway.json\n")
    journald = pid_of_journald(host)
    for signal in ("STOP", "KILL"):
        host.give_budget_back()
        starts = len(witness.starts())
        assert host.lab.run("kill", f"-{signal}", journald, root=True)
        host.lab.write(f"{STATE}/health_fail_count", "1\n", 0o600)  # so the journal is saved first
        host.order(hang=True)
        host.cycle()
        assert host.lab.show(WATCHDOG, "Result") == "success", signal
        assert host.is_healthy(), (signal, host.log())
        assert len(witness.starts()) == starts + 1
    assert "action=journal" in host.log()
    assert list(host.lab.path(STATE).glob("gateway_journal_*.log"))


def pid_of_journald(host: Host) -> str:
    for line in host.lab.must("ps", "-e", "-o", "pid=,args=").splitlines():
        pid, args = line.split(maxsplit=1)
        if args.startswith("/lib/systemd/systemd-journald"):
            return pid
    raise AssertionError("no journald")


def test_a_manager_executed_anew_or_started_again_goes_on_watching(host: Host) -> None:
    witness = Witness(host)
    host.lab.systemctl("enable", GATEWAY)
    settings = {**QUICK, **LINE_SETTINGS, "STARTUP_GRACE_SEC": 10}  # it starts with the manager
    host.watch_at_once(**settings, INTERVAL_SEC=2, RESTART_MAX_COUNT=2)
    host.lab.systemctl("daemon-reexec")
    mended_at_once(host, witness, 1)
    host.wait_for_cycles(2)

    host.lab.restart_manager()
    host.lab.systemctl("start", "line.service", "ollama.service")
    host.wait_until_healthy()
    starts = len(witness.starts())
    assert starts == 2, "systemd itself has started the gateway: it is enabled"
    host.wait_for_cycles(2)
    host.lab.wait_for(lambda: "infinity" not in host.lab.show(TIMER, "NextElapseUSecMonotonic"))
    mended_at_once(host, witness, starts + 1)
    host.kill_gateway()  # the third restart in the window: what was before counts
    host.wait_for_cycles(3)
    host.wait_for_rest()
    assert len(witness.starts()) == starts + 1
    assert "no attempts left for now" in witness.messages()[-1]


def mended_at_once(host: Host, witness: Witness, starts: int) -> None:
    host.kill_gateway()
    host.lab.wait_for(lambda: len(witness.starts()) == starts, 20, "the restart")
    host.wait_until_healthy()
    host.wait_for_rest()


def test_without_a_bus_nothing_is_restarted_and_it_is_told_once(host: Host) -> None:
    witness = Witness(host)
    host.watch_at_once(**QUICK, **LINE_SETTINGS)
    # systemctl takes the one, and where that is gone the other.
    ways = [f"/run/user/{host.lab.uid}/{name}" for name in ("systemd/private", "bus")]
    pid = host.lab.show(GATEWAY, "MainPID")
    for way in ways:
        host.lab.run("mv", way, f"{way}.away")
    assert host.lab.run("kill", "-KILL", pid)
    for _ in range(3):
        assert host.command("once", "--unattended").code == 0, host.log()
    assert witness.starts() == []
    assert len(witness.messages()) == 1, witness.messages()
    for way in ways:
        host.lab.run("mv", f"{way}.away", way)
    host.cycle()
    assert host.is_healthy()
    assert len(witness.starts()) == 1

"""The gateway and the watchdog stopped in their tracks, as SIGSTOP or a hung disk do it."""

import re
import time

import pytest

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.install.interval import longest_cycle
from tests.lab.host import GATEWAY, STANDINS, STATE, UNITS, WATCHDOG, Host
from tests.lab.tools import Tools
from tests.lab.witness import LINE_SETTINGS, QUICK, Witness

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]


def time_limit(host: Host) -> int:
    """Seconds after which systemd ends a cycle, as installed."""
    found = re.search(
        r"^TimeoutStartSec=(\d+)$", host.lab.read(f"{UNITS}/{WATCHDOG}"), re.MULTILINE
    )
    assert found
    return int(found[1])


def test_a_frozen_gateway_and_then_a_frozen_watchdog_are_both_overcome(host: Host) -> None:
    witness, tools = Witness(host), Tools(host)
    host.watch_at_once(**QUICK, **LINE_SETTINGS, ALERT_COOLDOWN_SEC=0)
    host.lab.systemctl("kill", "-s", "STOP", GATEWAY)
    assert not host.is_healthy()
    host.cycle()
    assert host.is_healthy()
    assert len(witness.starts()) == 1
    assert len(witness.messages()) == 1

    # Frozen with the lock in its hand, just when it has restarted the gateway.
    host.give_budget_back()
    host.drop_in(WATCHDOG, "[Service]\nTimeoutStartSec=8\nTimeoutStopSec=1\n")
    tools.kill_watchdog("stop", "restart")
    host.kill_gateway()
    host.lab.wait_for(lambda: tools.seen() == ["stop"], 10, "a frozen watchdog")
    host.wait_until_healthy()
    began = time.monotonic()
    assert host.command("once").code == 0
    assert 4 < time.monotonic() - began < 8, "another cycle waits a little, then leaves"
    assert "another cycle is running" in host.log()
    host.wait_for_rest()
    assert host.lab.show(WATCHDOG, "Result") == "timeout"
    assert witness.processes() == []

    host.cycle()
    assert host.lab.show(WATCHDOG, "Result") == "success"
    assert host.is_healthy()
    assert len(witness.starts()) == 2, "not restarted once more for the same fault"
    assert len(witness.messages()) == 2, witness.messages()


def test_the_time_limit_is_above_a_cycle_in_which_everything_hangs(host: Host) -> None:
    witness, tools = Witness(host), Tools(host)
    slow = {**QUICK, "OLLAMA_RETRY_SEC": 2, "RESTART_VERIFY_SEC": 3}
    host.watch_at_once(**slow, **LINE_SETTINGS)
    host.lab.write(f"{STATE}/health_fail_count", "1\n", 0o600)  # so the journal is asked, too
    host.order(hang=True)
    host.lab.write(f"{STANDINS}/ollama.json", '{"hang": true}')
    host.lab.write(f"{STANDINS}/line.json", '{"mode": "blackhole"}')
    tools.hang("tailscale", "journalctl")
    host.lab.systemctl("kill", "-s", "STOP", GATEWAY)
    began = time.monotonic()
    host.cycle()
    took = time.monotonic() - began
    assert host.lab.show(WATCHDOG, "Result") == "success"
    assert len(witness.starts()) == 1, host.log()
    assert took > 8, "this was to be a long one"
    assert took < time_limit(host)
    assert witness.processes() == []
    # The shipped value: the same sum for the default waits.
    text = host.lab.read("~/clone/systemd/user/picoclaw-watchdog.service")
    assert f"TimeoutStartSec={longest_cycle(Settings())}\n" in text

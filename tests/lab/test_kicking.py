"""Kicks by file, and the loop."""

import re

import pytest

from tests.lab.host import GATEWAY, KICKS, LOOP, STATE, TIMER, TOKEN, WATCHDOG, Host
from tests.lab.lab import HOME

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

SOON = 3.0  # seconds: the promise is one, the machine may be busy
SETTLED = "3"  # seconds in which a unit that spins would have started many times


def request(host: Host, token: str = TOKEN) -> str:
    seconds = host.lab.must("date", "+%s").strip()
    return f"check_ollama|{token}|test|{seconds}\n"


def test_a_kick_starts_a_cycle_at_once(host: Host) -> None:
    host.watch(KICK_ENABLED="true", KICK_TOKEN=TOKEN)
    before = host.cycles()
    host.make("watchdog-kick", "ACTION=check_ollama", "SOURCE=line:U123")
    took = host.lab.wait_for(lambda: "target=kick" in host.log(), SOON, "the kick")
    assert took < SOON
    host.wait_for_rest()
    host.lab.must("sleep", SETTLED)
    assert host.cycles() == before + 1
    assert "source=line:U123" in host.log()
    assert not host.lab.path(f"{STATE}/kick_request").exists()


def test_a_kick_restarts_the_gateway_through_the_installed_script(host: Host) -> None:
    host.watch(KICK_ENABLED="true", KICK_TOKEN=TOKEN)
    script = f"{HOME}/.local/share/picoclaw/scripts/ops_watchdog_kick.sh"
    done = host.lab.run(script, "restart_gateway", "line", TOKEN)
    assert done, done.err
    assert "other users can read" in done.err
    host.lab.wait_for(lambda: host.gateway_starts() == 2, SOON, "the restart")
    host.wait_for_rest()
    assert host.is_healthy()
    assert TOKEN not in host.log() + done.out + done.err


def test_an_ordinary_user_waits_for_the_outcome_a_second_and_the_restart(host: Host) -> None:
    host.watch(KICK_ENABLED="true", KICK_TOKEN=TOKEN)
    script = f"{HOME}/.local/share/picoclaw/scripts/ops_watchdog_kick.sh"
    done = host.lab.run("env", "WAIT=1", script, "restart_gateway", "line:U123")
    assert done, done.err
    said = re.fullmatch(
        r"restart_gateway: recovered in ([0-9.]+) s, ([0-9.]+) s after it was asked for\n", done.out
    )
    assert said, done.out
    assert float(said[2]) - float(said[1]) < SOON
    host.lab.write(f"{STATE}/paused", "", 0o600)
    make = ("make", "-C", f"{HOME}/clone", "watchdog-kick")
    done = host.lab.run(*make, "ACTION=restart_gateway", "WAIT=1")
    assert not done
    assert "restart_gateway: withheld: the watchdog is paused" in done.out
    assert host.gateway_starts() == 2
    verified = host.lab.run(f"{HOME}/.local/bin/picoclaw-watchdog", "audit", "--verify")
    assert verified, verified.out


def test_nothing_spins_when_kicks_are_off(host: Host) -> None:
    host.watch()
    before = host.cycles()
    host.lab.write(f"{STATE}/kick_request", request(host), 0o600)
    host.lab.must("sleep", SETTLED)
    host.wait_for_rest()
    assert host.cycles() == before + 1
    assert host.lab.show(KICKS, "ActiveState") == "active"


def test_nothing_spins_when_the_request_cannot_be_removed(host: Host) -> None:
    host.watch(KICK_ENABLED="true", KICK_TOKEN=TOKEN)
    before = host.cycles()
    # A folder that only root may change: neither removing nor renaming works for the user.
    line = request(host)
    state = STATE.replace("~", HOME)
    script = f"printf %s '{line}' > {state}/kick_request && chown -R root {state}"
    assert host.lab.run("sh", "-c", f"{script} && chmod 755 {state}", root=True)
    host.lab.must("sleep", SETTLED)
    host.wait_for_rest()
    assert host.lab.path(f"{STATE}/kick_request").exists()
    assert host.cycles() <= before + 2, "the request, and root's change of its attributes"
    assert host.gateway_starts() == 1
    settled = host.cycles()
    host.lab.must("sleep", SETTLED)
    assert host.cycles() == settled
    assert host.lab.show(KICKS, "ActiveState") == "active"


def test_a_kick_during_a_cycle_is_served_at_its_end(host: Host) -> None:
    host.watch(KICK_ENABLED="true", KICK_TOKEN=TOKEN, EXTERNAL_TIMEOUT_SEC=2)
    host.lab.write("~/.local/bin/tailscale", "#!/bin/sh\nsleep 600\n", 0o755)
    host.lab.systemctl("start", "--no-block", WATCHDOG)
    host.lab.must("sleep", "0.7")
    host.lab.write(f"{STATE}/kick_request", request(host), 0o600)
    host.lab.wait_for(lambda: "target=kick" in host.log(), 10, "the kick")


def test_a_loop_that_stops_is_killed_and_started_again(host: Host) -> None:
    host.watch(INTERVAL_SEC=1)
    assert host.lab.show(LOOP, "UnitFileState") == "disabled"
    host.drop_in(LOOP, "[Service]\nWatchdogSec=3\n")
    host.lab.systemctl("start", LOOP)
    assert host.lab.show(LOOP, "ActiveState") == "active"
    assert host.lab.show(TIMER, "ActiveState") == "inactive", "one or the other"
    first = host.lab.show(LOOP, "MainPID")
    host.lab.systemctl("kill", "-s", "STOP", LOOP)
    host.lab.wait_for(
        lambda: host.lab.show(LOOP, "MainPID") not in (first, "0"), 20, "another process"
    )
    host.lab.systemctl("stop", GATEWAY)
    host.wait_until_healthy(20)
    host.lab.systemctl("stop", LOOP)
    assert host.lab.show(LOOP, "Result") == "success"

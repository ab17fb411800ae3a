"""Drills for real: systemd breaks and starts the units, the timer's own cycles mend."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.host import GATEWAY, PUBLIC, STANDINS, STATE, TIMER, Host

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

LINE_PORT = 18799
QUICK = {
    "LOCAL_TIMEOUT_SEC": 1,
    "EXTERNAL_TIMEOUT_SEC": 2,
    "STARTUP_GRACE_SEC": 1,
    "OLLAMA_RETRY_SEC": 1,
    "WEBHOOK_URL": PUBLIC,
}


def with_line(host: Host) -> dict[str, object]:
    """A LINE server on this host, and the settings for it."""
    keep = f"{STANDINS}/line.jsonl"
    host.standin("line.service", f"line --port {LINE_PORT} --keep {keep}")
    host.lab.systemctl("daemon-reload")
    host.lab.systemctl("start", "line.service")
    host.lab.path(STANDINS).chmod(0o777)
    return {
        "LINE_NOTIFY_ENABLED": "true",
        "LINE_NOTIFY_TO": "U" + "5" * 32,
        "LINE_PUSH_ENDPOINT": f"http://127.0.0.1:{LINE_PORT}/v2/bot/message/push",
    }


def write_token(host: Host) -> None:
    path = "~/.picoclaw/.env"
    token = "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN=a-token-of-the-lab\n"
    host.lab.write(path, host.lab.read(path) + token, 0o600)


def results(host: Host) -> list[dict[str, Any]]:
    lines = host.lab.read(f"{STATE}/drills.log").splitlines()
    return [json.loads(line) for line in lines if line]


def test_all_drills_pass_and_are_measured(
    host: Host, record_property: Callable[[str, object], None]
) -> None:
    host.tailscale(operator=True)
    host.publish()
    host.settings(**{**QUICK, **with_line(host), "INTERVAL_SEC": 3, "ALERT_COOLDOWN_SEC": 8})
    write_token(host)
    host.make("install-watchdog")
    host.make("enable-watchdog")
    host.wait_for_cycles(2)
    host.give_budget_back()
    done = host.command("drill", "all", "--yes")
    told = results(host)
    record_property("drills", told)
    assert done.code == 0, f"{done.out}{done.err}{host.log()}"
    assert [each["fault"] for each in told] == ["gateway", "funnel", "ollama", "hang"]
    assert all(each["passed"] for each in told), told
    assert all(each["mended"] < 120 for each in told if each["fault"] != "ollama"), told
    assert [each["restarts"] for each in told] == [1, 1, 1, 1], told
    assert [each["how"] for each in told] == ["stop", "off", "stop", "freeze"], told
    assert [each["messages"] for each in told] == [1, 1, 2, 1], told
    texts = host.lab.read(f"{STANDINS}/line.jsonl")
    assert texts.count("Drill: ") == 5, texts
    assert host.is_healthy()
    assert host.published()
    assert host.lab.show("ollama.service", "ActiveState") == "active"
    assert "as promised" in host.command("drill", "--last").out


def frozen(host: Host) -> bool:
    pid = host.lab.show(GATEWAY, "MainPID")
    return host.lab.run("ps", "-o", "stat=", "-p", pid).out.startswith("T")


def is_broken(host: Host, fault: str) -> bool:
    """Whether the fault is there."""
    if fault == "gateway":
        return host.lab.show(GATEWAY, "ActiveState") == "inactive"
    if fault == "hang":
        return frozen(host)
    if fault == "funnel":
        return not host.published()
    return host.lab.show("ollama.service", "ActiveState") == "inactive"


def send(host: Host, name: str) -> None:
    """A signal to the drill itself, not to what brought it into the lab."""
    shown = host.lab.must("ps", "-e", "-o", "pid=,args=").splitlines()
    pids = [line.split()[0] for line in shown if "python" in line and " drill " in line]
    assert pids, shown
    host.lab.must("kill", "-s", name, min(pids, key=int))  # another is a child about to exec


def begin(host: Host, fault: str) -> subprocess.Popen[bytes]:
    """A drill in the background."""
    program = f"{host.lab.bin}/picoclaw-watchdog"
    drill = subprocess.Popen(
        host.lab.command(program, "drill", fault, "--yes"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    host.lab.wait_for(lambda: is_broken(host, fault), 20, f"the fault of {fault}")
    return drill


def test_a_drill_that_is_killed_or_interrupted_leaves_no_fault_behind(host: Host) -> None:
    host.tailscale(operator=True)
    host.publish()
    host.watch(**QUICK, INTERVAL_SEC=3600)
    host.lab.systemctl("stop", TIMER)
    before = host.lab.must("tailscale", "funnel", "status", "--json")
    starts = host.gateway_starts()
    for fault in ("hang", "funnel", "ollama", "gateway"):
        drill = begin(host, fault)
        send(host, "KILL")
        drill.wait(30)
        assert is_broken(host, fault), "nobody has undone it yet"
        host.cycle()
        assert not is_broken(host, fault), (fault, host.log())
        assert host.lab.read(f"{STATE}/drill.json") == ""
        host.wait_until_healthy()
        host.cycle()
    assert host.gateway_starts() == starts + 1, "the stopped one was started, none was restarted"
    assert host.lab.must("tailscale", "funnel", "status", "--json") == before
    for fault in ("hang", "funnel", "ollama", "gateway"):
        host.cycle()
        drill = begin(host, fault)
        send(host, "INT")
        assert drill.wait(30) == 130, fault
        assert not is_broken(host, fault), fault
        assert host.lab.read(f"{STATE}/drill.json") == ""
        host.wait_until_healthy()
    assert host.lab.read(f"{STATE}/restart_gateway_times.log") == ""


def test_a_gateway_stopped_on_purpose_stays_stopped_until_its_time_is_over(host: Host) -> None:
    host.watch(**QUICK, INTERVAL_SEC=1)
    done = host.command("stop-gateway", "6s", "--reason", "upgrade")
    assert done.code == 0, done.err
    assert not host.is_healthy()
    host.wait_for_cycles(2)
    assert host.lab.show(GATEWAY, "ActiveState") == "inactive"
    assert host.lab.read(f"{STATE}/restart_gateway_times.log") == ""
    host.wait_until_healthy(30)
    host.lab.wait_for(lambda: not host.lab.read(f"{STATE}/gateway_stopped"), 20, "its end")
    host.command("stop-gateway", "1h")
    host.lab.systemctl("start", GATEWAY)
    host.lab.wait_for(lambda: not host.lab.read(f"{STATE}/gateway_stopped"), 20, "its end")
    host.kill_gateway()
    host.wait_until_healthy(30)

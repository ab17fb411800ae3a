"""The doctor's looks, taken on a host in a box: real sockets, processes and files."""

import http.server
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from picoclaw_watchdog.cli.doctor import case_of_this_host
from picoclaw_watchdog.cli.loading import load_settings
from picoclaw_watchdog.core.reasons import Probe, Verdict
from picoclaw_watchdog.demo.box import OWNER_ID, UNIT, Box
from picoclaw_watchdog.doctor import diagnose
from picoclaw_watchdog.doctor.looking import examine
from picoclaw_watchdog.doctor.seen import Seen, Systemd
from picoclaw_watchdog.host.listeners import listeners
from picoclaw_watchdog.host.processes import running
from picoclaw_watchdog.ports import Node, Silence, Why
from picoclaw_watchdog.settings import picoclaw
from tests.unit.standins import Bin
from tests.unit.tailnet import config
from tests.waiting import wait_for


@contextmanager
def box_of(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Iterator[Box]:
    with Box(settings) as box:
        for name, value in box.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("COLUMNS", raising=False)
        yield box


def seen_in(*, webhook_test: bool = False) -> Seen:
    return examine(case_of_this_host(load_settings())._replace(webhook_test=webhook_test))


def states(seen: Seen) -> dict[str, str]:
    return {entry.check: entry.finding.state.value for entry in diagnose(seen)}


def test_a_host_in_a_box_is_seen_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with box_of(monkeypatch, OLLAMA_REQUIRED_MODELS="chat-v1") as box:
        seen = seen_in(webhook_test=True)
        assert isinstance(seen.systemd, Systemd)
        assert seen.unit(UNIT, "ActiveState") == "active"
        main = int(seen.unit(UNIT, "MainPID"))
        held = {(each.port, each.pid) for each in seen.listeners or ()}
        assert held >= {(box.ports.gateway, main), (box.ports.webhook, main)}
        assert isinstance(seen.node, Node)
        assert seen.node.state == "Running"
        assert seen.looks[Probe.HEALTH].verdict is Verdict.GOOD
        assert seen.looks[Probe.MODELS].verdict is Verdict.GOOD
        assert seen.looks[Probe.WEBHOOK_PUBLIC].verdict is Verdict.GOOD
        well = states(seen)
        for check in ("unit", "health", "ready", "webhook", "owners", "funnel", "rights", "token"):
            assert well[check] == "ok", check
        for check in ("recipient", "quota", "webhook_test", "reachable", "mistakes", "private"):
            assert well[check] == "ok", check


def test_faults_planted_in_a_box_are_found_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with box_of(monkeypatch, OLLAMA_REQUIRED_MODELS="not-there", INTERVALL_SEC="5") as box:
        box.order("line", friend=False, quota=200, used=199, webhook_active=False)
        box.set_tailnet(version="1.50.0", capable=False, health=("no home relay server",))
        box.funnel_off()
        box.sudo_wants_password()
        box.order("gateway", ready="failing")
        (box.pico_home / ".env").chmod(0o644)
        box.pico_home.chmod(0o1777)
        box.log_file.mkdir(parents=True)
        box.state_dir.mkdir(parents=True, mode=0o755)
        (box.state_dir / "watchdog.db").write_bytes(b"no database" * 500)
        box.set_unit(pretend=(("NeedDaemonReload", "yes"), ("UnitFileState", "disabled")))
        stranger = subprocess.Popen(["/bin/sleep", "60"])
        (box.pico_home / ".picoclaw.pid").write_text(json.dumps({"pid": stranger.pid}))
        (box.pico_home / "config.json").write_text(
            json.dumps(
                {
                    "gateway": {"port": 1},
                    "channels": {"line": {"enabled": False}},
                    "providers": {"ollama": {"api_base": "http://100.64.0.9:11434/v1"}},
                }
            )
        )
        now = states(seen_in())
        stranger.kill()
        stranger.wait()
    wrong = {check for check, state in now.items() if state in ("warn", "bad")}
    assert wrong >= {
        *("recipient", "quota", "webhook_at_line", "complaints", "funnel", "rights", "capability"),
        *("models", "mistakes", "private", "folder", "log", "state_folder", "database"),
        *("ready", "loaded", "boot", "pid_file", "agreement", "same_one", "installed", "linger"),
    }
    assert now["tailscale_version"] == "bad"


def test_a_host_on_which_everything_hangs_is_unknown_and_soon_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with box_of(monkeypatch, LOCAL_TIMEOUT_SEC="0.5", EXTERNAL_TIMEOUT_SEC="0.5") as box:
        monkeypatch.setattr("picoclaw_watchdog.doctor.looking.DEADLINE", 0.5)
        monkeypatch.setattr("picoclaw_watchdog.doctor.asking_line.DEADLINE", 0.5)
        monkeypatch.setattr("picoclaw_watchdog.install.missing.DEADLINE", 0.5)
        box.order("line", mode="blackhole")
        box.set_tailnet(hang="all")
        box.set_bus(hang=True)
        box.hang_gateway()
        box.sudo_wants_password()
        began = time.monotonic()
        now = states(seen_in())
        assert time.monotonic() - began < 20, "the looks wait at the same time, each for a while"
    assert {now[check] for check in ("bus", "daemon", "token")} == {"unknown"}
    assert now["health"] == "bad"
    assert "rights" not in now, "a tailscale that says nothing does not say that we may not"


def test_a_box_without_a_bus_tailscale_and_ollama(monkeypatch: pytest.MonkeyPatch) -> None:
    with box_of(monkeypatch) as box:
        box.set_bus(up=False)
        box.remove_program("tailscale")
        box.kill_ollama()
        box.line_down()
        now = states(seen_in())
    assert (now["bus"], now["daemon"], now["reachable"]) == ("bad", "bad", "bad")
    assert now["token"] == "unknown", "LINE away is no bad token"


def test_a_token_that_line_refuses_is_bad_and_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with box_of(monkeypatch) as box:
        box.order("line", mode="401")
        env = (box.pico_home / ".env").read_text()
        code, out = box.run("doctor")
        as_json: dict[str, Any] = json.loads(box.run("doctor", "--json")[1])
    assert code == 1
    assert "LINE refuses the channel access token" in out
    token = next(line for line in env.splitlines() if "ACCESS_TOKEN" in line).partition("=")[2]
    assert token not in out + json.dumps(as_json)
    states_of = {each["check"]: each["state"] for each in as_json["checks"]}
    assert states_of["token"] == "bad"
    assert as_json["counts"]["bad"] == list(states_of.values()).count("bad")


def test_the_recipient_is_asked_for_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    for recipient in (OWNER_ID, "C" + OWNER_ID[1:]):
        with box_of(monkeypatch, LINE_NOTIFY_TO=recipient) as box:
            assert states(seen_in())["recipient"] == "ok"
            box.order("line", friend=False)
            assert states(seen_in())["recipient"] == "bad"


def test_wrong_usage_and_help(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    del monkeypatch
    command = [sys.executable, "-m", "picoclaw_watchdog", "doctor"]
    environ = {**os.environ, "PYTHONPATH": "src", "HOME": str(tmp_path)}
    helped = subprocess.run([*command, "--help"], env=environ, capture_output=True, check=False)
    assert helped.returncode == 0
    assert b"exit status" in helped.stdout
    wrong = subprocess.run([*command, "--fixx"], env=environ, capture_output=True, check=False)
    assert wrong.returncode == 2


# -- who listens ----------------------------------------------------------------------------------


def test_who_listens_on_a_port_is_named() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    try:
        found = listeners([server.server_port])
    finally:
        server.server_close()
    assert found is not None
    assert [(each.pid, each.uid) for each in found] == [(os.getpid(), os.getuid())]
    assert found[0].program
    assert listeners([server.server_port]) == ()


def test_a_port_of_a_process_that_we_may_not_look_into_has_its_user(tmp_path: Path) -> None:
    table = tmp_path / "net/tcp"
    table.parent.mkdir()
    table.write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
        "   0: 0100007F:4966 00000000:0000 0A 00000000:00000000 00:00000000 00000000  117 0 999 1\n"
        "   1: 0100007F:4966 0100007F:8888 01 00000000:00000000 00:00000000 00000000  117 0 998 1\n"
    )
    found = listeners([18790], str(tmp_path))
    assert found is not None
    assert [(each.port, each.uid, each.pid) for each in found] == [(18790, 117, 0)]
    assert listeners([18790], str(tmp_path / "nowhere")) is None


# -- PicoClaw's own config.json -------------------------------------------------------------------

ID = "U" + "a" * 32


def test_the_forks_config_is_read() -> None:
    said = picoclaw.facts(
        {
            "gateway": {"host": "0.0.0.0", "port": 18790},
            "channels": {
                "line": {
                    "enabled": True,
                    "webhook_port": 18791,
                    "webhook_path": "/webhook/line",
                    "allow_from": [ID, "everybody"],
                }
            },
            "providers": {"ollama": {"api_base": "http://100.83.207.6:11434/v1"}},
        }
    )
    assert said == picoclaw.Picoclaw(
        18790,
        True,
        18791,
        "/webhook/line",
        (ID,),
        ("http://100.83.207.6:11434",),
        old_form=True,
        gateway_host="0.0.0.0",
    )


def test_upstreams_newer_config_is_read() -> None:
    said = picoclaw.facts(
        {
            "version": 3,
            "gateway": {"port": 18800},
            "channel_list": {
                "my-line": {
                    "type": "line",
                    "enabled": True,
                    "settings": {"webhook_path": "/hook", "allow_from": [ID]},
                }
            },
            "model_list": [
                {"model": "openai/gpt", "api_base": "https://api.openai.com/v1"},
                {"model": "ollama/qwen3", "api_base": "http://127.0.0.1:11434"},
            ],
        }
    )
    assert said == picoclaw.Picoclaw(
        18800, True, 0, "/hook", (ID,), ("http://127.0.0.1:11434",), old_form=False
    )


# -- the clock and sudo ---------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "expected"), [("yes", True), ("no", False)])
def test_timedatectl_is_asked_about_the_clock(
    said: str, expected: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Bin(tmp_path, monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    programs.says("timedatectl", f"{said}\n")
    assert seen_in().synchronised is expected
    assert "timedatectl show -P NTPSynchronized" in programs.calls()


def test_the_right_is_asked_for_the_very_command_that_restores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Bin(tmp_path, monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TS_SOCKET", str(tmp_path / "no.sock"))
    served = config({"/line": {"Proxy": "http://127.0.0.1:18791/webhook/line"}}, port=8443)
    programs.says("tailscale", json.dumps(served))
    programs.sudo("tailscale funnel --bg 18791")
    seen = seen_in()
    assert seen.rights is not None
    assert not seen.rights.allowed
    wanted = "funnel --bg --https=8443 --set-path=/line http://127.0.0.1:18791/webhook/line"
    assert f"sudo -n -l tailscale {wanted}" in programs.calls()


def test_a_systemctl_that_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Bin(tmp_path, monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    seen = seen_in()
    assert isinstance(seen.systemd, Silence)
    assert seen.systemd.why is Why.MISSING
    assert states(seen)["bus"] == "bad"


def test_a_shell_watchdog_that_runs_beside_us_is_seen(tmp_path: Path) -> None:
    script = tmp_path / "ops_watchdog.sh"
    script.write_text("read -r _\n")
    with subprocess.Popen(["/bin/sh", script, "loop"], stdin=subprocess.PIPE) as process:
        wait_for(lambda: process.pid in running("ops_watchdog.sh"), "it has no command line yet")
        process.communicate()
    assert process.pid not in running("ops_watchdog.sh")


def test_a_gateway_that_is_the_systems_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Bin(tmp_path, monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    programs.program(
        "systemctl",
        """case "$*" in
        *--user*Version*) echo 252 ;;
        *--user*) for unit; do case $unit in *.*)
            printf 'LoadState=not-found\\nActiveState=inactive\\n\\n' ;; esac; done ;;
        *) printf 'LoadState=loaded\\nActiveState=active\\nMainPID=7\\n' ;;
        esac""",
    )
    seen = seen_in()
    assert seen.gateway_is_the_systems
    assert seen.unit(seen.settings.gateway_service, "ActiveState") == "active"
    assert seen.unit(seen.settings.gateway_service, "MainPID") == "7"
    assert states(seen)["unit"] == "warn"


def test_a_stock_gateway_in_a_box_is_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    with Box(release="v0.2.0") as box:
        for name, value in box.environ.items():
            monkeypatch.setenv(name, value)
        assert states(seen_in())["webhook"] == "warn"
        assert box.run("init", "--yes", "--no-test")[0] == 0
        port = f"PICOCLAW_WATCHDOG_LINE_WEBHOOK_PORT={box.ports.gateway}\n"
        assert port in (box.pico_home / ".env").read_text()
        now = states(seen_in())
    assert (now["webhook"], now["ready"], now["owners"]) == ("ok", "ok", "ok")

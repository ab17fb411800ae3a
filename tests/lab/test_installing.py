"""Install, enable, disable, uninstall, as the owner does it: through make, from a clone."""

import json
import re
import stat

import pytest

from picoclaw_watchdog.core.commands import command
from picoclaw_watchdog.install.unit_text import assignment, exec_line
from tests.lab.host import GATEWAY, KICKS, LOOP, STATE, TIMER, UNITS, WATCHDOG, Host
from tests.lab.lab import HOME

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

# What the shell implementation installed, reduced to what matters here.
SHELL_SERVICE = """[Unit]
Description=PicoClaw ops watchdog
[Service]
Type=oneshot
EnvironmentFile=-%h/.picoclaw/.env
ExecStart=/usr/bin/env bash %h/.local/share/picoclaw/scripts/ops_watchdog.sh once
StandardOutput=append:%h/.picoclaw/logs/ops-watchdog.log
"""
SHELL_TIMER = """[Unit]
Description=PicoClaw ops watchdog timer
[Timer]
OnBootSec=1s
OnUnitActiveSec=2s
Persistent=true
Unit=picoclaw-watchdog.service
[Install]
WantedBy=timers.target
"""
STAMP = "~/.local/share/systemd/timers/stamp-picoclaw-watchdog.timer"


def installed_shell_watchdog(host: Host) -> None:
    lab = host.lab
    lab.make_folder("~/.picoclaw/logs")
    lab.write("~/.picoclaw/logs/ops-watchdog.log", "[2026-02-20 09:15:00 JST] level=INFO old\n")
    lab.write("~/.local/share/picoclaw/scripts/ops_watchdog.sh", "sleep 0.1\n", 0o755)
    lab.write(f"{UNITS}/{WATCHDOG}", SHELL_SERVICE)
    lab.write(f"{UNITS}/{TIMER}", SHELL_TIMER)
    lab.write(STAMP, "")
    lab.must("sleep", "1.5")  # later than its OnBootSec= after the manager's start
    lab.systemctl("daemon-reload")
    lab.systemctl("enable", "--now", TIMER)


def next_elapse(host: Host) -> str:
    return host.lab.show(TIMER, "NextElapseUSecMonotonic")


def test_an_ordinary_user_installs_enables_and_is_watched(host: Host) -> None:
    host.settings(INTERVAL_SEC=2)
    said = host.make("install-watchdog")
    assert "Still to do:" in said
    assert "enable-linger pico" in said
    assert "make enable-watchdog" in said
    assert host.cycles() == 0, "an install alone starts nothing"

    host.make("enable-watchdog")
    for unit in (TIMER, KICKS):
        assert host.lab.show(unit, "UnitFileState") == "enabled"
        assert host.lab.show(unit, "ActiveState") == "active"
    host.wait_for_cycles(3)
    host.wait_for_rest()
    assert host.lab.show(WATCHDOG, "Result") == "success"
    assert host.gateway_starts() == 1, "a healthy gateway is left alone"
    assert host.log(), "a cycle writes its log"
    assert "infinity" not in next_elapse(host)


def test_what_is_installed_needs_the_clone_no_more(host: Host) -> None:
    host.make("install-watchdog")
    host.lab.must("rm", "-rf", f"{HOME}/clone")
    assert host.command("--version")
    host.cycle()
    assert host.lab.show(WATCHDOG, "Result") == "success"


def test_the_settings_file_is_private_and_the_owners_own_stays(host: Host) -> None:
    host.make("install-watchdog")
    path = host.lab.path("~/.picoclaw/.env")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "PICOCLAW_WATCHDOG_ENABLED=true" in path.read_text()

    host.lab.write("~/.picoclaw/.env", "PICOCLAW_WATCHDOG_INTERVAL_SEC=7\n", 0o600)
    host.make("install-watchdog")
    assert path.read_text() == "PICOCLAW_WATCHDOG_INTERVAL_SEC=7\n"
    assert "OnUnitActiveSec=7\n" in host.lab.read(f"{UNITS}/{TIMER}")


def test_installing_twice_changes_nothing(host: Host) -> None:
    host.watch()
    before = {name: host.lab.path(f"~/{name}").lstat().st_ino for name in host.files()}
    said = host.make("install-watchdog")
    after = {name: host.lab.path(f"~/{name}").lstat().st_ino for name in host.files()}
    assert before == after
    assert "nothing was changed" in said
    done = [line for line in said.splitlines() if "\t" in line]
    assert done
    assert all(line.startswith("nothing to do\t") for line in done)
    assert host.lab.show(TIMER, "ActiveState") == "active"


def test_uninstalling_leaves_only_what_is_the_owners(host: Host) -> None:
    before = host.files()
    host.watch()
    host.make("uninstall-watchdog")
    left = {name for name in host.files() - before if not name.startswith(".picoclaw")}
    assert left == set()
    assert {".picoclaw/.env", ".picoclaw/logs", ".picoclaw/state/watchdog"} <= host.files()
    assert before <= host.files(), "nothing of the owner's is gone"
    for unit in (WATCHDOG, TIMER, KICKS, LOOP):
        assert host.lab.show(unit, "LoadState") == "not-found"
    assert host.lab.show(GATEWAY, "OnFailure") == ""
    assert host.is_healthy(), "the gateway runs on"


def test_a_disabled_watch_does_nothing_and_can_be_enabled_again(host: Host) -> None:
    host.watch(INTERVAL_SEC=1)
    host.make("disable-watchdog")
    host.wait_for_rest()
    before = host.cycles()
    host.lab.must("sleep", "2.5")
    assert host.cycles() == before
    host.make("enable-watchdog")
    host.wait_for_cycles(2)


def test_enabling_what_is_not_installed_says_so(host: Host) -> None:
    done = host.lab.run("make", "-C", f"{HOME}/clone", "enable-watchdog")
    assert not done
    assert "make install-watchdog" in done.err


def test_an_installation_of_the_shell_watchdog_is_taken_over(host: Host) -> None:
    installed_shell_watchdog(host)
    assert next_elapse(host) == "infinity", "the trap is real here: its timer is dead"
    host.lab.write(f"{STATE}/ollama_fail_count", "1\n", 0o600)
    host.settings(INTERVAL_SEC=1)
    said = host.make("install-watchdog")
    assert "Taken over from the shell watchdog" in said

    assert not host.lab.path(STAMP).exists()
    assert host.lab.show(TIMER, "UnitFileState") == "enabled", "it was enabled and stays so"
    assert host.lab.show(KICKS, "UnitFileState") == "enabled"
    assert "start.py once" in host.lab.show(WATCHDOG, "ExecStart")
    host.wait_for_cycles(2)
    host.wait_for_rest()
    assert host.log().startswith("[2026-02-20 09:15:00 JST] level=INFO old\n"), "the log goes on"


def test_the_timer_lives_after_stop_and_start_with_a_stale_stamp(host: Host) -> None:
    host.watch(INTERVAL_SEC=1)
    host.lab.write(STAMP, "")
    for _ in range(2):
        host.lab.systemctl("stop", TIMER)
        host.lab.systemctl("start", TIMER)
        assert "infinity" not in next_elapse(host)
        host.wait_for_cycles(2)


def test_an_interval_changed_after_the_install_changes_the_timer(host: Host) -> None:
    host.watch(INTERVAL_SEC=2)
    host.settings(INTERVAL_SEC=1, GATEWAY_SERVICE="other-gateway.service")
    host.lab.wait_for(lambda: "OnUnitActiveSec=1\n" in host.lab.read(f"{UNITS}/{TIMER}"))
    host.lab.wait_for(lambda: "1s" in host.lab.show(TIMER, "TimersMonotonic"))
    assert host.wait_for_cycles(4) < 7
    assert host.lab.show(GATEWAY, "OnFailure") == "", "the drop-in follows the gateway's name"
    assert host.lab.path(f"{UNITS}/other-gateway.service.d/50-watchdog.conf").exists()


def test_a_variable_at_a_terminal_does_not_change_the_unattended_watch(host: Host) -> None:
    host.watch(INTERVAL_SEC=3600)
    host.command("once", env={"PICOCLAW_WATCHDOG_INTERVAL_SEC": "5"})
    assert "OnUnitActiveSec=3600\n" in host.lab.read(f"{UNITS}/{TIMER}")


def test_nothing_of_ours_is_resident_between_cycles(host: Host) -> None:
    host.watch(INTERVAL_SEC=3600)
    assert host.processes() == []


def test_an_update_under_a_running_cycle_lets_it_end_with_its_own_files(host: Host) -> None:
    host.watch()
    before = re.findall(r"venv-[^/ ]+", host.lab.show(WATCHDOG, "ExecStart"))[0]
    host.lab.write("~/clone/src/picoclaw_watchdog/newer.py", "")
    host.make("install-watchdog")
    after = re.findall(r"venv-[^/ ]+", host.lab.show(WATCHDOG, "ExecStart"))[0]
    assert before != after
    kept = {path.name for path in host.lab.path("~/.local/share/picoclaw").glob("venv-*")}
    assert kept == {before, after}
    host.cycle()
    assert host.lab.show(WATCHDOG, "Result") == "success"

    host.lab.write("~/clone/src/picoclaw_watchdog/newest.py", "")
    host.make("install-watchdog")
    kept = {path.name for path in host.lab.path("~/.local/share/picoclaw").glob("venv-*")}
    assert before not in kept
    assert len(kept) == 2


def test_without_a_user_manager_the_files_are_written_and_the_rest_is_said(host: Host) -> None:
    done = host.lab.run(
        *("make", "--no-print-directory", "-C", f"{HOME}/clone", "install-watchdog"),
        env={"XDG_RUNTIME_DIR": "/nowhere"},
    )
    assert done, done.err
    assert "No systemd --user answers here. Once it does:" in done.out
    assert "  $ make enable-watchdog" in done.out
    assert host.lab.path(f"{UNITS}/{TIMER}").exists()


def test_the_service_is_restricted_unless_the_funnel_needs_sudo(host: Host) -> None:
    said = host.make("install-watchdog")
    assert "The service is restricted" in said
    assert host.lab.show(WATCHDOG, "NoNewPrivileges") == "yes"
    host.cycle()
    assert host.lab.show(WATCHDOG, "Result") == "success"

    host.tailscale(operator=False)
    host.lab.write("~/.local/bin/sudo", "#!/bin/sh\nexit 1\n", 0o755)
    said = host.make("install-watchdog")
    assert "not restricted" in said
    assert host.lab.show(WATCHDOG, "NoNewPrivileges") == "no"
    host.cycle()
    assert host.lab.show(WATCHDOG, "Result") == "success"


ODD = ["o'neil", 'say "hi"', "back\\slash", "$HOME", "100% %h", "a b;c", "#x", "日本", "~"]


def test_systemd_starts_what_was_meant_whatever_it_is_called(host: Host) -> None:
    for number, name in enumerate(ODD):
        program = f"~/odd/{name}/program"
        host.lab.write(
            program, f'#!/bin/sh\nprintf \'%s|\' "$VALUE" "$@" >{HOME}/odd/{number}\n', 0o755
        )
        path = f"{HOME}/odd/{name}/program"
        unit = f"odd-{number}.service"
        host.lab.write(
            f"{UNITS}/{unit}",
            f"[Service]\nType=oneshot\nExecStart={exec_line((path, name, '$HOME', '%h'))}\n"
            f"Environment={assignment('VALUE', name)}\n",
        )
    host.lab.systemctl("daemon-reload")
    for number, name in enumerate(ODD):
        host.lab.systemctl("start", f"odd-{number}.service")
        assert host.lab.read(f"~/odd/{number}") == f"{name}|{name}|$HOME|%h|"


def test_a_variable_cannot_add_a_line_to_a_unit(host: Host) -> None:
    done = host.lab.run(
        *("make", "--no-print-directory", "-C", f"{HOME}/clone", "install-watchdog"),
        env={"LC_ALL": f"C\nExecStartPre=/bin/touch {HOME}/pwned"},
    )
    assert not done
    assert "Installed." not in done.out
    assert "$LC_ALL" in done.err
    assert not host.lab.path(f"{UNITS}/{WATCHDOG}").exists()


def test_the_doctors_commands_work_on_a_gateway_with_an_odd_name(host: Host) -> None:
    odd = r"odd\x2dgateway@home.service"
    host.lab.write(f"{UNITS}/{odd}", "[Service]\nExecStart=/bin/sleep 60\n")
    host.lab.systemctl("daemon-reload")
    host.settings(GATEWAY_SERVICE=f"'{odd}'")
    host.make("install-watchdog")
    checks = json.loads(host.lab.run("picoclaw-watchdog", "doctor", "--json").out)["checks"]
    (remedy,) = [each["remedy"] for each in checks if each["check"] == "unit"]
    host.lab.must("bash", "-c", remedy)
    assert host.lab.show(odd, "ActiveState") == "active"
    assert "picoclaw-watchdog.service" in host.lab.show(odd, "OnFailure")
    for harmless in ("cat", "status", "show"):
        host.lab.must("bash", "-c", command("systemctl", "--user", "--no-pager", harmless, odd))


def test_japanese_where_the_locale_is(host: Host) -> None:
    said = host.make("install-watchdog", "LANG=ja_JP.UTF-8")
    assert "残っている作業" in said
    assert "LANG=ja_JP.UTF-8" in host.lab.show(WATCHDOG, "Environment")


def test_a_mistake_in_the_settings_stops_the_install_before_it_begins(host: Host) -> None:
    host.settings(INTERVAL_SEC="often")
    before = host.files()
    done = host.lab.run("make", "-C", f"{HOME}/clone", "install-watchdog")
    assert done.code == 2
    assert "PICOCLAW_WATCHDOG_INTERVAL_SEC" in done.err
    assert host.files() == before

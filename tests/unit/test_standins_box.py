import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.demo import units
from picoclaw_watchdog.demo.box import UNIT, Box
from picoclaw_watchdog.demo.clearing import MARK, sweep
from tests.waiting import wait_for


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as made:
        yield made


def show(box: Box, *names: str) -> dict[str, str]:
    code, printed = box.systemctl("show", UNIT, "-p", ",".join(names))
    assert code == 0
    return dict(line.split("=", 1) for line in printed.splitlines())


def members(folder: Path) -> list[int]:
    mark = f"{MARK}={folder}".encode()
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environ.read_bytes():
                found.append(int(environ.parent.name))
        except OSError:
            continue
    return found


def wait_until_healthy(box: Box) -> None:
    wait_for(box.is_healthy, "the gateway is healthy", 10)


def wait_until_failed(box: Box) -> None:
    wait_for(lambda: show(box, "ActiveState")["ActiveState"] == "failed", "the unit failed", 10)


def test_a_running_unit_shows_exactly_what_was_asked(box: Box) -> None:
    shown = show(box, "ActiveState", "SubState", "MainPID", "InvocationID", "LoadState")
    assert shown["ActiveState"] == "active"
    assert shown["SubState"] == "running"
    assert shown["LoadState"] == "loaded"
    assert int(shown["MainPID"]) == box.unit().main_pid
    assert len(shown["InvocationID"]) == 32
    assert len(shown) == 5


def test_a_killed_process_is_a_failed_unit_and_a_restart_a_new_invocation(box: Box) -> None:
    before = show(box, "InvocationID", "ExecMainStartTimestampMonotonic")
    box.kill_gateway()
    wait_until_failed(box)
    assert show(box, "ActiveState", "Result", "MainPID") == {
        "ActiveState": "failed",
        "Result": "signal",
        "MainPID": "0",
    }
    assert box.systemctl("is-active", UNIT) == (3, "failed\n")
    assert box.systemctl("restart", UNIT) == (0, "")
    after = show(box, "InvocationID", "ExecMainStartTimestampMonotonic")
    assert after["InvocationID"] != before["InvocationID"]
    started = "ExecMainStartTimestampMonotonic"
    assert int(after[started]) > int(before[started])


def test_a_process_that_ends_with_an_error_is_a_failure_by_exit_code(box: Box) -> None:
    box.order("gateway", die=True)
    box.systemctl("restart", UNIT)
    wait_until_failed(box)
    assert show(box, "Result") == {"Result": "exit-code"}


def test_a_status_of_systemds_own_is_no_signal(box: Box) -> None:
    box.set_unit(command=("/bin/sh", "-c", "exit 203"))
    box.systemctl("restart", UNIT)
    wait_until_failed(box)
    shown = show(box, "Result", "ExecMainStatus")
    assert shown == {"Result": "exit-code", "ExecMainStatus": "203"}


def test_a_unit_that_was_told_to_stop_is_inactive(box: Box) -> None:
    assert box.systemctl("stop", UNIT) == (0, "")
    assert show(box, "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}
    assert box.systemctl("start", UNIT) == (0, "")
    assert show(box, "ActiveState") == {"ActiveState": "active"}


def test_a_frozen_process_is_ended_by_a_stop(box: Box) -> None:
    box.hang_gateway()
    assert box.status("gateway", "/health", 0.3) == 0
    assert box.systemctl("restart", UNIT) == (0, "")
    wait_until_healthy(box)


def test_the_sixth_start_within_ten_seconds_hits_the_start_limit(box: Box) -> None:
    for _ in range(4):
        assert box.systemctl("restart", UNIT)[0] == 0
    code, printed = box.systemctl("restart", UNIT)
    assert code == 1
    assert "start of the service was attempted too often" in printed
    assert show(box, "ActiveState", "Result") == {
        "ActiveState": "failed",
        "Result": "start-limit-hit",
    }
    assert box.systemctl("start", UNIT)[0] == 1
    assert box.systemctl("reset-failed", UNIT) == (0, "")
    assert box.systemctl("start", UNIT) == (0, "")


def test_masked_unknown_and_pretended_units_are_shown_as_such(box: Box) -> None:
    box.set_unit(load="masked")
    assert show(box, "LoadState")["LoadState"] == "masked"
    assert box.systemctl("restart", UNIT) == (
        1,
        f"Failed to restart {UNIT}: Unit {UNIT} is masked.\n",
    )
    code, printed = box.systemctl("show", "other.service", "-p", "LoadState,ActiveState")
    assert (code, printed) == (0, "LoadState=not-found\nActiveState=inactive\n")
    assert box.systemctl("start", "other.service")[0] == 5
    box.set_unit(load="loaded", pretend=(("ActiveState", "activating"),))
    assert show(box, "ActiveState")["ActiveState"] == "activating"


def test_a_bus_that_is_away_says_so(box: Box) -> None:
    box.set_bus(up=False)
    said = box.systemctl("show", UNIT, "-p", "ActiveState")
    assert said == (1, "Failed to connect to bus: No medium found\n")


def test_the_journal_keeps_what_the_gateway_said(box: Box) -> None:
    said = subprocess.run(
        [box.folder / "bin" / "journalctl", "--user", "-u", UNIT, "-n", "200", "--no-pager"],
        env=box.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Gateway started on 127.0.0.1" in said.stdout


def test_a_closed_box_leaves_no_process_and_no_folder() -> None:
    box = Box()
    folder = box.folder
    box.begin("--version")
    assert len(members(folder)) >= 4
    box.close()
    box.close()
    assert members(folder) == []
    assert not folder.exists()


def test_two_boxes_do_not_meet(box: Box) -> None:
    with Box() as other:
        other.kill_gateway()
        assert box.is_healthy()
        assert set(box.ports).isdisjoint(other.ports)


BUILD_AND_WAIT = """
import sys, time
from picoclaw_watchdog.demo.box import Box
box = Box()
print(box.folder, flush=True)
time.sleep(60)
"""


def test_a_box_whose_owner_is_killed_outright_ends_and_is_swept_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # In a folder of its own: every new box sweeps, those of tests beside this one too.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    owner = subprocess.Popen(
        [sys.executable, "-c", BUILD_AND_WAIT], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().strip())
    owner.stdout.close()
    servers = [pid for pid in members(folder) if pid != owner.pid]
    assert len(servers) >= 4
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    # They look for their owner about once a second.
    wait_for(lambda: not members(folder), "the servers have ended", 10)
    assert folder.exists()
    sweep()
    assert not folder.exists()


def test_a_process_id_that_was_given_away_anew_is_not_the_same_process() -> None:
    here = units.born(os.getpid())
    assert here > 0
    assert units.is_alive(units.Unit(main_pid=os.getpid(), main_born=here))
    assert not units.is_alive(units.Unit(main_pid=os.getpid(), main_born=here - 1))

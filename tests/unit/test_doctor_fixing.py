"""`doctor --fix`: on real files, with a `systemctl` that only writes down what it is asked."""

import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.doctor.finding import Finding, Fix, State, Words
from picoclaw_watchdog.doctor.fixing import Fixed, fix_all
from picoclaw_watchdog.doctor.seen import Case
from tests.unit.doctoring import healthy
from tests.unit.standins import Bin

ANY = Words("", "")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    folder = tmp_path / "bin"
    folder.mkdir()
    programs = Bin(folder, monkeypatch)
    programs.says("systemctl")
    return programs


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return healthy(tmp_path / "home").case


@pytest.fixture
def stranger() -> Iterator[int]:
    process = subprocess.Popen(["/bin/sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()


def wanted(fix: Fix, path: str = "", state: State = State.BAD) -> Finding:
    return Finding(state, ANY, fix=fix, path=path)


def mode_of(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def test_files_and_folders_are_closed_to_others(case: Case) -> None:
    paths = (case.env_file, case.settings.pico_home, case.settings.state_dir)
    for path in paths:
        Path(path).chmod(0o777)
    fixed = fix_all(case, [wanted(Fix.PROTECT, path) for path in paths])
    assert not any(each.why_not for each in fixed)
    assert [mode_of(path) for path in paths] == [0o600, 0o755, 0o700]


def test_missing_folders_are_made_private(case: Case) -> None:
    path = f"{case.settings.pico_home}/some/where"
    assert fix_all(case, [wanted(Fix.MAKE_FOLDERS, path)]) == [Fixed(Fix.MAKE_FOLDERS, path)]
    assert mode_of(path) == 0o700


def test_what_cannot_be_mended_is_said(case: Case) -> None:
    path = f"{case.env_file}/below-a-file"
    fixed = fix_all(case, [wanted(Fix.MAKE_FOLDERS, path)])
    assert fixed[0].why_not == "Not a directory"


def test_a_stale_pid_file_is_moved_and_a_live_one_left(case: Case, stranger: int) -> None:
    path = Path(case.settings.pico_home, ".picoclaw.pid")
    path.write_text(json.dumps({"pid": stranger}))
    assert fix_all(case, [wanted(Fix.MOVE_PID, str(path))]) == [Fixed(Fix.MOVE_PID, str(path))]
    assert not path.exists()
    assert len(list(path.parent.glob(".picoclaw.pid.stale-*"))) == 1

    path.write_text(json.dumps({"pid": 2**22 + 1}))  # nobody's: PicoClaw copes with that itself
    fix_all(case, [wanted(Fix.MOVE_PID, str(path))])
    assert path.exists()


def test_each_is_done_once_and_units_before_timers(case: Case, programs: Bin) -> None:
    findings = [
        wanted(Fix.ENABLE),
        wanted(Fix.REARM),
        wanted(Fix.RELOAD, state=State.WARN),
        wanted(Fix.RELOAD, state=State.WARN),
        wanted(Fix.RESET_FAILED, "picoclaw-watchdog.service"),
    ]
    fixed = fix_all(case, findings)
    assert [each.fix for each in fixed] == [Fix.RELOAD, Fix.RESET_FAILED, Fix.REARM, Fix.ENABLE]
    assert programs.calls() == [
        "systemctl --user daemon-reload",
        "systemctl --user reset-failed picoclaw-watchdog.service",
        "systemctl --user restart picoclaw-watchdog.timer",
        "systemctl --user enable --now --quiet picoclaw-watchdog.timer picoclaw-watchdog.path",
    ]


def test_what_is_in_order_is_not_touched(case: Case, programs: Bin) -> None:
    assert fix_all(case, [wanted(Fix.RELOAD, state=State.OK)]) == []
    assert programs.calls() == []


def test_what_systemd_refuses_is_said(case: Case, programs: Bin) -> None:
    programs.says("systemctl", err="Failed to connect to bus: No medium found\n", code=1)
    fixed = fix_all(case, [wanted(Fix.REARM)])
    assert fixed[0].why_not == "Failed to connect to bus: No medium found"


def test_nothing_is_installed_over_broken_settings(tmp_path: Path, programs: Bin) -> None:
    case = healthy(tmp_path / "home", "PICOCLAW_WATCHDOG_INTERVAL_SEC=often\n").case
    fixed = fix_all(case, [wanted(Fix.INSTALL)])
    assert "config check" in fixed[0].why_not
    assert programs.calls() == []

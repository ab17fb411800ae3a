import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from picoclaw_watchdog.screens.moments import moment_of
from picoclaw_watchdog.store.log import LogFile
from tests.screens.snapshots import ROOT, check, environ, typed
from tests.screens.window import Window
from tests.sim.night import Night

NOW = 1_700_010_000.0  # 2023-11-15 10:00 in Tokyo


def a_night(night: Night) -> Night:
    night.cycles(2)
    night.do("gateway_crashes")
    night.cycles(2)
    night.do("peer_down")
    night.cycles(2)
    night.log.write("ERROR", "watchdog", "NG", "cycle", "障害が起きました。" * 12 + "\x1b[2J")
    return night


def test_the_last_lines(night: Night) -> None:
    wall = a_night(night).host.moment().wall
    check(night.folder, "logs", "logs", wall=wall)


def test_only_what_is_grave(night: Night) -> None:
    wall = a_night(night).host.moment().wall
    check(night.folder, "logs-errors", "logs", "--level", "error", "--since", "1d", wall=wall)


def test_nothing_was_logged_yet(tmp_path: Path) -> None:
    path = tmp_path / "log"  # a short name: the real one is as long as the test's folder
    (tmp_path / ".picoclaw").mkdir()
    (tmp_path / ".picoclaw" / ".env").write_text(f"PICOCLAW_WATCHDOG_LOG_FILE={path}\n")
    (tmp_path / ".picoclaw" / ".env").chmod(0o600)
    ran = typed(tmp_path, "logs")
    assert ran.returncode == 1
    assert "picoclaw-watchdog once" in ran.stderr


def test_a_pipe_gets_the_lines_as_they_are(night: Night) -> None:
    a_night(night)
    log = night.folder / ".picoclaw" / "logs" / "ops-watchdog.log"
    lines = log.read_text("utf-8").splitlines()
    assert typed(night.folder, "logs", "-n", "3").stdout.splitlines() == lines[-3:]
    assert typed(night.folder, "logs", "-n3").returncode == 2
    assert typed(night.folder, "logs", "--since", "2000-01-01").stdout.splitlines() == lines


@pytest.mark.parametrize("wrong", [("-n", "x"), ("--level", "LOUD"), ("--since", "soon"), ("x",)])
def test_wrong_usage(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    ran = typed(tmp_path, "logs", *wrong)
    assert ran.returncode == 2
    assert wrong[-1] in ran.stderr.splitlines()[0]


def test_what_is_written_meanwhile_is_shown(tmp_path: Path) -> None:
    path = tmp_path / ".picoclaw" / "logs" / "ops-watchdog.log"
    log = LogFile(str(path), time.time, max_bytes=10_000)
    log.write("INFO", "watchdog", "OK", "cycle", "the first one")
    window = Window(tmp_path, "logs", "-f", "--level", "WARN", columns=60)
    try:
        window.until(lambda: "2" in window.text() or window.idle(0.5))
        log.write("INFO", "watchdog", "OK", "cycle", "of no interest")
        log.write("ERROR", "gateway", "NG", "detect", "it is down")
        window.until(lambda: "gateway detect: it is down" in window.text())
        assert "of no interest" not in window.text()
        os.write(window.ours, b"\x03")
        assert window.ends() == 0
        assert "Traceback" not in window.said
    finally:
        window.close()


def test_the_gateways_journal_is_shown_by_its_own_reader(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "journalctl"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    environment = environ(tmp_path, "en", colour=True)
    environment |= {"PATH": f"{program.parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src")}
    ran = subprocess.run(
        [sys.executable, "-m", "picoclaw_watchdog", "logs", "--gateway", "-f", "-n", "7"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    wanted = "--user -u picoclaw-gateway.service --no-pager -o short-iso -n 7 -f"
    assert (ran.returncode, ran.stdout.strip()) == (0, wanted)


def test_without_a_journal_it_says_so(tmp_path: Path) -> None:
    environment = environ(tmp_path, "en", colour=True)
    environment |= {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    ran = subprocess.run(
        [sys.executable, "-m", "picoclaw_watchdog", "logs", "--gateway"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = "journalctl cannot be run (No such file or directory)\n"
    assert (ran.returncode, ran.stderr) == (1, said)


class TestMomentsAsTyped:
    @pytest.fixture(autouse=True)
    def _in_tokyo(self, _tokyo: None) -> None:
        """All times below are local ones."""

    @pytest.mark.parametrize(
        ("text", "wall"),
        [
            ("90s", NOW - 90),
            ("30m", NOW - 1800),
            ("2h", NOW - 7200),
            ("3d", NOW - 3 * 86_400),
            ("09:30", NOW - 1800),
            ("2023-11-15", NOW - 36_000),
            ("2023-11-15 09:59", NOW - 60),
            ("2023-11-15T09:59:59", NOW - 1),
        ],
    )
    def test_is_understood(self, text: str, wall: float) -> None:
        assert moment_of(text, NOW) == wall

    @pytest.mark.parametrize("text", ["", "soon", "5", "5w", "2023-13-01", "25:00", "9" * 40 + "d"])
    def test_is_not_guessed(self, text: str) -> None:
        assert moment_of(text, NOW) is None

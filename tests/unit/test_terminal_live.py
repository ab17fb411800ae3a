"""`status --watch` as its owner has it: a real process on a real pseudo-terminal."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.screens.snapshots import ROOT, environ
from tests.screens.window import Window
from tests.sim.night import Night

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    night = Night(tmp_path)
    night.host.wall_ahead = time.time() - night.host.moment().wall
    night.cycles(2, every=0.0)
    return tmp_path


@pytest.fixture
def window(home: Path) -> Iterator[Window]:
    window = Window(home, "status", "--watch", "30")
    yield window
    window.close()


def change(home: Path, host: str) -> None:
    """Another cycle has left another snapshot."""
    path = home / ".picoclaw" / "state" / "watchdog" / "status.json"
    document = json.loads(path.read_text("utf-8"))
    document["host"] = host
    path.with_suffix(".new").write_text(json.dumps(document), "utf-8")
    path.with_suffix(".new").replace(path)


def test_it_is_drawn_again_when_there_was_another_cycle(window: Window, home: Path) -> None:
    window.until(lambda: "box: all is well" in window.text())
    change(home, "attic")
    window.until(lambda: "attic: all is well" in window.text())
    assert "box: all is well" not in window.text()
    assert "\x1b[2J" not in window.said  # a cleared screen flickers


def test_it_fits_a_window_whose_size_has_changed(window: Window) -> None:
    window.until(lambda: "picoclaw-watchdog history" in window.text())
    window.resize(30, 8)
    window.until(lambda: "attempts left" not in window.text() and "all is well" in window.text())
    assert window.text().startswith("✓ box: all is well")


@pytest.mark.parametrize("how", ["\x03", signal.SIGTERM, signal.SIGHUP])
def test_however_it_ends_the_terminal_is_as_before(
    window: Window, how: str | signal.Signals
) -> None:
    window.until(lambda: "all is well" in window.text())
    if isinstance(how, str):
        os.write(window.ours, how.encode())  # Ctrl-C, as typed
        assert window.ends() == 0
    else:
        window.process.send_signal(how)
        assert window.ends() == 128 + how
    assert window.said.count(ENTER) == window.said.count(LEAVE) == 1
    assert window.said.rstrip().endswith("\x1b[?25h" + LEAVE)
    assert "Traceback" not in window.said


def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(window: Window) -> None:
    window.until(lambda: "all is well" in window.text())
    window.process.send_signal(signal.SIGTSTP)
    window.until(lambda: LEAVE in window.said)  # an orphan is not stopped, only asked
    window.process.send_signal(signal.SIGCONT)
    window.until(lambda: window.said.count(ENTER) == 2 and "all is well" in window.text())


def test_without_a_terminal_it_says_that_it_needs_one(home: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "picoclaw_watchdog", "status", "--watch"],
        env={**environ(home, "en", colour=True), "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "--watch needs a terminal" in ran.stderr

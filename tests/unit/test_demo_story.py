import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from picoclaw_watchdog.demo.clearing import MARK, PREFIX
from picoclaw_watchdog.demo.screen import COLUMNS
from picoclaw_watchdog.terminal.columns import width

COMMAND = [sys.executable, "-m", "picoclaw_watchdog", "demo", "--fast", "--language"]


def environment(tmp_path: Path) -> dict[str, str]:
    """The demo's box goes below the test's own folder."""
    return {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path / "empty")}


def leftovers(tmp_path: Path) -> list[str]:
    mark = f"{MARK}={tmp_path}".encode()
    found = [str(folder) for folder in tmp_path.glob(f"{PREFIX}*")]
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environ.read_bytes():
                found.append(str(environ.parent))
        except OSError:
            continue
    return found


@pytest.mark.timeout(150)
def test_the_story_ends_as_promised_and_leaves_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "ja"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 90
    assert done.stderr == ""
    assert leftovers(tmp_path) == []
    assert max(width(line) for line in done.stdout.splitlines()) <= COLUMNS
    assert "\033" not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("after", [0.05, 0.3, 2.0])
def test_an_interrupted_demo_leaves_nothing_behind(
    number: signal.Signals, after: float, tmp_path: Path
) -> None:
    demo = subprocess.Popen(
        [*COMMAND, "en"],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if after > 0.1:  # counted from its first line
        assert demo.stdout is not None
        assert demo.stdout.readline()
    time.sleep(after)
    demo.send_signal(number)
    demo.send_signal(number)  # people press twice
    _, complaint = demo.communicate(timeout=30)
    assert demo.returncode in (128 + number, -number), complaint
    assert "Traceback" not in complaint or after < 0.1  # before the demo itself has begun
    assert leftovers(tmp_path) == []


def test_a_language_nobody_wrote_is_refused() -> None:
    done = subprocess.run(
        [*COMMAND, "xx"], env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--language must be one of: en, ja" in done.stderr

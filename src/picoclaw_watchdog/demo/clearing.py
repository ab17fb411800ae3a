"""Leave nothing behind: find a box's processes by what they inherited, and end them."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from picoclaw_watchdog.demo import units

PREFIX = "picoclaw-box-"  # of a box's folder
MARK = "PICOCLAW_DEMO_BOX"  # names the box's folder in the environment of all that runs in it
_GONE_WITHIN_SECONDS = 5.0
_STEP_SECONDS = 0.02


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let no signal interrupt the clearing away."""
    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _members(folder: Path) -> list[int]:
    """Every process of a box but this one, found by what it inherited."""
    mark = f"{MARK}={folder}\0".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found


def end_all(folder: Path) -> None:
    """Kill every process of a box, and those that one of them started just now."""
    until = time.monotonic() + _GONE_WITHIN_SECONDS
    while (members := _members(folder)) and time.monotonic() < until:
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_STEP_SECONDS)


def sweep() -> None:
    """Clear away what a box left whose owner was killed outright."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError):
            pid, born = map(int, (folder / "owner").read_text().split())
            if units.born(pid) != born and folder.owner() == Path.home().owner():
                end_all(folder)
                shutil.rmtree(folder, ignore_errors=True)

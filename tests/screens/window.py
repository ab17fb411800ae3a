"""A terminal window with a command of ours in it: a real process on a real pseudo-terminal."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte

from tests.screens.snapshots import ROOT, environ

PATIENCE = 60.0


class Window:
    """A terminal window with a watching command in it."""

    def __init__(self, home: Path, *argv: str, columns: int = 40, rows: int = 30) -> None:
        self.ours, theirs = pty.openpty()
        self.said = ""
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)
        self._size(theirs, rows, columns)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "picoclaw_watchdog", *argv],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            env={**environ(home, "en", colour=True), "PYTHONPATH": str(ROOT / "src")},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(theirs)

    def _size(self, descriptor: int, rows: int, columns: int) -> None:
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        self._size(self.ours, rows, columns)  # the kernel sends SIGWINCH

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def until(self, holds: Callable[[], bool]) -> None:
        ends = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < ends, f"{self.text()}\n{self.said!r}"
            self.read()

    def idle(self, seconds: float) -> bool:
        """Whether the process waits: it has used no CPU time for so long."""
        before = self._cpu()
        time.sleep(seconds)
        return self._cpu() == before > 0

    def _cpu(self) -> int:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def read(self) -> None:
        if select.select([self.ours], [], [], 0.1)[0]:
            try:
                piece = os.read(self.ours, 65_536).decode("utf-8", "replace")
            except OSError:
                return
            self.said += piece
            self._stream.feed(piece)

    def close(self) -> None:
        """Whatever still runs is ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.ours)

    def ends(self) -> int:
        self.until(lambda: self.process.poll() is not None)
        self.read()
        return self.process.returncode

"""Somebody at a terminal: a real pseudo-terminal, of which the command is the foreground."""

import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from fcntl import ioctl
from types import TracebackType
from typing import Self

_ESCAPE = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


# Ctrl-C is for the command again, of which the one that brings it into the lab takes no notice.
HEAR_CTRL_C = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Typist:
    """Starts a command on a terminal of its own, reads what it shows, types answers.

    The command has to be started by `python -c HEAR_CTRL_C COMMAND...`.
    """

    def __init__(self, argv: Sequence[str], columns: int = 80) -> None:
        self.shown = ""
        self._read_to = 0
        self._status: int | None = None
        self._closed = False
        self._pid, self._terminal = pty.fork()
        if not self._pid:
            # What brings us into the lab leads the session: its end would hang up the terminal.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.execvp(argv[0], list(argv))  # noqa: S606
        ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._terminal)

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Read on until this is shown; blanks stand for line ends too."""
        pattern = re.compile(r"\s+".join(map(re.escape, text.split())))
        until = time.monotonic() + seconds
        while not (found := pattern.search(self.plain, self._read_to)):
            assert time.monotonic() < until, f"not shown: {text!r}\n{self.shown}"
            assert self._read(0.2) or not self._is_over(), f"ended before {text!r}\n{self.shown}"
        self._read_to = found.end()

    def type(self, text: str) -> None:
        """Type, without Enter."""
        os.write(self._terminal, text.encode())

    def answer(self, question: str, text: str) -> None:
        """Wait for a question, then type the answer and Enter."""
        self.wait_for(question)
        self.type(f"{text}\n")

    def end(self, seconds: float = 120) -> int:
        """Read to the end; answers the exit status."""
        until = time.monotonic() + seconds
        while self._read(0.2) or not (self._closed and self._is_over()):
            assert time.monotonic() < until, f"it does not end\n{self.shown}"
        assert self._status is not None
        return self._status

    def echoes(self) -> bool:
        """Whether what is typed is shown."""
        return bool(termios.tcgetattr(self._terminal)[3] & termios.ECHO)

    @property
    def plain(self) -> str:
        """What is shown, without colours."""
        return _ESCAPE.sub("", self.shown).replace("\r\n", "\n")

    def _read(self, seconds: float) -> bool:
        """Read what there is; False where nothing came."""
        if self._closed:
            time.sleep(0.02)
            return False
        if not select.select([self._terminal], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self._terminal, 65_536)
        except OSError:  # nobody has the other side open any more
            self._closed = True
            return False
        self.shown += piece.decode("utf-8", "replace")
        return bool(piece)

    def _is_over(self) -> bool:
        if self._status is None:
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            if ended:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status is not None

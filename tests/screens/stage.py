"""Run commands in pseudo-terminals of given sizes, at a given moment. A process of its own.

Reads a JSON object from standard input: `commands` (one after the other, each in a terminal of its
own), `wall` (seconds since the epoch), `runs` (each an object with `columns` and `environ`) and
`until` (a command is asked to end once it has said this). Prints for each run a list of [exit
status, what the terminal got]. Whoever runs it, the user is called taro.
"""

import fcntl
import inspect
import json
import os
import pty
import pwd
import signal
import struct
import sys
import termios
import time
import traceback
from importlib import import_module
from typing import Any, NoReturn

from picoclaw_watchdog.cli.main import is_shared, module_of
from picoclaw_watchdog.core.model import Moment

ROWS = 50
USER = "taro"
COMMAND_MODULE = "picoclaw_watchdog.cli.{}"
LATER = (
    "picoclaw_watchdog.core.wording.en",
    "picoclaw_watchdog.core.wording.ja",
    "picoclaw_watchdog.settings.dotenv",
    "picoclaw_watchdog.store.database",
)


class FixedClock:
    """Implements `ports.Clock`: it is always the same moment."""

    def __init__(self, wall: float) -> None:
        self._now = Moment(wall, 5_000.0, 5_000.0, "a-boot")

    def now(self) -> Moment:
        return self._now

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def perform(
    argv: list[str], wall: float, columns: int, environ: dict[str, str], until: str = ""
) -> tuple[int, str]:
    """Run the command in a child on a pseudo-terminal; answers its exit status and output."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    pid = os.fork()
    if pid == 0:
        _child(theirs, argv, wall, environ)
    os.close(theirs)
    said = b""
    while piece := _read(ours):
        said += piece
        if until and until.encode() in said:
            os.kill(pid, signal.SIGTERM)
            until = ""
    os.close(ours)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), said.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # Linux says EIO when the other end is closed
        return b""


def _child(theirs: int, argv: list[str], wall: float, environ: dict[str, str]) -> NoReturn:
    code = 99
    try:
        os.setsid()
        for number in (0, 1, 2):
            os.dup2(theirs, number)
        os.environ.clear()
        os.environ.update(environ)
        time.tzset()
        pwd.getpwuid = _taro
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        code = _call(argv, wall)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  # it belongs into the picture
        traceback.print_exc()
    os._exit(code)


def _call(argv: list[str], wall: float) -> int:
    name, *rest = argv
    module: Any = import_module(COMMAND_MODULE.format(module_of(name)))
    arguments = argv if is_shared(name) else rest
    if "clock" in inspect.signature(module.main).parameters:
        return int(module.main(arguments, clock=FixedClock(wall)))
    return int(module.main(arguments))


def _taro(number: int) -> pwd.struct_passwd:
    return pwd.struct_passwd((USER, "x", number, number, "", os.environ["HOME"], "/bin/sh"))


def main() -> None:
    wish = json.load(sys.stdin)
    modules = {COMMAND_MODULE.format(module_of(argv[0])) for argv in wish["commands"]}
    for module in (*modules, *LATER):
        import_module(module)  # once, not in every child
    answers = [
        [
            perform(argv, wish["wall"], run["columns"], run["environ"], wish["until"])
            for argv in wish["commands"]
        ]
        for run in wish["runs"]
    ]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()

"""Child processes that keep a deadline: the only place that starts programs.

`posix_spawn` and `poll` do it here, not `subprocess`: measured on CPython 3.11, the import
costs 3 to 4 ms less CPU and each call 0.07 ms less.
"""

import errno
import os
import select
from collections.abc import Mapping, Sequence
from contextlib import suppress

from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.light import TYPE_CHECKING
from picoclaw_watchdog.ports import Ran

if TYPE_CHECKING:
    from typing import NoReturn

NOT_FOUND = 127  # what a shell answers for a missing program
NOT_RUNNABLE = 126  # and for one that cannot be executed
# This host gives us nothing more: processes, descriptors, memory.
STARVED = (errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
REAP_WITHIN = 0.2  # seconds a killed child gets to end
PIECE = 65_536
# Variables that no child gets from us, by what their names hold, and by name.
SECRET_PARTS = ("TOKEN", "SECRET", "PASSW", "PASSPHRASE", "API_KEY", "APIKEY", "CREDENTIAL")
SECRET_NAMES = frozenset(
    f"{prefix}{name}"
    for prefix in ("", "PICOCLAW_WATCHDOG_")
    for name in ("HEARTBEAT_URL", "APPRISE_URLS")
)
SIGKILL, SIGPIPE = 9, 13  # on every Linux; importing `signal` for them costs 0.6 ms
NO_PIDFD_TICK = 0.02  # seconds between two looks at the child where the kernel has no pidfd

# Children that were killed and would not end (uninterruptible sleep, or root's by way of
# sudo): they are reaped by a later call, so that a long-lived loop collects no zombies.
_unreaped: list[int] = []


def run(
    argv: Sequence[str],
    deadline: float,
    *,
    input_bytes: bytes = b"",
    env: Mapping[str, str] | None = None,
    limit: int = 1_000_000,
) -> Ran:
    """Run a program found on PATH and wait for it, `deadline` seconds at most.

    The child has a session of its own; at the deadline its whole process group is killed.
    The call ends when the child does, even if a descendant still holds its output open. Of
    each output stream `limit` bytes are kept and the rest is read and dropped.

    Args:
        argv: The program and its arguments; no shell is involved.
        deadline: Seconds from now.
        input_bytes: What the child reads; nothing means /dev/null.
        env: Laid over our own environment, of which secrets are kept. LC_ALL is always C.
        limit: Bytes kept of each of the two streams.

    Returns:
        Status 127 where the program does not exist, 126 where it cannot be started; `starved`
        where that is for want of a process, descriptor or memory.
    """
    return start(argv, deadline, input_bytes=input_bytes, env=env, limit=limit).finish()


class Running:
    """A program that was started, or one that could not be: `finish` tells."""

    def __init__(self, ends: float, limit: int) -> None:
        self._ends = ends
        self._limit = limit
        self._ours: list[int] = []  # descriptors to close, whatever happens
        self._outputs = (-1, -1)
        self._pid = 0
        self._ran: Ran | None = None

    def begin(
        self, path: str, argv: Sequence[str], environment: Mapping[str, str], data: bytes
    ) -> None:
        """Start the program; called once."""
        try:
            self._spawn(path, argv, environment, data)
        except (OSError, ValueError) as error:
            number = error.errno if isinstance(error, OSError) else 0
            reason = os.strerror(number) if number else "impossible argument"
            starved = number in STARVED
            self.fail(Ran(NOT_RUNNABLE, err=f"{argv[0]}: {reason}", starved=starved))

    def fail(self, ran: Ran) -> None:
        """It was not started; this is why."""
        self._ran = ran
        self._close()

    def finish(self) -> Ran:
        """Wait for its end, or for the deadline that it was started with, and then kill it."""
        if self._ran is not None:
            return self._ran
        try:
            streams = _Streams(self._outputs, self._limit)
            code = streams.follow(self._pid, self._ends)
            timed_out = code is None
            if code is None:
                code = _kill(self._pid)
            out, err = self._outputs
            self._ran = Ran(code, streams.text(out), streams.text(err), timed_out)
        finally:
            self._close()
        return self._ran

    def _spawn(
        self, path: str, argv: Sequence[str], environment: Mapping[str, str], data: bytes
    ) -> None:
        ours = self._ours
        out, child_out = _pipe(ours)
        err, child_err = _pipe(ours)
        child_in = _stdin(data, ours)
        self._outputs = (out, err)
        # Opened in this order, none is where the dup2 of one before it would hit it, not even
        # when our own 0, 1 and 2 are closed.
        self._pid = os.posix_spawn(
            path,
            list(argv),
            environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, child_in, 0),
                (os.POSIX_SPAWN_DUP2, child_out, 1),
                (os.POSIX_SPAWN_DUP2, child_err, 2),
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=(SIGPIPE,),  # Python ignores it, and a child would go on ignoring it
        )
        for fd in (child_in, child_out, child_err):
            ours.remove(fd)
            os.close(fd)

    def _close(self) -> None:
        while self._ours:
            os.close(self._ours.pop())


def start(
    argv: Sequence[str],
    deadline: float,
    *,
    input_bytes: bytes = b"",
    env: Mapping[str, str] | None = None,
    limit: int = 1_000_000,
) -> Running:
    """Start a program as `run` does, and go on; `finish` waits for it."""
    running = Running(monotonic() + deadline, limit)
    _reap_leftovers()
    environment = {**_handed_on(), **(env or {}), "LC_ALL": "C"}
    path = find(argv[0], environment.get("PATH", os.defpath))
    if path:
        running.begin(path, argv, environment, input_bytes)
    else:
        running.fail(Ran(NOT_FOUND, err=f"{argv[0]}: not found"))
    return running


def _handed_on() -> dict[str, str]:
    """Our environment without what is nobody else's business: others log and show theirs."""
    return {name: value for name, value in os.environ.items() if not _is_secret(name.upper())}


def _is_secret(name: str) -> bool:
    return name in SECRET_NAMES or any(part in name for part in SECRET_PARTS)


def find(program: str, path: str) -> str:
    """The file that PATH finds for a program, empty where there is none."""
    if "\0" in program:
        return ""
    if "/" in program:
        return program if os.path.exists(program) else ""  # no pathlib here
    for folder in path.split(os.pathsep):
        candidate = f"{folder or '.'}/{program}"
        if os.access(candidate, os.X_OK) and os.path.isfile(candidate):
            return candidate
    return ""


def become(argv: Sequence[str], env: Mapping[str, str]) -> "NoReturn":
    """Let a program found on PATH take this process over, with terminal and signals.

    Args:
        argv: the program and its arguments; no shell is involved.
        env: laid over our own environment, of which secrets are kept.

    Raises:
        OSError: it is not there (FileNotFoundError) or cannot be run.
    """
    environment = {**_handed_on(), **env}
    path = find(argv[0], environment.get("PATH", os.defpath))
    if not path:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), argv[0])
    os.execve(path, list(argv), environment)  # noqa: S606  # no shell is wanted


class _Streams:
    """The child's output, read without ever blocking."""

    def __init__(self, fds: Sequence[int], limit: int) -> None:
        self._kept = {fd: bytearray() for fd in fds}
        self._limit = limit
        self._poll = select.poll()
        for fd in fds:
            os.set_blocking(fd, False)
            self._poll.register(fd, select.POLLIN)

    def follow(self, pid: int, ends: float) -> int | None:
        """Read until the child ends; answers its exit status, None at the deadline."""
        pidfd = _pidfd(pid)
        if pidfd < 0:
            return self._until(pid, ends, NO_PIDFD_TICK)
        self._poll.register(pidfd, select.POLLIN)
        try:
            return self._until(pid, ends, longest_wait=float("inf"))
        finally:
            os.close(pidfd)

    def _until(self, pid: int, ends: float, longest_wait: float) -> int | None:
        while True:
            left = max(0.0, ends - monotonic())
            for fd, _ in self._poll.poll(min(left, longest_wait) * 1000):
                if fd in self._kept:
                    self._read(fd)
            code = _status(pid)
            if code is not None:
                for fd in self._kept:  # what it wrote just before it ended
                    self._read(fd)
                return code
            if left <= 0:
                return None

    def text(self, fd: int) -> str:
        """What a stream said."""
        return self._kept[fd].decode("utf-8", "replace")

    def _read(self, fd: int) -> None:
        try:
            piece = os.read(fd, PIECE)
        except BlockingIOError:
            return
        kept = self._kept[fd]
        kept += piece[: self._limit - len(kept)]
        if not piece:
            with suppress(KeyError):  # read once more after its end
                self._poll.unregister(fd)


def _pipe(ours: list[int]) -> tuple[int, int]:
    """Both ends, closed at exec so that no other thread's child inherits them."""
    reading, writing = os.pipe()
    ours += (reading, writing)
    return reading, writing


def _stdin(data: bytes, ours: list[int]) -> int:
    if not data:
        fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        ours.append(fd)
        return fd
    fd = os.memfd_create("stdin")  # a pipe would have to be fed while the output is read
    ours.append(fd)
    with open(fd, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _pidfd(pid: int) -> int:
    """Something poll can wait on, -1 where the kernel is older than 5.3 or forbids it."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return -1


def _status(pid: int) -> int | None:
    """The exit status, negative for a signal; None while the child runs."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # SIGCHLD is ignored in this process: the status is lost
        return 0
    return os.waitstatus_to_exitcode(status) if ended else None


def _kill(pid: int) -> int:
    """Kill the child's group; answers its status, as if killed where it does not end."""
    ends = monotonic() + REAP_WITHIN
    with suppress(OSError):  # not ours to kill: sudo's child runs as root
        os.killpg(pid, SIGKILL)
    while True:
        code = _status(pid)
        if code is not None:
            return code
        if monotonic() >= ends:
            _unreaped.append(pid)
            return -SIGKILL
        select.select((), (), (), 0.005)


def _reap_leftovers() -> None:
    for pid in tuple(_unreaped):
        if _status(pid) is not None:
            with suppress(ValueError):  # another thread was faster
                _unreaped.remove(pid)

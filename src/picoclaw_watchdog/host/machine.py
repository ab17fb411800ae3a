"""Facts of this machine that are neither network nor systemd."""

import os
import stat
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import Holder, PidFile
from picoclaw_watchdog.host.clock import monotonic, stamp
from picoclaw_watchdog.light import Generic, TypeVar
from picoclaw_watchdog.ports import Means

T = TypeVar("T")

THREADS = 256  # calls made at the same time; more than these wait for one to end
FILE_LIMIT = 65_536  # bytes; PicoClaw's pid file has about 200
PICOCLAW = "picoclaw"
# They hold sockets for programs behind them: systemd's socket units, and what containers use.
GO_BETWEENS = (
    *("systemd", "docker", "rootless", "slirp4netns", "pasta", "conmon", "podman"),
    *("containerd", "gvproxy"),
)


class Machine:
    """The machine; implements `ports.Host`."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc

    def name(self) -> str:
        """The host's name, without its domain."""
        return os.uname().nodename.partition(".")[0]

    def stale_pid(self, path: str) -> PidFile | None:
        """PicoClaw's pid file, where its process is alive and is not PicoClaw.

        PicoClaw 0.2.5 and later refuse to start while the file names a living process,
        whatever that is (sipeed/picoclaw issue 2720). What cannot be read, or not be told
        apart from PicoClaw, is not stale: the file is only moved on proof.
        """
        content = content_of(path)
        pid = _pid_in(content) if content else 0
        if not pid or not _is_alive(pid):
            return None
        program = self._program(pid)
        return PidFile(path, pid, program) if program else None

    def stranger(self, port: int, unit: str, main_pid: int) -> Holder | None:
        """Who listens on a port and is proven not to belong to a unit.

        What runs on behalf of others proves nothing: a socket of systemd's own, a container's
        proxy. Nor does a process of another user, into which we cannot look.
        """
        from picoclaw_watchdog.host.listeners import listeners

        service = unit if "." in unit else f"{unit}.service"
        found = listeners((port,), self._proc) or ()
        if any(each.unit == service or each.pid in (0, main_pid) for each in found):
            return None
        for each in found:
            if each.program and not each.program.startswith(GO_BETWEENS):
                return Holder(port, each.pid, each.program, each.unit)
        return None

    def move_aside(self, path: str) -> str:
        """Rename a file to `<name>.stale-<time>`; answers the new name, empty on failure."""
        aside = f"{path}.stale-{stamp()}"
        try:
            os.rename(path, aside)
        except (OSError, ValueError):
            return ""
        return aside

    def together(self, calls: Sequence[Callable[[], T]], deadline: float) -> list[T | None]:
        """Run all calls at the same time, in threads, for `deadline` seconds at most.

        The results are in the order of the calls. None stands for a call that has not
        finished and for one that raised: a call that has something to say about its own
        trouble says it by its result. Unfinished calls are left behind in their
        threads, which keep no process from ending. Where no thread can be started the calls
        are made one after the other, and none is begun after the deadline.
        """
        batch = _Batch(calls)
        ends = monotonic() + deadline
        for _ in range(min(len(calls), THREADS)):
            try:
                threading.Thread(target=batch.work, daemon=True).start()
            except RuntimeError:  # no more threads: we do what those that run do not
                batch.work(ends)
                break
        return batch.results(ends - monotonic())

    def means(self) -> Means:
        """What this machine has to look out with."""
        try:
            from picoclaw_watchdog.host.means import means
        except OSError as error:  # not even our own program can be read
            why = f"no file can be opened ({error.strerror})"
            return Means(shortage=(why, f"the program itself cannot be read ({error.filename})"))
        return means()

    def _program(self, pid: int) -> str:
        """The name of a running program; empty where it is unknown or is PicoClaw."""
        folder = f"{self._proc}/{pid}"
        name = content_of(f"{folder}/comm").decode("utf-8", "replace").strip()
        command = content_of(f"{folder}/cmdline").decode("utf-8", "replace")
        try:
            file = os.path.basename(os.readlink(f"{folder}/exe"))
        except OSError:  # another user's, or a kernel thread
            file = ""
        known = f"{name}\n{file}\n{command}".lower()
        return "" if PICOCLAW in known else printable(name)


class _Batch(Generic[T]):
    """Calls that several threads take one after the other."""

    def __init__(self, calls: Sequence[Callable[[], T]]) -> None:
        self._calls = calls
        self._results: list[T | None] = [None] * len(calls)
        self._next = iter(range(len(calls)))
        self._unfinished = len(calls)
        self._lock = threading.Lock()
        self._done = threading.Event()
        if not calls:
            self._done.set()

    def work(self, ends: float = float("inf")) -> None:
        """Make calls until none is left to begin, or the time is over."""
        while monotonic() < ends:
            with self._lock:
                index = next(self._next, None)
            if index is None:
                return
            with suppress(Exception):
                self._results[index] = self._calls[index]()
            with self._lock:
                self._unfinished -= 1
                if not self._unfinished:
                    self._done.set()

    def results(self, deadline: float) -> list[T | None]:
        """Wait for all calls, then begin no more. What ends later changes nothing."""
        self._done.wait(max(0.0, deadline))
        with self._lock:
            self._next = iter(range(0))
        return list(self._results)


def content_of(path: str) -> bytes:
    """The beginning of a regular file; empty where it is none, or cannot be read."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(path, flags)
    except (OSError, ValueError):
        return b""
    try:
        return os.read(fd, FILE_LIMIT) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(fd)


def _pid_in(content: bytes) -> int:
    """The number in PicoClaw's pid file; 0 where there is none."""
    import json

    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return 0
    pid = document.get("pid") if isinstance(document, dict) else 0
    return pid if type(pid) is int and pid > 0 else 0


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:  # somebody else's
        return True
    except (OSError, OverflowError):
        return False
    return True

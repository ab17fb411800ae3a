"""Who listens on a TCP port: what a person needs to know when the answer comes from a stranger."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from picoclaw_watchdog.core.foreign import printable

_LISTEN = "0A"  # the state in /proc/net/tcp


class Listener(NamedTuple):
    """One listening socket."""

    port: int
    uid: int
    pid: int = 0  # 0: a process that we may not look into
    program: str = ""
    unit: str = ""  # systemd's, by the process's cgroup
    of_system: bool = False  # the unit is the whole system's, not a user's


def listeners(ports: Sequence[int], proc: str = "/proc") -> tuple[Listener, ...] | None:
    """Who listens on these ports; None where the kernel does not tell.

    Sources: proc_pid_net(5) for the sockets, /proc/PID/fd for whose they are. Of other users'
    processes only the user is known.
    """
    sockets: dict[str, tuple[int, int]] = {}  # inode -> (port, uid)
    known = False
    for name in ("tcp", "tcp6"):
        with suppress(OSError), open(f"{proc}/net/{name}", encoding="ascii") as table:
            known = True
            for row in table.readlines()[1:]:
                cells = row.split()
                port = int(cells[1].rpartition(":")[2], 16)
                if cells[3] == _LISTEN and port in ports:
                    sockets[cells[9]] = (port, int(cells[7]))
    if not known:
        return None
    holders = _holders(sockets.keys(), proc) if sockets else {}
    found = []
    for inode, (port, uid) in sockets.items():
        pid = holders.get(inode, 0)
        if pid:
            program, (unit, of_system) = _line(f"{proc}/{pid}/comm"), _unit(pid, proc)
            found.append(Listener(port, uid, pid, program, unit, of_system))
        else:
            found.append(Listener(port, uid))
    return tuple(sorted(set(found)))


def _holders(inodes: Iterable[str], proc: str) -> dict[str, int]:
    """A process for each socket, the one with the lowest number: children inherit sockets."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    holders: dict[str, int] = {}
    for pid in sorted(int(name) for name in os.listdir(proc) if name.isdigit()):
        with suppress(OSError):
            for fd in os.listdir(f"{proc}/{pid}/fd"):
                with suppress(OSError):
                    inode = wanted.get(os.readlink(f"{proc}/{pid}/fd/{fd}"))
                    if inode is not None:
                        holders.setdefault(inode, pid)
    return holders


def _unit(pid: int, proc: str) -> tuple[str, bool]:
    """The innermost systemd service of a process, and whether it is the whole system's."""
    for row in _text(f"{proc}/{pid}/cgroup").splitlines():
        path = row.rpartition(":")[2]
        for name in reversed(path.split("/")):
            if name.endswith(".service"):
                return printable(name), "/user.slice/" not in f"{path}/"
    return "", False


def _line(path: str) -> str:
    return printable(_text(path))


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""

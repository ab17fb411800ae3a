"""Where the processes of a box listen, and how they are started."""

import socket
import sys
from contextlib import ExitStack
from typing import NamedTuple


class Ports(NamedTuple):
    """Where everything listens."""

    gateway: int
    webhook: int
    ollama: int
    line: int
    ingress: int


def free_ports() -> Ports:
    """Ports on loopback that nobody uses now, all different."""
    with ExitStack() as held:
        listeners = [
            held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in Ports._fields
        ]
        return Ports(*(listener.getsockname()[1] for listener in listeners))


def stand_in(name: str) -> tuple[str, ...]:
    """The command that starts a stand-in, without its arguments."""
    return (sys.executable, "-S", "-m", f"picoclaw_watchdog.demo.{name}")


def connects(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True

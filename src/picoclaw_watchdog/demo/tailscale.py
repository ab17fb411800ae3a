"""A stand-in for the `tailscale` command, on the node whose file PICOCLAW_DEMO_TAILSCALE names.

The read commands are usually answered by the shell wrapper around this program, from outputs
prepared at every change.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from picoclaw_watchdog.demo.tailnet import STATE_VARIABLE, change, load
from picoclaw_watchdog.demo.tailscale_command import Said, command, is_change, session_of
from picoclaw_watchdog.demo.tailscaled import Caller, Tailnet, table, without_empty

ROOT_VARIABLE = "PICOCLAW_DEMO_ROOT"  # set by the pretended sudo
_FOR_EVER_SECONDS = 300.0  # long beyond any deadline, yet nothing stays behind for good


def answer(arguments: list[str], path: Path) -> Said:
    """Do one command line, on the state as it is under the lock."""
    said: list[Said] = []

    def changed(node: Tailnet) -> Tailnet:
        root = bool(os.environ.get(ROOT_VARIABLE)) or (os.geteuid() == 0 and not node.ordinary)
        said.append(command(node, arguments, Caller(root)))
        return said[-1].node

    if is_change(arguments):
        with path.with_suffix(".commands").open("a", encoding="utf-8") as commands:
            commands.write(" ".join(arguments) + "\n")
        change(path, changed)
    else:
        changed(load(path))
    return said[-1]


def _block(arguments: list[str], path: Path) -> None:
    """Stay; a session ends with us."""
    ended = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait(_FOR_EVER_SECONDS)
    session = session_of(arguments)

    def left(node: Tailnet) -> Tailnet:
        sessions = {k: v for k, v in table(node.serve, "Foreground").items() if k != session}
        return node._replace(serve=without_empty({**(node.serve or {}), "Foreground": sessions}))

    if session in table(load(path).serve, "Foreground"):
        change(path, left)


def main() -> int:
    """Run one command line."""
    path = Path(os.environ[STATE_VARIABLE])
    said = answer(sys.argv[1:], path)
    sys.stdout.write(said.out)
    sys.stderr.write(said.err)
    sys.stdout.flush()
    if said.blocks:
        _block(sys.argv[1:], path)
    return said.code


if __name__ == "__main__":
    sys.exit(main())

"""A thousand looks at the same time, through what takes a cycle's looks.

A server in a process of its own answers each request at once, or after a while; the looks are
made by the product's own `together` and its own HTTP client.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from picoclaw_watchdog.host.machine import Machine
from picoclaw_watchdog.host.network import HostNetwork
from picoclaw_watchdog.ports import Answer, Request

LOOKS = (1, 10, 100, 1_000)
SLOW = 0.5  # seconds that the server thinks
RUNS = 5
DEADLINE = 8.0
OK = 200


def measure(runs: int = RUNS) -> list[dict[str, float]]:
    """Wall seconds, and CPU ms a look, for so many looks at a quick and at a slow server."""
    command = [sys.executable, "-I", str(Path(__file__).with_name("server.py"))]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        port = int(server.stdout.readline() if server.stdout else b"0")
        return [
            _measured(port, looks, seconds)
            for looks in LOOKS
            for seconds in (0.0, SLOW)
            for _ in range(runs)
        ]
    finally:
        server.kill()
        server.communicate()


def _measured(port: int, looks: int, seconds: float) -> dict[str, float]:
    network, request = HostNetwork(), Request(f"http://127.0.0.1:{port}/?wait={seconds}")

    def look() -> Answer:
        return network.ask(request, DEADLINE)

    calls: list[Callable[[], Answer]] = [look] * looks
    began, used = time.perf_counter(), time.process_time()
    answers = Machine().together(calls, DEADLINE)
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    return {
        "looks": looks,
        "server_s": seconds,
        "wall_s": wall,
        "cpu_ms_a_look": cpu * 1000 / looks,
        "good": sum(1 for each in answers if each is not None and each.status == OK),
    }


def main() -> int:
    """Measure and print."""
    json.dump(measure(), sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())

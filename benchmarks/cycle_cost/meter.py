"""Run commands and tell what each cost. A small process of its own, for two reasons.

The kernel counts what a process's children used only once they are waited for, so the one that
waits must have no other children. And a child's peak memory begins with that of the process it
was spawned from, so that one must be small.

Reads lines of JSON from standard input, {"argv": [...], "env": {...}}; answers each with one.
"""

import json
import os
import sys
import time


def main() -> None:
    """Measure until the input ends."""
    null = os.open(os.devnull, os.O_RDWR)
    for line in sys.stdin:
        order = json.loads(line)
        began = time.perf_counter()
        pid = os.posix_spawn(
            order["argv"][0],
            order["argv"],
            order["env"],
            file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1)],
        )
        _, status, used = os.wait4(pid, 0)
        measured = {
            "wall": time.perf_counter() - began,
            "cpu": used.ru_utime + used.ru_stime,
            "rss": used.ru_maxrss,
            "status": os.waitstatus_to_exitcode(status),
        }
        print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    main()

"""What the resident form holds in memory after many cycles, and what it costs while it waits.

The real `loop`, started as its unit does, on a healthy host in a box; only its waiting is left
out, so that ten thousand cycles take minutes and not a week.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.cycle_cost.healthy_host import HealthyHost, Public
from benchmarks.cycle_cost.run import installed_once

MARKS = (10, 100, 1_000, 10_000)  # cycles after which memory is read
WITHOUT_TLS = 1_000  # cycles
WAITED = 20.0  # seconds in which the waiting loop is watched
OF_THE_UNIT = {"MALLOC_ARENA_MAX": "1"}  # as the install writes it

# The loop in a hurry: it does not wait for its interval, and tells what it holds.
HURRY = """\
import sys
start, marks = sys.argv[1], [int(mark) for mark in sys.argv[2].split(",")]
sys.argv = [start, "loop"]
source = open(start).read().replace("code = main()", "import hurry; code = hurry.run(main)")
import types
hurry = types.ModuleType("hurry")
def run(main):
    from picoclaw_watchdog.engine import loop
    count = 0
    def wait(until, kick_file, stopping, environ):
        global count
        count += 1
        if count in marks:
            status = open("/proc/self/status").read()
            held = dict(line.split()[:2] for line in status.splitlines() if "kB" in line)
            import os
            fds = len(os.listdir("/proc/self/fd"))
            print(count, held["VmRSS:"], held["RssAnon:"], fds, file=sys.stderr, flush=True)
        if count >= marks[-1]:
            stopping.append(15)
    loop._wait = wait
    return main()
count = 0
hurry.run = run
sys.modules["hurry"] = hurry
exec(compile(source, start, "exec"), {"__file__": start, "__name__": "__main__"})
"""


def memory(host: HealthyHost, marks: tuple[int, ...]) -> list[dict[str, int]]:
    """What is held after so many cycles: KiB of memory and of what is its own, descriptors."""
    once = installed_once(host)
    start = once[-2]
    argv = [*once[:-2], "-c", HURRY, start, ",".join(map(str, marks))]
    ran = subprocess.run(
        argv, env={**host.environ, **OF_THE_UNIT}, capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        sys.exit(f"the loop ended with status {ran.returncode}: {ran.stderr[-500:]}")
    names = ("cycles", "rss_kib", "anonymous_kib", "descriptors")
    lines = [line.split() for line in ran.stderr.splitlines()]
    return [
        dict(zip(names, map(int, line), strict=True)) for line in lines if len(line) == len(names)
    ]


def waiting(host: HealthyHost, seconds: float) -> float:
    """CPU in ms per second of the loop while it waits between two cycles."""
    once = installed_once(host)
    environ = {**host.environ, **OF_THE_UNIT, "PICOCLAW_WATCHDOG_INTERVAL_SEC": "3600"}
    null = subprocess.DEVNULL
    process = subprocess.Popen([*once[:-1], "loop"], env=environ, stdin=null, stdout=null)
    try:
        while not host.log_file.exists() or "looks good" not in host.log_file.read_text():
            time.sleep(0.1)
        time.sleep(1)
        before = _nanoseconds(process.pid)
        time.sleep(seconds)
        return (_nanoseconds(process.pid) - before) / 1e6 / seconds
    finally:
        process.terminate()
        process.wait()


def _nanoseconds(pid: int) -> int:
    """CPU time of a process, all its threads, as the scheduler counts it."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


def measure(marks: tuple[int, ...] = MARKS, seconds: float = WAITED) -> dict[str, object]:
    """All figures, ready for JSON."""
    with HealthyHost(Public.HTTP) as host:
        plain = memory(host, (min(WITHOUT_TLS, marks[-1]),))
    with HealthyHost(Public.SYSTEM_TRUST) as host:
        began = os.times()
        held = memory(host, marks)
        ended = os.times()
        used = sum(ended[:4]) - sum(began[:4])
        a_cycle = used * 1000 / marks[-1]
        idle = waiting(host, seconds)
    return {
        "held": held,
        "held_without_tls": plain[-1],
        "ms_per_cycle_with_children": a_cycle,
        "idle_ms_per_s": idle,
        "percent_of_a_core_at_60_s": (idle + a_cycle / 60) / 10,
    }


def main() -> int:
    """Measure and print."""
    marks = tuple(map(int, sys.argv[1:])) or MARKS
    json.dump(measure(marks), sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())

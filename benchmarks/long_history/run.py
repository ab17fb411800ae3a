"""How long the owner waits for the past: `python3 benchmarks/long_history/run.py [--years 5]`."""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
COMMANDS = (("--version",), ("history",), ("status",), ("incidents",), ("incidents", "show"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--years", type=float, default=5.0)
    parser.add_argument("--a-day", type=float, default=10.0, help="incidents")
    parser.add_argument("--times", type=int, default=15)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        from benchmarks.long_history import years

        state = f"{home}/.picoclaw/state/watchdog"
        path = years.write(state, time.time(), chosen.years, chosen.a_day)
        print(f"watchdog.db of {chosen.years:g} years: {os.path.getsize(path) / 1e6:.1f} MB")
        for argv in COMMANDS:
            took, used = zip(*(once(home, argv) for _ in range(chosen.times)), strict=True)
            wall, cpu = statistics.median(took), statistics.median(used)
            print(f"{' '.join(argv):16} {1000 * wall:6.0f} ms, CPU {1000 * cpu:6.0f} ms (medians)")


def once(home: str, argv: tuple[str, ...]) -> tuple[float, float]:
    """Seconds that pass and seconds of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "picoclaw_watchdog", *argv],
        env={"HOME": home, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()

"""How long an owner waits for the past: `python -m benchmarks.long_history.run [--years 5]`."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.long_history.years import write

ROOT = Path(__file__).parents[2]

COMMANDS = (("--version",), ("history",), ("status",), ("incidents",), ("incidents", "show"))
RUNS = 15


def measure(years: float = 5.0, a_day: float = 10.0, runs: int = RUNS) -> dict[str, object]:
    """The database's size in MiB, and the median wall seconds of each command.

    Args:
        years: how long the history is.
        a_day: incidents each day.
        runs: of each command.
    """
    with tempfile.TemporaryDirectory() as home:
        path = write(f"{home}/.picoclaw/state/watchdog", time.time(), years, a_day)
        waits = {
            " ".join(argv): statistics.median(_once(home, argv) for _ in range(runs))
            for argv in COMMANDS
        }
        return {"years": years, "database_mib": os.path.getsize(path) / 2**20, "waits_s": waits}


def _once(home: str, argv: tuple[str, ...]) -> float:
    """Seconds that pass."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "picoclaw_watchdog", *argv],
        env={"HOME": home, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return time.perf_counter() - began


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=float, default=5.0)
    parser.add_argument("--a-day", type=float, default=10.0, help="incidents")
    parser.add_argument("--runs", type=int, default=RUNS)
    chosen = parser.parse_args()
    json.dump(measure(chosen.years, chosen.a_day, chosen.runs), sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())

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
"""What an owner waits for who has five years behind him."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.cycle_cost.healthy_host import HealthyHost, Public  # noqa: E402
from benchmarks.cycle_cost.run import installed_once  # noqa: E402
from benchmarks.long_history.years import write  # noqa: E402

COMMANDS = ("status", "history", "incidents")
RUNS = 7


def measure(years: float = 5.0, runs: int = RUNS) -> dict[str, object]:
    """The database's size in MiB, and the median wall seconds of each command."""
    with HealthyHost(Public.HTTP) as host:
        once = installed_once(host)
        began = time.perf_counter()
        database = write(str(host.state_dir), time.time(), years)
        made = time.perf_counter() - began
        subprocess.run(once, env=host.environ, stdin=subprocess.DEVNULL, check=True)
        waits = {name: _median(once, name, host.environ, runs) for name in COMMANDS}
        size = os.path.getsize(database) / 2**20
    return {"years": years, "made_in_s": made, "database_mib": size, "waits_s": waits}


def _median(once: list[str], name: str, environ: dict[str, str], runs: int) -> float:
    waits = []
    for _ in range(runs):
        began = time.perf_counter()
        ran = subprocess.run(
            [*once[:-1], name],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        waits.append(time.perf_counter() - began)
        if ran.returncode not in (0, 1):
            raise SystemExit(f"{name}: status {ran.returncode}: {ran.stderr.decode()[-300:]}")
    return median(waits)


def main() -> int:
    """Measure and print."""
    json.dump(measure(), sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())

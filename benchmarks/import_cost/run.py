"""What importing something costs a fresh process, over a bare interpreter.

    python -m benchmarks.import_cost.run json sqlite3 "ssl; ssl.create_default_context()"

Each argument is what follows `import`. Modules are measured in turn, round by round.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

METER = Path(__file__).parents[1] / "cycle_cost" / "meter.py"


def main() -> int:
    """Measure and print, the dearest first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("imports", nargs="+", metavar="MODULE")
    parser.add_argument("--python", default=sys.executable, help="of the environment to look at")
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    costs: dict[str, list[tuple[float, float]]] = {name: [] for name in ("", *options.imports)}
    with subprocess.Popen(
        [sys.executable, "-I", "-S", METER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as meter:
        assert meter.stdin  # noqa: S101  # a pipe, as asked for
        assert meter.stdout  # noqa: S101
        for turn in range(options.rounds + 1):  # the first one only writes bytecode
            for name, measured in costs.items():
                code = f"import {name}" if name else ""
                order = {"argv": [options.python, "-c", code], "env": dict(os.environ)}
                print(json.dumps(order), file=meter.stdin, flush=True)
                cost = json.loads(meter.stdout.readline())
                if cost["status"] != 0:
                    sys.exit(f"import {name}: status {cost['status']}")
                if turn:
                    measured.append((cost["cpu"] * 1000, cost["rss"] / 1024))
        meter.stdin.close()
    ms, mib = _medians(costs.pop(""))
    print(f"bare interpreter: {ms:.1f} ms CPU, {mib:.1f} MiB; on top of that:")
    for name, (cpu, rss) in sorted(
        ((name, _medians(measured)) for name, measured in costs.items()), key=lambda row: -row[1][0]
    ):
        print(f"{cpu - ms:8.1f} ms {rss - mib:6.1f} MiB  {name}")
    return 0


def _medians(measured: list[tuple[float, float]]) -> tuple[float, float]:
    return median(cpu for cpu, _ in measured), median(rss for _, rss in measured)


if __name__ == "__main__":
    sys.exit(main())

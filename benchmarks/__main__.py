"""`make bench`: every figure of docs/performance.md, and the page itself.

usage: python -m benchmarks [--short] [--only NAME ...] [--out FOLDER]
Takes about twelve minutes; --short, about three, with figures that are too few to quote.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks import page  # noqa: E402
from benchmarks.cycle_cost.run import figures as cycle_cost  # noqa: E402
from benchmarks.long_history.run import measure as long_history  # noqa: E402
from benchmarks.recovery_time.run import measure as recovery_time  # noqa: E402
from benchmarks.resident.run import measure as resident  # noqa: E402
from benchmarks.scale.run import measure as scale  # noqa: E402
from benchmarks.simulator.run import measure as simulator  # noqa: E402
from tests.lab.lab import why_not  # noqa: E402

Measure = Callable[[bool], object]


def tell(line: str) -> None:
    """Progress, for whoever waits."""
    print(f"  {line}", file=sys.stderr, flush=True)


def _recovery(short: bool) -> object:  # noqa: FBT001
    reason = why_not()
    if reason:
        return {"not_measured": reason}
    return recovery_time(3 if short else 10, 0 if short else 2, tell)


MEASURES: dict[str, Measure] = {
    "cycle_cost": lambda short: cycle_cost(5 if short else 30),
    "resident": lambda short: resident((10, 100) if short else (10, 100, 1_000, 10_000)),
    "scale": lambda short: scale(1 if short else 5),
    "long_history": lambda short: long_history(1.0 if short else 5.0),
    "simulator": lambda short: simulator(4 if short else 52),
    "recovery_time": _recovery,
}


def machine() -> dict[str, str]:
    """What it was measured on."""
    found = {
        "date": time.strftime("%Y-%m-%d"),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "Linux": platform.release(),
        "CPython": platform.python_version(),
    }
    for name, argv in (
        ("systemd", ("systemctl", "--version")),
        ("curl", ("curl", "--version")),
        ("Monit", ("monit", "--version")),
    ):
        found[name] = _version(*argv)
    try:
        found["supervisord"] = importlib.metadata.version("supervisor")
    except importlib.metadata.PackageNotFoundError:
        found["supervisord"] = ""
    return {name: value for name, value in found.items() if value}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(*argv: str) -> str:
    if shutil.which(argv[0]) is None:
        return ""
    shown = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    words = [word for word in shown.partition("\n")[0].split() if word[:1].isdigit()]
    return words[0] if words else ""


def main() -> int:
    """Measure, keep the figures, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    kept = options.out / "performance" / "figures.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(kept.read_text()) if kept.exists() else {}
    known["machine"] = machine()
    for name in options.only:
        began = time.monotonic()
        print(f"{name} ...", file=sys.stderr, flush=True)
        known[name] = MEASURES[name](options.short)
        tell(f"{time.monotonic() - began:.0f} s")
        kept.write_text(json.dumps(known, indent=1) + "\n")
    page.write(known, options.out)
    print(f"{options.out}/performance.md", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

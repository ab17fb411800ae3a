"""`make bench`: every figure of docs/performance.md, and the page itself.

usage: python -m benchmarks [--short] [--only NAME ...] [--out FOLDER]
Takes about thirteen minutes; --short, about four, with figures that are too few to quote.
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

from benchmarks import page
from benchmarks.cycle_cost.run import figures as cycle_cost
from benchmarks.long_history.run import measure as long_history
from benchmarks.recovery_time.run import in_turns, side_by_side
from benchmarks.resident.run import measure as resident
from benchmarks.scale.run import measure as scale
from benchmarks.simulator.run import measure as simulator
from tests.lab.lab import why_not

ROOT = Path(__file__).parents[1]
Measure = Callable[[bool], object]


def tell(line: str) -> None:
    """Progress, for whoever waits."""
    print(f"  {line}", file=sys.stderr, flush=True)


def _in_a_lab(measure: Callable[[], object]) -> object:
    reason = why_not()
    return {"not_measured": reason} if reason else measure()


MEASURES: dict[str, Measure] = {
    "cycle_cost": lambda short: cycle_cost(5 if short else 30),
    "resident": lambda short: resident((10, 100) if short else (10, 100, 1_000, 10_000)),
    "scale": lambda short: scale(1 if short else 5),
    "long_history": lambda short: long_history(1.0 if short else 5.0),
    "simulator": lambda short: simulator(4 if short else 52),
    "killed": lambda short: _in_a_lab(lambda: in_turns(3 if short else 10, tell)),
    "faults": lambda short: _in_a_lab(lambda: side_by_side(not short, tell)),
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
    is_whole = options.only == list(MEASURES)
    known = json.loads(kept.read_text()) if kept.exists() and not is_whole else {}
    known["machine"] = machine()
    failed = [name for name in options.only if not _add(known, name, options.short, kept)]
    page.write(known, options.out)
    print(f"{options.out}/performance.md", file=sys.stderr)
    return 1 if failed else 0


def _add(known: dict[str, object], name: str, short: bool, kept: Path) -> bool:  # noqa: FBT001
    """Measure one part and keep it at once, whatever becomes of the next."""
    began = time.monotonic()
    print(f"{name} ...", file=sys.stderr, flush=True)
    known.pop(name, None)
    try:
        known[name] = MEASURES[name](short)
    except Exception as error:  # noqa: BLE001  # the other parts are worth having
        tell(f"failed: {type(error).__name__}: {error}")
    tell(f"{time.monotonic() - began:.0f} s")
    kept.write_text(json.dumps(known, indent=1) + "\n")
    return name in known


if __name__ == "__main__":
    sys.exit(main())

"""What one quiet cycle costs, beside a plain shell script with the same probes.

Both watch the same healthy host in a box and take turns, A B, B A, ..., so that whatever else
the machine does hits both. CPU is user and system time of the whole process tree.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.cycle_cost import others
from benchmarks.cycle_cost.counts import count
from benchmarks.cycle_cost.healthy_host import (
    CannotBuildError,
    HealthyHost,
    Public,
    has_user_systemd,
)

from picoclaw_watchdog.install.places import places
from picoclaw_watchdog.install.program import install_program, program_folder

HERE = Path(__file__).parent
WARM_UP = 2  # runs of each, not counted
QUIET = "looks good"  # how the log line of a quiet cycle ends
SYSTEM_PYTHON = "/usr/bin/python3"  # what an owner installs with; ours here may be a slower build
OLDEST = (3, 11)


class Cost(NamedTuple):
    """One run."""

    cpu: float  # ms
    wall: float  # ms
    rss: float  # MiB: the largest process of the tree


class Meter:
    """Runs commands one after the other and measures each: see meter.py."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._environ = environ
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(HERE / "meter.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def cost(self, argv: list[str]) -> Cost:
        """The cost of one run. Ends the program where the command fails."""
        order = json.dumps({"argv": argv, "env": self._environ})
        print(order, file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline() if self._process.stdout else "")
        if answer["status"] != 0:
            sys.exit(f"{argv[0]} ended with status {answer['status']}")
        return Cost(answer["cpu"] * 1000, answer["wall"] * 1000, answer["rss"] / 1024)

    def close(self) -> None:
        """End the meter."""
        self._process.communicate()


def installed_once(host: HealthyHost) -> list[str]:
    """Install the program as `make install-watchdog` does; the command line of the unit."""
    ours = places({}, str(host.folder / "home"))
    install_program(ours)
    folder = program_folder(ours)
    return [f"{folder}/bin/python", "-I", "-S", "-X", "utf8", f"{folder}/start.py", "once"]


def measure(host: HealthyHost, pairs: int) -> tuple[list[Cost], list[Cost]]:
    """Ours and the plain script's costs, in pairs."""
    environ = host.environ
    plain_log = host.folder / "plain.log"
    plain_environ = {**environ, **host.settings, "LOG_FILE": str(plain_log)}
    once = installed_once(host)
    plain = ["/bin/sh", str(HERE / "plain.sh")]
    our_meter, plain_meter = Meter(environ), Meter(plain_environ)
    ours: list[Cost] = []
    plains: list[Cost] = []
    for number in range(pairs + WARM_UP):
        turns = [(our_meter, once, ours), (plain_meter, plain, plains)]
        for meter, argv, costs in turns if number % 2 == 0 else reversed(turns):
            costs.append(meter.cost(argv))
        if sys.stderr.isatty():
            print(f"\r{max(0, number + 1 - WARM_UP)} of {pairs}", end="\r", file=sys.stderr)
    our_meter.close()
    plain_meter.close()
    last = host.log_file.read_text().splitlines()
    if len(last) != pairs + WARM_UP or any(QUIET not in line for line in last):
        sys.exit("not every cycle was a quiet one:\n" + "\n".join(last[-5:]))
    return ours[WARM_UP:], plains[WARM_UP:]


def figures(pairs: int) -> dict[str, object]:
    """All about one quiet cycle, ready for JSON: ours, the script's, and what others cost."""
    with HealthyHost(Public.SYSTEM_TRUST, systemd=has_user_systemd()) as host:
        ours, plains = measure(host, pairs)
        once, plain = installed_once(host), ["/bin/sh", str(HERE / "plain.sh")]
        plain_environ = {
            **host.environ,
            **host.settings,
            "LOG_FILE": str(host.folder / "plain.log"),
        }
        counted = {}
        if shutil.which("strace"):
            counted["watchdog"] = count(once, host.environ, str(host.folder))._asdict()
            counted["plain.sh"] = count(plain, plain_environ, str(host.folder))._asdict()
        staying = {"Monit": others.monit(host), "supervisord": others.supervisord(host)}
        is_real = host.is_real_systemd
    return {
        "systemctl": "real" if is_real else "stand-in",
        **in_pairs(ours, plains),
        "counted": counted,
        "staying": {name: each._asdict() for name, each in staying.items() if each},
        "with_systems_python": with_systems_python(pairs),
    }


def in_pairs(ours: list[Cost], plains: list[Cost]) -> dict[str, object]:
    """The costs, ready for JSON."""
    return {
        "python": platform.python_version(),
        "watchdog": [cost._asdict() for cost in ours],
        "plain.sh": [cost._asdict() for cost in plains],
        "ratios": [our.cpu / plain.cpu for our, plain in zip(ours, plains, strict=True)],
    }


def with_systems_python(pairs: int) -> dict[str, object] | None:
    """The same pairs with the system's Python; None where it is too old, or the one that runs."""
    asked = "import sys; print(*sys.version_info[:2])"
    try:
        ran = subprocess.run([SYSTEM_PYTHON, "-c", asked], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    version = tuple(map(int, ran.stdout.split()))
    ours = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    if version < OLDEST or os.path.realpath(SYSTEM_PYTHON) == ours:
        return None
    argv = [SYSTEM_PYTHON, "-m", "benchmarks.cycle_cost.run", "--json", "--pairs", str(pairs)]
    root = HERE.parents[1]
    environ = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    measured = subprocess.run(argv, env=environ, stdout=subprocess.PIPE, check=True)
    answer: dict[str, object] = json.loads(measured.stdout)
    return answer


def report(host: HealthyHost, ours: list[Cost], plains: list[Cost]) -> None:
    """The table."""
    print(f"machine     {_processor()}, {os.cpu_count()} cores, Linux {platform.release()}")
    print(f"python      {platform.python_implementation()} {platform.python_version()}")
    print(f"curl        {_first_line('curl', '--version').split(' (')[0]}")
    print(f"systemctl   {'the real one' if host.is_real_systemd else 'a shell stand-in'}")
    print("tailscale   a shell stand-in")
    print(f"public URL  {host.public.value}")
    print(f"pairs       {len(ours)}\n")
    print("                          min   median      max")
    for name, costs in (("watchdog", ours), ("plain.sh", plains)):
        _row(f"{name} CPU, ms", [cost.cpu for cost in costs])
        _row(f"{name} wall, ms", [cost.wall for cost in costs])
        _row(f"{name} peak, MiB", [cost.rss for cost in costs])
    ratios = [our.cpu / plain.cpu for our, plain in zip(ours, plains, strict=True)]
    _row("CPU ratio, by pairs", ratios, digits=2)


def _row(name: str, values: list[float], digits: int = 1) -> None:
    numbers = (min(values), median(values), max(values))
    print(f"{name:20}" + "".join(f"{number:9.{digits}f}" for number in numbers))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _first_line(*argv: str) -> str:
    ran = subprocess.run(argv, capture_output=True, text=True, check=False)
    return ran.stdout.partition("\n")[0]


def show_imports(host: HealthyHost) -> None:
    """Every module that a quiet cycle imports, the dearest first."""
    once = installed_once(host)
    subprocess.run(once, env=host.environ, stdin=subprocess.DEVNULL, check=True)
    timed = [once[0], "-X", "importtime", *once[1:]]
    ran = subprocess.run(
        timed,
        env=host.environ,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = [line.partition("import time:")[2].split("|") for line in ran.stderr.splitlines()]
    own = [(int(parts[0]), parts[2]) for parts in lines if parts[0].strip().isdigit()]
    for microseconds, name in sorted(own, reverse=True):
        print(f"{microseconds / 1000:8.2f} ms  {name.strip()}")
    print(f"{sum(each[0] for each in own) / 1000:8.2f} ms  {len(own)} modules")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=30)
    public = parser.add_mutually_exclusive_group()
    for value, flag, meaning in (
        (Public.ONE_CA, "--one-ca", "one CA in place of the machine's: the cheapest TLS for curl"),
        (Public.HTTP, "--http-public", "the public URL without TLS"),
    ):
        public.add_argument(
            flag,
            dest="public",
            action="store_const",
            const=value,
            default=Public.SYSTEM_TRUST,
            help=meaning,
        )
    parser.add_argument(
        "--stand-in", action="store_true", help="not the real systemctl, even if there is one"
    )
    parser.add_argument("--imports", action="store_true", help="only list what a cycle imports")
    parser.add_argument("--json", action="store_true", help="each cost, instead of a table")
    options = parser.parse_args()
    systemd = not options.stand_in and has_user_systemd()
    try:
        with HealthyHost(options.public, systemd=systemd) as host:
            if options.imports:
                show_imports(host)
            elif options.json:
                print(json.dumps(in_pairs(*measure(host, options.pairs))))
            else:
                report(host, *measure(host, options.pairs))
    except CannotBuildError as error:
        print(f"cannot build the host: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

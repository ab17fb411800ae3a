"""How long the owner waits for a kick: from the wrapper's start until it has printed the outcome.

    python -m benchmarks.kick_latency.run --runs 20

Needs root: it builds the tests' lab, a real systemd --user for an ordinary user, installs into it
and asks as that user, through the installed wrapper script, with the default units.
"""

import json
import statistics
import sys
from collections.abc import Sequence
from typing import NamedTuple

from tests.lab.host import GATEWAY, STATE, TOKEN, Host
from tests.lab.lab import HOME, Lab, why_not

WRAPPER = f"{HOME}/.local/share/picoclaw/scripts/ops_watchdog_kick.sh"
# Runs a command and prints when it began and ended, by the wall clock that the audit log has.
TIMER = """\
import subprocess, sys, time
began = time.time()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(began, time.time(), code)
"""


class Waited(NamedTuple):
    """One kick, in seconds."""

    whole: float
    to_accept: float  # from the wrapper's start until a cycle had taken the request
    to_serve: float  # until the outcome was in the audit log
    to_tell: float  # until the wrapper had printed it and was gone
    restart: float  # of it: the restart, until the gateway was healthy


def kick(host: Host, action: str) -> Waited:
    """Ask once."""
    argv = (host.lab.python, "-c", TIMER, WRAPPER, action, "line:U123")
    began, ended, code = host.lab.must(*argv, env={"WAIT": "1"}).split()
    if code != "0":
        raise SystemExit(f"{action}: exit status {code}\n{host.log()}")
    lines = host.lab.read(f"{STATE}/audit.log").splitlines()[-2:]
    accepted, served = (json.loads(line) for line in lines)
    return Waited(
        float(ended) - float(began),
        accepted["at"] - float(began),
        served["at"] - accepted["at"],
        float(ended) - served["at"],
        served["took"] if action == "restart_gateway" else 0.0,
    )


def own_restart(host: Host) -> float:
    """What the restart costs without us: systemd's, until health and ready answer."""
    return host.time_outage("systemctl", "--user", "restart", GATEWAY)


def row(name: str, values: Sequence[float]) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{name:44}{low:8.2f}{middle:8.2f}{high:8.2f}"


def report(runs: list[Waited], own: list[float], looked: list[Waited]) -> str:
    beyond = [each.whole - each.restart for each in runs]
    return "\n".join(
        (
            f"{'seconds':44}{'min':>8}{'median':>8}{'max':>8}",
            row("restart_gateway, wrapper's start to its end", [each.whole for each in runs]),
            row("  until a cycle has taken it", [each.to_accept for each in runs]),
            row("  until its outcome is recorded", [each.to_serve for each in runs]),
            row("    of it the restart, verified", [each.restart for each in runs]),
            row("  until it is printed", [each.to_tell for each in runs]),
            row("  all but the restart (promised: 1)", beyond),
            row("systemctl restart without us", own),
            row("check_ollama, wrapper's start to its end", [each.whole for each in looked]),
        )
    )


def main(arguments: list[str]) -> int:
    number = int(arguments[1]) if arguments[:1] == ["--runs"] else 10
    if reason := why_not():
        sys.stderr.write(f"no lab: {reason}\n")
        return 1
    lab = Lab()
    try:
        host = Host(lab)
        host.drop_in(GATEWAY, "[Unit]\nStartLimitIntervalSec=0\n")  # nobody restarts it this often
        host.watch(KICK_ENABLED="true", KICK_TOKEN=TOKEN)
        runs, own, looked = [], [], []
        for _ in range(number):
            host.give_budget_back()
            runs.append(kick(host, "restart_gateway"))
            host.wait_for_rest()
            looked.append(kick(host, "check_ollama"))
            host.wait_for_rest()
            own.append(own_restart(host))
        print(report(runs, own, looked))
    finally:
        lab.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""From the fault to the gateway healthy again, for everybody who might watch it.

Real systemd, real units, in labs of their own (see tests/lab: root is needed). First those that
are quick take turns at SIGKILL, so that a busy machine disturbs all alike; then every watcher
meets every fault, in labs side by side, since most of that is waiting.
"""

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.recovery_time.watchers import (  # noqa: E402
    FUNNEL_STATE,
    WATCHERS,
    Watcher,
)
from tests.lab.host import GATEWAY, STANDINS, STATE, Host  # noqa: E402
from tests.lab.lab import Lab, why_not  # noqa: E402

LIMIT = 300.0  # seconds after which a fault counts as not mended
START_DELAY = 0.2  # seconds the gateway itself needs
GRACE = 46.0  # seconds: above STARTUP_GRACE_SEC, in which a young gateway is not judged
CONTROL = f"{STANDINS}/gateway.json"
KILL = ("systemctl", "--user", "kill", "-s", "KILL", GATEWAY)
RESTART = ("systemctl", "--user", "restart", GATEWAY)
FAULTS = {
    "killed": KILL,
    "stopped": ("systemctl", "--user", "stop", GATEWAY),
    "hangs": ("sh", "-c", f"echo '{{\"hang\": true}}' >{CONTROL}"),
    "port lost": ("sh", "-c", f'echo \'{{"listen": "dead"}}\' >{CONTROL}'),
    "Funnel off": ("tailscale", "funnel", "reset"),
}
UNTIL_PUBLISHED = f"""
import subprocess, sys, time
began = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
while ":18791" not in open("{FUNNEL_STATE}").read():
    time.sleep(0.01)
    if time.monotonic() - began > {LIMIT}:
        sys.exit("not published again")
print(f"{{time.monotonic() - began:.3f}}")
"""


@contextmanager
def watched_host(watcher: Watcher | None) -> Iterator[Host]:
    """A healthy host in a lab of its own, and its watcher at rest."""
    lab = Lab()
    try:
        host = Host(lab, START_DELAY)
        host.tailscale(operator=True)
        host.lab.must("tailscale", "funnel", "--bg", "18791")
        host.drop_in(GATEWAY, f"[Service]\nExecStartPre=/bin/rm -f {CONTROL}\n")
        if watcher is not None:
            watcher.set_up(host)
            time.sleep(1)
        yield host
    finally:
        lab.close()


def outage(host: Host, fault: str) -> float | None:
    """Seconds from the fault to its end; None where nobody mended it within LIMIT."""
    if host.lab.path(STATE).is_dir():
        host.give_budget_back()  # each run is the first of its kind
        if fault in ("hangs", "port lost"):
            time.sleep(GRACE)  # a gateway that has just been started is given its time
    try:
        if fault == "Funnel off":
            argv = (host.lab.python, "-c", UNTIL_PUBLISHED, *FAULTS[fault])
            took = float(host.lab.must(*argv, timeout=LIMIT + 10))
        else:
            took = host.time_outage(*FAULTS[fault], limit=LIMIT)
    except AssertionError:
        return None
    host.lab.wait_for(host.is_healthy, 20)
    time.sleep(1)
    return took


def in_turns(runs: int, tell: Callable[[str], None]) -> dict[str, list[float]]:
    """SIGKILL, for the quick ones, one run of each after the other; and the bare restart."""
    quick = [each for each in WATCHERS if each.name != "shell script" and not each.slow]
    quick = [each for each in quick if not each.name.startswith("Monit")]
    found: dict[str, list[float]] = {"own start": [], **{each.name: [] for each in quick}}
    stack = [(None, watched_host(None)), *((each, watched_host(each)) for each in quick)]
    hosts = [(watcher, context, context.__enter__()) for watcher, context in stack]
    try:
        for number in range(runs):
            for watcher, _, host in hosts:
                if watcher is None:
                    found["own start"].append(host.time_outage(*RESTART))
                    continue
                took = outage(host, "killed")
                if took is not None:
                    found[watcher.name].append(took)
                time.sleep(1)  # its own cycle comes to rest
            tell(f"killed, in turns: {number + 1} of {runs}")
    finally:
        for _, context, _ in hosts:
            context.__exit__(None, None, None)
    return found


def side_by_side(runs: int, tell: Callable[[str], None]) -> dict[str, dict[str, list[float]]]:
    """Every watcher meets every fault, each in a thread and a lab of its own."""
    found: dict[str, dict[str, list[float]]] = {each.name: {} for each in WATCHERS}

    def meet(watcher: Watcher) -> None:
        with watched_host(watcher) as host:
            for fault in watcher.faults:
                outages = [outage(host, fault) for _ in range(1 if watcher.slow else runs)]
                found[watcher.name][fault] = [each for each in outages if each is not None]
                tell(f"{watcher.name}, {fault}: {outages}")

    here = [each for each in WATCHERS if shutil.which("monit") or "Monit" not in each.name]
    threads = [threading.Thread(target=meet, args=(each,)) for each in here]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def measure(runs: int, rounds: int, tell: Callable[[str], None]) -> dict[str, object]:
    """All figures, ready for JSON: seconds.

    Args:
        runs: of SIGKILL, in turns.
        rounds: of every fault for those that look often.
        tell: takes a line of progress.
    """
    return {
        "start_delay": START_DELAY,
        "watchers": {each.name: each.words for each in WATCHERS},
        "in_turns": in_turns(runs, tell),
        "side_by_side": side_by_side(rounds, tell),
    }


def main() -> int:
    """Measure and print."""
    reason = why_not()
    if reason:
        print(f"no lab: {reason}", file=sys.stderr)
        return 1
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    figures = measure(7, 2, lambda line: print(line, file=sys.stderr, flush=True))
    json.dump(figures, sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())

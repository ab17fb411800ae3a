"""From the fault to the gateway healthy again, for everybody who might watch it.

    python -m benchmarks.recovery_time.run [turns] [faults]

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
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from benchmarks.recovery_time.steps import steps
from benchmarks.recovery_time.watchers import ALL, FUNNEL_STATE, WATCHERS, Watcher
from tests.lab.host import GATEWAY, STANDINS, STATE, Host
from tests.lab.lab import Lab, why_not

Tell = Callable[[str], None]

RARELY = 60.0  # seconds between two looks from which on a fault is measured once
START_DELAY = 0.2  # seconds the gateway itself needs
OF_THE_GRACE = ("hangs", "port lost")  # faults that may be a gateway's start
ONCE = ("Funnel off",)  # who has just published it lets it rest before the next time
CONTROL = f"{STANDINS}/gateway.json"
RESTART = ("systemctl", "--user", "restart", GATEWAY)
FAULTS = {
    "killed": ("systemctl", "--user", "kill", "-s", "KILL", GATEWAY),
    "stopped": ("systemctl", "--user", "stop", GATEWAY),
    "hangs": ("sh", "-c", f"echo '{{\"hang\": true}}' >{CONTROL}"),
    "port lost": ("sh", "-c", f'echo \'{{"listen": "dead"}}\' >{CONTROL}'),
    "Funnel off": ("tailscale", "funnel", "reset"),
}
UNTIL_PUBLISHED = f"""
import subprocess, sys, time
began = time.monotonic()
subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
while ":18791" not in open("{FUNNEL_STATE}").read():
    time.sleep(0.01)
    if time.monotonic() - began > float(sys.argv[1]):
        sys.exit("not published again")
print(f"{{time.monotonic() - began:.3f}}")
"""


class Watched(NamedTuple):
    """A healthy host with its watcher at rest."""

    host: Host
    watcher: Watcher | None
    since: float  # monotonic: about when it has looked


@contextmanager
def watched(watcher: Watcher | None) -> Iterator[Watched]:
    """A host in a lab of its own."""
    lab = Lab()
    try:
        host = Host(lab, START_DELAY)
        host.tailscale(operator=True)
        host.lab.must("tailscale", "funnel", "--bg", "18791")
        host.drop_in(GATEWAY, f"[Service]\nExecStartPre=/bin/rm -f {CONTROL}\n")
        if watcher is not None:
            watcher.set_up(host)
        since = time.monotonic()
        time.sleep(1)
        yield Watched(host, watcher, since)
    finally:
        lab.close()


def outage(on: Watched, fault: str) -> float | None:
    """Seconds from the fault to its end; None where nobody mended it in two looks and a minute."""
    host, every = on.host, on.watcher.every if on.watcher else 0.0
    limit = 2 * every + 60
    _wait_for_its_moment(on, fault, every)
    try:
        if fault == "Funnel off":
            argv = (host.lab.python, "-c", UNTIL_PUBLISHED, str(limit), *FAULTS[fault])
            took = float(host.lab.must(*argv, timeout=limit + 10))
        else:
            took = host.time_outage(*FAULTS[fault], limit=limit)
    except AssertionError:
        return None
    host.lab.wait_for(host.is_healthy, 20)
    return took


def _wait_for_its_moment(on: Watched, fault: str, every: float) -> None:
    """Strike in the middle between two rare looks: by chance it would be anything up to both."""
    earliest = time.monotonic() + 1  # whoever mended before comes to rest
    if on.watcher and fault in OF_THE_GRACE:
        earliest += on.watcher.grace
    if on.host.lab.path(STATE).is_dir():
        on.host.give_budget_back()  # for us, each run is the first of its kind
    moment = earliest
    is_told = on.watcher is not None and on.watcher.is_quick and fault == "killed"
    if every >= RARELY and not is_told:
        moment = on.since + every / 2
        while moment < earliest:
            moment += every
    time.sleep(moment - time.monotonic())


def in_turns(runs: int, tell: Tell) -> dict[str, object]:
    """SIGKILL for the quick ones, one run of each after the other, and the bare restart.

    Returns:
        The seconds of each, and where they went.
    """
    quick = [each for each in WATCHERS if each.is_quick]
    own: list[float] = []
    took: dict[str, list[float]] = {each.name: [] for each in quick}
    went: dict[str, list[dict[str, float]]] = {each.name: [] for each in quick}
    with ExitStack() as labs:
        alone = labs.enter_context(watched(None))
        hosts = [labs.enter_context(watched(each)) for each in quick]
        for number in range(runs):
            own.append(alone.host.time_outage(*RESTART))
            for on, watcher in zip(hosts, quick, strict=True):
                seconds = outage(on, "killed")
                if seconds is not None:
                    took[watcher.name].append(seconds)
                    went[watcher.name].append(steps(on.host.lab, seconds))
            tell(f"killed, in turns: {number + 1} of {runs}")
    return {"start_delay": START_DELAY, "in_turns": {"own start": own, **took}, "steps": went}


def side_by_side(whole: bool, tell: Tell) -> dict[str, object]:  # noqa: FBT001
    """Every watcher meets every fault that it sees, in labs at the same time.

    Those that look rarely meet each fault once, in a lab for each; the others all in one lab,
    twice. What fails is told and left out.

    Args:
        whole: five minutes; else those that look rarely are left out, and the others meet each
            fault once: two.
        tell: takes a line of progress.
    """
    rounds = 2 if whole else 1
    here = [
        each
        for each in WATCHERS
        if (shutil.which("monit") or "Monit" not in each.name) and (whole or each.every < RARELY)
    ]
    found: dict[str, dict[str, list[float | None]]] = {each.name: {} for each in here}

    def meet(watcher: Watcher, faults: tuple[str, ...]) -> None:
        seen = found[watcher.name]
        try:
            with watched(watcher) as on:
                for fault in faults:
                    for _ in range(1 if watcher.every >= RARELY or fault in ONCE else rounds):
                        seen.setdefault(fault, []).append(outage(on, fault))
                    tell(f"{watcher.name}, {fault}: {seen[fault]}")
        except Exception as error:  # noqa: BLE001  # the others' figures are worth having
            tell(f"{watcher.name}, {faults}: not measured: {error}")

    threads = []
    for watcher in here:
        taken = ("killed",) if watcher.is_quick else ()
        faults = tuple(fault for fault in watcher.faults if fault not in taken)
        groups = [(fault,) for fault in faults] if watcher.every >= RARELY else [faults]
        # Daemons: an interrupt ends us, and the labs with us.
        threads += [
            threading.Thread(target=meet, args=(watcher, group), daemon=True)
            for group in groups
            if group
        ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "watchers": {each.name: each.words for each in here},
        "sees": {each.name: each.faults for each in here},
        "faults": ALL,
        "side_by_side": found,
    }


def main() -> int:
    """Measure and print."""
    reason = why_not()
    if reason:
        print(f"no lab: {reason}", file=sys.stderr)
        return 1
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    parts = {"turns": lambda: in_turns(10, tell), "faults": lambda: side_by_side(True, tell)}
    for name in sys.argv[1:] or parts:
        print(json.dumps(parts[name](), indent=1), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Cycles of one second and random faults from a seed, for minutes or for a night.

    make soak MINUTES=30 SEED=7

Afterwards the host is healthy, the gateway's own start log shows the budget held in every window,
and memory, descriptors and disk are what they were.
"""

import json
import os
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.lab.faults import DISK, Faults, put_on_small_disk
from tests.lab.host import GATEWAY, LOOP, STATE, TIMER, TOKEN, WATCHDOG, Host
from tests.lab.tools import Tools
from tests.lab.witness import LINE_SETTINGS, QUICK, Resources, Witness, most_within

SECONDS = float(os.environ.get("SOAK_MINUTES") or 0) * 60 or 20.0
SEED = int(os.environ.get("SOAK_SEED") or 4)
SHORT = 120.0  # seconds; a shorter run is still loading its modules when its first third ends
LONG = 1200.0  # seconds; malloc has what it wants when the second third of such a run begins
WINDOW, MOST = 30, 2
# Seconds from the attempt, which is what is counted, to the start, which is what is seen: the
# journal is saved, and a gateway that will not stop gets its time and then SIGKILL.
STOPPING = 8.0
KEEP, LOG_BYTES, CAPTURES = 2, 100_000, 5
MOST_FILES = 40  # in the state folder and the logs together
MORE_KB = 512 if SECONDS >= LONG else 4096  # what a process of 20 MB may grow between two thirds
DB_BYTES, DB_PER_FAULT = 300_000, 2_000  # with its write-ahead log; what is over is remembered
LOG = "~/.picoclaw/logs/ops-watchdog.log"
EVERY = 0.25  # seconds between two looks at the host

pytestmark = [pytest.mark.lab, pytest.mark.timeout(SECONDS + 240)]


class Sample(NamedTuple):
    at: float  # seconds since the soak began
    pid: str  # of the loop; empty in the timer's form
    held: Resources | None
    sizes: dict[str, int]


class Soak:
    """One run; what it saw is in its fields."""

    def __init__(self, host: Host, unit: str) -> None:
        self.host, self.unit = host, unit
        self.witness, self.tools = Witness(host), Tools(host)
        put_on_small_disk(host, DISK)
        # Where the state is removed only this says that it is to run.
        host.lab.systemctl("enable", "--quiet", GATEWAY)
        self.faults = Faults(host, self.tools, random.Random(SEED), unit)  # noqa: S311  # seeded
        self.faults.end()
        self.struck: Counter[str] = Counter()
        self.samples: list[Sample] = []
        self.timeline: list[str] = []
        self.cycles = 0
        self._logged: Counter[str] = Counter()  # the log is rotated, and its disk emptied
        self._last_cycle: object = None
        self._began = time.monotonic()

    def watch(self) -> None:
        self.host.watch_at_once(
            **QUICK,
            **LINE_SETTINGS,
            RESTART_WINDOW_SEC=WINDOW,
            RESTART_MAX_COUNT=MOST,
            ALERT_COOLDOWN_SEC=20,
            HISTORY_DAYS=1,
            LOG_MAX_BYTES=LOG_BYTES,
            LOG_KEEP=KEEP,
            CAPTURES_KEEP=CAPTURES,
            KICK_ENABLED="true",
            KICK_TOKEN=TOKEN,
            INTERVAL_SEC=1,
        )
        if self.unit == LOOP:
            self.host.lab.systemctl("start", LOOP)

    def run(self, seconds: float, dice: random.Random) -> None:
        self._began = time.monotonic()
        while (at := time.monotonic() - self._began) < seconds:
            # A loop that is killed begins anew: its growth is measured from then on.
            late = self.unit == LOOP and at > seconds / 10
            spared = {"watchdog killed", "watchdog killed at a restart"} if late else set[str]()
            name, undo = self.faults.strike(frozenset(spared))
            self.struck[name] += 1
            self.timeline.append(f"{time.strftime('%H:%M:%S', time.gmtime())} {name}")
            self._wait(dice.uniform(0.5, 4.0))
            undo()
            self._wait(dice.uniform(0.5, 4.0))
        self.faults.end()

    def _wait(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            try:
                at = json.loads(self.host.lab.read(f"{STATE}/status.json") or "{}").get("at")
            except (OSError, ValueError):
                at = None
            if at not in (None, self._last_cycle):
                self.cycles, self._last_cycle = self.cycles + 1, at
            if not self.samples or time.monotonic() - self._began - self.samples[-1].at > 1:
                self.samples.append(self._sample())
            time.sleep(EVERY)

    def _sample(self) -> Sample:
        self._read_log()
        pid, held = "", None
        if self.unit == LOOP:
            pid = self.host.lab.show(LOOP, "MainPID")
            try:
                held = self.witness.resources(pid)
            except (OSError, KeyError):
                held = None  # killed, and not yet started again
        at = time.monotonic() - self._began
        return Sample(at, pid, held, self.witness.sizes())

    def settle(self) -> float:
        """Seconds from the last fault's end until all is well and the watchdog says so."""
        return self.host.lab.wait_for(
            lambda: self.host.is_healthy() and self.host.command("status").code == 0,
            WINDOW + 60,
            "health after the last fault",
        )

    def attempts(self) -> list[float]:
        """When restarts were begun, by the log: it is no state, and nothing is read from it."""
        self._read_log()
        attempt = re.compile(r"\[(\S+ \S+) .*?\] .* action=restart_gateway ")
        found = [each[1] for each in map(attempt.match, self.log()) if each]
        return [time.mktime(time.strptime(each, "%Y-%m-%d %H:%M:%S")) for each in found]

    def log(self) -> list[str]:
        """Every line that was seen, those that are rotated away by now among them, by time."""
        return sorted(self._logged.elements())

    def _read_log(self) -> None:
        for end in (".1", ""):
            # The same line twice in one file was written twice; in two looks it is the same one.
            lines = self.host.lab.read(f"{LOG}{end}").splitlines(keepends=True)
            self._logged |= Counter(line.rstrip() for line in lines if line.endswith("\n"))

    def story(self) -> str:
        """What was done and what was said, to find out why."""
        starts = [time.strftime("%H:%M:%S", time.gmtime(each)) for each in self.witness.starts()]
        return "\n".join([*self.timeline, "starts:", *starts, "log:", *self.log()])

    def thirds(self) -> tuple[list[Sample], list[Sample]]:
        """The first third of what the process lived that lived to the end, and the last.

        In a long run the second, not the first.
        """
        last = self.samples[-1].pid
        mine = [each for each in self.samples if each.pid == last and each.sizes]
        mine = [each for each in mine if each.held or not last]
        third = max(1, len(mine) // 3)
        begins = third if SECONDS >= LONG else 0
        return mine[begins : begins + third], mine[-third:]

    def _by_minute(self) -> list[int]:
        minutes = {int(each.at // 60): each.held.rss for each in self.samples if each.held}
        return [minutes[minute] for minute in sorted(minutes)]

    def figures(self) -> dict[str, object]:
        early, late = self.thirds()
        found: dict[str, object] = {
            "cycles": self.cycles,
            "faults": sum(self.struck.values()),
            "struck": dict(self.struck),
            "gateway_starts": len(self.witness.starts()),
            "attempts": len(self.attempts()),
            "most_in_window": most_within(WINDOW, self.attempts()),
            "messages": len(self.witness.messages()),
        }
        found["rss_by_minute"] = self._by_minute()
        for name in ("rss", "peak", "descriptors", "threads", "children"):
            found[name] = [_middle(part, name) for part in (early, late)]
        for kind in self.samples[-1].sizes:
            sizes = [[each.sizes[kind] for each in part] for part in (early, late)]
            found[kind] = [(round(statistics.median(part)), max(part)) for part in sizes]
        return found


def _middle(samples: list[Sample], name: str) -> tuple[float, int]:
    """Median and maximum; zeros where there is no process to look at."""
    values = [getattr(each.held, name) for each in samples if each.held] or [0]
    return statistics.median(values), max(values)


def _at_rest(samples: list[Sample], name: str) -> int:
    """The lowest tenth: what is held between two cycles, also where these take most of the time."""
    values: list[int] = [getattr(each.held, name) for each in samples if each.held] or [0]
    return sorted(values)[len(values) // 10]


@pytest.mark.parametrize("unit", [LOOP, WATCHDOG])
def test_a_night_of_random_faults_ends_well_and_nothing_has_grown(
    host: Host, unit: str, record_property: Callable[[str, object], None]
) -> None:
    soak = Soak(host, unit)
    soak.watch()
    soak.run(SECONDS, random.Random(SEED + 1))  # noqa: S311  # seeded
    settled = soak.settle()
    figures = {"unit": unit, "seed": SEED, "settled": round(settled, 1), **soak.figures()}
    record_property("figures", figures)
    if where := os.environ.get("SOAK_FIGURES"):
        with open(where, "a", encoding="utf-8") as file:
            file.write(json.dumps(figures) + "\n")

    starts, attempts = soak.witness.starts(), soak.attempts()
    assert most_within(WINDOW - 1, attempts) <= MOST, soak.story()  # a line tells the second
    known = [each for each in starts if attempts and each >= attempts[0]]
    assert len(known) <= len(attempts), soak.story()
    assert most_within(WINDOW - STOPPING, starts) <= MOST, soak.story()
    assert len(starts) <= MOST * (soak.samples[-1].at / WINDOW + 2), figures
    assert soak.struck.total() >= SECONDS / 10, "faults were injected"
    prove_nothing_broke(soak)
    prove_nothing_grew(soak, figures)


def prove_nothing_broke(soak: Soak) -> None:
    host, witness = soak.host, soak.witness
    state = json.loads(host.command("status", "--json").out)
    assert (state["healthy"], state["incidents"], state["paused"]) == (True, [], None)
    verified = host.command("audit", "--verify")
    assert verified, verified.out
    log = "\n".join(soak.log())
    printed = host.lab.journal(WATCHDOG) + host.lab.journal(LOOP)
    for said in (log, printed):
        assert "internal error" not in said
        assert "Traceback" not in said
        assert TOKEN not in said
    keys = witness.retry_keys()
    assert len(set(keys)) == len(keys), "no message came twice"
    assert all(TOKEN not in text for text in witness.messages())
    host.lab.systemctl("stop", TIMER, LOOP)
    host.wait_for_rest()
    assert witness.processes(WATCHDOG) == []
    assert witness.processes(LOOP) == []


def prove_nothing_grew(soak: Soak, figures: dict[str, object]) -> None:
    early, late = soak.thirds()
    sizes = late[-1].sizes
    assert sizes["log"] <= LOG_BYTES * (KEEP + 1) + sizes_of_audit(soak)
    assert len(list(soak.host.lab.path(STATE).glob("gateway_journal_*"))) <= CAPTURES
    assert sizes["files"] <= MOST_FILES, figures
    assert sizes["db"] <= DB_BYTES + DB_PER_FAULT * soak.struck.total(), figures
    if SECONDS < SHORT or soak.unit != LOOP:
        return
    assert _middle(late, "rss")[0] <= _middle(early, "rss")[0] + MORE_KB, figures
    for name in ("descriptors", "threads", "children"):
        assert _at_rest(late, name) <= _at_rest(early, name), (name, figures)


def sizes_of_audit(soak: Soak) -> int:
    return sum(path.stat().st_size for path in soak.host.lab.path(STATE).glob("audit*"))

"""The truth about a pretend host: its clocks, what is about to happen, and who may be killed.

Time is a number that moves on when somebody waits for something. Whatever is due on the way
happens then, in the order of its time; so one seed gives one history.
"""

import heapq
from collections import deque
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from picoclaw_watchdog.core.model import Moment
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim.disk import Disk
from picoclaw_watchdog.sim.gateway import Gateway
from picoclaw_watchdog.sim.line import PretendLine
from picoclaw_watchdog.sim.ollama import Ollama
from picoclaw_watchdog.sim.tailnet import Tailnet

EPOCH = 1_700_010_000.0  # 2023-11-15 01:00 UTC: where the wall clock begins
UPTIME = 3 * 86_400.0  # seconds the host has been up when a story begins
BOOT_TAKES = 40.0  # seconds from power to the user's systemd
POWER_AWAY = 60.0  # seconds a power cut at a write lasts
NOTES_KEPT = 5_000


class Killed(BaseException):
    """The watchdog's process ended here: nothing below it may catch this."""


class Kill(NamedTuple):
    """At which point the watchdog is to be killed."""

    kind: str  # write or effect
    number: int  # the first is 1
    after: bool = True  # right after it; False: right before
    power: bool = False  # the whole host loses its power

    @property
    def words(self) -> str:
        """Such as `after write 3`."""
        how = "by a power cut " if self.power else ""
        return f"{how}{'after' if self.after else 'before'} {self.kind} {self.number}"


class Note(NamedTuple):
    """A line of the timeline."""

    at: float
    who: str  # fault, owner, host, watchdog, line
    text: str


class PretendHost:
    """One host: its parts, its clocks and its future.

    Args:
        settings: the owner's; the pretend services answer at its addresses.
        disk: where the state lies.
        seed: for what is left to chance, such as what a power cut loses.
    """

    def __init__(self, settings: Settings, disk: Disk, seed: int = 0) -> None:
        self.settings = settings
        self.disk = disk
        self.dice = Random(seed)
        self.seconds = 0.0  # the true time; what every other clock is made of
        self.wall_ahead = 0.0  # seconds by which the wall clock was set wrong
        self.booted = -UPTIME
        self.suspended = 0.0  # seconds of sleep since boot
        self.boot_number = 1
        self.is_on = True
        self.route = True
        self.names_resolve = True
        self.gateway = Gateway(self)
        self.ollama = Ollama(self)
        self.tailnet = Tailnet(self)
        self.line = PretendLine(self)
        self.couriers: dict[str, str] = {}  # how a courier's service is, where it is not well
        self.notes: deque[Note] = deque(maxlen=NOTES_KEPT)
        self.wakes: list[str] = []  # why a cycle is to start now
        self.process_runs = False
        self.kill: Kill | None = None
        self.counts = {"write": 0, "effect": 0}
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self.forgets: Callable[[], None] = lambda: None  # called where memory was all there was
        self.looked_at: Callable[[], None] = lambda: None  # called after all that happens
        self.happened = 0  # how many of them have
        self._at_once = False
        disk.attach(self.before, self.after)

    # Time

    def moment(self) -> Moment:
        """All clocks of the host."""
        boot = self.seconds - self.booted
        wall = EPOCH + self.seconds + self.wall_ahead
        return Moment(wall, boot, boot - self.suspended, f"boot-{self.boot_number}")

    def true_time(self, moment: Moment) -> float:
        """The true time of a moment; of one of an earlier boot by the wall clock as it is set."""
        if moment.boot_id == self.moment().boot_id:
            return moment.boot + self.booted
        return moment.wall - EPOCH - self.wall_ahead

    def spend(self, seconds: float) -> None:
        """Somebody waits: time moves on, and what is due happens."""
        target = self.seconds + seconds
        if self._at_once:
            self.seconds = target
        else:
            self.advance(target)

    def advance(self, target: float) -> None:
        """Go to a moment, by way of everything that is due before it."""
        while self._queue and self._queue[0][0] <= target:
            at, _, happen = heapq.heappop(self._queue)
            self.seconds = max(self.seconds, at)
            self.happened += 1
            happen()
            self.looked_at()
        self.seconds = max(self.seconds, target)

    def later(self, seconds: float, happen: Callable[[], None]) -> None:
        """Let something happen in so many seconds."""
        self.at(self.seconds + seconds, happen)

    def at(self, moment: float, happen: Callable[[], None]) -> None:
        """Let something happen at a true time."""
        self._number += 1
        heapq.heappush(self._queue, (moment, self._number, happen))

    def next_event(self) -> float | None:
        """When something happens next; None: never."""
        return self._queue[0][0] if self._queue else None

    def begin_together(self) -> None:
        """From now on calls overlap: what is due waits until the slowest has ended."""
        self._at_once = True

    def end_together(self, ends: float) -> None:
        """All calls have ended at this time."""
        self._at_once = False
        self.advance(ends)

    def note(self, who: str, text: str) -> None:
        """Write a line into the timeline."""
        self.notes.append(Note(self.seconds, who, text))

    # Death

    def before(self, kind: str) -> None:
        """A write or an effect is about to be made."""
        self.counts[kind] += 1
        if self.kill is not None and not self.kill.after:
            self._perhaps_die(kind)

    def after(self, kind: str) -> None:
        """It has been made."""
        if self.kill is not None and self.kill.after:
            self._perhaps_die(kind)

    def _perhaps_die(self, kind: str) -> None:
        kill = self.kill
        if kill is not None and kill.kind == kind and self.counts[kind] == kill.number:
            self.kill = None
            if kill.power:
                self.shut_down(POWER_AWAY, power_cut=True)
            self.die(kill.words)

    def die(self, why: str) -> None:
        """End the watchdog's process, if one runs."""
        if not self.process_runs:
            return
        self.note("watchdog", f"killed {why}")
        self._at_once = False
        self.process_runs = False
        self.disk.process_died()
        raise Killed(why)

    # Power

    def shut_down(self, off: float, *, power_cut: bool = False) -> None:
        """Go down, and come up again `off` seconds later, plus the time a boot takes."""
        self.is_on = False
        if self.disk.mode != "ok":
            self.forgets()  # what could only be kept in memory does not outlive a boot
        self.wakes.clear()
        self.gateway.power_off()
        self.at(self.seconds + off + BOOT_TAKES, self._boot)
        if power_cut:
            self.disk.lose_power(self.seconds, self.dice)
        else:
            self.disk.settle()
        self.disk.clear_memory()
        self.die("by a power cut" if power_cut else "by a reboot")

    def _boot(self) -> None:
        self.boot_number += 1
        self.booted = self.seconds - BOOT_TAKES / 2
        self.suspended = 0.0
        self.is_on = True
        self.note("host", "up")
        self.gateway.boots()
        self.wakes.append("boot")

    def suspend(self, seconds: float) -> None:
        """Sleep: no process runs, the boot clock does."""
        self.seconds += seconds
        self.suspended += seconds
        self.wakes.append("resume")

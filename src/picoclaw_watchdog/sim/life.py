"""One life of a pretend host: systemd's triggers start the real engine, minute after minute.

A life is a simulation of discrete events. A quiet cycle changes nothing that a later one could
see (`core.watched.is_quiet`), and one that merely waits for old attempts to be forgotten neither.
So between two events the cycles of a calm host are leapt over, and the last one before the next
event is run. `tests/sim/test_leaps.py` holds that lives with and without leaps are the same.
"""

import os
from collections.abc import Callable

from picoclaw_watchdog.core.decide import FUNNEL_REST
from picoclaw_watchdog.core.model import State
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.report import News
from picoclaw_watchdog.engine.unattended import cycles
from picoclaw_watchdog.kick import taken_beside
from picoclaw_watchdog.sim.disk import Disk
from picoclaw_watchdog.sim.host import Killed, PretendHost
from picoclaw_watchdog.sim.invariants import AT_THE_END, Broken, broken
from picoclaw_watchdog.sim.records import Records
from picoclaw_watchdog.sim.world import PretendLog, WatchedStore, build

FIRST_AFTER_BOOT = 5.0  # OnActiveSec of the timer
KICK_TOKEN = "a-pretend-kick-token-0123456789"  # noqa: S105  # of a pretend host
LINE_TOKEN = "a-pretend-line-token"  # noqa: S105  # of a pretend host
NEVER = float("inf")
OFF_AT_MOST = 86_400.0  # seconds that a host without power may stay off
WELL_WITHIN = 2 * 3600.0  # seconds from the end of all faults until the host must be well
TOLD_WITHIN = 8 * 3600.0  # and until nothing waits to be told: LINE's refusals are long
SILENT_FOR = 1800.0  # seconds it must then be silent
STEP = 600.0


class Life:
    """A host with its watchdog.

    Args:
        settings: the owner's. State, messages and requests are turned to the pretend world.
        folder: an empty folder of our own.
        seed: of what is left to chance.
        leaps: whether calm cycles may be leapt over.
    """

    def __init__(
        self, settings: Settings, folder: str, seed: int = 0, *, leaps: bool = True
    ) -> None:
        disk = Disk(folder)
        os.makedirs(disk.memory, exist_ok=True)
        os.makedirs(disk.state, exist_ok=True)
        self.settings = pretend(settings, disk)
        self.host = PretendHost(self.settings, disk, seed)
        disk.now = lambda: self.host.seconds
        self.log = PretendLog(self.host)
        self.records = Records(self.host, self.log)
        self.host.looked_at = self.records.watch
        self.host.forgets = self.records.wipe
        self.broken: list[Broken] = []
        self.news: tuple[News, ...] = ()  # broken settings, while they are
        self.last_request = ""  # its line, for whoever sends it again
        self.next_timer = FIRST_AFTER_BOOT
        self.standing: dict[str, Callable[[], None]] = {}  # faults, and how each ends
        self.healthy: dict[tuple[str, str], object] = {}  # attributes before any fault changed them
        self._leaps = leaps and not _has_rare_looks(self.settings)
        # The state after the last cycle and all that had happened by then, if that was calm:
        self._before: tuple[State, int] | None = None
        self._calm: State | None = None  # the same, if the cycle found all as it left it
        self._checked: tuple[int, ...] = ()

    # Time

    def run(self, until: float) -> None:
        """Live until a true time, or until an invariant is broken."""
        host = self.host
        while not self.broken:
            if self._is_woken():
                self.cycle()
                continue
            self._leap(until)
            timer = self.next_timer if host.is_on else NEVER
            event = host.next_event()
            stop = min(timer, until)
            if event is not None and event <= stop:
                host.advance(event)
                continue
            host.advance(stop)
            if timer > until:
                return
            self.cycle()

    def _is_woken(self) -> bool:
        """Whether systemd starts a cycle now, for what has just happened."""
        host = self.host
        wakes, host.wakes = host.wakes, []
        if "boot" in wakes:
            self.next_timer = host.seconds + FIRST_AFTER_BOOT
        asked = "kick" in wakes and os.path.lexists(self.settings.kick_file)
        return host.is_on and ("failed" in wakes or asked)

    def _leap(self, until: float) -> None:
        """Pass over the calm ticks before the next event, except for the last."""
        now = (self._calm, self.host.happened)
        if not self._leaps or self._calm is None or now != self._before or not self.host.is_on:
            return
        event = self.host.next_event()
        ends = min(NEVER if event is None else event, self._forgets_at(), until)
        interval = self.settings.interval_sec
        ticks = int((ends - self.next_timer) / interval)
        if self.next_timer + ticks * interval >= ends:
            ticks -= 1
        if ticks > 0:
            self.records.leapt += ticks
            self.next_timer += ticks * interval

    def _forgets_at(self) -> float:
        """When an attempt will be forgotten: until then a calm state stays as it is."""
        keep = max(self.settings.restart_window_sec, FUNNEL_REST)
        now = self.host.moment()
        attempts = self._calm.attempts if self._calm is not None else ()
        if any(each.at.boot_id != now.boot_id for each in attempts):
            return self.host.seconds
        ages = [now.boot - each.at.boot for each in attempts]
        return self.host.seconds + keep - max(ages) if ages else NEVER

    # The watchdog

    def cycle(self) -> None:
        """Start the watchdog once, as systemd does: a fresh process."""
        host, records = self.host, self.records
        began = host.seconds
        world = build(host, records, records.struck, self.log)
        store = world.store
        host.process_runs = True
        killed = False
        try:
            with host.disk.installed():
                cycles(self.settings, world, self.news)
        except Killed:
            killed = True
            records.kills += 1
            records.couriers.cut_short()
            records.outages.hinder()
        finally:
            host.process_runs = False
            if isinstance(store, WatchedStore):
                store.close()
            host.disk.bury()
        host.wakes = [wake for wake in host.wakes if wake == "boot"]
        if host.is_on:
            self.next_timer = max(began + self.settings.interval_sec, host.seconds)
        self._settle(killed=killed, last=None if killed else store_state(store))
        self._check()

    def _settle(self, *, killed: bool, last: State | None) -> None:
        """Whether the cycle was calm, and left all as it had found it."""
        state = None if last is None else last._replace(last_cycle=None)
        calm = not killed and state is not None and self._is_calm(state)
        same = calm and (state, self.host.happened) == self._before
        self._before = (state, self.host.happened) if state is not None and calm else None
        self._calm = state if same else None

    def _is_calm(self, state: State) -> bool:
        pending = (state.health_fails, state.ollama_fails, state.webhook_fails)
        waiting = (state.outbox, state.parcel, *(bag.letters for bag in state.bags))
        if any((*pending, *waiting, state.incidents, state.paused, self.news)):
            return False
        looks = self.records.document.get("looks", ())
        if any(look["verdict"] == "bad" or look["sight"] == "bus_silent" for look in looks):
            return False
        waits = (self.settings.kick_file, taken_beside(self.settings.kick_file))
        return self.host.disk.mode == "ok" and not any(map(os.path.lexists, waits))

    def _check(self) -> None:
        records = self.records
        marks = (
            len(records.struck),
            len(records.told),
            len(records.lost),
            len(records.complaints),
            len(records.unexplained),
            len(records.overlooked),
            len(records.outages.late),
            len(records.couriers.brought),
            len(records.couriers.lost),
            len(records.couriers.held_back),
            len(self.host.tailnet.commands),
            len(self.log.own_errors),
            records.kills,
        )
        if marks != self._checked:
            self._checked = marks
            self.broken = broken(records)

    def watch_ollama(self) -> None:
        """Note when an outage of Ollama begins and ends."""
        outages = self.records.peer_down
        is_down = not self.host.ollama.is_reachable()
        was_down = bool(outages) and outages[-1][1] is None
        if is_down and not was_down:
            outages.append((self.host.seconds, None))
        elif was_down and not is_down:
            outages[-1] = (outages[-1][0], self.host.seconds)

    # The end

    @property
    def is_well(self) -> bool:
        """Whether the host does all it should, and the watchdog says so."""
        host = self.host
        runs = host.is_on and host.gateway.is_well and host.tailnet.is_public
        return runs and host.ollama.is_reachable() and bool(self.records.document.get("healthy"))

    def finish(self) -> list[Broken]:
        """Let all faults stop, and see that the host becomes well and silent."""
        for end in [*self.standing.values()]:
            end()
        self.watch_ollama()
        problems = self.records.end_problems
        self._reaches(lambda: self.host.is_on, OFF_AT_MOST)
        if not self._reaches(lambda: self.is_well, WELL_WITHIN):
            problems.append(f"not well {WELL_WITHIN:.0f} s after all faults had stopped")
        elif not self._reaches(lambda: not self.records.waiting, TOLD_WITHIN):
            problems.append(f"{len(self.records.waiting)} messages still wait")
        else:
            told = self.records.messages
            self.run(self.host.seconds + SILENT_FOR)
            if self.records.messages > told:
                problems.append("a message was sent, though all was well")
        self.broken = self.broken or broken(self.records, AT_THE_END)
        return self.broken

    def _reaches(self, wanted: Callable[[], bool], within: float) -> bool:
        ends = self.host.seconds + within
        while not wanted() and self.host.seconds < ends and not self.broken:
            self.run(min(ends, self.host.seconds + STEP))
        return wanted() or bool(self.broken)


def store_state(store: object) -> State | None:
    """What the store kept last."""
    return store.last_state if isinstance(store, WatchedStore) else None


def pretend(settings: Settings, disk: Disk) -> Settings:
    """The owner's settings, with state, messages and requests turned to the pretend world."""
    return settings._replace(
        enabled=True,
        state_dir=disk.state,
        pico_home=disk.home,
        kick_enabled=True,
        kick_token=KICK_TOKEN,
        kick_file=f"{disk.state}/kick_request",
        kick_allowed_sources=(),
        line_notify_enabled=True,
        line_notify_to="U" + "0" * 32,
        line_channel_access_token=LINE_TOKEN,
        heartbeat_url="",
    )


def _has_rare_looks(settings: Settings) -> bool:
    return (
        settings.probe_line_webhook_test
        or settings.probe_public_dns
        or settings.probe_ollama_generation
    )

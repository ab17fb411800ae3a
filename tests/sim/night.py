"""One night on the pretend host, driven by hand: cycles every minute, faults in between."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from picoclaw_watchdog.core.model import Kick
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.cycle import run
from picoclaw_watchdog.engine.report import News, Report
from picoclaw_watchdog.engine.unattended import cycle, cycles
from picoclaw_watchdog.ports import Logbook, World
from picoclaw_watchdog.sim.deeds import Value, do
from picoclaw_watchdog.sim.host import Kill, Killed
from picoclaw_watchdog.sim.life import Life
from picoclaw_watchdog.sim.world import WatchedStore, build

T = TypeVar("T")


class Night:
    def __init__(self, folder: Path, **changes: object) -> None:
        """A host that was seen well once, unless it is `fresh`."""
        fresh = changes.pop("fresh", False)
        self.life = Life(Settings()._replace(**changes), str(folder))  # type: ignore[arg-type]
        self.folder = folder
        self.settings = self.life.settings
        self.host = self.life.host
        self.said = self.life.log
        self.log: Logbook = self.said
        if not fresh:
            self.cycle()

    @property
    def state(self) -> Path:
        return Path(self.settings.state_dir)

    @property
    def restarts(self) -> list[float]:
        return [each.at for each in self.life.records.struck]

    @property
    def funnel_commands(self) -> list[float]:
        return [at for at, what in self.host.tailnet.commands if what == "publish"]

    @property
    def sent(self) -> list[str]:
        return [push.text for push in self.host.line.accepted]

    @property
    def sent_at(self) -> list[float]:
        return [push.at for push in self.host.line.accepted]

    def do(self, deed: str, **arguments: Value) -> None:
        do(self.life, deed, arguments)

    def undo(self, deed: str) -> None:
        for name, end in list(self.life.standing.items()):
            if name.startswith(f"{deed}-"):
                end()

    def pass_(self, seconds: float) -> None:
        self.host.advance(self.host.seconds + seconds)

    def kill(self, kind: str, number: int, *, after: bool = True) -> None:
        self.host.kill = Kill(kind, self.host.counts[kind] + number, after)

    def cycle(self, kicks: tuple[Kick, ...] = (), news: tuple[News, ...] = ()) -> Report | None:
        """One cycle in a fresh process, as far as the store can tell; None if it was killed."""
        return self._process(lambda world: run(self.settings, world, kicks, news))

    def serve(self) -> None:
        """What the timer starts."""
        self._process(lambda world: cycles(self.settings, world, ()))

    def serve_once(self) -> Report | None:
        return self._process(lambda world: cycle(self.settings, world))

    def world(self) -> World:
        """The host as a fresh process meets it."""
        return build(self.host, self.life.records, self.life.records.struck, self.log)

    def cycles(self, number: int, every: float = 60.0) -> list[Report]:
        reports = []
        for _ in range(number):
            began = self.host.seconds
            report = self.cycle()
            if report is not None:
                reports.append(report)
            self.host.advance(max(self.host.seconds, began + every))
        return reports

    def _process(self, work: Callable[[World], T]) -> T | None:
        world = self.world()
        self.host.process_runs = True
        try:
            with self.host.disk.installed():
                return work(world)
        except Killed:
            return None
        finally:
            self.host.process_runs = False
            assert isinstance(world.store, WatchedStore)
            world.store.close()
            self.host.disk.bury()


def most_in_any_window(times: list[float], window: float) -> int:
    return max((sum(1 for t in times if start <= t < start + window) for start in times), default=0)

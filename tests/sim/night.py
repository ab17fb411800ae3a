"""One night on the pretend host: cycles every minute, faults in between."""

from pathlib import Path

from picoclaw_watchdog.core.model import Kick
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.cycle import run
from picoclaw_watchdog.engine.report import News, Report
from picoclaw_watchdog.ports import World
from picoclaw_watchdog.store.disk import DiskStore
from tests.sim.world import Killed, ListLog, PretendHost, PretendLine, world_of


class Night:
    def __init__(self, folder: Path, **changes: object) -> None:
        self.host = PretendHost()
        self.line = PretendLine(self.host)
        self.log = ListLog(self.host)
        self.folder = folder
        state_dir = folder / "state"
        wanted = Settings(state_dir=str(state_dir), pico_home=str(folder), language="en")
        self.settings = wanted._replace(**changes)  # type: ignore[arg-type]

    def cycle(self, kicks: tuple[Kick, ...] = (), news: tuple[News, ...] = ()) -> Report | None:
        """One cycle in a fresh process, as far as the store can tell; None if it was killed."""
        try:
            return run(self.settings, self.world(), kicks, news)
        except Killed:
            return None

    def world(self) -> World:
        """The host as a fresh process meets it."""
        store = DiskStore(
            self.settings.state_dir,
            str(self.folder / "spare"),
            captures_keep=self.settings.captures_keep,
            history_days=self.settings.history_days,
            window=self.settings.restart_window_sec,
        )
        return world_of(self.host, store, self.line, self.log)

    def cycles(self, number: int, every: float = 60.0) -> list[Report]:
        reports = []
        for _ in range(number):
            began = self.host.seconds
            report = self.cycle()
            if report is not None:
                reports.append(report)
            self.host.seconds = max(self.host.seconds, began + every)
        return reports


def most_in_any_window(times: list[float], window: float) -> int:
    return max((sum(1 for t in times if start <= t < start + window) for start in times), default=0)

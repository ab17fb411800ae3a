"""A watchdog that has nothing to do but to tell."""

from typing import cast

from picoclaw_watchdog.channels.line import LineChannel
from picoclaw_watchdog.core.model import Alert, Moment, State, Wishes
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.tell import deliver
from picoclaw_watchdog.host.network import HostNetwork
from picoclaw_watchdog.ports import Channel, Clock, Host, Services, Store, Tailnet, World
from tests.unit.letters import at

TWO = ("notice>ntfy://a/topic", "critical>tgram://secret/chat")


class Killed(BaseException):
    """The end of a watchdog that was killed with SIGKILL."""


class MemoryStore:
    """The saves of one run, which can fail, or be the last thing it does."""

    def __init__(self) -> None:
        self.saved: list[State] = []
        self.works = True
        self.said = Wishes()
        self.killed_at: int | None = None

    def wishes(self, now: Moment) -> Wishes:
        del now
        return self.said

    def save(self, state: State) -> bool:
        if self.killed_at is not None and len(self.saved) == self.killed_at:
            raise Killed
        if self.works:
            self.saved.append(state)
        return self.works


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, ...]] = []

    def write(self, level: str, target: str, result: str, action: str, detail: str) -> None:
        self.lines.append((level, target, result, action, detail))

    def levels(self, level: str) -> list[str]:
        return [line[-1] for line in self.lines if line[0] == level]


class StillClock:
    """A clock that shows the same moment until it is set."""

    def __init__(self) -> None:
        self.moment = at(0)

    def now(self) -> Moment:
        return self.moment

    def sleep(self, seconds: float) -> None:
        assert seconds < 0, "telling waits for nobody"


class ThisHost:
    def name(self) -> str:
        return "minipc"


class Owner:
    """A watchdog with something to tell, cycle after cycle, and the state between them."""

    def __init__(self, settings: Settings, *channels: Channel) -> None:
        self.settings = settings
        self.store = MemoryStore()
        self.log = Log()
        self.clock: Clock = StillClock()
        self.state = State()
        self.told: list[Alert] = []
        self.channels = channels or (LineChannel(settings, HostNetwork()),)

    def world(self) -> World:
        return World(
            clock=self.clock,
            services=cast("Services", None),  # telling has no business with these
            network=HostNetwork(),
            tailnet=cast("Tailnet", None),
            host=cast("Host", ThisHost()),
            store=cast("Store", self.store),
            log=self.log,
            channels=self.channels,
        )

    def cycle(self, seconds: float, *letters: Alert) -> None:
        self.state = self.state._replace(outbox=(*self.state.outbox, *letters))
        self.store.save(self.state)
        try:
            self.state, told = deliver(self.settings, self.world(), self.state, at(seconds))
        except Killed:
            self.state, told = self.store.saved[-1], ()
        self.told += told

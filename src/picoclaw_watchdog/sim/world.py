"""The ports of a pretend host, and a store that lets itself be watched."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from picoclaw_watchdog.channels import couriers
from picoclaw_watchdog.channels.line import LineChannel
from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import Holder, Moment, PidFile, State, UnitFacts
from picoclaw_watchdog.ports import (
    Answer,
    HttpFate,
    Logbook,
    Means,
    Ran,
    Request,
    Silence,
    Why,
    World,
)
from picoclaw_watchdog.probes.outside import RESOLVER
from picoclaw_watchdog.sim.couriers import PretendApprise
from picoclaw_watchdog.sim.gateway import listening
from picoclaw_watchdog.sim.host import PretendHost
from picoclaw_watchdog.sim.line import Push
from picoclaw_watchdog.store.disk import DiskStore

T = TypeVar("T")

NAME = "box"
COMMAND_TAKES = 0.03  # seconds systemctl takes
PUBLIC_TAKES = 0.12
LOG_KEPT = 2_000  # lines


class PretendClock:
    """`ports.Clock`: waiting moves the host's time on."""

    def __init__(self, host: PretendHost) -> None:
        self._host = host

    def now(self) -> Moment:
        """All clocks at once."""
        return self._host.moment()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._host.spend(max(0.0, seconds))


class Struck(NamedTuple):
    """A restart that was ordered, and what the watchdog had said of it by then."""

    at: float  # true seconds
    counted: float  # true seconds at which the attempt says it was made
    attempt: str  # the id of the newest attempt on the disk, empty where there is none
    phase: str
    incident: str
    kicks: tuple[str, ...]
    instance: int  # that ran before
    carried_out: bool
    reason_seen: bool  # this process was shown something that a restart might mend
    was_paused: bool  # when this process began
    bus_silent: bool  # the last that this process heard of systemd


class Process:
    """One run of the watchdog: what it was shown."""

    def __init__(self, began: float, wall_ahead: float) -> None:
        self.reason_seen = False
        self.bus_silent = False
        self.paused = False
        self.began = began  # true seconds
        self.wall_ahead = wall_ahead  # then: the clock may be set while it runs
        self.has_waited = False  # in this cycle, for a courier
        self.pushes: list[State] = []  # the last states that it wanted kept, the newest last
        self.state: State | None = None


class PretendServices:
    """`ports.Services`: the user's systemd."""

    def __init__(self, host: PretendHost, process: Process, struck: list[Struck]) -> None:
        self._host = host
        self._process = process
        self._struck = struck

    def _silent(self, deadline: float) -> bool:
        silent = self._host.gateway.bus_silent
        self._host.spend(deadline if silent else COMMAND_TAKES)
        self._process.bus_silent = silent
        return silent

    def show(self, unit: str, deadline: float) -> UnitFacts | Silence:
        """What systemd knows of the gateway's unit."""
        del unit
        if self._silent(deadline):
            return Silence(f"systemctl did not answer within {deadline:g} s", Why.TIMED_OUT)
        gateway = self._host.gateway
        self._process.reason_seen |= gateway.active != "active"
        age = self._host.seconds - gateway.started if gateway.instance > 0 else None
        return UnitFacts(
            gateway.load,
            gateway.active,
            gateway.sub,
            gateway.result,
            f"i-{gateway.instance}",
            7 if gateway.active == "active" else 0,
            age,
            gateway.restarts,
        )

    def start(self, unit: str, deadline: float) -> Ran:
        """Start it where it does not run."""
        del unit
        if self._silent(deadline):
            return Ran(-9, timed_out=True)
        gateway = self._host.gateway
        if gateway.load == "loaded" and gateway.active in ("inactive", "failed"):
            gateway.start()
        return Ran(0 if gateway.load == "loaded" else 1)

    def stop(self, unit: str, deadline: float) -> Ran:
        """Stop it as its owner would."""
        del unit
        if self._silent(deadline):
            return Ran(-9, timed_out=True)
        self._host.gateway.stop()
        return Ran(0)

    def restart(self, unit: str, deadline: float) -> Ran:
        """Restart and wait until the deadline."""
        del unit
        host, gateway = self._host, self._host.gateway
        if self._silent(deadline):
            return Ran(-9, timed_out=True)
        if gateway.load != "loaded":
            return Ran(1, err=f"Failed to restart: Unit is {gateway.load}.")
        host.before("effect")
        host.note("watchdog", "restart")
        was = gateway.instance
        self._note_strike(was)
        done = gateway.restart_job(deadline)
        carried_out = done is None or gateway.instance != was
        self._struck[-1] = self._struck[-1]._replace(carried_out=carried_out)
        host.after("effect")
        if done is None:
            return Ran(-9, timed_out=True)
        if not carried_out:
            return Ran(1, err="Job failed: start of the service was attempted too often")
        return Ran(0) if done else Ran(1, err="Job failed because the control process exited")

    def _note_strike(self, instance: int) -> None:
        process, state = self._process, self._process.state or State()
        made = [each for each in state.attempts if each.action == targets.RESTART_GATEWAY]
        last = max(made, key=lambda each: each.at.wall, default=None) if made else None
        self._struck.append(
            Struck(
                self._host.seconds,
                self._host.true_time(last.at) if last else self._host.seconds,
                last.id if last else "",
                last.phase.value if last else "",
                last.incident if last else "",
                last.kicks if last else (),
                instance,
                carried_out=True,
                reason_seen=process.reason_seen,
                was_paused=process.paused,
                bus_silent=process.bus_silent,
            )
        )

    def reset_failed(self, unit: str, deadline: float) -> Ran:
        """Clear the start limit."""
        del unit
        if self._silent(deadline):
            return Ran(-9, timed_out=True)
        self._host.gateway.reset()
        return Ran(0)

    def kill(self, unit: str, deadline: float) -> Ran:
        """SIGKILL."""
        del unit
        if self._silent(deadline):
            return Ran(-9, timed_out=True)
        self._host.gateway.kill()
        return Ran(0)

    def signal(self, unit: str, name: str, deadline: float) -> Ran:
        """No drill is played here."""
        del unit, name, deadline
        return Ran(0)

    def journal(self, unit: str, lines: int, deadline: float) -> Ran:
        """The gateway's last words."""
        del unit, lines, deadline
        self._host.spend(COMMAND_TAKES)
        return Ran(0, out="gateway: last words")


class PretendNetwork:
    """`ports.Network`: whatever answers on this host, on the tailnet and in the world."""

    def __init__(self, host: PretendHost, process: Process) -> None:
        self._host = host
        self._process = process

    def ask(self, request: Request, deadline: float) -> Answer:
        """One request, one answer."""
        host, url = self._host, request.url
        if host.line.is_owner(url):
            return host.line.answer(request, deadline)
        if host.ollama.is_owner(url):
            self._process.reason_seen |= not host.ollama.is_well
            return host.ollama.answer(request, deadline)
        self._process.reason_seen |= not host.gateway.answers_well
        if request.connect_to and not (host.route and host.names_resolve):
            return Answer(HttpFate.NO_ROUTE)  # whatever takes the names away takes the way as well
        if url == RESOLVER:
            return self._well_known(deadline)
        answer = host.gateway.answer(url, deadline)
        return self._public(deadline) if answer is None else answer

    def _well_known(self, deadline: float) -> Answer:
        host = self._host
        if not host.route:
            return Answer(HttpFate.NO_ROUTE)
        host.spend(min(PUBLIC_TAKES, deadline))
        return Answer(HttpFate.ANSWERED, 200, sent=True)

    def _public(self, deadline: float) -> Answer:
        host = self._host
        if not host.route:
            return Answer(HttpFate.NO_ROUTE)
        if not host.names_resolve:
            return Answer(HttpFate.NAME_UNKNOWN)
        gateway = host.gateway
        if not host.tailnet.seems_public or "hung" in gateway.ills:
            host.spend(deadline)
            return Answer(HttpFate.NO_ANSWER, sent=host.tailnet.seems_public)
        host.spend(min(PUBLIC_TAKES, deadline))
        if not (gateway.listens or gateway.by_hand) or "webhook_lost" in gateway.ills:
            return Answer(HttpFate.ANSWERED, 502, sent=True)
        served = not gateway.ills & {"webhook_dead", "port_taken"}
        return Answer(HttpFate.ANSWERED, 405 if served else 404, sent=True)

    def listening(self, ports: Sequence[int]) -> frozenset[int] | None:
        """Which ports are open."""
        self._process.reason_seen |= not self._host.gateway.answers_well
        return listening(self._host.gateway, ports)

    def has_route(self) -> bool | None:
        """Whether there is a default route."""
        return self._host.route

    def resolves(self, name: str, deadline: float) -> bool:
        """Whether names have addresses."""
        del name
        if not self._host.names_resolve:
            self._host.spend(deadline)
        return self._host.names_resolve and self._host.route


class PretendMachine:
    """`ports.Host`."""

    def __init__(self, host: PretendHost) -> None:
        self._host = host

    def name(self) -> str:
        """The host's name."""
        return NAME

    def stale_pid(self, path: str) -> PidFile | None:
        """The pid file, where it names a process that is not PicoClaw."""
        return self._host.gateway.stale_pid(path)

    def stranger(self, port: int, unit: str, main_pid: int) -> Holder | None:
        """Whoever has taken the gateway's port."""
        del unit, main_pid
        return Holder(port, 4712, "nc") if "port_taken" in self._host.gateway.ills else None

    def move_aside(self, path: str) -> str:
        """Rename it."""
        return self._host.gateway.move_pid_aside(path)

    def means(self) -> Means:
        """A host that has all it needs."""
        return Means()

    def together(self, calls: Sequence[Callable[[], T]], deadline: float) -> list[T | None]:
        """All at the same time: the clock moves by the slowest, not by the sum."""
        host, began, slowest = self._host, self._host.seconds, 0.0
        answers: list[T | None] = []
        host.begin_together()
        for call in calls:
            host.seconds = began
            answer = call()
            took = host.seconds - began
            answers.append(answer if took <= deadline else None)
            slowest = max(slowest, min(took, deadline))
        host.seconds = began
        host.end_together(began + slowest)
        return answers


class PretendLog:
    """`ports.Logbook`: the last lines, in memory."""

    def __init__(self, host: PretendHost) -> None:
        self._host = host
        self.lines: deque[str] = deque(maxlen=LOG_KEPT)
        self.own_errors: list[str] = []

    def write(self, level: str, target: str, result: str, action: str, detail: str) -> None:
        """One line."""
        line = f"{self._host.seconds:.1f} {level} {target} {result} {action} {detail}"
        self.lines.append(line)
        if "internal error" in detail or "error of our own" in detail:
            self.own_errors.append(line)


class Watcher(Protocol):
    """Hears what passes between the watchdog and its world."""

    def pushed(self, push: Push, process: Process) -> None:
        """LINE has accepted a message."""

    def brought(self, channel: str, process: Process) -> None:
        """A courier's service has accepted a message."""

    def came_back(self, channel: str, process: Process, *, confirmed: bool) -> None:
        """A courier has been waited for."""

    def kept(self, state: State) -> None:
        """A state is on the disk."""

    def looked(self, document: Mapping[str, Any], process: Process) -> None:
        """A cycle has come to its end."""

    def complained(self, lines: tuple[str, ...]) -> None:
        """The store could not read or write something."""


class WatchedStore:
    """`ports.Store`: the real one; what passes through it is remembered."""

    def __init__(self, host: PretendHost, process: Process, watcher: Watcher) -> None:
        settings = host.settings
        self._store = DiskStore(
            host.disk.state,
            host.disk.memory,
            captures_keep=settings.captures_keep,
            history_days=settings.history_days,
            window=settings.restart_window_sec,
        )
        self._process = process
        self._watcher = watcher
        self.wishes = self._store.wishes
        self.archive = self._store.archive
        self.keep_evidence = self._store.keep_evidence
        self.last_snapshot = self._store.last_snapshot
        self.history = self._store.history
        self.close = self._store.close

    @property
    def last_state(self) -> State | None:
        """What was loaded or kept last."""
        return self._process.state

    def load(self, now: Moment) -> State:
        """As the disk has it."""
        state = self._store.load(now)
        self._process.paused = state.paused is not None
        self._process.has_waited = False
        self._process.state = state
        self._watcher.kept(state)
        return state

    def save(self, state: State) -> bool:
        """Keep it, and remember that it was kept."""
        self._process.pushes = [*self._process.pushes[-1:], state]
        saved = self._store.save(state)
        if saved:
            self._process.state = state
            self._watcher.kept(state)
        return saved

    def snapshot(self, document: Mapping[str, object]) -> None:
        """Replace status.json."""
        self._store.snapshot(document)
        self._watcher.looked(document, self._process)

    def complaints(self) -> tuple[str, ...]:
        """What could not be read or written."""
        found = self._store.complaints()
        self._watcher.complained(found)
        return found


def build(host: PretendHost, watcher: Watcher, struck: list[Struck], log: Logbook) -> World:
    """The host as a fresh process meets it."""
    process = Process(host.seconds, host.wall_ahead)
    host.line.heard = lambda push: watcher.pushed(push, process)
    network = PretendNetwork(host, process)
    settings = host.settings
    apprise = PretendApprise(
        host,
        lambda name: watcher.brought(name, process),
        lambda name, confirmed: watcher.came_back(name, process, confirmed=confirmed),
    )
    channels = (LineChannel(settings, network),) if settings.line_notify_enabled else ()
    return World(
        clock=PretendClock(host),
        services=PretendServices(host, process, struck),
        network=network,
        tailnet=host.tailnet,
        host=PretendMachine(host),
        store=WatchedStore(host, process, watcher),
        log=log,
        channels=channels,
        couriers=lambda: couriers(settings, "", apprise.start),
    )

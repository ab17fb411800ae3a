"""A world of fakes for recoveries and probes: a clock that only moves when asked to wait."""

from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, TypeVar

from picoclaw_watchdog.core.model import (
    Holder,
    Incident,
    Moment,
    PidFile,
    State,
    UnitFacts,
    Wishes,
)
from picoclaw_watchdog.demo.in_memory import InMemoryTailnet
from picoclaw_watchdog.demo.tailscaled import Tailnet as Tailscaled
from picoclaw_watchdog.ports import (
    Answer,
    Commanded,
    Funnel,
    History,
    Host,
    Means,
    Network,
    Node,
    Ran,
    Request,
    Services,
    Silence,
    Tailnet,
    World,
    Written,
)

T = TypeVar("T")
DONE = Ran(0)


class VirtualClock:
    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> Moment:
        return Moment(1_700_000_000 + self.passed, self.passed, self.passed, "boot")

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


class ScriptedServices:
    """Answers each look with the next of its facts, the last one for ever."""

    def __init__(
        self,
        *shown: UnitFacts | Silence,
        restarts: Sequence[Ran] = (DONE,),
        during_restart: Callable[[], None] = lambda: None,
    ) -> None:
        self.calls: list[str] = []
        self._during_restart = during_restart
        self.journal_says = DONE
        self._shown = list(shown)
        self._restarts = list(restarts)

    def show(self, unit: str, deadline: float) -> UnitFacts | Silence:
        self.calls.append(f"show {unit} {deadline:g}")
        return self._shown.pop(0) if len(self._shown) > 1 else self._shown[0]

    def start(self, unit: str, deadline: float) -> Ran:
        self.calls.append(f"start {unit} {deadline:g}")
        return DONE

    def stop(self, unit: str, deadline: float) -> Ran:
        self.calls.append(f"stop {unit} {deadline:g}")
        return DONE

    def restart(self, unit: str, deadline: float) -> Ran:
        self.calls.append(f"restart {unit} {deadline:g}")
        self._during_restart()
        return self._restarts.pop(0) if len(self._restarts) > 1 else self._restarts[0]

    def reset_failed(self, unit: str, deadline: float) -> Ran:
        self.calls.append(f"reset-failed {unit} {deadline:g}")
        return DONE

    def kill(self, unit: str, deadline: float) -> Ran:
        self.calls.append(f"kill {unit} {deadline:g}")
        return DONE

    def signal(self, unit: str, name: str, deadline: float) -> Ran:
        self.calls.append(f"signal {unit} {name} {deadline:g}")
        return DONE

    def journal(self, unit: str, lines: int, deadline: float) -> Ran:
        self.calls.append(f"journal {unit} {lines} {deadline:g}")
        return self.journal_says

    @property
    def changes(self) -> list[str]:
        """What was done, without the looks and the deadlines."""
        return [call.split()[0] for call in self.calls if not call.startswith("show")]


class ScriptedTailnet:
    """Always the same answers; nothing may be changed."""

    def __init__(self, funnel: Funnel | Silence, node: Node | Silence | None = None) -> None:
        self._funnel = funnel
        self._node = node or Node("Running")

    def funnel(self, deadline: float) -> Funnel | Silence:
        del deadline
        return self._funnel

    def node(self, deadline: float) -> Node | Silence:
        del deadline
        return self._node

    def write(self, raw: str, etag: str, deadline: float) -> Written:
        raise AssertionError(raw, etag, deadline)

    def command(self, arguments: Sequence[str], deadline: float) -> Commanded:
        raise AssertionError(arguments, deadline)

    def may_as_root(self, arguments: Sequence[str], deadline: float) -> bool:
        raise AssertionError(arguments, deadline)

    def client_version(self, deadline: float) -> str:
        raise AssertionError(deadline)


class NoNetwork:
    """A recovery asks the network only by way of the question it is given."""

    def ask(self, request: Request, deadline: float) -> Answer:
        raise AssertionError(request, deadline)

    def listening(self, ports: Sequence[int]) -> frozenset[int] | None:
        raise AssertionError(ports)

    def has_route(self) -> bool | None:
        raise AssertionError

    def resolves(self, name: str, deadline: float) -> bool:
        raise AssertionError(name, deadline)


class FakeHost:
    def __init__(self, moved_to: str = "moved", means: Means | None = None) -> None:
        self._means = means or Means()
        self.moved: list[str] = []
        self._moved_to = moved_to

    def name(self) -> str:
        return "box"

    def stale_pid(self, path: str) -> PidFile | None:
        raise AssertionError(path)

    def stranger(self, port: int, unit: str, main_pid: int) -> Holder | None:
        raise AssertionError(port, unit, main_pid)

    def means(self) -> Means:
        return self._means

    def move_aside(self, path: str) -> str:
        self.moved.append(path)
        return self._moved_to

    def together(self, calls: Sequence[Callable[[], T]], deadline: float) -> list[T | None]:
        raise AssertionError(calls, deadline)


class FakeStore:
    def __init__(self, path: str = "kept.log", said: Wishes | None = None) -> None:
        self.kept: list[str] = []
        self._said = said
        self._path = path

    def load(self, now: Moment) -> NoReturn:
        raise AssertionError(now)

    def save(self, state: State) -> bool:
        raise AssertionError(state)

    def wishes(self, now: Moment) -> Wishes:
        assert self._said is not None, now
        return self._said

    def archive(self, incident: Incident) -> None:
        raise AssertionError(incident)

    def complaints(self) -> tuple[str, ...]:
        return ()

    def keep_evidence(self, text: str, now: Moment) -> str:
        del now
        self.kept.append(text)
        return self._path

    def snapshot(self, document: Mapping[str, object]) -> None:
        raise AssertionError(document)

    def last_snapshot(self) -> Mapping[str, object]:
        return {}

    def history(self) -> History:
        return History()


class FakeLog:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, level: str, target: str, result: str, action: str, detail: str) -> None:
        self.lines.append(f"{level} {target} {result} {action} {detail}")


def a_world(
    *,
    services: Services | None = None,
    tailnet: Tailnet | None = None,
    host: Host | None = None,
    store: FakeStore | None = None,
    log: FakeLog | None = None,
) -> World:
    """A world in which everything is well, but for what is given."""
    network: Network = NoNetwork()
    return World(
        clock=VirtualClock(),
        services=services or ScriptedServices(UnitFacts("loaded", "active", "running", "", "i")),
        network=network,
        tailnet=tailnet or InMemoryTailnet(Tailscaled()),
        host=host or FakeHost(),
        store=store or FakeStore(),
        log=log or FakeLog(),
    )

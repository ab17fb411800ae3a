"""A pretend host in virtual time: the real engine and the real store run in it."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from picoclaw_watchdog.core.model import (
    Moment,
    PidFile,
    Receipt,
    UnitFacts,
)
from picoclaw_watchdog.core.reasons import Fate
from picoclaw_watchdog.ports import (
    Answer,
    Funnel,
    HttpFate,
    Node,
    Ran,
    Request,
    Silence,
    Store,
    World,
)

T = TypeVar("T")

START_LIMIT = 5  # starts in ten seconds that systemd allows
WEBHOOK = "https://box.tail.ts.net/webhook/line"


class Killed(BaseException):
    """The watchdog was killed here: nothing below it may catch this."""


class PretendHost:
    """The truth about the host, and its clock."""

    def __init__(self) -> None:
        self.seconds = 10_000.0
        self.wall_offset = 1_700_000_000.0
        self.boot_id = "boot-1"
        # gateway
        self.unit = "active"  # active, failed, inactive, masked, not-found
        self.instance = 1
        self.started = 0.0
        self.startup = 2.0  # seconds until it listens
        self.hung = False
        self.dies_at_once = False
        self.hangs_again = False
        self.ready_reports_ollama = True
        self.stock_ready = False
        self.bus_silent = False
        self.mended_while_we_sleep = False  # the owner was faster
        # the rest
        self.ollama_up = True
        self.funnel_on = True
        self.funnel_mendable = True
        self.logged_in = True
        self.network_up = True
        # what happened
        self.restarts: list[float] = []
        self.funnel_commands: list[float] = []
        self.evidence: list[str] = []
        self.kill_after: int | None = None
        self.effects = 0

    def moment(self) -> Moment:
        return Moment(self.seconds + self.wall_offset, self.seconds, self.seconds, self.boot_id)

    def effect(self) -> None:
        """Something outside has just changed: the watchdog may be killed right after."""
        self.effects += 1
        if self.kill_after is not None and self.effects == self.kill_after:
            raise Killed

    @property
    def is_up(self) -> bool:
        return self.unit == "active" and self.seconds - self.started >= self.startup

    def crash(self) -> None:
        self.unit = "failed"

    def start(self) -> None:
        self.instance += 1
        self.started = self.seconds
        self.unit = "failed" if self.dies_at_once else "active"
        self.hung = self.hangs_again


class PretendClock:
    def __init__(self, host: PretendHost) -> None:
        self._host = host

    def now(self) -> Moment:
        return self._host.moment()

    def sleep(self, seconds: float) -> None:
        self._host.seconds += seconds
        if self._host.mended_while_we_sleep:
            self._host.unit = "active"


class PretendServices:
    def __init__(self, host: PretendHost) -> None:
        self._host = host

    def show(self, unit: str, deadline: float) -> UnitFacts | Silence:
        del unit
        host = self._host
        if host.bus_silent:
            host.seconds += deadline
            return Silence("no answer", timed_out=True)
        load = host.unit if host.unit in ("masked", "not-found") else "loaded"
        active = host.unit if load == "loaded" else "inactive"
        age = host.seconds - host.started if active == "active" else None
        result = "success" if active in ("active", "inactive") else "signal"
        sub = "running" if active == "active" else "dead"
        return UnitFacts(load, active, sub, result, f"i-{host.instance}", 7, age)

    def restart(self, unit: str, deadline: float) -> Ran:
        del unit, deadline
        host = self._host
        if host.unit in ("masked", "not-found"):
            return Ran(1, err="Failed to restart: Unit is masked.")
        host.seconds += 0.05
        host.restarts.append(host.seconds)
        host.start()
        host.effect()
        return Ran(0)

    def reset_failed(self, unit: str, deadline: float) -> Ran:
        del unit, deadline
        return Ran(0)

    def kill(self, unit: str, deadline: float) -> Ran:
        del unit, deadline
        return Ran(0)

    def journal(self, unit: str, lines: int, deadline: float) -> Ran:
        del unit, lines, deadline
        return Ran(0, out="gateway: last words")


class PretendNetwork:
    def __init__(self, host: PretendHost) -> None:
        self._host = host

    def ask(self, request: Request, deadline: float) -> Answer:
        host = self._host
        if "11434" in request.url:
            return Answer(HttpFate.ANSWERED, 200) if host.ollama_up else _refused()
        if request.url.startswith("https://"):
            if not host.network_up:
                return Answer(HttpFate.NO_ROUTE)
            if not (host.funnel_on and host.logged_in):
                host.seconds += deadline
                return Answer(HttpFate.NO_ANSWER, sent=False)
            if not host.is_up:
                return Answer(HttpFate.ANSWERED, 502, sent=True)
        elif not host.is_up:
            return _refused()
        if host.hung:
            host.seconds += deadline
            return Answer(HttpFate.NO_ANSWER, sent=True)
        return self._gateway(request.url)

    def _gateway(self, url: str) -> Answer:
        host = self._host
        if "/webhook" in url:
            return Answer(HttpFate.ANSWERED, 405, sent=True)
        if "/ready" not in url:
            return Answer(HttpFate.ANSWERED, 200, sent=True)
        if host.stock_ready:
            body = {"status": "not ready", "uptime": "1s"}
            return Answer(HttpFate.ANSWERED, 503, body=json.dumps(body).encode(), sent=True)
        if host.ready_reports_ollama and not host.ollama_up:
            check = {"name": "ollama", "status": "fail", "message": "unreachable"}
            body_with: dict[str, Any] = {"status": "not ready", "checks": {"ollama": check}}
            return Answer(HttpFate.ANSWERED, 503, body=json.dumps(body_with).encode(), sent=True)
        return Answer(HttpFate.ANSWERED, 200, sent=True)

    def listening(self, ports: Sequence[int]) -> frozenset[int] | None:
        return frozenset(ports) if self._host.is_up else frozenset()

    def has_route(self) -> bool | None:
        return self._host.network_up

    def resolves(self, name: str, deadline: float) -> bool:
        del name, deadline
        return self._host.network_up


def _refused() -> Answer:
    return Answer(HttpFate.REFUSED, detail="connection refused")


class PretendTailnet:
    def __init__(self, host: PretendHost) -> None:
        self._host = host

    def funnel(self, ports: Sequence[int], deadline: float) -> Funnel | Silence:
        del ports, deadline
        on = self._host.funnel_on
        return Funnel(("box.tail.ts.net",), ("/",), raw="{}") if on else Funnel()

    def node(self, deadline: float) -> Node | Silence:
        del deadline
        state = "Running" if self._host.logged_in else "NeedsLogin"
        return Node(state, dns_name="box.tail.ts.net", can_funnel=True, can_https=True)

    def publish(self, port: int, deadline: float) -> Ran:
        del port, deadline
        self._host.funnel_commands.append(self._host.seconds)
        if self._host.funnel_mendable:
            self._host.funnel_on = True
        self._host.effect()
        return Ran(0)

    def reset(self, deadline: float) -> Ran:
        del deadline
        self._host.funnel_on = False
        self._host.effect()
        return Ran(0)

    def put_back(self, before: Funnel, deadline: float) -> tuple[str, ...]:
        del before, deadline
        return ()


class PretendMachine:
    def __init__(self, host: PretendHost) -> None:
        self._host = host

    def name(self) -> str:
        return "box"

    def stale_pid(self, path: str) -> PidFile | None:
        del path
        return None

    def move_aside(self, path: str) -> str:
        return f"{path}.stale"

    def together(self, calls: Sequence[Callable[[], T]], deadline: float) -> list[T | None]:
        """All at the same time: the clock moves by the slowest, not by the sum."""
        del deadline
        host, began, slowest = self._host, self._host.seconds, 0.0
        answers: list[T | None] = []
        for call in calls:
            host.seconds = began
            answers.append(call())
            slowest = max(slowest, host.seconds - began)
        host.seconds = began + slowest
        return answers


class PretendLine:
    """LINE: accepts, refuses to answer, answers badly, or accepts and drops the connection."""

    name = "line"

    def __init__(self, host: PretendHost) -> None:
        self._host = host
        self.gateway_fails_meanwhile = False
        self.mode = "ok"  # ok, 503, silent, drop, gone
        self.accepted: dict[str, str] = {}
        self.times: list[float] = []
        self.sent: list[str] = []
        self.left: int | None = None  # messages of the month

    def send(self, text: str, key: str, deadline: float) -> Receipt:
        if self.gateway_fails_meanwhile:
            self.gateway_fails_meanwhile = False
            self._host.crash()
        if self.mode == "gone" or not self._host.network_up:
            return Receipt(Fate.NOT_SENT)
        if self.mode == "503":
            return Receipt(Fate.TRY_LATER, "503")
        if self.mode == "silent":
            self._host.seconds += deadline
            return Receipt(Fate.SILENT)
        if key in self.accepted:
            return Receipt(Fate.ALREADY_SENT)
        self.accepted[key] = text
        self.sent.append(text)
        self.times.append(self._host.seconds)
        self._host.effect()
        return Receipt(Fate.SILENT if self.mode == "drop" else Fate.SENT)

    def room(self, deadline: float) -> int | None:
        del deadline
        return self.left

    def answers(self, deadline: float) -> bool:
        del deadline
        return self.mode in ("ok", "drop") and self._host.network_up


class ListLog:
    def __init__(self, host: PretendHost) -> None:
        self._host = host
        self.lines: list[str] = []

    def write(self, level: str, target: str, result: str, action: str, detail: str) -> None:
        at = self._host.seconds
        self.lines.append(f"{at:.1f} {level} {target} {result} {action} {detail}")


def world_of(host: PretendHost, store: Store, line: PretendLine, log: ListLog) -> World:
    return World(
        clock=PretendClock(host),
        services=PretendServices(host),
        network=PretendNetwork(host),
        tailnet=PretendTailnet(host),
        host=PretendMachine(host),
        store=store,
        log=log,
        channels=(line,),
    )

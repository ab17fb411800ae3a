"""The pretend gateway and the systemd that runs it."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from picoclaw_watchdog.core.model import PidFile
from picoclaw_watchdog.ports import Answer, HttpFate

if TYPE_CHECKING:
    from picoclaw_watchdog.sim.host import PretendHost

# systemd's defaults: so many starts in so many seconds, then no more until reset-failed.
START_LIMIT, START_INTERVAL = 5, 10.0
KILLED_TAKES = 0.1  # seconds until a killed process is gone
ANSWERS = 0.002  # seconds
# What can be wrong with a process that runs; a restart ends it unless it is in `comes_back`.
ILLS = (
    "hung",
    "port_lost",
    "webhook_lost",
    "webhook_dead",
    "unhealthy",
    "not_ready",
    "port_taken",
)
# fork: webhook on its own port, /ready with checks. stock: v0.2.0 to v0.2.9, one port, /ready
# 503 for ever. shared: one port, /ready good.
VERSIONS = ("fork", "stock", "shared")
OK, MOVED_IN, NOT_ALLOWED, BUSY, BROKEN = 200, 404, 405, 503, 500


class Gateway:
    """The gateway's unit: what it is, what it does next, what it answers."""

    def __init__(self, host: "PretendHost") -> None:
        self._host = host
        self.version = "fork"
        self.load = "loaded"  # loaded, masked, not-found
        self.active = "active"
        self.sub = "running"
        self.result = "success"
        self.instance = 1
        self.restarts = 0  # NRestarts
        self.started = host.seconds - 86_400.0
        self.startup = 2.0  # seconds until it listens
        self.notify = False  # Type=notify: systemd calls it activating until it listens
        self.stop_takes = 0.1  # seconds until it has ended on SIGTERM
        self.restart_sec: float | None = None  # RestartSec of Restart=on-failure; None: no
        self.dies_after: float | None = None  # seconds a started process lives
        self.ills: set[str] = set()
        self.comes_back: set[str] = set()  # ills that every new process has, too
        self.slow = 0.0  # seconds more that an answer takes
        self.foreign_pid = False  # a stale pid file names a process that is not PicoClaw
        self.by_hand = False  # somebody runs another gateway beside the unit
        self.enabled = True  # starts at boot
        self.bus_silent = False
        self.starts: list[float] = []
        self.ill_since: float | None = None
        self._job: str | None = None  # what systemd does when the process has ended

    # What is true

    @property
    def listens(self) -> bool:
        """Whether the unit's process has its ports."""
        runs = self.active in ("active", "activating") and self.sub in ("running", "start")
        is_up = self._host.seconds >= self.started + self.startup
        return runs and is_up and not self.ills & {"port_lost", "port_taken"}

    @property
    def is_well(self) -> bool:
        """Whether it does all it should, Ollama apart."""
        # A stock release says that it is not ready whatever happens, so nobody can know.
        ills = self.ills - {"not_ready"} if self.version == "stock" else self.ills
        return (self.listens or self.by_hand) and not ills

    @property
    def answers_well(self) -> bool:
        """Whether whoever asks it now gets good answers."""
        return self.is_well and not self.slow

    @property
    def is_starting(self) -> bool:
        """Whether it runs, but does not listen yet."""
        changing = self.active in ("activating", "deactivating")
        young = self._host.seconds < self.started + self.startup
        return changing or (self.active == "active" and young)

    # What systemd does

    def start(self) -> bool:
        """Start a process; False where the start limit or the unit file forbids it."""
        now = self._host.seconds
        self.starts = [each for each in self.starts if now - each < START_INTERVAL]
        if len(self.starts) >= START_LIMIT:
            self._enter("failed", "failed", "start-limit-hit")
            return False
        self.starts.append(now)
        self.instance += 1
        self.started = now
        self.ills = set(self.comes_back)
        if self.notify:
            self._enter("activating", "start")
            self._host.later(self.startup, self._of_this(self._is_up))
        else:
            self._enter("active", "running")
        self._host.later(self.startup, self._of_this(_nothing))  # it listens from then on
        lives = 0.3 if self.foreign_pid else self.dies_after
        if lives is not None:
            self._host.later(lives, self._of_this(lambda: self.exits("exit-code")))
        return True

    def exits(self, result: str) -> None:
        """The process ends by itself, or is killed by somebody else."""
        if (
            self.active not in ("active", "activating", "deactivating")
            or self.sub == "auto-restart"
        ):
            return
        if self._job is not None:
            self._stopped()
        elif result == "success":
            self._enter("inactive", "dead")
        elif self.restart_sec is None:
            self._enter("failed", "failed", result)
        else:
            self._enter("activating", "auto-restart", result)
            self._host.later(self.restart_sec, self._of_this(self._auto_restart))

    def stop(self) -> None:
        """The owner stops it, cleanly."""
        if self.active in ("active", "activating"):
            self._enter("inactive", "dead")

    def reset(self) -> None:
        """`systemctl reset-failed`."""
        self.starts.clear()
        if self.active == "failed":
            self._enter("inactive", "dead")

    def power_off(self) -> None:
        """The host goes down."""
        self._job = None
        self.instance += 1
        self._enter("inactive", "dead")
        self.starts.clear()
        self.by_hand = False
        self.bus_silent = False

    def boots(self) -> None:
        """The user's systemd is up."""
        if self.enabled and self.load == "loaded":
            self.start()

    def restart_job(self, deadline: float) -> bool | None:
        """Stop and start; None where the deadline passed first, while the job goes on."""
        host = self._host
        if self.active in ("active", "activating") and self.sub != "auto-restart":
            took = KILLED_TAKES if self.sub == "start" else self.stop_takes
            self._job = "start"
            self._enter("deactivating", "stop-sigterm")
            host.later(took, self._of_this(self._stopped))
            host.spend(min(took, deadline))
            if self.active == "deactivating":
                return None
        else:
            host.spend(0.03)
            self.start()
        if self.active == "activating" and self.sub == "start":
            host.spend(min(deadline, self.startup))
            return None if self.active == "activating" else self.active == "active"
        return self.active == "active"

    def kill(self) -> None:
        """SIGKILL."""
        if self.active in ("active", "activating", "deactivating") and self.sub != "auto-restart":
            self._host.later(KILLED_TAKES, self._of_this(lambda: self.exits("signal")))

    def _of_this(self, happen: Callable[[], None]) -> Callable[[], None]:
        """Something that only happens while the present instance lives."""
        instance = self.instance

        def if_same() -> None:
            if self.instance == instance and self._host.is_on:
                happen()

        return if_same

    def _is_up(self) -> None:
        if self.active == "activating":
            self._enter("active", "running")

    def _auto_restart(self) -> None:
        if self.sub == "auto-restart" and self.load == "loaded":
            self.restarts += 1
            self.start()

    def _stopped(self) -> None:
        if self.active != "deactivating":
            return
        job, self._job = self._job, None
        self._enter("inactive", "dead")
        if job == "start" and self.load == "loaded":
            self.start()

    def _enter(self, active: str, sub: str, result: str = "success") -> None:
        was = self.active
        self.active, self.sub, self.result = active, sub, result
        if active == "failed" and was != "failed" and self._host.is_on:
            self._host.note("host", f"unit_failed {result}")
            self._host.wakes.append("failed")

    # What it answers

    def answer(self, url: str, deadline: float) -> Answer | None:
        """What a request to one of its addresses gets; None where it is not ours to answer."""
        settings = self._host.settings
        what = self._what(url)
        if not what:
            return None
        port = urlsplit(url).port or 80
        if not self._is_open(port):
            return Answer(HttpFate.REFUSED, detail="connection refused")
        if "hung" in self.ills or ANSWERS + self.slow > deadline:
            self._host.spend(deadline)
            return Answer(HttpFate.NO_ANSWER, sent=True)
        self._host.spend(ANSWERS + self.slow)
        if "port_taken" in self.ills:
            return Answer(HttpFate.ANSWERED, MOVED_IN, sent=True)
        if what == "webhook":
            its_port = (
                settings.line_webhook_port if self.version == "fork" else settings.gateway_port
            )
            served = port == its_port and "webhook_dead" not in self.ills
            return Answer(HttpFate.ANSWERED, NOT_ALLOWED if served else MOVED_IN, sent=True)
        if "unhealthy" in self.ills:
            return Answer(HttpFate.ANSWERED, BROKEN, sent=True)
        return Answer(HttpFate.ANSWERED, OK, sent=True) if what == "health" else self._ready()

    def _what(self, url: str) -> str:
        settings = self._host.settings
        if url in (settings.health_url, settings.ready_url):
            return "health" if url == settings.health_url else "ready"
        local = url.startswith("http://127.0.0.1:") and url.endswith(settings.webhook_path)
        return "webhook" if local else ""

    def _is_open(self, port: int) -> bool:
        return port in self.open_ports()

    def open_ports(self) -> frozenset[int]:
        """Who listens here, ours or somebody else."""
        settings = self._host.settings
        own = {settings.gateway_port, urlsplit(settings.health_url).port or 0}
        if self.version == "fork" and "webhook_lost" not in self.ills:
            own.add(settings.line_webhook_port)
        if "port_taken" in self.ills or self.by_hand or self.listens:
            return frozenset(own)
        return frozenset()

    def _ready(self) -> Answer:
        if self.version == "stock":
            body: dict[str, object] = {"status": "not ready", "uptime": "1s"}
            return Answer(HttpFate.ANSWERED, BUSY, body=json.dumps(body).encode(), sent=True)
        failing = {}
        if self.version == "fork" and not self._host.ollama.is_reachable():
            failing["ollama"] = {"name": "ollama", "status": "fail", "message": "unreachable"}
        elif self.version == "fork" and not self._host.ollama.loaded:
            failing["ollama_models"] = {"name": "ollama_models", "status": "fail", "message": "-"}
        if "not_ready" in self.ills:
            failing["mcp"] = {"name": "mcp", "status": "fail", "message": "init failed"}
        if not failing:
            return Answer(HttpFate.ANSWERED, OK, sent=True)
        body = {"status": "not ready", "checks": failing}
        return Answer(HttpFate.ANSWERED, BUSY, body=json.dumps(body).encode(), sent=True)

    # The stale pid file

    def stale_pid(self, path: str) -> PidFile | None:
        """The pid file, where it names a process that is not PicoClaw."""
        return PidFile(path, 4711, "sleep") if self.foreign_pid else None

    def move_pid_aside(self, path: str) -> str:
        """Rename it."""
        self._host.before("effect")
        self.foreign_pid = False
        self._host.note("watchdog", "pid_aside")
        self._host.after("effect")
        return f"{path}.stale-1"


def _nothing() -> None:
    """A moment that matters to whoever looks."""


def listening(gateway: Gateway, ports: Sequence[int]) -> frozenset[int]:
    """Which of the ports somebody listens on."""
    return gateway.open_ports() & frozenset(ports)

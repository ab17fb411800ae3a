"""A host in a box: real processes on loopback ports of their own, in a folder of their own.

A gateway under a pretended systemd, an Ollama, a LINE server, a pretended Tailscale with a
public side, and faults for all of them. Nothing outside the folder is touched, and `close`
leaves nothing behind. Every process carries the folder's name in its environment, by which
it is found again, whoever started it.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from picoclaw_watchdog.demo import tailnet, tailscale_command, tailscaled, units
from picoclaw_watchdog.demo.clearing import MARK, PREFIX, end_all, sweep, uninterrupted
from picoclaw_watchdog.demo.gateway import RELEASES
from picoclaw_watchdog.demo.layout import connects, free_ports, stand_in
from picoclaw_watchdog.demo.programs import SOURCES, put_on_path
from picoclaw_watchdog.demo.serving import status_of
from picoclaw_watchdog.host.tailscale import SOCKET_VARIABLE

UNIT = "picoclaw-gateway.service"
OWNER_ID = "U" + "5" * 32
_OWNER = "PICOCLAW_DEMO_OWNER"
_UP_WITHIN_SECONDS = 15.0
_STEP_SECONDS = 0.02


class Message(NamedTuple):
    """What the LINE server delivered."""

    time: float
    to: str
    text: str
    retry_key: str


class Box:
    """One host in a box. Use it as a context manager, or call `close`.

    Args:
        settings: the watchdog's settings beyond the box's own, without their prefix.
        language: of the messages, en or ja.
        release: of the gateway, see `demo.gateway`.
        start_delay: seconds the gateway needs before it listens.
        local_api: whether tailscaled answers at its socket; else only the command does.
        parent: where the folder is made; the system's temporary folder if None.
    """

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        language: str = "en",
        release: str = "fork",
        start_delay: float = 0.0,
        local_api: bool = False,
        parent: Path | None = None,
    ) -> None:
        sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self.ports = free_ports()
        self.pico_home = self.folder / "home" / ".picoclaw"
        self.state_dir = self.pico_home / "state" / "watchdog"
        self.log_file = self.pico_home / "logs" / "ops-watchdog.log"
        self._systemd = self.folder / "systemd"
        self._tailscale = self.folder / "tailscale.json"
        self._socket = self.folder / "tailscaled.sock"
        self._local_api = local_api
        self._kept = self.folder / "line-kept.jsonl"
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self._watchdogs: list[subprocess.Popen[str]] = []
        self._release = release
        self._token = secrets.token_urlsafe(32)
        self._secret = secrets.token_hex(16)
        try:
            self._lay_out(start_delay)
            self._write_env({"LANGUAGE": language, **(settings or {})})
            self._switch_on()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- the host ----------------------------------------------------------------------------

    @property
    def environ(self) -> dict[str, str]:
        """The environment of everything that runs in the box."""
        return {
            "PATH": str(self.folder / "bin"),
            "HOME": str(self.folder / "home"),
            "PICO_HOME": str(self.pico_home),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(SOURCES),
            "PICOCLAW_DEMO_SYSTEMD": str(self._systemd),
            tailnet.STATE_VARIABLE: str(self._tailscale),
            SOCKET_VARIABLE: str(self._socket),  # never the host's own tailscaled
            MARK: str(self.folder),
            _OWNER: str(os.getpid()),
        }

    def _lay_out(self, start_delay: float) -> None:
        for made in (self.pico_home, self.folder / "run", self._systemd, self.folder / "control"):
            made.mkdir(parents=True, mode=0o700)
        (self.folder / "owner").write_text(f"{os.getpid()} {units.born(os.getpid())}")
        put_on_path(self.folder, self._systemd, self._tailscale)
        self.set_tailnet()
        self.funnel_on()
        unit = units.Unit(
            command=(
                *stand_in("gateway"),
                *("--port", str(self.ports.gateway), "--webhook-port", str(self.ports.webhook)),
                *("--release", self._release, "--start-delay", str(start_delay)),
                *("--ollama", f"http://127.0.0.1:{self.ports.ollama}", "--secret", self._secret),
                *("--control", str(self.folder / "control" / "gateway.json")),
                *("--pid-file", str(self.pico_home / ".picoclaw.pid")),
            ),
            environment=tuple({**self.environ, "PATH": os.defpath}.items()),
        )
        units.write_manager(self._systemd, units.Manager({UNIT: unit}))

    def _write_env(self, settings: Mapping[str, str]) -> None:
        ours = {
            "GATEWAY_PORT": str(self.ports.gateway),
            "LINE_WEBHOOK_PORT": str(self.ports.webhook),
            "HEALTH_URL": self.url("gateway", "/health"),
            "READY_URL": self.url("gateway", "/ready"),
            "WEBHOOK_URL": self.url("ingress", "/webhook/line"),
            "OLLAMA_MODELS_URL": self.url("ollama", "/v1/models"),
            "LINE_NOTIFY_ENABLED": "true",
            "LINE_NOTIFY_TO": OWNER_ID,
            "LINE_PUSH_ENDPOINT": self.url("line", "/v2/bot/message/push"),
            **settings,
        }
        lines = [f"PICOCLAW_WATCHDOG_{name}={value}" for name, value in ours.items()]
        lines += [
            f"PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN={self._token}",
            f"PICOCLAW_CHANNELS_LINE_CHANNEL_SECRET={self._secret}",
        ]
        path = self.pico_home / ".env"
        path.touch(0o600)
        path.write_text("\n".join(lines) + "\n", "utf-8")

    def _switch_on(self) -> None:
        self.line_up(wait=False)
        socket = ("--socket", str(self._socket)) if self._local_api else ()
        self._serve("ingress", "--tailscale", str(self._tailscale), *socket)
        self.ollama_up()  # before the gateway, whose first look at it /ready reports for a while
        self.systemctl("start", UNIT)
        for port in self.ports[2:]:
            self._wait(partial(connects, port), f"port {port}")
        self._wait(self.is_healthy, "gateway")

    def _wait(self, true: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + _UP_WITHIN_SECONDS
        while not true():
            if time.monotonic() > until:
                raise TimeoutError(f"the stand-in for {what} did not come up")
            time.sleep(_STEP_SECONDS)

    def url(self, name: str, path: str) -> str:
        """The address of a stand-in."""
        return f"http://127.0.0.1:{getattr(self.ports, name)}{path}"

    def close(self) -> None:
        """End every process of the box and remove its folder. Safe to call twice."""
        with uninterrupted():
            end_all(self.folder)
            for server in self._servers.values():
                server.wait()
            for watchdog in self._watchdogs:
                watchdog.wait()
                if watchdog.stdout is not None:
                    watchdog.stdout.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- the watchdog ------------------------------------------------------------------------

    def begin(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start the watchdog's command in the box; standard input is nobody's keyboard."""
        watchdog = subprocess.Popen(
            [sys.executable, "-m", "picoclaw_watchdog", *arguments],
            env={**self.environ, **environ},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        unfinished = [each for each in self._watchdogs if each.returncode is None]
        self._watchdogs = [*unfinished, watchdog]
        return watchdog

    def run(self, *arguments: str, timeout: float = 60.0, **environ: str) -> tuple[int, str]:
        """Run the watchdog's command; answers its exit status and all it printed."""
        process = self.begin(*arguments, **environ)
        try:
            printed, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process.returncode, printed

    def messages(self) -> list[Message]:
        """What LINE delivered to the owner, oldest first."""
        try:
            lines = self._kept.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        kept = [json.loads(line) for line in lines]
        return [Message(*(each[field] for field in Message._fields)) for each in kept]

    def log(self) -> str:
        """The watchdog's log."""
        try:
            return self.log_file.read_text("utf-8")
        except FileNotFoundError:
            return ""

    # -- what is so --------------------------------------------------------------------------

    def is_healthy(self) -> bool:
        """Whether the gateway says so itself."""
        return self.status("gateway", "/health") == 200  # noqa: PLR2004

    def is_reachable(self) -> bool:
        """Whether the webhook answers at its public address."""
        return self.status("ingress", "/webhook/line") == 405  # noqa: PLR2004

    def status(self, name: str, path: str, timeout: float = 1.0) -> int:
        """What a stand-in answers; 0 for no answer."""
        try:
            return status_of(self.url(name, path), timeout)
        except (OSError, ValueError):
            return 0

    def unit(self) -> units.Unit:
        """The gateway's unit."""
        return units.read_manager(self._systemd).units[UNIT]

    def gateway_runs(self) -> bool:
        """Whether the gateway's process exists."""
        return units.is_alive(self.unit())

    def gateway_starts(self) -> int:
        """How often the gateway was started, the first time included."""
        return self.unit().times_started

    def published(self) -> tailscaled.Config | None:
        """What Tailscale serves now."""
        return tailnet.load(self._tailscale).serve

    def tailscale_commands(self) -> list[str]:
        """The changing commands that Tailscale was given, oldest first."""
        try:
            return self._tailscale.with_suffix(".commands").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []

    # -- faults ------------------------------------------------------------------------------

    def order(self, name: str, **faults: object) -> None:
        """Tell a stand-in (gateway, ollama, line) how to misbehave; nothing: behave."""
        path = self.folder / "control" / f"{name}.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(faults), "utf-8")
        fresh.replace(path)

    def kill_gateway(self) -> None:
        """SIGKILL, and gone."""
        unit = self.unit()
        units.kill(self._systemd, UNIT, signal.SIGKILL)
        self._wait(lambda: not units.is_alive(unit), "a killed gateway")

    def hang_gateway(self) -> None:
        """SIGSTOP: the kernel goes on accepting connections, and nobody answers."""
        units.kill(self._systemd, UNIT, signal.SIGSTOP)

    def lose_listener(self) -> None:
        """The process lives on and listens no more, also after a restart."""
        self.order("gateway", listen="dead")
        self._wait(lambda: not connects(self.ports.gateway), "a lost listener")

    def systemctl(self, *arguments: str) -> tuple[int, str]:
        """Run the pretended systemctl as the owner would."""
        done = subprocess.run(
            [self.folder / "bin" / "systemctl", "--user", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def set_unit(self, **fields: object) -> None:
        """Change what the pretended systemd says of the gateway: see `units.Unit`."""
        with units.jobs_of(self._systemd):
            units.change_unit(self._systemd, UNIT, **fields)

    def set_bus(self, *, hang: bool = False, up: bool = True) -> None:
        """Make systemd's bus hang, or be away."""
        with units.jobs_of(self._systemd):
            manager = units.read_manager(self._systemd)
            units.write_manager(self._systemd, manager._replace(hang=hang, bus=up))

    def set_tailnet(self, **fields: object) -> None:
        """Change the pretended Tailscale: see `tailscaled.Tailnet`."""
        tailnet.change(self._tailscale, lambda state: state._replace(**fields))  # type: ignore[arg-type]

    def funnel_on(self) -> None:
        """Publish the webhook, as `tailscale funnel --bg` does."""
        port = self.ports.gateway if RELEASES[self._release].shared_port else self.ports.webhook

        def published(node: tailscaled.Tailnet) -> tailscaled.Tailnet:
            arguments = ["funnel", "--bg", str(port)]
            return tailscale_command.command(node, arguments, tailscaled.Caller(root=True)).node

        tailnet.change(self._tailscale, published)

    def funnel_off(self) -> None:
        """Publish nothing any more."""
        self.set_tailnet(serve={})

    def sudo_wants_password(self) -> None:
        """`sudo -n` is refused."""
        (self.folder / "sudo-wants-password").touch()

    def remove_program(self, name: str) -> None:
        """A program is not installed."""
        (self.folder / "bin" / name).unlink()

    def ollama_up(self, *, wait: bool = True) -> None:
        """Start Ollama."""
        control = str(self.folder / "control" / "ollama.json")
        self._serve("ollama", "--control", control, wait=wait)

    def kill_ollama(self) -> None:
        """End Ollama."""
        self._end("ollama")

    def line_up(self, *, wait: bool = True) -> None:
        """Start the LINE server; what it delivered before it still knows."""
        control = str(self.folder / "control" / "line.json")
        self._serve("line", "--keep", str(self._kept), "--control", control, wait=wait)

    def line_down(self) -> None:
        """End the LINE server: connections are refused."""
        self._end("line")

    def _serve(self, name: str, *arguments: str, wait: bool = False) -> None:
        port = getattr(self.ports, name)
        self._servers[name] = subprocess.Popen(
            [*stand_in(name), "--port", str(port), *arguments],
            env={**self.environ, "PATH": os.defpath},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        if wait:
            self._wait(lambda: connects(port), name)

    def _end(self, name: str) -> None:
        server = self._servers.pop(name, None)
        if server is not None:
            server.kill()
            server.wait()

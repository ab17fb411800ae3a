"""A stand-in for the PicoClaw gateway: the real one's ports, answers and bad habits.

Releases differ: the fork and v0.1.2 serve health and webhook on two
ports and survive a lost listener; from v0.2.0 one port serves both and /ready says 503 for
ever; from v0.2.3 a port that cannot be bound ends the process; from v0.2.5 there is a pid
file that a foreign process can hold hostage. What came after them is in `successors.py`.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import sys
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from picoclaw_watchdog.demo.serving import (
    Asked,
    Reply,
    Rude,
    Server,
    json_reply,
    read_control,
    run,
    status_of,
)
from picoclaw_watchdog.demo.successors import SUCCESSORS, WEBHOOKS, unsigned

_BODY_LIMIT = 1 << 20  # upstream refuses longer webhook bodies
_OLLAMA_TIMEOUT_SECONDS = 2.0


class Release(NamedTuple):
    """What tells one release from another."""

    shared_port: bool = False
    ready_stays_503: bool = False
    bind_failure_ends: bool = False
    handles_sigterm: bool = False
    tells_pid: bool = False
    pid_file: bool = False
    knows_its_own_pid: bool = False
    checks: bool = False
    limits_body: bool = True
    successor: str = ""  # whose answers it gives, where it is no PicoClaw


RELEASES = {
    "fork": Release(checks=True, limits_body=False),
    "v0.1.2": Release(limits_body=False),
    "v0.2.0": Release(shared_port=True, ready_stays_503=True),
    "v0.2.5": Release(
        shared_port=True,
        ready_stays_503=True,
        bind_failure_ends=True,
        handles_sigterm=True,
        tells_pid=True,
        pid_file=True,
    ),
    "main": Release(
        shared_port=True,
        bind_failure_ends=True,
        handles_sigterm=True,
        tells_pid=True,
        pid_file=True,
        knows_its_own_pid=True,
    ),
    **{
        name: Release(shared_port=True, handles_sigterm=True, checks=True, successor=name)
        for name in SUCCESSORS
    },
}


def go_duration(seconds: float) -> str:
    """A duration as Go prints it: `4m35.4s`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{rest:.6f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


class OllamaChecks:
    """The fork's own view of Ollama, refreshed on a period as its health server does."""

    def __init__(self, base_url: str, period: float) -> None:
        self._base_url = base_url.rstrip("/").removesuffix("/v1")
        self._period = period
        self._checks: dict[str, dict[str, str]] = {}

    def start(self) -> None:
        """Look once, before anything is served, and then for ever."""
        if self._base_url:
            self._look()
            threading.Thread(target=self._keep_looking, daemon=True).start()

    def results(self) -> dict[str, dict[str, str]]:
        """What the last look found."""
        return self._checks

    def _keep_looking(self) -> None:
        while True:
            time.sleep(self._period)
            self._look()

    def _look(self) -> None:
        problem = self._problem("/")
        models = self._problem("/api/ps")
        self._checks = {
            "ollama": check("ollama", problem),
            "ollama_models": check("ollama_models", models, "1/1 models ok"),
        }

    def _problem(self, path: str) -> str:
        try:
            status = status_of(self._base_url + path, _OLLAMA_TIMEOUT_SECONDS)
        except (OSError, ValueError) as error:
            return f"unreachable: {error}"
        return "" if status == HTTPStatus.OK else f"status {status}"


def check(name: str, problem: str, fine: str = "ok") -> dict[str, str]:
    """One entry of /ready's `checks`."""
    return {
        "name": name,
        "status": "fail" if problem else "ok",
        "message": problem or fine,
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


class Gateway:
    """The answers of one gateway."""

    def __init__(self, release: Release, secret: str, control: str, checks: OllamaChecks) -> None:
        self.release = release
        self._secret = secret.encode()
        self._control = control
        self._checks = checks
        self._began = time.monotonic()

    def control(self) -> dict[str, object]:
        """The faults in force now."""
        return read_control(self._control)

    def answer_health(self, asked: Asked) -> Reply | Rude:
        """The health server; on releases with one port, the webhook too."""
        control = self.control()
        if control.get("hang"):
            return Rude.HANG
        if self.release.successor:
            return self._successor(asked, str(control.get("ready") or ""))
        if asked.path == "/health":
            status = control.get("health_status")
            return self._health(status if isinstance(status, int) else 200)
        if asked.path == "/ready":
            return self._ready(str(control.get("ready") or ""))
        if self.release.shared_port and control.get("webhook") != "dead":
            return self.answer_webhook(asked)
        return Reply(404, b"404 page not found\n")

    def answer_webhook(self, asked: Asked) -> Reply | Rude:
        """The LINE channel's webhook."""
        if self.control().get("hang"):
            return Rude.HANG
        if asked.path != "/webhook/line":
            return Reply(404, b"404 page not found\n")
        if asked.method != "POST":
            return Reply(405, b"Method not allowed\n")
        if self.release.limits_body and len(asked.body) > _BODY_LIMIT:
            return Reply(413, b"Request entity too large\n")
        if not self._is_signed(asked):
            return Reply(403, b"Forbidden\n")
        try:
            json.loads(asked.body)
        except ValueError:
            return Reply(400, b"Bad request\n")
        return Reply(200)

    def _successor(self, asked: Asked, fault: str) -> Reply:
        name = self.release.successor
        if asked.path == WEBHOOKS.get(name):
            signed = asked.method == "POST" and self._is_signed(asked)
            return Reply(200) if signed else unsigned(asked)
        checks = dict(self._checks.results())
        if fault == "ollama":
            checks["ollama"] = check("ollama", "unreachable: connection refused")
        return SUCCESSORS[name](asked, checks, starting=fault == "starting")

    def _is_signed(self, asked: Asked) -> bool:
        expected = base64.b64encode(hmac.digest(self._secret, asked.body, hashlib.sha256)).decode()
        return hmac.compare_digest(expected, asked.headers.get("x-line-signature", ""))

    def _health(self, status: int) -> Reply:
        body: dict[str, object] = {"status": "ok", "uptime": self._uptime()}
        if self.release.tells_pid:
            body["pid"] = os.getpid()
        return json_reply(status, body)

    def _ready(self, fault: str) -> Reply:
        if fault == "stock" or (self.release.ready_stays_503 and not fault):
            return json_reply(503, {"status": "not ready", "uptime": ""})
        checks = dict(self._checks.results()) if self.release.checks else {}
        if fault == "failing":
            checks["agent"] = check("agent", "loop stopped")
        elif fault == "ollama":
            checks["ollama"] = check("ollama", "unreachable: connection refused")
        if any(entry["status"] != "ok" for entry in checks.values()):
            return json_reply(503, {"status": "not ready", "uptime": "", "checks": checks})
        ready: dict[str, object] = {"status": "ready", "uptime": self._uptime()}
        if checks:
            ready["checks"] = checks
        return json_reply(200, ready)

    def _uptime(self) -> str:
        return go_duration(time.monotonic() - self._began)


def _claim_pid_file(path: Path, release: Release, port: int) -> str:
    """Write the pid file; answers why the gateway must not start, if it must not."""
    try:
        holder = int(json.loads(path.read_text("utf-8"))["pid"])
        program = Path(f"/proc/{holder}/comm").read_text("utf-8").strip()
    except (OSError, ValueError, KeyError, TypeError):
        program = ""
        holder = 0
    # Up to v0.2.9 any living process counts, also one that merely got the same number.
    if program and holder != os.getpid() and (not release.knows_its_own_pid or "pico" in program):
        return f"gateway is already running (PID: {holder}, version: dev)"
    document = {
        "pid": os.getpid(),
        "token": os.urandom(16).hex(),
        "version": "dev",
        "port": port,
        "host": "127.0.0.1",
    }
    path.touch(0o600)
    path.write_text(json.dumps(document), "utf-8")
    return ""


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="picoclaw gateway", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-port", type=int, required=True)
    parser.add_argument("--release", choices=sorted(RELEASES), default="fork")
    parser.add_argument("--start-delay", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--ollama", default="", metavar="URL")
    parser.add_argument("--check-period", type=float, default=0.5, metavar="SECONDS")
    parser.add_argument("--secret", default="")
    parser.add_argument("--control", default="", metavar="FILE")
    parser.add_argument("--pid-file", default="", metavar="FILE")
    return parser.parse_args(arguments)


def _open(server: Server, wanted: bool, release: Release) -> bool:  # noqa: FBT001
    """Keep a listener as wanted; False: the process must end."""
    try:
        server.keep(wanted)
    except OSError as error:
        print(f"Health server error: {error}", flush=True)
        return not release.bind_failure_ends
    return True


def main(arguments: list[str] | None = None) -> int:
    """Run until told to end."""
    options = _parse(arguments)
    release = RELEASES[options.release]
    Path("/proc/self/comm").write_text("picoclaw")  # what ps and the pid file's readers see
    print("starting gateway", flush=True)
    claims = release.pid_file and options.pid_file
    refusal = _claim_pid_file(Path(options.pid_file), release, options.port) if claims else ""
    if read_control(options.control).get("die"):
        refusal = "panic: stand-in was told to die"
    if refusal:
        print(refusal, file=sys.stderr, flush=True)
        return 1
    code = _serve(options, release)
    if claims:
        Path(options.pid_file).unlink(missing_ok=True)
    return code


def _serve(options: argparse.Namespace, release: Release) -> int:
    time.sleep(options.start_delay)
    checks = OllamaChecks(options.ollama, options.check_period)
    checks.start()
    gateway = Gateway(release, options.secret, options.control, checks)
    health = Server(options.port, gateway.answer_health)
    webhook = None
    if not release.shared_port:
        webhook = Server(options.webhook_port, gateway.answer_webhook)

    def follow_control() -> None:
        control = gateway.control()
        _open(health, control.get("listen") != "dead", release)
        if webhook is not None:
            _open(webhook, control.get("webhook") != "dead", release)

    if not _open(health, gateway.control().get("listen") != "dead", release):
        return 1
    follow_control()
    print(f"Gateway started on 127.0.0.1:{options.port}", flush=True)
    return run(follow_control, die_by_signal=not release.handles_sigterm)


if __name__ == "__main__":
    sys.exit(main())

"""A healthy host in a box, for measuring: real servers on loopback, light programs on PATH.

`systemctl` is the real one where the user has a systemd and it is asked for; else a small shell
script with prepared answers, as is `tailscale`. Both watchdogs meet the same ones.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
UP_WITHIN = 15.0  # seconds
USUAL_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

SYSTEMCTL = """#!/bin/sh
case $* in
"--user show "*)
    echo 'LoadState=loaded
ActiveState=active
SubState=running
Result=success
InvocationID=5f0c2f6be11a4c5e9f1e3a2d8b7c6d5e
MainPID=1
ExecMainStartTimestampMonotonic=1000000
NRestarts=0
StateChangeTimestampMonotonic=1000000'
    ;;
"--user -q is-active "*) ;;
*) exit 1 ;;
esac
"""

TAILSCALE = """#!/bin/sh
case $* in
"funnel status --json")
    echo '{
  "TCP": {
    "443": {
      "HTTPS": true
    }
  },
  "Web": {
    "box.tail1234.ts.net:443": {
      "Handlers": {
        "/": {
          "Proxy": "http://127.0.0.1:@WEBHOOK@"
        }
      }
    }
  },
  "AllowFunnel": {
    "box.tail1234.ts.net:443": true
  }
}'
    ;;
"funnel status")
    echo '
# Funnel on:
#     - https://box.tail1234.ts.net

https://box.tail1234.ts.net (Funnel on)
|-- / proxy http://127.0.0.1:@WEBHOOK@
'
    ;;
*) exit 1 ;;
esac
"""


BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
HASHED = "/etc/ssl/certs"  # the same certificates, a file for each, named by its hash


class Public(Enum):
    """How the public webhook is reached."""

    SYSTEM_TRUST = "https, certificates as on this machine"
    ONE_CA = "https, one CA in one file"
    HTTP = "http"


class CannotBuildError(Exception):
    """Something that the box needs is not there."""


class HealthyHost:
    """Servers, programs and settings of one host on which all is well.

    Args:
        public: the public webhook. Its certificate is of a throwaway CA, which is added to what
            each program trusts by itself: curl a bundle in one file, we a folder.
        systemd: whether to use the real `systemctl --user`.
    """

    def __init__(self, public: Public = Public.SYSTEM_TRUST, *, systemd: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="picoclaw-cost-"))
        self.pico_home = self.folder / "home" / ".picoclaw"
        self.log_file = self.pico_home / "logs" / "ops-watchdog.log"
        self.state_dir = self.pico_home / "state" / "watchdog"
        self.unit = (
            f"picoclaw-cost-{os.getpid()}.service" if systemd else "picoclaw-gateway.service"
        )
        self.public = public
        self.is_real_systemd = systemd
        self._servers: list[subprocess.Popen[bytes]] = []
        self.gateway, self.webhook, self.ollama, self._front = _free_ports(4)
        try:
            self._build()
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

    @property
    def settings(self) -> dict[str, str]:
        """The settings that differ from the defaults, without their prefix."""
        scheme, port = ("https", self._front) if self._tls else ("http", self.webhook)
        return {
            "GATEWAY_SERVICE": self.unit,
            "GATEWAY_PORT": str(self.gateway),
            "LINE_WEBHOOK_PORT": str(self.webhook),
            "HEALTH_URL": f"http://127.0.0.1:{self.gateway}/health",
            "READY_URL": f"http://127.0.0.1:{self.gateway}/ready",
            "WEBHOOK_URL": f"{scheme}://localhost:{port}/webhook/line",
            "OLLAMA_MODELS_URL": f"http://127.0.0.1:{self.ollama}/v1/models",
        }

    @property
    def environ(self) -> dict[str, str]:
        """The environment of whatever watches this host, as systemd's user manager makes it."""
        environ = {
            "PATH": f"{self.folder / 'bin'}:{USUAL_PATH}",
            "HOME": str(self.folder / "home"),
            "PICO_HOME": str(self.pico_home),
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "TS_SOCKET": str(self.folder / "tailscaled.sock"),  # never the host's own
        }
        if self.is_real_systemd:
            environ["XDG_RUNTIME_DIR"] = os.environ.get("XDG_RUNTIME_DIR", "")
        if self.public is Public.ONE_CA:
            environ["SSL_CERT_FILE"] = str(self.folder / "ca.pem")  # both sides obey it
        elif self.public is Public.SYSTEM_TRUST:
            environ["CURL_CA_BUNDLE"] = str(self.folder / "bundle.pem")  # curl obeys only this
            environ["SSL_CERT_FILE"] = str(self.folder / "absent.pem")
            environ["SSL_CERT_DIR"] = str(self.folder / "hashed")
        return environ

    @property
    def _tls(self) -> bool:
        return self.public is not Public.HTTP

    def close(self) -> None:
        """End what was started and remove the folder."""
        for server in self._servers:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        if self.is_real_systemd:
            subprocess.run(["systemctl", "--user", "-q", "stop", self.unit], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _build(self) -> None:
        for made in ("home/.picoclaw/logs", "bin", "run"):
            (self.folder / made).mkdir(parents=True, mode=0o700)
        self._program("tailscale", TAILSCALE.replace("@WEBHOOK@", str(self.webhook)))
        if not self.is_real_systemd:
            self._program("systemctl", SYSTEMCTL)
        self._write_env()
        self._serve("ollama", "--port", str(self.ollama))
        _wait_for(self.ollama)  # the gateway looks at it before it says that it is ready
        self._start_gateway()
        ports = [self.gateway, self.webhook]
        if self._tls:
            make_certificate(self.folder)
            if self.public is Public.SYSTEM_TRUST:
                trust_as_the_system(self.folder)
            command = [sys.executable, "-S", str(HERE / "tls_front.py"), str(self._front)]
            self._start([*command, str(self.folder / "host.pem"), str(self.folder / "host.key")])
            ports.append(self._front)
        for port in ports:
            _wait_for(port)

    def _program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(text)
        path.chmod(0o700)

    def _write_env(self) -> None:
        path = self.pico_home / ".env"
        path.touch(0o600)
        path.write_text(
            "".join(f"PICOCLAW_WATCHDOG_{name}={value}\n" for name, value in self.settings.items())
        )

    def _start_gateway(self) -> None:
        ports = ("--port", str(self.gateway), "--webhook-port", str(self.webhook))
        ollama = ("--ollama", f"http://127.0.0.1:{self.ollama}", "--check-period", "30")
        if not self.is_real_systemd:
            self._serve("gateway", *ports, *ollama)
            return
        source = f"PYTHONPATH={ROOT / 'src'}"
        command = [sys.executable, "-m", "picoclaw_watchdog.demo.gateway", *ports, *ollama]
        subprocess.run(
            ["systemd-run", "--user", "-q", f"--unit={self.unit}", f"--setenv={source}", *command],
            check=True,
        )

    def _serve(self, name: str, *arguments: str) -> None:
        self._start([sys.executable, "-m", f"picoclaw_watchdog.demo.{name}", *arguments])

    def _start(self, command: list[str]) -> None:
        environ = {"PATH": USUAL_PATH, "PYTHONPATH": str(ROOT / "src")}
        environ["PICOCLAW_DEMO_OWNER"] = str(os.getpid())  # it ends when we do
        self._servers.append(
            subprocess.Popen(
                command,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        )


def has_user_systemd() -> bool:
    """Whether `systemctl --user` answers here."""
    if shutil.which("systemctl") is None or shutil.which("systemd-run") is None:
        return False
    asked = subprocess.run(
        ["systemctl", "--user", "show", "-P", "Version"], capture_output=True, check=False
    )
    return asked.returncode == 0 and bool(asked.stdout.strip())


def make_certificate(folder: Path) -> None:
    """A CA for this run only (ca.pem), and a certificate of it for localhost (host.pem)."""
    if shutil.which("openssl") is None:
        raise CannotBuildError("openssl is not installed; try --http-public")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    ca = ("-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=throwaway", "-days", "2")
    host = ("-keyout", "host.key", "-out", "host.csr", "-subj", "/CN=localhost")
    (folder / "host.ext").write_text("subjectAltName=DNS:localhost\n")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2")
    files = ("-in", "host.csr", "-out", "host.pem", "-extfile", "host.ext")
    for command in (
        ("req", "-x509", *curve, *ca),
        ("req", *curve, *host),
        ("x509", "-req", *signing, *files),
    ):
        subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)


def trust_as_the_system(folder: Path) -> None:
    """The machine's certificates and the throwaway CA: as a bundle, and as a hashed folder."""
    bundle = next((path for path in map(Path, BUNDLES) if path.is_file()), None)
    links = [path for path in Path(HASHED).glob("*.[0-9]") if path.is_file()]
    if bundle is None or not links:
        raise CannotBuildError("this machine has no certificates as Debian has them; try --one-ca")
    own = folder / "ca.pem"
    (folder / "bundle.pem").write_bytes(bundle.read_bytes() + own.read_bytes())
    hashed = folder / "hashed"
    hashed.mkdir()
    for path in links:
        (hashed / path.name).symlink_to(path.resolve())
    asked = ("openssl", "x509", "-noout", "-subject_hash", "-in", str(own))
    name = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    (hashed / f"{name}.0").symlink_to(own)


def _free_ports(number: int) -> list[int]:
    with ExitStack() as held:
        return [
            held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            for _ in range(number)
        ]


def _wait_for(port: int) -> None:
    until = time.monotonic() + UP_WITHIN
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise CannotBuildError(f"nothing listens on port {port} after {UP_WITHIN:g} s")

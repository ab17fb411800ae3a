"""What Tailscale says, in both its forms, and a PATH to put it on."""

import json
import os
from pathlib import Path

import pytest

from picoclaw_watchdog.host import serve_config, tailscale
from picoclaw_watchdog.ports import Funnel, Ran, Silence
from tests.unit.standins import Bin

PORTS = (18791, 18790)
HOST = "box.tail1234.ts.net"
DENIED = (
    "sending serve config: Access denied: serve config denied\n\n"
    "Use 'sudo tailscale funnel --bg 18791'.\n"
    "To not require root, use 'sudo tailscale set --operator=$USER' once.\n"
)
DAEMON = (
    "Failed to connect to local Tailscale daemon for /localapi/v0/serve-config; not running? "
    "Error: dial unix /var/run/tailscale/tailscaled.sock: connect: no such file or directory\n"
)
USAGE = "flag provided but not defined: -json\n"


def config(
    mounts: dict[str, dict[str, str]], *, port: int = 443, public: bool = True, host: str = HOST
) -> dict[str, object]:
    site = f"{host}:{port}"
    served: dict[str, object] = {
        "TCP": {str(port): {"HTTPS": True}},
        "Web": {site: {"Handlers": mounts}},
    }
    return {**served, "AllowFunnel": {site: True}} if public else served


OURS = {"/": {"Proxy": "http://127.0.0.1:18791"}}
ON = f"""
# Funnel on:
#     - https://{HOST}

https://{HOST} (Funnel on)
|-- / proxy http://127.0.0.1:18791

"""


def from_json(document: object, ports: tuple[int, ...] = PORTS) -> Funnel:
    text = json.dumps(document)
    entries = serve_config.read_json(text)
    assert entries is not None
    return serve_config.summarise(entries, ports, raw=text)


def from_text(out: str, err: str = "", code: int = 0) -> Funnel | Silence:
    return tailscale.read_status_text(Ran(code, out, err), PORTS)


def unprivileged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    """A PATH of its own, for somebody who is not root; the suite may run as root."""
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    (folder / "bin").mkdir()
    return Bin(folder / "bin", monkeypatch)

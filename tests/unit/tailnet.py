"""What Tailscale says, in both its forms, and a PATH to put it on."""

import json
import os
from pathlib import Path

import pytest

from picoclaw_watchdog.demo.in_memory import InMemoryTailnet
from picoclaw_watchdog.demo.tailscaled import Tailnet
from picoclaw_watchdog.host import serve_config, serve_text
from picoclaw_watchdog.ports import Funnel, Ran
from tests.unit.standins import Bin

HOST = "box.tail1234.ts.net"
DENIED = (
    "sending serve config: Access denied: serve config denied\n\n"
    "Use 'sudo tailscale funnel --bg 18791'.\n"
    "To not require root, use 'sudo tailscale set --operator=$USER' once.\n"
)
NO_SOCKET = (
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


OPERATORS = Tailnet(operator=True)  # a node whose user may change what it serves
OURS = {"/": {"Proxy": "http://127.0.0.1:18791"}}
ON = f"""
# Funnel on:
#     - https://{HOST}

https://{HOST} (Funnel on)
|-- / proxy http://127.0.0.1:18791

"""


def from_json(document: object, name: str = "") -> Funnel:
    text = json.dumps(document)
    parsed = serve_config.parse(text)
    assert parsed is not None
    return Funnel(serve_config.entries_of(parsed), text, name=name)


def from_text(out: str, err: str = "", code: int = 0) -> Funnel:
    found = serve_text.read(Ran(code, out, err))
    assert found is not None
    return found


def serving(
    serve: object, node: Tailnet = OPERATORS, *, socket: bool = True, sudoers: tuple[str, ...] = ()
) -> InMemoryTailnet:
    """A node that serves this."""
    there = node._replace(serve=json.loads(json.dumps(serve)))
    return InMemoryTailnet(there, socket=socket, sudoers=sudoers)


def unprivileged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    """A PATH of its own, for somebody who is not root; the suite may run as root."""
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setenv("TS_SOCKET", str(folder / "no.sock"))
    (folder / "bin").mkdir()
    return Bin(folder / "bin", monkeypatch)

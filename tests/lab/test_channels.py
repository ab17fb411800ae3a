"""Apprise from a unit that may gain no privileges, map no code and leave no process behind."""

import json
import re
import site
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from tests.lab.host import PUBLIC, STANDINS, UNITS, WATCHDOG, Host
from tests.lab.lab import HOME

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

APPRISE = "~/.local/share/picoclaw/apprise"
SERVER = """\
import http.server, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        open(sys.argv[1], "ab").write(body + b"\\n")
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", 18999), Hook).serve_forever()
"""


def parts_of(name: str, seen: set[str]) -> Iterator[str]:
    """Every file or folder in site-packages that a distribution needs, its own needs too."""
    if name in seen:
        return
    seen.add(name)
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:  # for another system or Python
        return
    yield from {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "/")}
    for need in found.requires or ():
        if "extra ==" not in need:
            yield from parts_of(re.split(r"[ ;<>=!~\[(]", need, maxsplit=1)[0], seen)


def give_apprise(host: Host) -> None:
    """What `install` fetches where there is a network, from this environment."""
    lab = host.lab
    lab.must(lab.python, "-m", "venv", "--without-pip", f"{HOME}{APPRISE[1:]}")
    (packages,) = lab.path(APPRISE).glob("lib/python*/site-packages")
    inside = packages.relative_to(lab.path(APPRISE))
    for part in set(parts_of("apprise", set())) - {"__pycache__"}:
        for folder in map(Path, site.getsitepackages()):
            if (folder / part).exists():
                lab.copy(folder / part, f"{APPRISE}/{inside}/{part}")


def test_a_hardened_service_tells_by_apprise(host: Host) -> None:
    lab = host.lab
    host.tailscale(operator=True)
    host.publish()
    lab.write(f"{STANDINS}/hook.py", SERVER)
    lab.write(
        f"{UNITS}/hook.service",
        f"[Service]\nExecStart={lab.python} {STANDINS}/hook.py %h/told\n",
    )
    lab.systemctl("daemon-reload")
    lab.systemctl("start", "hook.service")
    give_apprise(host)
    urls = "json://127.0.0.1:18999/"
    host.watch(APPRISE_URLS=urls, WEBHOOK_URL=PUBLIC, EXTERNAL_TIMEOUT_SEC=8)
    assert lab.show(WATCHDOG, "NoNewPrivileges") == "yes"
    host.kill_gateway()

    def titles() -> list[str]:
        told = lab.path("~/told")
        lines = told.read_text("utf-8").splitlines() if told.exists() else []
        return [json.loads(line)["title"] for line in lines]

    wanted = "Recovered: the gateway was down"
    lab.wait_for(lambda: any(wanted in title for title in titles()), 60, "the message")
    host.wait_for_rest()
    assert "target=json result=OK action=notify" in host.log()
    assert [each for each in host.processes() if "apprise" in each] == []

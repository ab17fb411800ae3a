"""A case's host in the lab: where a real systemd matters."""

import json
import re
from pathlib import Path

from tests.field.case import Case, Part
from tests.field.world import PREFIX, Ended
from tests.lab.host import GATEWAY, STANDINS, STATE, UNITS, Host
from tests.lab.lab import HOME, Lab
from tests.lab.witness import KEPT, LINE_PORT, LINE_SETTINGS, OWNER, QUICK

TAILSCALE = f"{STANDINS}/tailscale.json"
LINE = f"line --port {LINE_PORT} --keep {KEPT} --control {STANDINS}/line.json"
PUBLIC = 18792
ASK = """
import sys, urllib.error, urllib.request
try:
    urllib.request.urlopen(sys.argv[1], timeout=2)
except urllib.error.HTTPError as error:
    sys.exit(error.code != 405)
"""
KNOWN = frozenset(
    {
        *("settings", "without", "dotenv", "environ", "files", "serve", "tailnet"),
        *("exec", "order", "ended", "run", "root", "first", "limit"),
    }
)


class LabWorld:
    """One host in one language; `files` of the user's units are read by systemd at once."""

    def __init__(self, case: Case, language: str, lab: Lab) -> None:
        self.case, self.lab = case, lab
        self.host = Host(lab)
        self.host.standin("line.service", LINE)
        self.host.tailscale(operator=True)
        address = f"http://127.0.0.1:{PUBLIC}/webhook/line"
        settings = {**QUICK, **LINE_SETTINGS, "LANGUAGE": language, "WEBHOOK_URL": address}
        names = {name if name.startswith("PICO") else PREFIX + name for name in settings}
        assert len(names) == len(settings)
        self._lines = {
            name if name.startswith("PICO") else PREFIX + name: str(value)
            for name, value in settings.items()
        }
        self._more = ""
        self._environ: dict[str, str] = {"PYTHONPATH": f"{STANDINS}/src"}
        self._publish()
        self.host.standin("ingress.service", f"ingress --port {PUBLIC} --tailscale {TAILSCALE}")
        lab.systemctl("daemon-reload")
        lab.systemctl("restart", "ingress.service")
        lab.systemctl("start", "line.service")
        lab.wait_for(lambda: self.is_well("public"), what="the public side")
        self.change(case.given)

    # -- what is so --------------------------------------------------------------------------

    def starts(self) -> int:
        return self.host.gateway_starts()

    def served(self) -> object:
        return json.loads(self.lab.read(TAILSCALE))["serve"] or {}

    def commands(self) -> list[str]:
        return self.lab.read(f"{STANDINS}/tailscale.commands").splitlines()

    def messages(self) -> list[str]:
        return [json.loads(line)["text"] for line in self.lab.read(KEPT).splitlines()]

    def ills(self) -> list[str]:
        document = json.loads(self.lab.read(f"{STATE}/status.json"))
        return sorted(each["cause"] for each in document["incidents"])

    def log(self) -> str:
        return self.host.log()

    def is_well(self, place: str) -> bool:
        if place == "gateway":
            return self.host.is_healthy()
        return bool(
            self.lab.run(self.lab.python, "-c", ASK, f"http://127.0.0.1:{PUBLIC}/webhook/line")
        )

    def home(self, path: str) -> Path:
        return self.lab.path(f"~/{path}")

    def asked(self, place: str) -> list[str]:
        raise ValueError(f"{place}: nothing is scripted in the lab")

    def traces(self) -> dict[str, str]:
        folders = (self.lab.path(STATE), self.lab.path("~/.picoclaw/logs"))
        files = [path for folder in folders for path in folder.glob("*") if path.is_file()]
        texts = [path for path in files if ".db" not in path.name]
        return {path.name: path.read_bytes().decode("utf-8", "replace") for path in texts}

    def run(self, *arguments: str) -> Ended:
        argv = [self.lab.python, "-m", "picoclaw_watchdog", *map(self.said, arguments)]
        limit = self.case.given.limit
        if limit and arguments == ("once",):
            argv = ["/usr/bin/prlimit", f"--{limit}", *argv]
        done = self.lab.run(*argv, env=self._environ)
        return Ended(done.code, done.out + done.err)

    def said(self, text: str) -> str:
        """A text of the case with this host's names and ports."""
        names = {
            "GATEWAY": "18790",
            "WEBHOOK": "18791",
            "OLLAMA": "11434",
            "DEAD": "18777",
            "PUBLIC": str(PUBLIC),
            "HOME": HOME,
            "UNIT": GATEWAY,
            "OWNER": OWNER,
            "UID": str(self.lab.uid),
            "COMMAND": f"{self.lab.python} -m picoclaw_watchdog.demo.gateway --port 18790 "
            "--webhook-port 18791",
        }
        return re.sub(r"@([A-Z]+)@", lambda match: names[match[1]], text)

    def json(self, text: str) -> object:
        return json.loads(self.said(text))

    # -- changes -----------------------------------------------------------------------------

    def change(self, part: Part) -> None:
        """Make it so."""
        used = {name for name, value in vars(part).items() if value}
        unknown = used - KNOWN - {"release"}
        assert not unknown, f"the lab does not know {unknown}"
        self._write_env(part)
        self._environ |= {name: self.said(value) for name, value in part.environ.items()}
        if part.root:
            done = self.lab.run("/bin/sh", "-euc", self.said(part.root), root=True)
            assert done, done.err
        if part.tailnet or part.serve:
            fields = {**part.tailnet, **({"serve": self.json(part.serve)} if part.serve else {})}
            self._tailnet(fields)
        for name, faults in part.order.items():
            assert name == "gateway", name
            self.host.order(**faults)
        self._change_units(part)
        for name in part.ended:
            unit = {"gateway": GATEWAY, "ollama": "ollama.service"}[name]
            self.lab.systemctl("kill", "-s", "KILL", unit)
            self.lab.wait_for(lambda unit=unit: self.lab.show(unit, "MainPID") == "0")  # type: ignore[misc]
        for command in part.run:
            self.run(*command)

    def _change_units(self, part: Part) -> None:
        for file in part.files:
            self.lab.write(f"~/{file.path}", self.said(file.text), int(file.mode, 8))
        if part.exec:
            self.lab.write("~/instead.sh", f"#!/bin/sh\n{self.said(part.exec)}\n", 0o755)
            instead = f"[Service]\nExecStart=\nExecStart={HOME}/instead.sh\n"
            self.lab.write(f"{UNITS}/{GATEWAY}.d/95-case.conf", instead)
        if part.exec or any(file.path.startswith(".config/systemd/") for file in part.files):
            self.lab.systemctl("daemon-reload")
            self.lab.run("systemctl", "--user", "stop", GATEWAY)
            self.lab.run("systemctl", "--user", "start", "--no-block", GATEWAY)
            self.lab.wait_for(self._has_settled, what="a gateway that runs, or does not")

    def _has_settled(self) -> bool:
        """Whether it is healthy, or systemd says that it has ended."""
        return self.host.is_healthy() or self.lab.show(GATEWAY, "ActiveState") == "failed"

    def _write_env(self, part: Part) -> None:
        for name in part.without:
            del self._lines[name if name.startswith("PICO") else PREFIX + name]
        self._lines |= {PREFIX + name: self.said(value) for name, value in part.settings.items()}
        self._more += self.said(part.dotenv)
        lines = [f"{name}={value}\n" for name, value in self._lines.items()]
        self.lab.make_folder("~/.picoclaw")
        self.lab.write("~/.picoclaw/.env", "".join(lines) + self._more, 0o600)

    def _publish(self) -> None:
        site = "box.tail1234.ts.net:443"
        handlers = {"Handlers": {"/": {"Proxy": "http://127.0.0.1:18791"}}}
        serve = {
            "TCP": {"443": {"HTTPS": True}},
            "Web": {site: handlers},
            "AllowFunnel": {site: True},
        }
        self._tailnet({"serve": serve})

    def _tailnet(self, fields: dict[str, object]) -> None:
        state = json.loads(self.lab.read(TAILSCALE))
        self.lab.write(TAILSCALE, json.dumps({**state, **fields}), 0o666)

"""A case's host in a box: the only file here that knows how a box is used."""

import json
import os
import re
import secrets
import shlex
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from picoclaw_watchdog.demo.box import OWNER_ID, UNIT, Box
from picoclaw_watchdog.demo.layout import connects
from tests.field.case import Case, File, Part
from tests.mock.conftest import QUICK
from tests.unit.certificates import Authority
from tests.waiting import wait_for

PREFIX = "PICOCLAW_WATCHDOG_"
ANSWERING = Path(__file__).with_name("answering.py")
# What an owner does not write whose host is as the founding document has it.
RUNS_FOR = 3600 * 1_000_000  # microseconds that a gateway has run for when it is found
STEMS = {"public": "ingress"}  # what a place is called in the box
OWN = ("gateway", "webhook", "ollama", "public", "line")
STRANGERS = ("heartbeat", "stranger", "dead")


class Ended(NamedTuple):
    """A command that ended."""

    code: int
    printed: str


class World:
    """One host in one language."""

    def __init__(self, case: Case, language: str, authority: Authority) -> None:
        self.case = case
        self._authority = authority
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self._rules: dict[str, dict[str, object]] = {}
        self._lines: dict[str, str] = {}
        self._more = ""
        self._environ: dict[str, str] = {}
        given = case.given
        self.box = Box(
            {**QUICK, "TELL_MENDED": "true"},
            language=language,
            release=given.release,
            start_delay=given.start_delay,
        )
        try:
            self._names = self._make_names()
            self._read_env()
            self.change(given)
            if not given.first:
                self._age()
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

    def close(self) -> None:
        self.box.close()
        for server in self._servers.values():
            server.wait()

    # -- what is so --------------------------------------------------------------------------

    def starts(self) -> int:
        return self.box.gateway_starts()

    def served(self) -> object:
        return json.loads(json.dumps(self.box.published())) or {}

    def commands(self) -> list[str]:
        return self.box.tailscale_commands()

    def messages(self) -> list[str]:
        return [each.text for each in self.box.messages()]

    def ills(self) -> list[str]:
        document = json.loads((self.box.state_dir / "status.json").read_text("utf-8"))
        return sorted(each["cause"] for each in document["incidents"])

    def log(self) -> str:
        return self.box.log()

    def is_well(self, place: str) -> bool:
        return self.box.is_reachable() if place == "public" else self.box.is_healthy()

    def home(self, path: str) -> Path:
        return self.box.folder / "home" / path

    def traces(self) -> dict[str, str]:
        """What is kept on the disk, by file; of a database its rows."""
        folders = (self.box.state_dir, self.box.log_file.parent, self.box.folder / "run")
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return {path.name: _text_of(path) for path in files if ".db-" not in path.name}

    def asked(self, place: str) -> list[str]:
        """The requests that a scripted place got."""
        log = self.box.folder / f"asked-{place}"
        return log.read_text("utf-8").splitlines() if log.exists() else []

    def run(self, *arguments: str) -> Ended:
        """Run the watchdog's command."""
        argv = [sys.executable, "-m", "picoclaw_watchdog", *map(self.said, arguments)]
        limit = self.case.given.limit
        if limit and arguments == ("once",):
            argv = ["/usr/bin/prlimit", f"--{limit}", *argv]
        done = subprocess.run(
            argv,
            env={**self.box.environ, **self._environ},
            cwd=self.box.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return Ended(done.returncode, done.stdout)

    # -- names -------------------------------------------------------------------------------

    def _make_names(self) -> dict[str, str]:
        ports = {name: getattr(self.box.ports, STEMS.get(name, name)) for name in OWN}
        ports |= {name: _free_port() for name in STRANGERS}
        names = {name.upper(): str(port) for name, port in ports.items()}
        return names | {
            "HOME": str(self.box.folder / "home"),
            "PICO": str(self.box.pico_home),
            "STATE": str(self.box.state_dir),
            "BIN": str(self.box.folder / "bin"),
            "OWNER": OWNER_ID,
            "UNIT": UNIT,
            "NOW": str(int(time.time())),
            "EARLIER": str(int(time.time()) - 200),
            "CA": str(self._authority.bundle),
            "NONCE": secrets.token_hex(8),
        }

    def said(self, text: str) -> str:
        """A text of the case with this host's names and ports."""

        def name(match: re.Match[str]) -> str:
            return self._names[match[1]]

        return re.sub(r"@([A-Z]+)@", name, text)

    def json(self, text: str) -> object:
        """A JSON document of the case with this host's names and ports."""
        return json.loads(self.said(text))

    # -- changes -----------------------------------------------------------------------------

    def change(self, part: Part) -> None:
        """Make it so."""
        if part.root:
            raise ValueError("a box has no root: this is a case for the lab")
        self._write_env(part)
        self._environ |= {name: self.said(value) for name, value in part.environ.items()}
        for file in part.files:
            self._write(file)
        for path in part.gone:
            self.home(path).unlink()
        self._change_tailnet(part)
        for name, script in part.programs.items():
            self._replace_program(name, script)
        for command in part.run:
            self.run(*command)
        self._change_servers(part)

    def _change_tailnet(self, part: Part) -> None:
        fields = dict(part.tailnet)
        if part.serve:
            fields["serve"] = self.json(part.serve)
        if fields:
            self.box.set_tailnet(**fields)

    def _change_servers(self, part: Part) -> None:
        for name, faults in part.order.items():
            self.box.order(name, **faults)
        if part.answers:
            self._answer(part.answers)
        if part.exec:
            self._run_instead("/bin/sh", "-c", self.said(part.exec))
        for name in part.ended:
            self._end(name)
        if part.unit:
            self._pretend(part.unit)

    def _read_env(self) -> None:
        text = (self.box.pico_home / ".env").read_text("utf-8")
        self._lines = dict(line.split("=", 1) for line in text.splitlines())

    def _write_env(self, part: Part) -> None:
        for name in part.without:
            del self._lines[name if name.startswith("PICOCLAW_") else PREFIX + name]
        ours = {PREFIX + name: self.said(value) for name, value in part.settings.items()}
        self._lines |= ours
        self._more += self.said(part.dotenv)
        lines = [f"{name}={value}\n" for name, value in self._lines.items()]
        (self.box.pico_home / ".env").write_text("".join(lines) + self._more, "utf-8")

    def _write(self, file: File) -> None:
        path = self.home(file.path)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if file.text or not path.exists():
            path.write_text(self.said(file.text), "utf-8")
        if file.owner is not None:
            os.chown(path, file.owner, file.owner)
        path.chmod(int(file.mode, 8))

    def _replace_program(self, name: str, script: str) -> None:
        """A program that answers by a script; in it, "$real" is what it was before."""
        program, real = (self.box.folder / "bin" / each for each in (name, f".{name}"))
        if not script:
            program.unlink()
            return
        if program.exists() and not real.exists():
            program.rename(real)
        program.write_text(f"#!/bin/sh\nreal={shlex.quote(str(real))}\n{self.said(script)}\n")
        program.chmod(0o700)

    def _pretend(self, properties: Mapping[str, str]) -> None:
        said = {name: self.said(value) for name, value in properties.items()}
        fields: dict[str, object] = {"pretend": tuple(said.items())}
        if "LoadState" in said:
            fields["load"] = said["LoadState"]
        self.box.set_unit(**fields)

    def _end(self, place: str) -> None:
        if place == "gateway":
            self.box.kill_gateway()
        elif place == "ollama":
            self.box.kill_ollama()
        elif place == "line":
            self.box.line_down()
        else:
            self.box._end(STEMS.get(place, place))

    def _run_instead(self, *command: str) -> None:
        """The gateway's unit starts something else from now on."""
        self.box.set_unit(command=command)
        self.box.systemctl("restart", UNIT)

    def _age(self) -> None:
        """The gateway has been running for long."""
        now = time.monotonic_ns() // 1000
        self.box.set_unit(started=max(1, now - RUNS_FOR))

    # -- scripted answers --------------------------------------------------------------------

    def _answer(self, answers: Mapping[str, Mapping[str, object]]) -> None:
        """Put scripts in place of what answers there."""
        of_unit = {name: rules for name, rules in answers.items() if name in ("gateway", "webhook")}
        if of_unit:
            self._as_unit(of_unit)
        for name, rules in answers.items():
            if name in of_unit:
                continue
            if name in OWN and name not in self._servers:
                self._end(name)
            self._serve(name, {name: rules})

    def _as_unit(self, answers: Mapping[str, Mapping[str, object]]) -> None:
        """The gateway's unit starts the script from now on."""
        file = self._rules_file("gateway", answers)
        self._run_instead(sys.executable, "-I", str(ANSWERING), str(file))
        self._wait(answers)
        self._age()

    def _serve(self, name: str, answers: Mapping[str, Mapping[str, object]]) -> None:
        running = self._servers.get(name)
        file = self._rules_file(name, answers)
        if running is not None:
            return  # it reads its rules anew
        self._servers[name] = subprocess.Popen(
            [sys.executable, "-I", str(ANSWERING), str(file)],
            env={**self.box.environ, "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait(answers)

    def _rules_file(self, name: str, answers: Mapping[str, Mapping[str, object]]) -> Path:
        places = {place: self._place(place, rules) for place, rules in answers.items()}
        file = self.box.folder / f"rules-{name}.json"
        fresh = file.with_suffix(".new")
        fresh.write_text(self.said(json.dumps(places)), "utf-8")
        fresh.replace(file)
        return file

    def _place(self, place: str, rules: Mapping[str, object]) -> dict[str, object]:
        """A place's listener: `at` an address, `tls` with a kind of certificate."""
        tls = str(rules.get("tls", ""))
        return {
            "at": rules.get("at", "127.0.0.1"),
            "port": int(self._names[place.upper()]),
            "pem": str(self._certificate(tls)) if tls else "",
            "log": str(self.box.folder / f"asked-{place}"),
            "rules": {key: rule for key, rule in rules.items() if key not in ("at", "tls")},
        }

    def _certificate(self, kind: str) -> Path:
        match kind:
            case "good":
                return self._authority.certificate("localhost")
            case "of another name":
                return self._authority.certificate("other.example")
            case "expired":
                dates = "20200101000000Z", "20200401000000Z"
            case "not yet valid":
                dates = "20900101000000Z", "20900401000000Z"
            case _:
                raise ValueError(kind)
        return self._authority.certificate("localhost", *dates)

    def _wait(self, answers: Mapping[str, Mapping[str, object]]) -> None:
        for place, rules in answers.items():
            port, at = int(self._names[place.upper()]), str(rules.get("at", "127.0.0.1"))
            if at in ("127.0.0.1", "0.0.0.0"):
                wait_for(lambda port=port: connects(port), place)  # type: ignore[misc]
            else:
                wait_for(lambda port=port, at=at: _connects(at, port), place)  # type: ignore[misc]


def _text_of(path: Path) -> str:
    if path.suffix != ".db":
        return path.read_bytes().decode("utf-8", "replace")
    with closing(sqlite3.connect(path)) as database:
        return "\n".join(database.iterdump())


def _connects(at: str, port: int) -> bool:
    try:
        socket.create_connection((at, port), 1).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port

"""A host that is in perfect order, as the doctor sees it, for tests that break one thing."""

import json
from pathlib import Path

from picoclaw_watchdog import __version__
from picoclaw_watchdog.core.model import Moment, Observation
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.doctor import Entry, diagnose
from picoclaw_watchdog.doctor.finding import State
from picoclaw_watchdog.doctor.seen import (
    Case,
    LineFacts,
    Program,
    Public,
    Room,
    Seen,
    Systemd,
)
from picoclaw_watchdog.host.listeners import Listener
from picoclaw_watchdog.install.missing import Rights
from picoclaw_watchdog.install.places import PATH, SERVICE, TIMER, places
from picoclaw_watchdog.ports import Answer, HttpFate, Node
from picoclaw_watchdog.settings.load import load
from picoclaw_watchdog.settings.picoclaw import Picoclaw
from tests.unit.tailnet import OURS, config, from_json

GATEWAY = "picoclaw-gateway.service"
HOST = "box.tail1234.ts.net"
URL = f"https://{HOST}/webhook/line"
OWNER = "U" + "5" * 32
TOKEN = "a-channel-access-token-that-nobody-may-see"
KICK_TOKEN = "a-kick-token-that-nobody-may-see"
NOW = 1_790_000_000.0
ENV = f"""\
PICOCLAW_WATCHDOG_LINE_NOTIFY_ENABLED=true
PICOCLAW_WATCHDOG_LINE_NOTIFY_TO={OWNER}
PICOCLAW_WATCHDOG_KICK_ENABLED=true
PICOCLAW_WATCHDOG_KICK_TOKEN={KICK_TOKEN}
PICOCLAW_WATCHDOG_OLLAMA_REQUIRED_MODELS=chat-v1
PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN={TOKEN}
"""


def healthy(home: Path, env: str = ENV) -> Seen:
    """Everything in order, with real files in a home of its own."""
    folder = home / ".picoclaw"
    if not folder.exists():
        (folder / "state/watchdog").mkdir(parents=True, mode=0o700)
        (folder / "logs").mkdir()
        for each in (folder, folder / "state", folder / "state/watchdog", folder / "logs"):
            each.chmod(0o700)
        programs = home / ".local/bin"
        programs.mkdir(parents=True)
        for name in ("picoclaw-watchdog", "systemctl", "journalctl", "tailscale"):
            (programs / name).write_text("#!/bin/sh\n")
            (programs / name).chmod(0o755)
    (folder / ".env").write_text(env)
    (folder / ".env").chmod(0o600)
    environ = {"PATH": str(home / ".local/bin"), "XDG_RUNTIME_DIR": "/run/user/1000"}
    loaded = load(environ, str(home))
    seen = Seen(
        Case(loaded, environ, places(environ, str(home)), "pico"), Moment(NOW, 9.0, 9.0, "boot")
    )
    seen.systemd = Systemd(252, units(str(home / ".local/bin")))
    seen.lingers, seen.has_journal = True, True
    seen.stale_units = ()
    seen.program = Program(str(home / "venv"), True, __version__, is_this=True)
    seen.rights = Rights(tailscale=True, operator=True, sudo=False, allowed=True)
    seen.node = Node("Running", dns_name=HOST, can_funnel=True, can_https=True, version="1.98.4")
    seen.funnel = from_json(config(OURS, host=HOST))
    seen.public = Public(URL, ("203.0.113.7",))
    seen.looks = {
        probe: Observation(probe, Verdict.GOOD, Sight.AS_EXPECTED)
        for probe in (
            *(Probe.HEALTH, Probe.READY, Probe.WEBHOOK_LOCAL, Probe.WEBHOOK_PUBLIC),
            *(Probe.OLLAMA, Probe.MODELS, Probe.ROUTE),
        )
    }
    seen.listeners = tuple(
        Listener(port, 1000, 4711, "picoclaw", GATEWAY) for port in (18790, 18791)
    )
    seen.picoclaw = Picoclaw(18790, True, 18791, "/webhook/line", (), ("http://127.0.0.1:11434",))
    seen.line = LineFacts(
        info=says({"userId": "U" + "1" * 32, "displayName": "PicoClaw"}),
        recipient=says({"displayName": "Owner"}),
        quota=says({"type": "limited", "value": 200}),
        used=says({"totalUsage": 3}),
        endpoint=says({"endpoint": URL, "active": True}),
    )
    seen.synchronised = True
    seen.rooms = (Room(str(folder), 10**10, 0.5, 0.5),)
    seen.damage = ""
    seen.snapshot = {"at": NOW - 20, "paused": None, "channel_trouble": "", "waiting_messages": 0}
    return seen


def units(path: str = "") -> dict[str, dict[str, str]]:
    """What systemd says of units that are in order."""
    well = {"LoadState": "loaded", "NeedDaemonReload": "no", "Result": "success"}
    active = {**well, "ActiveState": "active", "UnitFileState": "enabled"}
    return {
        SERVICE: {
            **well,
            "ActiveState": "inactive",
            "NoNewPrivileges": "yes",
            "Environment": f"PATH={path} LANG=C.UTF-8",
        },
        TIMER: {**active, "SubState": "waiting", "NextElapseUSecMonotonic": "2h 3min 4s"},
        PATH: {**active, "SubState": "waiting"},
        GATEWAY: {**active, "SubState": "running", "MainPID": "4711", "OnFailure": SERVICE},
    }


def with_unit(seen: Seen, unit: str, **properties: str) -> None:
    """Change what systemd says of a unit."""
    assert isinstance(seen.systemd, Systemd)
    known = {**seen.systemd.units.get(unit, {}), **properties}
    seen.systemd = seen.systemd._replace(units={**seen.systemd.units, unit: known})


def looks_bad(seen: Seen, probe: Probe, sight: Sight, detail: str = "", status: int = 0) -> None:
    """Let a probe have found something."""
    seen.looks[probe] = Observation(probe, Verdict.BAD, sight, detail, status=status)


def says(document: object, status: int = 200, date: str = "") -> Answer:
    """An HTTP answer with JSON in it."""
    headers = {"date": date} if date else {}
    return Answer(HttpFate.ANSWERED, status, headers, json.dumps(document).encode(), sent=True)


def no_answer() -> Answer:
    """None."""
    return Answer(HttpFate.NO_ANSWER, detail="no answer within 5 s")


def found(seen: Seen, check: str) -> list[Entry]:
    """The findings of one check."""
    return [entry for entry in diagnose(seen) if entry.check == check]


def not_in_order(seen: Seen) -> list[Entry]:
    """Whatever is neither in order nor switched off."""
    fine = (State.OK, State.SKIPPED)
    return [entry for entry in diagnose(seen) if entry.finding.state not in fine]

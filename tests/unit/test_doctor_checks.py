"""Each check of the doctor: one thing is broken in a host that is otherwise in perfect order."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from picoclaw_watchdog.core.model import Observation, PidFile
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.doctor import CHECKS, diagnose
from picoclaw_watchdog.doctor.finding import State
from picoclaw_watchdog.doctor.seen import LATE, LineFacts, Program, Public, Room, Seen
from picoclaw_watchdog.host.listeners import Listener
from picoclaw_watchdog.install.missing import Rights
from picoclaw_watchdog.install.places import LOOP, PATH, SERVICE, TIMER
from picoclaw_watchdog.ports import Funnel, Node, Silence
from picoclaw_watchdog.settings.picoclaw import Picoclaw
from picoclaw_watchdog.store.integrity import damage
from tests.unit.doctoring import (
    ENV,
    GATEWAY,
    HOST,
    KICK_TOKEN,
    NOW,
    OWNER,
    TOKEN,
    URL,
    found,
    healthy,
    looks_bad,
    no_answer,
    not_in_order,
    says,
    with_unit,
)


class Fault(NamedTuple):
    """One thing broken, and what the doctor must make of it."""

    name: str
    plant: Callable[[Seen], None]
    check: str
    state: State
    remedy: str  # a part of it
    others: tuple[str, ...] = ()  # checks that may rightly complain as well


def node(**fields: object) -> Callable[[Seen], None]:
    def plant(seen: Seen) -> None:
        assert isinstance(seen.node, Node)
        seen.node = seen.node._replace(**fields)  # type: ignore[arg-type]

    return plant


def line(**answers: object) -> Callable[[Seen], None]:
    def plant(seen: Seen) -> None:
        seen.line = seen.line._replace(**answers)  # type: ignore[arg-type]

    return plant


def unit(name: str, **properties: str) -> Callable[[Seen], None]:
    return lambda seen: with_unit(seen, name, **properties)


def saw(probe: Probe, sight: Sight, detail: str = "") -> Callable[[Seen], None]:
    return lambda seen: looks_bad(seen, probe, sight, detail)


def has(**fields: object) -> Callable[[Seen], None]:
    def plant(seen: Seen) -> None:
        for name, value in fields.items():
            assert hasattr(seen, name)
            setattr(seen, name, value)

    return plant


def snapshot(**fields: object) -> Callable[[Seen], None]:
    return lambda seen: has(snapshot={**seen.snapshot, **fields})(seen)


def planned(windows: str) -> Callable[[Seen], None]:
    return env("PICOCLAW", f"PICOCLAW_WATCHDOG_PAUSE_WINDOWS='{windows}'\nPICOCLAW")


def mode(path: str, bits: int) -> Callable[[Seen], None]:
    return lambda seen: Path(seen.settings.pico_home, path).chmod(bits)


def all_of(*plants: Callable[[Seen], None]) -> Callable[[Seen], None]:
    def plant(seen: Seen) -> None:
        for each in plants:
            each(seen)

    return plant


def env(old: str, new: str) -> Callable[[Seen], None]:
    """Other settings; the rest of what was seen stays."""

    def plant(seen: Seen) -> None:
        assert old in ENV
        text = ENV.replace(old, new, 1)
        home = Path(seen.case.places.home)
        other = healthy(home, text)
        seen.case, seen.settings = other.case, other.settings

    return plant


def remove(name: str) -> Callable[[Seen], None]:
    return lambda seen: Path(seen.case.places.home, ".local/bin", name).unlink()


def hide(name: str) -> Callable[[Seen], None]:
    """Where the shell finds it and the service does not."""

    def plant(seen: Seen) -> None:
        programs = Path(seen.case.places.home, ".local/bin")
        others = programs.parent / "others"
        others.mkdir()
        for each in programs.iterdir():
            if each.name != name:
                (others / each.name).symlink_to(each)
        with_unit(seen, SERVICE, Environment=f'"PATH={others}" LANG=C')

    return plant


def bad_database(seen: Seen) -> None:
    Path(seen.settings.state_dir, "watchdog.db").write_bytes(b"this is no database" * 300)
    seen.damage = damage(seen.settings.state_dir)


def no_state_folder(seen: Seen) -> None:
    Path(seen.settings.state_dir).rmdir()


def file_for_state_folder(seen: Seen) -> None:
    no_state_folder(seen)
    Path(seen.settings.state_dir).write_text("")


def folder_for_log(seen: Seen) -> None:
    Path(seen.settings.log_file).mkdir()


APPRISE = "PICOCLAW_WATCHDOG_APPRISE_URLS=json://127.0.0.1:9/\nPICOCLAW"
B, W, U = State.BAD, State.WARN, State.UNKNOWN
STRANGER = Listener(18791, 1000, 99, "openclaw", "user@1000.service")
ROOM = Room("/full", 10**10, 0.5, 0.5)
NO_SUDO = Rights(tailscale=True, operator=False, sudo=True, allowed=False)
BY_SUDO = NO_SUDO._replace(allowed=True)

FAULTS = (
    # program
    Fault("not installed", has(program=Program()), "installed", B, "picoclaw-watchdog init"),
    Fault(
        "only the shell watchdog",
        has(program=Program(), has_shell_watchdog=True),
        "installed",
        W,
        "picoclaw-watchdog init",
    ),
    Fault(
        "its python is gone",
        lambda seen: has(program=seen.program and seen.program._replace(runs=False))(seen),
        "installed",
        B,
        "picoclaw-watchdog install",
    ),
    Fault(
        "another version is installed",
        lambda seen: has(program=seen.program and seen.program._replace(version="0.0.1"))(seen),
        "installed",
        W,
        "picoclaw-watchdog install",
    ),
    Fault(
        "other code is installed",
        lambda seen: has(program=seen.program and seen.program._replace(is_this=False))(seen),
        "installed",
        W,
        "picoclaw-watchdog install",
    ),
    Fault("nobody looked", has(program=None), "installed", U, ""),
    Fault(
        "not compiled",
        lambda seen: has(program=seen.program and seen.program._replace(uncompiled=7))(seen),
        "bytecode",
        W,
        "picoclaw-watchdog install",
    ),
    Fault("two watchdogs", has(shell_watchdogs=(7, 8)), "alone", B, "kill 7 8"),
    Fault("not on PATH", remove("picoclaw-watchdog"), "command", W, ".local/bin"),
    Fault("no journalctl", remove("journalctl"), "tools", B, "apt install systemd"),
    Fault(
        "the service does not find tailscale",
        hide("tailscale"),
        "tools",
        B,
        "picoclaw-watchdog install",
    ),
    # systemd
    Fault("the bus is slow", has(systemd=LATE), "bus", U, "systemctl --user status"),
    Fault("no bus", has(systemd=Silence("No medium found")), "bus", B, "user@$(id -u).service"),
    Fault("no systemctl", has(systemd=Silence("", missing=True)), "bus", B, "apt install"),
    Fault(
        "an old systemd",
        lambda seen: has(systemd=seen.systemd._replace(version=237))(seen),  # type: ignore[call-arg]
        "systemd_version",
        W,
        "full-upgrade",
    ),
    Fault("no linger", has(lingers=False), "linger", B, "sudo loginctl enable-linger pico"),
    Fault("linger unknown", has(lingers=None), "linger", U, ""),
    Fault("no journal", has(has_journal=False), "journal", W, "mkdir -p /var/log/journal"),
    Fault("timer masked", unit(TIMER, LoadState="masked"), "timer", B, "unmask"),
    Fault("timer stopped", unit(TIMER, ActiveState="inactive"), "timer", B, "watchdog enable"),
    Fault("timer off", unit(TIMER, UnitFileState="disabled"), "timer", B, "watchdog enable"),
    Fault(
        "the timer shows active and is dead",
        unit(TIMER, SubState="elapsed", NextElapseUSecMonotonic="infinity"),
        "timer",
        B,
        "systemctl --user restart picoclaw-watchdog.timer",
    ),
    Fault("watch off", env("PICOCLAW", "PICOCLAW_WATCHDOG_ENABLED=0\nPICOCLAW"), "timer", W, "="),
    Fault("no path unit", unit(PATH, ActiveState="inactive"), "kicks", W, "watchdog enable"),
    Fault("no drop-in", unit(GATEWAY, OnFailure=""), "on_failure", B, "watchdog install"),
    Fault("old units", has(stale_units=("/u/x.timer",)), "current", B, "watchdog install"),
    Fault("not reloaded", unit(TIMER, NeedDaemonReload="yes"), "loaded", W, "daemon-reload"),
    Fault(
        "the gateway's unit not reloaded",
        unit(GATEWAY, NeedDaemonReload="yes"),
        "loaded",
        W,
        "daemon-reload",
    ),
    Fault("restricted, and needs sudo", has(rights=BY_SUDO), "hardening", B, "watchdog install"),
    Fault(
        "our service failed",
        unit(SERVICE, ActiveState="failed", Result="timeout"),
        "last_result",
        B,
        "journalctl",
    ),
    Fault("never looked", has(snapshot={}), "last_cycle", W, "start picoclaw-watchdog.service"),
    Fault("nobody looks", snapshot(at=NOW - 7200), "last_cycle", B, "journalctl"),
    Fault("paused", snapshot(paused={"until": None, "who": "me"}), "paused", W, "resume"),
    Fault("always planned", planned("hourly 1h"), "windows", W, "PAUSE_WINDOWS"),
    Fault("planned for days", planned("Fri 18:00 62h"), "windows", W, "PAUSE_WINDOWS"),
    Fault("one day after the other", planned("Mon,Tue 00:00 1d"), "windows", W, "shorter"),
    # gateway
    Fault(
        "no such unit",
        unit(GATEWAY, LoadState="not-found", ActiveState="inactive"),
        "unit",
        B,
        "GATEWAY_SERVICE",
    ),
    Fault(
        "a unit of the system",
        all_of(
            unit(GATEWAY, LoadState="not-found", ActiveState="inactive"),
            has(gateway_is_the_systems=True),
        ),
        "unit",
        B,
        "make it a user unit",
    ),
    Fault("masked", unit(GATEWAY, LoadState="masked", ActiveState="inactive"), "unit", B, "unmask"),
    Fault(
        "bad unit file",
        unit(GATEWAY, LoadState="bad-setting", ActiveState="inactive"),
        "unit",
        B,
        "verify",
    ),
    Fault(
        "start limit",
        unit(GATEWAY, ActiveState="failed", Result="start-limit-hit"),
        "unit",
        B,
        "reset-failed",
    ),
    Fault("failed", unit(GATEWAY, ActiveState="failed", Result="signal"), "unit", B, "journalctl"),
    Fault("stopped", unit(GATEWAY, ActiveState="inactive"), "unit", B, "systemctl --user start"),
    Fault(
        "stopped on purpose",
        all_of(
            unit(GATEWAY, ActiveState="inactive"),
            snapshot(stopped={"until": NOW + 60, "who": "me", "why": ""}),
        ),
        "unit",
        W,
        "start-gateway",
    ),
    Fault("starting", unit(GATEWAY, ActiveState="activating"), "unit", U, ""),
    Fault(
        "not at boot", unit(GATEWAY, UnitFileState="disabled"), "boot", W, "systemctl --user enable"
    ),
    Fault("health", saw(Probe.HEALTH, Sight.NO_ANSWER), "health", B, "restart"),
    Fault("ready", saw(Probe.READY, Sight.READY_FAILING, "db: gone"), "ready", B, "journalctl"),
    Fault("ready blames Ollama", saw(Probe.READY, Sight.READY_OLLAMA), "ready", W, "why"),
    Fault("webhook", saw(Probe.WEBHOOK_LOCAL, Sight.REFUSED), "webhook", B, "restart"),
    Fault(
        "a stock release serves both on one port",
        lambda seen: seen.looks.update(
            {Probe.WEBHOOK_LOCAL: Observation(Probe.WEBHOOK_LOCAL, Verdict.GOOD, Sight.SHARED_PORT)}
        ),
        "webhook",
        W,
        "PICOCLAW_WATCHDOG_LINE_WEBHOOK_PORT=18790",
    ),
    Fault("nobody listens", has(listeners=()), "owners", B, "restart"),
    Fault(
        "another program has the port",
        lambda seen: has(listeners=(*(seen.listeners or ())[:1], STRANGER))(seen),
        "owners",
        B,
        "kill 99",
    ),
    Fault(
        "another unit has the port",
        lambda seen: has(
            listeners=(*(seen.listeners or ())[:1], STRANGER._replace(unit="other.service"))
        )(seen),
        "owners",
        B,
        "stop other.service",
    ),
    Fault(
        "another user has the port",
        lambda seen: has(listeners=(*(seen.listeners or ())[:1], Listener(18791, 0)))(seen),
        "owners",
        W,
        "sudo ss",
    ),
    Fault("ports unseen", has(listeners=None), "owners", U, ""),
    Fault("other port", has(picoclaw=Picoclaw(18800)), "agreement", W, "GATEWAY_PORT=18800"),
    Fault(
        "other path", has(picoclaw=Picoclaw(webhook_path="/x")), "agreement", W, "WEBHOOK_PATH=/x"
    ),
    Fault("LINE off there", has(picoclaw=Picoclaw(line_enabled=False)), "agreement", W, "enabled"),
    Fault("no config.json", has(picoclaw=None), "agreement", W, "PICO_HOME"),
    Fault("stale pid", has(stale_pid=PidFile("/p/pid", 7, "sshd")), "pid_file", B, "mv /p/pid"),
    Fault(
        "its log folder is gone",
        unit(GATEWAY, ActiveState="failed", Result="exit-code", ExecMainStatus="209"),
        "unit",
        B,
        "mkdir -p ~/.picoclaw/logs",
    ),
    Fault(
        "its program is gone",
        unit(GATEWAY, ActiveState="failed", Result="exit-code", ExecMainStatus="203"),
        "unit",
        B,
        "systemctl --user cat",
    ),
    # tailscale
    Fault(
        "no tailscale",
        has(node=Silence("", missing=True), funnel=Silence("", missing=True)),
        "daemon",
        B,
        "download/linux",
    ),
    Fault(
        "tailscale hangs",
        has(node=LATE, funnel=LATE),
        "daemon",
        U,
        "restart tailscaled",
        ("funnel",),
    ),
    Fault(
        "tailscaled down",
        has(
            node=Silence("tailscaled does not run: x"), funnel=Silence("tailscaled does not run: x")
        ),
        "daemon",
        B,
        "start tailscaled",
        ("funnel",),
    ),
    Fault("logged out", node(state="NeedsLogin"), "daemon", B, "sudo tailscale up"),
    Fault("key expired", node(expired=True), "daemon", B, "--force-reauth"),
    Fault("not approved", node(state="NeedsMachineAuth"), "daemon", B, "admin/machines"),
    Fault("stopped ", node(state="Stopped"), "daemon", B, "sudo tailscale up"),
    Fault("tailscale starts", node(state="Starting"), "daemon", U, ""),
    Fault("offline", node(online=False), "daemon", W, "netcheck"),
    Fault("old tailscale", node(version="1.50.1-t12"), "tailscale_version", B, "upgrade tailscale"),
    Fault(
        "suspect tailscale", node(version="1.102.1"), "tailscale_version", W, "upgrade tailscale"
    ),
    Fault("key expires soon", node(key_expiry="2026-09-25T00:00:00Z"), "key_expiry", W, "expiry"),
    Fault("expiry unread", node(key_expiry="soon"), "key_expiry", U, ""),
    Fault("no Funnel capability", node(can_funnel=False), "capability", B, "no-funnel"),
    Fault("no HTTPS capability", node(can_https=False), "capability", B, "s/https"),
    Fault("capability unsaid", node(can_funnel=None), "capability", U, ""),
    Fault(
        "Tailscale complains",
        node(health=("not in map poll",)),
        "complaints",
        W,
        "tailscale status",
    ),
    Fault("Funnel off", has(funnel=Funnel()), "funnel", B, "tailscale funnel --bg 18791"),
    Fault("Funnel elsewhere", has(funnel=Funnel(elsewhere=(HOST,))), "funnel", B, "--bg 18791"),
    Fault(
        "foreground",
        has(funnel=Funnel(trouble="published only in the foreground")),
        "funnel",
        W,
        "--bg",
    ),
    Fault("renamed", has(funnel=Funnel(("old.ts.net",), ("/",))), "funnel", B, "--bg"),
    Fault("wrong mount", has(public=Public()), "funnel", B, "--bg"),
    Fault("no right to mend", has(rights=NO_SUDO), "rights", B, "--operator=pico", ("hardening",)),
    Fault(
        "no right to reset",
        all_of(has(rights=BY_SUDO, may_reset=False), unit(SERVICE, NoNewPrivileges="no")),
        "rights",
        W,
        "--operator=pico",
    ),
    Fault(
        "MagicDNS", has(public=Public(URL, ("100.101.102.103",))), "public", W, "LINE_WEBHOOK_TEST"
    ),
    Fault("MagicDNS 6", has(public=Public(URL, ("fd7a:115c:a1e0::1",))), "public", W, "PUBLIC_DNS"),
    Fault("no such name", has(public=Public(URL)), "public", B, "funnel status"),
    Fault("public dead", saw(Probe.WEBHOOK_PUBLIC, Sight.TLS_FAILED), "public", B, "admin/acls"),
    Fault("502", saw(Probe.WEBHOOK_PUBLIC, Sight.WRONG_STATUS, "502"), "public", B, "restart"),
    Fault("404", saw(Probe.WEBHOOK_PUBLIC, Sight.WRONG_STATUS, "404"), "public", B, "status"),
    Fault("500", saw(Probe.WEBHOOK_PUBLIC, Sight.WRONG_STATUS, "500"), "public", B, "-test"),
    # messages
    Fault(
        "LINE off",
        env(
            "ENABLED=true\nPICOCLAW_WATCHDOG_LINE_NOTIFY_TO",
            "ENABLED=false\nPICOCLAW_WATCHDOG_LINE_NOTIFY_TO",
        ),
        "switch",
        W,
        "init",
    ),
    Fault("no token", env(TOKEN, ""), "switch", B, "init", ("mistakes",)),
    Fault("token refused", line(info=says({}, 401)), "token", B, "issue a new one"),
    Fault("account refused", line(info=says({}, 403)), "token", B, "console"),
    Fault("LINE silent", has(line=LineFacts(info=no_answer())), "token", U, ""),
    Fault("no recipient", env(OWNER, ""), "recipient", B, "init", ("mistakes",)),
    Fault("bot itself", line(info=says({"userId": OWNER})), "recipient", B, "Your user ID"),
    Fault("stranger", line(recipient=says({}, 404)), "recipient", B, "friend"),
    Fault(
        "group",
        all_of(env(OWNER, "C" + "5" * 32), line(recipient=says({}, 404))),
        "recipient",
        B,
        "invite",
    ),
    Fault("recipient unseen", line(recipient=None), "recipient", U, ""),
    Fault("quota spent", line(used=says({"totalUsage": 200})), "quota", B, "plan"),
    Fault("quota short", line(used=says({"totalUsage": 190})), "quota", W, "plan"),
    Fault("quota unseen", line(used=no_answer()), "quota", U, ""),
    Fault(
        "webhook off",
        line(endpoint=says({"endpoint": URL, "active": False})),
        "webhook_at_line",
        B,
        "Use webhook",
    ),
    Fault(
        "webhook elsewhere",
        line(endpoint=says({"endpoint": "https://old.ts.net/webhook/line", "active": True})),
        "webhook_at_line",
        B,
        URL,
    ),
    Fault("no webhook", line(endpoint=says({}, 404)), "webhook_at_line", B, URL),
    Fault("webhook unseen", line(endpoint=None), "webhook_at_line", U, ""),
    Fault("refused", snapshot(channel_trouble="HTTP 400"), "delivery", B, "notify-test"),
    Fault("waiting", snapshot(waiting_messages=3), "delivery", W, "status"),
    Fault(
        "no Apprise",
        all_of(env("PICOCLAW", APPRISE), has(has_apprise=False)),
        "apprise",
        B,
        "install",
    ),
    Fault("Apprise unseen", env("PICOCLAW", APPRISE), "apprise", U, ""),
    Fault(
        "another channel refuses",
        all_of(
            env("PICOCLAW", APPRISE),
            has(has_apprise=True),
            snapshot(couriers=[{"name": "json", "waiting": 0, "trouble": "HTTP 404"}]),
        ),
        "couriers",
        W,
        "notify-test --channel json",
    ),
    # Ollama
    Fault("Ollama dead", saw(Probe.OLLAMA, Sight.REFUSED), "reachable", B, "restart ollama"),
    Fault(
        "Ollama there refuses",
        all_of(
            env(
                "PICOCLAW",
                "PICOCLAW_WATCHDOG_OLLAMA_MODELS_URL=http://100.83.207.6:11434/v1/models\nPICOCLAW",
            ),
            saw(Probe.OLLAMA, Sight.REFUSED),
        ),
        "reachable",
        B,
        "OLLAMA_HOST",
        ("same_one",),
    ),
    Fault("Ollama 403", saw(Probe.OLLAMA, Sight.WRONG_STATUS, "403"), "reachable", B, "IP address"),
    Fault("Ollama silent", saw(Probe.OLLAMA, Sight.NO_ANSWER), "reachable", B, "curl"),
    Fault(
        "no model",
        saw(Probe.MODELS, Sight.MODELS_MISSING, "chat-v1"),
        "models",
        B,
        "ollama pull chat-v1",
    ),
    Fault(
        "another Ollama",
        has(picoclaw=Picoclaw(ollama=("http://100.83.207.6:11434",))),
        "same_one",
        W,
        "OLLAMA_MODELS_URL=http://100.83.207.6:11434/v1/models",
    ),
    # settings
    Fault(
        "a bad value",
        env("PICOCLAW", "PICOCLAW_WATCHDOG_INTERVAL_SEC=often\nPICOCLAW"),
        "mistakes",
        B,
        "config check",
    ),
    Fault(
        "a misspelt key",
        env("PICOCLAW", "PICOCLAW_WATCHDOG_INTERVALL_SEC=5\nPICOCLAW"),
        "mistakes",
        B,
        "config check",
    ),
    Fault("open .env", mode(".env", 0o644), "private", B, "chmod 600"),
    Fault("open folder", mode("", 0o777), "folder", B, "chmod go-w"),
    # machine
    Fault("no route", saw(Probe.ROUTE, Sight.NO_ROUTE), "network", B, "ip route"),
    Fault("clock free", has(synchronised=False), "clock", W, "set-ntp true"),
    Fault("clock unseen", has(synchronised=None), "clock", U, ""),
    Fault(
        "clock wrong",
        line(info=says({}, date="Tue, 01 Sep 2026 00:00:00 GMT")),
        "clock",
        B,
        "set-ntp true",
    ),
    Fault("no state folder", no_state_folder, "state_folder", W, "mkdir"),
    Fault("a file in its place", file_for_state_folder, "state_folder", B, "mv "),
    Fault("open state", mode("state/watchdog", 0o755), "state_folder", W, "chmod 700"),
    Fault("no log", folder_for_log, "log", B, "chown"),
    Fault("disk full", has(rooms=(ROOM._replace(free=1_000_000),)), "disk", B, "vacuum"),
    Fault("disk almost full", has(rooms=(ROOM._replace(free=90_000_000),)), "disk", W, "du "),
    Fault("no inodes", has(rooms=(ROOM._replace(inodes=0.001),)), "disk", B, "inodes"),
    Fault("room unseen", has(rooms=()), "disk", U, ""),
    Fault("bad database", bad_database, "database", B, "start picoclaw-watchdog.service"),
)


def test_a_host_in_perfect_order_is_all_green(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    assert not_in_order(seen) == []
    assert len(diagnose(seen)) > 35


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_and_its_remedy_named(fault: Fault, tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    fault.plant(seen)
    wrong = not_in_order(seen)
    here = [entry.finding for entry in wrong if entry.check == fault.check]
    assert [finding.state for finding in here] == [fault.state]
    for language in ("en", "ja"):
        assert here[0].says(language)
        assert "{" not in here[0].says(language) + here[0].remedy(language)
    assert fault.remedy in here[0].remedy("en")
    if fault.state is not U:
        assert here[0].remedy("ja")
    allowed = {fault.check, *fault.others}
    if fault.check != "bus":  # without it much is unknown
        assert {entry.check for entry in wrong} <= allowed, "one fault has one finding"


def test_every_check_has_a_name_of_its_own_and_was_seen_to_find_something() -> None:
    names = [check.__name__ for area in CHECKS.values() for check in area]
    checks = set(names)
    assert len(names) == len(checks)
    beyond = {"python", "runtime_dir", "webhook_test", "heartbeat"}  # have tests of their own below
    assert {fault.check for fault in FAULTS} == checks - beyond


def test_a_gateway_that_hangs_is_one_finding(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    for probe in (Probe.HEALTH, Probe.READY, Probe.WEBHOOK_LOCAL, Probe.WEBHOOK_PUBLIC):
        looks_bad(seen, probe, Sight.NO_ANSWER)
    assert [entry.check for entry in not_in_order(seen)] == ["health"]


def test_a_gateway_that_lost_its_ports_is_one_finding(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    for probe in (Probe.HEALTH, Probe.READY, Probe.WEBHOOK_LOCAL):
        looks_bad(seen, probe, Sight.REFUSED)
    seen.listeners = ()
    assert [entry.check for entry in not_in_order(seen)] == ["health"]


def test_a_tailscale_that_hangs_is_one_finding(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.node, seen.funnel, seen.rights = LATE, LATE, NO_SUDO
    with_unit(seen, SERVICE, NoNewPrivileges="no")
    assert [entry.check for entry in not_in_order(seen)] == ["daemon"]


def test_a_gateway_that_is_down_is_one_finding(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    with_unit(seen, GATEWAY, ActiveState="inactive", MainPID="0")
    for probe in (Probe.HEALTH, Probe.READY, Probe.WEBHOOK_LOCAL):
        looks_bad(seen, probe, Sight.REFUSED)
    seen.listeners = ()
    assert [entry.check for entry in not_in_order(seen)] == ["unit"]


def test_a_host_without_the_watchdog_is_one_finding(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.program, seen.snapshot, seen.stale_units = Program(), {}, ("/a", "/b")
    for unit_name in (TIMER, PATH, SERVICE):
        with_unit(seen, unit_name, LoadState="not-found", ActiveState="inactive", Environment="")
    with_unit(seen, GATEWAY, OnFailure="")
    assert {entry.check for entry in not_in_order(seen)} <= {"installed", "kicks"}


def test_a_timer_without_a_next_time_is_alive_while_its_service_runs(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    with_unit(seen, TIMER, SubState="running", NextElapseUSecMonotonic="infinity")
    assert [entry.finding.state for entry in found(seen, "timer")] == [State.OK]


def test_the_loop_stands_in_for_the_timer(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    with_unit(seen, TIMER, ActiveState="inactive", UnitFileState="disabled")
    with_unit(seen, LOOP, LoadState="loaded", ActiveState="active", UnitFileState="enabled")
    assert [entry.finding.state for entry in found(seen, "timer")] == [State.OK]
    with_unit(seen, LOOP, UnitFileState="disabled")
    assert [entry.finding.state for entry in found(seen, "timer")] == [State.WARN]


def test_a_watch_that_its_owner_disabled_is_not_switched_on_by_fix(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    with_unit(seen, TIMER, ActiveState="inactive", UnitFileState="disabled")
    assert [entry.finding.fix for entry in found(seen, "timer")] == [None]


def test_stock_releases_are_recognised_and_green(tmp_path: Path) -> None:
    seen = healthy(tmp_path, ENV + "PICOCLAW_WATCHDOG_LINE_WEBHOOK_PORT=18790\n")
    ready = Observation(Probe.READY, Verdict.GOOD, Sight.READY_STOCK, "503")
    seen.looks[Probe.READY] = ready
    seen.listeners = (Listener(18790, 1000, 4711, "picoclaw", GATEWAY),)
    seen.picoclaw = Picoclaw(18790, True, 18791, "/webhook/line", old_form=True)
    assert not_in_order(seen) == []
    assert "0.2.0" in found(seen, "ready")[0].finding.says("en")


def test_the_port_owner_is_known_by_its_number_where_cgroups_do_not_tell(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.listeners = tuple(Listener(port, 1000, 4711, "picoclaw", "") for port in (18790, 18791))
    assert not_in_order(seen) == []


def test_magic_dns_is_no_trap_where_another_probe_looks_from_outside(tmp_path: Path) -> None:
    seen = healthy(tmp_path, ENV + "PICOCLAW_WATCHDOG_PROBE_LINE_WEBHOOK_TEST=true\n")
    seen.public = Public(URL, ("100.101.102.103",))
    assert not_in_order(seen) == []


def test_update_notices_of_tailscale_are_no_complaints(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    node(health=("An update from version 1.98.4 to 1.99.1 is available.",))(seen)
    assert not_in_order(seen) == []


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (says({"success": True}), State.OK),
        (says({"statusCode": 200}), State.OK),
        (says({"success": False, "reason": "could_not_connect", "statusCode": 0}), State.BAD),
        (says({"message": "limit"}, 429), State.UNKNOWN),
        (None, State.UNKNOWN),
    ],
)
def test_lines_own_test_of_the_webhook(answer: object, state: State, tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.case = seen.case._replace(webhook_test=True)
    line(test=answer)(seen)
    assert [entry.finding.state for entry in found(seen, "webhook_test")] == [state]


def test_a_shell_without_a_runtime_folder_is_told(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.case = seen.case._replace(environ={"PATH": seen.case.environ["PATH"]})
    finding = found(seen, "runtime_dir")[0].finding
    assert finding.state is State.WARN
    assert "XDG_RUNTIME_DIR=/run/user/" in finding.remedy("en")


def test_a_whole_database_is_whole_and_a_busy_one_unknown(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    path = Path(seen.settings.state_dir, "watchdog.db")
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE t (x)")
    db.commit()
    assert damage(seen.settings.state_dir) == ""
    seen.damage = ""
    assert [entry.finding.state for entry in found(seen, "database")] == [State.OK]
    db.execute("BEGIN EXCLUSIVE")
    seen.damage = damage(seen.settings.state_dir)
    db.close()
    assert [entry.finding.state for entry in found(seen, "database")] == [State.UNKNOWN]


def test_a_check_that_fails_by_our_own_error_hides_no_other(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.snapshot = {"at": NOW, "paused": {"until": float("inf")}}
    wrong = not_in_order(seen)
    assert [(entry.check, entry.finding.state) for entry in wrong] == [("paused", State.UNKNOWN)]


def test_nothing_that_is_said_holds_a_secret(tmp_path: Path) -> None:
    for number, fault in enumerate(FAULTS):
        seen = healthy(tmp_path / str(number))
        fault.plant(seen)
        for entry in diagnose(seen):
            for language in ("en", "ja"):
                said = entry.finding.says(language) + entry.finding.remedy(language)
                assert TOKEN not in said
                assert KICK_TOKEN not in said


def test_a_dead_mans_switch_is_recommended_and_never_demanded(tmp_path: Path) -> None:
    assert [entry.finding.state for entry in found(healthy(tmp_path), "heartbeat")] == [
        State.SKIPPED
    ]
    beating = healthy(tmp_path, ENV + "PICOCLAW_WATCHDOG_HEARTBEAT_URL=https://hc-ping.com/x\n")
    assert [entry.finding.state for entry in found(beating, "heartbeat")] == [State.OK]


def test_without_line_another_channel_is_enough(tmp_path: Path) -> None:
    seen = healthy(tmp_path, APPRISE.rpartition("\n")[0] + "\n")
    seen.has_apprise = True
    assert found(seen, "switch") == []


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ("Mon..Fri 12:00 10m; Sun 03:00 1d", "leave time"),
        ("*-*-* 00:00 12h; *-*-* 12:00 12h", "no gap"),
        ("minutely 1m", "no gap"),
        ("minutely 50s", "leave time"),
        ("Mon..Sun 00:00 23h", "leave time"),
        ("Mon..Sat 00:00 1d", "more than a day"),
        ("*-12-24 00:00 7d", "more than a day"),
        ("2001-01-01 00:00 1h", "leave time"),
    ],
)
def test_planned_windows_must_leave_time_for_the_watch(
    windows: str, says: str, tmp_path: Path
) -> None:
    seen = healthy(tmp_path)
    planned(windows)(seen)
    assert says in found(seen, "windows")[0].finding.says("en")


def test_planned_maintenance_is_in_order(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    snapshot(paused={"until": NOW, "who": "PAUSE_WINDOWS", "why": "", "planned": True})(seen)
    assert not_in_order(seen) == []
    assert "planned" in found(seen, "paused")[0].finding.says("en")

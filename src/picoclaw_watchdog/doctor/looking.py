"""Look at everything at the same time. A program that hangs delays nobody but its own part."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from picoclaw_watchdog.channels.apprise import python_for
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.core.reasons import Probe
from picoclaw_watchdog.doctor.asking_line import look_at_line
from picoclaw_watchdog.doctor.seen import Case, Program, Public, Room, Seen, Systemd
from picoclaw_watchdog.engine.wiring import build
from picoclaw_watchdog.host import timex
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.host.listeners import listeners
from picoclaw_watchdog.host.process import NOT_FOUND, run
from picoclaw_watchdog.host.processes import running
from picoclaw_watchdog.host.resolve import Unresolved, resolve
from picoclaw_watchdog.host.systemd import bus_environment
from picoclaw_watchdog.install import missing, program, units
from picoclaw_watchdog.install.linger import lingers
from picoclaw_watchdog.install.places import UNITS
from picoclaw_watchdog.ports import Funnel, Ran, Silence, Why, World
from picoclaw_watchdog.probes import PROBES, fit
from picoclaw_watchdog.probes.funnel import public_url
from picoclaw_watchdog.probes.webhook import look_public
from picoclaw_watchdog.store.integrity import damage

DEADLINE = 5.0  # seconds for one question to a program
PATIENCE = 20.0  # seconds for all looks together
PID_FILE = ".picoclaw.pid"
SHELL_WATCHDOG = "ops_watchdog.sh"  # ours of that name becomes another program at once
PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,Result,UnitFileState,NeedDaemonReload,MainPID,OnFailure,"
    "NoNewPrivileges,ExecMainStatus,NextElapseUSecMonotonic,NextElapseUSecRealtime,Environment"
)
PLAIN = (
    Probe.LISTEN,
    Probe.HEALTH,
    Probe.READY,
    Probe.WEBHOOK_LOCAL,
    Probe.OLLAMA,
    Probe.MODELS,
    Probe.ROUTE,
)


class _Look(NamedTuple):
    seen: Seen
    world: World

    @property
    def case(self) -> Case:
        return self.seen.case


def examine(case: Case) -> Seen:
    """Take every look; answers after `PATIENCE` seconds at the latest."""
    world = build(case.settings, case.environ)
    seen = Seen(case, HostClock().now())
    look = _Look(seen, world)
    looks = [
        _apprise,
        _journal,
        _systemd,
        _units,
        _program,
        _rights,
        _node,
        _way,
        _machine,
        _disk,
        _line,
        *_probes(),
    ]
    world.host.together([_guarded(each, look) for each in looks], PATIENCE)
    return seen


def _guarded(take: Callable[[_Look], None], look: _Look) -> Callable[[], None]:
    """A look whose own bug leaves only its own part unknown."""

    def guarded() -> None:
        with suppress(Exception):
            take(look)

    return guarded


def _systemd(look: _Look) -> None:
    names = (*UNITS, look.case.settings.gateway_service)
    ask = ("systemctl", "--user", "show")
    ran = run((*ask, *names, "-p", PROPERTIES), DEADLINE, env=bus_environment())
    if not ran.ok or not ran.out.strip():
        look.seen.systemd = _silence(ran)
        return
    blocks = [_properties(block) for block in ran.out.strip("\n").split("\n\n")]
    said = run((*ask, "-P", "Version"), DEADLINE, env=bus_environment()).out
    digits = "".join(sign if sign.isdigit() else " " for sign in said).split()
    version = int(digits[0]) if digits else 0
    units = dict(zip(names, blocks, strict=False))
    gateway = look.case.settings.gateway_service
    if units[gateway].get("LoadState") == "not-found":
        there = _properties(run(("systemctl", "show", gateway, "-p", PROPERTIES), DEADLINE).out)
        look.seen.gateway_is_the_systems = there.get("LoadState", "not-found") != "not-found"
        units[gateway] = there if look.seen.gateway_is_the_systems else units[gateway]
    look.seen.systemd = Systemd(version, units)


def _journal(look: _Look) -> None:
    """Whether there is a journal that this user may read; of the gateway's lines, one."""
    unit = look.case.settings.gateway_service
    ask = ("journalctl", "--user", "-u", unit, "-n", "1", "-o", "cat", "--no-pager")
    ran = run(ask, DEADLINE, env=bus_environment())
    if not ran.timed_out and ran.code != NOT_FOUND:
        look.seen.has_journal = "no journal files" not in ran.err.lower()


def _silence(ran: Ran) -> Silence:
    if ran.timed_out:
        return Silence("systemctl --user does not answer", Why.TIMED_OUT)
    return Silence(ran.complaint, Why.MISSING if ran.code == NOT_FOUND else Why.SILENT)


def _properties(block: str) -> dict[str, str]:
    rows = (line.partition("=") for line in block.splitlines())
    return {key.strip(): value.strip() for key, _, value in rows}


def _units(look: _Look) -> None:
    case = look.case
    look.seen.has_shell_watchdog = units.is_from_the_shell_watchdog(case.places)
    look.seen.lingers = lingers(case.user)
    look.seen.edited_units = units.edited(case.places, case.settings)
    look.seen.stale_units = units.outdated(case.places, case.settings, case.environ)


def _program(look: _Look) -> None:
    folder = program.program_folder(look.case.places)
    if not os.path.isfile(f"{folder}/start.py"):
        look.seen.program = Program()
        return
    start = (f"{folder}/bin/python", "-I", "-S", f"{folder}/start.py", "--version")
    ran = run(start, DEADLINE)
    look.seen.program = Program(
        folder,
        ran.ok,
        ran.out.strip().rpartition(" ")[2],
        program.is_this(folder),
        program.uncompiled(folder),
    )


def _rights(look: _Look) -> None:
    case = look.case
    look.seen.rights = missing.rights(case.user, look.world.tailnet, case.settings)


def _node(look: _Look) -> None:
    look.seen.node = look.world.tailnet.node(DEADLINE)


def _way(look: _Look) -> None:
    """What Tailscale publishes, and then what its address looks like from here."""
    settings = look.case.settings
    funnel = look.world.tailnet.funnel(DEADLINE)
    look.seen.funnel = funnel
    url = settings.webhook_url
    if not url and isinstance(funnel, Funnel):
        url = public_url(funnel, settings)
    if not url:
        look.seen.public = Public()
        return
    name = url.partition("://")[2].partition("/")[0].partition(":")[0]
    found = resolve(name, DEADLINE)
    addresses = () if isinstance(found, Unresolved) else tuple(each.ip for each in found)
    look.seen.public = Public(url, addresses)
    answer = look_public(settings, look.world, settings.external_timeout_sec, url)
    look.seen.looks[Probe.WEBHOOK_PUBLIC] = fit(answer, secrets_of(settings))


def _machine(look: _Look) -> None:
    settings, seen = look.case.settings, look.seen
    seen.picoclaw = seen.case.loaded.picoclaw
    ports = tuple(dict.fromkeys((settings.gateway_port, settings.line_webhook_port)))
    seen.listeners = listeners(ports)
    seen.stale_pid = look.world.host.stale_pid(f"{settings.pico_home}/{PID_FILE}")
    seen.shell_watchdogs = running(SHELL_WATCHDOG)
    said = run(("timedatectl", "show", "-P", "NTPSynchronized"), DEADLINE).out.strip()
    seen.synchronised = said == "yes" if said in ("yes", "no") else timex.is_synchronised()


def _apprise(look: _Look) -> None:
    if look.case.settings.apprise_urls:
        python = python_for(look.case.places.home)
        ran = run((python, "-I", "-c", "import apprise"), 2 * DEADLINE)
        look.seen.has_apprise = None if ran.timed_out else ran.ok


def _disk(look: _Look) -> None:
    settings, seen = look.case.settings, look.seen
    folders = dict.fromkeys((settings.state_dir, os.path.dirname(settings.log_file)))
    seen.rooms = tuple(filter(None, map(_room, folders)))
    seen.snapshot = look.world.store.last_snapshot()
    seen.damage = damage(settings.state_dir)


def _room(folder: str) -> Room | None:
    """The room where the folder is, or would be."""
    while not os.path.exists(folder) and folder not in ("", "/"):
        folder = os.path.dirname(folder)
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    share = disk.f_bavail / disk.f_blocks if disk.f_blocks else 1.0
    inodes = disk.f_favail / disk.f_files if disk.f_files else 1.0
    return Room(folder, disk.f_bavail * disk.f_frsize, share, inodes)


def _line(look: _Look) -> None:
    look_at_line(look.seen, look.world)


def _probes() -> list[Callable[[_Look], None]]:
    return [_probe(probe) for probe in PLAIN]


def _probe(probe: Probe) -> Callable[[_Look], None]:
    kind = PROBES[probe]

    def take(look: _Look) -> None:
        settings = look.case.settings
        deadline = settings.external_timeout_sec if kind.is_far else settings.local_timeout_sec
        if kind.is_on(settings):
            seen = kind.look(settings, look.world, deadline)
            look.seen.looks[probe] = fit(seen, secrets_of(settings))

    return take

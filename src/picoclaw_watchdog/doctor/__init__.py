"""The doctor: everything that must be so for the watch to work, looked at from the host.

All looks are taken at the same time (`looking.py`); the checks below judge what was seen and
touch nothing. A new check is a function in its area's file and its name in this table.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from picoclaw_watchdog.doctor import (
    gateway,
    line,
    machine,
    mistakes,
    ollama,
    others,
    program,
    tailscale,
    units,
)
from picoclaw_watchdog.doctor.finding import Area, Finding, Findings, Words, unknown
from picoclaw_watchdog.doctor.looking import examine
from picoclaw_watchdog.doctor.seen import Case, Seen

CHECKS: Mapping[Area, tuple[Callable[[Seen], Findings], ...]] = {
    Area.PROGRAM: (
        program.python,
        program.installed,
        program.alone,
        program.bytecode,
        program.command,
        program.closed,
        program.tools,
    ),
    Area.SYSTEMD: (
        units.bus,
        units.systemd_version,
        units.runtime_dir,
        units.linger,
        units.timer,
        units.kicks,
        units.current,
        units.loaded,
        units.hardening,
        units.journal,
        units.last_result,
        units.last_cycle,
        units.paused,
    ),
    Area.GATEWAY: (
        gateway.unit,
        gateway.boot,
        units.on_failure,
        gateway.health,
        gateway.ready,
        gateway.webhook,
        gateway.owners,
        gateway.agreement,
        gateway.pid_file,
    ),
    Area.TAILSCALE: (
        tailscale.daemon,
        tailscale.tailscale_version,
        tailscale.key_expiry,
        tailscale.capability,
        tailscale.complaints,
        tailscale.funnel,
        tailscale.rights,
        tailscale.public,
    ),
    Area.MESSAGES: (
        line.switch,
        line.token,
        line.recipient,
        line.quota,
        line.webhook_at_line,
        line.webhook_test,
        line.delivery,
        others.apprise,
        others.couriers,
        others.heartbeat,
    ),
    Area.OLLAMA: (ollama.reachable, ollama.models, ollama.same_one),
    Area.SETTINGS: (mistakes.mistakes, mistakes.private, mistakes.folder, mistakes.windows),
    Area.MACHINE: (
        machine.network,
        machine.clock,
        machine.state_folder,
        machine.log,
        machine.disk,
        machine.database,
    ),
}

OUR_BUG = Words(
    "this check failed by an error of our own: {why}", "この確認は内部エラーで失敗しました: {why}"
)


class Entry(NamedTuple):
    """One finding and whose it is."""

    area: Area
    check: str  # the same in every version: programs may rely on it
    finding: Finding


def diagnose(seen: Seen) -> tuple[Entry, ...]:
    """Judge what was seen, in the order of the table."""
    return tuple(
        Entry(area, check.__name__, finding)
        for area, checks in CHECKS.items()
        for check in checks
        for finding in _guarded(check, seen)
    )


def look_and_judge(case: Case) -> tuple[Entry, ...]:
    """The whole examination."""
    return diagnose(examine(case))


def _guarded(check: Callable[[Seen], Findings], seen: Seen) -> Findings:
    try:
        return check(seen)
    except Exception as error:  # noqa: BLE001  # one bug of ours must not hide the other checks
        return unknown(OUR_BUG, why=f"{type(error).__name__}: {error}")

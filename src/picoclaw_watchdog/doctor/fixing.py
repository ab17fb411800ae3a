"""What `doctor --fix` does: only what loses nothing, needs no root and can be done twice."""

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from picoclaw_watchdog.doctor.finding import Finding, Fix, State
from picoclaw_watchdog.doctor.seen import Case
from picoclaw_watchdog.host.machine import Machine
from picoclaw_watchdog.install import manager, setup
from picoclaw_watchdog.install.places import TIMER
from picoclaw_watchdog.ports import Ran
from picoclaw_watchdog.store.files import make_private_folder, reason


class Fixed(NamedTuple):
    """One fix that was tried."""

    fix: Fix
    path: str = ""
    why_not: str = ""  # empty: it worked


def fix_all(case: Case, findings: Iterable[Finding]) -> list[Fixed]:
    """Do everything that can be done about the findings, each once, in a sensible order."""
    wanted = {
        (finding.fix, finding.path)
        for finding in findings
        if finding.fix is not None and finding.state in (State.WARN, State.BAD)
    }
    ordered = sorted(wanted, key=lambda each: (list(_FIXES).index(each[0]), each[1]))
    return [_tried(case, fix, path) for fix, path in ordered]


def _tried(case: Case, fix: Fix, path: str) -> Fixed:
    try:
        return Fixed(fix, path, _FIXES[fix](case, path))
    except OSError as error:
        return Fixed(fix, path, reason(error))


def _make_folder(_: Case, path: str) -> str:
    make_private_folder(path)
    return ""


def _protect(case: Case, path: str) -> str:
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if path == case.env_file:
        mode = 0o600
    elif path == case.settings.state_dir:
        mode = 0o700
    else:
        mode &= ~0o022
    os.chmod(path, mode)
    return ""


def _move_pid(_: Case, path: str) -> str:
    machine = Machine()
    if machine.stale_pid(path) is None:  # it has changed since it was looked at
        return ""
    return "" if machine.move_aside(path) else "it could not be renamed"


def _install(case: Case, _: str) -> str:
    if case.loaded.fatal:
        return "mend the settings first: picoclaw-watchdog config check"
    return setup.install(case.places, case.settings, case.environ, case.user).refused


def _reload(_: Case, __: str) -> str:
    return _complaint(manager.systemctl("daemon-reload"))


def _reset_failed(_: Case, unit: str) -> str:
    return _complaint(manager.systemctl("reset-failed", unit))


def _rearm(_: Case, __: str) -> str:
    return _complaint(manager.systemctl("restart", TIMER))


def _enable(_: Case, __: str) -> str:
    return _complaint(manager.enable())


def _complaint(ran: Ran) -> str:
    return "" if ran.ok else ran.complaint


# In this order: a timer is armed with the units that an install wrote.
_FIXES: Mapping[Fix, Callable[[Case, str], str]] = {
    Fix.MAKE_FOLDERS: _make_folder,
    Fix.PROTECT: _protect,
    Fix.MOVE_PID: _move_pid,
    Fix.INSTALL: _install,
    Fix.RELOAD: _reload,
    Fix.RESET_FAILED: _reset_failed,
    Fix.REARM: _rearm,
    Fix.ENABLE: _enable,
}

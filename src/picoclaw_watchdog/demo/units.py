"""Supervision of real processes for the `systemctl` stand-in: state, start, stop, verdict.

The state is one JSON file. Each process has a small shell beside it that waits for it and
writes its exit status down, because nobody else is its parent once `systemctl` has ended.
"""

import fcntl
import json
import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

START_LIMIT = 5
START_LIMIT_SECONDS = 10.0
_PID_WITHIN_SECONDS = 5.0
_CLEAN_SIGNALS = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE}
_SHELL_SIGNAL = 128  # what a shell adds to the number of a deadly signal
_LAST_SIGNAL = 64  # above: an exit status of its own, such as systemd's 203/EXEC
_SHIM = '"$@" & echo $! >"$0.pid.new"; mv "$0.pid.new" "$0.pid"; wait $!; echo $? >"$0.exit"'


class Unit(NamedTuple):
    """One service unit and its latest process."""

    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    load: str = "loaded"  # or masked, not-found
    pretend: tuple[tuple[str, str], ...] = ()  # properties to show instead of the true ones
    stop_timeout: float = 5.0
    main_pid: int = 0
    main_born: int = 0  # its start time in clock ticks: a pid alone can be given away anew
    started: int = 0  # microseconds of CLOCK_MONOTONIC
    invocation: str = ""
    job: str = ""  # deactivating, while a stop goes on
    told_to_stop: bool = True
    result: str = ""  # start-limit-hit or timeout, which no exit status shows
    times_started: int = 0
    starts: tuple[float, ...] = ()  # seconds of CLOCK_MONOTONIC, those within the limit's reach


class Manager(NamedTuple):
    """Everything the pretended systemd knows."""

    units: dict[str, Unit]
    hang: bool = False
    bus: bool = True


class Refused(Exception):  # noqa: N818
    """A job that systemd would refuse; the text is what systemctl prints."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def read_manager(folder: Path) -> Manager:
    """The state as it is on disk."""
    try:
        document = json.loads((folder / "units.json").read_text("utf-8"))
    except FileNotFoundError:
        return Manager({})
    units = {name: _unit(fields) for name, fields in document["units"].items()}
    return Manager(units, document["hang"], document["bus"])


def _unit(fields: dict[str, object]) -> Unit:
    unit = Unit(**fields)  # type: ignore[arg-type]
    return unit._replace(
        command=tuple(unit.command),
        environment=tuple((name, value) for name, value in unit.environment),
        pretend=tuple((name, value) for name, value in unit.pretend),
        starts=tuple(unit.starts),
    )


def write_manager(folder: Path, manager: Manager) -> None:
    """Replace the state, and lay out what `show` prints for units that just run."""
    document = {
        "units": {name: unit._asdict() for name, unit in manager.units.items()},
        "hang": manager.hang,
        "bus": manager.bus,
    }
    _replace(folder / "units.json", json.dumps(document, indent=1))
    for name, unit in manager.units.items():
        quick = folder / f"{name}.show"
        plain = unit.load == "loaded" and not (unit.pretend or unit.job or unit.result)
        if plain and manager.bus and not manager.hang and is_alive(unit):
            lines = [f"{unit.main_pid} {unit.main_born}"]
            lines += [f"{key}={value}" for key, value in properties(folder, name, unit).items()]
            _replace(quick, "\n".join(lines) + "\n")
        else:
            quick.unlink(missing_ok=True)


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


@contextmanager
def jobs_of(folder: Path) -> Iterator[None]:
    """One job at a time."""
    with (folder / "jobs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def change_unit(folder: Path, name: str, **fields: object) -> Unit:
    """Set fields of a unit; call it inside `jobs_of`."""
    manager = read_manager(folder)
    unit = manager.units.get(name, Unit())._replace(**fields)  # type: ignore[arg-type]
    write_manager(folder, manager._replace(units={**manager.units, name: unit}))
    return unit


def born(pid: int) -> int:
    """When a process was started, in clock ticks since boot; 0 where it runs no more."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] in "ZX" else int(fields[19])


def is_alive(unit: Unit) -> bool:
    """Whether the unit's main process runs."""
    return unit.main_pid > 0 and unit.main_born > 0 and born(unit.main_pid) == unit.main_born


def properties(folder: Path, name: str, unit: Unit) -> dict[str, str]:
    """What `systemctl show` prints, in its order."""
    runs = is_alive(unit)
    active, sub, result = _state(folder, unit, runs=runs)
    shown = {
        "Result": result,
        "NRestarts": "0",
        "MainPID": str(unit.main_pid if runs else 0),
        "ExecMainStartTimestampMonotonic": str(unit.started),
        "ExecMainPID": str(unit.main_pid),
        **_of_main_process(folder, unit, runs=runs),
        "Type": "simple",
        "Environment": "",
        "Id": name,
        "LoadState": unit.load,
        "ActiveState": active,
        "SubState": sub,
        "UnitFileState": "masked" if unit.load == "masked" else "enabled",
        "InvocationID": unit.invocation,
    }
    return shown | dict(unit.pretend)


def _state(folder: Path, unit: Unit, *, runs: bool) -> tuple[str, str, str]:
    if unit.job:
        return unit.job, "stop-sigterm", "success"
    if runs:
        return "active", "running", "success"
    if unit.result:
        return "failed", "failed", unit.result
    status = _exit_status(folder, unit)
    if unit.told_to_stop or status == 0:
        return "inactive", "dead", "success"
    if status is None or _SHELL_SIGNAL < status <= _SHELL_SIGNAL + _LAST_SIGNAL:
        number = signal.SIGKILL if status is None else status - _SHELL_SIGNAL
        if number in _CLEAN_SIGNALS:
            return "inactive", "dead", "success"
        return "failed", "failed", "signal"
    return "failed", "failed", "exit-code"


def _of_main_process(folder: Path, unit: Unit, *, runs: bool) -> dict[str, str]:
    """How it ended, as waitid(2) counts it: an exit status, or the number of a signal."""
    if runs or not unit.main_pid:
        return {"ExecMainStatus": "0", "ExecMainCode": "0"}
    status = _exit_status(folder, unit) or 0
    if _SHELL_SIGNAL < status <= _SHELL_SIGNAL + _LAST_SIGNAL:
        return {"ExecMainStatus": str(status - _SHELL_SIGNAL), "ExecMainCode": "2"}
    return {"ExecMainStatus": str(status), "ExecMainCode": "1"}


def _exit_status(folder: Path, unit: Unit) -> int | None:
    """As a shell counts it; None while it runs, or where it was never written."""
    try:
        return int((folder / f"{unit.invocation}.exit").read_text("utf-8"))
    except (OSError, ValueError):
        return None


def start(folder: Path, name: str) -> None:
    """Start a unit as a simple service: it has started once its process exists.

    Raises:
        Refused: the unit cannot be started.
    """
    unit = read_manager(folder).units.get(name, Unit(load="not-found"))
    _must_be_startable(name, unit)
    if is_alive(unit):
        return
    now = time.monotonic()
    recent = tuple(each for each in unit.starts if now - each < START_LIMIT_SECONDS)
    if len(recent) >= START_LIMIT:
        change_unit(folder, name, result="start-limit-hit", told_to_stop=False)
        raise Refused(_too_often(name))
    invocation = os.urandom(16).hex()
    pid = _spawn(folder, name, unit, invocation)
    change_unit(
        folder,
        name,
        main_pid=pid,
        main_born=born(pid),
        started=time.monotonic_ns() // 1000,
        invocation=invocation,
        told_to_stop=False,
        result="",
        starts=(*recent, now),
        times_started=unit.times_started + 1,
    )


def _must_be_startable(name: str, unit: Unit) -> None:
    if unit.load == "masked":
        raise Refused(f"Unit {name} is masked.")
    if unit.load != "loaded":
        raise Refused(f"Unit {name} not found.", 5)


def _too_often(name: str) -> str:
    return (
        f"Job for {name} failed because start of the service was attempted too often.\n"
        f'See "systemctl --user status {name}" and "journalctl --user -xeu {name}" for details.\n'
        f'To force a start use "systemctl --user reset-failed {name}"\n'
        f'followed by "systemctl --user start {name}" again.'
    )


def _spawn(folder: Path, name: str, unit: Unit, invocation: str) -> int:
    """Start the process and its shell in a session of their own; answers the process id."""
    shell = str(folder / invocation)
    journal = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    os.posix_spawn(
        "/bin/sh",
        ["/bin/sh", "-c", _SHIM, shell, *unit.command],
        dict(unit.environment),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(folder / f"{name}.journal"), journal, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
    )
    until = time.monotonic() + _PID_WITHIN_SECONDS
    while time.monotonic() < until:
        with suppress(OSError):
            return int(Path(f"{shell}.pid").read_text("utf-8"))
        time.sleep(0.002)
    raise Refused(f"Job for {name} failed because of unavailable resources.")


def stop(folder: Path, name: str) -> None:
    """SIGTERM and SIGCONT, then wait; SIGKILL where that does not help."""
    unit = change_unit(folder, name, told_to_stop=True, job="deactivating")
    result = ""
    if is_alive(unit) and not _ended_by(unit, signal.SIGTERM, unit.stop_timeout):
        _ended_by(unit, signal.SIGKILL, unit.stop_timeout)
        result = "timeout"
    change_unit(folder, name, job="", result=result)


def kill(folder: Path, name: str, number: int) -> None:
    """Send a signal to the unit's process."""
    unit = read_manager(folder).units.get(name, Unit())
    if is_alive(unit):
        os.kill(unit.main_pid, number)


def _ended_by(unit: Unit, number: int, within: float) -> bool:
    """Whether a signal ends the unit's process in time."""
    try:
        watched = os.pidfd_open(unit.main_pid)
    except ProcessLookupError:
        return True
    try:
        os.kill(unit.main_pid, number)
        os.kill(unit.main_pid, signal.SIGCONT)
        ended = select.poll()
        ended.register(watched, select.POLLIN)
        return bool(ended.poll(within * 1000))
    except ProcessLookupError:
        return True
    finally:
        os.close(watched)

"""The user's systemd, asked and commanded through `systemctl --user`."""

import os

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import UnitFacts
from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.host.process import NOT_FOUND, run
from picoclaw_watchdog.ports import Ran, Silence

PROPERTIES = (
    "LoadState,ActiveState,SubState,Result,InvocationID,"
    "MainPID,ExecMainStartTimestampMonotonic,NRestarts,StateChangeTimestampMonotonic"
)


class UserSystemd:
    """`ports.Services` on a real host. `systemctl` and `journalctl` are found on PATH."""

    def __init__(self) -> None:
        self._environment = bus_environment()

    def show(self, unit: str, deadline: float) -> UnitFacts | Silence:
        """Ask for everything at once; an unknown unit is an answer too (`not-found`)."""
        ran = self._ask("systemctl", "--user", "show", unit, "-p", PROPERTIES, deadline=deadline)
        if ran.timed_out:
            return Silence(f"systemctl did not answer within {deadline:g} s", timed_out=True)
        if ran.code == NOT_FOUND:
            return Silence("systemctl is not installed", missing=True)
        facts = read_facts(ran.out, monotonic())
        if facts is None:
            return Silence(ran.complaint if not ran.ok else "systemctl named no state")
        return facts

    def start(self, unit: str, deadline: float) -> Ran:
        """Start and wait. At the deadline only the waiting ends: systemd's job goes on."""
        return self._ask("systemctl", "--user", "start", unit, deadline=deadline)

    def stop(self, unit: str, deadline: float) -> Ran:
        """Stop and wait. At the deadline only the waiting ends: systemd's job goes on."""
        return self._ask("systemctl", "--user", "stop", unit, deadline=deadline)

    def restart(self, unit: str, deadline: float) -> Ran:
        """Restart and wait. At the deadline only the waiting ends: systemd's job goes on."""
        return self._ask("systemctl", "--user", "restart", unit, deadline=deadline)

    def reset_failed(self, unit: str, deadline: float) -> Ran:
        """Forget failures, and with them a start limit."""
        return self._ask("systemctl", "--user", "reset-failed", unit, deadline=deadline)

    def kill(self, unit: str, deadline: float) -> Ran:
        """SIGKILL every process of the unit."""
        return self._ask("systemctl", "--user", "kill", "--signal=SIGKILL", unit, deadline=deadline)

    def signal(self, unit: str, name: str, deadline: float) -> Ran:
        """Send a signal to every process of the unit."""
        return self._ask("systemctl", "--user", "kill", f"--signal={name}", unit, deadline=deadline)

    def journal(self, unit: str, lines: int, deadline: float) -> Ran:
        """The last lines of the unit's journal, each with its time."""
        from picoclaw_watchdog.host import journal  # for bad days

        argv = ("journalctl", "--user", "-u", unit, "-n", str(lines), "-r", *journal.OPTIONS)
        ran = run(argv, deadline, env=self._environment, limit=journal.LIMIT)
        return ran._replace(out=journal.as_text(ran.out))

    def _ask(self, *argv: str, deadline: float) -> Ran:
        return run(argv, deadline, env=self._environment)


def bus_environment() -> dict[str, str]:
    """What a process without a login session (cron, su) lacks to find the user's bus."""
    folder = f"/run/user/{os.getuid()}"
    if os.environ.get("XDG_RUNTIME_DIR") or not os.path.isdir(folder):
        return {}
    return {"XDG_RUNTIME_DIR": folder}


def read_facts(text: str, now: float) -> UnitFacts | None:
    """Read the answer of `systemctl show`; None where it names no state.

    Args:
        text: Lines of KEY=VALUE in any order, up to the first empty one.
        now: CLOCK_MONOTONIC in seconds, which is what systemd's stamp counts.
    """
    said: dict[str, str] = {}
    for line in text.strip().splitlines():
        if not line.strip():
            break  # a second unit follows
        key, _, value = line.partition("=")
        said[key.strip()] = printable(value)
    if not said.get("ActiveState"):
        return None
    started = _number(said.get("ExecMainStartTimestampMonotonic", ""))  # microseconds
    changed = _number(said.get("StateChangeTimestampMonotonic", ""))
    return UnitFacts(
        load=said.get("LoadState", ""),
        active=said["ActiveState"],
        sub=said.get("SubState", ""),
        result=said.get("Result", ""),
        instance=said.get("InvocationID", ""),
        main_pid=_number(said.get("MainPID", "")),
        started_ago=max(0.0, now - started / 1e6) if started else None,
        restarts=_number(said.get("NRestarts", "")),
        changed_ago=max(0.0, now - changed / 1e6) if changed else None,
    )


def _number(text: str) -> int:
    """A whole number below 2^64; anything else, such as `[not set]`, is 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0  # noqa: PLR2004

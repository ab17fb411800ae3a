"""The user's systemd, asked and commanded through `systemctl --user`."""

import os
import re

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import UnitFacts
from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.host.machine import content_of
from picoclaw_watchdog.host.process import NOT_FOUND, run
from picoclaw_watchdog.ports import Ran, Silence, Why

PROPERTIES = (
    "LoadState,ActiveState,SubState,Result,InvocationID,"
    "MainPID,ExecMainStartTimestampMonotonic,NRestarts,StateChangeTimestampMonotonic,"
    "Type,ExecMainStatus,ExecMainCode,UnitFileState,Environment,EnvironmentFiles"
)
# What moves a gateway; its unit may hold tokens too, which are nobody's business.
FOLLOWED = (
    "PICOCLAW_GATEWAY_HOST=",
    "PICOCLAW_GATEWAY_PORT=",
    "PICOCLAW_HOME=",
    "PICOCLAW_CONFIG=",
)

CODES = {"1": "exited", "2": "killed", "3": "dumped"}  # si_code of SIGCHLD, as systemctl shows it

# How systemctl writes a list: words, those with blanks or signs in double quotes ($'' for
# characters that cannot be seen), with backslashes before signs and octal numbers for bytes.
_QUOTED = r"""(?s)\$?'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\""""
_WORD = r"""(?s)(?:\$?'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s"'])+"""
_ESCAPED = r"(?s)\\([0-7]{3}|.)"
_SIGNS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class UserSystemd:
    """`ports.Services` on a real host. `systemctl` and `journalctl` are found on PATH."""

    def __init__(self) -> None:
        self._environment = bus_environment()

    def show(self, unit: str, deadline: float) -> UnitFacts | Silence:
        """Ask for everything at once; an unknown unit is an answer too (`not-found`).

        Whom the user's systemd does not know, the system's may run: it is asked only then.
        """
        ends = monotonic() + deadline
        facts = self._show(("--user",), unit, deadline)
        left = ends - monotonic()
        if isinstance(facts, Silence) or facts.load != "not-found" or left <= 0:
            return facts
        if facts.active not in ("inactive", "failed"):
            return facts
        of_system = self._show((), unit, left)
        if isinstance(of_system, Silence) or of_system.load == "not-found":
            return facts
        return of_system._replace(scope="system")

    def _show(self, whose: tuple[str, ...], unit: str, deadline: float) -> UnitFacts | Silence:
        ran = self._ask("systemctl", *whose, "show", unit, "-p", PROPERTIES, deadline=deadline)
        if ran.starved:
            return Silence(ran.complaint, Why.STARVED)
        if ran.timed_out:
            return Silence(
                f"systemctl did not answer within {round(deadline, 1):g} s", Why.TIMED_OUT
            )
        if ran.code == NOT_FOUND:
            return Silence("systemctl is not installed", Why.MISSING)
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
        key = key.strip()
        # The environment is read word by word, and not shown.
        said[key] = value.strip() if key.startswith("Environment") else printable(value)
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
        kind=said.get("Type", ""),
        status=_number(said.get("ExecMainStatus", "")),
        code=CODES.get(said.get("ExecMainCode", ""), ""),
        enabled=said.get("UnitFileState", ""),
        environment=_followed(said.get("Environment", ""), said.get("EnvironmentFiles", "")),
    )


def _followed(words: str, files: str) -> tuple[str, ...]:
    """What the unit sets of what we follow: by its lines, then by its files (systemd.exec(5))."""
    if "PICOCLAW_" not in words and not files:
        return ()
    every = [*words_of(words)]
    for path in re.findall(r"(/.*?) \(ignore_errors=(?:yes|no)\)", files):
        every += [word for line in _lines(path) for word in words_of(line)]
    return tuple(word for word in every if word.startswith(FOLLOWED))


def _lines(path: str) -> list[str]:
    """The assignments in an EnvironmentFile=; none where it cannot be read."""
    text = content_of(path).decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip().startswith(FOLLOWED)]


def words_of(text: str) -> tuple[str, ...]:
    r"""A list as `systemctl show` writes it: `A=1 "B=two words" "C=\$"`."""
    return tuple(re.sub(_QUOTED, _unquoted, word) for word in re.findall(_WORD, text))


def _unquoted(match: re.Match[str]) -> str:
    return re.sub(_ESCAPED, _sign, match[1] or match[2] or "")


def _sign(match: re.Match[str]) -> str:
    meant = match[1]
    return chr(int(meant, 8)) if meant.isdigit() else _SIGNS.get(meant, meant)


def _number(text: str) -> int:
    """A whole number below 2^64; anything else, such as `[not set]`, is 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0  # noqa: PLR2004

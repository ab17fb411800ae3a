"""The user's systemd, as far as an installation needs it."""

from picoclaw_watchdog.host.process import run
from picoclaw_watchdog.host.systemd import bus_environment
from picoclaw_watchdog.install.places import ENABLED, LOOP, TIMER, UNITS
from picoclaw_watchdog.ports import Ran

DEADLINE = 30.0  # seconds for one command


def systemctl(*arguments: str) -> Ran:
    """Run `systemctl --user`, also from a shell that does not know its bus (su, cron)."""
    return run(("systemctl", "--user", *arguments), DEADLINE, env=bus_environment())


def answers() -> bool:
    """Whether there is a user manager that can be talked to."""
    return systemctl("show", "-P", "Version").ok


def is_enabled() -> bool:
    """Whether the timer is enabled."""
    return systemctl("is-enabled", "--quiet", TIMER).ok


def is_active(unit: str) -> bool:
    """Whether a unit is active."""
    return systemctl("is-active", "--quiet", unit).ok


def needs_reload() -> bool:
    """Whether units on the disk are newer than those that systemd knows."""
    shown = systemctl("show", "-P", "NeedDaemonReload", *UNITS)
    return "yes" in shown.out.split()


def follow(*, was_loop: bool) -> Ran:
    """Make a running installation follow changed units; nothing begins that was not going on."""
    ran = systemctl("daemon-reload")
    if ran.ok and is_enabled():  # an older version had no path unit
        ran = systemctl("enable", "--quiet", *ENABLED)
    if ran.ok and is_active(TIMER):
        ran = systemctl("restart", *ENABLED)
    if ran.ok and was_loop:
        ran = systemctl("restart", LOOP)
    return ran


def enable() -> Ran:
    """Enable and start the timer and the path."""
    return systemctl("enable", "--now", "--quiet", *ENABLED)


def disable() -> Ran:
    """Stop and disable everything of ours that starts cycles; one that runs is left to end."""
    answers = [systemctl("disable", "--now", "--quiet", unit) for unit in (*ENABLED, LOOP)]
    return next((ran for ran in answers if not ran.ok), answers[0])


def stop_everything() -> None:
    """Also end a cycle that runs."""
    disable()
    systemctl("stop", "--quiet", *UNITS)


def forget_failures() -> None:
    """Leave no trace of units that are gone."""
    systemctl("reset-failed", *UNITS)


def is_the_systems(unit: str) -> bool:
    """Whether the whole system's systemd knows the unit."""
    shown = run(("systemctl", "show", "-P", "LoadState", unit), DEADLINE)
    return shown.ok and shown.out.strip() not in ("", "not-found")


def broken_units() -> tuple[str, ...]:
    """Units of ours that systemd has read and does not take."""
    return tuple(unit for unit in UNITS if load_state(unit) in ("bad-setting", "error"))


def load_state(unit: str) -> str:
    """`loaded`, `not-found`, `masked`; empty where systemd does not answer."""
    return systemctl("show", "-P", "LoadState", unit).out.strip()

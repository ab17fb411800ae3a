"""Cycles without end, for short intervals: `Type=notify`, with systemd's watchdog on it."""

import os
import signal
from collections.abc import Callable, Mapping

from picoclaw_watchdog.engine.unattended import once, request_stamp
from picoclaw_watchdog.host.clock import HostClock, monotonic
from picoclaw_watchdog.host.notify import notify, watchdog_interval
from picoclaw_watchdog.settings.load import Loaded

# How long the loop sleeps at a time: a kick is served, and a stop obeyed, within this.
TICK = 0.5


def loop(
    load: Callable[[], Loaded],
    environ: Mapping[str, str],
    echo: Callable[[str], None] | None = None,
) -> int:
    """Run cycles until SIGTERM or SIGINT.

    The settings are read again before every cycle. The pings go out between cycles only, so a
    cycle that hangs is one that systemd sees.
    """
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda which, _frame: stopping.append(which))
    notify("READY=1", environ)
    while not stopping:
        began = monotonic()
        loaded = load()
        notify("WATCHDOG=1\nSTATUS=cycle running", environ)
        once(loaded, environ, echo)
        notify("WATCHDOG=1\nSTATUS=waiting", environ)
        _wait(began + loaded.settings.interval_sec, loaded.settings.kick_file, stopping, environ)
    notify("STOPPING=1", environ)
    return 0


def _wait(until: float, kick_file: str, stopping: list[int], environ: Mapping[str, str]) -> None:
    """Sleep until a moment, a kick or a signal. A kick that cannot be removed wakes us once."""
    clock = HostClock()
    seen = request_stamp(kick_file)
    ping_every = (watchdog_interval(environ, os.getpid()) or until) / 2
    pinged = monotonic()
    while not stopping and monotonic() < until:
        clock.sleep(min(TICK, max(0.0, until - monotonic())))
        if monotonic() - pinged >= ping_every:
            pinged = monotonic()
            notify("WATCHDOG=1", environ)
        if request_stamp(kick_file) not in (None, seen):
            return

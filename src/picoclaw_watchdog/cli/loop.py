"""`picoclaw-watchdog loop`: cycles without end."""

import os

from picoclaw_watchdog.cli.loading import load_settings
from picoclaw_watchdog.engine.loop import loop

USAGE = 2

HELP = """picoclaw-watchdog loop

Cycles without end, one every PICOCLAW_WATCHDOG_INTERVAL_SEC seconds, for intervals too short
for a timer. Meant for a unit with Type=notify and WatchdogSec=. Ends on SIGTERM.

example: systemctl --user start picoclaw-watchdog-loop.service"""


def main(arguments: list[str]) -> int:
    """Run until SIGTERM."""
    if arguments:
        print(HELP)
        return 0 if arguments[0] in ("-h", "--help") else USAGE
    return loop(load_settings, os.environ)

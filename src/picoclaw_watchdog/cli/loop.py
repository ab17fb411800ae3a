"""`picoclaw-watchdog loop`: cycles without end."""

import os
import sys

from picoclaw_watchdog.cli.loading import load_settings
from picoclaw_watchdog.engine.loop import loop


def main(arguments: list[str]) -> int:
    """Run until SIGTERM."""
    colour = "auto"
    if arguments:
        from picoclaw_watchdog.cli.cycle_help import read

        typed = read("loop", arguments)
        if isinstance(typed, int):
            return typed
        colour = typed.colour
    if sys.stdout is None or not sys.stdout.isatty():
        return loop(load_settings, os.environ)
    from picoclaw_watchdog.cli.log_lines import LinePrinter

    return loop(load_settings, os.environ, LinePrinter(colour).echo)

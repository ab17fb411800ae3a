"""`picoclaw-watchdog once`: what the timer starts every minute. Imports only what it needs."""

import os
import sys
from collections.abc import Callable

from picoclaw_watchdog.cli.loading import complain, load_settings
from picoclaw_watchdog.engine.unattended import once
from picoclaw_watchdog.install.interval import follow_settings, is_stale
from picoclaw_watchdog.settings.load import Loaded

USAGE = 2


def main(arguments: list[str]) -> int:
    """Run one cycle.

    Returns:
        0 done; 2 mistakes in the settings (attended only); 70 an error of our own.
    """
    flags, colour = frozenset(arguments), "auto"
    if flags - {"--attended", "--unattended"}:
        from picoclaw_watchdog.cli.cycle_help import read

        typed = read("once", arguments)
        if isinstance(typed, int):
            return typed
        flags, colour = typed.flags, typed.colour
    loaded = load_settings()
    if "--attended" not in flags and ("--unattended" in flags or not _is_typed()):
        return _once(loaded)
    if complain(loaded):
        return USAGE
    from picoclaw_watchdog.cli.log_lines import LinePrinter

    return _once(loaded, LinePrinter(colour).echo)


def _is_typed() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _once(loaded: Loaded, echo: Callable[[str], None] | None = None) -> int:
    code = once(loaded, os.environ, echo)
    _follow_settings(loaded)
    return code


def _follow_settings(loaded: Loaded) -> None:
    """Bring the installed units in line with settings that were changed since the install."""
    home = os.path.expanduser("~")
    if is_stale(os.environ, home, loaded.settings):
        why = follow_settings(os.environ, home, loaded.settings)
        if why:
            print(f"the installed units still follow the old settings: {why}", file=sys.stderr)

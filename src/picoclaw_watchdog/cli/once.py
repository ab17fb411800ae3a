"""`picoclaw-watchdog once`: what the timer starts every minute. Imports only what it needs."""

import os
import sys

from picoclaw_watchdog.cli.loading import complain, load_settings
from picoclaw_watchdog.engine.unattended import once
from picoclaw_watchdog.install.interval import follow_settings, is_stale
from picoclaw_watchdog.settings.load import Loaded

USAGE = 2

HELP = """picoclaw-watchdog once [--attended | --unattended]

One cycle: look, mend, verify, tell. Typed at a terminal, it stops with status 2 on a mistake
in the settings; started by the timer, it falls back to the default and tells the owner.

example: picoclaw-watchdog once"""


def main(arguments: list[str]) -> int:
    """Run one cycle.

    Returns:
        0 done; 2 mistakes in the settings (attended only); 70 an error of our own.
    """
    if set(arguments) - {"--attended", "--unattended"}:
        print(HELP)
        return 0 if arguments[0] in ("-h", "--help") else USAGE
    loaded = load_settings()
    attended = "--attended" in arguments or (
        "--unattended" not in arguments and sys.stdin is not None and sys.stdin.isatty()
    )
    if attended and complain(loaded):
        return USAGE
    code = once(loaded, os.environ, echo=attended)
    _follow_settings(loaded)
    return code


def _follow_settings(loaded: Loaded) -> None:
    """Bring the installed units in line with settings that were changed since the install."""
    home = os.path.expanduser("~")
    if is_stale(os.environ, home, loaded.settings):
        why = follow_settings(os.environ, home, loaded.settings)
        if why:
            print(f"the installed units still follow the old settings: {why}", file=sys.stderr)

"""`picoclaw-watchdog demo`: a host in a box, broken five times, mended before your eyes."""

import argparse
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from picoclaw_watchdog.demo.story import perform

_SIGNAL_STATUS = 128
_INTERRUPTIONS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def main(arguments: list[str]) -> int:
    """Perform the demo.

    Returns:
        0 when every chapter ended as promised; 1 when not; 128 and the signal's number when
        it was interrupted. Nothing is left behind either way.
    """
    options = _read(arguments)
    for number in _INTERRUPTIONS:
        signal.signal(number, _leave)
    try:
        return perform(options.language, fast=options.fast)
    except (FileNotFoundError, PermissionError, TimeoutError) as error:
        print(f"picoclaw-watchdog demo: cannot build the box: {error}", file=sys.stderr)
        return 1


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="picoclaw-watchdog demo",
        description="Break a host in a box five times and watch it being mended. "
        "Needs no PicoClaw, no Tailscale, no Ollama, no systemd, no root; takes about a minute.",
        epilog="example: picoclaw-watchdog demo --language ja",
    )
    parser.add_argument("--language", choices=("en", "ja"), default=_usual_language())
    parser.add_argument("--fast", action="store_true", help="shorter waits, no pauses for reading")
    return parser.parse_args(arguments)


def _usual_language() -> str:
    """As the setting LANGUAGE has it, else as the locale."""
    for name in ("PICOCLAW_WATCHDOG_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name, ""):
            return "ja" if value.startswith("ja") else "en"
    return "en"


def _leave(number: int, _: FrameType | None) -> NoReturn:
    """End by way of every `finally`, so that the box is cleared away; once is enough."""
    for other in _INTERRUPTIONS:
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(_SIGNAL_STATUS + number)

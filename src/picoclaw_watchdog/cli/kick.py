"""`picoclaw-watchdog kick`: ask the watchdog for a recovery."""

import sys

from picoclaw_watchdog.cli.loading import load_settings
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.kick.inbox import add
from picoclaw_watchdog.kick.requests import VERBS, render

USAGE = 2
REFUSED = 3
CANNOT_WRITE = 1

HELP = f"""picoclaw-watchdog kick ACTION [--source WHO]

Asks for a recovery; the next cycle serves it (at once where the .path unit is enabled).
ACTION is one of {", ".join(VERBS)}. The token comes from PICOCLAW_WATCHDOG_KICK_TOKEN or .env.

exit status: 0 asked, 1 the request could not be written, 2 wrong usage, 3 kicks are off
example: picoclaw-watchdog kick restart_gateway --source line:U123"""


def main(arguments: list[str]) -> int:
    """Write one request into `kick_request`."""
    if not arguments or arguments[0].startswith("-"):
        print(HELP)
        return 0 if arguments and arguments[0] in ("-h", "--help") else USAGE
    verb, source = arguments[0], "cli"
    if arguments[1:]:
        if len(arguments) != 3 or arguments[1] != "--source":  # noqa: PLR2004
            print(HELP, file=sys.stderr)
            return USAGE
        source = arguments[2]
    settings = load_settings().settings
    if not settings.kick_enabled:
        print("kicks are off: set PICOCLAW_WATCHDOG_KICK_ENABLED=true in .env", file=sys.stderr)
        return REFUSED
    return _ask(settings.kick_file, verb, settings.kick_token, source)


def _ask(path: str, verb: str, token: str, source: str) -> int:
    try:
        line = render(verb, token, source, HostClock().now().wall)
    except ValueError as error:
        print(f"kick: {error}", file=sys.stderr)
        return USAGE
    try:
        add(path, line)
    except OSError as error:
        print(f"kick: {path} cannot be written: {error.strerror}", file=sys.stderr)
        return CANNOT_WRITE
    print(f"asked for {verb}; the outcome will be in the log")
    return 0

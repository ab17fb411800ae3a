"""The command `picoclaw-watchdog`: finds the file of a command and calls it.

No argparse here: `once` starts every minute and would pay for it.

Exit statuses: 0 done · 1 the answer is no · 2 wrong usage or bad settings ·
70 an error of our own. A command may have more; its --help says so.
"""

import sys
from contextlib import suppress

COMMANDS = {
    "init": "set this host up: asks, writes .env, installs, sends a test message (--yes)",
    "once": "one cycle now: look, recover, verify, tell",
    "loop": "cycles without end, for short intervals",
    "doctor": "is everything in place for the watchdog to work? (--fix, --json)",
    "status": "what is healthy, what is not, what is left (--json)",
    "logs": "the log (-f, -n N, --level, --since), or the gateway's journal (--gateway)",
    "report": "one incident as Markdown, to send to somebody (--output FILE)",
    "history": "how long each target was up: 24 h, 7, 30, 90 days (--json)",
    "incidents": "what broke, how long, what fixed it; `incidents show`: one in full",
    "why": "the reasons of the last decisions (--json)",
    "notify-test": "a message through every channel now, and what came of it",
    "config": "`config show`: every setting and its origin; `config check`: every mistake",
    "kick": "ask for a recovery or the state, and wait for the outcome (--wait)",
    "pause": "recover and report nothing for a while: `pause 30m` (also: resume)",
    "ack": "you know about an incident: no more messages about it",
    "accept": "you have moved something: what is seen now is what is right (--yes)",
    "stop-gateway": "stop the gateway for a while: `stop-gateway 2h` (also: start-gateway)",
    "drill": "break it for real and time the recovery: `drill all` (--last)",
    "audit": "who asked for what, and what became of it (--verify, --json)",
    "demo": "a host in a box: breaks it, recovers it, shows what the owner gets",
    "rehearse": "a night on a pretend host: `rehearse STORY`, or `rehearse --years 10`",
    "completion": "for your shell: bash, zsh, fish",
    "install": "install on this host (also: enable, disable, uninstall)",
}
ALSO = {
    "enable": "install",
    "disable": "install",
    "uninstall": "install",
    "resume": "pause",
    "stop-gateway": "stop_gateway",
    "start-gateway": "stop_gateway",
}

USAGE = 2
OUR_OWN_BUG = 70
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; the process's own if None.

    Returns:
        The exit status.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = _main(given)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a reader that has left can still be caught
    except BrokenPipeError:
        _let_go_of_output()
        return 0  # the reader has seen enough
    return code


def _let_go_of_output() -> None:
    """Nobody reads: what is still to be written, at the latest by the interpreter, goes nowhere."""
    import os

    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(nowhere, stream.fileno())


def _main(given: list[str]) -> int:
    if not given or given[0] in ("-h", "--help", "help"):
        from picoclaw_watchdog.cli.usage import show_usage

        show_usage(to_errors=not given)
        return 0 if given else USAGE
    if given[0] in ("-V", "--version"):
        from picoclaw_watchdog import __version__

        print(f"picoclaw-watchdog {__version__}")
        return 0
    return _run(given[0], given[1:])


def module_of(name: str) -> str:
    """The module of a command, below this package."""
    return ALSO.get(name, name).replace("-", "_")


def is_shared(name: str) -> bool:
    """Whether the command's module serves others too, and must be told which is meant."""
    return name in ALSO or name in ALSO.values()


def _run(name: str, rest: list[str]) -> int:
    if name not in COMMANDS and name not in ALSO:
        from picoclaw_watchdog.cli.usage import show_unknown

        show_unknown(name)
        return USAGE
    from importlib import import_module

    try:
        module = import_module(f"picoclaw_watchdog.cli.{module_of(name)}")
        code = module.main([name, *rest] if is_shared(name) else rest)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # the owner gets a line, never a traceback
        from picoclaw_watchdog.terminal.paint import show

        kind = type(error).__name__
        show(sys.stderr, [f"picoclaw-watchdog {name}: internal error: {kind}: {error}"])
        return OUR_OWN_BUG
    return int(code)

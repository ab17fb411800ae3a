"""A stand-in for `systemctl` that supervises real processes.

Without --user it is the system's, whose units are in the folder's subfolder `system`.

Its state is in the folder named by PICOCLAW_DEMO_SYSTEMD. `show` of a unit that simply runs
is answered by the shell wrapper around this program, which costs a tenth.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from picoclaw_watchdog.demo.units import (
    Refused,
    Unit,
    change_unit,
    jobs_of,
    kill,
    properties,
    read_manager,
    start,
    stop,
)

FOLDER_VARIABLE = "PICOCLAW_DEMO_SYSTEMD"
_FOR_EVER_SECONDS = 300.0
_BUS_DOWN = "Failed to connect to bus: No medium found"
_TAKES_A_VALUE = {"-p", "--property", "-s", "--signal", "-n", "--lines", "-o", "--output"}


def _read(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Words and options of a command line."""
    words: list[str] = []
    options: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        if argument in _TAKES_A_VALUE:
            options[argument.lstrip("-")[0]] = next(rest, "")
        elif argument.startswith("-p") and not argument.startswith("--"):
            options["p"] = argument[2:]
        elif argument.startswith("--") and "=" in argument:
            name, _, value = argument.partition("=")
            options[name.lstrip("-")[0]] = value
        elif not argument.startswith("-"):
            words.append(argument)
    return words, options


def _show(folder: Path, names: list[str], wanted: str) -> int:
    manager = read_manager(folder)
    asked = [name for name in wanted.split(",") if name]
    blocks = []
    for name in names:
        unit = manager.units.get(name, Unit(load="not-found"))
        shown = properties(folder, name, unit)
        blocks.append(
            "".join(f"{key}={shown[key]}\n" for key in shown if not asked or key in asked)
        )
    print("\n".join(blocks), end="")
    return 0


def _is_active(folder: Path, names: list[str]) -> int:
    manager = read_manager(folder)
    states = [
        properties(folder, name, manager.units.get(name, Unit(load="not-found")))["ActiveState"]
        for name in names
    ]
    print("\n".join(states))
    return 0 if "active" in states else 3


def _restart(folder: Path, name: str) -> None:
    if read_manager(folder).units.get(name, Unit(load="not-found")).load == "loaded":
        stop(folder, name)
    start(folder, name)


def _reset_failed(folder: Path, name: str) -> None:
    if name not in read_manager(folder).units:
        raise Refused(f"Unit {name} not loaded.")
    change_unit(folder, name, result="", starts=(), told_to_stop=True)


_JOBS: dict[str, Callable[[Path, str], None]] = {
    "start": start,
    "stop": stop,
    "restart": _restart,
    "reset-failed": _reset_failed,
}


def run(arguments: list[str], folder: Path) -> int:
    """Do one command line; answers the exit status."""
    if "--user" not in arguments:
        folder /= "system"
    words, options = _read(arguments)
    manager = read_manager(folder)
    if manager.hang:
        time.sleep(_FOR_EVER_SECONDS)
    if not manager.bus:
        print(_BUS_DOWN, file=sys.stderr)
        return 1
    return _answer(folder, words, options)


def _answer(folder: Path, words: list[str], options: dict[str, str]) -> int:
    verb, names = (words[0] if words else ""), words[1:]
    if verb == "show":
        return _show(folder, names, options.get("p", ""))
    if verb == "is-active":
        return _is_active(folder, names)
    if verb == "kill":
        number = signal.Signals[options.get("s", "SIGTERM")]
        for name in names:
            kill(folder, name, number)
        return 0
    if verb in {"daemon-reload", "enable", "disable"}:
        return 0
    if verb not in _JOBS:
        print(f"Unknown command verb {verb}.", file=sys.stderr)
        return 1
    return _do(folder, verb, names)


def _do(folder: Path, verb: str, names: list[str]) -> int:
    for name in names:
        try:
            with jobs_of(folder):
                _JOBS[verb](folder, name)
        except Refused as refused:
            text = str(refused)
            if not text.startswith("Job "):
                text = f"Failed to {verb} {name}: {text}"
            print(text, file=sys.stderr)
            return refused.code
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], Path(os.environ[FOLDER_VARIABLE])))

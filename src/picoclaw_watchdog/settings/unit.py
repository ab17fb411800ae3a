"""The environment that systemd gives to a unit, as `systemctl show` tells of it."""

from collections.abc import Iterable

from picoclaw_watchdog.settings import dotenv, files
from picoclaw_watchdog.settings.mistakes import Mistake
from picoclaw_watchdog.settings.sources import LARGEST_ENV

_SUFFIXES = (" (ignore_errors=no)", " (ignore_errors=yes)")


def environment(said: Iterable[str], env_files: Iterable[str] = ()) -> dict[str, str]:
    """What the unit puts into the gateway's environment.

    Args:
        said: `Environment=`, each as NAME=VALUE.
        env_files: `EnvironmentFiles=`, one a line; what they set comes after, as in systemd. One
            that is not there, or that others can write, sets nothing.
    """
    found = {
        name: value for name, equals, value in (each.partition("=") for each in said) if equals
    }
    for written in env_files:
        path = written.strip().removeprefix("-")
        for suffix in _SUFFIXES:
            path = path.removesuffix(suffix)
        unsaid: list[Mistake] = []  # not our file: its owner hears of it from systemd
        content = files.read(path, LARGEST_ENV, unsaid) if path.startswith("/") else None
        text = files.decoded(content or b"", path, unsaid)
        found |= {entry.key: entry.value for entry in dotenv.parse(text) if entry.flaw is None}
    return found

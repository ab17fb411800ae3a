"""What can be fuzzed: the table of targets. A new one is its module and one line.

A target's module has `check(data)`, which raises where a promise is broken, and `seeds()`, one
input for each way through the code, from which its corpus begins.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

CORPUS = Path(__file__).parent / "corpus"


class Target(NamedTuple):
    """One thing that reads what others wrote."""

    covers: tuple[str, ...]  # whose code the fuzzer watches
    longest: int = 4096  # bytes of an input


TARGETS = {
    "kick": Target(("picoclaw_watchdog.kick",)),
    "dotenv": Target(("picoclaw_watchdog.settings",)),
    "config": Target(("picoclaw_watchdog.settings",)),
    "state": Target(("picoclaw_watchdog.store",), longest=8192),
    "database": Target(("picoclaw_watchdog.store",), longest=8192),
    "http": Target(("picoclaw_watchdog.host.http", "picoclaw_watchdog.host.http_answer")),
    "tailscale": Target(
        ("picoclaw_watchdog.host.tailscale", "picoclaw_watchdog.host.serve_config")
    ),
    "systemd": Target(("picoclaw_watchdog.host.systemd", "picoclaw_watchdog.probes.unit")),
    "line": Target(("picoclaw_watchdog.channels", "picoclaw_watchdog.probes.line_test")),
    "probes": Target(("picoclaw_watchdog.probes",)),
}


def check_of(name: str) -> Callable[[bytes], None]:
    """One run of the fuzzer."""
    check: Callable[[bytes], None] = import_module(f"tests.fuzz.{name}_target").check
    return check


def seeds_of(name: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the inputs that a person wrote."""
    module = "seeds" if name == "kick" else f"{name}_target"
    seeds: Iterator[tuple[str, bytes]] = import_module(f"tests.fuzz.{module}").seeds()
    return seeds


def write_seeds(name: str) -> None:
    """Bring the seeds to the corpus."""
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    for seed, data in seeds_of(name):
        (CORPUS / name / seed).write_bytes(data)

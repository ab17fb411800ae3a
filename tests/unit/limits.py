"""A process that gets nothing more: descriptors in this one, processes in one of its own."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"
NOBODY = 65_123  # a user with no process but the test's


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    """This process may open no further file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    held: list[int] = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(lowest, 3), hard))
        while True:  # whatever is free below the limit
            try:
                held.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in held:
            os.close(each)


def without_processes(script: str) -> str:
    """What a script prints whose user may start neither thread nor program."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user, and root has no such limit")
    # Imported by root: the sources may lie where nobody else can read.
    entry = (
        f"import sys; sys.path.insert(0, {str(SOURCES)!r})\n"
        "from picoclaw_watchdog.host import http, machine, means, process, resolve, timex, tls\n"
        "from picoclaw_watchdog.probes import host\n"
        "import resource, os, json, ipaddress\n"
        "resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)); os.setgroups([])\n"
        f"os.setresgid({NOBODY}, {NOBODY}, {NOBODY}); os.setresuid({NOBODY}, {NOBODY}, {NOBODY})\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", entry + script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()

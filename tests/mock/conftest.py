"""Each test gets hosts in a box of its own; the watchdog that runs in them is the real one."""

import functools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from picoclaw_watchdog.demo.box import Box

MakeHost = Callable[..., Box]

QUICK = {
    "LOCAL_TIMEOUT_SEC": "1",
    "EXTERNAL_TIMEOUT_SEC": "1.5",
    "STOP_TIMEOUT_SEC": "2",
    "RESTART_VERIFY_SEC": "5",
    "STARTUP_GRACE_SEC": "0",
    "OLLAMA_RETRY_SEC": "0",
}


@pytest.fixture
def make_host() -> Iterator[MakeHost]:
    with ExitStack() as hosts:

        def make(
            settings: dict[str, str] | None = None, *, fresh: bool = False, **options: str
        ) -> Box:
            """A host that was seen well once, unless it is `fresh`."""
            box = Box({**QUICK, **(settings or {})}, **options)  # type: ignore[arg-type]
            hosts.enter_context(box)
            if not fresh:
                box.run("once")
            return box

        yield make


@pytest.fixture
def host(make_host: MakeHost) -> Box:
    return make_host()


@functools.cache
def prefix_for_an_ordinary_user() -> tuple[str, ...] | None:
    """What to put before a command so that it does not run as root; None: not possible."""
    if os.getuid() != 0:
        return ()
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    prefix = (unshare, "--user", "--map-user=1000", "--")
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if tried.returncode == 0 else None

"""Waiting for what other processes do in their own time."""

import time
from collections.abc import Callable


def wait_for(true: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.02)

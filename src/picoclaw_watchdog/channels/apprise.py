"""Telling the owner by any service that the Apprise library knows.

The library is an optional extra, and dear: it runs in a process of its own (`apprise_child.py`),
only when there is something to send.
"""

import os
import re
import sys
from collections.abc import Callable, Sequence

from picoclaw_watchdog.core import foreign
from picoclaw_watchdog.core.couriers import Address
from picoclaw_watchdog.core.model import Receipt
from picoclaw_watchdog.core.reasons import Fate
from picoclaw_watchdog.host.process import start
from picoclaw_watchdog.light import Protocol
from picoclaw_watchdog.ports import Ran

CHILD = f"{os.path.dirname(os.path.abspath(__file__))}/apprise_child.py"
OWN_PLACE = ".local/share/picoclaw/apprise/bin/python"  # below the home folder; by `install`
MISSING = "Apprise is not installed; run: picoclaw-watchdog install"
_SECRET_PART = re.compile(r"[^/@:?&=,#\s]{5,}")
_DETAIL_MAX = 200
_PLAIN = frozenset({"https", "localhost", "format", "overflow", "verify"})


class Started(Protocol):
    """A program that was started."""

    def finish(self) -> Ran:
        """Wait for its end, or for the deadline that it was started with."""


class Begin(Protocol):
    """Starts a program, and does not wait."""

    def __call__(
        self, argv: Sequence[str], deadline: float, *, input_bytes: bytes, limit: int
    ) -> Started:
        """Start it with this on its standard input, and keep so many bytes of what it prints."""


class AppriseCourier:
    """One address of Apprise's.

    Args:
        address: as the owner wrote it.
        home: the home folder, where the library may be.
        begin: what starts the child; None: `host.process.start`.
    """

    def __init__(self, address: Address, home: str, begin: Begin | None = None) -> None:
        self.name = address.name
        self._url = address.url
        self._python = python_for(home)
        self._begin: Begin = begin or start

    def fingerprint(self) -> str:
        """Changes with the address, and when the library has been installed."""
        from hashlib import sha256

        judged = f"{self._url}\n{self._python}"
        return sha256(judged.encode("utf-8", "replace")).hexdigest()[:16]

    def start(self, text: str, kind: str, deadline: float) -> Callable[[], Receipt]:
        """Start the child; what is answered waits for it, until the deadline in seconds."""
        import json

        title, _, body = text.partition("\n")
        order = {"url": self._url, "title": title, "body": body or title, "kind": kind}
        running = self._begin(
            (self._python, "-I", "-X", "utf8", CHILD),
            deadline,
            input_bytes=json.dumps(order).encode(),
            limit=10_000,
        )
        return lambda: self._receipt(running)

    def _receipt(self, running: Started) -> Receipt:
        import json

        ran = running.finish()
        try:
            answer = json.loads(ran.out)
            fate, said = Fate(answer["fate"]), str(answer["said"])
        except (ValueError, KeyError, TypeError):
            if ran.timed_out:
                return Receipt(Fate.SILENT, "no answer in time")
            # It may have ended after it had sent.
            return Receipt(Fate.SILENT, f"the sender ended with status {ran.code}")
        if said == "missing":
            return Receipt(fate, MISSING)
        return Receipt(fate, masked(said, self._url))


def python_for(home: str) -> str:
    """The interpreter that has the library: the install's own for it, else this one."""
    own = f"{home}/{OWN_PLACE}"
    return own if home and os.path.exists(own) else sys.executable


def masked(said: str, url: str) -> str:
    """What the library said, in one line, without anything that the address holds."""
    parts = _SECRET_PART.findall(url.partition("://")[2])
    secrets = tuple(part for part in parts if part.lower() not in _PLAIN)
    return foreign.said(said, secrets, _DETAIL_MAX)

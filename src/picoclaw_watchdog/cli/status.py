"""`picoclaw-watchdog status`: one screen, from the snapshot of the last cycle."""

import json
import os
import sys
from typing import Any

from picoclaw_watchdog.cli.loading import settings_for
from picoclaw_watchdog.core.model import Alert, Moment
from picoclaw_watchdog.engine.screen import LABELS, screen
from picoclaw_watchdog.engine.wiring import store_of
from picoclaw_watchdog.host.clock import HostClock

HEALTHY = 0
NOT_HEALTHY = 1
NEVER_LOOKED = 3

# A snapshot older than this many intervals means that nobody looks any more.
STALE_INTERVALS = 3

HELP = """picoclaw-watchdog status [--json]

What is healthy, open incidents, budgets left, the next look and the last messages.

exit status: 0 healthy, 1 not healthy or nobody looks, 2 wrong usage or settings, 3 never looked
example: picoclaw-watchdog status --json"""


def main(arguments: list[str]) -> int:
    """Print the state of the host as the last cycle left it."""
    settings = settings_for(arguments, {"--json"}, HELP)
    if isinstance(settings, int):
        return settings
    store = store_of(settings, os.environ)
    document: dict[str, Any] = dict(store.last_snapshot())
    document.pop("store", None)
    now = HostClock().now()
    if "at" not in document:
        print("{}" if "--json" in arguments else LABELS[settings.language]["never"])
        return NEVER_LOOKED
    stale = now.wall - float(document["at"]) > STALE_INTERVALS * settings.interval_sec
    if "--json" in arguments:
        document["stale"] = stale
        document["last_messages"] = [_message(*each) for each in store.history().delivered[:5]]
        json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        for line in screen(settings, document, store.history().delivered, now.wall, stale=stale):
            print(line)
    return HEALTHY if document.get("healthy") and not stale else NOT_HEALTHY


def _message(alert: Alert, moment: Moment) -> dict[str, object]:
    return {
        "at": round(moment.wall, 3),
        "topic": alert.topic.value,
        "target": alert.target,
        "incident": alert.incident,
    }

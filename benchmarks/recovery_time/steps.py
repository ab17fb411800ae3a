"""Where the time of a recovery goes, as systemd itself wrote it down."""

import json

from tests.lab.host import GATEWAY, WATCHDOG
from tests.lab.lab import STARTED, Lab

# SD_MESSAGE_UNIT_PROCESS_EXIT and SD_MESSAGE_UNIT_STARTING of sd-messages.h
EXITED, STARTING = "98e322203f7a4ed290d09fe03c09fe15", "7d4958e842da4a758f6c1cdc7b36dcc5"
OURS, STARTS, REST = "systemd starts us", "the gateway is started", "it answers"


def steps(lab: Lab, seconds: float) -> dict[str, float]:
    """The last outage, taken apart: each step in seconds, in its order.

    Args:
        lab: where it was.
        seconds: the whole outage, from before the fault's command; what no step has is the time
            of that command and of the gateway itself.
    """
    exited = _last(lab, GATEWAY, EXITED)
    ours = _last(lab, WATCHDOG, STARTING)
    started = _last(lab, GATEWAY, STARTED)
    found: dict[str, float] = {}
    if ours > exited:
        found[OURS] = ours - exited
        exited = ours
    found[STARTS] = started - exited
    return {**found, REST: seconds - sum(found.values())}


def _last(lab: Lab, unit: str, message: str) -> float:
    """When systemd last said this of a unit, in seconds; 0 where it never did."""
    lines = lab.must(
        *("journalctl", "--user", "--no-pager", "-q", "-o", "json", "-n", "1"),
        *(f"USER_UNIT={unit}", f"MESSAGE_ID={message}"),
    ).splitlines()
    return int(json.loads(lines[0])["__REALTIME_TIMESTAMP"]) / 1e6 if lines else 0.0

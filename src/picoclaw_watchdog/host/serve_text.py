"""What a node publishes, read from the text form: for a `tailscale` that knows no `--json`.

Enough to judge by; not enough to change anything by, as it leaves out half of what there is.
"""

import re
from collections.abc import Sequence

from picoclaw_watchdog.core.reasons import Sight
from picoclaw_watchdog.host.serve_config import HTTPS_PORT, port_of
from picoclaw_watchdog.ports import Funnel, Ran, Served

TROUBLE = (  # what stands in place of the configuration
    ("logged out", Sight.LOGGED_OUT),
    ("is stopped", Sight.TAILSCALE_STOPPED),
    ("not yet approved", Sight.NOT_APPROVED),
    ("unexpected state", Sight.TAILSCALE_STARTING),
)
HEADING = r"(https?)://([^\s/:]+)(?::(\d+))?/?\s+\(([^)]*)\)(?:\s+\((svc:[^)]*)\))?"
FORWARD = r"\|--\s+tcp://([^\s\[\]]+):(\d+)\s+\(([^)]*)\)(?:\s+\((svc:[^)]*)\))?\s*$"
TUN = r"tun \(L3 forwarding\)\s+\((svc:[^)]*)\)"
HANDLER = r"\|--\s+(/.*?)\s+(proxy|path|text|redirect)\s+(.*)"


def read(ran: Ran) -> Funnel | None:
    """What `tailscale funnel status` printed; None where it says nothing of the kind."""
    trouble = next(filter(None, map(sight_of_trouble, ran.err.splitlines())), None)
    if trouble is None and not ran.ok:
        return None
    entries = list(entries_of(ran.out))
    if "# Funnel on:" in ran.out and "#     - " not in ran.out:  # a session that is not shown
        entries.append(Served(HTTPS_PORT, "https", "", "", public=True, foreground=True))
    return Funnel(tuple(entries), trouble=trouble)


def sight_of_trouble(text: str) -> Sight | None:
    """What a complaint of Tailscale's means; None where it is no known one."""
    said = text.lower()
    return next((sight for words, sight in TROUBLE if words in said), None)


def entries_of(text: str) -> Sequence[Served]:
    """The entries, each under the address it stands below.

    The header (`# Funnel on:`) repeats addresses and is not looked at.
    """
    entries: list[Served] = []
    above = None  # the entry whose handlers or target follow
    for line in map(str.strip, text.splitlines()):
        if found := re.match(HEADING, line):
            scheme, host, port, status, service = found.groups("")
            number = port_of(port) or (HTTPS_PORT if scheme == "https" else 80)
            above = Served(number, scheme, "", "", host, service=service)
            above = above._replace(public="Funnel on" in status)
        elif found := re.match(FORWARD, line):
            host, port, status, service = found.groups("")
            terminated = status.lower().replace("-", " ").startswith("tls terminated")
            kind = "tls-terminated-tcp" if terminated else "tcp"
            above = Served(port_of(port), kind, "forward", "", host, service=service)
            above = above._replace(public="Funnel on" in status)
        elif above and line.startswith("|-->"):
            entries.append(above._replace(target=line[4:].strip()))
        elif above and (found := re.match(HANDLER, line)):
            mount, what, target = found.groups()
            entries.append(above._replace(mount=mount, what=what, target=target))
        elif found := re.match(TUN, line):
            entries.append(Served(0, "tun", "forward", "L3", service=found[1]))
    return entries

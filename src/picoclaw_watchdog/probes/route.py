"""Does this machine reach the world at all?"""

import re

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import World

LINE = "api.line.me"
# A stand-in for LINE on this host needs no way out.
HERE = ("127.0.0.1", "localhost", "::1")

_HOST = re.compile(r"https?://(?:[^/?#@]*@)?(?:\[([^\]]*)\]|([^/?#:]*))")


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """A default route, and a name server that knows LINE."""
    match = _HOST.match(settings.line_push_endpoint)
    name = (match and (match[1] or match[2])) or LINE
    if name in HERE:
        return Observation(Probe.ROUTE, Verdict.GOOD, Sight.AS_EXPECTED, f"{name} is this host")
    if world.network.has_route() is False:
        return Observation(Probe.ROUTE, Verdict.BAD, Sight.NO_ROUTE, "no default route")
    if not world.network.resolves(name, deadline):
        return Observation(Probe.ROUTE, Verdict.BAD, Sight.NAME_UNKNOWN, name)
    return Observation(Probe.ROUTE, Verdict.GOOD, Sight.AS_EXPECTED)

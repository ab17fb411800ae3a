"""Does this machine reach the world at all?"""

from picoclaw_watchdog.core.address import host_of, is_here
from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import World

LINE = "api.line.me"


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """A default route, and a name server that knows LINE."""
    name = host_of(settings.line_push_endpoint) or LINE
    if is_here(name):  # a stand-in for LINE needs no way out
        return Observation(Probe.ROUTE, Verdict.GOOD, Sight.AS_EXPECTED, f"{name} is this host")
    if world.network.has_route() is False:
        return Observation(Probe.ROUTE, Verdict.BAD, Sight.NO_ROUTE, "no default route")
    if not world.network.resolves(name, deadline):
        return Observation(Probe.ROUTE, Verdict.BAD, Sight.NAME_UNKNOWN, name)
    return Observation(Probe.ROUTE, Verdict.GOOD, Sight.AS_EXPECTED)

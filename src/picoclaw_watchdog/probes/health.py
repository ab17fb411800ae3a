"""Does the gateway say that it is alive?"""

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Request, World
from picoclaw_watchdog.probes.http_sights import OK, expect_here, unknown


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """PicoClaw answers 200 for as long as its HTTP server runs."""
    if not settings.health_url:
        return unknown(Probe.HEALTH, Sight.NO_ADDRESS)
    answer = world.network.ask(Request(settings.health_url), deadline)
    return expect_here(Probe.HEALTH, answer, OK)

"""Does this machine reach the world at all? Asked only in doubt.

That it does not takes two witnesses: a connection that comes to nothing, and the kernel, which
knows no way, or a second address by number. One alone proves nothing: a default route can lie in
another table, LINE's name can be refused by a filter, its address be away.
"""

from picoclaw_watchdog.core.foreign import said
from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import HttpFate, Request, World
from picoclaw_watchdog.probes.http_sights import Expectation, Shape, classify, unknown
from picoclaw_watchdog.probes.outside import by_number, is_reached, line_is_here, line_url

SHARE = 0.5  # of the deadline for the first witness


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """Whoever LINE's address is: is anybody there?"""
    url = line_url(settings)
    good = Observation(Probe.ROUTE, Verdict.GOOD, Sight.AS_EXPECTED, asked=url)
    if line_is_here(settings):
        return good._replace(detail="messages stay on this host")
    began = world.clock.now()
    answer = world.network.ask(Request(url), deadline * SHARE)
    if is_reached(answer):
        return good
    first = classify(answer, Expectation(shape=Shape.ANY))
    if answer.fate in (HttpFate.PROXY_FAILED, HttpFate.STARVED):
        return unknown(Probe.ROUTE, first.sight, first.detail, url)
    what = f"{url}: {first.detail or first.sight.value}"
    if world.network.has_route() is False:
        detail = f"no default route, and {what}"
        return good._replace(verdict=Verdict.BAD, sight=Sight.NO_ROUTE, detail=detail)
    left = max(0.0, deadline - seconds_between(began, world.clock.now()))
    second = by_number(world, left)
    if is_reached(second):
        return good._replace(detail=said(f"the world is reached by number, but {what}"))
    if first.sight is Sight.NAME_UNKNOWN:
        detail = f"no name server answers, nor anybody by number: {what}"
        return good._replace(verdict=Verdict.BAD, sight=first.sight, detail=detail)
    return unknown(Probe.ROUTE, first.sight, f"no answer by name or number: {what}", url)

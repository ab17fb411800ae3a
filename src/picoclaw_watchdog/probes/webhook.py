"""Is the LINE webhook served, here and as the world sees it?

A GET tells without disturbing anybody: PicoClaw refuses every method but POST with 405 before
it looks at anything else.
"""

from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Request, World
from picoclaw_watchdog.probes.http_sights import (
    METHOD_NOT_ALLOWED,
    expect,
    expect_here,
    unknown,
)


def look_local(settings: Settings, world: World, deadline: float) -> Observation:
    """The webhook on this machine: on its own port, or on the gateway's.

    From PicoClaw 0.2.0 on, webhook and health share the gateway's port.
    """
    began = world.clock.now()
    own = _ask_here(settings.line_webhook_port, settings, world, deadline)
    left = deadline - seconds_between(began, world.clock.now())
    shared = settings.gateway_port != settings.line_webhook_port
    if own.verdict is not Verdict.BAD or not shared or left <= 0:
        return own
    other = _ask_here(settings.gateway_port, settings, world, left)
    return other._replace(sight=Sight.SHARED_PORT) if other.verdict is Verdict.GOOD else own


def look_public(settings: Settings, world: World, deadline: float, url: str = "") -> Observation:
    """The webhook's public address: the owner's setting, or `url`, what Tailscale says."""
    address = settings.webhook_url or url
    if not address:
        return unknown(Probe.WEBHOOK_PUBLIC, Sight.NO_ADDRESS)
    answer = world.network.ask(Request(address), deadline)
    return expect(Probe.WEBHOOK_PUBLIC, answer, METHOD_NOT_ALLOWED)


def _ask_here(port: int, settings: Settings, world: World, deadline: float) -> Observation:
    request = Request(f"http://127.0.0.1:{port}{settings.webhook_path}")
    answer = world.network.ask(request, deadline)
    return expect_here(Probe.WEBHOOK_LOCAL, answer, METHOD_NOT_ALLOWED)

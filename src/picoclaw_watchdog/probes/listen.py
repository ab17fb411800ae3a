"""Does somebody listen on the gateway's ports?"""

from picoclaw_watchdog.core.model import Look, Observation
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import World


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """Both ports; the detail names those that are closed."""
    del deadline  # the kernel answers at once
    ports = (settings.gateway_port, settings.line_webhook_port)
    open_ports = world.network.listening(ports)
    if open_ports is None:
        short = "; ".join(world.host.means().shortage)
        sight = Sight.OUT_OF_PROCESSES if short else Sight.PROBE_BROKEN
        detail = short or "the kernel does not tell who listens"
        return Observation(Probe.LISTEN, Verdict.UNKNOWN, sight, detail)
    closed = [str(port) for port in dict.fromkeys(ports) if port not in open_ports]
    if closed:
        return Observation(Probe.LISTEN, Verdict.BAD, Sight.PORT_CLOSED, ", ".join(closed))
    return Observation(Probe.LISTEN, Verdict.GOOD, Sight.AS_EXPECTED)


def on_shared_port(settings: Settings, look: Look) -> Look:
    """The look, where nobody needs to listen on the webhook's own port.

    From PicoClaw 0.2.0 on the webhook is served on the gateway's port. Only the webhook's probe
    can tell, which is taken at the same time.
    """
    seen = look.of(Probe.LISTEN)
    if seen is None or look.sight(Probe.WEBHOOK_LOCAL) is not Sight.SHARED_PORT:
        return look
    if seen.detail != str(settings.line_webhook_port):
        return look
    good = seen._replace(verdict=Verdict.GOOD, sight=Sight.SHARED_PORT, detail="")
    return look._replace(seen=tuple(good if each is seen else each for each in look.seen))

"""Does somebody listen on the gateway's ports?"""

from picoclaw_watchdog.core.model import Observation
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
        detail = "the kernel does not tell who listens"
        return Observation(Probe.LISTEN, Verdict.UNKNOWN, Sight.PROBE_BROKEN, detail)
    closed = [str(port) for port in dict.fromkeys(ports) if port not in open_ports]
    if closed:
        return Observation(Probe.LISTEN, Verdict.BAD, Sight.PORT_CLOSED, ", ".join(closed))
    return Observation(Probe.LISTEN, Verdict.GOOD, Sight.AS_EXPECTED)

"""Does Ollama answer?"""

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Request, World
from picoclaw_watchdog.probes.http_sights import OK, expect, unknown


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """The list of models == 200. It never touches the GPU, and says nothing about it."""
    if not settings.ollama_models_url:
        return unknown(Probe.OLLAMA, Sight.NO_ADDRESS)
    answer = world.network.ask(Request(settings.ollama_models_url), deadline)
    return expect(Probe.OLLAMA, answer, OK)

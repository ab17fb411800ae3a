"""Does Ollama answer, or what stands in its place?"""

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import World
from picoclaw_watchdog.probes import peer
from picoclaw_watchdog.probes.http_sights import Expectation, Shape, observed, unknown

LISTS = ("/models", "/tags")  # addresses whose answer is a list of models


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """The list of models == 200. It never touches the GPU, and says nothing about it."""
    url = settings.ollama_models_url
    if not url:
        return unknown(Probe.OLLAMA, Sight.NO_ADDRESS)
    answer = world.network.ask(peer.request(settings, url), deadline)
    is_list = url.partition("?")[0].rstrip("/").endswith(LISTS)
    expected = Expectation(shape=Shape.MODELS if is_list else Shape.HEALTH)
    return observed(Probe.OLLAMA, answer, expected, url)

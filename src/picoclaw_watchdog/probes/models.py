"""Does Ollama have the models that are needed? A deeper look, off by default."""

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import HttpFate, Request, World
from picoclaw_watchdog.probes.http_sights import OK, beside, document, quoted, unknown

MODELS = "/v1/models"
TAGS = "/api/tags"


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """Every required model is in Ollama's store. It costs Ollama nothing."""
    if not settings.ollama_models_url or not settings.ollama_required_models:
        return unknown(Probe.MODELS, Sight.NO_ADDRESS)
    url = beside(settings.ollama_models_url, MODELS, TAGS)
    answer = world.network.ask(Request(url), deadline)
    said = document(answer)
    models = said.get("models", "")
    if models is None:  # how Go writes an empty list
        models = []
    good = answer.fate is HttpFate.ANSWERED and answer.status == OK
    if not good or not isinstance(models, list):
        return unknown(Probe.MODELS, Sight.NO_ANSWER, answer.detail or str(answer.status))
    there = {_full(str(model.get("name"))) for model in models if isinstance(model, dict)}
    missing = [name for name in settings.ollama_required_models if _full(name) not in there]
    if missing:
        detail = quoted(settings, ", ".join(missing))
        return Observation(Probe.MODELS, Verdict.BAD, Sight.MODELS_MISSING, detail)
    return Observation(Probe.MODELS, Verdict.GOOD, Sight.AS_EXPECTED)


def _full(name: str) -> str:
    """A model's name with its tag; a colon before the last slash is a registry's port."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"

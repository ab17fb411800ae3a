"""Does Ollama have the models that are needed? A deeper look, off by default."""

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, World
from picoclaw_watchdog.probes import peer
from picoclaw_watchdog.probes.http_sights import (
    OK,
    Expectation,
    Shape,
    address,
    beside,
    classify,
    document,
    unknown,
)

MODELS = "/v1/models"
TAGS = "/api/tags"  # only Ollama has it; names are written there as its owner writes them
NAMES = ("id", "name", "model")


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """Every required model is in the list that every server of this kind has.

    Only what is missing there is looked for in Ollama's own list. It costs Ollama nothing.
    """
    url = settings.ollama_models_url
    if not url or not settings.ollama_required_models:
        return unknown(Probe.MODELS, Sight.NO_ADDRESS)
    began = world.clock.now()
    answer = world.network.ask(peer.request(settings, url), deadline)
    there = _listed(answer)
    missing = _missing(settings, there or frozenset())
    left = deadline - seconds_between(began, world.clock.now())
    own = beside(url, MODELS, TAGS)
    if missing and own != url and left > 0:
        tags = _listed(world.network.ask(peer.request(settings, own), left))
        there = there if tags is None else (there or frozenset()) | tags
        missing = _missing(settings, there or frozenset())
    if there is None:
        return _unlisted(answer, url)
    if missing:
        detail = printable(", ".join(missing))
        return Observation(
            Probe.MODELS, Verdict.BAD, Sight.MODELS_MISSING, detail, asked=address(url)
        )
    return Observation(Probe.MODELS, Verdict.GOOD, Sight.AS_EXPECTED, asked=address(url))


def _unlisted(answer: Answer, url: str) -> Observation:
    """There is no list to judge by."""
    seen = classify(answer, Expectation(shape=Shape.MODELS))
    if seen.sight is Sight.AS_EXPECTED:
        return unknown(Probe.MODELS, Sight.NO_ANSWER, "the list is cut off", url)
    return unknown(Probe.MODELS, seen.sight, seen.detail, url)


def _listed(answer: Answer) -> frozenset[str] | None:
    """The models that an answer lists; None where it lists none."""
    if answer.fate is not HttpFate.ANSWERED or answer.status != OK:
        return None
    said = document(answer)
    models = next((said[name] for name in ("data", "models") if name in said), "")
    if models is None:  # how Go writes an empty list
        models = []
    if not isinstance(models, list):
        return None
    return frozenset(
        _full(str(model[name]))
        for model in models
        if isinstance(model, dict)
        for name in NAMES
        if model.get(name)
    )


def _missing(settings: Settings, there: frozenset[str]) -> list[str]:
    return [name for name in settings.ollama_required_models if _full(name) not in there]


def _full(name: str) -> str:
    """A model's name with its tag; a colon before the last slash is a registry's port."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"

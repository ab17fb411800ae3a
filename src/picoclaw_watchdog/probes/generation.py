"""Does Ollama still generate? A deeper look, off by default.

The lists of models answer 200 while generation hangs; only a generation tells. It is asked of
a model that is loaded already, because loading another could push that one out, and with no
option but the number of tokens, because any other reloads the model.
"""

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
    BUSY,
    Expectation,
    Shape,
    beside,
    classify,
    document,
    unknown,
)

MODELS = "/v1/models"
LOADED = "/api/ps"
GENERATE = "/api/generate"
BROKEN = 500
ANY = Expectation(shape=Shape.ANY)


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """One token from a loaded model. A busy Ollama is not a broken one."""
    import json

    if not settings.ollama_models_url:
        return unknown(Probe.GENERATION, Sight.NO_ADDRESS)
    began = world.clock.now()
    url = beside(settings.ollama_models_url, MODELS, LOADED)
    answer = world.network.ask(peer.request(settings, url), deadline)
    seen = classify(answer, ANY)
    if seen.verdict is not Verdict.GOOD:
        return unknown(Probe.GENERATION, seen.sight, seen.detail, url)
    model = _loaded(document(answer), settings.ollama_required_models)
    if not model:
        return unknown(Probe.GENERATION, Sight.NOT_DUE, "no model is loaded")
    wish = {"model": model, "prompt": "ok", "stream": False, "options": {"num_predict": 1}}
    asking = beside(settings.ollama_models_url, MODELS, GENERATE)
    request = peer.request(settings, asking, "POST", json.dumps(wish).encode())
    left = deadline - seconds_between(began, world.clock.now())
    return _judged(world.network.ask(request, max(0.0, left)), model)


def _judged(answer: Answer, model: str) -> Observation:
    if answer.fate is HttpFate.NO_ANSWER and answer.sent:
        return _stuck(f"{model}: {answer.detail}")
    seen = classify(answer, ANY)
    if seen.verdict is not Verdict.GOOD:
        broken = answer.status >= BROKEN and seen.sight is Sight.WRONG_STATUS
        # Busy, loading, a model that only embeds or has just gone: nothing that is stuck.
        verdict = Verdict.BAD if broken and answer.status != BUSY else Verdict.UNKNOWN
        return Observation(Probe.GENERATION, verdict, seen.sight, seen.detail)
    said = document(answer)
    count = said.get("eval_count")
    if said.get("done") is True and isinstance(count, int) and count >= 1:
        return Observation(Probe.GENERATION, Verdict.GOOD, Sight.AS_EXPECTED)
    return _stuck(f"{model}: nothing generated")


def _stuck(detail: str) -> Observation:
    return Observation(Probe.GENERATION, Verdict.BAD, Sight.GENERATION_STUCK, printable(detail))


def _loaded(said: dict[str, object], required: tuple[str, ...]) -> str:
    """The loaded model to ask: a required one where there is one."""
    models = said.get("models")
    names = [
        str(model["name"])
        for model in (models if isinstance(models, list) else ())
        if isinstance(model, dict) and model.get("name")
    ]
    wanted = {name if ":" in name.rpartition("/")[2] else f"{name}:latest" for name in required}
    return next((name for name in names if name in wanted), names[0] if names else "")

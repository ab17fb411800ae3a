"""Does Ollama still generate? A deeper look, off by default.

The lists of models answer 200 while generation hangs; only a generation tells. It is asked of
a model that is loaded already, because loading another could push that one out, and with no
option but the number of tokens, because any other reloads the model.
"""

from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request, World
from picoclaw_watchdog.probes.http_sights import BUSY, OK, beside, document, quoted, unknown

MODELS = "/v1/models"
LOADED = "/api/ps"
GENERATE = "/api/generate"
CANNOT = (400, 404)  # a model that only embeds, or has just gone


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """One token from a loaded model. A busy Ollama is not a broken one."""
    import json

    if not settings.ollama_models_url:
        return unknown(Probe.GENERATION, Sight.NO_ADDRESS)
    began = world.clock.now()
    url = beside(settings.ollama_models_url, MODELS, LOADED)
    answer = world.network.ask(Request(url), deadline)
    if answer.fate is not HttpFate.ANSWERED or answer.status != OK:
        return unknown(Probe.GENERATION, Sight.NO_ANSWER, answer.detail or str(answer.status))
    model = _loaded(document(answer), settings.ollama_required_models)
    if not model:
        return unknown(Probe.GENERATION, Sight.NOT_DUE, "no model is loaded")
    wish = {"model": model, "prompt": "ok", "stream": False, "options": {"num_predict": 1}}
    request = Request(
        beside(settings.ollama_models_url, MODELS, GENERATE),
        "POST",
        (("Content-Type", "application/json"),),
        json.dumps(wish).encode(),
    )
    left = deadline - seconds_between(began, world.clock.now())
    return _judged(settings, world.network.ask(request, max(0.0, left)), model)


def _judged(settings: Settings, answer: Answer, model: str) -> Observation:
    if answer.fate is HttpFate.NO_ANSWER and answer.sent:
        return _stuck(settings, f"{model}: {answer.detail}")
    if answer.fate is not HttpFate.ANSWERED:
        return unknown(Probe.GENERATION, Sight.NO_ANSWER, answer.detail)
    said = document(answer)
    if answer.status != OK:
        detail = quoted(settings, f"{answer.status} {said.get('error', '')}")
        verdict = Verdict.UNKNOWN if answer.status in (BUSY, *CANNOT) else Verdict.BAD
        return Observation(Probe.GENERATION, verdict, Sight.WRONG_STATUS, detail)
    count = said.get("eval_count")
    if said.get("done") is True and isinstance(count, int) and count >= 1:
        return Observation(Probe.GENERATION, Verdict.GOOD, Sight.AS_EXPECTED)
    return _stuck(settings, f"{model}: nothing generated")


def _stuck(settings: Settings, detail: str) -> Observation:
    words = quoted(settings, detail)
    return Observation(Probe.GENERATION, Verdict.BAD, Sight.GENERATION_STUCK, words)


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

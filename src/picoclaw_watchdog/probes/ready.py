"""Does the gateway say that it is ready, and if not: whose fault is it?"""

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request, World
from picoclaw_watchdog.probes.dependencies import is_starting, said_by
from picoclaw_watchdog.probes.http_sights import (
    BUSY,
    OK,
    Expectation,
    Shape,
    document,
    observed_here,
    unknown,
)


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """200, or a 503 that names its reasons.

    PicoClaw counts Ollama among its own checks. Its stock releases 0.2.0 to 0.2.9 answer 503
    without any checks for ever, while all is well; so do successors that say only
    `{"ready":false}`. OpenClaw names what is still starting.
    """
    url = settings.ready_url
    if not url:
        return unknown(Probe.READY, Sight.NO_ADDRESS)
    answer = world.network.ask(Request(url), deadline)
    seen = observed_here(Probe.READY, answer, Expectation(OK, Shape.HEALTH), url)
    if answer.fate is HttpFate.ANSWERED and answer.status == BUSY:
        return _not_ready(answer, seen)
    return seen


def _not_ready(answer: Answer, seen: Observation) -> Observation:
    body = document(answer)
    if "status" not in body and not isinstance(body.get("ready"), bool):
        return seen  # no gateway's own answer, or not all of it
    said = said_by(body)
    detail = printable(said.words)
    if not said.named:
        if is_starting(body):
            return seen._replace(sight=Sight.READY_STARTING)
        return seen._replace(verdict=Verdict.GOOD, sight=Sight.READY_STOCK, detail=str(BUSY))
    if not said.failing:
        detail = "not ready, though every check passes"
    elif said.only_dependencies:
        return seen._replace(sight=Sight.READY_OLLAMA, detail=detail)
    elif said.only_starting:
        return seen._replace(sight=Sight.READY_STARTING, detail=detail)
    return seen._replace(sight=Sight.READY_FAILING, detail=detail)

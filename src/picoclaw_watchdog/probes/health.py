"""Does the gateway say that it is alive?"""

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request, World
from picoclaw_watchdog.probes.dependencies import is_starting, said_by
from picoclaw_watchdog.probes.http_sights import (
    BUSY,
    OK,
    Expectation,
    Shape,
    classify,
    document,
    observed_here,
    unknown,
)

HEALTH, LIVE = "/health", "/health/live"


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """PicoClaw answers 200 for as long as its HTTP server runs.

    Some of its successors count what they need among it, and answer 503 while all that fails
    is the language model.
    """
    url = settings.health_url
    if not url:
        return unknown(Probe.HEALTH, Sight.NO_ADDRESS)
    began = world.clock.now()
    answer = world.network.ask(Request(url), deadline)
    seen = observed_here(Probe.HEALTH, answer, Expectation(OK, Shape.HEALTH), url)
    if answer.fate is not HttpFate.ANSWERED or answer.status != BUSY:
        return seen
    said = said_by(document(answer))
    if said.only_dependencies:
        return seen._replace(sight=Sight.READY_OLLAMA, detail=printable(said.words))
    if said.only_starting or is_starting(document(answer)):
        return seen._replace(sight=Sight.READY_STARTING)
    if not said.named and document(answer) and url.endswith(HEALTH):
        left = deadline - seconds_between(began, world.clock.now())
        if left > 0 and _lives(world.network.ask(Request(url.removesuffix(HEALTH) + LIVE), left)):
            return seen._replace(sight=Sight.READY_OLLAMA, detail=f"{seen.detail}; {LIVE} is well")
    return seen


def _lives(answer: Answer) -> bool:
    """RenCrow's own liveness, which is free of what it needs. A web app's page is no proof."""
    seen = classify(answer, Expectation(OK, Shape.HEALTH))
    return seen.verdict is Verdict.GOOD and bool(document(answer))

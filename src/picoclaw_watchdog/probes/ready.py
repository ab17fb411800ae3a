"""Does the gateway say that it is ready, and if not: whose fault is it?"""

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request, World
from picoclaw_watchdog.probes.http_sights import (
    BUSY,
    OK,
    document,
    expect_here,
    quoted,
    unknown,
)

OLLAMA = "ollama"  # the names of Ollama's checks begin so: ollama, ollama_models


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """200, or a 503 that names its reasons.

    PicoClaw counts Ollama among its own checks. Its stock releases 0.2.0 to 0.2.9 answer 503
    without any checks for ever, while all is well.
    """
    if not settings.ready_url:
        return unknown(Probe.READY, Sight.NO_ADDRESS)
    answer = world.network.ask(Request(settings.ready_url), deadline)
    if answer.fate is HttpFate.ANSWERED and answer.status == BUSY:
        return _not_ready(settings, answer)
    return expect_here(Probe.READY, answer, OK)


def _not_ready(settings: Settings, answer: Answer) -> Observation:
    said = document(answer)
    if "status" not in said:  # not PicoClaw's own answer, or not all of it
        return expect_here(Probe.READY, answer, OK)
    checks = said.get("checks")
    if not isinstance(checks, dict) or not checks:
        return Observation(Probe.READY, Verdict.GOOD, Sight.READY_STOCK, str(BUSY))
    failing = {name: check for name, check in checks.items() if not _passes(check)}
    words = "; ".join(f"{name}: {_message(check)}" for name, check in failing.items())
    detail = quoted(settings, words)
    if not failing:
        detail = "not ready, though every check passes"
    elif all(name.startswith(OLLAMA) for name in failing):
        return Observation(Probe.READY, Verdict.BAD, Sight.READY_OLLAMA, detail)
    return Observation(Probe.READY, Verdict.BAD, Sight.READY_FAILING, detail)


def _passes(check: object) -> bool:
    return isinstance(check, dict) and check.get("status") == "ok"


def _message(check: object) -> str:
    return str(check.get("message") or "fails") if isinstance(check, dict) else "fails"

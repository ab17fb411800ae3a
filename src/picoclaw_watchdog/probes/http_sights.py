"""What an HTTP answer means for a probe: shared by all probes that ask over HTTP."""

from picoclaw_watchdog.core.foreign import said
from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate

OK = 200
FORBIDDEN = 403
METHOD_NOT_ALLOWED = 405  # what PicoClaw's webhook says to a GET, before anything else
BUSY = 503

_SIGHTS = {
    HttpFate.REFUSED: Sight.REFUSED,
    HttpFate.NO_ANSWER: Sight.NO_ANSWER,
    HttpFate.CLOSED: Sight.NO_ANSWER,
    HttpFate.NOT_HTTP: Sight.NOT_HTTP,
    HttpFate.NAME_UNKNOWN: Sight.NAME_UNKNOWN,
    HttpFate.NO_ROUTE: Sight.NO_ROUTE,
    HttpFate.TLS_FAILED: Sight.TLS_FAILED,
}
# Where nobody can have been reached, nobody there can be blamed.
_UNREACHED = (HttpFate.NAME_UNKNOWN, HttpFate.NO_ROUTE)


def expect(probe: Probe, answer: Answer, status: int) -> Observation:
    """GOOD where the answer has the expected status, BAD otherwise."""
    if answer.fate is not HttpFate.ANSWERED:
        return Observation(probe, Verdict.BAD, _SIGHTS[answer.fate], said(answer.detail))
    if answer.status != status:
        return Observation(probe, Verdict.BAD, Sight.WRONG_STATUS, str(answer.status))
    return Observation(probe, Verdict.GOOD, Sight.AS_EXPECTED)


def expect_here(probe: Probe, answer: Answer, status: int) -> Observation:
    """As `expect`, for our own gateway: it is not at fault where a name or route is missing."""
    seen = expect(probe, answer, status)
    return seen._replace(verdict=Verdict.UNKNOWN) if answer.fate in _UNREACHED else seen


def unknown(probe: Probe, sight: Sight, detail: str = "") -> Observation:
    """What could not be looked at."""
    return Observation(probe, Verdict.UNKNOWN, sight, said(detail))


def document(answer: Answer) -> dict[str, object]:
    """The JSON object in an answer's body; empty where there is none."""
    import json

    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def quoted(settings: Settings, text: str) -> str:
    """What somebody answered, as a detail: he may repeat what he was asked with."""
    return said(text, secrets_of(settings)) if text else ""


def beside(url: str, known: str, wanted: str) -> str:
    """The address of another call of the same API.

    Args:
        url: The address of a call we know.
        known: The path that this call has; a prefix of a proxy may stand before it.
        wanted: The path of the other call.
    """
    base = url.partition("?")[0].rstrip("/")
    if base.endswith(known):
        return base.removesuffix(known) + wanted
    scheme, _, rest = base.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}{wanted}"

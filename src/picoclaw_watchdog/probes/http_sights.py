"""What an HTTP answer means: one judgement, shared by all looks that ask over HTTP.

An answer is not silence. "Needs a key", "moved", "not found", "too many", "loading", an error
in a 200 and another program's page are told apart here, each by what the answer itself says;
what follows from them is policy, and made elsewhere. Their words stay whole here: what repeats a
secret must be masked before it is cut, which whoever takes the look does.
"""

import re
from enum import Enum

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import Answer, HttpFate

OK = 200
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN = 400, 401, 403
NOT_FOUND = 404
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
    HttpFate.CERTIFICATE_REFUSED: Sight.CERTIFICATE_REFUSED,
    HttpFate.NO_CERTIFICATES: Sight.NO_CERTIFICATES,
    HttpFate.PROXY_FAILED: Sight.PROXY_NEEDED,
    HttpFate.STARVED: Sight.OUT_OF_PROCESSES,
}
# Where nobody can have been reached, nobody there can be blamed.
_UNREACHED = (Sight.NAME_UNKNOWN, Sight.NO_ROUTE)
# Where it lies with us alone, nothing was seen at all.
_OURS = (HttpFate.PROXY_FAILED, HttpFate.STARVED)

_STATUSES = {
    UNAUTHORIZED: Sight.NEEDS_KEY,
    402: Sight.NEEDS_KEY,
    FORBIDDEN: Sight.NEEDS_KEY,
    NOT_FOUND: Sight.NOT_FOUND,
    410: Sight.NOT_FOUND,
    429: Sight.TOO_MANY,
    529: Sight.TOO_MANY,
    408: Sight.WRONG_STATUS,
}
_LAST_MOVED, _LAST_FOREIGN = 399, 499

_LOADING = (
    r"(?i)\b(?:loading|start(?:ing|s) up|starting|warm(?:ing)?[ -]?up|initiali[sz]ing|booting"
    r"|not (?:yet )?(?:ready|loaded|started)|waking up|downloading|swapping)\b"
)
_IN_VAIN = (
    r"(?i)fail|error (?:while |when )?loading|crash|terminat|timed out"
    r"|(?:unable to|can ?not|could not|couldn.t) (?:load|start|open)"
)
_CROWDED = r"(?i)\b(?:server busy|overloaded|too many|rate limit|pending requests)"
_HTML = rb"(?is)\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype html|html|head|body|title)\b"
_TITLE = r"(?is)<title[^>]*>(.*?)</title>"
_PAGE = "a page for people"
_LONGEST_NAME = 40  # of a program: what is longer is a sentence, made to be read by somebody

# What a program that tells its health calls it.
_HEALTH_NAMES = frozenset(
    {
        *("status", "ok", "health", "healthy", "alive", "live", "ready", "state", "uptime"),
        *("checks", "pid", "up", "success"),
    }
)
_ILL_WORDS = frozenset(
    {"error", "fail", "failed", "failing", "failure", "unhealthy", "down", "critical"}
)
_LISTS = ("data", "models")


class Shape(Enum):
    """What the body of a good answer must be."""

    ANY = "any"  # the status says all
    HEALTH = "health"  # text, or an object that tells how a program is
    MODELS = "models"  # an object with a list of models


class Expectation(NamedTuple):
    """What a good answer is."""

    status: int = OK
    shape: Shape = Shape.HEALTH


class Judged(NamedTuple):
    """What an answer means."""

    verdict: Verdict
    sight: Sight
    detail: str = ""


def classify(answer: Answer, expected: Expectation) -> Judged:
    """What an answer means to somebody who expects this one. Pure."""
    if answer.fate is not HttpFate.ANSWERED:
        verdict = Verdict.UNKNOWN if answer.fate in _OURS else Verdict.BAD
        return Judged(verdict, _SIGHTS[answer.fate], printable(answer.detail))
    if answer.status == expected.status:
        sight = _of_body(answer, expected.shape)
    else:
        sight = _of_status(answer)
    if sight is Sight.AS_EXPECTED:
        return Judged(Verdict.GOOD, sight)
    return Judged(Verdict.BAD, sight, _detail(answer, sight))


def observed(probe: Probe, answer: Answer, expected: Expectation, url: str) -> Observation:
    """The answer of an address as a look."""
    judged = classify(answer, expected)
    return Observation(probe, *judged, asked=address(url), status=answer.status)


def observed_here(probe: Probe, answer: Answer, expected: Expectation, url: str) -> Observation:
    """As `observed`, for our own gateway: it is not at fault where a name or route is missing."""
    seen = observed(probe, answer, expected, url)
    return seen._replace(verdict=Verdict.UNKNOWN) if seen.sight in _UNREACHED else seen


def unknown(probe: Probe, sight: Sight, detail: str = "", url: str = "") -> Observation:
    """What could not be looked at."""
    return Observation(probe, Verdict.UNKNOWN, sight, printable(detail), asked=address(url))


def _of_status(answer: Answer) -> Sight:
    status, said = answer.status, message(answer)
    known = _STATUSES.get(status)
    if known is not None:
        return known
    if status == BUSY:
        if re.search(_CROWDED, said):
            return Sight.TOO_MANY
        return Sight.LOADING if is_loading(answer) else Sight.WRONG_STATUS
    if status <= _LAST_FOREIGN:  # 1xx and 2xx that nobody expects, and requests it does not take
        moved = 300 <= status <= _LAST_MOVED  # noqa: PLR2004
        return Sight.MOVED if moved else Sight.ANOTHER_PROGRAM
    return Sight.WRONG_STATUS


def is_loading(answer: Answer) -> bool:
    """Whether a 503 says that it will pass by itself: in words, or by when to ask again."""
    said = message(answer)
    if re.search(_IN_VAIN, said):
        return False
    return bool(re.search(_LOADING, said)) or "retry-after" in answer.headers


def _of_body(answer: Answer, shape: Shape) -> Sight:
    if shape is Shape.ANY:
        return Sight.AS_EXPECTED
    if is_page(answer):
        return Sight.ANOTHER_PROGRAM
    value = _value(answer)
    if isinstance(value, dict) and value.get("error") and not any(name in value for name in _LISTS):
        says = message(answer)
        loads = re.search(_LOADING, says) and not re.search(_IN_VAIN, says)
        return Sight.LOADING if loads else Sight.SAYS_ERROR
    return _of_models(answer, value) if shape is Shape.MODELS else _of_health(value)


def _of_models(answer: Answer, value: object) -> Sight:
    if isinstance(value, dict):
        lists = [value[name] for name in _LISTS if name in value]
        fits = any(each is None or isinstance(each, list) for each in lists)
        return Sight.AS_EXPECTED if fits else Sight.ANOTHER_PROGRAM
    if isinstance(value, list):  # some leave out the object around it
        return Sight.AS_EXPECTED
    if not answer.body:
        return Sight.NO_ANSWER
    cut_off = answer.body.lstrip()[:1] == b"{" and b'"data"' in answer.body
    return Sight.AS_EXPECTED if cut_off else Sight.ANOTHER_PROGRAM


def _of_health(value: object) -> Sight:
    if not isinstance(value, dict) or not value:
        return Sight.AS_EXPECTED
    said = {str(name).lower(): each for name, each in value.items()}
    says_no = any(said.get(name) is False for name in ("ok", "ready"))
    if says_no or str(said.get("status", "")).lower() in _ILL_WORDS:
        return Sight.SAYS_ERROR
    return Sight.AS_EXPECTED if _HEALTH_NAMES & said.keys() else Sight.ANOTHER_PROGRAM


def is_page(answer: Answer) -> bool:
    """Whether it is a page for people: a web app, a portal, a proxy's own."""
    kind = answer.headers.get("content-type", "").lower()
    return "text/html" in kind or re.match(_HTML, answer.body[:2000]) is not None


def _detail(answer: Answer, sight: Sight) -> str:
    parts = [str(answer.status)]
    if sight is Sight.MOVED:
        location = answer.headers.get("location", "")
        parts.append(f"-> {address(location)}" if location else "")
    elif sight is Sight.NO_ANSWER:
        parts.append("without a body")
    elif is_page(answer):
        parts.append(_title(answer))
    else:
        parts.append(message(answer))
    if parts[-1].startswith(parts[0]):  # many repeat their status in words
        del parts[0]
    return printable(" ".join(part for part in parts if part))


def _title(answer: Answer) -> str:
    """The title of a page, if it is short enough to be a name; whole, for it is not masked yet."""
    title = printable(message(answer))
    return title if len(title) <= _LONGEST_NAME else _PAGE


def message(answer: Answer) -> str:
    """What an answer says in words: its error, its page's title, or its text."""
    value = _value(answer)
    if isinstance(value, dict):
        return _words(value)
    text = answer.body[:4000].decode("utf-8", "replace")
    if is_page(answer):
        found = re.search(_TITLE, text)
        return found[1] if found else _PAGE
    return "" if value is not None and not isinstance(value, str) else str(value or text)


def _words(value: dict[str, object]) -> str:
    for name in ("error", "message", "detail", "msg", "reason", "status"):
        said = value.get(name)
        if isinstance(said, dict):
            return _words(said)
        if isinstance(said, str) and said:
            return said
    return "" if not value else "{" + ", ".join(map(str, list(value)[:8])) + "}"


def _value(answer: Answer) -> object:
    """The JSON in an answer's body; None where there is none."""
    import json

    try:
        return json.loads(answer.body, strict=False)  # control characters: `printable` is for them
    except (ValueError, RecursionError):
        return None


def document(answer: Answer) -> dict[str, object]:
    """The JSON object in an answer's body; empty where there is none."""
    value = _value(answer)
    return value if isinstance(value, dict) else {}


def address(url: str) -> str:
    """A URL as it may be shown: without credentials, query and fragment."""
    return printable(re.sub(r"//[^/\s]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0]))


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

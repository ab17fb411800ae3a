"""Requests for recovery: what may be written into `kick_request`, and whether to believe it.

Pure: a line and the clock go in, a verdict comes out. The form is the founding document's,
`action|token|source|epoch`.
"""

import re
from enum import Enum
from typing import NamedTuple

VERBS = ("restart_gateway", "recover_funnel", "check_ollama")
LONGEST_LINE = 1024  # characters
FRESH_SECONDS = 900.0  # a request that waited longer than this is no longer wanted
AHEAD_SECONDS = 120.0  # how far the writer's clock may be ahead of ours

_SOURCE = re.compile(r"[A-Za-z0-9_.:@-]{1,128}")
_EPOCH = re.compile(r"[0-9]{1,12}")


class Refusal(Enum):
    """Why a request is not served."""

    SWITCHED_OFF = "switched_off"
    NO_TOKEN_SET = "no_token_set"  # noqa: S105  # a reason, not a token
    MALFORMED = "malformed"
    TOO_LONG = "too_long"
    UNKNOWN_ACTION = "unknown_action"
    BAD_SOURCE = "bad_source"
    STALE = "stale"
    WRONG_TOKEN = "wrong_token"  # noqa: S105  # a reason, not a token
    NOT_A_FILE = "not_a_file"


class Request(NamedTuple):
    """A request that may be served."""

    verb: str
    source: str
    epoch: float


def judge(line: str, *, enabled: bool, token: str, now: float) -> Request | Refusal:
    """Decide about one line. The comparison of the token takes constant time.

    Args:
        line: one request, without its line end.
        enabled: whether the owner allows kicks at all.
        token: the owner's token.
        now: epoch seconds.
    """
    if not enabled:
        return Refusal.SWITCHED_OFF
    if not token:
        return Refusal.NO_TOKEN_SET
    if len(line) > LONGEST_LINE:
        return Refusal.TOO_LONG
    fields = line.split("|")
    if len(fields) != 4:  # noqa: PLR2004  # action|token|source|epoch
        return Refusal.MALFORMED
    verb, given, source, epoch = fields
    if not _same(given, token):
        return Refusal.WRONG_TOKEN
    return _believed(verb, source, epoch, now)


def _believed(verb: str, source: str, epoch: str, now: float) -> Request | Refusal:
    """What somebody who knows the token asks for."""
    if verb not in VERBS:
        return Refusal.UNKNOWN_ACTION
    if not _SOURCE.fullmatch(source):
        return Refusal.BAD_SOURCE
    if not _EPOCH.fullmatch(epoch):
        return Refusal.MALFORMED
    if not -AHEAD_SECONDS <= now - int(epoch) <= FRESH_SECONDS:
        return Refusal.STALE
    return Request(verb, source, float(epoch))


def render(verb: str, token: str, source: str, now: float) -> str:
    """The line that asks for an action.

    Raises:
        ValueError: for an unknown action, or a source or token that could not be read back.
    """
    if verb not in VERBS:
        raise ValueError(f"unknown action {verb!r}: use one of {', '.join(VERBS)}")
    if not _SOURCE.fullmatch(source):
        raise ValueError("the source may hold letters, digits and _.:@- only, e.g. line:U123")
    if not token or re.search(r"[|\s]", token):
        raise ValueError("the token is empty or holds a space or |")
    return f"{verb}|{token}|{source}|{int(now)}"


def _same(given: str, token: str) -> bool:
    import hmac

    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())

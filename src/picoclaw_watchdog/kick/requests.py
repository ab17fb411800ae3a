"""Requests for recovery: what may be written into `kick_request`, and whether to believe it.

Pure: a line and the clock go in, a verdict comes out. The plain form is the founding document's,
`action|token|source|epoch`. The signed form has `v1.<nonce>.<signature>` in the token's place:
the token is never written down, and the line is good for one request.
"""

import hashlib
import hmac
import re
import sys
from collections.abc import Collection
from enum import Enum

from picoclaw_watchdog.core import lengths
from picoclaw_watchdog.light import NamedTuple

VERBS = (
    "restart_gateway",
    "recover_funnel",
    "check_ollama",
    "run_cycle",
    "status",
    "pause",
    "resume",
    "ack",
)
LONGEST_LINE = 1024  # characters
FRESH_SECONDS = 300.0  # how far a request's time may be from ours, either way

_SOURCE = re.compile(r"[A-Za-z0-9_.:@-]{1,128}")
_EPOCH = re.compile(r"[0-9]{1,12}")
_SIGNED = re.compile(r"v1\.([0-9a-f]{32})\.([0-9a-f]{64})")
_NONCE = re.compile(r"[0-9a-f]{32}")
_INCIDENT = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_FIELDS = 4  # action, token or signature, source, epoch


class Refusal(Enum):
    """Why a request is not served."""

    SWITCHED_OFF = "switched_off"
    NO_TOKEN_SET = "no_token_set"  # noqa: S105  # a reason, not a token
    MALFORMED = "malformed"
    TOO_LONG = "too_long"
    UNKNOWN_ACTION = "unknown_action"
    BAD_SOURCE = "bad_source"
    SOURCE_NOT_ALLOWED = "source_not_allowed"
    ACTION_NOT_ALLOWED = "action_not_allowed"
    STALE = "stale"
    REPLAYED = "replayed"
    WRONG_TOKEN = "wrong_token"  # noqa: S105  # a reason, not a token
    PLAIN_FORBIDDEN = "plain_forbidden"
    FLOOD = "flood"


class Unwritable(ValueError):  # noqa: N818  # the field's word
    """A request that could not be read back, and why."""

    def __init__(self, why: Refusal, text: str) -> None:
        super().__init__(text)
        self.why = why


class Policy(NamedTuple):
    """What the owner allows."""

    enabled: bool
    token: str
    plain_allowed: bool = True
    sources: tuple[str, ...] = ()  # `pattern` or `pattern=action+action`; none: everybody


class Request(NamedTuple):
    """A request that may be served."""

    verb: str
    source: str
    epoch: float
    argument: str = ""  # of pause: how long; of ack: the incident, empty for all
    nonce: str = ""  # its own, or a plain line's digest: good for one time
    signed: bool = False


class Claim(NamedTuple):
    """Who a line says that it is from, and what it asks for: for the records, not for belief."""

    source: str = ""
    action: str = ""


def judge(
    line: str, policy: Policy, now: float, seen_nonces: Collection[str] = ()
) -> Request | Refusal:
    """Decide about one line.

    The comparisons take constant time, and the work is the same for both forms.

    Args:
        line: one request, without its line end.
        policy: what the owner allows.
        now: epoch seconds.
        seen_nonces: of the requests that were accepted before. A plain one has none of its own:
            its digest stands for it, so the same line is good for one time only.
    """
    if not policy.enabled:
        return Refusal.SWITCHED_OFF
    if not policy.token:
        return Refusal.NO_TOKEN_SET
    if len(line) > LONGEST_LINE:
        return Refusal.TOO_LONG
    fields = line.split("|")
    if len(fields) != _FIELDS:
        return Refusal.MALFORMED
    action, given, source, epoch = fields
    signed = _SIGNED.fullmatch(given)
    nonce, signature = (signed[1], signed[2]) if signed else (_digest(line).hex()[:32], "0" * 64)
    right_signature = hmac.compare_digest(
        signature, _signature(action, policy.token, source, epoch, nonce)
    )
    right_token = hmac.compare_digest(_digest(given), _digest(policy.token))
    if signed is None and not policy.plain_allowed:
        return Refusal.PLAIN_FORBIDDEN
    if not (right_signature if signed else right_token):
        return Refusal.WRONG_TOKEN
    verdict = _believed(action, source, epoch, policy, now)
    if isinstance(verdict, Refusal):
        return verdict
    known = verdict._replace(nonce=nonce, signed=signed is not None)
    return Refusal.REPLAYED if nonce in seen_nonces else known


def _believed(
    action: str, source: str, epoch: str, policy: Policy, now: float
) -> Request | Refusal:
    """What somebody who knows the token asks for."""
    verb, _, argument = action.partition("=")
    if verb not in VERBS:
        return Refusal.UNKNOWN_ACTION
    if not _SOURCE.fullmatch(source):
        return Refusal.BAD_SOURCE
    if not (_is_argument(action) and _EPOCH.fullmatch(epoch)):
        return Refusal.MALFORMED
    allowed = allowed_actions(policy.sources, source)
    if allowed is None:
        return Refusal.SOURCE_NOT_ALLOWED
    if verb not in allowed:
        return Refusal.ACTION_NOT_ALLOWED
    if abs(now - int(epoch)) > FRESH_SECONDS:
        return Refusal.STALE
    return Request(verb, source, float(epoch), argument)


def allowed_actions(sources: tuple[str, ...], source: str) -> frozenset[str] | None:
    """What a source may ask for; None where it may not ask at all."""
    if not sources:
        return frozenset(VERBS)
    actions: frozenset[str] | None = None
    for entry in sources:
        pattern, limited, names = entry.partition("=")
        if matches(pattern, source):
            these = names.split("+") if limited else VERBS
            actions = (actions or frozenset()) | frozenset(these)
    return actions


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern fits the whole text; `*` stands for any characters, or none."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    *middle, last = rest
    if len(text) < len(first) + len(last):
        return False
    if not (text.startswith(first) and text.endswith(last)):
        return False
    place, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


def sign(verb: str, token: str, source: str, now: float, nonce: str) -> str:
    """The line that asks for an action without giving the token away.

    Args:
        verb: the action, with its argument if it has one: `pause=30m`.
        token: the owner's.
        source: who asks, such as `line:U123`.
        now: epoch seconds.
        nonce: 32 hexadecimal digits that were never used before.

    Raises:
        Unwritable: this could not be read back.
        ValueError: this is no nonce.
    """
    _check(verb, token, source)
    if not _NONCE.fullmatch(nonce):
        raise ValueError("a nonce has 32 digits of 0-9a-f")
    epoch = str(int(now))
    return f"{verb}|v1.{nonce}.{_signature(verb, token, source, epoch, nonce)}|{source}|{epoch}"


def plain(verb: str, token: str, source: str, now: float) -> str:
    """The line that asks for an action with the token in it.

    Raises:
        Unwritable: this could not be read back.
    """
    _check(verb, token, source)
    return f"{verb}|{token}|{source}|{int(now)}"


def identify(line: str, position: int) -> str:
    """The name of a request in the records.

    A signed line is good for one request and so has one name; a plain one may be written twice,
    so its position in the file belongs to its name.
    """
    name = _digest(line).hex()[:16]
    fields = line.split("|")
    signed = len(fields) == _FIELDS and _SIGNED.fullmatch(fields[1])
    return name if signed else f"{name}-{position}"


def claim(line: str) -> Claim:
    """What a refused line says of itself, where it says it well enough to be recorded."""
    fields = line[: LONGEST_LINE + 1].split("|")
    if len(fields) != _FIELDS:
        return Claim()
    action, _, source, _ = fields
    verb = action.partition("=")[0]
    return Claim(
        source if _SOURCE.fullmatch(source) else "",
        action if verb in VERBS and _is_argument(action) else "",
    )


def seconds_of(length: str) -> int:
    """How long a pause such as `30m` is; 0 for what is none. Any that is too long is cut."""
    return lengths.seconds_of(length, sys.maxsize)


def _is_argument(action: str) -> bool:
    """Whether the action has the argument that it needs, and no other."""
    verb, given, argument = action.partition("=")
    if verb == "pause":
        return seconds_of(argument) > 0
    if verb == "ack" and given:
        return _INCIDENT.fullmatch(argument) is not None
    return not given


def _check(verb: str, token: str, source: str) -> None:
    name = verb.partition("=")[0]
    if name not in VERBS:
        raise Unwritable(Refusal.UNKNOWN_ACTION, f"unknown action {name[:40]!r}")
    if not _is_argument(verb):
        raise Unwritable(Refusal.MALFORMED, "the action has a wrong argument, or lacks it")
    if not _SOURCE.fullmatch(source):
        raise Unwritable(Refusal.BAD_SOURCE, "the source may hold A-Z a-z 0-9 _.:@- only")
    if not token or "|" in token or not token.isprintable():
        raise Unwritable(Refusal.WRONG_TOKEN, "empty token, or one with | or a control character")


def _signature(action: str, token: str, source: str, epoch: str, nonce: str) -> str:
    message = f"v1\n{action}\n{nonce}\n{source}\n{epoch}"
    return hmac.new(_bytes(token), _bytes(message), hashlib.sha256).hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(_bytes(text)).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

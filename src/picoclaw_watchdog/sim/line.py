"""The pretend LINE: accepts, refuses, stays silent, or accepts and drops the connection."""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from picoclaw_watchdog.ports import Answer, HttpFate, Request

if TYPE_CHECKING:
    from picoclaw_watchdog.sim.host import PretendHost

KEY_REMEMBERED = 24 * 3600.0  # seconds LINE knows a retry key
TAKES = 0.15  # seconds an answer takes
MODES = ("ok", "silent", "drop", "accept_silent", "away", "refuse", "quota", "rate")
# Accepted, and whoever sent it does not hear so.
UNANSWERED = ("drop", "accept_silent", "accept_error")
PUSH_PATH = "/v2/bot/message/push"
OK, CONFLICT, TOO_MANY, UNAUTHORISED, UNAVAILABLE = 200, 409, 429, 401, 503


class Push(NamedTuple):
    """A message that LINE has accepted."""

    at: float  # true time
    key: str
    text: str


class PretendLine:
    """LINE's side of the Messaging API.

    `mode` is one of MODES or an HTTP status that every push gets. `drop` accepts and closes the
    connection, `accept_silent` accepts and never answers, `silent` never answers and has not
    accepted, `accept_error` accepts and answers 503, `away` cannot be connected to, `refuse`
    refuses connections.
    """

    def __init__(self, host: "PretendHost") -> None:
        self._host = host
        self.mode = "ok"
        self.token_good = True
        self.limit: int | None = None  # messages a month; None: no limit
        self.used = 0
        self.accepted: list[Push] = []
        self.tries: list[tuple[float, str]] = []
        self._keys: dict[str, float] = {}
        self.heard: Callable[[Push], None] = lambda _: None  # who is told of each accepted push

    def is_owner(self, url: str) -> bool:
        """Whether a URL leads to LINE."""
        return url.startswith(self._host.settings.line_push_endpoint.removesuffix(PUSH_PATH))

    def remember(self, keys: Iterable[str]) -> None:
        """Know retry keys as accepted a moment ago."""
        self._keys.update(dict.fromkeys(keys, self._host.seconds))

    def answer(self, request: Request, deadline: float) -> Answer:
        """Answer a request."""
        host = self._host
        if not (host.route and host.names_resolve):
            return Answer(HttpFate.NO_ROUTE if not host.route else HttpFate.NAME_UNKNOWN)
        if self.mode == "away":
            host.spend(deadline)
            return Answer(HttpFate.NO_ANSWER)
        host.spend(TAKES)
        if self.mode == "refuse":
            return Answer(HttpFate.REFUSED)
        if request.method == "POST" and request.url == host.settings.line_push_endpoint:
            return self._push(request, deadline)
        if self.mode in ("silent", "accept_silent", "drop"):
            return self._unanswered(deadline)
        if self.mode.isdigit() and int(self.mode) >= 500:  # noqa: PLR2004
            return _said(int(self.mode), "unavailable")
        if not self.token_good:
            return _said(UNAUTHORISED, "Authentication failed")
        return self._other(request.url)

    def _other(self, url: str) -> Answer:
        if url.endswith("/quota"):
            limited = {"type": "limited", "value": self.limit}
            return _document(limited if self.limit is not None else {"type": "none"})
        if url.endswith("/quota/consumption"):
            return _document({"totalUsage": self.used})
        if url.endswith("/webhook/test"):
            well = self._host.tailnet.is_public and self._host.gateway.is_well
            status, reason = (OK, "OK") if well else (0, "COULD_NOT_CONNECT")
            return _document({"success": well, "statusCode": status, "reason": reason})
        if url.endswith("/webhook/endpoint"):
            return _document({"endpoint": "https://box.tail.ts.net/webhook/line", "active": True})
        return _document({"displayName": "PicoClaw"})

    def _push(self, request: Request, deadline: float) -> Answer:
        host = self._host
        key = dict(request.headers).get("X-Line-Retry-Key", "")
        self.tries.append((host.seconds, key))
        if self.mode == "silent":
            return self._unanswered(deadline)
        known = self._keys.get(key)
        if known is not None and host.seconds - known < KEY_REMEMBERED:
            return _said(CONFLICT, "The retry key is already accepted")
        refused = self._refusal()
        if refused is not None:
            return refused
        host.before("effect")
        self._keys[key] = host.seconds
        self.used += 1
        text = json.loads(request.body)["messages"][0]["text"]
        self.accepted.append(Push(host.seconds, key, text))
        host.note("line", text)
        self.heard(self.accepted[-1])
        host.after("effect")
        if self.mode == "accept_error":
            return _said(UNAVAILABLE, "unavailable")
        if self.mode in UNANSWERED:
            return self._unanswered(deadline)
        return Answer(HttpFate.ANSWERED, OK, {"x-line-request-id": key}, b"{}", sent=True)

    def _refusal(self) -> Answer | None:
        if not self.token_good:
            return _said(UNAUTHORISED, "Authentication failed due to the following reason: token")
        over = self.limit is not None and self.used >= self.limit
        if over or self.mode == "quota":
            return _said(TOO_MANY, "You have reached your monthly limit.")
        if self.mode == "rate":
            return _said(TOO_MANY, "The API rate limit has been exceeded. Try again later.")
        if self.mode.isdigit():
            return _said(int(self.mode), "no")
        return None

    def _unanswered(self, deadline: float) -> Answer:
        if self.mode == "drop":
            return Answer(HttpFate.CLOSED, sent=True)
        self._host.spend(max(0.0, deadline - TAKES))
        return Answer(HttpFate.NO_ANSWER, sent=True)


def _said(status: int, message: str) -> Answer:
    return Answer(
        HttpFate.ANSWERED, status, body=json.dumps({"message": message}).encode(), sent=True
    )


def _document(document: object) -> Answer:
    return Answer(HttpFate.ANSWERED, OK, body=json.dumps(document).encode(), sent=True)

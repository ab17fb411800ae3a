"""Telling the owner on LINE: the Messaging API's push, without an SDK.

Source of the status table: LINE's API reference, "Retry failed API requests" and "Error
responses". Nothing here raises for what LINE or the network does.
"""

import re

from picoclaw_watchdog.core.foreign import said
from picoclaw_watchdog.core.model import Receipt
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.core.reasons import Fate
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Network, Request

TEXT_MAX = 5000  # UTF-16 code units in one text message
ELLIPSIS = "…"
PUSH_PATH = "/v2/bot/message/push"
QUOTA_PATH = "/v2/bot/message/quota"
_OK = 200
_CONFLICT = 409
_TOO_MANY = 429
_TRY_LATER = frozenset({408, 425})
_TOKEN = re.compile(r"[!-~]+")


class LineChannel:
    """One LINE recipient, told over one channel access token."""

    name = "line"

    def __init__(self, settings: Settings, network: Network) -> None:
        self._token = settings.line_channel_access_token
        self._to = settings.line_notify_to
        self._endpoint = settings.line_push_endpoint
        self._network = network
        self._secrets = secrets_of(settings)  # somebody may echo the token

    def send(self, text: str, key: str, deadline: float) -> Receipt:
        """Push one text under a retry key (a UUID, good for 24 h); `deadline` in seconds."""
        import json  # only where there is something to tell

        if not _TOKEN.fullmatch(self._token):
            return Receipt(Fate.REFUSED, "the channel access token is empty or malformed")
        message = {"type": "text", "text": shortened(text)}
        body = json.dumps({"to": self._to, "messages": [message]}, ensure_ascii=False)
        request = Request(
            url=self._endpoint,
            method="POST",
            headers=(
                ("Authorization", f"Bearer {self._token}"),
                ("Content-Type", "application/json"),
                ("X-Line-Retry-Key", key),
            ),
            body=body.encode("utf-8", "replace"),
        )
        receipt = _receipt(self._network.ask(request, deadline))
        return receipt._replace(detail=said(receipt.detail, self._secrets))

    def room(self, deadline: float) -> int | None:
        """How many messages the month still allows; None: unlimited or unknown."""
        if not self._endpoint.endswith(PUSH_PATH):
            return None
        quota = self._read(QUOTA_PATH, deadline / 2)
        limit = _count(quota, "value")
        if quota.get("type") != "limited" or limit is None:
            return None
        used = _count(self._read(f"{QUOTA_PATH}/consumption", deadline / 2), "totalUsage")
        return None if used is None else limit - used

    def _read(self, path: str, deadline: float) -> dict[str, object]:
        if not _TOKEN.fullmatch(self._token):
            return {}
        url = self._endpoint.removesuffix(PUSH_PATH) + path
        headers = (("Authorization", f"Bearer {self._token}"),)
        answer = self._network.ask(Request(url, headers=headers), deadline)
        good = answer.fate is HttpFate.ANSWERED and answer.status == _OK
        return _document(answer.body) if good else {}


def shortened(text: str, limit: int = TEXT_MAX) -> str:
    """The text, cut to fit LINE's limit: at a line's end, unless that would lose half of it."""
    if _units(text) <= limit:
        return text
    room = limit - 1  # the ellipsis; each line has its end besides
    kept: list[str] = []
    for line in text.split("\n"):
        size = _units(line) + 1
        if size > room:
            if not kept or room > limit // 2:
                kept.append(_cut(line, room - 1))
            break
        kept.append(line)
        room -= size
    return "\n".join([*kept, ELLIPSIS])


def _cut(line: str, limit: int) -> str:
    part = line.encode("utf-16-le", "replace")[: 2 * limit]
    return part.decode("utf-16-le", "ignore")  # drops half a surrogate pair


def _units(text: str) -> int:
    """Length in UTF-16 code units, as LINE counts."""
    return len(text.encode("utf-16-le", "replace")) // 2


def _count(document: dict[str, object], name: str) -> int | None:
    value = document.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _document(body: bytes) -> dict[str, object]:
    import json  # only where there is something to tell

    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _receipt(answer: Answer) -> Receipt:
    if answer.fate is not HttpFate.ANSWERED:
        # What left this machine whole may have been accepted, whatever happened to the answer.
        fate = Fate.SILENT if answer.sent else Fate.NOT_SENT
        return Receipt(fate, answer.detail or answer.fate.value)
    return Receipt(_fate(answer), _said(answer))


def _fate(answer: Answer) -> Fate:
    status = answer.status
    if _OK <= status < 300:  # noqa: PLR2004
        return Fate.SENT
    if status == _CONFLICT:  # means one thing only: this retry key was accepted before
        return Fate.ALREADY_SENT
    if status == _TOO_MANY:  # whatever there is too much of, this was not taken
        return Fate.QUOTA if "monthly limit" in _reason(answer).lower() else Fate.NOT_SENT
    if status in _TRY_LATER or status >= 500:  # noqa: PLR2004
        return Fate.TRY_LATER
    return Fate.REFUSED


def _said(answer: Answer) -> str:
    accepted = answer.headers.get("x-line-accepted-request-id", "")
    asked = answer.headers.get("x-line-request-id", "")
    parts = [f"HTTP {answer.status}"]
    if not _OK <= answer.status < 300:  # noqa: PLR2004
        parts.append(_reason(answer))
    if asked:
        parts.append(f"request id {asked}")
    if accepted:
        parts.append(f"accepted as {accepted}")
    return ", ".join(part for part in parts if part)


def _reason(answer: Answer) -> str:
    """LINE's message and, for each detail, the field and what is wrong with it."""
    document = _document(answer.body)
    details = document.get("details")
    parts = [str(document.get("message") or "")] + [
        f"{detail.get('property') or '?'}: {detail.get('message') or '?'}"
        for detail in (details if isinstance(details, list) else [])
        if isinstance(detail, dict)
    ]
    return "; ".join(part for part in parts if part)

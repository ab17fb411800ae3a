"""A stand-in for the LINE Messaging API: it checks as LINE does, and keeps what it is sent.

Every delivered message is appended to the keep file as one JSON line: time, to, text,
retry_key, request_id. What was delivered under a retry key survives a restart.
"""

import argparse
import json
import re
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import NamedTuple

from picoclaw_watchdog.demo.serving import (
    Asked,
    Reply,
    Rude,
    Server,
    json_reply,
    read_control,
    run,
)

_PUSH = "/v2/bot/message/push"
_VALIDATE = "/v2/bot/message/validate/push"
_BODY_LIMIT = 2 << 20
_TEXT_LIMIT = 5000  # UTF-16 code units
_MESSAGES_LIMIT = 5
_FREE_MESSAGES = 200
_RECIPIENT = re.compile(r"[UCR][0-9a-f]{32}")
_PERSON = re.compile(r"GET /v2/bot/(?:profile|group)/([UC][0-9a-f]{32})(?:/summary)?")
_UNKNOWN_RECIPIENT = "U" + "0" * 32
_RATE_LIMIT = "The API rate limit has been exceeded. Try again later."
_MONTHLY_LIMIT = "You have reached your monthly limit."


class Fault(NamedTuple):
    """One thing wrong with a request body."""

    message: str
    prop: str


class Delivered(NamedTuple):
    """What is remembered of an accepted push."""

    request_id: str
    sent: list[dict[str, str]]


class Line:
    """The answers of LINE's API.

    Control: {"mode": ...} with ok, 503, 429rate, 429month, 401, 403, drop (delivers, then
    closes without an answer), blackhole (never answers, delivers nothing), refuse-content;
    {"token": T} accepts that token only; {"quota": N}, {"used": N}, {"webhook_active": false},
    {"webhook_endpoint": URL}, {"webhook_test": {...}} and {"friend": false} set the other answers.
    """

    def __init__(self, keep: str, control: str) -> None:
        self._keep = Path(keep)
        self._control = control
        self._lock = threading.Lock()
        self._accepted: dict[str, Delivered] = {}
        self._pushes = 0
        self._recall()

    def _recall(self) -> None:
        try:
            lines = self._keep.read_text("utf-8").splitlines()
        except OSError:
            return
        for kept in map(json.loads, lines):
            known = self._accepted.get(kept["retry_key"])
            sent = [*(known.sent if known else []), {"id": kept["id"]}]
            self._accepted[kept["retry_key"]] = Delivered(kept["request_id"], sent)
            self._pushes += known is None
        self._accepted.pop("", None)

    def answer(self, asked: Asked) -> Reply | Rude:
        """One answer, with its x-line-request-id."""
        control = read_control(self._control)
        mode = str(control.get("mode") or "ok")
        request_id = str(uuid.uuid4())
        if mode == "blackhole":
            return Rude.HANG
        if mode == "503":
            reply: Reply | Rude = Reply(503, b"Service Unavailable")
        else:
            reply = self._refusal(asked, mode, control) or self._route(
                asked, mode, control, request_id
            )
        if isinstance(reply, Reply):
            return reply._replace(headers=(*reply.headers, ("x-line-request-id", request_id)))
        return reply

    def _refusal(self, asked: Asked, mode: str, control: dict[str, object]) -> Reply | None:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        wanted = control.get("token")
        known = bool(token) and (not wanted or token == wanted)
        if mode == "401" or scheme != "Bearer" or not known:
            return _error(
                401,
                "Authentication failed due to the following reason: invalid token. "
                "Confirm that the access token in the authorization header is valid.",
            )
        if mode == "403":
            return _error(403, "Access to this API is not available for your account")
        if "x-line-retry-key" in asked.headers and asked.path != _PUSH:
            return _error(400, "The retry key is not supported for this endpoint")
        return None

    def _route(
        self, asked: Asked, mode: str, control: dict[str, object], request_id: str
    ) -> Reply | Rude:
        called = f"{asked.method} {asked.path}"
        if called == f"POST {_PUSH}":
            return self._push(asked, mode, control, request_id)
        if called == f"POST {_VALIDATE}":
            _, faults = _messages(_document(asked.body))
            return _faulty(faults) if faults else json_reply(200, {})
        return self._look(called, control)

    def _look(self, called: str, control: dict[str, object]) -> Reply:
        quota = control.get("quota", _FREE_MESSAGES)
        limit = {"type": "none"} if quota is None else {"type": "limited", "value": quota}
        endpoint = control.get("webhook_endpoint", "https://box.tail1234.ts.net/webhook/line")
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        test = {"success": True, "timestamp": now, "statusCode": 200, "reason": "OK"}
        known: dict[str, object] = {
            "GET /v2/bot/info": {
                "userId": "U" + "1" * 32,
                "basicId": "@picoclaw",
                "displayName": "PicoClaw",
                "chatMode": "bot",
                "markAsReadMode": "auto",
            },
            "GET /v2/bot/message/quota": limit,
            "GET /v2/bot/message/quota/consumption": {"totalUsage": self._used(control)},
            "GET /v2/bot/channel/webhook/endpoint": {
                "endpoint": endpoint,
                "active": control.get("webhook_active", True),
            },
            "POST /v2/bot/channel/webhook/test": control.get(
                "webhook_test", {**test, "detail": "200"}
            ),
        }
        who = _PERSON.fullmatch(called)
        if who and control.get("friend", True) and _UNKNOWN_RECIPIENT not in called:
            return json_reply(200, {"userId": who[1], "displayName": "Owner"})
        if called not in known:
            return _error(404, "Not found")
        return json_reply(200, known[called])

    def _used(self, control: dict[str, object]) -> int:
        before = control.get("used")
        return (before if isinstance(before, int) else 0) + self._pushes

    def _push(
        self, asked: Asked, mode: str, control: dict[str, object], request_id: str
    ) -> Reply | Rude:
        refused = _unacceptable(asked)
        if refused is not None:
            return refused
        document = _document(asked.body)
        texts, faults = _messages(document)
        to = document.get("to") if isinstance(document, dict) else None
        if not isinstance(to, str) or not _RECIPIENT.fullmatch(to):
            where = "in the request body is invalid (line: -, column: -)"
            return _error(400, f"The property, 'to', {where}")
        if faults:
            return _faulty(faults)
        if mode == "refuse-content" or to == _UNKNOWN_RECIPIENT:
            return _error(400, "Failed to send messages")
        with self._lock:
            return self._deliver(asked, mode, control, request_id, to, texts)

    def _deliver(
        self,
        asked: Asked,
        mode: str,
        control: dict[str, object],
        request_id: str,
        to: str,
        texts: list[str],
    ) -> Reply | Rude:
        key = asked.headers.get("x-line-retry-key", "").lower()
        before = self._accepted.get(key)
        if before is not None:
            document = {
                "message": "The retry key is already accepted",
                "sentMessages": before.sent,
            }
            return json_reply(409, document, (("x-line-accepted-request-id", before.request_id),))
        if mode == "429rate":
            return _error(429, _RATE_LIMIT)
        quota = control.get("quota", _FREE_MESSAGES)
        spent = isinstance(quota, int) and self._used(control) >= quota
        if mode == "429month" or spent:
            return _error(429, _MONTHLY_LIMIT)
        sent = [{"id": str(time.time_ns() + number)} for number in range(len(texts))]
        with self._keep.open("a", encoding="utf-8") as kept:
            for entry, text in zip(sent, texts, strict=True):
                note = {
                    "time": time.time(),
                    "to": to,
                    "text": text,
                    "retry_key": key,
                    "request_id": request_id,
                    "id": entry["id"],
                }
                kept.write(json.dumps(note, ensure_ascii=False) + "\n")
        self._pushes += 1
        if key:
            self._accepted[key] = Delivered(request_id, sent)
        return Rude.DROP if mode == "drop" else json_reply(200, {"sentMessages": sent})


def _error(status: int, message: str) -> Reply:
    return json_reply(status, {"message": message})


def _faulty(faults: list[Fault]) -> Reply:
    details = [{"message": fault.message, "property": fault.prop} for fault in faults]
    message = f"The request body has {len(faults)} error(s)"
    return json_reply(400, {"message": message, "details": details})


def _unacceptable(asked: Asked) -> Reply | None:
    """What is wrong before the body is read, if anything is."""
    if len(asked.body) > _BODY_LIMIT:
        return _error(413, "Request entity too large")
    if not asked.headers.get("content-type", "").lower().startswith("application/json"):
        return _error(415, "Unsupported media type")
    key = asked.headers.get("x-line-retry-key")
    if key is not None:
        try:
            uuid.UUID(key)
        except ValueError:
            return _error(400, "The retry key is invalid")
    return None


def _document(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _messages(document: object) -> tuple[list[str], list[Fault]]:
    """The texts of a push body, and what LINE would refuse it for."""
    if not isinstance(document, dict):
        return [], [Fault("The request body could not be parsed as JSON", "")]
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        return [], [Fault("May not be empty", "messages")]
    if len(messages) > _MESSAGES_LIMIT:
        return [], [Fault("Size must be between 1 and 5", "messages")]
    texts: list[str] = []
    faults: list[Fault] = []
    for number, message in enumerate(messages):
        text = message.get("text") if isinstance(message, dict) else None
        where = f"messages[{number}]"
        if not isinstance(message, dict) or message.get("type") != "text":
            faults.append(Fault("Must be one of the following values: [text]", f"{where}.type"))
        elif not isinstance(text, str) or not text:
            faults.append(Fault("May not be empty", f"{where}.text"))
        elif len(text.encode("utf-16-le", "surrogatepass")) // 2 > _TEXT_LIMIT:
            faults.append(Fault("Length must be between 0 and 5000", f"{where}.text"))
        texts.append(str(text))
    return texts, faults


def main(arguments: list[str] | None = None) -> int:
    """Run until told to end."""
    parser = argparse.ArgumentParser(prog="line", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keep", required=True, metavar="FILE")
    parser.add_argument("--control", default="", metavar="FILE")
    options = parser.parse_args(arguments)
    Server(options.port, Line(options.keep, options.control).answer).open()
    return run()


if __name__ == "__main__":
    sys.exit(main())

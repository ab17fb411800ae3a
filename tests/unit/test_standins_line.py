import json
import uuid
from pathlib import Path

import pytest

from picoclaw_watchdog.demo.line import Line
from picoclaw_watchdog.demo.serving import Asked, Reply, Rude

USER = "U" + "a" * 32
PUSH = "/v2/bot/message/push"


class Api:
    """A LINE of a test's own, with its control file."""

    def __init__(self, folder: Path) -> None:
        self.keep = folder / "kept.jsonl"
        self.control = folder / "control.json"
        self.line = Line(str(self.keep), str(self.control))

    def order(self, **faults: object) -> None:
        self.control.write_text(json.dumps(faults))

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply | Rude:
        known = {"authorization": "Bearer t", "content-type": "application/json"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.line.answer(Asked(method, path, {**known, **given}, body))

    def push(self, text: str = "hello", key: str = "", to: str = USER) -> Reply | Rude:
        body = json.dumps({"to": to, "messages": [{"type": "text", "text": text}]}).encode()
        return self.ask("POST", PUSH, body, **({"x_line_retry_key": key} if key else {}))

    def kept(self) -> list[dict[str, object]]:
        if not self.keep.exists():
            return []
        return [json.loads(line) for line in self.keep.read_text().splitlines()]


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(tmp_path)


def answered(reply: Reply | Rude) -> Reply:
    assert isinstance(reply, Reply)
    return reply


def header(reply: Reply, name: str) -> str:
    return dict(reply.headers)[name]


def document(reply: Reply | Rude) -> dict[str, object]:
    found = json.loads(answered(reply).body)
    assert isinstance(found, dict)
    return found


def test_a_push_is_kept_and_answered_with_its_message_id(api: Api) -> None:
    reply = answered(api.push("good morning", str(uuid.uuid4())))
    assert reply.status == 200
    assert len(json.loads(reply.body)["sentMessages"]) == 1
    assert header(reply, "x-line-request-id")
    assert api.kept()[0]["text"] == "good morning"
    assert api.kept()[0]["to"] == USER


def test_a_retry_key_is_accepted_once_also_after_a_restart(api: Api, tmp_path: Path) -> None:
    key = str(uuid.uuid4())
    first = answered(api.push(key=key))
    for line in (api, Api(tmp_path)):
        again = answered(line.push(key=key))
        assert again.status == 409
        accepted = header(again, "x-line-accepted-request-id")
        assert accepted == header(first, "x-line-request-id")
        assert document(again)["message"] == "The retry key is already accepted"
        assert document(again)["sentMessages"] == document(first)["sentMessages"]
    assert len(api.kept()) == 1


def test_a_dropped_push_was_delivered_all_the_same(api: Api) -> None:
    key = str(uuid.uuid4())
    api.order(mode="drop")
    assert api.push(key=key) is Rude.DROP
    assert answered(api.push(key=key)).status == 409
    assert len(api.kept()) == 1


@pytest.mark.parametrize(
    ("mode", "status"),
    [("503", 503), ("429rate", 429), ("429month", 429), ("401", 401), ("refuse-content", 400)],
)
def test_a_refused_push_is_not_kept_and_its_key_stays_free(
    api: Api, mode: str, status: int
) -> None:
    key = str(uuid.uuid4())
    api.order(mode=mode)
    assert answered(api.push(key=key)).status == status
    assert api.kept() == []
    api.order()
    assert answered(api.push(key=key)).status == 200


def test_the_two_kinds_of_429_differ_by_their_text_only(api: Api) -> None:
    api.order(mode="429rate")
    assert "rate limit" in str(document(api.push())["message"])
    api.order(mode="429month")
    assert document(api.push())["message"] == "You have reached your monthly limit."


def test_a_month_that_is_used_up_refuses_further_pushes(api: Api) -> None:
    api.order(quota=10, used=9)
    assert answered(api.push()).status == 200
    assert document(api.ask("GET", "/v2/bot/message/quota/consumption")) == {"totalUsage": 10}
    assert document(api.ask("GET", "/v2/bot/message/quota")) == {"type": "limited", "value": 10}
    assert answered(api.push()).status == 429


@pytest.mark.parametrize(
    ("text", "status"),
    [("x" * 5000, 200), ("x" * 5001, 400), ("\U0001f600" * 2501, 400), ("", 400)],
)
def test_a_text_is_counted_in_utf_16_units(api: Api, text: str, status: int) -> None:
    assert answered(api.push(text)).status == status


def test_faults_name_the_field(api: Api) -> None:
    details = document(api.push("x" * 5001))["details"]
    assert isinstance(details, list)
    assert details[0]["property"] == "messages[0].text"
    body = json.dumps({"to": USER, "messages": [{"type": "text", "text": "x"}] * 6}).encode()
    assert document(api.ask("POST", PUSH, body))["details"] == [
        {"message": "Size must be between 1 and 5", "property": "messages"}
    ]
    assert "'to'" in str(document(api.push(to="nobody"))["message"])


def test_what_is_asked_wrongly_is_refused(api: Api) -> None:
    assert answered(api.ask("POST", PUSH, b"no json")).status == 400
    assert answered(api.ask("POST", PUSH, b"{}", content_type="text/plain")).status == 415
    assert answered(api.ask("POST", PUSH, b"x" * (2 << 20) + b"x")).status == 413
    assert answered(api.push(key="no uuid")).status == 400
    assert answered(api.ask("GET", "/v2/bot/info", authorization="")).status == 401
    key = str(uuid.uuid4())
    assert answered(api.ask("GET", "/v2/bot/info", x_line_retry_key=key)).status == 400
    assert answered(api.ask("GET", "/v2/bot/nowhere")).status == 404


def test_a_token_can_be_the_only_one(api: Api) -> None:
    api.order(token="the-one")
    assert answered(api.push()).status == 401
    reply = api.ask("GET", "/v2/bot/info", authorization="Bearer the-one")
    assert document(reply)["userId"] == "U" + "1" * 32


def test_a_black_hole_answers_nothing_and_keeps_nothing(api: Api) -> None:
    api.order(mode="blackhole")
    assert api.push() is Rude.HANG
    assert api.kept() == []


def test_the_webhook_can_be_switched_off_at_line(api: Api) -> None:
    assert document(api.ask("GET", "/v2/bot/channel/webhook/endpoint"))["active"] is True
    api.order(webhook_active=False, webhook_test={"success": False, "statusCode": 0})
    assert document(api.ask("GET", "/v2/bot/channel/webhook/endpoint"))["active"] is False
    assert document(api.ask("POST", "/v2/bot/channel/webhook/test", b"{}"))["success"] is False

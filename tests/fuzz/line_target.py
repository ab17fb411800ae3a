"""What must hold for whatever LINE answers; `check` takes the fuzzer's bytes.

The first byte chooses what they are, the others are it. `{S}` in them stands for the channel
access token, which an answer must not bring into a log.
"""

import json
from collections.abc import Iterator

from picoclaw_watchdog.channels import line
from picoclaw_watchdog.channels.line import LineChannel, shortened
from picoclaw_watchdog.core.model import Receipt
from picoclaw_watchdog.core.reasons import Fate, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request
from picoclaw_watchdog.probes import line_test
from tests.fuzz.loaded import SECRET
from tests.unit.probing import FakeNetwork, world

PUSH, FATE, ROOM, TEXT, TEST = map(bytes, zip(range(5), strict=True))
KEY = "123e4567-e89b-12d3-a456-426614174000"
SETTINGS = Settings(
    line_notify_to="U" + "0" * 32,
    line_channel_access_token=SECRET,
    line_notify_enabled=True,
)
STATUSES = (200, 202, 299, 300, 400, 401, 403, 404, 408, 409, 413, 425, 429, 500, 503, 599, 101)
FATES = [fate for fate in HttpFate if fate is not HttpFate.ANSWERED]
MOST_IN_A_DETAIL = 300  # characters
UNITS = 5000  # UTF-16 code units that LINE takes


def check(data: bytes) -> None:
    """One run of the fuzzer."""
    if data:
        kinds = (_push, _fate, _room, _text, _test)
        kinds[data[0] % len(kinds)](data[1:])


def _push(data: bytes) -> None:
    """A status and, parted by a zero byte, a request id and a body."""
    if not data:
        return
    status = STATUSES[data[0] % len(STATUSES)]
    name, _, body = data[1:].replace(b"{S}", SECRET.encode()).partition(b"\0")
    headers = {"x-line-request-id": name.decode("latin-1")}
    receipt = _sent(Answer(HttpFate.ANSWERED, status, headers, body, sent=True))
    assert receipt.fate is _fate_of(status, body), (status, receipt)
    assert receipt.detail.startswith(f"HTTP {status}")


def _fate(data: bytes) -> None:
    """No answer: what may have arrived is tried again under its key, the rest anew."""
    if data:
        detail = data[1:].decode("utf-8", "replace").replace("{S}", SECRET)
        fate = FATES[data[0] % len(FATES)]
        for sent in (True, False):
            receipt = _sent(Answer(fate, detail=detail, sent=sent))
            assert receipt.fate is (Fate.SILENT if sent else Fate.NOT_SENT)


def _sent(answer: Answer) -> Receipt:
    network = FakeNetwork(lambda _: answer)
    receipt = LineChannel(SETTINGS, network).send("text", KEY, 5)
    assert len(network.asked) == 1, "one try is one request"
    assert len(receipt.detail) <= MOST_IN_A_DETAIL
    assert "\n" not in receipt.detail
    assert "\r" not in receipt.detail
    assert SECRET not in receipt.detail
    return receipt


def _fate_of(status: int, body: bytes) -> Fate:
    """LINE's reference, read a second time."""
    if 200 <= status <= 299:
        return Fate.SENT
    if status == 409:
        return Fate.ALREADY_SENT
    if status == 429:
        return Fate.QUOTA if "monthly limit" in _message(body).lower() else Fate.NOT_SENT
    if status in {408, 425} or status >= 500:
        return Fate.TRY_LATER
    return Fate.REFUSED


def _message(body: bytes) -> str:
    said = _object(body)
    details = said.get("details")
    known = (
        [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []
    )
    texts = [said.get("message")]
    for each in known:
        texts += [each.get("property"), each.get("message")]
    return " ".join(str(text) for text in texts if text)


def _object(body: bytes) -> dict[str, object]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _room(data: bytes) -> None:
    """The bodies of quota and consumption, parted by a zero byte."""
    quota, _, used = data.partition(b"\0")
    bodies = {line.QUOTA_PATH: quota, f"{line.QUOTA_PATH}/consumption": used}

    def answer(request: Request) -> Answer:
        path = request.url.partition("api.line.me")[2]
        return Answer(HttpFate.ANSWERED, 200, body=bodies[path], sent=True)

    room = LineChannel(SETTINGS, FakeNetwork(answer)).room(5)
    limit, total = _object(quota).get("value"), _object(used).get("totalUsage")
    known = type(limit) is int and type(total) is int
    if _object(quota).get("type") == "limited" and known:
        assert isinstance(limit, int)
        assert isinstance(total, int)
        assert room == limit - total
    else:
        assert room is None, "unknown is not empty"


def _text(data: bytes) -> None:
    """A message: what is sent is JSON with the right words, as long as LINE takes."""
    text = data.decode("utf-8", "surrogatepass" if data.isascii() else "replace")
    text = text.replace("{*}", "長い行 😀 " * 900)
    cut = shortened(text)
    assert _units(cut) <= UNITS
    assert cut == text or cut.endswith("…")
    if cut != text:
        assert _units(text) > UNITS
        head = cut.removesuffix("…").removesuffix("\n")
        assert text.startswith(head)
        assert _units(head) > UNITS // 2 - 5, "half of it is told"
    network = FakeNetwork(lambda _: Answer(HttpFate.ANSWERED, 200, sent=True))
    LineChannel(SETTINGS, network).send(text, KEY, 5)
    (request,) = network.asked
    assert json.loads(request.body) == {
        "to": SETTINGS.line_notify_to,
        "messages": [{"type": "text", "text": cut}],
    }
    assert ("X-Line-Retry-Key", KEY) in request.headers


def _units(text: str) -> int:
    return sum(2 if ord(sign) > 0xFFFF else 1 for sign in text)


def _test(data: bytes) -> None:
    """LINE's own test of the webhook: the bodies of both answers, parted by a zero byte."""
    if len(data) < 2:
        return
    statuses = (STATUSES[data[0] % len(STATUSES)], STATUSES[data[1] % len(STATUSES)])
    bodies = data[2:].replace(b"{S}", SECRET.encode()).partition(b"\0")[::2]

    def answer(request: Request) -> Answer:
        second = request.url.endswith("/test")
        return Answer(HttpFate.ANSWERED, statuses[second], body=bodies[second], sent=True)

    seen = line_test.look(SETTINGS, world(FakeNetwork(answer)), 5)
    said = [
        _object(body) if status == 200 else {}
        for status, body in zip(statuses, bodies, strict=True)
    ]
    assert len(seen.detail) <= MOST_IN_A_DETAIL
    assert "\n" not in seen.detail
    if not said[0] or (said[0].get("active") is not False and not said[1]):
        assert seen.verdict is Verdict.UNKNOWN, "LINE did not say"
    elif said[0].get("active") is False:
        assert (seen.verdict, seen.sight) == (Verdict.BAD, Sight.WEBHOOK_SWITCHED_OFF)
    else:
        success = said[1].get("success", said[1].get("statusCode") == 200)
        if success is None:
            success = said[1].get("statusCode") == 200
        assert (seen.verdict is Verdict.GOOD) == (success is True)


def seeds() -> Iterator[tuple[str, bytes]]:
    """One input for each way through the code."""
    errors = {
        "monthly": {"message": "You have reached your monthly limit."},
        "rate": {"message": "The API rate limit has been exceeded. Try again later."},
        "details": {"message": "bad", "details": [{"property": "to", "message": "{S} \n"}, 7]},
        "echo": {"message": "invalid token {S}" * 9},
    }
    for number, status in enumerate(STATUSES):
        yield f"push-{status}", PUSH + bytes((number,)) + b"id\0{}"
    for name, body in errors.items():
        for status in (400, 429):
            seed = PUSH + bytes((STATUSES.index(status),)) + b"id\0" + json.dumps(body).encode()
            yield f"push-{status}-{name}", seed
    yield "push-id", PUSH + b"\0{S}\x85\x1c" + b"x" * 400 + b"\0not JSON"
    for number, fate in enumerate(FATES):
        yield f"fate-{fate.value}", FATE + bytes((number,)) + b"{S} no\nanswer"
    limited, used = b'{"type": "limited", "value": 200}', b'{"totalUsage": 190}'
    yield "room", ROOM + limited + b"\0" + used
    yield "room-over", ROOM + limited + b'\0{"totalUsage": 250}'
    yield "room-unlimited", ROOM + b'{"type": "none"}\0' + used
    yield "room-strange", ROOM + b'{"type": "limited", "value": true}\0[]'
    yield "room-huge", ROOM + b'{"type": "limited", "value": 1e99}\0{"totalUsage": ' + b"9" * 99
    yield "text", TEXT + "box: Gateway が停止\nline 2".encode()
    yield "text-long", TEXT + b"head\n{*}\n{*}"
    yield "text-one-long-line", TEXT + b"{*}{*}{*}"
    on, off = b'{"endpoint": "https://h/w", "active": true}', b'{"active": false}'
    good = b'{"success": true, "statusCode": 200, "reason": "OK"}'
    bad = b'{"success": false, "reason": "REQUEST_TIMEOUT {S}", "statusCode": 0}'
    yield "test-good", TEST + b"\0\0" + on + b"\0" + good
    yield "test-bad", TEST + b"\0\0" + on + b"\0" + bad
    yield "test-off", TEST + b"\0\0" + off
    yield "test-no-success", TEST + b"\0\0" + on + b'\0{"statusCode": 200}'
    yield "test-refused", TEST + b"\x05\0" + on
    yield "test-busy", TEST + b"\0\x0c" + on + b"\0{}"
    yield "test-null", TEST + b"\0\0" + on + b'\0{"success": null, "statusCode": "200"}'

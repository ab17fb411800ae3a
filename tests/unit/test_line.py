import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.channels.line import LineChannel, shortened
from picoclaw_watchdog.core.reasons import Fate
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.demo.serving import Reply, json_reply
from picoclaw_watchdog.host.network import HostNetwork
from picoclaw_watchdog.ports import Answer, HttpFate, Request
from tests.unit.line_server import (
    OWNER,
    TOKEN,
    LineServer,
    assert_fits_the_contract,
)

KEY = "123e4567-e89b-42d3-a456-426614174000"
DEADLINE = 5.0
SETTINGS = Settings(line_notify_to=OWNER, line_channel_access_token=TOKEN)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[LineServer]:
    server = LineServer(tmp_path)
    yield server
    server.close()


def channel_to(line: LineServer, **settings: object) -> LineChannel:
    return LineChannel(line.settings(**settings), HostNetwork())


class OneAnswer:
    """A network on which every question has the same answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[Request] = []

    def ask(self, request: Request, deadline: float) -> Answer:
        assert deadline > 0
        self.requests.append(request)
        return self.answer

    def listening(self, ports: Sequence[int]) -> frozenset[int] | None:
        return frozenset(ports)

    def has_route(self) -> bool | None:
        return True

    def resolves(self, name: str, deadline: float) -> bool:
        return bool(name) and deadline > 0


def test_a_push_is_what_lines_contract_demands(line: LineServer) -> None:
    receipt = channel_to(line).send("ゲートウェイ 😀\n復旧しました", KEY, DEADLINE)
    assert receipt.fate is Fate.SENT
    assert line.texts() == ["ゲートウェイ 😀\n復旧しました"]
    [push] = line.pushes()
    assert_fits_the_contract(push)
    assert push.headers["x-line-retry-key"] == KEY
    assert json.loads(push.body)["to"] == OWNER


def test_the_request_id_of_line_is_kept_for_the_log(line: LineServer) -> None:
    assert "request id " in channel_to(line).send("a", KEY, DEADLINE).detail


def test_the_same_key_again_is_already_sent_and_told_once(line: LineServer) -> None:
    channel = channel_to(line)
    channel.send("a", KEY, DEADLINE)
    again = channel.send("a and b", KEY, DEADLINE)
    assert again.fate is Fate.ALREADY_SENT
    assert "accepted as" in again.detail
    assert line.texts() == ["a"]


def test_a_409_without_its_header_is_still_already_sent(line: LineServer) -> None:
    line.instead = lambda *_: Reply(409)
    assert channel_to(line).send("a", KEY, DEADLINE).fate is Fate.ALREADY_SENT


@pytest.mark.parametrize(
    ("message", "fate"),
    [
        ("The API rate limit has been exceeded. Try again later.", Fate.NOT_SENT),
        ("You have reached your monthly limit.", Fate.QUOTA),
        ("You've reached the limit of concurrent operations.", Fate.NOT_SENT),
        ("", Fate.NOT_SENT),
    ],
)
def test_the_three_429s_are_told_apart(line: LineServer, message: str, fate: Fate) -> None:
    line.instead = lambda *_: json_reply(429, {"message": message})
    assert channel_to(line).send("a", KEY, DEADLINE).fate is fate


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (200, Fate.SENT),
        (302, Fate.REFUSED),
        (400, Fate.REFUSED),
        (401, Fate.REFUSED),
        (403, Fate.REFUSED),
        (404, Fate.REFUSED),
        (408, Fate.TRY_LATER),
        (410, Fate.REFUSED),
        (413, Fate.REFUSED),
        (415, Fate.REFUSED),
        (429, Fate.NOT_SENT),
        (500, Fate.TRY_LATER),
        (503, Fate.TRY_LATER),
        (599, Fate.TRY_LATER),
    ],
)
@pytest.mark.parametrize("body", [b"", b"\xff<html>", b"[1]", b'{"message":null,"details":7}'])
def test_every_status_has_its_fate_whatever_the_body(status: int, fate: Fate, body: bytes) -> None:
    network = OneAnswer(Answer(HttpFate.ANSWERED, status, {}, body, sent=True))
    assert LineChannel(SETTINGS, network).send("a", KEY, DEADLINE).fate is fate


def test_a_refusal_names_the_field_and_the_reason_in_one_line_without_the_token(
    line: LineServer,
) -> None:
    answer = {
        "message": f"The request body has 1 error(s)\nfor {TOKEN}",
        "details": [{"message": "May not be empty", "property": "messages[0].text"}],
    }
    line.instead = lambda *_: json_reply(400, answer)
    receipt = channel_to(line).send("a", KEY, DEADLINE)
    assert receipt.fate is Fate.REFUSED
    assert "messages[0].text: May not be empty" in receipt.detail
    assert TOKEN not in receipt.detail
    assert "\n" not in receipt.detail


@pytest.mark.parametrize("mode", ["401", "403", "refuse-content"])
def test_what_line_refuses_is_refused(line: LineServer, mode: str) -> None:
    line.behave(mode)
    assert channel_to(line).send("a", KEY, DEADLINE).fate is Fate.REFUSED


def test_a_wrong_recipient_is_refused_with_the_fields_name(line: LineServer) -> None:
    receipt = channel_to(line, line_notify_to="somebody").send("a", KEY, DEADLINE)
    assert receipt.fate is Fate.REFUSED
    assert "'to'" in receipt.detail


@pytest.mark.parametrize("token", ["", "two words", "line\r\nX-Evil: 1", "全角"])
def test_a_token_that_no_header_can_carry_is_refused_unasked(line: LineServer, token: str) -> None:
    channel = channel_to(line, line_channel_access_token=token)
    assert channel.send("a", KEY, DEADLINE).fate is Fate.REFUSED
    assert channel.room(DEADLINE) is None
    assert line.asked == []


def test_a_refused_connection_is_surely_not_sent(line: LineServer) -> None:
    line.close()
    assert channel_to(line).send("a", KEY, DEADLINE).fate is Fate.NOT_SENT


def test_a_line_that_takes_the_message_and_hangs_up_is_silent(line: LineServer) -> None:
    line.behave("drop")
    assert channel_to(line).send("a", KEY, DEADLINE).fate is Fate.SILENT
    assert line.texts() == ["a"]


def test_a_line_that_never_answers_is_silent_when_the_deadline_passes(line: LineServer) -> None:
    line.behave("blackhole")
    assert channel_to(line).send("a", KEY, 0.2).fate is Fate.SILENT


@pytest.mark.parametrize("fate", [fate for fate in HttpFate if fate is not HttpFate.ANSWERED])
@pytest.mark.parametrize("sent", [True, False])
def test_only_what_left_this_machine_whole_may_have_been_accepted(
    fate: HttpFate, *, sent: bool
) -> None:
    network = OneAnswer(Answer(fate, detail=f"about {TOKEN}", sent=sent))
    receipt = LineChannel(SETTINGS, network).send("a", KEY, DEADLINE)
    assert receipt.fate is (Fate.SILENT if sent else Fate.NOT_SENT)
    assert TOKEN not in receipt.detail


def test_the_room_is_what_the_month_has_left(line: LineServer) -> None:
    line.behave(quota=200, used=183)
    assert channel_to(line).room(DEADLINE) == 17
    line.behave(quota=None)
    assert channel_to(line).room(DEADLINE) is None


@pytest.mark.parametrize("mode", ["503", "401", "blackhole"])
def test_the_room_is_unknown_where_line_does_not_say(line: LineServer, mode: str) -> None:
    line.behave(mode)
    assert channel_to(line).room(0.4) is None


def test_the_room_is_unknown_at_an_endpoint_of_another_make(line: LineServer) -> None:
    channel = channel_to(line, line_push_endpoint=f"http://127.0.0.1:{line.port}/relay")
    assert channel.room(DEADLINE) is None
    assert line.asked == []


@pytest.mark.parametrize(
    ("endpoint", "asked"),
    [
        ("https://api.line.me/v2/bot/message/push", "https://api.line.me/v2/bot/message/quota"),
        ("http://relay:81/x/v2/bot/message/push", "http://relay:81/x/v2/bot/message/quota"),
    ],
)
def test_the_question_goes_to_where_the_messages_go(endpoint: str, asked: str) -> None:
    network = OneAnswer(Answer(HttpFate.ANSWERED, 200, sent=True))
    settings = SETTINGS._replace(line_push_endpoint=endpoint)
    assert LineChannel(settings, network).room(DEADLINE) is None
    assert [request.url for request in network.requests] == [asked]
    # A retry key anywhere but on a push is answered with 400.
    assert "X-Line-Retry-Key" not in dict(network.requests[0].headers)


def test_a_text_that_fits_is_left_alone() -> None:
    assert shortened("a" * 5000) == "a" * 5000
    assert shortened("😀" * 2500) == "😀" * 2500


def test_a_long_text_is_cut_at_the_end_of_a_line() -> None:
    lines = [f"line {number}" for number in range(2000)]
    cut = shortened("\n".join(lines)).split("\n")
    assert cut[-1] == "…"
    assert cut[:-1] == lines[: len(cut) - 1]


@pytest.mark.parametrize("head", ["", "\n", "box: it is down\n"])
def test_an_endless_line_below_a_short_one_is_told_as_far_as_it_fits(head: str) -> None:
    cut = shortened(head + "あ" * 6000)
    assert cut == head + "あ" * (4998 - len(head)) + "\n…"


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.integers(3, 20))
def test_no_text_is_too_long_for_line_counted_in_its_own_units(text: str, limit: int) -> None:
    cut = shortened(text, limit)
    assert len(cut.encode("utf-16-le")) // 2 <= limit
    assert cut == text or cut.endswith("\n…")


def test_a_text_too_long_reaches_line_all_the_same(line: LineServer) -> None:
    text = "\n".join(["gateway 😀 停止"] * 900)
    assert channel_to(line).send(text, KEY, DEADLINE).fate is Fate.SENT
    assert_fits_the_contract(line.pushes()[0])


def test_half_a_character_does_not_stop_a_message(line: LineServer) -> None:
    assert channel_to(line).send("a\ud83d", KEY, DEADLINE).fate is Fate.SENT

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.channels.line import LineChannel
from picoclaw_watchdog.core.model import Alert, Pause, Receipt, State
from picoclaw_watchdog.core.reasons import Fate, Gravity
from picoclaw_watchdog.demo.serving import Asked, Reply, Rude
from picoclaw_watchdog.engine.letters import with_local_times
from picoclaw_watchdog.host.clock import HostClock, monotonic
from picoclaw_watchdog.host.network import HostNetwork
from tests.unit.letters import START, a_fault, at, its_end
from tests.unit.line_server import SECRET, TOKEN, LineServer, assert_fits_the_contract
from tests.unit.telling import Owner


@pytest.fixture
def line(tmp_path: Path) -> Iterator[LineServer]:
    server = LineServer(tmp_path)
    yield server
    server.close()


@pytest.fixture
def owner(line: LineServer) -> Owner:
    return Owner(line.settings(external_timeout_sec=0.5))


def test_an_alert_reaches_the_owner_once_and_is_receipted(line: LineServer, owner: Owner) -> None:
    owner.cycle(0, a_fault("gateway"))
    owner.cycle(60)
    assert len(line.texts()) == 1
    assert line.texts()[0].startswith("[minipc] The gateway is down: the restart did not help")
    assert_fits_the_contract(line.pushes()[0])
    assert owner.state.outbox == ()
    assert owner.state.told == (("gateway", at(0)),)
    assert [letter.id for letter in owner.told] == ["gateway broke"]
    assert owner.log.levels("INFO")[0].startswith("sent: gateway:restart_failed (HTTP 200")


def test_the_push_is_on_disk_before_it_is_sent(line: LineServer, owner: Owner) -> None:
    seen: list[State] = []

    def look_at_the_disk(_: Asked, reply: Reply | Rude) -> Reply | Rude:
        seen.append(owner.store.saved[-1])
        return reply

    line.instead = look_at_the_disk
    owner.cycle(0, a_fault("gateway"))
    parcel = seen[-1].parcel
    assert parcel is not None
    assert parcel.key == line.pushes()[0].headers["x-line-retry-key"]
    assert parcel.letters == ("gateway broke",)
    assert parcel.silent


def test_japanese_is_spoken_where_it_is_set(line: LineServer) -> None:
    Owner(line.settings(language="ja")).cycle(0, a_fault("gateway"))
    assert line.texts()[0].startswith("【minipc】ゲートウェイが停止しています。")


def refuse(line: LineServer) -> None:
    line.close()


def answer_503(line: LineServer) -> None:
    line.behave("503")


def be_a_black_hole(line: LineServer) -> None:
    line.behave("blackhole")


def limit_the_rate(line: LineServer) -> None:
    line.behave("429rate")


def an_hour_without(line: LineServer, fail: Callable[[LineServer], None]) -> Owner:
    """Five letters: two faults and their ends, and one that is still open."""
    owner = Owner(line.settings(external_timeout_sec=0.25))
    fail(line)
    for minute in range(0, 60, 4):
        letters: tuple[Alert, ...] = ()
        if minute in {0, 24}:
            letters = (a_fault(f"gateway {minute}", minute * 60),)
        if minute in {12, 36}:
            letters = (its_end(f"gateway {minute - 12}", minute * 60),)
        owner.cycle(minute * 60, *letters)
    owner.cycle(3400, a_fault("ollama", 3400))
    assert line.texts() == []
    line.open()
    line.behave()
    for minute in range(60, 65):
        owner.cycle(minute * 60)
    for push in line.pushes():
        assert_fits_the_contract(push)
    return owner


def keys_of(line: LineServer) -> set[str]:
    return {push.headers["x-line-retry-key"] for push in line.pushes()}


@pytest.mark.parametrize("fail", [refuse, limit_the_rate])
def test_after_an_hour_in_which_surely_nothing_was_taken_the_owner_gets_one_digest(
    line: LineServer, fail: Callable[[LineServer], None]
) -> None:
    owner = an_hour_without(line, fail)
    [text] = line.texts()
    assert text.startswith("[minipc] 3 reports (messages were delayed by 1 h)")
    assert len(re.findall(r"^\d\d:\d\d-\d\d:\d\d The gateway was down", text, re.MULTILINE)) == 2
    assert "Still open: 1" in text
    assert len(owner.told) == 5
    assert len(keys_of(line)) == 1


@pytest.mark.parametrize("fail", [answer_503, be_a_black_hole])
def test_what_may_have_been_taken_goes_by_itself_and_all_else_in_one_digest_right_after(
    line: LineServer, fail: Callable[[LineServer], None]
) -> None:
    owner = an_hour_without(line, fail)
    first, digest = line.texts()
    assert "delayed by 1 h" in first
    assert digest.startswith("[minipc] 3 reports")
    assert len(owner.told) == 5
    assert len(keys_of(line)) == 2


def test_a_push_in_doubt_does_not_grow(line: LineServer, owner: Owner) -> None:
    """LINE says 503 and has not taken it, then says 503 and has: what a 409 proves is plain."""
    line.behave("503")
    owner.cycle(0, a_fault("gateway"))
    line.accept_but_say(503)
    owner.cycle(60, a_fault("ollama", 60))
    line.behave()
    owner.cycle(120)
    assert len(line.texts()) == 2
    assert not any("2 reports" in text for text in line.texts())
    assert owner.state.outbox == ()


def test_a_line_that_accepts_and_drops_the_connection_tells_once(
    line: LineServer, owner: Owner
) -> None:
    line.accept_and_drop()
    for minute in range(5):
        owner.cycle(minute * 60, *((a_fault("gateway"),) if minute == 0 else ()))
    assert len(line.texts()) == 1
    assert owner.told == []
    line.behave()
    owner.cycle(300)
    assert len(line.texts()) == 1
    assert [letter.id for letter in owner.told] == ["gateway broke"]


def test_an_accepted_message_answered_with_500_tells_once(line: LineServer, owner: Owner) -> None:
    line.accept_but_say(500)
    owner.cycle(0, a_fault("gateway"))
    owner.cycle(60)
    line.behave()
    owner.cycle(120)
    assert len(line.texts()) == 1
    assert owner.state.outbox == ()


def test_news_since_a_silent_acceptance_go_out_in_the_same_cycle_as_its_409(
    line: LineServer, owner: Owner
) -> None:
    line.behave("drop")
    owner.cycle(0, a_fault("gateway"))
    line.behave()
    owner.cycle(60, its_end("gateway", 60), a_fault("ollama", 60))
    assert len(line.texts()) == 2
    assert "2 reports" in line.texts()[1]
    assert [letter.id for letter in owner.told] == [
        "gateway broke",
        "gateway ended",
        "ollama broke",
    ]


@pytest.mark.parametrize("saves", range(1, 4))
def test_a_watchdog_killed_at_any_save_tells_once_all_the_same(
    line: LineServer, owner: Owner, saves: int
) -> None:
    owner.store.killed_at = saves
    owner.cycle(0, a_fault("gateway"))
    owner.store.killed_at = None
    owner.cycle(60)
    owner.cycle(120)
    assert len(line.texts()) == 1
    assert owner.state.outbox == ()


@pytest.mark.parametrize("mode", ["401", "403", "refuse-content"])
def test_a_refusal_is_said_loudly_and_not_repeated_until_something_changes(
    line: LineServer, owner: Owner, mode: str
) -> None:
    line.behave(mode)
    for minute in range(5):
        owner.cycle(minute * 60, *((a_fault("gateway"),) if minute == 0 else ()))
    assert len(line.pushes()) == 1
    assert len(owner.log.levels("ERROR")) == 1
    assert owner.state.channel_trouble
    assert [letter.id for letter in owner.state.outbox] == ["gateway broke"]
    line.behave()
    owner.settings = owner.settings._replace(line_channel_access_token=TOKEN + "new")
    owner.channels = (LineChannel(owner.settings, HostNetwork()),)
    owner.cycle(300)
    assert len(line.texts()) == 1
    assert owner.state.channel_trouble == ""


def test_a_refusal_says_what_to_do_and_no_token(line: LineServer, owner: Owner) -> None:
    line.behave("401")
    owner.cycle(0, a_fault("gateway"))
    [said] = owner.log.levels("ERROR")
    assert "issue a new token" in said
    assert TOKEN not in said
    assert TOKEN not in owner.state.channel_trouble


def test_a_used_up_month_is_not_hammered_and_ends_with_the_month(
    line: LineServer, owner: Owner
) -> None:
    line.behave(quota=200, used=200)
    for minute in range(0, 120, 10):
        owner.cycle(minute * 60, *((a_fault("gateway"),) if minute == 0 else ()))
    assert line.pushes() == []
    asked = [each for each in line.asked if each.path.endswith("/quota")]
    assert len(asked) == 2  # once an hour
    line.behave(quota=200, used=0)
    owner.cycle(7260)
    assert len(line.texts()) == 1


def test_a_429_for_the_month_stops_the_pushes_too(line: LineServer, owner: Owner) -> None:
    line.behave("429month")
    for minute in range(5):
        owner.cycle(minute * 60, *((a_fault("gateway"),) if minute == 0 else ()))
    assert len(line.pushes()) == 1
    assert owner.state.quota_left == 0
    assert any("used up" in said for said in owner.log.levels("ERROR"))


def test_when_the_month_runs_short_only_grave_letters_go(line: LineServer, owner: Owner) -> None:
    line.behave(quota=200, used=185)
    owner.cycle(0, a_fault("lesser", 0, Gravity.WARNING), a_fault("grave"))
    assert [letter.id for letter in owner.told] == ["grave broke"]
    assert [letter.id for letter in owner.state.outbox] == ["lesser broke"]
    assert owner.state.quota_left == 14


def test_no_secret_and_no_credentials_leave_in_a_message(line: LineServer, owner: Owner) -> None:
    leak = f"{TOKEN} {SECRET} http://user:p@ssword@host/health"
    owner.cycle(0, a_fault("gateway", detail=leak, error=leak))
    [text] = line.texts()
    for secret in (TOKEN, SECRET, "ssword"):
        assert secret not in text
    assert "http://***@host/health" in text


def test_while_paused_nothing_is_told_and_afterwards_it_is(line: LineServer, owner: Owner) -> None:
    owner.state = State(paused=Pause(until=START + 100))
    owner.cycle(0, a_fault("gateway"))
    assert line.asked == []
    owner.cycle(101)
    assert len(line.texts()) == 1


def test_what_is_too_old_to_tell_is_dropped_for_good_and_said_once(
    line: LineServer, owner: Owner
) -> None:
    line.behave("401")
    owner.cycle(0, a_fault("lesser", 0, Gravity.NOTICE), a_fault("grave"))
    for minute in range(3):
        owner.state = owner.store.saved[-1]
        owner.cycle(86_401 + minute * 60)
    dropped = [said for said in owner.log.levels("WARN") if "dropped" in said]
    assert dropped == ["1 old messages dropped unsent"]
    assert [letter.id for letter in owner.store.saved[-1].outbox] == ["grave broke"]


def test_without_a_channel_a_letter_is_said_once_in_the_log(owner: Owner) -> None:
    owner.channels = ()
    owner.cycle(0, a_fault("gateway"))
    owner.cycle(60)
    [said] = owner.log.levels("WARN")
    assert said.startswith("not sent: LINE is not set up: [minipc] The gateway is down")
    assert owner.state.outbox == ()
    assert owner.state.told == (("gateway", at(0)),)
    assert owner.told == []


def test_without_a_disk_the_same_fault_found_by_every_new_process_is_told_once(
    line: LineServer, owner: Owner
) -> None:
    owner.store.works = False
    for minute in range(5):
        owner.state = State()  # nothing was remembered
        fault = a_fault("gateway", minute * 60)
        owner.cycle(minute * 60, fault._replace(id=f"process {minute}"))
    assert len(line.texts()) == 1


def test_a_black_hole_costs_at_most_about_two_timeouts(line: LineServer, owner: Owner) -> None:
    line.behave("blackhole")
    owner.clock = HostClock()
    began = monotonic()
    owner.cycle(0, a_fault("gateway"))
    owner.cycle(60)
    assert monotonic() - began < 5 * 4 * owner.settings.external_timeout_sec


class Always:
    """A channel that makes the same of everything; of nothing: an error of our own."""

    name = "always"

    def __init__(self, fate: Fate | None) -> None:
        self.fate = fate
        self.sent = 0

    def send(self, text: str, key: str, deadline: float) -> Receipt:
        assert text
        assert key
        assert deadline > 0
        self.sent += 1
        if self.fate is None:
            raise ZeroDivisionError(f"{text} {TOKEN}")
        return Receipt(self.fate, "HTTP 400")

    def room(self, deadline: float) -> int | None:
        return 100 if deadline > 0 else None


def test_an_error_of_our_own_neither_escapes_nor_loses_the_letter(owner: Owner) -> None:
    owner.channels = (Always(None),)
    owner.cycle(0, a_fault("gateway"))
    assert owner.log.levels("ERROR") == ["not sent, by an error of our own: ZeroDivisionError"]
    assert [letter.id for letter in owner.state.outbox] == ["gateway broke"]
    assert owner.state.parcel is not None
    assert owner.state.parcel.silent  # it may have left


@pytest.mark.parametrize("fate", Fate)
def test_no_fate_makes_more_than_two_pushes_in_a_cycle(owner: Owner, fate: Fate) -> None:
    channel = Always(fate)
    owner.channels = (channel,)
    owner.cycle(0, a_fault("gateway"), a_fault("ollama"))
    assert 1 <= channel.sent <= 2
    assert owner.log.lines


def test_times_are_told_as_the_owners_clock_shows_them() -> None:
    fault = a_fault("gateway", 0, next_wall=str(START + 60))
    facts = dict(with_local_times(fault, at(0)).facts)
    for name in ("made_at", "since", "next_at"):
        assert re.fullmatch(r"\d\d:\d\d", facts[name])
    next_day = dict(with_local_times(fault, at(86_400 * 2)).facts)
    assert re.fullmatch(r"\d\d-\d\d \d\d:\d\d", next_day["since"])


def test_a_time_that_is_none_is_left_out() -> None:
    for wall in ("", "soon", "nan", "1e99", "-1e99"):
        facts = dict(
            with_local_times(a_fault("x")._replace(facts=(("next_wall", wall),)), at(0)).facts
        )
        assert "next_at" not in facts

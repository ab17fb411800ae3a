"""Who asked from LINE is told by the watchdog itself: the agent that asked may have ended."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.sim.line import Push
from picoclaw_watchdog.sim.world import Process
from tests.sim.night import Night
from tests.sim.test_kicks import ask, events, night_of, outcomes, serve, waiting

ASKED_BY = "Requested by: line:U1"


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return night_of(tmp_path)


def test_the_outcome_of_a_restart_is_told_to_the_owner(night: Night) -> None:
    ask(night, "restart_gateway")
    serve(night)
    (told,) = night.sent
    assert told.splitlines()[0] == "[box] Restart of the gateway: done as requested"
    assert "Verified after" in told
    assert ASKED_BY in told


def test_in_japanese_too(night: Night) -> None:
    night.settings = night.settings._replace(language="ja", line_notify_to="U1")
    ask(night, "restart_gateway", "recover_funnel")
    serve(night)
    (told,) = night.sent
    assert "ゲートウェイの再起動: 依頼どおり実行しました" in told
    assert "Funnel の再公開: 依頼どおり実行しました" in told
    night.settings = night.settings._replace(restart_max_count=2)
    ask(night, "restart_gateway")
    serve(night)
    assert "ゲートウェイの再起動: 依頼を受けましたが、見送りました" in night.sent[1]
    assert "理由: 最後の 1 回は障害に備えて残してあります" in night.sent[1]
    assert "次に可能な時刻: " in night.sent[1]
    assert "依頼元: あなた" in night.sent[1]


@pytest.mark.parametrize("action", ["status", "check_ollama", "run_cycle", "ack", "resume"])
def test_what_leaves_the_agent_alive_is_answered_by_the_agent(night: Night, action: str) -> None:
    ask(night, action)
    serve(night)
    assert night.sent == []


def test_only_a_request_from_line_is_told(night: Night) -> None:
    ask(night, "restart_gateway", source="cli")
    serve(night)
    assert len(night.restarts) == 1
    assert night.sent == []


def test_all_who_asked_for_one_restart_are_one_message(night: Night) -> None:
    for number in range(5):
        ask(night, "restart_gateway", source=f"line:U{number}")
    serve(night)
    (told,) = night.sent
    assert "line:U0; line:U1; line:U2; +2 (5 requests)" in told


def test_one_that_did_not_help_is_told_with_its_reason(night: Night) -> None:
    night.do("gateway_dies_at_start", after=0.1)
    ask(night, "restart_gateway")
    night_before = len(night.sent)
    serve(night)
    text = "\n".join(night.sent[night_before:])
    assert "requested, but failed" in text


def test_what_is_withheld_is_told_once_in_its_cooldown_however_often_it_is_asked_for(
    night: Night,
) -> None:
    night.settings = night.settings._replace(restart_max_count=0)
    for _ in range(10):
        ask(night, "restart_gateway")
        serve(night)
        night.pass_(60)
    assert len(night.sent) == 1
    assert "Reason: the attempts allowed in this time are used up" in night.sent[0]
    night.pass_(night.settings.alert_cooldown_sec)
    ask(night, "restart_gateway")
    serve(night)
    assert len(night.sent) == 2


def test_nothing_is_told_while_the_owner_has_paused_everything(night: Night) -> None:
    night.do("owner_pauses", lasts=3600)
    ask(night, "restart_gateway")
    serve(night)
    assert outcomes(night)[0][0] == "withheld"
    night.pass_(2 * 3600)
    night.cycles(2)
    assert night.sent == []


def test_who_waits_for_the_outcome_does_not_wait_for_line(night: Night) -> None:
    known: list[list[tuple[str, str]]] = []

    def pushed(push: Push, process: Process) -> None:
        del push, process
        known.append(outcomes(night))

    night.life.records.pushed = pushed  # type: ignore[method-assign]
    ask(night, "restart_gateway", "status")
    serve(night)
    assert len(outcomes(night)) == 2
    assert known == [outcomes(night)], "when LINE had the message"


def test_it_waits_for_line_like_every_other_message(night: Night) -> None:
    night.host.line.mode = "drop"
    ask(night, "restart_gateway")
    serve(night)
    night.host.line.mode = "ok"
    night.cycles(3)
    assert len(night.sent) == 1


def test_what_may_be_asked_for_cannot_use_up_what_is_kept_for_faults(night: Night) -> None:
    """The month's last messages: answers wait for better times, a fault does not."""
    night.host.line.limit = night.settings.line_quota_reserve - 1
    ask(night, "restart_gateway")
    serve(night)
    assert night.sent == []


def tell_pushes(night: Night, writer: int) -> None:
    """Into a pipe that outlives who pushes."""

    def pushed(push: Push, process: Process) -> None:
        del process
        os.write(writer, json.dumps(["sent", push.key, push.text]).encode() + b"\n")

    night.life.records.pushed = pushed  # type: ignore[method-assign]


class Life(NamedTuple):
    killed: bool
    accepted: dict[str, str]
    restarts: int


def kills_at(number: int) -> Callable[[str, tuple[object, ...]], None]:
    """Ends the process just before it changes something on the disk for the nth time."""
    left = number

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        flags = arguments[2] if event == "open" else 0
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
        if writes or event in ("os.rename", "os.remove", "os.truncate", "sqlite3.connect"):
            left -= 1
            if left == 0:
                os._exit(9)

    return hook


def life_until(night: Night, number: int) -> Life:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        tell_pushes(night, writer)
        sys.addaudithook(kills_at(number))
        try:
            serve(night)
            os.write(writer, json.dumps(["restarts", len(night.restarts), ""]).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        told = [json.loads(line) for line in said]
    killed = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    accepted = {key: text for what, key, text in told if what == "sent"}
    return Life(killed, accepted, sum(key for what, key, _ in told if what == "restarts"))


def test_it_is_told_once_wherever_the_watchdog_is_killed(tmp_path: Path) -> None:
    """Killed before each of its changes of the disk in turn, until one life comes to its end."""
    ends: set[str] = set()
    for number in range(1, 400):
        night = night_of(tmp_path / str(number))
        ask(night, "restart_gateway")
        life = life_until(night, number)
        night.host.line.remember(life.accepted)
        night.pass_(60)
        serve(night)
        night.pass_(60)
        serve(night)
        told = [*life.accepted.values(), *night.sent]
        assert len(told) == 1, (number, told)
        assert ASKED_BY in told[0]
        ((outcome, _),) = outcomes(night)
        good = "done as requested" in told[0]
        assert good == (outcome == "mended"), (number, outcome, told)
        assert waiting(night) == []
        assert audit.verify(night.settings.state_dir) == []
        assert [each.event for each in events(night)].count(audit.SERVED) == 1
        ends.add(outcome)
        if not life.killed:
            break
    else:
        pytest.fail("no life came to its end")
    assert number > 20
    assert ends == {"mended", "interrupted"}

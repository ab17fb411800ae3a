"""Whoever may ask cannot silence the watchdog unseen, spend what faults need, or touch files."""

import os
from pathlib import Path

import pytest

from picoclaw_watchdog.core.asked_pause import MOST_IN_A_DAY
from picoclaw_watchdog.kick.inbox import add
from picoclaw_watchdog.kick.requests import plain, sign
from picoclaw_watchdog.sim.life import KICK_TOKEN
from picoclaw_watchdog.store.founding import write_pause
from tests.sim.night import Night
from tests.sim.test_kicks import ask, events, night_of, outcomes, serve, waiting

HOUR = 3600.0


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return night_of(tmp_path)


def is_paused(night: Night) -> bool:
    world = night.world()
    return world.store.wishes(world.clock.now()).paused is not None


# ---- pause and resume


@pytest.mark.parametrize("wish", ["7d", "2h", "61m", "9999999d", "1d1d1d"])
def test_a_long_pause_is_an_hour_told_at_once_and_the_answer_says_so(
    night: Night, wish: str
) -> None:
    ask(night, f"pause={wish}")
    serve(night)
    (told,) = night.sent
    assert told.splitlines()[0].startswith("[box] By request: paused until ")
    assert f"Requested: {wish}; one hour is the limit." in told
    assert "Requested by: line:U1" in told
    assert "To undo: picoclaw-watchdog resume" in told
    ((outcome, detail),) = outcomes(night)
    assert (outcome, detail.partition(" ")[0]) == ("done", "an_hour_at_most")
    night.do("gateway_crashes")
    night.pass_(HOUR - 120)
    night.cycles(1)
    assert night.restarts == []
    night.pass_(120)
    night.cycles(1)
    assert len(night.restarts) == 1


@pytest.mark.parametrize("source", ["cli", "make", "line:U1", "cron"])
def test_any_source_that_pauses_is_told_of(night: Night, source: str) -> None:
    ask(night, "pause=5m", source=source)
    serve(night)
    assert f"Requested by: {source}" in night.sent[0]


def test_the_reader_is_not_told_that_he_asked_himself(night: Night) -> None:
    """The source is a claim."""
    night.settings = night.settings._replace(line_notify_to="U1")
    ask(night, "pause=5m")
    serve(night)
    assert "Requested by: line:U1" in night.sent[0]


def test_in_japanese_too(night: Night) -> None:
    night.settings = night.settings._replace(language="ja")
    ask(night, "pause=7d")
    serve(night)
    assert night.sent[0].splitlines()[0].startswith("【box】依頼による切り替え: ")
    assert "まで一時停止" in night.sent[0]
    assert "依頼は 7d でしたが、上限は 1 時間です。" in night.sent[0]
    assert "取り消すには: picoclaw-watchdog resume" in night.sent[0]


def test_the_end_of_a_pause_by_request_is_told_too(night: Night) -> None:
    ask(night, "pause=30m")
    serve(night)
    ask(night, "resume", source="line:U2")
    serve(night)
    assert not is_paused(night)
    assert "the pause by request is over" in night.sent[1]
    assert "Requested by: line:U2" in night.sent[1]


def test_what_changes_nothing_is_not_told(night: Night) -> None:
    ask(night, "resume")
    serve(night)
    ask(night, "pause=1h")
    serve(night)
    for _ in range(20):
        ask(night, "pause=1h", "pause=7d", "pause=1s")
        serve(night)
        night.pass_(2)
    assert len(night.sent) == 1
    assert outcomes(night)[0] == ("done", "was_not_paused")


def test_several_of_one_cycle_are_one_message(night: Night) -> None:
    for number in range(6):
        ask(night, f"pause={number + 1}m", source=f"line:U{number}")
    serve(night)
    (told,) = night.sent
    assert "line:U0; line:U1; line:U2; +3 (6 requests)" in told


def test_a_flood_of_pauses_costs_a_few_messages_and_a_fault_is_still_told(night: Night) -> None:
    for number in range(400):
        ask(night, f"pause={number % 60 + 1}m", *(("resume",) if number % 3 else ()))
        serve(night)
        night.pass_(60)
    assert len(night.sent) <= 2 * MOST_IN_A_DAY
    assert not is_paused(night)
    assert ("withheld", "paused_often_enough") in [
        (outcome, detail.partition(" ")[0]) for outcome, detail in outcomes(night)
    ]
    told = len(night.sent)
    night.settings = night.settings._replace(restart_max_count=0)
    night.do("gateway_crashes")
    night.cycles(1)
    assert len(night.sent) == told + 1


def test_pauses_do_not_chain(night: Night) -> None:
    """Asked for again every half hour, somebody wanted it away for good."""
    night.do("gateway_crashes")
    for _ in range(3):
        ask(night, "pause=1h")
        serve(night)
        night.pass_(HOUR / 2)
    assert len(night.restarts) == 1


@pytest.mark.parametrize("content", ["", "forever\naki\n", "{}", "new disk"])
@pytest.mark.parametrize("action", ["resume", "pause=1s", "pause=7d"])
def test_no_request_touches_a_pause_of_the_host(night: Night, content: str, action: str) -> None:
    paused = night.state / "paused"
    night.state.mkdir(parents=True, exist_ok=True)
    paused.write_text(content)
    before = paused.stat()
    ask(night, action)
    serve(night)
    after = paused.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert is_paused(night)
    assert night.sent == []
    assert outcomes(night)[0][1].startswith("set_at_the_host")
    paused.unlink()
    assert not is_paused(night), "and it left none of its own"


def test_a_request_ends_its_own_pause_and_the_hosts_goes_on(night: Night) -> None:
    ask(night, "pause=1h")
    serve(night)
    (night.state / "paused").touch()
    ask(night, "resume")
    serve(night)
    assert outcomes(night)[-1] == ("done", "still_paused_at_the_host")
    assert is_paused(night)


def test_the_owner_ends_it_at_the_host(night: Night) -> None:
    ask(night, "pause=1h")
    serve(night)
    write_pause(night.settings.state_dir, None)
    assert not is_paused(night)
    ask(night, "pause=10m")
    serve(night)
    assert is_paused(night), "and a later one is a first one again"


@pytest.mark.parametrize("action", ["pause=1h", "resume"])
def test_a_switch_is_told_wherever_the_watchdog_was_killed(night: Night, action: str) -> None:
    ask(night, "pause=20m")
    serve(night)
    night.pass_(60)
    told = len(night.sent)
    ask(night, action)
    night.kill("write", 2)
    night.serve_once()
    night.pass_(5)
    serve(night)
    assert len(night.sent) == told + 1
    assert waiting(night) == []


# ---- ack


def faulty(night: Night) -> Night:
    night.settings = night.settings._replace(restart_max_count=0, alert_cooldown_sec=0)
    night.do("gateway_crashes")
    return night


def test_an_acknowledgement_is_told_with_the_command_that_undoes_it(night: Night) -> None:
    faulty(night).cycles(1)
    ask(night, "ack")
    serve(night)
    assert len(night.sent) == 2
    assert "acknowledged gateway-" in night.sent[1]
    assert "Requested by: line:U1" in night.sent[1]
    assert "To undo: picoclaw-watchdog ack --undo gateway-" in night.sent[1]
    night.cycles(3)
    assert len(night.sent) == 2


@pytest.mark.parametrize("ahead", [0.0, 100.0, 299.0])
def test_nothing_is_acknowledged_before_it_is_known(night: Night, ahead: float) -> None:
    faulty(night)
    wall = night.host.moment().wall
    add(night.settings.kick_file, sign("ack", KICK_TOKEN, "line:U1", wall + ahead, "a" * 32))
    serve(night)
    night.cycles(2)
    assert [text for text in night.sent if "acknowledged" in text] == []
    assert len(night.sent) >= 2, "told, and told again"


def test_a_request_from_before_a_fault_acknowledges_it_not(night: Night) -> None:
    wall = night.host.moment().wall
    line = sign("ack", KICK_TOKEN, "line:U1", wall, "b" * 32)
    night.pass_(30)
    faulty(night).cycles(1)
    add(night.settings.kick_file, line)
    serve(night)
    assert outcomes(night) == [("failed", "not_told_yet")]


def test_one_of_the_hosts_stays_the_hosts(night: Night) -> None:
    faulty(night).cycles(1)
    report = night.serve_once()
    assert report is not None
    (incident,) = report.state.incidents
    (night.state / "acked").write_text(f"{incident.id}\n")
    night.cycles(1)
    ask(night, "ack")
    report = night.serve_once()
    assert report is not None
    assert report.state.incidents[0].acked_by == "cli"
    assert [text for text in night.sent if "By request" in text] == []


# ---- what faults need


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_requests_leave_the_last_attempt_to_a_fault(night: Night, most: int) -> None:
    night.settings = night.settings._replace(restart_max_count=most)
    for number in range(most + 3):
        ask(night, "restart_gateway", "run_cycle", "check_ollama", source=f"line:U{number}")
        serve(night)
        night.pass_(40)
        if night.host.seconds > 500:
            break
    assert len(night.restarts) == most - 1
    assert ("withheld", "kept_for_faults") in [
        (outcome, detail.partition(" ")[0]) for outcome, detail in outcomes(night)
    ]
    night.do("gateway_crashes")
    night.cycles(1)
    assert len(night.restarts) == most


def test_so_it_is_with_the_funnel(night: Night) -> None:
    for _ in range(5):
        ask(night, "recover_funnel")
        serve(night)
        night.pass_(35)
    assert len(night.funnel_commands) == 2
    night.do("funnel_off")
    night.cycles(2)
    assert len(night.funnel_commands) == 3


def test_a_request_joins_the_attempt_that_a_fault_needs_anyway(night: Night) -> None:
    night.settings = night.settings._replace(restart_max_count=1)
    night.do("gateway_crashes")
    ask(night, "restart_gateway")
    serve(night)
    assert outcomes(night)[0][0] == "mended"
    assert len(night.restarts) == 1


@pytest.mark.parametrize("action", ["check_ollama", "run_cycle", "status"])
def test_a_flood_of_looks_spends_no_attempt_and_no_message(night: Night, action: str) -> None:
    for _ in range(40):
        ask(night, action)
        serve(night)
        night.pass_(1)
    assert night.restarts == []
    assert night.funnel_commands == []
    assert night.sent == []


# ---- files


def obstacle(at: Path, kind: str) -> None:
    if kind == "link":
        (at.parent / "elsewhere").write_text("secret\n")
        at.symlink_to("elsewhere")
    elif kind == "folder":
        at.mkdir()
    elif kind == "fifo":
        os.mkfifo(at)
    else:
        (at.parent / "elsewhere").write_text("secret\n")
        at.hardlink_to(at.parent / "elsewhere")


@pytest.mark.parametrize("kind", ["link", "folder", "fifo", "second name"])
def test_what_lies_in_the_way_is_told_once_and_left(night: Night, kind: str) -> None:
    night.state.mkdir(parents=True, exist_ok=True)
    request = Path(night.settings.kick_file)
    obstacle(request, kind)
    before = request.lstat()
    for _ in range(60):
        serve(night)
        night.pass_(60)
    assert request.lstat() == before
    assert len(night.sent) == 1
    assert f"Left untouched: {request}" in night.sent[0]
    assert sum("reason=not_a_file" in line for line in night.said.lines) == 1
    if kind == "folder":
        request.rmdir()
    else:
        request.unlink()
    ask(night, "restart_gateway")
    serve(night)
    assert outcomes(night) == [("mended", "")]
    obstacle(request, "fifo")
    serve(night)
    assert sum("reason=not_a_file" in line for line in night.said.lines) == 2, "a new one"


@pytest.mark.parametrize("content", ["a-token-of-somebody\n", "{}\n", "", "a|b|c|4\n"])
def test_another_file_is_neither_taken_nor_moved(night: Night, content: str) -> None:
    other = night.folder / "Documents" / "mine.txt"
    other.parent.mkdir()
    other.write_text(content)
    night.settings = night.settings._replace(kick_file=str(other))
    for _ in range(3):
        serve(night)
        night.pass_(60)
    assert other.read_text() == content
    assert [path.name for path in other.parent.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("off", [{"kick_enabled": False}, {"kick_token": ""}])
def test_nothing_is_taken_while_kicks_are_off(night: Night, off: dict[str, object]) -> None:
    on = night.settings
    night.settings = on._replace(**off)  # type: ignore[arg-type]
    line = plain("restart_gateway", KICK_TOKEN, "line:U1", night.host.moment().wall)
    for name in ("kick_request", "kick_taken"):
        path = night.state / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{line}\n")
        serve(night)
        assert path.read_text() == f"{line}\n"
        path.unlink()
    assert night.restarts == []
    assert events(night) == []
    assert night.sent == []
    night.settings = on
    (night.state / "kick_request").write_text(f"{line}\n")
    night.pass_(HOUR)
    serve(night)
    assert [each.verdict for each in events(night)] == ["stale"], "nothing out of the blue"

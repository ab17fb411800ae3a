"""What the owner says to the watchdog: pause, ack, a gateway stopped on purpose."""

import os
import threading
from pathlib import Path

import pytest

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.alerts import remind, tell
from picoclaw_watchdog.core.answers import noted
from picoclaw_watchdog.core.decide import decide
from picoclaw_watchdog.core.delivery import plan
from picoclaw_watchdog.core.incidents import after_look, at_the_end
from picoclaw_watchdog.core.model import (
    Alert,
    Decision,
    Incident,
    Kick,
    Look,
    Moment,
    Parcel,
    Pause,
    State,
    Stop,
)
from picoclaw_watchdog.core.reasons import Gravity, Hold, Ill, Probe, Sight, Topic
from picoclaw_watchdog.core.switches import may_tell, over_keys
from picoclaw_watchdog.core.watched import is_quiet
from picoclaw_watchdog.engine.switches import overlaid
from picoclaw_watchdog.store.acks import write_acks
from picoclaw_watchdog.store.disk import DiskStore
from picoclaw_watchdog.store.founding import Reader, write_stop
from tests.unit.looks import FAILED, HUNG, RUNNING, SETTINGS, START, UNIT_DOWN, WATCHED, at, look

DAY = 86_400.0
INACTIVE = FAILED._replace(active="inactive", sub="dead", result="success")
STOPPED = look({**UNIT_DOWN, Probe.UNIT: Sight.UNIT_INACTIVE}, unit=INACTIVE)
TWO_HOURS = Stop(START + 7200, "aki", "upgrade", "i-1")
BROKEN = Incident("gateway-1", targets.GATEWAY, Ill.SERVICE_DOWN, at(0), cycles=1)


def store(folder: Path) -> DiskStore:
    return DiskStore(str(folder / "state"), "", 20, 90, 600)


def judged(seen: Look, state: State, now: Moment) -> Decision:
    return decide(SETTINGS, state, seen, now)


def seen_by(state: State, seen: Look, now: Moment) -> State:
    """The state after a cycle that saw this."""
    findings = judged(seen, state, now).findings
    state = after_look(SETTINGS, state, state, seen, findings, now)
    return at_the_end(SETTINGS, state, seen, findings, now).state


# ---- a gateway that its owner stopped


def test_a_gateway_that_its_owner_stopped_is_left_alone_until_then() -> None:
    decision = judged(STOPPED, WATCHED._replace(stopped=TWO_HOURS), at(7199))
    assert decision.steps == ()
    assert [(held.hold, held.until) for held in decision.withheld] == [(Hold.STOPPED, START + 7200)]


@pytest.mark.parametrize("state", ["inactive", "failed", "deactivating"])
def test_however_it_ended_and_while_it_ends(state: str) -> None:
    sight = {"inactive": Sight.UNIT_INACTIVE, "failed": Sight.UNIT_FAILED}
    faults = {**UNIT_DOWN, Probe.UNIT: sight.get(state, Sight.UNIT_CHANGING)}
    seen = look(faults, unit=INACTIVE._replace(active=state))
    assert judged(seen, WATCHED._replace(stopped=TWO_HOURS), at(10)).steps == ()
    assert seen_by(WATCHED._replace(stopped=TWO_HOURS), seen, at(10)) == WATCHED._replace(
        stopped=TWO_HOURS
    )


def test_it_is_no_incident_and_counts_as_no_failure() -> None:
    state = WATCHED._replace(stopped=TWO_HOURS)
    for minute in range(5):
        state = seen_by(state, STOPPED, at(60 * minute))
    assert state == WATCHED._replace(stopped=TWO_HOURS)


def test_an_incident_from_before_is_not_told_of_meanwhile() -> None:
    state = WATCHED._replace(
        incidents=(BROKEN._replace(failed=1),), health_fails=3, stopped=TWO_HOURS
    )
    decision = judged(STOPPED, state, at(60))
    assert tell(SETTINGS, state, decision, (), at(60)).outbox == ()
    running = judged(STOPPED, state._replace(stopped=None), at(60))
    assert tell(SETTINGS, state, running, (), at(60)).outbox != ()


def test_when_the_time_is_over_it_is_started_and_that_is_told_as_what_it_is() -> None:
    state = WATCHED._replace(stopped=TWO_HOURS)
    (step,) = judged(STOPPED, state, at(7200)).steps
    assert (step.action, step.cause) == (targets.RESTART_GATEWAY, Ill.SERVICE_STOPPED)
    (incident,) = seen_by(state, STOPPED, at(7200)).incidents
    assert incident.cause is Ill.SERVICE_STOPPED


def test_it_is_remembered_until_the_gateway_runs_again() -> None:
    assert seen_by(WATCHED._replace(stopped=TWO_HOURS), STOPPED, at(7300)).stopped == TWO_HOURS
    again = look(unit=RUNNING._replace(instance="i-2"))
    assert seen_by(WATCHED._replace(stopped=TWO_HOURS), again, at(7300)).stopped is None


def test_starting_it_by_hand_ends_it() -> None:
    by_hand = look(unit=RUNNING._replace(instance="i-2"))
    assert seen_by(WATCHED._replace(stopped=TWO_HOURS), by_hand, at(60)).stopped is None


def test_what_was_started_by_hand_and_failed_before_we_looked_is_mended() -> None:
    seen = look(UNIT_DOWN, unit=FAILED._replace(instance="i-2"))
    (step,) = judged(seen, WATCHED._replace(stopped=TWO_HOURS), at(60)).steps
    assert step.cause is Ill.SERVICE_DOWN


def test_a_stop_that_was_said_and_never_made_guards_nothing_and_is_not_forgotten() -> None:
    """The command was killed between its two steps."""
    state = WATCHED._replace(stopped=TWO_HOURS)
    (step,) = judged(look(HUNG, unit=RUNNING), state, at(60)).steps
    assert step.cause is Ill.SERVICE_HUNG
    assert seen_by(state, look(unit=RUNNING), at(60)).stopped == TWO_HOURS
    assert seen_by(state, look(unit=RUNNING), at(7200)).stopped is None


def test_an_empty_file_holds_whatever_runs_or_not() -> None:
    touched = WATCHED._replace(stopped=Stop(None))
    assert judged(STOPPED, touched, at(0)).steps == ()
    assert seen_by(touched, look(unit=RUNNING), at(0)).stopped == Stop(None)


def test_a_request_to_restart_it_is_withheld() -> None:
    kick = Kick("k1", "restart_gateway", "line:U1")
    decision = decide(SETTINGS, WATCHED._replace(stopped=TWO_HOURS), STOPPED, at(60), kicks=(kick,))
    assert decision.steps == ()
    assert (Hold.STOPPED, ("k1",)) in [(held.hold, held.kicks) for held in decision.withheld]


def test_the_funnel_is_mended_all_the_same_and_ollama_restarts_nothing() -> None:
    way = {Probe.NODE: Sight.AS_EXPECTED, Probe.ROUTE: Sight.AS_EXPECTED}
    faults = {**UNIT_DOWN, **way, Probe.FUNNEL: Sight.FUNNEL_OFF, Probe.OLLAMA: Sight.REFUSED}
    faults[Probe.UNIT] = Sight.UNIT_INACTIVE
    state = WATCHED._replace(stopped=TWO_HOURS, ollama_fails=1)
    decision = judged(look(faults, unit=INACTIVE), state, at(60))
    assert [step.action for step in decision.steps] == [targets.RECOVER_FUNNEL]


def test_a_cycle_is_not_quiet_while_it_is_stopped() -> None:
    assert is_quiet(SETTINGS, WATCHED, look())
    assert not is_quiet(SETTINGS, WATCHED._replace(stopped=TWO_HOURS), look())


@pytest.mark.parametrize(
    ("content", "stop"),
    [
        (b"", Stop(None)),
        (b"forever\n", Stop(None)),
        (b"1700000000\naki\nupgrade\ni-1\n", Stop(1.7e9, "aki", "upgrade", "i-1")),
        (b'{"until": 1700000000, "why": "x", "instance": "i-1"}', Stop(1.7e9, "", "x", "i-1")),
        (b"new disk", Stop(None, why="new disk")),
        (b"\xff\xfe", Stop(None)),
        (b"nan\n", Stop(None)),
    ],
)
def test_the_file_works_by_lying_there(tmp_path: Path, content: bytes, stop: Stop) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "gateway_stopped").write_bytes(content)
    disk = store(tmp_path)
    state = disk.load(at(0))
    assert state.stopped == stop
    assert disk.save(state._replace(health_fails=1))
    assert (tmp_path / "state" / "gateway_stopped").read_bytes() == content
    assert disk.save(state._replace(stopped=None))
    assert not (tmp_path / "state" / "gateway_stopped").exists()


def test_a_cycle_that_began_before_takes_no_stop_away(tmp_path: Path) -> None:
    disk = store(tmp_path)
    state = disk.load(at(0))
    write_stop(str(tmp_path / "state"), TWO_HOURS)
    assert disk.save(state._replace(health_fails=1))
    assert store(tmp_path).load(at(1)).stopped == TWO_HOURS
    later = TWO_HOURS._replace(until=START + 9000)
    disk = store(tmp_path)
    state = disk.load(at(2))
    write_stop(str(tmp_path / "state"), later)
    assert disk.save(state._replace(stopped=None))
    assert store(tmp_path).load(at(3)).stopped == later


# ---- what the owner knows of


def test_an_ack_while_a_cycle_runs_is_neither_lost_nor_overwritten(tmp_path: Path) -> None:
    cycle = store(tmp_path)
    state = cycle.load(at(0))
    assert cycle.save(state._replace(incidents=(BROKEN,)))
    running = store(tmp_path)
    state = running.load(at(60))
    write_acks(str(tmp_path / "state"), [BROKEN.id])
    assert running.wishes(at(60)).acked == {BROKEN.id}, "for this cycle's own telling"
    assert running.save(state._replace(incidents=(BROKEN._replace(cycles=2),)))
    (incident,) = store(tmp_path).load(at(120)).incidents
    assert incident.acked


def test_acks_go_with_the_last_open_incident(tmp_path: Path) -> None:
    disk = store(tmp_path)
    state = disk.load(at(0))
    assert disk.save(state._replace(incidents=(BROKEN,)))
    write_acks(str(tmp_path / "state"), [BROKEN.id])
    disk = store(tmp_path)
    state = disk.load(at(60))
    assert disk.save(state)
    assert store(tmp_path).load(at(61)).incidents[0].acked
    assert disk.save(state._replace(incidents=()))
    assert not (tmp_path / "state" / "acked").exists()


def test_acks_of_many_at_once_are_all_there(tmp_path: Path) -> None:
    folder = str(tmp_path / "state")
    names = [f"gateway-{number}" for number in range(40)]
    people = [threading.Thread(target=write_acks, args=(folder, [name])) for name in names]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert store(tmp_path).wishes(at(0)).acked == set(names)


def test_what_is_taken_back_is_told_again_and_no_request_changes_that(tmp_path: Path) -> None:
    disk = store(tmp_path)
    state = disk.load(at(0))
    by_request = BROKEN._replace(acked=True, acked_by="line:U1", alerted=True)
    assert disk.save(state._replace(incidents=(by_request,)))
    write_acks(str(tmp_path / "state"), [BROKEN.id], back=True)
    disk = store(tmp_path)
    state = disk.load(at(60))
    assert not state.incidents[0].acked
    assert disk.wishes(at(60)).acked == frozenset()
    again = noted(state, (Kick("k", "ack", "line:U1", asked=START + 60),), at(60))
    assert again[0].incidents == state.incidents
    write_acks(str(tmp_path / "state"), [BROKEN.id])
    assert store(tmp_path).load(at(61)).incidents[0].acked, "the last word counts"


def test_a_torn_line_costs_no_other(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "acked").write_text("gateway-1\nfunn")
    write_acks(str(tmp_path / "state"), ["ollama-3"])
    assert store(tmp_path).wishes(at(0)).acked == {"gateway-1", "funn", "ollama-3"}


def test_rubbish_in_the_acks_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    path = tmp_path / "state" / "acked"
    path.write_bytes(b"\xff\x00\n\n  \n" * 5000)
    store(tmp_path).load(at(0))
    path.unlink()
    os.mkfifo(path)
    disk = store(tmp_path)
    assert disk.wishes(at(0)).acked == frozenset()
    assert disk.complaints()


# ---- what a pause holds back, and what outlives it


def test_the_all_clear_that_was_promised_outlives_a_pause() -> None:
    told, untold = BROKEN._replace(alerted=True), BROKEN._replace(id="x", mended_by=None)
    state = tell(SETTINGS, WATCHED._replace(paused=Pause(None)), Decision(), (told, untold), at(60))
    assert [letter.topic for letter in state.outbox] == [Topic.ALL_CLEAR]
    assert not may_tell(state)
    assert plan(state, at(60), "x", 0) is None
    assert plan(state._replace(paused=None), at(60), "x", 0) is not None


def test_a_pause_without_end_is_told_once_a_day_and_only_that() -> None:
    other = Alert("a", "gateway", Topic.RESTART_FAILED, Gravity.CRITICAL, at(0))
    state = WATCHED._replace(paused=Pause(None, "aki", "disk"), outbox=(other,))
    state = remind(SETTINGS, state, at(0))
    assert state.outbox == (other,), "he has just done it himself"
    state = remind(SETTINGS, state, at(DAY - 1))
    assert state.outbox == (other,)
    state = remind(SETTINGS, state, at(DAY))
    (_, letter) = state.outbox
    assert letter.topic is Topic.STILL_PAUSED
    assert dict(letter.facts) == {"who": "aki", "why": "disk"}
    dispatch = plan(state, at(DAY), "x", 0)
    assert dispatch is not None
    assert dispatch.letters == (letter,)
    assert remind(SETTINGS, state, at(2 * DAY)).outbox == state.outbox, "one waits already"


def test_a_pause_with_an_end_needs_no_reminder() -> None:
    state = WATCHED._replace(paused=Pause(START + 7 * DAY))
    for day in range(7):
        state = remind(SETTINGS, state, at(day * DAY))
    assert state.outbox == ()


def test_a_reminder_that_was_not_sent_goes_with_its_reason() -> None:
    state = WATCHED._replace(paused=Pause(None), told=(("paused", at(0)),))
    state = remind(SETTINGS, state, at(DAY))
    state = state._replace(paused=None)
    assert over_keys(state) >= {"paused"}
    assert remind(SETTINGS, state, at(DAY + 60)).outbox == ()


def test_a_stop_without_end_is_told_once_a_day_too() -> None:
    state = WATCHED._replace(stopped=Stop(None, "aki"), told=(("gateway_stopped", at(0)),))
    (letter,) = remind(SETTINGS, state, at(DAY)).outbox
    assert letter.topic is Topic.STILL_STOPPED
    assert over_keys(state) == {"paused"}


def test_while_paused_a_push_in_doubt_is_not_tried_again_without_its_letters() -> None:
    other = Alert("a", "gateway", Topic.RESTART_FAILED, Gravity.CRITICAL, at(0))
    reminder = Alert("b", "paused", Topic.STILL_PAUSED, Gravity.WARNING, at(0))
    state = State(
        paused=Pause(None),
        outbox=(other, reminder),
        parcel=Parcel("key", ("a",), at(0), silent=True),
    )
    assert plan(state, at(60), "x", 0) is None
    assert plan(state._replace(outbox=(reminder,)), at(60), "x", 0) is not None


def test_a_planned_window_writes_no_file_and_takes_none_away(tmp_path: Path) -> None:
    disk = store(tmp_path)
    state = disk.load(at(0))
    window = Pause(START + 600, "PAUSE_WINDOWS", "daily 1h", planned=True)
    assert disk.save(state._replace(paused=window, health_fails=1))
    assert not (tmp_path / "state" / "paused").exists()
    (tmp_path / "state" / "paused").write_text("forever\naki\n")
    disk = store(tmp_path)
    state = disk.load(at(0))
    assert disk.save(state._replace(paused=window, health_fails=2))
    assert Reader(str(tmp_path / "state")).read().pause == Pause(None, "aki")


def test_status_shows_what_was_switched_since_the_last_cycle(tmp_path: Path) -> None:
    write_acks(str(tmp_path / "state"), ["gateway-1"])
    write_stop(str(tmp_path / "state"), TWO_HOURS)
    incidents = [{"id": "gateway-1", "acked": False}, {"id": "ollama-2", "acked": False}]
    shown = overlaid({"incidents": incidents, "paused": None}, store(tmp_path).wishes(at(0)))
    assert [each["acked"] for each in shown["incidents"]] == [True, False]
    assert shown["stopped"]["why"] == "upgrade"
    assert shown["paused"] is None

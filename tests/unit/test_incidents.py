from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.incidents import (
    acked,
    after_look,
    at_the_end,
    ended,
    forget_old_attempts,
    intended,
    rebased,
)
from picoclaw_watchdog.core.model import (
    Attempt,
    Finding,
    Moment,
    Outcome,
    State,
    Step,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Ill, Phase
from tests.unit.looks import RUNNING, SETTINGS, UNIT_DOWN, at, look

RESTART = targets.RESTART_GATEWAY
DOWN = Finding(targets.GATEWAY, Ill.SERVICE_DOWN, detail="failed (signal)")
STEP = Step(targets.GATEWAY, RESTART, Ill.SERVICE_DOWN, instance="i-1")


def opened() -> State:
    return after_look(SETTINGS, State(), State(), look(UNIT_DOWN), (DOWN,), at(0))


def test_a_finding_opens_one_incident_and_keeps_it() -> None:
    first = opened()
    second = after_look(SETTINGS, first, first, look(UNIT_DOWN), (DOWN,), at(60))
    assert [incident.id for incident in second.incidents] == [first.incidents[0].id]
    assert second.incidents[0].cycles == 2
    assert second.incidents[0].opened == at(0)


def test_several_looks_of_one_cycle_count_once() -> None:
    before = State()
    once = after_look(SETTINGS, before, before, look(UNIT_DOWN), (DOWN,), at(0))
    twice = after_look(SETTINGS, before, once, look(UNIT_DOWN), (DOWN,), at(1))
    assert twice.incidents[0].cycles == 1
    assert twice.health_fails == 1


def test_a_start_that_turns_out_to_be_a_fault_gets_the_faults_name() -> None:
    starting = Finding(targets.GATEWAY, Ill.SERVICE_STARTING)
    state = after_look(SETTINGS, State(), State(), look(UNIT_DOWN), (starting,), at(0))
    state = after_look(SETTINGS, state, state, look(UNIT_DOWN), (DOWN,), at(60))
    assert state.incidents[0].cause is Ill.SERVICE_DOWN
    state = after_look(SETTINGS, state, state, look(UNIT_DOWN), (starting,), at(120))
    assert state.incidents[0].cause is Ill.SERVICE_DOWN


def test_a_gateway_that_has_not_seen_ollama_come_back_does_not_rename_the_outage() -> None:
    down = Finding(targets.OLLAMA, Ill.PEER_DOWN)
    unready = Finding(targets.OLLAMA, Ill.PEER_NOT_READY)
    state = after_look(SETTINGS, State(), State(), look(), (unready,), at(0))
    assert state.incidents[0].cause is Ill.PEER_NOT_READY
    state = after_look(SETTINGS, state, state, look(), (down,), at(60))
    state = after_look(SETTINGS, state, state, look(), (unready,), at(120))
    assert state.incidents[0].cause is Ill.PEER_DOWN
    assert state.ollama_fails == 3


def test_an_attempt_is_in_the_state_before_it_is_made() -> None:
    state = intended(opened(), STEP, "a1", at(1))
    assert [(each.id, each.phase) for each in state.attempts] == [("a1", Phase.INTENDED)]
    assert state.incidents[0].attempts == 1


def test_a_failed_attempt_says_why_in_its_incident() -> None:
    state = intended(opened(), STEP, "a1", at(1))
    state = ended(state, STEP, "a1", Outcome(Phase.FAILED, "not healthy"))
    assert state.attempts[0].phase is Phase.FAILED
    assert (state.incidents[0].failed, state.incidents[0].last_error) == (1, "not healthy")


def test_what_was_mended_in_this_cycle_is_credited_and_what_came_back_is_not() -> None:
    state = intended(opened(), STEP, "a1", at(1))
    state = ended(state, STEP, "a1", Outcome(Phase.DONE, took=1.2))
    now = at_the_end(SETTINGS, state, look(), (), at(2))
    goes_on = at_the_end(SETTINGS, state, look(UNIT_DOWN), (DOWN,), at(2)).state
    later = at_the_end(SETTINGS, goes_on._replace(last_cycle=at(0)), look(), (), at(600))
    assert now.closed[0].mended_by is RESTART
    assert later.closed[0].mended_by is None
    assert now.state.incidents == ()


def test_a_cycle_that_was_killed_in_its_restart_has_mended_what_is_well_in_the_next() -> None:
    state = intended(opened()._replace(last_cycle=at(-60)), STEP, "a1", at(1))
    lost = state._replace(attempts=(state.attempts[0]._replace(phase=Phase.LOST),))
    assert at_the_end(SETTINGS, lost, look(), (), at(60)).closed[0].mended_by is RESTART
    went_on = lost._replace(last_cycle=at(60))  # a whole cycle since has found it as ill as before
    assert at_the_end(SETTINGS, went_on, look(), (), at(120)).closed[0].mended_by is None


def test_a_restart_for_ollama_is_never_said_to_have_mended_ollama() -> None:
    step = STEP._replace(target=targets.OLLAMA, cause=Ill.PEER_DOWN)
    finding = Finding(targets.OLLAMA, Ill.PEER_DOWN)
    state = after_look(SETTINGS, State(), State(), look(), (finding,), at(0))
    state = ended(intended(state, step, "a1", at(1)), step, "a1", Outcome(Phase.DONE))
    (closed,) = at_the_end(SETTINGS, state, look(), (), at(2)).closed
    assert closed.mended_by is None


def test_entries_that_a_reset_lost_are_remembered_for_the_message() -> None:
    step = Step(targets.FUNNEL, targets.RECOVER_FUNNEL, Ill.FUNNEL_OFF)
    finding = Finding(targets.FUNNEL, Ill.FUNNEL_OFF)
    state = after_look(SETTINGS, State(), State(), look(), (finding,), at(0))
    state = ended(state, step, "a1", Outcome(Phase.DONE, lost=("https 8443 /", "tcp 22")))
    assert state.incidents[0].lost == "https 8443 /; tcp 22"


def test_attempts_that_no_budget_counts_are_forgotten() -> None:
    attempts = (Attempt("old", RESTART, at(0)), Attempt("new", RESTART, at(900)))
    state = forget_old_attempts(State(attempts=attempts), at(1000), 600)
    assert [each.id for each in state.attempts] == ["new"]


class TestClocks:
    def test_a_moment_of_another_boot_is_adopted_with_the_age_it_has_now(self) -> None:
        state = State(attempts=(Attempt("a", RESTART, at(0, boot_id="boot-1")),))
        now = at(300, boot_id="boot-2")
        adopted = rebased(state, now).attempts[0].at
        assert adopted.boot_id == "boot-2"
        jumped = at(310, boot_id="boot-2")._replace(wall=at(99_999).wall)
        assert seconds_between(adopted, jumped) == 310

    def test_a_moment_of_this_boot_follows_the_clock_that_was_set(self) -> None:
        state = State(told=(("gateway", at(0)),))
        now = at(300)._replace(wall=at(5300).wall)
        ((_, moment),) = rebased(state, now).told
        rebooted = Moment(now.wall + 10, 5.0, 5.0, "boot-2")
        assert seconds_between(moment, rebooted) == 310

    def test_nothing_changes_while_nobody_sets_the_clock(self) -> None:
        state = State(attempts=(Attempt("a", RESTART, at(0)),))
        assert rebased(state, at(300)) is state


class TestHowLongAFaultWasNotSeen:
    LAST = State(last_cycle=at(0))

    def test_systemd_knows_it_of_a_unit_that_has_ended(self) -> None:
        ended_3_s_ago = look(UNIT_DOWN, unit=RUNNING._replace(changed_ago=3.0))
        state = after_look(SETTINGS, self.LAST, self.LAST, ended_3_s_ago, (DOWN,), at(60))
        assert state.incidents[0].unseen == 3.0

    def test_otherwise_it_is_no_longer_than_since_the_last_cycle(self) -> None:
        hung = Finding(targets.GATEWAY, Ill.SERVICE_HUNG)
        state = after_look(SETTINGS, self.LAST, self.LAST, look(UNIT_DOWN), (hung,), at(60))
        assert state.incidents[0].unseen == 60.0

    def test_of_the_first_look_ever_nothing_is_known(self) -> None:
        assert opened().incidents[0].unseen is None


def test_who_acknowledged_first_stays_the_one_who_did() -> None:
    state = acked(opened(), None, "line:U1", at(5))
    again = acked(state, None, "cli", at(9))
    assert again == state
    assert (again.incidents[0].acked_by, again.incidents[0].acked_at) == ("line:U1", at(5))


def test_two_incidents_of_one_second_have_two_names() -> None:
    names = set()
    for tenths in (0, 4, 9):
        moment = at(100.0 + tenths / 10)
        state = after_look(SETTINGS, State(), State(), look(UNIT_DOWN), (DOWN,), moment)
        names.add(state.incidents[0].id)
    assert len(names) == 3

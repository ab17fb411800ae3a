import pytest

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.baseline import forgotten
from picoclaw_watchdog.core.decide import decide
from picoclaw_watchdog.core.model import (
    Attempt,
    Decision,
    Incident,
    Kick,
    Look,
    Moment,
    Pause,
    PidFile,
    SecondLook,
    State,
)
from picoclaw_watchdog.core.reasons import Hold, Ill, Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Action
from tests.unit.looks import (
    FAILED,
    HUNG,
    RUNNING,
    SETTINGS,
    START,
    UNIT_DOWN,
    WATCHED,
    at,
    look,
    with_stale_pid,
)

RESTART = targets.RESTART_GATEWAY
NOW = at(1000)
DOWN = look(UNIT_DOWN, unit=FAILED)
THE_WAY_IS_WELL = {Probe.NODE: Sight.AS_EXPECTED, Probe.ROUTE: Sight.AS_EXPECTED}
FUNNEL_LOST = {Probe.FUNNEL: Sight.FUNNEL_OFF, Probe.WEBHOOK_PUBLIC: Sight.NO_ANSWER}
FUNNEL_OFF = look({**FUNNEL_LOST, **THE_WAY_IS_WELL})
OLLAMA_DOWN = {Probe.OLLAMA: Sight.REFUSED, Probe.READY: Sight.READY_OLLAMA}


def attempts(*seconds: float, action: Action = RESTART) -> tuple[Attempt, ...]:
    return tuple(Attempt(f"a{second}", action, at(second)) for second in seconds)


def judged(
    seen: Look, state: State | None = None, now: Moment = NOW, settings: Settings = SETTINGS
) -> Decision:
    return decide(settings, state or WATCHED, seen, now)


def holds(decision: Decision) -> list[Hold]:
    return [held.hold for held in decision.withheld]


def test_a_quiet_host_is_left_alone() -> None:
    assert judged(look()) == Decision()


def test_a_dead_gateway_is_restarted_at_once() -> None:
    (step,) = judged(DOWN).steps
    assert (step.action, step.cause, step.after) == (RESTART, Ill.SERVICE_DOWN, 0.0)
    assert step.reset_failed


def test_a_hung_gateway_is_restarted_only_after_a_second_look() -> None:
    first = judged(look(HUNG, times=1))
    assert first.steps == ()
    assert first.again is not None
    assert Probe.HEALTH in first.again.probes
    assert [step.cause for step in judged(look(HUNG)).steps] == [Ill.SERVICE_HUNG]


def test_a_restart_is_withheld_while_the_gateway_is_starting() -> None:
    decision = judged(look(HUNG, unit=RUNNING._replace(started_ago=5.0)))
    assert decision.steps == ()
    assert holds(decision) == [Hold.STARTING]
    assert decision.withheld[0].until == pytest.approx(NOW.wall + 40)


@pytest.mark.parametrize("sight", [Sight.UNIT_MASKED, Sight.UNIT_NOT_FOUND])
def test_what_no_restart_mends_is_not_restarted(sight: Sight) -> None:
    decision = judged(look({**UNIT_DOWN, Probe.UNIT: sight}, unit=FAILED))
    assert decision.steps == ()
    assert holds(decision) == [Hold.CANNOT_HELP]


def test_a_silent_bus_is_never_answered_with_a_restart() -> None:
    decision = judged(look({**UNIT_DOWN, Probe.UNIT: Sight.BUS_SILENT}, unit=None))
    assert decision.steps == ()


def test_a_stale_pid_file_is_moved_with_the_restart() -> None:
    pid_file = PidFile("/x/.picoclaw.pid", 151, "systemd-resolved")
    (step,) = judged(with_stale_pid(DOWN, pid_file)).steps
    assert step.move_pid == pid_file


def test_systemd_restarting_in_vain_is_no_start_any_more() -> None:
    seen = look({**UNIT_DOWN, Probe.UNIT: Sight.UNIT_AUTO_RESTART}, unit=FAILED)
    old = Incident("g", targets.GATEWAY, Ill.SERVICE_STARTING, at(0))
    (finding,) = judged(seen, WATCHED._replace(incidents=(old,)), now=at(91)).findings
    assert finding.cause is Ill.SERVICE_CRASH_LOOP
    (finding,) = judged(seen, WATCHED._replace(incidents=(old,)), now=at(90)).findings
    assert finding.cause is Ill.SERVICE_STARTING


def test_a_start_that_ends_a_long_outage_is_no_crash_loop() -> None:
    seen = look({**UNIT_DOWN, Probe.UNIT: Sight.UNIT_CHANGING}, unit=FAILED)
    old = Incident("g", targets.GATEWAY, Ill.SERVICE_DOWN, at(0))
    (finding,) = judged(seen, WATCHED._replace(incidents=(old,)), now=at(7200)).findings
    assert finding.cause is Ill.SERVICE_STARTING


def test_a_start_is_timed_from_the_boot_that_made_it() -> None:
    # Found by the story power-cut: an incident opened before it, and a gateway that boots.
    seen = look({**UNIT_DOWN, Probe.UNIT: Sight.UNIT_CHANGING}, unit=FAILED)
    before = at(0)._replace(boot_id="the boot before")
    old = Incident("g", targets.GATEWAY, Ill.SERVICE_STARTING, before)
    now = at(300)._replace(boot=25.0, awake=25.0)
    (finding,) = judged(seen, WATCHED._replace(incidents=(old,)), now=now).findings
    assert finding.cause is Ill.SERVICE_STARTING


class TestBudget:
    def test_the_second_restart_waits_ten_seconds_and_looks_again_first(self) -> None:
        decision = judged(DOWN, WATCHED._replace(attempts=attempts(997)))
        assert decision.steps == ()
        assert decision.again is not None
        assert decision.again.after == pytest.approx(7)
        assert judged(DOWN, WATCHED._replace(attempts=attempts(990))).steps != ()

    def test_the_third_restart_waits_thirty_seconds(self) -> None:
        decision = judged(DOWN, WATCHED._replace(attempts=attempts(900, 990)))
        assert decision.again is not None
        assert decision.again.after == pytest.approx(20)
        assert judged(DOWN, WATCHED._replace(attempts=attempts(900, 970))).steps != ()

    def test_a_fourth_restart_in_the_window_is_withheld_until_the_first_leaves_it(self) -> None:
        decision = judged(DOWN, WATCHED._replace(attempts=attempts(500, 600, 700)))
        assert decision.steps == ()
        assert holds(decision) == [Hold.BUDGET_SPENT]
        assert decision.withheld[0].until == pytest.approx(START + 1100)
        assert judged(DOWN, WATCHED._replace(attempts=attempts(400, 600, 700))).steps != ()

    def test_a_clock_set_forward_gives_no_restart_back(self) -> None:
        later = at(1000)._replace(wall=START + 999_999)
        decision = judged(DOWN, WATCHED._replace(attempts=attempts(500, 600, 700)), now=later)
        assert holds(decision) == [Hold.BUDGET_SPENT]

    def test_a_clock_set_back_takes_no_restart_away(self) -> None:
        earlier = at(2000)._replace(wall=START - 999_999)
        assert (
            judged(DOWN, WATCHED._replace(attempts=attempts(500, 600, 700)), now=earlier).steps
            != ()
        )

    def test_attempts_of_before_a_reboot_count_by_the_wall_clock(self) -> None:
        rebooted = at(1000, up=60.0, boot_id="boot-2")
        decision = judged(DOWN, WATCHED._replace(attempts=attempts(500, 600, 700)), now=rebooted)
        assert holds(decision) == [Hold.BUDGET_SPENT]

    def test_attempts_from_the_future_count_as_made_now(self) -> None:
        foreign = Moment(START + 10**9, 0.0, 0.0, "")
        future = tuple(Attempt(f"f{n}", RESTART, foreign) for n in range(3))
        assert holds(judged(DOWN, WATCHED._replace(attempts=future))) == [Hold.BUDGET_SPENT]

    def test_no_action_is_taken_twice_in_a_cycle(self) -> None:
        decision = decide(SETTINGS, WATCHED, DOWN, NOW, done=frozenset({RESTART}))
        assert decision.steps == ()
        assert holds(decision) == [Hold.ALREADY_RESTARTED]


def test_without_a_route_from_here_the_funnel_is_left_alone() -> None:
    # The node is online: it is no fault of the network, and nobody has seen the Funnel fail.
    way = {Probe.NODE: Sight.AS_EXPECTED, Probe.ROUTE: Sight.NO_ROUTE}
    for sight, steps in ((Sight.NO_ROUTE, 0), (Sight.NO_ANSWER, 1)):
        seen = look({Probe.WEBHOOK_PUBLIC: sight, **way})
        decision = judged(seen, WATCHED._replace(webhook_fails=1))
        assert len(decision.steps) == steps
        assert [finding.cause for finding in decision.findings] == [Ill.FUNNEL_UNREACHABLE]


class TestOllama:
    def test_the_first_failure_is_asked_again_after_ten_seconds(self) -> None:
        decision = judged(look(OLLAMA_DOWN, times=1))
        assert decision.steps == ()
        assert decision.again == SecondLook((Probe.OLLAMA, Probe.READY), 10)

    def test_the_second_failure_restarts_the_gateway_once(self) -> None:
        (step,) = judged(look(OLLAMA_DOWN)).steps
        assert (step.target, step.action) == (targets.OLLAMA, RESTART)

    def test_a_counter_written_by_hand_is_believed(self) -> None:
        decision = judged(look(OLLAMA_DOWN, times=1), WATCHED._replace(ollama_fails=2))
        assert decision.steps == ()
        assert decision.again is None
        assert holds(decision) == [Hold.SUPPRESSED]

    @pytest.mark.parametrize("fails", [1, 2, 9])
    def test_one_never_seen_working_is_told_as_that_however_often_it_fails(
        self, fails: int
    ) -> None:
        strange = forgotten(WATCHED, targets.OLLAMA)._replace(ollama_fails=fails)
        decision = judged(look(OLLAMA_DOWN), strange)
        assert (decision.steps, holds(decision)) == ((), [Hold.NEVER_GOOD])

    def test_one_incident_never_costs_a_second_restart(self) -> None:
        tried = Incident("o", targets.OLLAMA, Ill.PEER_DOWN, at(0), attempts=1)
        decision = judged(look(OLLAMA_DOWN), WATCHED._replace(ollama_fails=1, incidents=(tried,)))
        assert decision.steps == ()

    def test_what_only_the_gateway_complains_of_waits_for_the_next_cycle(self) -> None:
        # Its view lags by up to 35 s: an Ollama that is back must not cost a restart.
        seen = look({Probe.READY: Sight.READY_OLLAMA}, times=1)
        assert holds(judged(seen)) == [Hold.UNCONFIRMED]
        assert len(judged(seen, WATCHED._replace(ollama_fails=1)).steps) == 1

    def test_a_gateway_restarted_in_the_same_cycle_is_not_restarted_for_ollama(self) -> None:
        decision = decide(SETTINGS, WATCHED, look(OLLAMA_DOWN), NOW, done=frozenset({RESTART}))
        assert decision.steps == ()

    def test_a_silent_bus_cannot_be_asked_for_a_restart(self) -> None:
        seen = look({**OLLAMA_DOWN, Probe.UNIT: Sight.BUS_SILENT}, unit=None)
        assert Hold.UNKNOWN in holds(judged(seen))
        assert judged(seen).steps == ()

    def test_missing_models_are_the_owners_business(self) -> None:
        decision = judged(look({Probe.MODELS: Sight.MODELS_MISSING}))
        assert holds(decision) == [Hold.CANNOT_HELP]


class TestFunnel:
    def test_doubt_about_the_way_out_is_settled_first(self) -> None:
        decision = judged(look(FUNNEL_LOST, times=1))
        assert decision.steps == ()
        assert decision.again == SecondLook((Probe.NODE, Probe.ROUTE, Probe.HOST), 0.0)

    def test_a_funnel_that_is_off_is_put_back(self) -> None:
        (step,) = judged(FUNNEL_OFF).steps
        assert step.action == targets.RECOVER_FUNNEL

    def test_logged_out_runs_no_command(self) -> None:
        seen = look({**FUNNEL_LOST, **THE_WAY_IS_WELL, Probe.NODE: Sight.LOGGED_OUT})
        assert judged(seen).steps == ()

    def test_no_network_restarts_nothing(self) -> None:
        seen = look(
            {
                Probe.WEBHOOK_PUBLIC: Sight.NO_ROUTE,
                Probe.NODE: Sight.NODE_OFFLINE,
                Probe.ROUTE: Sight.NO_ROUTE,
            }
        )
        decision = judged(seen, WATCHED._replace(webhook_fails=5))
        assert decision.steps == ()
        assert [finding.cause for finding in decision.findings] == [Ill.NETWORK_DOWN]

    @pytest.mark.parametrize("sight", [Sight.NO_ROUTE, Sight.NAME_UNKNOWN])
    def test_an_ill_gateway_does_not_explain_that_no_way_leads_out(self, sight: Sight) -> None:
        decision = judged(look({**UNIT_DOWN, Probe.WEBHOOK_PUBLIC: sight}, unit=FAILED))
        assert decision.again == SecondLook((Probe.NODE, Probe.ROUTE, Probe.HOST), 0.0)
        assert [step.action for step in decision.steps] == [RESTART], "and it does not wait"

    def test_what_an_ill_gateway_explains_raises_no_doubt(self) -> None:
        seen = {**UNIT_DOWN, Probe.WEBHOOK_PUBLIC: Sight.WRONG_STATUS}
        assert judged(look(seen, unit=FAILED)).again is None

    def test_a_public_address_that_does_not_answer_is_certain_in_the_second_cycle(self) -> None:
        seen = look({Probe.WEBHOOK_PUBLIC: Sight.NO_ANSWER, **THE_WAY_IS_WELL})
        assert holds(judged(seen)) == [Hold.UNCONFIRMED]
        (step,) = judged(seen, WATCHED._replace(webhook_fails=1)).steps
        assert step.action == targets.RECOVER_FUNNEL

    def test_its_budget_is_its_own(self) -> None:
        spent = attempts(900, 930, 960, action=targets.RECOVER_FUNNEL)
        assert holds(judged(FUNNEL_OFF, WATCHED._replace(attempts=spent))) == [Hold.BUDGET_SPENT]
        assert judged(DOWN, WATCHED._replace(attempts=spent)).steps != ()

    def test_one_that_three_attempts_did_not_mend_is_left_alone_for_an_hour(self) -> None:
        incident = Incident("f", targets.FUNNEL, Ill.FUNNEL_OFF, at(-5000), attempts=3, failed=3)
        old = tuple(
            Attempt(f"f{n}", targets.RECOVER_FUNNEL, at(-700), incident="f") for n in range(3)
        )
        state = WATCHED._replace(attempts=old, incidents=(incident,))
        assert holds(judged(FUNNEL_OFF, state)) == [Hold.BUDGET_SPENT]
        assert judged(FUNNEL_OFF, state, now=at(2900)).steps != ()

    def test_a_host_that_has_just_booted_is_given_time(self) -> None:
        assert holds(judged(FUNNEL_OFF, now=at(0, up=20.0))) == [Hold.SETTLING]

    def test_a_host_that_has_just_woken_up_is_given_time(self) -> None:
        slept = at(1000)._replace(awake=at(400).awake)
        state = WATCHED._replace(last_cycle=at(300))
        assert holds(judged(FUNNEL_OFF, state, now=slept)) == [Hold.SETTLING]


class TestOperator:
    @pytest.mark.parametrize("seen", [DOWN, FUNNEL_OFF, look(OLLAMA_DOWN)])
    def test_nothing_is_mended_while_paused(self, seen: Look) -> None:
        decision = judged(seen, WATCHED._replace(paused=Pause(None)))
        assert decision.steps == ()
        assert set(holds(decision)) == {Hold.PAUSED}

    def test_a_kick_restarts_a_healthy_gateway(self) -> None:
        kick = Kick("k1", "restart_gateway", "line:U1")
        (step,) = decide(SETTINGS, WATCHED, look(), NOW, kicks=(kick,)).steps
        assert (step.action, step.kicks) == (RESTART, ("k1",))

    def test_a_kick_obeys_the_budget(self) -> None:
        kick = Kick("k1", "restart_gateway", "line:U1")
        state = WATCHED._replace(attempts=attempts(500, 600, 700))
        decision = decide(SETTINGS, state, look(), NOW, kicks=(kick,))
        assert decision.steps == ()
        assert (decision.withheld[0].hold, decision.withheld[0].kicks) == (
            Hold.BUDGET_SPENT,
            ("k1",),
        )

    def test_a_kick_and_a_fault_together_are_one_restart(self) -> None:
        kicks = (Kick("k1", "restart_gateway", "a"), Kick("k2", "restart_gateway", "b"))
        assert len(decide(SETTINGS, WATCHED, DOWN, NOW, kicks=kicks).steps) == 1


def test_the_journal_is_captured_from_the_second_failing_cycle_on() -> None:
    assert not judged(look(HUNG)).steps[0].capture
    assert judged(look(HUNG), WATCHED._replace(health_fails=1)).steps[0].capture


def test_a_dead_webhook_gets_one_restart_and_no_second() -> None:
    seen = look({Probe.WEBHOOK_LOCAL: Sight.REFUSED})
    assert len(judged(seen).steps) == 1
    tried = Incident("g", targets.GATEWAY, Ill.WEBHOOK_DEAD, at(0), attempts=1)
    assert holds(judged(seen, WATCHED._replace(incidents=(tried,)))) == [Hold.CANNOT_HELP]


def test_a_gateway_whose_port_is_taken_gets_one_restart_and_no_second() -> None:
    seen = look({Probe.LISTEN: Sight.PORT_TAKEN, Probe.HEALTH: Sight.WRONG_STATUS})
    assert len(judged(seen).steps) == 1
    tried = Incident("g", targets.GATEWAY, Ill.SERVICE_PORT_TAKEN, at(0), attempts=1)
    assert holds(judged(seen, WATCHED._replace(incidents=(tried,)))) == [Hold.CANNOT_HELP]

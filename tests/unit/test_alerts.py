import pytest

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.alerts import raise_alert, tell
from picoclaw_watchdog.core.model import (
    Alert,
    Decision,
    Incident,
    Moment,
    Parcel,
    Pause,
    State,
    Withheld,
)
from picoclaw_watchdog.core.reasons import Gravity, Hold, Ill, Topic
from picoclaw_watchdog.core.targets import Target
from tests.unit.looks import SETTINGS, at

NOW = at(1000)
NOTHING = Decision()


def incident(target: Target, cause: Ill, **changes: object) -> Incident:
    plain = Incident("i1", target, cause, at(900), cycles=1)
    return plain._replace(**changes)  # type: ignore[arg-type]


def topics(
    found: Incident, decision: Decision = NOTHING, *, now: Moment = NOW, **known: object
) -> list[Topic]:
    state = State(incidents=(found,))._replace(**known)  # type: ignore[arg-type]
    return [letter.topic for letter in tell(SETTINGS, state, decision, (), now).outbox]


def held(target: Target, hold: Hold) -> Decision:
    return Decision(withheld=(Withheld(target, targets.RESTART_GATEWAY, hold, NOW.wall + 60),))


DOWN = incident(targets.GATEWAY, Ill.SERVICE_DOWN)


class TestGateway:
    def test_a_fault_that_is_being_mended_is_not_told(self) -> None:
        assert topics(DOWN) == []

    def test_a_spent_budget_is_told(self) -> None:
        decision = held(targets.GATEWAY, Hold.BUDGET_SPENT)
        assert topics(DOWN, decision) == [Topic.BUDGET_SPENT]

    def test_a_failed_restart_is_told(self) -> None:
        assert topics(DOWN._replace(failed=1)) == [Topic.RESTART_FAILED]

    def test_health_is_told_when_it_fails_twice_running(self) -> None:
        assert topics(DOWN, health_fails=1) == []
        assert topics(DOWN, health_fails=2) == [Topic.HEALTH_FAILING]

    @pytest.mark.parametrize("cause", [Ill.SERVICE_MASKED, Ill.SERVICE_NOT_FOUND])
    def test_what_only_the_owner_can_mend_is_told_at_once(self, cause: Ill) -> None:
        assert topics(incident(targets.GATEWAY, cause)) == [Topic.OWNER_MUST_ACT]

    @pytest.mark.parametrize("cause", [Ill.WEBHOOK_DEAD, Ill.SERVICE_PORT_TAKEN])
    def test_what_one_restart_did_not_mend_is_the_owners(self, cause: Ill) -> None:
        dead = incident(targets.GATEWAY, cause)
        decision = held(targets.GATEWAY, Hold.CANNOT_HELP)
        assert topics(dead, decision) == [Topic.OWNER_MUST_ACT]


def test_ollama_is_told_from_its_third_failure_on() -> None:
    down = incident(targets.OLLAMA, Ill.PEER_DOWN)
    assert topics(down, ollama_fails=2) == []
    assert topics(down, ollama_fails=3) == [Topic.OLLAMA_FAILING]


def test_a_funnel_is_told_when_its_recovery_failed() -> None:
    off = incident(targets.FUNNEL, Ill.FUNNEL_OFF)
    assert topics(off) == []
    assert topics(off._replace(failed=1)) == [Topic.FUNNEL_FAILED]


def test_the_network_is_told_when_it_stays_away() -> None:
    away = incident(targets.NETWORK, Ill.NETWORK_DOWN)
    assert topics(away._replace(cycles=2)) == []
    assert topics(away._replace(cycles=3)) == [Topic.NETWORK_AWAY]


def test_a_silent_bus_is_told_in_its_second_cycle() -> None:
    silent = incident(targets.SYSTEMD, Ill.BUS_SILENT)
    assert topics(silent) == []
    assert topics(silent._replace(cycles=2)) == [Topic.BUS_SILENT]


class TestCooldown:
    FAILED = DOWN._replace(failed=1)

    def test_it_starts_when_a_message_was_accepted(self) -> None:
        told = (("gateway", at(100)),)
        assert topics(self.FAILED, told=told) == [Topic.RESTART_FAILED]
        assert topics(self.FAILED, told=(("gateway", at(101)),)) == []

    def test_each_key_has_its_own(self) -> None:
        assert topics(self.FAILED, told=(("ollama", at(999)),)) == [Topic.RESTART_FAILED]

    def test_a_clock_set_back_does_not_make_it_longer(self) -> None:
        back = at(1000)._replace(wall=at(-50_000).wall)
        told = (("gateway", at(0)),)
        assert topics(self.FAILED, told=told, now=back) == [Topic.RESTART_FAILED]

    def test_one_that_still_waits_in_the_outbox_is_not_queued_again(self) -> None:
        waiting = Alert(
            "x", "gateway", Topic.RESTART_FAILED, Gravity.CRITICAL, at(0), incident="i1"
        )
        assert topics(self.FAILED, outbox=(waiting,)) == [Topic.RESTART_FAILED]


def test_an_acknowledged_incident_is_not_told_again() -> None:
    assert topics(DOWN._replace(failed=1, acked=True)) == []


def test_nothing_is_told_while_paused() -> None:
    assert topics(DOWN._replace(failed=1), paused=Pause(None)) == []


class TestEnd:
    MENDED = DOWN._replace(mended_by=targets.RESTART_GATEWAY, attempts=1, took=1.2)

    def told(self, ended: Incident, **known: object) -> list[Topic]:
        state = State()._replace(**known)  # type: ignore[arg-type]
        return [letter.topic for letter in tell(SETTINGS, state, NOTHING, (ended,), NOW).outbox]

    def test_what_was_alerted_gets_an_all_clear_whatever_the_cooldown(self) -> None:
        ended = self.MENDED._replace(alerted=True)
        cooling = (("gateway", at(999)), ("gateway_all_clear", at(999)))
        assert self.told(ended, told=cooling) == [Topic.ALL_CLEAR]

    def test_what_was_mended_before_it_was_alerted_is_told_once(self) -> None:
        assert self.told(self.MENDED) == [Topic.MENDED]
        assert self.told(self.MENDED, told=(("gateway_mended", at(500)),)) == []

    def test_what_passed_by_itself_unnoticed_is_not_told(self) -> None:
        assert self.told(DOWN) == []

    def test_the_owner_may_switch_the_mended_message_off(self) -> None:
        silent = SETTINGS._replace(tell_mended=False)
        assert tell(silent, State(), NOTHING, (self.MENDED,), NOW).outbox == ()


def test_broken_settings_are_told_once_a_day_and_no_more() -> None:
    def told(seconds: float) -> int:
        state = State(told=(("settings", at(0)),))
        topic = Topic.SETTINGS_BROKEN
        return len(raise_alert(SETTINGS, state, "settings", topic, at(seconds)).outbox)

    assert told(80_000) == 0
    assert told(90_000) == 1


def test_news_without_an_incident_cool_down_too() -> None:
    once = raise_alert(SETTINGS, State(), "kick", Topic.KICK_REFUSED, NOW)
    twice = raise_alert(SETTINGS, once, "kick", Topic.KICK_REFUSED, NOW)
    assert len(twice.outbox) == 1


def test_what_may_have_been_told_cools_down_like_what_was() -> None:
    # Found by a simulated night: killed right after LINE had accepted, the same fault again.
    state = raise_alert(SETTINGS, State(), "funnel_mended", Topic.MENDED, NOW)
    (letter,) = state.outbox
    state = state._replace(parcel=Parcel("key", (letter.id,), NOW, silent=True))
    other = incident(targets.FUNNEL, Ill.FUNNEL_OFF, id="i2")
    soon = raise_alert(SETTINGS, state, "funnel_mended", Topic.MENDED, at(1010), (), other)
    assert soon.outbox == (letter,)
    late = raise_alert(SETTINGS, state, "funnel_mended", Topic.MENDED, at(1901), (), other)
    assert len(late.outbox) == 2
    known = state.parcel._replace(silent=False) if state.parcel else None
    surely_not = state._replace(parcel=known)
    again = raise_alert(SETTINGS, surely_not, "funnel_mended", Topic.MENDED, at(1010), (), other)
    assert len(again.outbox) == 2

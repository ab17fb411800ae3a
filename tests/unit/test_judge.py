import pytest

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.judge import (
    health_fails,
    is_over,
    is_quiet,
    is_settling,
    ollama_fails,
    webhook_fails,
)
from picoclaw_watchdog.core.model import (
    Attempt,
    Finding,
    Incident,
    Pause,
    State,
)
from picoclaw_watchdog.core.reasons import Ill, Probe, Sight
from picoclaw_watchdog.core.targets import Target
from tests.unit.looks import HUNG, SETTINGS, at, look

OLLAMA = (Finding(targets.OLLAMA, Ill.PEER_DOWN),)


class TestCounters:
    def test_health_counts_cycles_not_looks(self) -> None:
        before = State(health_fails=1)
        assert health_fails(before, look(HUNG, times=5), None) == 2

    def test_health_is_forgiven_by_one_good_cycle(self) -> None:
        assert health_fails(State(health_fails=5), look(), None) == 0

    def test_a_start_counts_neither_way(self) -> None:
        starting = Finding(targets.GATEWAY, Ill.SERVICE_STARTING)
        assert health_fails(State(health_fails=1), look(HUNG), starting) == 1

    def test_what_could_not_be_looked_at_counts_neither_way(self) -> None:
        unknown = look({Probe.HEALTH: Sight.PROBE_BROKEN})
        assert health_fails(State(health_fails=1), unknown, None) == 1

    def test_ready_blaming_ollama_is_no_failure_of_health(self) -> None:
        assert health_fails(State(), look({Probe.READY: Sight.READY_OLLAMA}), None) == 0

    def test_ollama_failing_twice_in_its_first_cycle_is_the_second_failure(self) -> None:
        seen = look({Probe.OLLAMA: Sight.REFUSED}, times=2)
        assert ollama_fails(State(), seen, OLLAMA) == 2

    def test_later_cycles_count_one_each(self) -> None:
        seen = look({Probe.OLLAMA: Sight.REFUSED}, times=2)
        assert ollama_fails(State(ollama_fails=2), seen, OLLAMA) == 3

    def test_an_ollama_behind_a_dead_network_is_not_counted(self) -> None:
        seen = look({Probe.OLLAMA: Sight.NO_ROUTE})
        assert ollama_fails(State(ollama_fails=1), seen, ()) == 1

    def test_the_public_webhook_is_not_counted_while_the_local_one_is_dead(self) -> None:
        public = {Probe.WEBHOOK_PUBLIC: Sight.WRONG_STATUS}
        assert webhook_fails(State(), look(public)) == 1
        assert webhook_fails(State(), look({**public, Probe.WEBHOOK_LOCAL: Sight.REFUSED})) == 0


class TestQuiet:
    def test_all_good_and_nothing_open_is_quiet(self) -> None:
        assert is_quiet(State(last_cycle=at(0), told=(("gateway", at(0)),)), look())

    def test_no_tailscale_at_all_is_quiet(self) -> None:
        absent = {Probe.FUNNEL: Sight.TAILSCALE_MISSING, Probe.WEBHOOK_PUBLIC: Sight.NO_ADDRESS}
        assert is_quiet(State(), look(absent))

    @pytest.mark.parametrize(
        "state",
        [
            State(health_fails=1),
            State(ollama_fails=1),
            State(webhook_fails=1),
            State(incidents=(Incident("g", targets.GATEWAY, Ill.SERVICE_DOWN, at(0)),)),
            State(attempts=(Attempt("a", targets.RESTART_GATEWAY, at(0)),)),
            State(paused=Pause(None)),
        ],
    )
    def test_anything_left_from_before_is_not(self, state: State) -> None:
        assert not is_quiet(state, look())

    @pytest.mark.parametrize("sight", [Sight.UNIT_FAILED, Sight.BUS_SILENT])
    def test_a_fault_or_a_silent_bus_is_not(self, sight: Sight) -> None:
        assert not is_quiet(State(), look({Probe.UNIT: sight}))


class TestOver:
    def over(self, target: Target, faults: dict[Probe, Sight], **changes: object) -> bool:
        incident = Incident("i", target, Ill.SERVICE_DOWN, at(0))._replace(
            **changes  # type: ignore[arg-type]
        )
        settings = SETTINGS._replace(probe_line_webhook_test=True)
        return is_over(settings, incident, look(faults))

    @pytest.mark.parametrize("target", list(targets.BUILT_IN))
    def test_evidence_of_health_ends_an_incident(self, target: Target) -> None:
        assert self.over(target, {})

    def test_an_ollama_that_could_not_be_asked_is_not_over(self) -> None:
        assert not self.over(targets.OLLAMA, {Probe.OLLAMA: Sight.PROBE_BROKEN})

    def test_a_funnel_is_not_over_while_the_public_address_is_dead(self) -> None:
        assert not self.over(targets.FUNNEL, {Probe.WEBHOOK_PUBLIC: Sight.NO_ANSWER})

    def test_a_funnel_that_is_on_again_is_over_though_the_gateway_behind_it_is_down(self) -> None:
        faults = {Probe.WEBHOOK_PUBLIC: Sight.WRONG_STATUS, Probe.WEBHOOK_LOCAL: Sight.REFUSED}
        assert self.over(targets.FUNNEL, faults, cause=Ill.FUNNEL_OFF)
        assert not self.over(targets.FUNNEL, faults, cause=Ill.FUNNEL_UNREACHABLE)

    def test_what_only_a_rare_look_can_see_ends_with_that_look(self) -> None:
        followers = (Probe.LINE_TEST,)
        assert not self.over(targets.FUNNEL, {}, followers=followers)
        assert self.over(targets.FUNNEL, {Probe.LINE_TEST: Sight.AS_EXPECTED}, followers=followers)


def test_a_reboot_is_no_sleep() -> None:
    state = State(last_cycle=at(0))
    assert not is_settling(SETTINGS, state, at(900, boot_id="boot-2"))
    assert is_settling(SETTINGS, state, at(0, up=30.0, boot_id="boot-2"))

import pytest

from picoclaw_watchdog.core.model import Observation, UnitFacts
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Silence, Why
from picoclaw_watchdog.probes import unit
from tests.unit.standins.world import ScriptedServices, a_world

INSTANCE = "0c3b6de35b3a4b8d9d7c7b8f0f5a1e22"


def facts(active: str, sub: str, result: str = "success", load: str = "loaded") -> UnitFacts:
    return UnitFacts(load, active, sub, result, INSTANCE)


@pytest.mark.parametrize(
    ("seen", "verdict", "sight"),
    [
        (facts("active", "running"), Verdict.GOOD, Sight.AS_EXPECTED),
        (facts("active", "running", load="masked"), Verdict.GOOD, Sight.AS_EXPECTED),
        (facts("active", "running", load="not-found"), Verdict.GOOD, Sight.AS_EXPECTED),
        (facts("activating", "start"), Verdict.BAD, Sight.UNIT_CHANGING),
        (facts("activating", "auto-restart", "exit-code"), Verdict.BAD, Sight.UNIT_AUTO_RESTART),
        (facts("activating", "auto-restart-queued"), Verdict.BAD, Sight.UNIT_AUTO_RESTART),
        (facts("deactivating", "stop-sigterm"), Verdict.BAD, Sight.UNIT_CHANGING),
        (facts("reloading", "reload"), Verdict.BAD, Sight.UNIT_CHANGING),
        (facts("inactive", "dead"), Verdict.BAD, Sight.UNIT_INACTIVE),
        (facts("failed", "failed", "signal"), Verdict.BAD, Sight.UNIT_FAILED),
        (facts("failed", "failed", "start-limit-hit"), Verdict.BAD, Sight.UNIT_START_LIMIT),
        (facts("inactive", "dead", load="masked"), Verdict.BAD, Sight.UNIT_MASKED),
        (facts("failed", "failed", "signal", load="masked"), Verdict.BAD, Sight.UNIT_MASKED),
        (facts("inactive", "dead", load="not-found"), Verdict.BAD, Sight.UNIT_NOT_FOUND),
        (facts("dreaming", "of sheep"), Verdict.UNKNOWN, Sight.BUS_SILENT),
    ],
)
def test_each_state_has_its_meaning(seen: UnitFacts, verdict: Verdict, sight: Sight) -> None:
    world = a_world(services=ScriptedServices(seen))
    observation, told = unit.look(Settings(), world, 3.0)
    assert observation.probe is Probe.UNIT
    assert (observation.verdict, observation.sight) == (verdict, sight)
    assert told == seen


def test_a_silent_bus_is_not_a_dead_unit() -> None:
    services = ScriptedServices(Silence("Failed to connect to bus: No medium found"))
    observation, told = unit.look(Settings(), a_world(services=services), 3.0)
    assert (observation.verdict, observation.sight) == (Verdict.UNKNOWN, Sight.BUS_SILENT)
    assert observation.detail == "Failed to connect to bus: No medium found"
    assert told is None


def a_unit(active: str, sub: str, result: str = "success", **more: object) -> UnitFacts:
    return facts(active, sub, result)._replace(**more)  # type: ignore[arg-type]


def judged(unit_facts: UnitFacts) -> Observation:
    world = a_world(services=ScriptedServices(unit_facts))
    return unit.look(Settings(), world, 3.0)[0]


@pytest.mark.parametrize(
    ("seen", "detail"),
    [
        (
            a_unit("failed", "failed", "exit-code", status=1, code="exited"),
            "failed (failed), result exit-code, exit status 1",
        ),
        (
            a_unit("failed", "failed", "oom-kill", status=9, code="killed"),
            "failed (failed), killed for lack of memory (oom-kill)",
        ),
        (
            a_unit("failed", "failed", "signal", status=11, code="killed"),
            "failed (failed), result signal, signal 11",
        ),
        (a_unit("failed", "failed", "watchdog"), "failed (failed), killed because it no longer"),
        (a_unit("failed", "failed", "timeout"), "failed (failed), it did not start or stop in"),
        (a_unit("active", "running"), "active (running)"),
    ],
)
def test_the_detail_says_why_in_words(seen: UnitFacts, detail: str) -> None:
    assert judged(seen).detail.startswith(detail)
    assert judged(seen).asked == "picoclaw-gateway.service"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, "200/CHDIR: WorkingDirectory= cannot be entered"),
        (203, "203/EXEC: the program named in ExecStart cannot be executed"),
        (209, "209/STDOUT: StandardOutput= cannot be opened"),
        (216, "216/GROUP: "),
        (217, "217/USER: "),
        (218, "218/CAPABILITIES: "),
        (219, "219/CGROUP: "),
        (226, "226/NAMESPACE: "),
        (243, "243/CREDENTIALS: "),
        (78, "78/CONFIG: the program says that its own configuration is wrong"),
    ],
)
@pytest.mark.parametrize(
    ("active", "sub", "result"),
    [
        ("failed", "failed", "exit-code"),
        ("activating", "auto-restart", "exit-code"),
        ("failed", "failed", "start-limit-hit"),
    ],
)
def test_what_fails_before_the_program_is_mended_by_no_restart(
    active: str, sub: str, result: str, status: int, words: str
) -> None:
    seen = judged(a_unit(active, sub, result, status=status, code="exited"))
    assert (seen.verdict, seen.sight) == (Verdict.BAD, Sight.UNIT_CANNOT_START)
    assert words in seen.detail


@pytest.mark.parametrize("result", ["resources", "protocol"])
@pytest.mark.parametrize(("active", "sub"), [("failed", "failed"), ("activating", "auto-restart")])
def test_a_start_that_systemd_cannot_even_prepare_is_told(
    active: str, sub: str, result: str
) -> None:
    seen = judged(a_unit(active, sub, result))
    assert seen.sight is Sight.UNIT_CANNOT_START
    assert f"{result}: " in seen.detail


@pytest.mark.parametrize("load", ["bad-setting", "error"])
def test_a_unit_file_that_systemd_refuses_is_told(load: str) -> None:
    seen = judged(a_unit("inactive", "dead", load=load))
    assert seen.sight is Sight.UNIT_CANNOT_START


@pytest.mark.parametrize(
    ("seen", "sight"),
    [
        (a_unit("failed", "failed", "exit-code", status=1, code="exited"), Sight.UNIT_FAILED),
        (a_unit("failed", "failed", "exit-code", status=255, code="exited"), Sight.UNIT_FAILED),
        (a_unit("failed", "failed", "signal", status=203, code="killed"), Sight.UNIT_FAILED),
        (a_unit("failed", "failed", "start-limit-hit", status=1), Sight.UNIT_START_LIMIT),
        (a_unit("inactive", "dead", status=203, code="exited"), Sight.UNIT_INACTIVE),
        (
            a_unit("activating", "auto-restart", "exit-code", status=2, code="exited"),
            Sight.UNIT_AUTO_RESTART,
        ),
    ],
)
def test_what_a_restart_may_mend_stays_as_it_was(seen: UnitFacts, sight: Sight) -> None:
    assert judged(seen).sight is sight


@pytest.mark.parametrize("kind", ["notify", "notify-reload", "oneshot", "forking", "dbus"])
def test_a_start_that_systemd_still_waits_for_is_no_verdict(kind: str) -> None:
    seen = judged(a_unit("activating", "start", kind=kind, main_pid=7))
    assert (seen.verdict, seen.sight) == (Verdict.UNKNOWN, Sight.UNIT_WAITS_FOR_READY)
    assert f"Type={kind}" in seen.detail


@pytest.mark.parametrize("sub", ["start-pre", "start-post", "start"])
def test_any_other_start_is_a_change(sub: str) -> None:
    assert judged(a_unit("activating", sub, kind="simple")).sight is Sight.UNIT_CHANGING


def test_a_oneshot_that_remains_after_its_exit_is_good() -> None:
    seen = judged(a_unit("active", "exited", kind="oneshot"))
    assert (seen.verdict, seen.sight) == (Verdict.GOOD, Sight.AS_EXPECTED)


@pytest.mark.parametrize(
    ("active", "sub", "verdict"),
    [
        ("active", "running", Verdict.GOOD),
        ("reloading", "reload", Verdict.GOOD),
        ("failed", "failed", Verdict.BAD),
        ("inactive", "dead", Verdict.BAD),
        ("activating", "auto-restart", Verdict.BAD),
    ],
)
def test_a_unit_of_the_system_is_told_as_one(active: str, sub: str, verdict: Verdict) -> None:
    seen = judged(a_unit(active, sub, scope="system"))
    assert (seen.verdict, seen.sight) == (verdict, Sight.UNIT_OF_THE_SYSTEM)
    assert "a unit of the system" in seen.detail


def test_a_question_that_could_not_be_asked_blames_no_bus() -> None:
    services = ScriptedServices(Silence("systemctl: no more processes", Why.STARVED))
    observation, _ = unit.look(Settings(), a_world(services=services), 3.0)
    expected = (Verdict.UNKNOWN, Sight.OUT_OF_PROCESSES)
    assert (observation.verdict, observation.sight) == expected


def test_the_unit_of_the_settings_is_asked_within_the_deadline() -> None:
    services = ScriptedServices(facts("active", "running"))
    unit.look(Settings(gateway_service="other.service"), a_world(services=services), 2.5)
    assert services.calls == ["show other.service 2.5"]

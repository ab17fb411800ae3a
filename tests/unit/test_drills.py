"""What a drill may do and what it has to show; its record on the disk."""

import json
from pathlib import Path

import pytest

from picoclaw_watchdog.cli import drill_wording
from picoclaw_watchdog.cli.drill import picture
from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.incidents import after_look
from picoclaw_watchdog.core.model import (
    Attempt,
    Drill,
    Entry,
    Finding,
    Incident,
    Pause,
    State,
    Stop,
)
from picoclaw_watchdog.core.reasons import Fault, Ill
from picoclaw_watchdog.core.switches import DRILLED
from picoclaw_watchdog.core.targets import Action
from picoclaw_watchdog.engine import drill_rules as rules
from picoclaw_watchdog.engine.drill_rules import (
    ORDER,
    PROMISED,
    Result,
    incident_of,
    is_suppressed,
    of_mended,
    of_suppressed,
    why_not,
)
from picoclaw_watchdog.store import drills
from picoclaw_watchdog.store.disk import DiskStore
from picoclaw_watchdog.terminal.columns import width
from picoclaw_watchdog.terminal.paint import Terminal
from tests.unit.looks import SETTINGS, START, UNIT_DOWN, at, look

HEALTHY = {"at": START + 990, "healthy": True, "decisions": [], "incidents": []}
NOW = at(1000)
RESULT = Result("r", "gateway", "stop", START, PROMISED)
BROKEN = Incident("gateway-1", targets.GATEWAY, Ill.SERVICE_DOWN, at(5))


def tries(*seconds: float, action: Action = targets.RESTART_GATEWAY) -> tuple[Attempt, ...]:
    return tuple(Attempt(f"a{second}", action, at(second)) for second in seconds)


def refused(state: State, *faults: Fault, document: dict[str, object] | None = None) -> str:
    found = why_not(SETTINGS, state, document or HEALTHY, faults or ORDER, NOW)
    return found.reason if found is not None else ""


def test_a_healthy_host_with_all_its_attempts_may_be_drilled() -> None:
    assert refused(State()) == ""


@pytest.mark.parametrize(
    ("state", "document", "reason"),
    [
        (State(paused=Pause(None)), HEALTHY, "paused"),
        (State(paused=Pause(START + 5000, planned=True)), HEALTHY, "paused"),
        (State(stopped=Stop(None)), HEALTHY, "stopped"),
        (State(incidents=(BROKEN,)), HEALTHY, "unhealthy"),
        (State(), {**HEALTHY, "healthy": False}, "unhealthy"),
        (State(), {"healthy": True}, "never"),
        (State(), {**HEALTHY, "at": START}, "stale"),
    ],
)
def test_no_drill_where_it_would_not_be_safe(
    state: State, document: dict[str, object], reason: str
) -> None:
    assert refused(state, document=document) == reason


def test_a_drill_needs_an_attempt_for_each_of_its_faults() -> None:
    assert refused(State(attempts=tries(900)), Fault.GATEWAY) == ""
    assert refused(State(attempts=tries(700, 800, 900)), Fault.GATEWAY) == "budget"
    assert refused(State(attempts=tries(700, 800, 900)), Fault.FUNNEL) == ""
    assert refused(State(attempts=tries(900))) == "budget", "all need three"
    assert refused(State(attempts=tries(100, 200, 300))) == "", "these count no more"
    spent = tries(700, 800, 900, action=targets.RECOVER_FUNNEL)
    assert refused(State(attempts=spent), Fault.FUNNEL) == "budget"
    assert refused(State(attempts=spent), Fault.HANG) == ""


def test_it_says_when_there_are_enough() -> None:
    found = why_not(SETTINGS, State(attempts=tries(700, 900)), HEALTHY, ORDER, NOW)
    assert found is not None
    assert found.until == pytest.approx(START + 900 + 600)


def test_a_budget_that_never_suffices_is_told_as_such() -> None:
    settings = SETTINGS._replace(restart_max_count=2)
    found = why_not(settings, State(), HEALTHY, ORDER, NOW)
    assert found is not None
    assert found.reason == "budget_small"
    assert why_not(settings, State(), HEALTHY, (Fault.HANG,), NOW) is None


def test_the_verdict_on_what_had_to_be_mended() -> None:
    good = RESULT._replace(found=10.0, mended=20.0)
    assert of_mended(good).passed
    assert of_mended(good._replace(mended=PROMISED)).passed
    assert of_mended(good._replace(mended=PROMISED + 0.1)).why == "late"
    assert of_mended(good._replace(mended=None)).why == "late"
    assert of_mended(good._replace(found=None)).why == "unseen", "somebody else was faster"


def test_the_verdict_on_what_nothing_of_ours_mends() -> None:
    good = RESULT._replace(fault="ollama", promised=None, found=10.0, restarts=1)
    assert of_suppressed(good, suppressed=True).passed
    assert of_suppressed(good._replace(restarts=0), suppressed=True).passed
    assert of_suppressed(good._replace(restarts=2), suppressed=True).why == "too_many"
    assert of_suppressed(good, suppressed=False).why == "unsuppressed"
    assert of_suppressed(good._replace(found=None), suppressed=True).why == "unseen"


def test_restarts_count_as_suppressed_once_three_cycles_have_seen_it() -> None:
    entry = {"at": START + 20, "withheld": [{"target": "ollama", "hold": "suppressed"}]}
    lasting = [{"target": "ollama", "cycles": 3}]
    assert is_suppressed({"decisions": [entry], "incidents": lasting}, at(10))
    assert not is_suppressed({"decisions": [entry], "incidents": lasting}, at(30))
    brief = [{"target": "ollama", "cycles": 2}]
    assert not is_suppressed({"decisions": [entry], "incidents": brief}, at(10))
    other = {"at": START + 20, "withheld": [{"target": "gateway", "hold": "suppressed"}]}
    assert not is_suppressed({"decisions": [other], "incidents": lasting}, at(10))


def test_the_incident_of_a_drill_is_the_first_of_its_target_since() -> None:
    later = BROKEN._replace(id="gateway-9", opened=at(50))
    elsewhere = BROKEN._replace(id="ollama-1", target=targets.OLLAMA, opened=at(11))
    past = BROKEN._replace(id="gateway-0", opened=at(1))
    found = incident_of((later, elsewhere, past), Fault.HANG, at(10))
    assert found == later
    assert incident_of((past,), Fault.HANG, at(10)) is None


def test_an_incident_of_a_drill_is_marked_as_one_and_no_other() -> None:
    drilled = State(drill=Drill(Fault.HANG, at(0), 100.0))
    down = Finding(targets.GATEWAY, Ill.SERVICE_DOWN)
    ollama = Finding(targets.OLLAMA, Ill.PEER_DOWN)
    state = after_look(SETTINGS, drilled, drilled, look(UNIT_DOWN), (down, ollama), at(1))
    assert {each.target: each.drill for each in state.incidents} == {
        targets.GATEWAY: True,
        targets.OLLAMA: False,
    }
    later = after_look(SETTINGS, state._replace(drill=None), state, look(UNIT_DOWN), (down,), at(2))
    assert later.incident(targets.GATEWAY) is not None
    assert set(DRILLED) == set(Fault)


@pytest.mark.parametrize("fault", Fault)
def test_the_record_is_there_as_it_was_written(tmp_path: Path, fault: Fault) -> None:
    folder = str(tmp_path / "state")
    drill = Drill(fault, at(0), 180.0, "gw.service", "i-1", Entry("box", 443, "/", "x:1"))
    drills.write(folder, drill)
    store = DiskStore(folder, "", 20, 90, 600)
    state = store.load(at(1))
    assert state.drill == drill
    assert store.save(state._replace(health_fails=1, drill=None)), "a cycle changes no record"
    assert drills.read(folder) == drill
    assert (tmp_path / "state" / "drill.json").stat().st_mode & 0o777 == 0o600
    drills.clear(folder)
    drills.clear(folder)
    assert DiskStore(folder, "", 20, 90, 600).load(at(2)).drill is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"fault": "fire"}', b"\xff"])
def test_a_record_that_cannot_be_read_counts_as_one_that_is_over(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "drill.json").write_bytes(content)
    store = DiskStore(str(tmp_path), "", 20, 90, 600)
    assert store.load(at(0)).drill == drills.OVER
    assert any("drill.json" in line for line in store.complaints())


def test_one_drill_at_a_time_and_none_after_its_process(tmp_path: Path) -> None:
    held = drills.hold(str(tmp_path))
    assert held is not None
    assert drills.is_held(str(tmp_path))
    assert drills.hold(str(tmp_path)) is None
    held.release()
    assert not drills.is_held(str(tmp_path))


def test_results_are_kept_and_the_oldest_go(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert drills.results(folder) == []
    for number in range(2 * drills.KEPT + 1):
        drills.add_result(folder, {"number": number})
    kept = [each["number"] for each in drills.results(folder)]
    assert kept == list(range(drills.KEPT + 1, 2 * drills.KEPT + 1))
    (tmp_path / "drills.log").write_text('{"number": 1}\n{"numb')
    assert drills.results(folder) == [{"number": 1}]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_table_fits_every_terminal(language: str, columns: int) -> None:
    rows = [
        RESULT._replace(found=12.3, mended=45.6, restarts=1, messages=1, passed=True),
        RESULT._replace(fault="ollama", how="override", found=3.0, why="too_many", restarts=2),
        RESULT._replace(fault="hang", why="not_undone", detail="systemctl did not answer"),
        RESULT._replace(fault="funnel", why="late"),
    ]
    documents = [json.loads(json.dumps(row._asdict())) for row in rows]
    lines = picture(Terminal(columns=columns), documents, language)
    assert max(map(width, lines)) <= columns, "\n".join(lines)


def test_every_reason_has_its_words() -> None:
    source = Path(rules.__file__).read_text("utf-8")
    source += Path(rules.__file__.replace("drill_rules", "faults")).read_text("utf-8")
    source += Path(rules.__file__.replace("drill_rules", "drill")).read_text("utf-8")
    import re

    reasons = set(re.findall(r'(?:Refused\(|why=|NotPossibleError\()"(\w+)"', source))
    assert len(reasons) > 12
    assert reasons <= set(drill_wording.WHY)
    for text in (*drill_wording.SAY.values(), *drill_wording.WHY.values()):
        assert set(re.findall(r"\{(\w+)\}", text.en)) == set(re.findall(r"\{(\w+)\}", text.ja))

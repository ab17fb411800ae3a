"""The store as the engine uses it: one instance a cycle, as one process a cycle has it."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import (
    Alert,
    Attempt,
    Incident,
    Moment,
    Parcel,
    State,
)
from picoclaw_watchdog.core.reasons import Gravity, Ill, Phase, Topic
from picoclaw_watchdog.core.targets import Target
from picoclaw_watchdog.store.disk import DiskStore

T0 = 1_771_545_600
DAY = 86_400


def at(seconds: float, boot_id: str = "boot") -> Moment:
    return Moment(T0 + seconds, 5000 + seconds, 4000 + seconds, boot_id)


def store(folder: Path, *, history_days: int = 90) -> DiskStore:
    return DiskStore(str(folder / "state"), str(folder / "spare"), 20, history_days, 600)


def letter(name: str, topic: Topic = Topic.RESTART_FAILED, key: str = "gateway") -> Alert:
    return Alert(name, key, topic, Gravity.CRITICAL, at(0), facts=(("attempts", "3"),))


def incident(name: str = "gateway-1", target: Target = targets.GATEWAY) -> Incident:
    return Incident(name, target, Ill.SERVICE_DOWN, at(0), cycles=2)


def cycle(folder: Path, state: State, seconds: float = 0, **document: object) -> DiskStore:
    """One cycle that ends with this state."""
    one = store(folder)
    one.load(at(seconds))
    assert one.save(state._replace(last_cycle=at(seconds)))
    one.snapshot({"at": T0 + seconds, **document})
    assert one.complaints() == ()
    return one


BUSY = State(
    health_fails=1,
    attempts=(Attempt("a", targets.RESTART_GATEWAY, at(1), Phase.DONE, "gateway-1"),),
    incidents=(incident(),),
    told=(("gateway", at(2)),),
    outbox=(letter("l1"), letter("l2", key="funnel")),
    parcel=Parcel("key", ("l1",), at(3), silent=True),
    channel_trouble="HTTP 401",
    refused_for="fingerprint",
    quota_left=7,
    quota_at=at(4),
    rare_looks=(("line_webhook_test", at(5)),),
)


def test_a_busy_state_comes_back_as_it_was(tmp_path: Path) -> None:
    cycle(tmp_path, BUSY)
    assert store(tmp_path).load(at(60)) == BUSY._replace(last_cycle=at(0))


def test_everything_on_the_disk_is_private(tmp_path: Path) -> None:
    one = store(tmp_path)
    one.load(at(0))
    assert one.save(BUSY)
    one.keep_evidence("last words", at(0))
    names = os.listdir(tmp_path / "state")
    assert "watchdog.db-wal" in names
    one.snapshot({"at": T0})
    for name in os.listdir(tmp_path / "state"):
        assert stat.S_IMODE((tmp_path / "state" / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_a_first_load_makes_nothing(tmp_path: Path) -> None:
    one = store(tmp_path)
    assert one.load(at(0)) == State()
    assert one.save(State(last_cycle=at(0)))
    assert one.complaints() == ()
    assert os.listdir(tmp_path) == []


QUIET_CYCLES = """
import sys
from picoclaw_watchdog.core.model import Moment
from picoclaw_watchdog.store.disk import DiskStore
before = set(sys.modules)
for number in range(3):
    now = Moment({wall} + number, 5060.0 + number, 4060.0 + number, "boot")
    store = DiskStore({state!r}, {spare!r}, 20, 90, 600)
    state = store.load(now)
    assert store.save(state._replace(last_cycle=now))
    store.snapshot({{"at": now.wall, "targets": {{"gateway": "good"}}}})
    assert store.complaints() == (), store.complaints()
    assert state.quota_left == 7 and len(state.attempts) == 1, state
print(*sorted(set(sys.modules) - before))
"""


def test_quiet_cycles_import_no_database_and_change_nothing_but_the_snapshot(
    tmp_path: Path,
) -> None:
    quiet = BUSY._replace(incidents=(), outbox=(), parcel=None)
    cycle(tmp_path, BUSY)
    cycle(tmp_path, quiet, 1)
    folder = tmp_path / "state"
    before = {name: (folder / name).stat().st_mtime_ns for name in os.listdir(folder)}
    code = QUIET_CYCLES.format(wall=T0 + 60.0, state=str(folder), spare=str(tmp_path / "spare"))
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    roots = {name.partition(".")[0] for name in ran.stdout.split()}
    assert roots <= {"json", "_json", "picoclaw_watchdog"}, roots
    assert "picoclaw_watchdog.store.database" not in ran.stdout
    after = {name: (folder / name).stat().st_mtime_ns for name in os.listdir(folder)}
    assert before.pop("status.json") != after.pop("status.json")
    assert before == after
    assert store(tmp_path).load(at(120)).last_cycle == Moment(T0 + 62.0, 5062.0, 4062.0, "boot")


def test_a_database_that_changed_since_the_snapshot_is_asked(tmp_path: Path) -> None:
    cycle(tmp_path, State(quota_left=7, quota_at=at(0)))
    other = store(tmp_path)
    state = other.load(at(10))
    assert other.save(state._replace(quota_left=6))
    other.close()  # and no snapshot
    assert store(tmp_path).load(at(60)).quota_left == 6


def test_a_write_that_is_still_in_the_write_ahead_log_is_seen(tmp_path: Path) -> None:
    cycle(tmp_path, State(quota_left=7, quota_at=at(0)))
    killed = store(tmp_path)
    state = killed.load(at(10))
    assert killed.save(state._replace(quota_left=6))  # the connection stays open, as at a kill
    assert store(tmp_path).load(at(60)).quota_left == 6


def test_an_incident_that_ended_is_history(tmp_path: Path) -> None:
    cycle(tmp_path, BUSY)
    cycle(tmp_path, BUSY._replace(incidents=()), 60)
    (found,) = store(tmp_path).history().incidents
    assert found == incident()._replace(closed=at(60))


def test_an_archived_incident_is_remembered_with_its_own_end(tmp_path: Path) -> None:
    cycle(tmp_path, BUSY)
    one = store(tmp_path)
    state = one.load(at(60))
    ended = incident()._replace(closed=at(65), mended_by=targets.RESTART_GATEWAY)
    one.archive(ended)
    assert one.save(state._replace(incidents=()))
    assert one.history().incidents == (ended,)
    assert store(tmp_path).load(at(120)).incidents == ()


def test_an_incident_that_began_and_ended_between_two_saves_is_history_all_the_same(
    tmp_path: Path,
) -> None:
    one = store(tmp_path)
    state = one.load(at(0))
    ended = incident()._replace(closed=at(5))
    one.archive(ended)
    assert one.save(state)
    one.snapshot({"at": T0})
    assert store(tmp_path).load(at(60)).incidents == ()
    assert store(tmp_path).history().incidents == (ended,)


def test_a_letter_that_was_delivered_is_history_and_a_dropped_one_is_not(tmp_path: Path) -> None:
    all_clear = letter("l3", Topic.ALL_CLEAR)
    dropped = letter("l4", key="funnel")
    cycle(tmp_path, BUSY._replace(outbox=(letter("l1"), all_clear, dropped)))
    cycle(tmp_path, BUSY._replace(outbox=(letter("l1"), all_clear)), 30)
    after = BUSY._replace(outbox=(), parcel=None, told=(("gateway", at(61)),))
    cycle(tmp_path, after, 60)
    delivered = store(tmp_path).history().delivered
    assert sorted((alert.id, moment) for alert, moment in delivered) == [
        ("l1", at(61)),
        ("l3", at(61)),
    ]


def test_attempts_stay_in_the_history_when_no_budget_counts_them(tmp_path: Path) -> None:
    cycle(tmp_path, BUSY)
    cycle(tmp_path, BUSY._replace(attempts=()), 4000)
    assert store(tmp_path).load(at(4060)).attempts == ()
    assert store(tmp_path).history().attempts == BUSY.attempts


def test_the_history_is_newest_first_and_ends_at_its_days(tmp_path: Path) -> None:
    for day in range(5):
        moment = at(day * DAY)
        opened = incident(f"gateway-{day}")._replace(opened=moment)
        one = store(tmp_path, history_days=2)
        one.load(moment)
        assert one.save(State(incidents=(opened,)))
        assert one.save(State())
        one.snapshot({"at": moment.wall, "targets": {"gateway": "bad"}})
    found = store(tmp_path).history().incidents
    assert [each.id for each in found] == ["gateway-4", "gateway-3", "gateway-2"]
    assert len(store(tmp_path).hours()) == 3


def test_history_of_nothing_is_empty_and_makes_nothing(tmp_path: Path) -> None:
    assert store(tmp_path).history() == ((), (), ())
    assert store(tmp_path).hours() == {}
    assert os.listdir(tmp_path) == []


def test_cycles_are_counted_by_the_hour(tmp_path: Path) -> None:
    verdicts = ["good"] * 70 + ["bad"] * 5 + ["unknown"]
    for number, verdict in enumerate(verdicts):
        cycle(tmp_path, State(), number * 60, targets={"gateway": verdict, "ollama": "good"})
    hour = T0 // 3600
    assert store(tmp_path).hours() == {
        hour: {"gateway": (60, 0, 0), "ollama": (60, 0, 0)},
        hour + 1: {"gateway": (10, 5, 1), "ollama": (16, 0, 0)},
    }


def test_counts_survive_a_busy_cycle_in_the_middle_of_the_hour(tmp_path: Path) -> None:
    for number in range(10):
        state = BUSY._replace(incidents=(), health_fails=number) if number % 3 else BUSY
        cycle(tmp_path, state, number * 60, targets={"gateway": "bad"})
    assert store(tmp_path).hours() == {T0 // 3600: {"gateway": (0, 10, 0)}}


def test_a_deleted_state_folder_is_made_again(tmp_path: Path) -> None:
    one = store(tmp_path)
    one.load(at(0))
    assert one.save(BUSY)
    one.snapshot({"at": T0})
    subprocess.run(["rm", "-r", str(tmp_path / "state")], check=True)
    assert one.save(BUSY._replace(health_fails=2))
    again = store(tmp_path)
    state = again.load(at(60))
    assert again.save(state._replace(incidents=(incident("new"),)))
    assert store(tmp_path).load(at(60)).incidents == (incident("new"),)


def test_the_snapshot_is_read_back_without_its_private_part(tmp_path: Path) -> None:
    cycle(tmp_path, State(), healthy=True, decisions=["x"])
    assert store(tmp_path).last_snapshot() == {"at": T0, "healthy": True, "decisions": ["x"]}
    assert "store" in json.loads((tmp_path / "state" / "status.json").read_text())


def test_a_document_that_json_does_not_know_is_a_complaint(tmp_path: Path) -> None:
    one = store(tmp_path)
    one.load(at(0))
    one.snapshot({"at": T0, "odd": object()})
    assert "status.json" in one.complaints()[0]


def test_captures_are_named_by_local_time_and_the_newest_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    one = DiskStore(str(tmp_path / "state"), "", 3, 90, 600)
    paths = [one.keep_evidence(f"words {number}", at(number // 2)) for number in range(6)]
    assert os.path.basename(paths[0]) == "gateway_journal_20260220_000000.log"
    assert os.path.basename(paths[1]) == "gateway_journal_20260220_000000_2.log"
    left = sorted((tmp_path / "state").glob("gateway_journal_*"))
    assert [path.read_text() for path in left] == ["words 3", "words 4", "words 5"]


def test_of_a_long_capture_the_end_is_kept(tmp_path: Path) -> None:
    path = store(tmp_path).keep_evidence("あ" * 1_000_000 + "\ud800 last words", at(0))
    content = Path(path).read_bytes()
    assert len(content) <= 1_000_000
    assert content.decode().endswith("\\ud800 last words")


def test_a_capture_that_cannot_be_kept_is_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    one = store(tmp_path)
    assert one.keep_evidence("words", at(0)) == ""
    assert "not kept" in one.complaints()[0]


def test_a_year_of_cycles_with_faults_keeps_the_disk_small(tmp_path: Path) -> None:
    for number in range(200):
        seconds = number * DAY / 4
        fault = incident(f"gateway-{number}")._replace(opened=at(seconds), detail="x" * 500)
        tried = Attempt(f"a{number}", targets.RESTART_GATEWAY, at(seconds), Phase.DONE)
        one = store(tmp_path, history_days=7)
        one.load(at(seconds))
        assert one.save(State(incidents=(fault,), attempts=(tried,)))
        assert one.save(State())
        one.snapshot({"at": T0 + seconds, "targets": {"gateway": "bad"}})
    assert len(store(tmp_path).history().incidents) <= 32
    assert sum(path.stat().st_size for path in (tmp_path / "state").iterdir()) < 200_000

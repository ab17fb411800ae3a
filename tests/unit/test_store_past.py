"""What the database remembers: of five years, of an older version, of what later versions write."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from benchmarks.long_history import years

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import Kick, Moment, State
from picoclaw_watchdog.core.reasons import Phase, Topic
from picoclaw_watchdog.store import past, rows
from picoclaw_watchdog.store.codec import unpack
from picoclaw_watchdog.store.database import Database
from picoclaw_watchdog.store.disk import DiskStore
from picoclaw_watchdog.store.past import Story
from tests.sim.night import Night

OLD = sorted((Path(__file__).parent / "old_databases").glob("*.sql"))
NOW = 1_700_000_000.0
DAY = 86_400.0
THEN = Moment(NOW, 1.0, 1.0, "a boot")
LAST_WEEK = int((NOW - 7 * DAY) // 3600)


def store(folder: Path) -> DiskStore:
    return DiskStore(str(folder), "", captures_keep=20, history_days=3650, window=600)


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(tmp_path)


def past_of(night: Night) -> DiskStore:
    return store(Path(night.settings.state_dir))


def the_story(night: Night) -> Story:
    remembered = past_of(night)
    (name, *_) = remembered.incident_ids("", 10)
    story = remembered.story(name)
    assert story is not None
    return story


class TestWhatIsRememberedOfAnIncident:
    def test_when_each_attempt_ended_and_how(self, night: Night) -> None:
        night.cycles(2)
        night.do("gateway_crashes")
        night.cycles(2)
        (attempt,) = the_story(night).attempts
        assert attempt.action == targets.RESTART_GATEWAY
        assert attempt.phase is Phase.DONE
        assert attempt.took == pytest.approx(night.host.gateway.startup, abs=1.0)

    def test_how_long_it_was_not_seen(self, night: Night) -> None:
        night.cycles(2)
        night.do("gateway_crashes")
        night.cycles(1)
        assert the_story(night).incident.unseen == pytest.approx(60.0, abs=1.0)

    def test_where_the_evidence_lies(self, night: Night) -> None:
        night.cycles(1)
        night.do("gateway_hung", stays=True)
        night.cycles(6)  # how long its starts take was never seen
        paths = [each.evidence for each in the_story(night).attempts if each.evidence]
        assert paths
        assert all(os.path.isfile(path) for path in paths)

    def test_who_knows_of_it_and_since_when(self, night: Night) -> None:
        night.cycles(1)
        night.do("unit_masked")
        night.cycles(2)
        night.cycle((Kick("kick-1", "ack", "line:U123", asked=night.host.moment().wall),))
        incident = the_story(night).incident
        assert incident.acked_by == "line:U123"
        assert incident.acked_at is not None

    def test_its_messages_with_what_became_of_them(self, night: Night) -> None:
        night.cycles(1)
        night.host.line.mode = "503"
        night.do("unit_masked")
        night.cycles(2)
        (letter,) = the_story(night).letters
        assert (letter.alert.topic, letter.delivered, letter.waiting) == (
            Topic.OWNER_MUST_ACT,
            None,
            True,
        )
        night.host.line.mode = "ok"
        night.cycles(2)
        (letter,) = the_story(night).letters
        assert letter.delivered is not None
        assert not letter.waiting

    def test_an_incident_that_is_open_is_open_in_the_list(self, night: Night) -> None:
        night.cycles(1)
        night.do("unit_masked")
        night.cycles(2)
        (brief,) = past_of(night).incidents(0.0)
        assert (brief.closed, brief.lasted) == (None, None)

    def test_one_that_began_before_the_time_asked_for_and_ended_in_it_is_listed(
        self, night: Night
    ) -> None:
        night.cycles(1)
        night.do("peer_down")
        night.cycles(10)
        night.undo("peer_down")
        night.cycles(2)
        (brief,) = past_of(night).incidents(0.0)
        assert brief.closed is not None
        assert past_of(night).incidents(brief.closed - 1) == (brief,)
        assert past_of(night).incidents(brief.closed + 1) == ()


class TestADatabaseOfAnOlderVersion:
    @pytest.fixture(params=OLD, ids=lambda path: path.stem)
    def old(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
        folder = tmp_path / "state"
        folder.mkdir()
        with sqlite3.connect(folder / "watchdog.db") as db:
            db.executescript(request.param.read_text("utf-8"))
            db.execute("PRAGMA journal_mode=WAL")
        db.close()
        return folder

    def test_nothing_of_it_is_lost(self, old: Path) -> None:
        remembered = store(old)
        briefs = remembered.incidents(0.0)
        assert [each.id for each in briefs] == [
            "funnel-1700010840",
            "ollama-1700010300",
            "gateway-1700010120",
        ]
        assert [each.closed is None for each in briefs] == [True, False, False]
        assert [each.unseen for each in briefs] == [None, None, None]
        story = remembered.story("funnel-1700010840")
        assert story is not None
        assert len(story.attempts) == 4
        assert len(story.letters) == 2
        assert remembered.complaints() == ()

    def test_the_next_cycles_go_on_from_it_and_make_it_faster(self, old: Path) -> None:
        now = Moment(1_700_018_340.0, 18_340.0, 18_340.0, "boot-1")
        running = store(old)
        state = running.load(now)
        assert [each.id for each in state.incidents] == ["funnel-1700010840"]
        assert running.save(state._replace(incidents=()))
        running.snapshot({"at": now.wall, "targets": {"gateway": "good"}})
        assert running.complaints() == ()
        assert len(store(old).incidents(0.0)) == 3
        with sqlite3.connect(old / "watchdog.db") as db:
            query = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            assert db.execute(query).fetchone()[0] == 6
            # An older program refuses a number that it does not know.
            assert db.execute("PRAGMA user_version").fetchone()[0] == 1
        db.close()

    def test_what_a_newer_version_adds_to_a_value_is_passed_over(self) -> None:
        assert unpack(State, {"health_fails": 2, "of_the_future": [1]}) == State(health_fails=2)


@pytest.fixture(scope="module")
def a_year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of a bad host: what is asked of it must not take longer for five."""
    folder = tmp_path_factory.mktemp("years")
    years.write(str(folder), NOW, years=1.0)
    return folder


def test_a_year_takes_less_than_a_fifth_of_fifty_megabytes(a_year: Path) -> None:
    assert (a_year / "watchdog.db").stat().st_size < 10_000_000


def test_of_too_much_history_the_oldest_goes(tmp_path: Path) -> None:
    path = years.write(str(tmp_path), NOW, years=1.0)
    with closing(sqlite3.connect(path)) as db:
        newest = db.execute("SELECT id FROM incidents ORDER BY wall DESC").fetchone()
        assert rows.prune(db, THEN, history_days=3650, most_bytes=3_000_000)
        db.commit()
        db.execute("VACUUM")
        assert db.execute("SELECT id FROM incidents ORDER BY wall DESC").fetchone() == newest
        assert db.execute("SELECT count(*) FROM hours").fetchone()[0] > 30_000
    assert 1_500_000 < os.path.getsize(path) < 3_000_000


@pytest.mark.parametrize(
    "question",
    [
        lambda database: database.ask(lambda db: past.briefs(db, NOW - 7 * DAY), THEN),
        lambda database: database.ask(lambda db: past.told(db, 5), THEN),
        lambda database: database.ask(lambda db: past.hours(db, LAST_WEEK), THEN),
        lambda database: database.ask(lambda db: past.story(db, past.ids(db, "", 1)[0]), THEN),
        lambda database: database.ask(lambda db: past.ids(db, "gateway-1699", 5), THEN),
        lambda database: database.read(THEN),
    ],
    ids=["incidents", "told", "hours", "story", "ids", "state"],
)
def test_no_question_about_a_week_reads_the_whole_year(
    a_year: Path, question: Callable[[Database], object]
) -> None:
    """Steps of SQLite's machine are counted: no stopwatch."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    database = Database(str(a_year))
    database.ask(lambda db: db.set_progress_handler(count, 100), THEN)
    question(database)
    database.close()
    assert 100 * steps < 20_000  # reading one whole table takes 27,000 and more

"""A database or snapshot that is corrupt, played with, in the way or locked."""

import os
import sqlite3
from pathlib import Path

import pytest

from tests.unit.test_store_disk import BUSY, T0, at, cycle, incident, letter, store


def test_a_corrupt_database_is_set_aside_said_and_begun_anew(tmp_path: Path) -> None:
    cycle(tmp_path, BUSY)
    path = tmp_path / "state" / "watchdog.db"
    path.write_bytes(b"no database at all" * 1000)
    one = store(tmp_path)
    state = one.load(at(60))
    (complaint,) = one.complaints()
    assert "set aside as" in complaint
    assert [each.at.wall for each in state.attempts] == [T0 + 1]  # the guard is a file of its own
    assert dict(state.told)["gateway"].wall == T0 + 2
    assert one.save(state._replace(incidents=(incident("gateway-2"),)))
    one.snapshot({"at": T0 + 60})
    assert store(tmp_path).load(at(120)).incidents == (incident("gateway-2"),)
    (aside,) = path.parent.glob("watchdog.db.corrupt-*")
    assert aside.read_bytes().startswith(b"no database")


def test_a_schema_that_is_no_text_is_set_aside(tmp_path: Path) -> None:
    cycle(tmp_path, BUSY)
    path = tmp_path / "state" / "watchdog.db"
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE facts", b"CREATE T\xffBLE facts"))
    one = store(tmp_path)
    state = one.load(at(60))
    (complaint,) = one.complaints()
    assert "set aside" in complaint
    assert one.save(state._replace(outbox=(letter("l9"),)))
    assert one.complaints() == ()


@pytest.mark.parametrize("content", [b"", b"x"])
def test_a_database_that_was_emptied_is_said(tmp_path: Path, content: bytes) -> None:
    cycle(tmp_path, BUSY)
    (tmp_path / "state" / "watchdog.db").write_bytes(content)
    one = store(tmp_path)
    assert len(one.load(at(60)).attempts) == 1, "the guard is a file of its own"
    (complaint,) = one.complaints()
    assert "is empty" in complaint
    one.snapshot({"at": T0 + 60})
    again = store(tmp_path)
    again.load(at(120))
    assert again.complaints() == ()


def test_a_database_that_breaks_under_our_hands_is_begun_anew_with_the_whole_state(
    tmp_path: Path,
) -> None:
    cycle(tmp_path, BUSY)
    one = store(tmp_path)
    state = one.load(at(60))
    one.close()
    (tmp_path / "state" / "watchdog.db").write_bytes(b"no database at all" * 1000)
    assert one.save(state._replace(channel_trouble="HTTP 403"))
    one.snapshot({"at": T0 + 60})
    assert "set aside" in one.complaints()[0]
    assert store(tmp_path).load(at(120)) == state._replace(channel_trouble="HTTP 403")


def test_only_the_newest_two_corrupt_databases_are_kept(tmp_path: Path) -> None:
    for number in range(5):
        cycle(tmp_path, BUSY._replace(health_fails=number), number * 60)
        (tmp_path / "state" / "watchdog.db").write_bytes(b"x" * 5000 + bytes([number]))
        one = store(tmp_path)
        one.load(at(number * 60 + 30))
        one.snapshot({"at": T0})
    kept = sorted((tmp_path / "state").glob("watchdog.db.corrupt-*"))
    assert [path.read_bytes()[-1] for path in kept] == [3, 4]


@pytest.mark.parametrize(
    "spoil",
    [
        "DROP TABLE incidents",
        "DROP TABLE hours",
        "ALTER TABLE outbox DROP COLUMN ended",
        "PRAGMA user_version = 99",
        "PRAGMA user_version = 0",
        "UPDATE outbox SET body = 'garbage'",
        "UPDATE outbox SET body = CAST(x'ff' AS TEXT)",
        "UPDATE facts SET body = NULL",
        "UPDATE incidents SET body = 7",
        "UPDATE attempts SET body = '{}'",
        "DELETE FROM facts",
    ],
)
def test_a_database_that_somebody_played_with_is_survived(tmp_path: Path, spoil: str) -> None:
    cycle(tmp_path, BUSY)
    db = sqlite3.connect(tmp_path / "state" / "watchdog.db")
    db.execute(spoil)
    db.commit()
    db.close()
    one = store(tmp_path)
    state = one.load(at(60))
    assert [each.at.wall for each in state.attempts] == [T0 + 1]
    wanted = state._replace(outbox=(letter("l9"),), incidents=(incident("new"),))
    assert one.save(wanted)
    one.snapshot({"at": T0 + 60, "targets": {"gateway": "good"}})
    again = store(tmp_path)
    assert again.load(at(120))._replace(last_cycle=None) == wanted._replace(last_cycle=None)
    assert again.history().delivered == ()


@pytest.mark.parametrize("name", ["watchdog.db", "watchdog.db-wal", "watchdog.db-shm"])
def test_a_fifo_or_folder_in_the_databases_place_is_moved_out_of_the_way(
    tmp_path: Path, name: str
) -> None:
    for number, make in enumerate((os.mkfifo, os.mkdir)):
        cycle(tmp_path, BUSY._replace(health_fails=number), number * 100)
        path = tmp_path / "state" / name
        if path.exists():
            path.unlink()
        make(path)
        one = store(tmp_path)
        state = one.load(at(number * 100 + 50))
        assert "set aside" in one.complaints()[0]
        assert one.save(state._replace(incidents=(incident("new"),)))
        one.snapshot({"at": T0})
        assert store(tmp_path).load(at(150)).incidents == (incident("new"),)


def test_a_database_held_by_somebody_else_costs_two_seconds_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    cycle(tmp_path, BUSY)
    holder = sqlite3.connect(tmp_path / "state" / "watchdog.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    one = store(tmp_path)
    state = one.load(at(60))
    wanted = state._replace(outbox=(*state.outbox, letter("l9")))
    assert one.save(wanted)  # into the spare folder
    assert "locked" in one.complaints()[0]
    one.snapshot({"at": T0 + 60})
    holder.execute("ROLLBACK")
    holder.close()
    assert store(tmp_path).load(at(120)) == wanted


def test_a_database_that_was_locked_while_loading_keeps_what_we_could_not_see(
    tmp_path: Path,
) -> None:
    cycle(tmp_path, BUSY)
    holder = sqlite3.connect(tmp_path / "state" / "watchdog.db", isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    one = store(tmp_path)
    state = one.load(at(60))
    assert state.outbox == ()
    holder.execute("ROLLBACK")
    holder.close()
    assert one.save(state._replace(outbox=(letter("l9"),)))
    one.snapshot({"at": T0 + 60})
    waiting = {each.id for each in store(tmp_path).load(at(120)).outbox}
    assert waiting == {"l1", "l2", "l9"}


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"store": 7}',
        b'{"store": {"seq": 1, "state": 7}}',
        b'{"store": {"seq": 1, "hours": {"x": 7}}}',
        b'{"store": {"seq": 1, "hours": {"1": {"gateway": "abc"}}}}',
        b'{"store": {"seq": 1, "hours": {"1": 7}}}',
        b'{"store": {"seq": 1, "hours": {"1": {"gateway": [1e999, 0, 0]}}}}',
        b'{"store": {"seq": 1, "hours": {"1": {"gateway": [1, 99999999999999999999, 0]}}}}',
        b'{"store": {"seq": 1, "hours": {"99999999999999999999": {"gateway": [1, 0, 0]}}}}',
        b'{"store": {"seq": 1, "last_cycle": [1]}}',
        b'{"store": {"seq": 1, "last_cycle": {"wall": 1e999}}}',
        b'{"store": {"seq": 1, "last_cycle": {"wall": 1' + b"0" * 400 + b"}}}",
    ],
)
def test_garbage_in_the_snapshot_costs_nothing_but_a_look_at_the_database(
    tmp_path: Path, garbage: bytes
) -> None:
    cycle(tmp_path, BUSY)
    (tmp_path / "state" / "status.json").write_bytes(garbage)
    one = store(tmp_path)
    assert one.load(at(60)) == BUSY._replace(last_cycle=at(0))
    one.snapshot({"at": T0 + 60, "targets": {"gateway": "good"}})
    again = store(tmp_path)
    again.load(at(120))
    assert again.complaints() == ()


@pytest.mark.parametrize("body", ['{"a": 1e999}', "[" * 9, "9" * 5000])
@pytest.mark.parametrize("name", ["quota_left", "refused_for", "rare_looks", "seq"])
def test_a_garbled_fact_is_told_once_and_stops_no_write(
    tmp_path: Path, name: str, body: str
) -> None:
    cycle(tmp_path, BUSY)
    db = sqlite3.connect(tmp_path / "state" / "watchdog.db")
    db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, body))
    db.commit()
    db.close()
    one = store(tmp_path)
    state = one.load(at(60))
    assert len(one.complaints()) == 1
    wanted = state._replace(outbox=(letter("l9"),))
    assert one.save(wanted)
    assert one.complaints() == ()
    again = store(tmp_path)
    (tmp_path / "state" / "status.json").unlink(missing_ok=True)
    assert again.load(at(120)).outbox == wanted.outbox
    assert again.complaints() == ()


@pytest.mark.parametrize("name", ["state/status.json", "spare/status.json", "spare/state.json"])
@pytest.mark.parametrize("what", ["folder", "fifo", "garbage"])
def test_what_lies_in_a_files_place_is_told_once(tmp_path: Path, name: str, what: str) -> None:
    cycle(tmp_path, BUSY)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if what == "folder":
        path.mkdir()
        (path / "mine").write_bytes(b"x")
    elif what == "fifo":
        os.mkfifo(path)
    else:
        path.write_bytes(b"garbage")
    one = store(tmp_path)
    state = one.load(at(60))
    assert one.save(state._replace(health_fails=2))
    one.snapshot({"at": T0 + 60})
    assert any(str(path) in line for line in one.complaints())
    again = store(tmp_path)
    assert again.load(at(120)).health_fails == 2
    assert again.complaints() == ()
    if what == "folder":
        (aside,) = path.parent.glob(f"{path.name}.aside-*")
        assert (aside / "mine").read_bytes() == b"x"

"""What each channel owes outlives the process, and the version."""

import sqlite3
from pathlib import Path

from picoclaw_watchdog.core import couriers
from picoclaw_watchdog.core.couriers import addresses, bag_of, queued, recorded
from picoclaw_watchdog.core.model import Moment, Parcel, Receipt, State
from picoclaw_watchdog.core.reasons import Fate
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.store.disk import DiskStore
from tests.unit.letters import a_fault, at
from tests.unit.telling import TWO


def test_bags_outlive_the_process_and_deliveries_are_history(tmp_path: Path) -> None:
    disk = DiskStore(str(tmp_path / "state"), "", 20, 90, 600)
    disk.load(at(0))
    letter, known = a_fault("gateway"), addresses(Settings(apprise_urls=TWO))
    state = queued(State(outbox=(letter,)), known, letter)
    assert disk.save(state)
    bag = bag_of(state, "ntfy")
    state = recorded(state, bag, bag.letters, at(1))
    disk.save(state)
    assert disk.history().delivered == ()
    sent = couriers.received(state, bag, bag.letters, Receipt(Fate.SENT), at(2), "f")
    disk.save(sent)
    assert disk.history().delivered == ((letter, at(2)),)
    disk.save(sent._replace(outbox=()))  # LINE drops it: that it was told stays true
    assert disk.history().delivered == ((letter, at(2)),)
    disk.close()
    again = DiskStore(str(tmp_path / "state"), "", 20, 90, 600).load(at(3))
    assert again.bags == sent.bags
    assert dict(again.told)["gateway"].wall == at(2).wall


def test_a_dropped_letter_is_no_delivery(tmp_path: Path) -> None:
    disk = DiskStore(str(tmp_path / "state"), "", 20, 90, 600)
    disk.load(at(0))
    letter, known = a_fault("gateway"), addresses(Settings(apprise_urls=TWO))
    state = queued(State(outbox=(letter,)), known, letter)
    state = recorded(state, bag_of(state, "ntfy"), (letter,), at(1))
    disk.save(state)
    disk.save(couriers.tidied(state, known, Moment(at(0).wall + 8 * 86_400, 8e5, 8e5, "boot")))
    assert disk.history().delivered == ()


def test_a_database_of_the_version_before_is_read_and_written_on(tmp_path: Path) -> None:
    """One with letters, a parcel and trouble, and without a word of bags."""
    folder = tmp_path / "state"
    disk = DiskStore(str(folder), "", 20, 90, 600)
    disk.load(at(0))
    letter = a_fault("gateway")
    old = State(
        outbox=(letter,), parcel=Parcel("key", (letter.id,), at(0), silent=True), quota_left=7
    )
    disk.save(old)
    disk.close()
    with sqlite3.connect(folder / "watchdog.db") as db:
        db.execute("DELETE FROM facts WHERE name IN ('bags', 'elsewhere')")
    db.close()
    disk = DiskStore(str(folder), "", 20, 90, 600)
    read = disk.load(at(60))
    assert (read.outbox, read.parcel, read.quota_left) == (old.outbox, old.parcel, 7)
    assert read.bags == ()
    newer = queued(read, addresses(Settings(apprise_urls=TWO)), a_fault("funnel", 60))
    assert disk.save(newer)
    assert disk.complaints() == ()
    disk.close()
    # And back: the version before passes over what it does not know.
    with sqlite3.connect(folder / "watchdog.db") as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        names = {name for (name,) in db.execute("SELECT name FROM facts")}
    db.close()
    assert "bags" in names

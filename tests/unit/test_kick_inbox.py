import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.kick import taken_beside
from picoclaw_watchdog.kick.inbox import LONGEST_FILE, MOST_LINES, Batch, add, finish, take


class Inbox:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "kick_request"
        self.taken = folder / "kick_taken"
        assert taken_beside(str(self.path)) == str(self.taken)

    def take(self) -> Batch:
        return take(str(self.path), str(self.taken), lambda _: None)

    def finish(self, batch: Batch) -> bool:
        return finish(str(self.taken), batch)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def texts(batch: Batch) -> list[str]:
    return [line for _, line in batch.lines]


def test_what_was_added_is_taken_in_its_order_and_lies_there_until_it_is_finished(
    inbox: Inbox,
) -> None:
    for name in "abc":
        add(str(inbox.path), name)
    assert inbox.path.stat().st_mode & 0o777 == 0o600
    batch = inbox.take()
    assert batch == Batch(((0, "a"), (1, "b"), (2, "c")), size=6, stamp=batch.stamp)
    assert not inbox.path.exists()
    assert inbox.take() == batch._replace(again=True)
    assert inbox.finish(batch)
    assert inbox.take() == Batch()


def test_what_a_killed_run_left_comes_first_and_the_new_one_waits(inbox: Inbox) -> None:
    add(str(inbox.path), "first")
    left = inbox.take()
    add(str(inbox.path), "second")
    again = inbox.take()
    assert (texts(again), again.again) == (["first"], True)
    assert inbox.finish(left)
    assert texts(inbox.take()) == ["second"]


def test_a_line_without_an_end_is_whole_and_does_not_swallow_the_next(inbox: Inbox) -> None:
    inbox.path.write_bytes(b"from a shell")
    add(str(inbox.path), "ours")
    assert texts(inbox.take()) == ["from a shell", "ours"]


def test_what_somebody_without_a_lock_writes_late_is_not_lost(inbox: Inbox) -> None:
    add(str(inbox.path), "first")
    with inbox.path.open("a") as late:
        batch = inbox.take()
        late.write("late\n")
    assert not inbox.finish(batch)
    again = inbox.take()
    assert texts(again) == ["first", "late"]
    assert inbox.finish(again)


def test_a_writer_whose_file_is_taken_away_writes_into_the_new_one(inbox: Inbox) -> None:
    add(str(inbox.path), "first")
    with inbox.path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        writer = threading.Thread(target=add, args=(str(inbox.path), "second"))
        writer.start()
        inbox.path.rename(inbox.taken)
    writer.join()
    assert inbox.taken.read_text() == "first\n"
    assert inbox.path.read_text() == "second\n"


def test_a_lock_that_somebody_holds_forever_stops_neither_side_forever(inbox: Inbox) -> None:
    add(str(inbox.path), "first")
    with inbox.path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):
            add(str(inbox.path), "second", lambda _: None)
        assert texts(inbox.take()) == ["first"]


def test_many_writers_at_once_lose_nothing_while_somebody_takes(inbox: Inbox) -> None:
    program = (
        "import sys\n"
        "from picoclaw_watchdog.kick.inbox import add\n"
        "for n in range(50): add(sys.argv[1], f'{sys.argv[2]}-{n}')\n"
    )
    source = str(Path(__file__).parents[2] / "src")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(inbox.path), str(number)],
            env={**os.environ, "PYTHONPATH": source},
        )
        for number in range(4)
    ]
    found: list[str] = []
    while any(writer.poll() is None for writer in writers) or inbox.path.exists():
        batch = take(str(inbox.path), str(inbox.taken))
        found += texts(batch)
        assert inbox.finish(batch)
    assert [writer.returncode for writer in writers] == [0] * 4
    assert sorted(found) == sorted(f"{number}-{n}" for number in range(4) for n in range(50))


@pytest.mark.parametrize("what", ["link", "folder", "fifo"])
def test_nothing_is_written_into_what_is_no_file_of_ours(inbox: Inbox, what: str) -> None:
    if what == "link":
        (inbox.folder / "elsewhere").touch()
        inbox.path.symlink_to("elsewhere")
    elif what == "fifo":
        os.mkfifo(inbox.path)
    else:
        inbox.path.mkdir()
    with pytest.raises(OSError, match=r"."):
        add(str(inbox.path), "line")
    if what == "link":
        assert (inbox.folder / "elsewhere").read_text() == ""


def test_a_flood_of_lines_is_cut_and_counted(inbox: Inbox) -> None:
    inbox.path.write_text("x\n" * (MOST_LINES + 7))
    batch = inbox.take()
    assert (len(batch.lines), batch.flood) == (MOST_LINES, 7)
    assert inbox.finish(batch)


def test_a_flood_of_bytes_is_cut_at_a_whole_line_and_counted(inbox: Inbox) -> None:
    line = "y" * 999
    inbox.path.write_text(f"{line}\n" * 100)
    batch = inbox.take()
    assert len(batch.lines) == LONGEST_FILE // 1000
    assert set(texts(batch)) == {line}
    assert batch.flood == 100 - len(batch.lines)
    assert inbox.finish(batch)


def test_what_took_the_place_of_requests_that_were_answered_stays(inbox: Inbox) -> None:
    add(str(inbox.path), "first")
    batch = inbox.take()
    inbox.taken.unlink()
    inbox.taken.write_text("second")
    assert not inbox.finish(batch)
    assert inbox.taken.read_text() == "second"


@given(data=st.binary(max_size=2000))
def test_any_bytes_are_lines(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    inbox = Inbox(tmp_path_factory.mktemp("inbox"))
    inbox.path.write_bytes(data)
    batch = inbox.take()
    assert len(batch.lines) + batch.flood == sum(1 for line in data.split(b"\n") if line.strip())
    assert inbox.finish(batch)

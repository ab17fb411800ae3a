"""The log read again: in its order, over rotations, whatever else lies there."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picoclaw_watchdog.store import log_reader
from picoclaw_watchdog.store.log import LogFile
from picoclaw_watchdog.store.log_reader import Follower, Line, last, newest, read

T0 = 1_700_000_000


class Written:
    """A log, and what was written to it: one line a minute."""

    def __init__(self, folder: Path, max_bytes: int = 10_000, keep: int = 5) -> None:
        self.path = str(folder / "ops-watchdog.log")
        self.wall = float(T0)
        self.log = LogFile(self.path, lambda: self.wall, max_bytes, keep)
        self.number = 0

    def write(self, lines: int, level: str = "INFO") -> None:
        for _ in range(lines):
            self.log.write(level, "gateway", "OK", "cycle", f"number {self.number}")
            self.number += 1
            self.wall += 60


def numbers(lines: list[Line]) -> list[int]:
    return [int(line.detail.removeprefix("number ")) for line in lines]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path, max_bytes=1_000)


def everything(_: Line) -> bool:
    return True


def test_a_line_is_read_as_it_was_written(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "log"), lambda: float(T0))
    log.write("ERROR", "gateway", "NG", "detect", 'say "no" to C:\\')
    text = (tmp_path / "log").read_text().rstrip("\n")
    assert read(text) == Line(text, T0, "ERROR", "gateway", "NG", "detect", 'say "no" to C:\\')


@given(st.text())
def test_any_text_is_a_line(text: str) -> None:
    assert read(text).text == text


def test_the_last_lines_are_found_across_rotated_files(written: Written) -> None:
    written.write(30)
    assert os.path.exists(f"{written.path}.2")
    assert numbers(last(written.path, 25, everything)) == list(range(5, 30))


def test_only_what_is_accepted_counts(written: Written) -> None:
    written.write(5)
    written.write(2, "ERROR")
    written.write(20)
    found = last(written.path, 10, lambda line: line.level == "ERROR")
    assert numbers(found) == [5, 6]


def test_nothing_from_before_a_moment(written: Written) -> None:
    written.write(30)
    assert numbers(last(written.path, 100, everything, since=T0 + 27 * 60)) == [27, 28, 29]


def test_the_first_lines_between_two_moments(written: Written) -> None:
    written.write(40)
    found = log_reader.first(written.path, 3, T0 + 25 * 60, T0 + 35 * 60)
    assert numbers(found) == [25, 26, 27]


def test_lines_that_are_not_ours_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old shell text\n\xff\xfe\nno end")
    assert [line.text for line in last(str(path), 10, everything)] == [
        "old shell text",
        "\ufffd\ufffd",
        "no end",
    ]


@pytest.mark.parametrize("what", ["nothing", "folder", "link", "fifo"])
def test_what_is_no_log_has_no_lines(tmp_path: Path, what: str) -> None:
    path = tmp_path / "log"
    (tmp_path / "secret").write_text("secret\n")
    if what == "folder":
        path.mkdir()
    elif what == "link":
        path.symlink_to(tmp_path / "secret")
    elif what == "fifo":
        os.mkfifo(path)
    assert list(newest(str(path))) == []
    assert Follower(str(path)).lines() == []


@settings(max_examples=30)
@given(st.lists(st.integers(0, 40_000), max_size=8))
def test_lines_of_any_length_are_read_whole_backwards(lengths: list[int]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        lines = [f"{number}" + "x" * length for number, length in enumerate(lengths)]
        path.write_text("".join(f"{line}\n" for line in lines))
        assert list(newest(str(path)))[::-1] == lines


class TestFollowing:
    def test_new_lines_come_once_and_old_ones_never(self, written: Written) -> None:
        written.write(3)
        follower = Follower(written.path)
        assert follower.lines() == []
        written.write(2)
        assert numbers([read(text) for text in follower.lines()]) == [3, 4]
        assert follower.lines() == []
        follower.close()

    def test_none_is_lost_over_one_rotation_or_several(self, written: Written) -> None:
        written.write(3)
        follower = Follower(written.path)
        seen: list[str] = []
        for lines in (1, 12, 2, 33, 5):  # of some 100 bytes: up to three rotations at once
            written.write(lines)
            seen += follower.lines()
        assert numbers([read(text) for text in seen]) == list(range(3, 56))
        follower.close()

    def test_a_line_is_told_when_it_is_complete(self, tmp_path: Path) -> None:
        path = tmp_path / "log"
        path.touch()
        follower = Follower(str(path))
        with path.open("a") as file:
            file.write("half")
            file.flush()
            assert follower.lines() == []
            file.write(" and half\n")
            file.flush()
            assert follower.lines() == ["half and half"]
        follower.close()

    def test_a_log_that_comes_later_is_followed_from_its_beginning(self, tmp_path: Path) -> None:
        written = Written(tmp_path)
        follower = Follower(written.path)
        assert follower.lines() == []
        written.write(2)
        assert len(follower.lines()) == 2
        follower.close()

    def test_one_that_was_emptied_is_followed_on(self, written: Written) -> None:
        written.write(5)
        follower = Follower(written.path)
        os.truncate(written.path, 0)
        written.write(1)
        assert numbers([read(text) for text in follower.lines()]) == [5]
        follower.close()

    def test_no_descriptor_is_left_open(self, written: Written) -> None:
        before = len(os.listdir("/proc/self/fd"))
        follower = Follower(written.path)
        for _ in range(5):
            written.write(30)
            follower.lines()
        list(newest(written.path))
        follower.close()
        assert len(os.listdir("/proc/self/fd")) == before


def test_a_log_as_large_as_settings_allow_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.truncate(900_000_000)  # a hole
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + b"line\n" * 100)
    began = time.process_time()
    assert len(last(str(path), 100, everything)) == 100
    assert time.process_time() - began < 5

import os
import resource
import stat
import subprocess
from pathlib import Path

import pytest

from picoclaw_watchdog.store.files import (
    is_left_over,
    make_private_folder,
    read_small,
    reason,
    remove,
    write_atomically,
)


def test_a_written_file_is_private_and_leaves_no_temporary_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "count"
    write_atomically(str(path), b"2\n")
    assert path.read_bytes() == b"2\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["count"]


def test_a_write_that_fails_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    write_atomically(str(tmp_path / "count"), b"2\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_atomically(str(tmp_path / "count"), b"2\n" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == ["count"]
    assert (tmp_path / "count").read_bytes() == b"2\n"


def test_a_folder_in_the_files_place_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "count"
    for again in (False, True):
        path.unlink(missing_ok=True)
        path.mkdir()
        (path / "mine").write_text("precious")
        if again:
            remove(str(path))
        else:
            write_atomically(str(path), b"2\n")
    assert not path.exists()
    assert sorted(each.read_text() for each in tmp_path.glob("count.aside-*/mine")) == [
        "precious",
        "precious",
    ]


def test_a_link_is_replaced_and_what_it_led_to_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "count").symlink_to(tmp_path / "elsewhere")
    write_atomically(str(tmp_path / "count"), b"2\n")
    assert (tmp_path / "elsewhere").read_text() == "precious"
    assert not (tmp_path / "count").is_symlink()


def test_a_temporary_of_a_killed_process_with_our_number_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / f".count.{os.getpid()}.tmp").write_text("half")
    write_atomically(str(tmp_path / "count"), b"2\n")
    assert os.listdir(tmp_path) == ["count"]


def test_a_temporary_of_a_dead_process_is_left_over_and_one_of_a_living_is_not() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    assert is_left_over(f".count.{child.pid}.tmp")
    assert not is_left_over(f".count.{os.getpid()}.tmp")
    assert not is_left_over("count")


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    assert read_small(str(tmp_path / "count"), 10) is None
    (tmp_path / "file").touch()
    assert read_small(str(tmp_path / "file" / "count"), 10) is None


def test_a_file_that_is_too_long_is_refused_or_its_end_is_read(tmp_path: Path) -> None:
    (tmp_path / "times").write_text("0123456789ab")
    with pytest.raises(OSError, match="too large"):
        read_small(str(tmp_path / "times"), 10)
    assert read_small(str(tmp_path / "times"), 10, tail=True) == b"23456789ab"
    assert read_small(str(tmp_path / "times"), 12) == b"0123456789ab"


def test_a_fifo_a_link_and_a_folder_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/hostname")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "link", "folder"):
        with pytest.raises(OSError, match=r"\w"):
            read_small(str(tmp_path / name), 100)


def test_folders_are_made_private_with_their_parents(tmp_path: Path) -> None:
    make_private_folder(str(tmp_path / "a" / "b"))
    make_private_folder(str(tmp_path / "a" / "b"))
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_in_the_folders_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    for path in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(OSError, match=r"\w"):
            make_private_folder(str(path))


def test_removing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    remove(str(tmp_path / "count"))
    (tmp_path / "count").touch()
    remove(str(tmp_path / "count"))
    assert os.listdir(tmp_path) == []


def test_a_reason_has_no_path_and_is_never_empty() -> None:
    assert reason(FileNotFoundError(2, "No such file", "/secret/place")) == "No such file"
    assert reason(ValueError()) == "ValueError"

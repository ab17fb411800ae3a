"""ops-watchdog.log: its format, its secrets, its size, and what happens where it cannot be."""

import io
import os
import re
import resource
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.store.log import DETAIL_LIMIT, LogFile, escaped

WALL = 1_771_546_500.0  # 2026-02-20 00:15:00 UTC
LINE = re.compile(
    r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+\] level=\w+ target=\S+ result=\w+ action=\S+"
    r' detail="(?:[^"\\]|\\.)*"'
)


def log(
    path: Path,
    *,
    max_bytes: int = 1_000_000,
    keep: int = 5,
    echo: Callable[[str], None] | None = None,
) -> LogFile:
    secrets = ("a-secret-token", "a-secret-token-that-is-longer", "x", "")
    return LogFile(str(path), lambda: WALL, max_bytes, keep, secrets, echo)


def write(book: LogFile, detail: str) -> None:
    book.write("ERROR", "gateway", "NG", "detect", detail)


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("tokyo")
def test_a_line_has_the_founding_documents_format(tmp_path: Path) -> None:
    write(log(tmp_path / "logs" / "ops.log"), "port 18790 refused")
    assert (tmp_path / "logs" / "ops.log").read_text() == (
        "[2026-02-20 09:15:00 JST] level=ERROR target=gateway result=NG action=detect"
        ' detail="port 18790 refused"\n'
    )


def test_the_file_and_its_folder_are_private(tmp_path: Path) -> None:
    write(log(tmp_path / "logs" / "ops.log"), "x")
    assert stat.S_IMODE((tmp_path / "logs").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "logs" / "ops.log").stat().st_mode) == 0o600


def test_nothing_in_a_detail_can_forge_a_line_or_a_field(tmp_path: Path) -> None:
    path = tmp_path / "ops.log"
    forged = 'x" result=OK\n[2026-02-20 09:15:00 JST] level=INFO \x1b[2J\u2028\u202e\x85\\'
    write(log(path), forged)
    text = path.read_bytes()
    assert text.count(b"\n") == 1
    assert LINE.fullmatch(text.decode().rstrip("\n"))
    assert b'x\\" result=OK\\n' in text
    assert b"\\x1b[2J\\u2028\\u202e\\x85\\\\" in text


def test_japanese_stays_readable(tmp_path: Path) -> None:
    write(log(tmp_path / "ops.log"), "再起動に失敗しました")
    assert 'detail="再起動に失敗しました"' in (tmp_path / "ops.log").read_text("utf-8")


def test_the_other_fields_are_single_words(tmp_path: Path) -> None:
    log(tmp_path / "ops.log").write("IN FO", 'a"b\nc', "", "x=y", "z")
    assert 'level=IN_FO target=a_b_c result=- action=x_y detail="z"' in (
        (tmp_path / "ops.log").read_text()
    )


def test_secrets_are_masked_before_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "ops.log"
    write(log(path), "t=a-secret-token-that-is-longer u=a-secret-token x=x")
    write(log(path), "Authorization: Bearer abcDEF123456+/=.~_- and basic dXNlcjpwYXNz")
    write(log(path), "https://ken:h@unter2@example.org/x")
    write(log(path), "." * (DETAIL_LIMIT - 5) + "a-secret-token")
    text = path.read_text()
    assert "t=*** u=*** x=x" in text
    assert "Bearer *** and basic ***" in text
    assert "https://***@example.org/x" in text
    for secret in ("secret", "abcDEF", "dXNl", "unter2"):
        assert secret not in text


@given(st.text(max_size=50) | st.text(min_size=1990, max_size=2100))
def test_any_detail_becomes_one_short_printable_line(text: str) -> None:
    line = escaped(text)
    assert len(line) <= DETAIL_LIMIT
    assert not any(
        ord(character) < 32 or character in '\x7f\x85\u2028"'
        for character in re.sub(r"\\.", "", line)
    )
    assert "\\" not in re.sub(r"\\(?:[nrt\"\\]|x[0-9a-f]{2}|u[0-9a-f]{4})", "", line)


def test_a_long_detail_is_cut_between_escapes() -> None:
    assert escaped("x" * DETAIL_LIMIT) == "x" * DETAIL_LIMIT
    assert escaped("x" * (DETAIL_LIMIT + 1)) == "x" * (DETAIL_LIMIT - 3) + "..."
    assert escaped("\x00" * 1000) == "\\x00" * 499 + "..."


def test_a_full_file_is_rotated_and_only_so_many_are_kept(tmp_path: Path) -> None:
    book = log(tmp_path / "ops.log", max_bytes=300, keep=2)
    for number in range(20):
        write(book, f"number {number:02}")
    assert sorted(os.listdir(tmp_path)) == ["ops.log", "ops.log.1", "ops.log.2"]
    texts = [(tmp_path / name).read_text() for name in ("ops.log.2", "ops.log.1", "ops.log")]
    numbers = [int(found) for text in texts for found in re.findall(r"number (\d+)", text)]
    assert numbers == list(range(numbers[0], 20))
    assert all(len(text) <= 300 for text in texts)


def test_without_old_files_to_keep_the_log_begins_anew(tmp_path: Path) -> None:
    book = log(tmp_path / "ops.log", max_bytes=300, keep=0)
    for number in range(20):
        write(book, f"number {number:02}")
    assert os.listdir(tmp_path) == ["ops.log"]
    assert "number 19" in (tmp_path / "ops.log").read_text()


def test_a_line_longer_than_the_limit_is_written_all_the_same(tmp_path: Path) -> None:
    book = log(tmp_path / "ops.log", max_bytes=50)
    write(book, "first")
    write(book, "second")
    assert "first" in (tmp_path / "ops.log.1").read_text()
    assert "second" in (tmp_path / "ops.log").read_text()


WRITER = """
import sys
from picoclaw_watchdog.store.log import LogFile
book = LogFile(sys.argv[1], lambda: 1.77e9, 4000, 200)
for number in range(400):
    book.write("INFO", "gateway", "OK", "cycle", f"<{sys.argv[2]}:{number}>" + "x" * 50)
"""


def test_two_processes_that_write_and_rotate_lose_and_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "ops.log"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
            stderr=subprocess.PIPE,
        )
        for name in "ab"
    ]
    assert [writer.communicate()[1] for writer in writers] == [b"", b""]
    text = "".join(each.read_text() for each in tmp_path.iterdir())
    assert all(LINE.fullmatch(line) for line in text.splitlines())
    for name in "ab":
        numbers = sorted(int(found) for found in re.findall(rf"<{name}:(\d+)>", text))
        assert numbers == list(range(400))
    assert len(list(tmp_path.iterdir())) > 10


@pytest.mark.parametrize("obstacle", ["folder", "fifo", "link", "file in the folder's place"])
def test_a_log_that_cannot_be_written_goes_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], obstacle: str
) -> None:
    path = tmp_path / "logs" / "ops.log"
    path.parent.mkdir()
    if obstacle == "folder":
        path.mkdir()
    elif obstacle == "fifo":
        os.mkfifo(path)
    elif obstacle == "link":
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.parent.rmdir()
        path.parent.touch()
    write(log(path), "the gateway is down a-secret-token")
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{path}: cannot be written" in line
    assert 'detail="the gateway is down ***"' in line
    assert not (tmp_path / "elsewhere").exists()


def test_a_torn_line_of_a_full_disk_does_not_swallow_the_next_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ops.log"
    book = log(path)
    write(book, "first")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 30, limits[1]))
    try:
        write(book, "second")
        write(book, "third")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    write(book, "fourth")
    lines = path.read_text().splitlines()
    assert 'detail="first"' in lines[0]
    assert lines[1].startswith("[2026")
    assert LINE.fullmatch(lines[-1])
    assert 'detail="fourth"' in lines[-1]
    said = capsys.readouterr().err.splitlines()
    assert 'detail="second"' in said[0]
    assert 'detail="third"' in said[1]


def test_a_log_folder_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    book = log(tmp_path / "logs" / "ops.log")
    write(book, "one")
    (tmp_path / "logs" / "ops.log").unlink()
    (tmp_path / "logs").rmdir()
    write(book, "two")
    assert "two" in (tmp_path / "logs" / "ops.log").read_text()


def test_an_echo_gets_the_line_as_it_is_written(tmp_path: Path) -> None:
    heard: list[str] = []
    write(log(tmp_path / "ops.log", echo=heard.append), "hello a-secret-token")
    assert (tmp_path / "ops.log").read_text() == f"{heard[0]}\n"
    assert "secret" not in heard[0]


def test_an_echo_to_a_reader_who_has_gone_is_no_reason_to_fail(tmp_path: Path) -> None:
    def gone(_: str) -> None:
        raise BrokenPipeError

    write(log(tmp_path / "ops.log", echo=gone), "x")
    assert 'detail="x"' in (tmp_path / "ops.log").read_text()


def test_closed_and_narrow_streams_are_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ops.log").mkdir()
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    closed = io.StringIO()
    closed.close()
    for stream in (narrow, closed, None):
        monkeypatch.setattr(sys, "stderr", stream)
        write(log(tmp_path / "ops.log"), "故障")
    narrow.seek(0)
    assert "\\u6545" in narrow.read()


def test_a_time_that_no_calendar_has_is_no_reason_to_fail(tmp_path: Path) -> None:
    walls = (float("nan"), float("inf"), 1e30, -1e30)
    readings = iter(walls)
    book = LogFile(str(tmp_path / "ops.log"), lambda: next(readings))
    for _ in walls:
        write(book, "x")
    assert (tmp_path / "ops.log").read_text().count("[no time]") == 4

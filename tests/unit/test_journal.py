import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.host.journal import LONGEST, MOST_PARTS, as_text

WHERE = {
    "__REALTIME_TIMESTAMP": "1770000000123456",
    "_HOSTNAME": "box",
    "SYSLOG_IDENTIFIER": "picoclaw",
    "_PID": "4711",
}


def journal(*messages: object, **more: object) -> str:
    """What journalctl prints for these entries, oldest first here, newest first there."""
    return "".join(
        json.dumps({**WHERE, **more, "MESSAGE": message}) + "\n" for message in reversed(messages)
    )


def lines(said: str) -> list[str]:
    return [line.partition("]: ")[2] for line in as_text(said).splitlines()]


def test_each_line_has_its_time_and_who_said_it() -> None:
    (line,) = as_text(journal("started")).splitlines()
    assert re.fullmatch(
        r"2026-02-0[12]T\d\d:\d\d:\d\d[+-]\d{4} box picoclaw\[4711\]: started", line
    )


def test_the_oldest_comes_first() -> None:
    assert lines(journal("one", "two", "three")) == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("✓ 起動しました — ready", ["✓ 起動しました — ready"]),
        (list(b"fianc\xe9"), ["fianc\\xe9"]),
        (list("fianc\u00e9 \U0001f99e".encode()), ["fianc\u00e9 \U0001f99e"]),
        (list(b"\x1b[31mERR\x1b[0m it failed"), ["ERR it failed"]),
        (list(b"10%\r50%\r100%"), ["10%", "50%", "100%"]),
        (list(b"400 Bad Request\r"), ["400 Bad Request"]),
        (list(b"1\r2\r3\r4\r5"), ["(2 earlier states of this line)", "3", "4", "5"]),
        (list(b"nul\x00\x00inside"), ["nul\ufffdinside"]),
        ("two\nlines", ["two", "lines"]),
        ("\tindented\n\t  more", ["        indented", "          more"]),
        (["said", "twice"], ["said", "twice"]),
        ([list(b"fianc\xe9"), "twice"], ["fianc\\xe9", "twice"]),
        (None, []),
        ("", []),
        ("evil\u202egnp.exe\u2028x\x9b31m", ["evilgnp.exe x"]),
        (12, ["12"]),
        ([], []),
    ],
)  # fmt: skip
def test_what_the_gateway_wrote_is_kept(message: object, kept: list[str]) -> None:
    assert lines(journal("before", message, "after")) == ["before", *kept, "after"]


def test_a_line_of_megabytes_is_cut_and_thousands_of_lines_in_one_too() -> None:
    assert len(as_text(journal("x" * 1_000_000))) < LONGEST + 100
    said = lines(journal("\n".join(map(str, range(5000)))))
    assert len(said) == MOST_PARTS + 1
    assert said[-1].endswith(f"({5000 - MOST_PARTS} more lines)")


def test_where_the_output_was_cut_the_newest_are_whole() -> None:
    said = journal("one", "two", "three")
    assert lines(said[: len(said) - 20]) == ["two", "three"]


def test_an_entry_without_its_fields_is_kept() -> None:
    assert as_text('{"MESSAGE":"x"}\n') == "-  unknown: x\n"
    assert "kernel" in as_text(journal("x", SYSLOG_IDENTIFIER=None, _COMM="kernel"))


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(journal))
def test_any_answer_becomes_printable_lines(said: str) -> None:
    assert all(line.isprintable() for line in as_text(said).split("\n"))

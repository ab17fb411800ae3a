"""Text in columns: whatever is shown, it fits, and says the same without colour."""

import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Iterator
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.terminal.blocks import Cell, Row, pairs, table
from picoclaw_watchdog.terminal.columns import padded, shortened, width, wrapped
from picoclaw_watchdog.terminal.paint import (
    IN_A_PIPE,
    Sign,
    Style,
    Terminal,
    plain_width,
    show,
    terminal_of,
)

TEXTS = st.text(alphabet="ab c-.,、。（）「」障害復旧ーァe\u0301\n", max_size=200)


@pytest.fixture
def tty() -> Iterator[TextIO]:
    """A pseudo-terminal of 57 columns and 33 rows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 57, 0, 0))
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        yield stream
    os.close(ours)


def test_a_wide_character_takes_two_columns() -> None:
    assert width("abc") == 3
    assert width("障害") == 4
    assert width("ﾊﾝｶｸ") == 4
    assert width(padded("障害", 6)) == 6
    assert padded("7", 3, right=True) == "  7"


def test_an_accent_on_its_own_takes_no_column() -> None:
    assert width("e\u0301") == 1


def test_a_long_line_is_cut_to_its_width() -> None:
    assert shortened("short", 10) == "short"
    assert shortened("a much longer line", 10) == "a much ..."
    assert shortened("abc", 2) == "a."
    assert width(shortened("障" * 50, 11)) <= 11


@given(TEXTS, st.integers(2, 60))
def test_wrapped_text_keeps_its_width_and_all_its_signs(text: str, columns: int) -> None:
    lines = wrapped(text, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_a_line_does_not_begin_with_a_full_stop_or_end_with_a_bracket() -> None:
    lines = wrapped("障害。（再起動）" * 40, 11)
    assert not any(line.startswith(("、", "。", "）")) for line in lines)
    assert not any(line.endswith("（") for line in lines)
    assert wrapped("A_NAME_AS_LONG_AS_A_LINE、", 24) == ["A_NAME_AS_LONG_AS_A_LIN", "E、"]


def test_an_address_is_broken_only_where_it_is_wider_than_a_whole_line() -> None:
    address = "https://box.tail1234.ts.net/webhook/line"
    assert address in wrapped(f"see also the following address: {address}", 45)
    assert "".join(wrapped(address, 20)) == address


def test_a_path_is_broken_behind_a_slash_where_the_line_does_not_become_too_short() -> None:
    assert wrapped("~/.config/systemd/user/watchdog.timer", 30)[0] == "~/.config/systemd/user/"
    assert wrapped("/a/name-that-is-longer-than-a-line", 20)[0] == "/a/name-that-is-long"


def test_foreign_text_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\r\n\tc\u202e") == "ab c"


@given(TEXTS, TEXTS, st.integers(20, 130))
def test_no_block_is_wider_than_the_terminal(one: str, other: str, columns: int) -> None:
    on = Terminal(columns, colour=True)
    one, other = printable(one), printable(other)
    rows: list[Row] = [(Cell(one, Style.BAD), "17", other), ("short", "4", one)]
    for flexible in (None, 2):
        for line in table(on, ("what", "n", "障害"), rows, right=frozenset({1}), flexible=flexible):
            assert plain_width(line) <= columns
    for line in pairs(on, [("name", other), ("障害", Cell(one, Style.GOOD))]):
        assert plain_width(line) <= columns


def test_a_table_keeps_its_columns_in_line_with_wide_characters() -> None:
    lines = table(
        Terminal(80), ("障害", "n"), [("ゲートウェイ", "1"), ("Funnel", "10")], right=frozenset({1})
    )
    assert lines == ["障害           n", "ゲートウェイ   1", "Funnel        10"]


def test_a_table_that_does_not_fit_becomes_blocks() -> None:
    rows = [("gateway-1", "the gateway is down", "2 min"), ("funnel-2", "", "1 s")]
    lines = table(Terminal(24), ("id", "cause", "lasted"), rows)
    assert lines == [
        "gateway-1",
        "  cause",
        "    the gateway is down",
        "  lasted",
        "    2 min",
        "",
        "funnel-2",
        "  lasted  1 s",
    ]


def test_a_wide_column_is_wrapped_in_its_place() -> None:
    lines = table(Terminal(30), ("id", "cause"), [("a", "one two three four five six")], flexible=1)
    assert lines == ["id  cause", "a   one two three four five", "    six"]


def test_values_stand_below_their_names_where_the_terminal_is_narrow() -> None:
    rows = [("restarts left", "gateway 3 of 3, Funnel 3 of 3"), ("messages", "none")]
    assert pairs(Terminal(40), rows)[:2] == ["restarts left", "  gateway 3 of 3, Funnel 3 of 3"]
    assert pairs(Terminal(80), rows)[0] == "restarts left  gateway 3 of 3, Funnel 3 of 3"


def test_colour_is_for_terminals_whose_owner_wants_it(tty: TextIO) -> None:
    assert terminal_of(tty, {"TERM": "xterm"}).colour
    assert not terminal_of(tty, {"TERM": "dumb"}).colour
    assert not terminal_of(tty, {"TERM": "xterm", "NO_COLOR": "1"}).colour
    assert terminal_of(tty, {"TERM": "xterm", "NO_COLOR": ""}).colour
    assert not terminal_of(tty, {"TERM": "xterm"}, "never").colour
    assert not terminal_of(io.StringIO(), {"TERM": "xterm"}).colour
    assert terminal_of(io.StringIO(), {"NO_COLOR": "1"}, "always").colour


def test_a_terminal_is_as_wide_as_somebody_says(tty: TextIO) -> None:
    assert terminal_of(tty, {})[:2] == (57, 33)
    assert terminal_of(tty, {"COLUMNS": "40", "LINES": "9"})[:2] == (40, 9)
    assert terminal_of(io.StringIO(), {}).columns == IN_A_PIPE
    assert terminal_of(io.StringIO(), {"COLUMNS": "40"}).columns == 40
    assert terminal_of(io.StringIO(), {"COLUMNS": "many"}).columns == IN_A_PIPE
    assert terminal_of(io.StringIO(), {"COLUMNS": "1"}).columns == 20


def test_signs_are_told_apart_without_colour_and_without_unicode() -> None:
    for unicode in (True, False):
        on = Terminal(unicode=unicode)
        signs = [on.sign(sign) for sign in Sign]
        assert len(set(signs)) == len(signs)
        assert all(width(sign) == 1 for sign in signs)


def test_what_the_encoding_lacks_does_not_end_the_command() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    show(stream, ["✓ 障害"])
    assert raw.getvalue() == b"? ??\n"


def test_the_first_line_can_carry_a_sign() -> None:
    on = Terminal(20, colour=False)
    assert on.text("one two three four five", indent=2, first="x ") == [
        "x one two three four",
        "  five",
    ]

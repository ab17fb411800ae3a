import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.settings.dotenv import Entry, parse, quote
from picoclaw_watchdog.settings.mistakes import Flaw

KICK = "PICOCLAW_WATCHDOG_KICK_TOKEN"


def only(text: str) -> tuple[str, str]:
    (entry,) = parse(text)
    assert entry.flaw is None
    return entry.key, entry.value


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  export A=b", "b"),
        ("export\tA=b", "b"),
        ("A = b ", "b"),
        ("A=", ""),
        ("A= # nothing", ""),
        ("A=b # comment", "b"),
        ("A=b#c", "b#c"),
        ("A=#c", "#c"),
        ("A=b c", "b c"),
        ("A=b=c", "b=c"),
        ("A='b # \"c\" $d \\n'", 'b # "c" $d \\n'),
        ("A='b' # comment", "b"),
        ('A="b # \\"c\\" \\$d \\\\ \\n\\`"', 'b # "c" $d \\ \n`'),
        ('A="b\\c"', "b\\c"),
        ('A="" # nothing', ""),
        ("A=$HOME/x", "$HOME/x"),
        ("A=${HOME}", "${HOME}"),
        ('A="$HOME"', "$HOME"),
        ("A=`id`", "`id`"),
        ("A=$(touch /tmp/x)", "$(touch /tmp/x)"),
        ("A=b\r", "b"),
        ("A='b'\r", "b"),
    ],
)
def test_a_line_means_its_value(line: str, value: str) -> None:
    assert only(line) == ("A", value)


@pytest.mark.parametrize("line", ["", "   ", "# A=b", "  # A=b", "if true; then", "=b", "export A"])
def test_what_assigns_nothing_is_passed_over(line: str) -> None:
    assert parse(line) == []


def test_lines_are_counted_from_one_also_after_a_foreign_value_of_several_lines() -> None:
    text = 'A=1\nKEY="-----BEGIN\nB=not a key\nend"\nC=3\n'
    assert parse(text) == [Entry("A", "1", 1), Entry("C", "3", 5)]


def test_a_foreign_quote_that_was_forgotten_hides_none_of_our_keys() -> None:
    entries = parse(f"NAME='it\n{KICK}=abc\nOTHER='x'\n")
    assert [(entry.key, entry.value) for entry in entries] == [(KICK, "abc"), ("OTHER", "x")]


def test_a_foreign_quote_that_never_ends_costs_only_its_own_line() -> None:
    assert parse('A="x\nB=2') == [Entry("B", "2", 2)]


@pytest.mark.parametrize(
    ("line", "flaw"),
    [
        (f"{KICK}='abc", Flaw.UNCLOSED_QUOTE),
        (f'{KICK}="abc\\"', Flaw.UNCLOSED_QUOTE),
        (f"{KICK}='a'b", Flaw.AFTER_QUOTE),
        (f"{KICK}='a'#b", Flaw.AFTER_QUOTE),
        (f"{KICK} abc", Flaw.NO_EQUALS),
        (f"export {KICK}", Flaw.NO_EQUALS),
    ],
)
def test_a_broken_line_of_ours_is_told_without_its_value(line: str, flaw: Flaw) -> None:
    assert parse(line) == [Entry(KICK, "", 1, flaw)]


@given(st.text())
def test_what_was_quoted_is_read_back(value: str) -> None:
    assert only(f"A={quote(value)}") == ("A", value)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_a_shell_reads_a_quoted_line_the_same_way(value: str) -> None:
    # shlex knows a shell's quotes, but not that a backslash may stand before $ and `.
    if "'" not in value:
        assert shlex.split(f"A={quote(value)}") == [f"A={value}"]


@given(st.text())
def test_no_text_makes_it_fail(text: str) -> None:
    for entry in parse(text):
        assert entry.key
        assert 1 <= entry.line <= text.count("\n") + 1


@given(st.lists(st.sampled_from(["A=", KICK, "=", "'", '"', "\\", "\n", " #", "export ", "x"])))
def test_no_scraps_make_it_fail(scraps: list[str]) -> None:
    parse("".join(scraps))

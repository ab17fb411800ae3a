"""Keys are changed in a `.env`, and nothing else is."""

from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.settings.docs import env_template
from picoclaw_watchdog.settings.dotenv import parse
from picoclaw_watchdog.settings.editing import changed

ONE = "PICOCLAW_WATCHDOG_INTERVAL_SEC"
TWO = "PICOCLAW_WATCHDOG_LINE_NOTIFY_TO"


def value_of(text: str, key: str) -> str:
    return [entry.value for entry in parse(text) if entry.key == key][-1]


def test_a_value_is_changed_where_it_stands_and_its_comment_stays() -> None:
    before = f"# mine\nOTHER=1\nexport {ONE}=60   # every minute\n\nLAST='x'\n"
    assert changed(before, {ONE: "30"}, {}) == before.replace("=60", "=30")


def test_a_quoted_value_is_replaced_whole() -> None:
    assert changed(f'{TWO}="a # b" # c\n', {TWO: "U1"}, {}) == f"{TWO}=U1 # c\n"
    assert changed(f"{TWO}='a # b'\n", {TWO: "U1"}, {}) == f"{TWO}=U1\n"


def test_the_last_of_several_is_the_one_that_counts() -> None:
    assert changed(f"{ONE}=1\n{ONE}=2\n", {ONE: "3"}, {}) == f"{ONE}=1\n{ONE}=3\n"


def test_a_default_shown_as_a_comment_is_uncommented() -> None:
    after = changed(env_template(), {"PICOCLAW_WATCHDOG_GATEWAY_PORT": "18800"}, {})
    assert "\nPICOCLAW_WATCHDOG_GATEWAY_PORT=18800\n" in after
    assert len(after.splitlines()) == len(env_template().splitlines())


def test_a_new_key_is_added_with_its_note() -> None:
    assert changed("A=1", {ONE: "5"}, {ONE: ["why"]}) == f"A=1\n\n# why\n{ONE}=5\n"
    assert changed("", {ONE: "5"}, {}) == f"{ONE}=5\n"


def test_a_broken_line_of_ours_is_replaced() -> None:
    assert changed(f"{ONE}\nB=2\n", {ONE: "5"}, {}) == f"{ONE}=5\nB=2\n"
    assert changed(f"{TWO}='open\nB=2\n", {TWO: "U1"}, {}).endswith("B=2\n")


def test_a_file_from_windows_stays_one() -> None:
    text = f"\ufeffA=1\r\n{ONE}=60\r\n"
    after = changed(text, {ONE: "30", TWO: "U1"}, {TWO: ["who"]})
    assert after == f"\ufeffA=1\r\n{ONE}=30\r\n\r\n# who\r\n{TWO}=U1\r\n"


def test_a_foreign_value_of_several_lines_is_not_cut() -> None:
    text = f"KEY='first\n#{ONE}=1\nlast'\n"
    after = changed(text, {TWO: "U1"}, {})
    assert after == f"{text}{TWO}=U1\n"


PIECES = st.sampled_from(
    [
        *(f"{ONE}=60", f"export {ONE}=5 # x", f"#{ONE}=60", f"# {TWO}=", f"{TWO}='U'", ONE),
        *("A=1", "# words", "", "   ", "X='open", 'B="q\\""', "it's", f'{TWO}="a', "A=1\r"),
    ]
)


@given(
    lines=st.lists(PIECES, max_size=8),
    values=st.dictionaries(
        st.sampled_from([ONE, TWO]),
        st.text(st.characters(codec="ascii", min_codepoint=33), max_size=8),
    ),
)
def test_every_value_is_read_back_and_every_other_line_stays(
    lines: list[str], values: dict[str, str]
) -> None:
    before = "\n".join(lines)
    after = changed(before, values, {})
    known = {entry.key: entry.value for entry in parse(after)}
    for key, value in values.items():
        assert known[key] == value
    ours = (ONE, TWO)
    kept = [line.rstrip("\r") for line in lines if not any(key in line for key in ours)]
    rest = [line.rstrip("\r") for line in after.split("\n")]
    for line in kept:  # in order
        assert line in rest
        del rest[: rest.index(line) + 1]
    assert changed(after, values, {}) == after, "a second time changes nothing"

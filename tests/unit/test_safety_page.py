"""docs/safety.md names tests: they exist, and both languages name the same."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/safety.md", "docs/safety.ja.md")


def named(page: str) -> list[str]:
    return re.findall(r"`(tests/[\w/]+\.py)`", (ROOT / page).read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page: str) -> None:
    assert len(named(page)) > 20
    assert [name for name in named(page) if not (ROOT / name).is_file()] == []


def test_both_languages_name_the_same_tests() -> None:
    assert named(PAGES[0]) == named(PAGES[1])


def test_no_page_and_no_source_advises_a_wildcard() -> None:
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "config").rglob("*")]
    files += [*(ROOT / "src").rglob("*.py"), *(ROOT / "skills").rglob("*.md")]
    advising = [
        path
        for path in files
        if path.is_file() and re.search(r"NOPASSWD: [^{`\n]*[*?]", path.read_text("utf-8"))
    ]
    assert advising == []

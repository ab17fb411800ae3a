from pathlib import Path

import pytest

from tests.field.case import FOLDER, UnreadableError, read

PLAIN = """
title = "One"
source = "review"
paragraph = "11.4"
[given]
[right]
"""


def written(folder: Path, text: str, name: str = "04-one") -> Path:
    case = folder / name
    case.mkdir()
    (case / "case.toml").write_text(text)
    return case


def test_a_case_that_says_nothing_more_is_read(tmp_path: Path) -> None:
    case = read(written(tmp_path, PLAIN))
    assert (case.name, case.right.starts, case.right.serve) == ("04-one", 0, "unchanged")


@pytest.mark.parametrize(
    "wrong",
    [
        'colour = "red"\n' + PLAIN,
        PLAIN + "restarts = 1\n",
        PLAIN.replace("[given]", "[given]\nsetings = {}"),
        PLAIN.replace("[given]", '[given]\nfiles = [{ name = "a" }]'),
        PLAIN.replace("[given]", '[given]\nfirst = "well"'),
        PLAIN.replace("[right]", "[then]\n[right]"),
        PLAIN.replace("11.4", "11.15"),
        PLAIN.replace("11.4", "11.5"),
        PLAIN.replace("review", "variant of 04-none"),
        PLAIN.replace("review", "somebody said so"),
        PLAIN + 'says = { en = ["a"] }\n',
        PLAIN + 'says = "a"\n',
        PLAIN.replace('title = "One"\n', ""),
    ],
)
def test_what_is_not_in_the_vocabulary_is_an_error(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(UnreadableError):
        read(written(tmp_path, wrong))


def test_every_paragraph_has_cases() -> None:
    numbers = {int(path.parent.name[:2]) for path in FOLDER.glob("*/case.toml")}
    assert numbers == set(range(1, 15))

"""The recording of a terminal as an SVG."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from scripts import picture

from picoclaw_watchdog.cli.commands import GROUPS

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"

PROGRAM = """\
import time
print("\\033[1mhead\\033[0m & <tail>", flush=True)
time.sleep(0.3)
print("\\033[31m赤い\\033[0m字 ok", flush=True)
"""


def texts(svg: str) -> list[ET.Element]:
    return [
        each
        for each in ET.fromstring(svg).iter(f"{SVG}text")  # noqa: S314  # our own
        if each.get("textLength")
    ]


@pytest.fixture(scope="module")
def lines() -> list[picture.Line]:
    return picture.lines_of(picture.record([sys.executable, "-c", PROGRAM]))


def test_a_program_is_recorded_with_its_pauses(lines: list[picture.Line]) -> None:
    assert len(lines) == 2
    assert lines[1].at - lines[0].at >= 0.25


def test_looks_and_widths_are_kept(lines: list[picture.Line]) -> None:
    head, rest = picture.runs_of(lines[0])
    assert (head.text, head.bold, head.width) == ("head", True, 4)
    assert (rest.text, rest.bold, rest.column) == (" & <tail>", False, 4)
    red, sign, ok = picture.runs_of(lines[1])
    assert (red.text, red.colour, red.width) == ("赤い", "red", 4)
    assert (sign.text, sign.column, sign.width) == ("字", 4, 2)
    assert (ok.text, ok.column) == (" ok", 6)


def test_the_picture_is_well_formed_and_says_everything(lines: list[picture.Line]) -> None:
    drawn = picture.drawn(lines, "$ <program>")
    assert [each.text for each in texts(drawn)] == ["head", " & <tail>", "赤い", "字", " ok"]
    assert re.search(r"animation:u [\d.]+s step-end infinite", drawn)
    assert "prefers-reduced-motion" in drawn


def test_long_pauses_are_shortened() -> None:
    lines = picture.lines_of([(0.0, "a\r\n"), (60.0, "b\r\n")])
    assert lines[1].at == picture.LONGEST_PAUSE


def test_a_program_that_fails_gives_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    with pytest.raises(SystemExit, match="ended with status 3"):
        picture.main([str(path), sys.executable, "-c", "raise SystemExit(3)"])
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "promise"),
    [("demo.svg", "Every chapter ended as promised."), ("demo.ja.svg", "すべての章が約束どおり")],
)
def test_the_readmes_show_a_demo_that_kept_its_promises(name: str, promise: str) -> None:
    said = "".join(each.text or "" for each in texts((ROOT / "docs" / name).read_text("utf-8")))
    assert promise in said
    readme = "README.ja.md" if ".ja." in name else "README.md"
    assert f"(docs/{name})" in (ROOT / readme).read_text("utf-8")


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_readmes_name_every_command_of_every_day(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    daily = [*GROUPS["look"][1], *GROUPS["act"][1], "doctor", "notify-test", "config"]
    for command in daily:
        assert re.search(rf"`{command}[` ]", text), command


def test_the_readmes_are_built_alike() -> None:
    english, japanese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.ja.md"))
    for sign in ("\n## ", "\n| ", "```sh", "](docs/"):
        assert english.count(sign) == japanese.count(sign), sign

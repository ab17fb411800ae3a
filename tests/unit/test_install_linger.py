"""Whether a user lingers: logind's word, else its file, however it spells the name."""

from pathlib import Path

import pytest

from picoclaw_watchdog.install.linger import lingers
from tests.unit.standins import Bin

NOBODY = "Failed to get user: User ID 1000 is not logged in or lingering\n"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    folder = tmp_path / "bin"
    folder.mkdir()
    return Bin(folder, monkeypatch)


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_logind_knows_it_best(programs: Bin, tmp_path: Path, answer: str) -> None:
    programs.says("loginctl", out=f"Linger={answer}\n")
    (tmp_path / "pico").touch()
    assert lingers("pico", str(tmp_path)) is (answer == "yes")
    assert programs.calls() == ["loginctl show-user pico -p Linger"]


@pytest.mark.parametrize(
    ("user", "file"),
    [
        ("pico", "pico"),
        (r"CORP\alice", r"CORP\\alice"),
        (r"CORP\alice", r"CORP\x5calice"),
        (r"CORP\alice", r"CORP\alice"),
        ("o'neil", r"o\'neil"),
        ("jürgen", r"j\303\274rgen"),
    ],
)
def test_the_file_counts_where_logind_does_not_answer(
    programs: Bin, tmp_path: Path, user: str, file: str
) -> None:
    programs.says("loginctl", err=NOBODY, code=1)
    folder = tmp_path / "linger"
    folder.mkdir()
    assert not lingers(user, str(folder))
    (folder / file).touch()
    assert lingers(user, str(folder))


def test_a_name_that_leads_elsewhere_is_nobodys(programs: Bin, tmp_path: Path) -> None:
    assert not lingers("../pico", str(tmp_path / "linger"))
    assert programs.calls() == []

"""Whatever KICK_FILE names: nothing is renamed, written to or removed but requests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from picoclaw_watchdog.kick import taken_beside
from picoclaw_watchdog.kick.inbox import Batch, add, finish, take
from picoclaw_watchdog.kick.place import LARGEST, Obstacle, Why, is_place, stamp

LINE = "restart_gateway|a-token|line:U1|1700000000"
Make = Callable[[Path], None]


def fifo(at: Path) -> None:
    os.mkfifo(at)


def folder(at: Path) -> None:
    at.mkdir()


def full_folder(at: Path) -> None:
    at.mkdir()
    (at / "kick_request").write_text(LINE)


def link(at: Path) -> None:
    target = at.parent / "elsewhere"
    target.write_text(f"{LINE}\n")
    at.symlink_to(target)


def dangling(at: Path) -> None:
    at.symlink_to("nowhere")


def second_name(at: Path) -> None:
    target = at.parent / "elsewhere"
    target.write_text(f"{LINE}\n")
    at.hardlink_to(target)


def of_another(at: Path) -> None:
    at.write_text(f"{LINE}\n")
    os.chown(at, 12_345, 12_345)


def endless(at: Path) -> None:
    with at.open("wb") as file:
        file.truncate(1 << 36)


NO_FILES = [fifo, folder, full_folder, link, dangling, second_name]
if os.geteuid() == 0:  # only root can give a file away
    NO_FILES.append(of_another)
TEXTS = {
    "a token": "8b1f4c0d9e7a4b55a1c2d3e4f5061728\n",
    "config.json": '{"gateway": {"port": 18790}}\n',
    ".env": "PICOCLAW_WATCHDOG_KICK_TOKEN=x\n",
    "a table": "| action | token | source | epoch |\n|---|---|---|---|\n",
    "four fields": "alice|secret|home|42\n",
    "a diary behind a request": f"{LINE}\nToday it rained.\n",
    "an unknown action": "reboot|a-token|line:U1|1700000000\n",
    "binary": "\x00\x01|\x02|\x03|4",
}


def picture(top: Path) -> list[tuple[str, int, int, int]]:
    """All that lies there, so that any change of it can be seen."""
    found = []
    for path in sorted(top.rglob("*")):
        facts = path.lstat()
        found.append((str(path), facts.st_mode, facts.st_ino, facts.st_size))
    return found


def takes(at: Path) -> Batch:
    return take(str(at), taken_beside(str(at)), lambda _: None)


@pytest.mark.parametrize("make", [*NO_FILES, endless], ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", ["kick_request", "wishes"])
def test_what_is_no_file_of_requests_is_left_as_it_is(
    tmp_path: Path, make: Make, name: str
) -> None:
    at = tmp_path / name
    make(at)
    before = picture(tmp_path)
    with pytest.raises(Obstacle) as taking:
        takes(at)
    assert taking.value.path == str(at)
    with pytest.raises(Obstacle):
        add(str(at), LINE)
    assert stamp(str(at)) is None, "nothing that waits, and nobody is woken for it"
    assert picture(tmp_path) == before


@pytest.mark.parametrize("make", [*NO_FILES, endless], ids=lambda make: make.__name__)
def test_neither_is_what_lies_where_taken_requests_do(tmp_path: Path, make: Make) -> None:
    make(tmp_path / "kick_taken")
    (tmp_path / "kick_request").write_text(f"{LINE}\n")
    before = picture(tmp_path)
    with pytest.raises(Obstacle):
        takes(tmp_path / "kick_request")
    assert picture(tmp_path) == before


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_under_another_name_everything_must_have_the_form_of_requests(
    tmp_path: Path, text: str
) -> None:
    at = tmp_path / "notes.txt"
    at.write_text(text)
    before = picture(tmp_path)
    with pytest.raises(Obstacle) as taking:
        takes(at)
    assert taking.value.why is Why.NOT_REQUESTS
    with pytest.raises(Obstacle):
        add(str(at), LINE)
    assert picture(tmp_path) == before
    assert at.read_text() == text


def test_an_empty_file_of_another_name_is_whose_it_is(tmp_path: Path) -> None:
    at = tmp_path / "notes.txt"
    at.touch()
    assert takes(at) == Batch()
    assert at.exists()


def test_requests_under_another_name_are_taken(tmp_path: Path) -> None:
    at = tmp_path / "wishes"
    add(str(at), LINE)
    add(str(at), f"pause=30m{LINE.removeprefix('restart_gateway')}")
    batch = takes(at)
    assert len(batch.lines) == 2
    assert not at.exists()
    assert finish(taken_beside(str(at)), batch)
    assert list(tmp_path.iterdir()) == []


def test_under_its_own_name_bad_lines_are_requests_that_are_refused(tmp_path: Path) -> None:
    at = tmp_path / "kick_request"
    at.write_text("rubbish\n")
    assert [text for _, text in takes(at).lines] == ["rubbish"]


def test_a_flood_of_requests_is_taken_however_long_and_one_of_rubbish_is_not(
    tmp_path: Path,
) -> None:
    at = tmp_path / "kick_request"
    at.write_text(f"{LINE}\n" * (LARGEST // len(LINE)))
    assert takes(at).flood > 1000
    (tmp_path / "kick_taken").unlink()
    at.write_text("rubbish\n" * (LARGEST // 4))
    with pytest.raises(Obstacle):
        takes(at)
    assert at.exists()


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_no_folder_of_everybody_is_a_place(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    at = tmp_path / "kick_request"
    at.write_text(f"{LINE}\n")
    for deed in (lambda: takes(at), lambda: add(str(at), LINE)):
        with pytest.raises(Obstacle) as tried:
            deed()
        assert tried.value.why is Why.OPEN_FOLDER
    assert at.read_text() == f"{LINE}\n"


# ---- as a setting


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".picoclaw" / "state" / "watchdog").mkdir(parents=True)
    (tmp_path / ".picoclaw" / "logs").mkdir()
    (tmp_path / "Documents").mkdir()
    (tmp_path / "link").symlink_to(".picoclaw")
    return tmp_path


def may_be(home: Path, path: str) -> bool:
    pico = home / ".picoclaw"
    logs = pico / "logs"
    others = (str(logs), str(logs / "ops-watchdog.log"))
    return is_place(str(home / path), str(pico), str(pico / "state/watchdog"), others)


@pytest.mark.parametrize(
    "path",
    [
        ".picoclaw/.env",
        ".picoclaw/config.json",
        ".picoclaw/.security.yml",
        "link/.env",
        ".picoclaw/state/watchdog",
        ".picoclaw/state/watchdog/paused",
        ".picoclaw/state/watchdog/audit.log",
        ".picoclaw/state/watchdog/alert_gateway.ts",
        "link/state/watchdog/status.json",
        ".picoclaw/state",
        ".picoclaw/logs/ops-watchdog.log",
        ".picoclaw/logs",
        ".picoclaw",
        "",
        "Documents",
        "Documents/kick_taken",
        "link",
    ],
)
def test_what_is_there_for_something_else_is_no_place(home: Path, path: str) -> None:
    assert not may_be(home, path)


@pytest.mark.parametrize(
    "path",
    [
        ".picoclaw/state/watchdog/kick_request",
        ".picoclaw/kick_request",
        "Documents/wishes",
        "new/wishes",
    ],
)
def test_a_file_of_its_own_is_one(home: Path, path: str) -> None:
    assert may_be(home, path)

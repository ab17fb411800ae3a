"""A file of settings counts only where nobody but its owner can have written it."""

import os
import shlex
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from picoclaw_watchdog.kick.requests import allowed_actions
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.mistakes import Flaw, Origin
from tests.unit.settings_home import TOKEN, Home, P, flaws

STRANGER = 12345
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "it's home")
    home.folder.chmod(0o755)
    home.with_env(f"{P}LOG_KEEP=3\n{TOKEN}=a-token\n")
    home.with_config({"watchdog": {"captures_keep": 7}}).config.chmod(0o600)
    return home


def believed(loaded: Loaded) -> tuple[bool, bool]:
    """Whether `.env` and `config.json` are."""
    settings = loaded.settings
    return settings.log_keep == 3, settings.captures_keep == 7


def command(loaded: Loaded, language: str = "en") -> str:
    """The one command that the one mistake names."""
    (mistake,) = loaded.mistakes
    line = mistake.line(language)
    assert mistake.right in line
    assert line.isprintable()
    return mistake.right


def test_what_only_its_owner_can_write_is_believed(home: Home) -> None:
    assert believed(home.load()) == (True, True)
    assert home.load().mistakes == ()


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o660, 0o666, 0o664, 0o777])
@pytest.mark.parametrize("file", [".env", "config.json"])
def test_a_file_that_others_can_write_is_not_believed(home: Home, file: str, mode: int) -> None:
    path = home.folder / file
    path.chmod(mode)
    loaded = home.load()
    assert believed(loaded) == (file != ".env", file != "config.json")
    assert flaws(loaded) == [Flaw.WRITABLE]
    assert loaded.fatal
    assert f"{mode:04o}" in loaded.mistakes[0].line()
    mended = command(loaded)
    assert mended == f"chmod {'600' if file == '.env' else 'go-w'} {shlex.quote(str(path))}"
    subprocess.run(["/bin/sh", "-c", mended], check=True)
    assert believed(home.load()) == (True, True)
    assert not home.load().fatal


@only_root
@pytest.mark.parametrize("file", [".env", "config.json"])
def test_a_file_of_another_user_is_not_believed(home: Home, file: str) -> None:
    path = home.folder / file
    os.chown(path, STRANGER, STRANGER)
    loaded = home.load()
    assert believed(loaded) == (file != ".env", file != "config.json")
    assert flaws(loaded) == [Flaw.OF_ANOTHER_USER]
    assert loaded.fatal
    assert command(loaded) == f"sudo chown {os.geteuid()} {shlex.quote(str(path))}"


@pytest.mark.parametrize("mode", [0o770, 0o775, 0o777, 0o722])
def test_in_a_folder_that_others_can_write_nothing_is_believed_and_it_is_said_once(
    home: Home, mode: int
) -> None:
    home.folder.chmod(mode)
    loaded = home.load()
    assert believed(loaded) == (False, False)
    assert flaws(loaded) == [Flaw.FOLDER_WRITABLE]
    assert loaded.mistakes[0].origin == Origin(str(home.folder))
    mended = command(loaded, "ja")
    assert mended == f"chmod go-w {shlex.quote(str(home.folder))}"
    subprocess.run(["/bin/sh", "-c", mended], check=True)
    assert believed(home.load()) == (True, True)


def test_in_a_sticky_folder_a_file_of_ours_is_believed(home: Home) -> None:
    home.folder.chmod(0o1777)
    assert believed(home.load()) == (True, True)


@only_root
def test_in_a_folder_of_another_user_nothing_is_believed(home: Home) -> None:
    os.chown(home.folder, STRANGER, STRANGER)
    loaded = home.load()
    assert believed(loaded) == (False, False)
    assert flaws(loaded) == [Flaw.FOLDER_OF_ANOTHER_USER]


@pytest.mark.parametrize("links", [1, 3])
@pytest.mark.parametrize("file", [".env", "config.json"])
def test_a_link_is_judged_by_what_it_leads_to_and_by_the_folders_on_the_way(
    home: Home, tmp_path: Path, file: str, links: int
) -> None:
    path = home.folder / file
    target = tmp_path / "real" / "file"
    target.parent.mkdir(mode=0o700)
    path.rename(target)
    last = target
    for number in range(1, links):
        between = tmp_path / f"on the way {number}" / "link"
        between.parent.mkdir(mode=0o700)
        between.symlink_to(last)
        last = between
    path.symlink_to(os.path.relpath(last, path.parent))
    assert believed(home.load()) == (True, True)
    for folder in {target.parent, last.parent}:
        folder.chmod(0o777)
        assert flaws(home.load()) == [Flaw.FOLDER_WRITABLE]
        assert home.load().mistakes[0].origin.where == str(folder)
        folder.chmod(0o700)
    target.chmod(0o622)
    assert believed(home.load()) == (file != ".env", file != "config.json")


def test_a_link_into_a_folder_with_a_strange_name_is_told_in_one_line(
    home: Home, tmp_path: Path
) -> None:
    target = tmp_path / "a\nb\x1b[2J" / "file"
    target.parent.mkdir()
    home.env.rename(target)
    home.env.symlink_to(target)
    target.parent.chmod(0o777)
    (mistake,) = home.load().mistakes
    assert mistake.flaw is Flaw.FOLDER_WRITABLE
    assert mistake.line().isprintable()


def test_a_file_that_is_not_there_is_no_mistake_in_any_folder(home: Home) -> None:
    home.env.unlink()
    home.config.unlink()
    home.folder.chmod(0o777)
    assert home.load().mistakes == ()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda home: home.env.chmod(0o666),
        lambda home: home.folder.chmod(0o777),
        lambda home: home.config.write_text("{"),
    ],
)
def test_a_file_that_is_lost_opens_no_door(home: Home, spoil: Callable[[Home], None]) -> None:
    home.with_config({"watchdog": {"kick_allowed_sources": "cli", "kick_plain_allowed": False}})
    spoil(home)
    if stat.S_IMODE(home.env.stat().st_mode) == 0o666:
        home.config.write_text("{}")
    settings = home.load(**{P + "KICK_ENABLED": "true", P + "KICK_TOKEN": "x" * 32}).settings
    assert settings.kick_enabled
    assert not settings.kick_plain_allowed
    assert allowed_actions(settings.kick_allowed_sources, "line:U1") is None


def test_what_the_environment_says_counts_whatever_the_files_are(home: Home) -> None:
    home.folder.chmod(0o777)
    assert home.load(**{P + "LOG_KEEP": "4"}).settings.log_keep == 4

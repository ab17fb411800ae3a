"""What an install must never do: lie about systemd, let others in, delete what is not ours."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from picoclaw_watchdog.install import setup
from picoclaw_watchdog.install.extras import install_library, remove_library
from picoclaw_watchdog.install.files import Fate
from picoclaw_watchdog.install.unit_text import assignment, exec_line, is_ours, plain_path, signed
from picoclaw_watchdog.install.verify import objection
from tests.unit.test_install import House

ANALYZE = shutil.which("systemd-analyze")
ROOT = Path(__file__).parents[2]
needs_systemd = pytest.mark.skipif(
    ANALYZE is None and "CI" not in os.environ, reason="needs systemd-analyze"
)
OBJECTS = '#!/bin/sh\nfor unit; do :; done\necho "$unit:3: Executable name is bad" >&2\nexit 1\n'
NAMES = ["o'neil", 'say "hi"', "back\\slash", "$HOME", "100% %h", "a b", "~", ";", "#x", "日本"]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(tmp_path, monkeypatch)


def snapshot(house: House) -> dict[str, str]:
    """Every file and link, with what is in it."""
    return {
        str(path): os.readlink(path) if path.is_symlink() else path.read_text(errors="replace")
        for path in house.home.rglob("*")
        if path.is_symlink() or (path.is_file() and "venv-" not in str(path))
    }


# Names are data.


@pytest.mark.parametrize("name", ["LC_ALL", "LC_MESSAGES", "LANG", "PICO_HOME"])
@pytest.mark.parametrize("tail", ["\nExecStartPre=/bin/touch /tmp/pwned", "\r", "\x1b[31m", "\0"])
def test_a_variable_that_would_add_a_line_is_refused_and_nothing_changes(
    house: House, name: str, tail: str
) -> None:
    house.install()
    before = snapshot(house)
    environ = {**house.environ, name: f"C{tail}" if name != "PICO_HOME" else f"/pico{tail}"}
    with pytest.raises(OSError, match="control character") as refused:
        setup.install(house.places, house.settings, environ, "pico")
    assert refused.value.filename == f"${name}"
    assert snapshot(house) == before


def test_a_refused_install_says_so_and_its_exit_status_too(house: House) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "picoclaw_watchdog", "install"],
        env={**house.environ, "LC_ALL": "C\nExecStartPre=/bin/true"},
        cwd=ROOT / "src",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "Installed." not in ran.stdout
    assert "$LC_ALL" in ran.stderr
    assert not (house.home / ".config/systemd/user/picoclaw-watchdog.service").exists()


@needs_systemd
@pytest.mark.parametrize("name", NAMES)
def test_systemd_takes_whatever_a_home_is_called(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    program = folder / "python"
    program.symlink_to("/bin/true")
    service = (
        f"[Service]\nType=oneshot\nExecStart={exec_line((str(program), '-I', name))}\n"
        f"Environment={assignment('PATH', f'{folder}:/usr/bin')}\n"
    )
    path_unit = f"[Path]\nPathChanged={plain_path(f'{folder}/kick', 'KICK_FILE')}\nUnit=x.service\n"
    assert objection({"x.service": service, "x.path": path_unit}) == ""


@needs_systemd
@pytest.mark.parametrize(
    "bad",
    [
        "[Service]\nExecStart=relative/program\n",
        "[Service]\nExecStart=/bin/true\nTimeoutStartSec=soon\n",
        "[Service]\nExecStart=/no/such/program\n",
        '[Service]\nType=oneshot\nExecStart="/o\'neil/python"\n',
    ],
)
def test_what_systemd_would_not_take_is_known_before(bad: str) -> None:
    assert "x.service" in objection({"x.service": bad})


@needs_systemd
def test_what_an_older_systemd_does_not_know_is_no_objection() -> None:
    text = "[Service]\nType=oneshot\nExecStart=/bin/true\nFromTheFuture=yes\n"
    assert objection({"x.service": text}) == ""


@pytest.mark.parametrize("path", ["/a/b\\", "/a/b ", " /a", "/a\n/b", "/a\udcff"])
def test_a_path_that_no_unit_can_say_is_refused(path: str) -> None:
    with pytest.raises(OSError, match="no unit can say"):
        plain_path(path, "KICK_FILE")


def test_systemds_no_keeps_what_was_installed(house: House) -> None:
    house.install()
    before = snapshot(house)
    house.program("systemd-analyze", OBJECTS)
    (house.home / ".picoclaw/.env").write_text("PICOCLAW_WATCHDOG_INTERVAL_SEC=7\n")
    before[f"{house.home}/.picoclaw/.env"] = "PICOCLAW_WATCHDOG_INTERVAL_SEC=7\n"
    with pytest.raises(OSError, match="would not take"):
        house.install()
    assert snapshot(house) == before


def test_systemds_no_to_a_first_install_leaves_nothing_that_starts(house: House) -> None:
    house.program("systemd-analyze", OBJECTS)
    with pytest.raises(OSError, match="would not take"):
        house.install()
    assert not setup.is_installed(house.places)
    assert not any("venv" in name or "systemd" in name for name in house.files())


def test_units_that_the_manager_cannot_load_are_taken_back(house: House) -> None:
    house.install()
    before = snapshot(house)
    house.program("systemctl", '#!/bin/sh\ncase "$*" in *LoadState*) echo bad-setting ;; esac\n')
    env = house.home / ".picoclaw/.env"
    env.write_text("PICOCLAW_WATCHDOG_INTERVAL_SEC=7\n")
    done = house.install()
    assert "bad unit file" in done.refused
    assert snapshot(house) == {**before, str(env): env.read_text()}


# Nobody else may write.


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o077])
def test_nothing_that_is_installed_can_be_written_by_others(
    house: House, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose = Path(shutil.copytree(setup.__file__.rpartition("/install/")[0], house.home / "copy"))
    for path in loose.rglob("*"):
        path.chmod(path.stat().st_mode | 0o022)  # as a clone has them under that umask
    monkeypatch.setattr("picoclaw_watchdog.install.program.SOURCE", str(loose))
    house.home.chmod(0o755)
    before = os.umask(umask)
    try:
        done = house.install()
    finally:
        assert os.umask(before) == umask, "the caller's umask is as it was"
    for path in house.home.rglob("*"):
        if not path.is_relative_to(loose) and not path.is_symlink():
            assert not path.stat().st_mode & 0o022, path
    assert stat.S_IMODE((house.home / ".picoclaw/.env").stat().st_mode) == 0o600
    assert stat.S_IMODE((house.home / ".picoclaw").stat().st_mode) == 0o700
    assert done.unsafe == ()


@pytest.mark.parametrize("folder", [".local", ".local/bin", ".config/systemd", ""])
@pytest.mark.parametrize("mode", [0o775, 0o777])
def test_a_folder_that_was_open_before_is_told(house: House, folder: str, mode: int) -> None:
    path = house.home / folder
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    assert house.install().unsafe == (str(path),)


def test_our_own_folder_is_closed_where_it_was_open(house: House) -> None:
    house.install()
    data = Path(house.places.data)
    program = (data / "venv").resolve()
    for path in (data, program, program / "start.py"):
        path.chmod(0o777)
    assert house.install().unsafe == ()
    for path in (data, program, program / "start.py"):
        assert not path.stat().st_mode & 0o022


# Nothing without our mark is deleted.


@pytest.mark.parametrize("name", ["venv-2024", "venv-backup", "apprise"])
def test_folders_that_look_like_ours_and_are_not_stay(house: House, name: str) -> None:
    theirs = Path(house.places.data) / name / "thesis.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("years of work")
    done = house.install()
    assert theirs.exists()
    if name != "apprise":
        assert (str(theirs.parent), Fate.KEPT) in done.items
    gone = setup.uninstall(house.places, house.settings)
    assert theirs.read_text() == "years of work"
    assert (str(theirs.parent), Fate.KEPT) in gone.items


@pytest.mark.parametrize("link", [False, True])
def test_a_venv_of_somebody_elses_is_neither_replaced_nor_removed(
    house: House,
    link: bool,  # noqa: FBT001
) -> None:
    theirs = house.home / "theirs"
    theirs.mkdir()
    (theirs / "thesis.txt").touch()
    venv = Path(house.places.venv)
    venv.parent.mkdir(parents=True)
    if link:
        venv.symlink_to(theirs)
    else:
        theirs.rename(venv)
    with pytest.raises(FileExistsError, match="not ours"):
        house.install()
    setup.uninstall(house.places, house.settings)
    assert (venv / "thesis.txt").exists()


def test_a_library_of_somebody_elses_is_neither_replaced_nor_removed(house: House) -> None:
    theirs = Path(house.places.apprise) / "notes.txt"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    assert "not ours" in install_library(house.places, sys.executable).trouble
    assert [item.fate for item in remove_library(house.places)] == [Fate.KEPT]
    assert theirs.exists()


@pytest.mark.parametrize(
    "name",
    [
        "picoclaw-watchdog.service",
        "picoclaw-watchdog.timer",
        "picoclaw-gateway.service.d/50-watchdog.conf",
        "picoclaw-watchdog.service.d/50-hardening.conf",
    ],
)
@pytest.mark.parametrize("how", ["edited", "replaced", "masked"])
def test_units_that_their_owner_changed_stay(house: House, name: str, how: str) -> None:
    house.install()
    path = house.home / ".config/systemd/user" / name
    assert is_ours(str(path))
    if how == "edited":
        path.write_text(f"{path.read_text()}# mine\n")
    elif how == "replaced":
        path.write_text("[Unit]\nDescription=mine\n")
    else:
        path.unlink()
        path.symlink_to("/dev/null")
    text, links = path.read_text(), path.is_symlink()
    done = house.install()
    assert (str(path), Fate.KEPT) in done.items
    setup.uninstall(house.places, house.settings)
    assert path.read_text() == text
    assert path.is_symlink() is links


def test_a_file_of_ours_is_known_by_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "unit"
    path.write_text(signed("[Unit]\n"))
    assert is_ours(str(path))
    path.write_text(signed("[Unit]\n").replace("[Unit]", "[Unit]\nAfter=x"))
    assert not is_ours(str(path))


def test_a_script_of_the_owners_is_put_aside_and_not_lost(house: House) -> None:
    script = Path(house.places.scripts) / "ops_watchdog.sh"
    script.parent.mkdir(parents=True)
    script.write_text("echo mine\n")
    house.install()
    aside = script.with_name("ops_watchdog.sh.before-1")
    assert aside.read_text() == "echo mine\n"
    script.write_text(f"{script.read_text()}# edited\n")
    setup.uninstall(house.places, house.settings)
    assert aside.exists()
    assert script.exists(), "edited: it is the owner's now"

"""The installation in an empty home, with a `systemctl` that only writes down what it is asked."""

import os
import subprocess
from pathlib import Path

import pytest

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.install import setup
from picoclaw_watchdog.install.files import Fate
from picoclaw_watchdog.install.missing import Missing
from picoclaw_watchdog.install.places import Places, places
from picoclaw_watchdog.settings.load import load

RECORDING = """#!/bin/sh
echo "$*" >>"$HOME/../asked"
case "$*" in
*is-active*loop*) exit 3 ;;
*NeedDaemonReload*) echo no ;;
*) exit {status} ;;
esac
"""


class House:
    """A home, a PATH and settings of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = folder / "home of 100%"
        self.home.mkdir()
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.asked_file = folder / "asked"
        self.environ = {"PATH": str(self.bin), "HOME": str(self.home)}
        for name, value in self.environ.items():
            monkeypatch.setenv(name, value)
        self.program("systemctl", RECORDING.format(status=0))

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    @property
    def places(self) -> Places:
        return places(self.environ, str(self.home))

    @property
    def settings(self) -> Settings:
        return load(self.environ, str(self.home)).settings

    def install(self) -> setup.Installed:
        return setup.install(self.places, self.settings, self.environ, "pico")

    def files(self) -> set[str]:
        return {str(path.relative_to(self.home)) for path in self.home.rglob("*")}

    def unit(self, name: str) -> str:
        return (self.home / ".config/systemd/user" / name).read_text()

    def asked(self) -> list[str]:
        return self.asked_file.read_text().splitlines() if self.asked_file.exists() else []


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(tmp_path, monkeypatch)


def test_the_installed_command_runs_from_a_home_with_blanks_and_percent_signs(house: House) -> None:
    house.install()
    ran = subprocess.run(
        [house.home / ".local/bin/picoclaw-watchdog", "--version"],
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith("picoclaw-watchdog ")


def test_a_unit_names_paths_with_blanks_and_percent_signs_as_systemd_wants_them(
    house: House,
) -> None:
    house.install()
    service = house.unit("picoclaw-watchdog.service")
    assert "home of 100%%/.local/share/picoclaw/venv-" in service
    start = next(line for line in service.splitlines() if line.startswith("ExecStart="))
    assert start.startswith('ExecStart=":/')
    assert start.endswith('/start.py" once')
    assert "%h" not in service
    path = house.unit("picoclaw-watchdog.path")
    assert "home of 100%%/.picoclaw/state/watchdog/kick_request\n" in path


def test_the_installed_program_has_bytecode_that_is_never_checked_again(house: House) -> None:
    house.install()
    compiled = list((house.home / ".local/share/picoclaw/venv/").rglob("model.*.pyc"))
    assert len(compiled) == 1
    assert int.from_bytes(compiled[0].read_bytes()[4:8], "little") == 0b01  # PEP 552: unchecked


def test_an_install_over_an_install_changes_nothing(house: House) -> None:
    house.install()
    before = {name: os.lstat(house.home / name).st_mtime_ns for name in house.files()}
    done = house.install()
    assert {item.fate for item in done.items} == {Fate.SAME}
    assert not done.changed
    assert before == {name: os.lstat(house.home / name).st_mtime_ns for name in house.files()}


def test_systemd_is_told_once_and_not_when_nothing_changed(house: House) -> None:
    house.install()
    assert sum("daemon-reload" in line for line in house.asked()) == 1
    house.install()
    assert sum("daemon-reload" in line for line in house.asked()) == 1


def test_uninstalling_removes_all_but_the_owners_files_and_folders(house: House) -> None:
    (house.home / ".config").mkdir()
    (house.home / ".config/owners").touch()
    house.install()
    house.home.joinpath(".picoclaw/logs").mkdir()
    done = setup.uninstall(house.places, house.settings)
    assert house.files() == {
        ".config",
        ".config/owners",
        ".picoclaw",
        ".picoclaw/.env",
        ".picoclaw/logs",
    }
    assert done.kept == [f"{house.home}/.picoclaw/.env"]
    assert setup.uninstall(house.places, house.settings).items == []


def test_an_interrupted_build_is_not_mistaken_for_a_program(house: House) -> None:
    house.install()
    folder = (house.home / ".local/share/picoclaw/venv").resolve()
    (folder / "start.py").unlink()
    done = house.install()
    assert done.changed
    assert (folder / "start.py").exists()


def test_a_command_that_the_owner_put_there_stays(house: House) -> None:
    command = house.home / ".local/bin/picoclaw-watchdog"
    command.parent.mkdir(parents=True)
    command.write_text("the owner's")
    house.install()
    assert command.read_text() == "the owner's"
    setup.uninstall(house.places, house.settings)
    assert command.read_text() == "the owner's"


def test_the_drop_in_follows_the_gateways_name(house: House) -> None:
    house.install()
    (house.home / ".picoclaw/.env").write_text("PICOCLAW_WATCHDOG_GATEWAY_SERVICE=other.service\n")
    house.install()
    drop_in = house.unit("other.service.d/50-watchdog.conf").splitlines()
    assert "OnFailure=picoclaw-watchdog.service" in drop_in
    assert not (house.home / ".config/systemd/user/picoclaw-gateway.service.d").exists()


def test_tools_in_unusual_folders_are_found_by_the_service_too(house: House) -> None:
    house.program("tailscale", "#!/bin/sh\n")
    house.install()
    service = house.unit("picoclaw-watchdog.service")
    line = next(line for line in service.splitlines() if line.startswith("Environment="))
    assert line.rstrip('"').endswith(f"/snap/bin:{house.bin}")


@pytest.mark.parametrize(
    ("tools", "hardened", "missing"),
    [
        ({}, True, Missing.TAILSCALE_ABSENT),
        ({"sudo": "exit 0"}, True, Missing.TAILSCALE_ABSENT),
        ({"tailscale": "echo '{}'", "sudo": "exit 0"}, False, None),
        ({"tailscale": "echo '{}'", "sudo": "exit 1"}, False, Missing.FUNNEL_UNSAYABLE),
        ({"tailscale": 'echo \'{"OperatorUser": "pico"}\'', "sudo": "exit 1"}, True, None),
        ({"tailscale": 'echo \'{"OperatorUser": "other"}\''}, True, Missing.FUNNEL_UNSAYABLE),
        ({"tailscale": "echo no json; exit 1", "sudo": "exit 0"}, False, None),
    ],
)
def test_the_service_is_restricted_where_nothing_needs_sudo(
    house: House,
    tools: dict[str, str],
    hardened: bool,  # noqa: FBT001
    missing: Missing | None,
) -> None:
    for name, script in tools.items():
        house.program(name, f"#!/bin/sh\n{script}\n")
    done = house.install()
    assert done.hardened is hardened
    about_funnel = {Missing.TAILSCALE_ABSENT, Missing.FUNNEL_UNSAYABLE} & set(done.missing)
    assert about_funnel == ({missing} if missing else set())
    drop_in = house.home / ".config/systemd/user/picoclaw-watchdog.service.d/50-hardening.conf"
    assert drop_in.exists() is hardened


def test_what_is_missing_is_said(house: House) -> None:
    house.program("systemctl", "#!/bin/sh\nexit 1\n")
    done = house.install()
    assert {Missing.NO_BUS, Missing.LINE_OFF, Missing.COMMAND_NOT_ON_PATH} <= set(done.missing)
    (house.home / ".picoclaw/.env").write_text("PICOCLAW_WATCHDOG_LINE_NOTIFY_ENABLED=true\n")
    assert Missing.LINE_INCOMPLETE in house.install().missing


def test_the_settings_file_is_private_and_an_existing_one_is_not_touched(house: House) -> None:
    house.install()
    path = house.home / ".picoclaw/.env"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("# mine\n")
    house.install()
    assert path.read_text() == "# mine\n"


def test_a_folder_that_cannot_be_made_leaves_no_half_program(house: House) -> None:
    (house.home / ".local").mkdir()
    (house.home / ".local/share").write_text("a file where a folder has to be")
    with pytest.raises(OSError, match="share"):
        house.install()
    assert house.files() == {".local", ".local/share"}


def test_bytecode_that_somebody_removed_is_made_again_in_place(house: House) -> None:
    house.install()
    folder = house.home / ".local/share/picoclaw/venv"
    before = os.path.realpath(folder)
    for compiled in folder.glob("lib/*/*/picoclaw_watchdog/core/__pycache__/*"):
        compiled.unlink()
    ran = subprocess.run(  # from the installed program itself, which must not remove itself
        [house.home / ".local/bin/picoclaw-watchdog", "install"],
        env={**house.environ, "PATH": f"{house.bin}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert os.path.realpath(folder) == before
    for source in folder.glob("lib/*/*/picoclaw_watchdog/core/*.py"):
        assert list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"))

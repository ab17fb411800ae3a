"""What the owner sees of an installation, and of its end."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.screens.snapshots import ROOT, check, check_all, environ

AT = 1_700_000_000.0


class House:
    """A home that does not exist yet, and the programs that its owner's shell finds."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self._bin = folder / "bin"
        self._bin.mkdir()
        self.program("systemctl", 'case "$*" in *is-active*loop*) exit 3;; *) exit 0;; esac')
        self.program("tailscale", """echo '{"OperatorUser": "taro"}'""")
        self.program("sudo", "exit 1")
        self.environ = {"PATH": str(self._bin)}

    def program(self, name: str, does: str) -> None:
        """Put a program of this name on the PATH."""
        (self._bin / name).write_text(f"#!/bin/sh\n{does}\n")
        (self._bin / name).chmod(0o755)

    def lacks(self, name: str) -> None:
        """Take a program away again."""
        (self._bin / name).unlink()

    def install(self) -> None:
        """Install, unseen."""
        subprocess.run(
            [sys.executable, "-m", "picoclaw_watchdog", "install"],
            env={**environ(self.home, "en", colour=False), **self.environ},
            cwd=ROOT / "src",
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def shows(self, name: str, command: str, status: int = 0) -> None:
        """Compare what a command shows with the kept picture of it."""
        check(
            *(self.home, name, command),
            wall=AT,
            status=status,
            more=self.environ,
            tidy=_without_names,
        )


def _without_names(shown: str) -> str:
    """The program's folder is named after its version and what is in it."""
    return re.sub(r"venv-[0-9.]{5}-[0-9a-f]{10}", "venv-0.0.0-##########", shown)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_an_installation_from_its_beginning_to_its_end(house: House) -> None:
    commands = {
        "install": ["install"],
        "install-again": ["install"],
        "enable": ["enable"],
        "disable": ["disable"],
        "uninstall": ["uninstall"],
    }
    check_all(house.home, commands, wall=AT, more=house.environ, tidy=_without_names)


def test_nothing_is_installed(house: House) -> None:
    house.shows("enable-not-installed", "enable", status=1)
    house.shows("uninstall-nothing", "uninstall")
    house.shows("disable-nothing", "disable")


def test_a_user_without_a_systemd(house: House) -> None:
    house.program("systemctl", "echo 'Failed to connect to bus' >&2; exit 1")
    house.lacks("tailscale")
    house.install()
    house.shows("install-no-bus", "install")
    house.shows("enable-no-bus", "enable", status=1)

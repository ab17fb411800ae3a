"""Completion, the manual page and the Apprise library, in an empty home."""

import sys
import zipfile
from pathlib import Path

import pytest

from picoclaw_watchdog.channels.apprise import OWN_PLACE, python_for
from picoclaw_watchdog.cli.install import documents
from picoclaw_watchdog.install import extras, setup
from picoclaw_watchdog.install.files import Fate
from tests.unit.test_install import House


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(tmp_path, monkeypatch)


def a_wheel(folder: Path) -> None:
    """A library of Apprise's name with nothing in it, for a pip that has no network."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "apprise-9.9-py3-none-any.whl", "w") as wheel:
        wheel.writestr("apprise.py", "")
        info = "apprise-9.9.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: apprise\nVersion: 9.9\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def test_the_library_is_put_where_the_channel_looks_for_it(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_wheel(tmp_path / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    done = extras.install_library(house.places, sys.executable)
    assert done == extras.Library([(house.places.apprise, Fate.NEW)])  # type: ignore[list-item]
    assert python_for(str(house.home)) == f"{house.home}/{OWN_PLACE}"
    again = extras.install_library(house.places, sys.executable)
    assert [item.fate for item in again.items] == [Fate.SAME]
    assert [item.path for item in extras.remove_library(house.places)] == [house.places.apprise]
    assert python_for(str(house.home)) == sys.executable


def test_a_library_that_cannot_be_had_is_said_and_leaves_nothing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nothing").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    done = extras.install_library(house.places, sys.executable)
    assert done.items == []
    assert "apprise" in done.trouble
    assert list(Path(house.places.data).glob("apprise*")) == []


def test_an_interpreter_without_venv_is_said(house: House) -> None:
    house.program("python", "#!/bin/sh\necho 'No module named venv' >&2\nexit 1\n")
    done = extras.install_library(house.places, f"{house.bin}/python")
    assert done.trouble == "No module named venv"


def test_without_addresses_no_library_is_fetched(house: House) -> None:
    done = house.install()
    assert done.apprise == ""
    assert not Path(house.places.apprise).exists()


def test_documents_come_with_an_install_and_go_with_an_uninstall(house: House) -> None:
    def install() -> setup.Installed:
        return setup.install(house.places, house.settings, house.environ, "pico", documents())

    install()
    paths = [Path(path) for path in house.places.documents.values()]
    assert all(path.is_file() for path in paths)
    assert "complete -o default" in paths[0].read_text()
    assert not install().changed
    setup.uninstall(house.places, house.settings)
    assert not any(path.exists() or path.parent.exists() for path in paths)


def test_an_owners_own_completion_is_left_alone(house: House) -> None:
    own = Path(house.places.documents["bash"])
    own.parent.mkdir(parents=True)
    own.write_text("# mine\n")
    setup.install(house.places, house.settings, house.environ, "pico", documents())
    setup.uninstall(house.places, house.settings)
    assert own.read_text() == "# mine\n"

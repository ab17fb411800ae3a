"""The skill in PicoClaw's workspace: put there, updated, removed; what the owner wrote is left."""

from pathlib import Path

import pytest

from picoclaw_watchdog.install import setup, skill
from picoclaw_watchdog.install.files import Fate
from tests.unit.test_install import House

SHIPPED = Path(skill.SOURCE).read_text("utf-8")


class Workshop(House):
    """A home whose PicoClaw has a workspace, with kicks switched on."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, monkeypatch)
        self.pico = self.home / ".picoclaw"
        self.workspace = self.pico / "workspace"
        self.workspace.mkdir(parents=True)
        self.skill = self.workspace / "skills/watchdog/SKILL.md"
        self.kicks("true")

    def kicks(self, word: str) -> None:
        token = "a-token-long-enough-for-anybody"
        prefix = "PICOCLAW_WATCHDOG_KICK"
        self.pico.mkdir(exist_ok=True)
        (self.pico / ".env").write_text(f"{prefix}_ENABLED={word}\n{prefix}_TOKEN={token}\n")
        (self.pico / ".env").chmod(0o600)

    def fates(self) -> list[Fate]:
        return self._fates(self.install())

    def _fates(self, done: setup.Installed) -> list[Fate]:
        return [item.fate for item in done.items if item.path.endswith("SKILL.md")]

    def uninstall(self) -> list[Fate]:
        done = setup.uninstall(self.places, self.settings)
        return [item.fate for item in done.items if item.path.endswith("SKILL.md")]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    return Workshop(tmp_path, monkeypatch)


def test_it_lies_where_the_agent_looks_for_it_and_goes_with_the_rest(shop: Workshop) -> None:
    assert shop.fates() == [Fate.NEW]
    assert shop.skill.read_text("utf-8") == SHIPPED
    assert shop.fates() == [Fate.SAME]
    assert shop.uninstall() == [Fate.GONE]
    assert list(shop.workspace.iterdir()) == []


def test_it_follows_pico_home(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shop.install()
    shop.environ["PICO_HOME"] = str(tmp_path / "elsewhere")
    monkeypatch.setenv("PICO_HOME", shop.environ["PICO_HOME"])
    shop.pico = tmp_path / "elsewhere"
    (shop.pico / "workspace").mkdir(parents=True)
    shop.kicks("true")
    assert shop.fates() == [Fate.GONE, Fate.NEW]
    assert (shop.pico / "workspace/skills/watchdog/SKILL.md").exists()
    assert not shop.skill.exists()


def test_no_workspace_is_made_for_it(shop: Workshop) -> None:
    shop.workspace.rmdir()
    assert shop.fates() == []
    assert not shop.workspace.exists()


def test_it_is_there_only_while_kicks_are_on(shop: Workshop) -> None:
    shop.kicks("false")
    assert shop.fates() == []
    shop.kicks("true")
    assert shop.fates() == [Fate.NEW]
    shop.kicks("false")
    assert shop.fates() == [Fate.GONE]
    assert not shop.skill.exists()


def test_an_update_replaces_the_text_of_an_older_version(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    older = tmp_path / "older.md"
    older.write_text("what an older version said")
    monkeypatch.setattr(skill, "SOURCE", str(older))
    shop.install()
    monkeypatch.undo()
    for name, value in shop.environ.items():
        monkeypatch.setenv(name, value)
    assert shop.fates() == [Fate.REPLACED]
    assert shop.skill.read_text("utf-8") == SHIPPED


@pytest.mark.parametrize("put_there_by", ["owner", "install"])
def test_what_the_owner_wrote_stays(shop: Workshop, put_there_by: str) -> None:
    if put_there_by == "install":
        shop.install()
    shop.skill.parent.mkdir(parents=True, exist_ok=True)
    shop.skill.write_text("mine")
    done = shop.install()
    assert [item.fate for item in done.items if item.path.endswith("SKILL.md")] == [Fate.KEPT]
    assert not shop.install().changed
    shop.uninstall()
    assert shop.skill.read_text() == "mine"


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_nothing_is_written_through_a_link(shop: Workshop, tmp_path: Path, linked: str) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "SKILL.md").write_text("of a clone")
    if linked == "file":
        shop.skill.parent.mkdir(parents=True)
        shop.skill.symlink_to(clone / "SKILL.md")
    else:
        shop.skill.parent.parent.mkdir()
        shop.skill.parent.symlink_to(clone)
    assert shop.fates() == [Fate.KEPT]
    shop.uninstall()
    assert (clone / "SKILL.md").read_text() == "of a clone"
    assert shop.skill.exists()

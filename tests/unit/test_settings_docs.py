import re
from pathlib import Path

import pytest

from picoclaw_watchdog.settings.docs import documents, main
from picoclaw_watchdog.settings.load import load
from picoclaw_watchdog.settings.schema import SETTINGS, Section
from picoclaw_watchdog.settings.texts import MEANINGS, SECTIONS

ROOT = Path(__file__).parents[2]
FOUNDING_LINES = """\
PICOCLAW_WATCHDOG_ENABLED=true
PICOCLAW_WATCHDOG_INTERVAL_SEC=60
PICOCLAW_WATCHDOG_RESTART_WINDOW_SEC=600
PICOCLAW_WATCHDOG_RESTART_MAX_COUNT=3
PICOCLAW_WATCHDOG_LINE_NOTIFY_ENABLED=false
PICOCLAW_WATCHDOG_LINE_NOTIFY_TO=
PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN=
"""


def copied(text: str, home: Path) -> Path:
    (home / ".picoclaw").mkdir(parents=True)
    env = home / ".picoclaw" / ".env"
    env.write_text(text)
    env.chmod(0o600)
    return home


@pytest.mark.parametrize("name", list(documents()))
def test_the_committed_document_is_the_generated_one(name: str) -> None:
    remedy = "run: python -m picoclaw_watchdog.settings.docs"
    assert (ROOT / name).read_text(encoding="utf-8") == documents()[name], remedy


def test_every_setting_and_section_has_its_meaning_in_both_languages() -> None:
    assert set(MEANINGS) == {setting.field for setting in SETTINGS}
    assert set(SECTIONS) == set(Section)
    for meaning in MEANINGS.values():
        assert meaning.en.endswith(".")
        assert meaning.ja.endswith("。")


@pytest.mark.parametrize("name", ["docs/settings.md", "docs/settings.ja.md"])
def test_every_setting_has_its_row(name: str) -> None:
    rows = [line for line in documents()[name].splitlines() if line.startswith("| `PICO")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(s.name for s in SETTINGS)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_the_template_as_it_is_has_no_mistake_and_changes_nothing(tmp_path: Path) -> None:
    template = documents()["config/watchdog.env.example"]
    loaded = load({}, str(copied(template, tmp_path / "copied")))
    plain = load({}, str(tmp_path / "copied" / "nowhere")).settings
    assert loaded.mistakes == ()
    assert loaded.settings.interval_sec == plain.interval_sec
    assert loaded.origins["restart_max_count"].where.endswith(".env")


def test_the_templates_active_lines_are_those_of_the_manual() -> None:
    template = documents()["config/watchdog.env.example"].splitlines()
    active = [line for line in template if line and not line.startswith("#")]
    assert sorted(active) == sorted(FOUNDING_LINES.splitlines())


@pytest.mark.parametrize("name", ["config/watchdog.env.example", ".env.example"])
def test_every_commented_default_can_be_uncommented(name: str, tmp_path: Path) -> None:
    text = re.sub(r"(?m)^#(PICOCLAW)", r"\1", documents()[name])
    loaded = load({}, str(copied(text, tmp_path / "home")))
    assert loaded.mistakes == ()
    assert text.count("\nPICOCLAW") == len(SETTINGS) - 1  # all but PICO_HOME
    default = load({"PICO_HOME": str(tmp_path / "home" / ".picoclaw" / "x")}, "/").settings
    moved = {"address_set", "pico_home", "state_dir", "log_dir", "log_file", "kick_file"}
    for field, value in loaded.settings._asdict().items():
        assert field in moved or value == getattr(default, field)


def test_the_all_commented_example_sets_nothing() -> None:
    lines = documents()[".env.example"].splitlines()
    assert all(line.startswith("#") or not line for line in lines)


def test_the_documents_are_written_only_into_the_project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "not the project's folder" in capsys.readouterr().err
    (tmp_path / "pyproject.toml").write_text("")
    assert main([str(tmp_path)]) == 0
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == {
        *documents(),
        "pyproject.toml",
    }

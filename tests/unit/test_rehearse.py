from pathlib import Path

import pytest

from picoclaw_watchdog.cli.rehearse import main
from picoclaw_watchdog.sim import story


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PICOCLAW_WATCHDOG_LANGUAGE", "en")
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def test_without_a_story_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    for name in story.names():
        assert name in said


@pytest.mark.parametrize(("language", "words"), [("en", "is killed"), ("ja", "強制終了")])
def test_a_night_is_shown_and_the_owners_home_is_not_touched(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    words: str,
) -> None:
    monkeypatch.setenv("PICOCLAW_WATCHDOG_LANGUAGE", language)
    assert main(["gateway-killed"]) == 0
    said = capsys.readouterr().out
    assert words in said
    assert "00:10:20" in said
    assert list(home.iterdir()) == []


def test_the_owners_own_settings_are_rehearsed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env = home / ".picoclaw" / ".env"
    env.parent.mkdir()
    env.write_text("PICOCLAW_WATCHDOG_RESTART_MAX_COUNT=0\n")
    env.chmod(0o600)
    assert main(["gateway-killed"]) == 1  # nothing may be restarted, so it stays dead
    said = capsys.readouterr().out
    assert "not as this story says: restarts 1 to 1, not 0" in said
    assert "written for the default settings" in said


def test_years_end_with_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--years", "0.02", "--seed", "7"]) == 0
    said = capsys.readouterr().out
    assert "simulated host-years" in said
    assert "invariants broken" in said


@pytest.mark.parametrize(
    "wrong", [["no-such-story"], ["--years"], ["--years", "ten"], ["a", "b"], ["--what"]]
)
def test_wrong_usage_ends_with_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(wrong) == 2
    assert capsys.readouterr().out == ""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from picoclaw_watchdog.cli.config import main
from picoclaw_watchdog.settings.picoclaw import VARIABLES
from picoclaw_watchdog.settings.schema import SETTINGS

P = "PICOCLAW_WATCHDOG_"
TOKEN = "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Be somebody with this `.env` and nothing of ours in the environment."""
    theirs = (*VARIABLES, "PICO_HOME", "LC_ALL", "LC_MESSAGES", "LANG")
    for name in (*theirs, *(s.name for s in SETTINGS)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    def writing(text: str) -> Path:
        env = tmp_path / ".picoclaw" / ".env"
        env.parent.mkdir(exist_ok=True)
        env.write_text(text)
        env.chmod(0o600)
        return env

    return writing


def test_check_counts_what_it_read(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(f"{P}ENABLED=true\n{P}INTERVAL_SEC=30\n")
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "2 settings read, no mistakes\n"


def test_check_tells_every_mistake_in_a_line_and_exits_2(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    env = write(f"{P}INTERVAL_SEC=0\n{P}ENABLE=true\n{P}LOG_KEEP=1\n{P}LOG_KEEP=2\n")
    assert main(["check"]) == 2
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{env}:1: {P}INTERVAL_SEC: ")
    assert second.startswith(f"{env}:2: {P}ENABLE: ")
    assert third.startswith(f"warning: {env}:4: {P}LOG_KEEP: ")


def test_check_exits_0_where_there_are_only_warnings(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    env = write(f"{P}ENABLED=true\n")
    env.chmod(0o644)
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("warning: ")
    assert f"chmod 600 {env}" in out


def test_check_speaks_japanese(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(f"{P}LANGUAGE=ja\n")
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "設定 1 件を読みました。誤りはありません。\n"


def test_show_has_every_key_its_value_and_its_origin(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    env = write(f"\n{P}INTERVAL_SEC=30\n")
    monkeypatch.setenv(P + "LOG_KEEP", "2")
    assert main(["show"]) == 0
    rows = {row.split()[0]: row.split()[1:] for row in capsys.readouterr().out.splitlines() if row}
    assert {setting.name for setting in SETTINGS} <= set(rows)
    assert rows[P + "INTERVAL_SEC"] == ["30", f"{env}:2"]
    assert rows[P + "LOG_KEEP"] == ["2", "environment"]
    assert rows[P + "LOCAL_TIMEOUT_SEC"] == ["3", "default"]
    assert rows[TOKEN] == ["(none)", "default"]


@pytest.mark.parametrize("arguments", [["show"], ["show", "--json"], ["check"]])
def test_no_part_of_a_secret_is_shown(
    write: Write, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    write(f"{TOKEN}=hunter2-and-a-long-rest\n{P}KICK_TOKEN=hunter2-hunter2-hunter2\n")
    assert main(arguments) == 0
    shown = "".join(capsys.readouterr())
    assert "hunter2" not in shown
    assert "rest" not in shown.split(TOKEN)[-1][:80]


def test_show_json_is_for_programs(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    env = write(f"{TOKEN}=abcdef\n{P}OLLAMA_REQUIRED_MODELS=a,b\n{P}INTERVAL_SEC=never\n")
    assert main(["show", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    settings = {entry["key"]: entry for entry in document["settings"]}
    assert len(settings) == len(SETTINGS)
    assert settings[TOKEN]["value"] == "********"
    assert settings[TOKEN]["set"] is True
    assert settings["PICOCLAW_CHANNELS_LINE_CHANNEL_SECRET"]["set"] is False
    assert settings["PICOCLAW_CHANNELS_LINE_CHANNEL_SECRET"]["value"] == ""
    assert settings[P + "OLLAMA_REQUIRED_MODELS"]["value"] == ["a", "b"]
    assert settings[P + "OLLAMA_REQUIRED_MODELS"]["origin"] == {"where": str(env), "line": 2}
    assert settings[P + "INTERVAL_SEC"]["value"] == 60
    assert document["mistakes"][0]["fatal"] is True


def test_show_tells_mistakes_apart_from_the_values(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write(f"{P}INTERVAL_SEC=never\n")
    assert main(["show"]) == 2
    out, err = capsys.readouterr()
    assert "never" not in out
    assert f'{P}INTERVAL_SEC: "never" is no whole number' in err


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frobnicate"]) == 2
    assert "show or check?" in capsys.readouterr().err


@pytest.mark.parametrize(("language", "words"), [("en", "own settings"), ("ja", "自身の設定")])
def test_show_tells_where_the_gateways_address_comes_from(
    write: Write, capsys: pytest.CaptureFixture[str], language: str, words: str
) -> None:
    env = write(f"{P}LANGUAGE={language}\nPICOCLAW_GATEWAY_PORT=8080\n")
    assert main(["show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line}
    assert rows[P + "GATEWAY_PORT"] == ["8080", f"{env}:2"]
    assert rows[P + "HEALTH_URL"] == ["http://127.0.0.1:8080/health", f"{env}:2"]
    (own,) = [line for line in lines if words in line]
    assert own.endswith(f"http://127.0.0.1:8080 ({env}:2)")
    assert main(["show", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["picoclaw"] == {"address": "http://127.0.0.1:8080", "source": f"{env}:2"}


def test_show_tells_both_addresses_where_they_differ(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    env = write(f"{P}GATEWAY_PORT=9000\nPICOCLAW_GATEWAY_PORT=8080\n")
    assert main(["show"]) == 0
    out = capsys.readouterr().out
    assert "http://127.0.0.1:9000/health" in out
    assert f"http://127.0.0.1:8080 ({env}:2)" in out


def test_show_says_nothing_of_picoclaw_where_it_says_nothing(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("")
    assert main(["show"]) == 0
    assert "own settings" not in capsys.readouterr().out


@pytest.mark.parametrize("command", [["check"], ["show"]])
def test_a_file_that_others_can_write_stops_the_commands_that_people_run(
    write: Write, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    env = write(f"{P}INTERVAL_SEC=30\n")
    env.chmod(0o666)
    assert main(command) == 2
    assert f"run: chmod 600 {env}" in "".join(capsys.readouterr())

"""What every command says of itself, and what shells and `man` make of it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from picoclaw_watchdog.cli.commands import (
    ABOUT,
    GROUPS,
    PROGRAM,
    VALUES,
    command,
    groups,
    help_text,
    names,
)
from picoclaw_watchdog.cli.completion import SHELLS, bash
from picoclaw_watchdog.cli.main import COMMANDS, main
from picoclaw_watchdog.cli.manual import page
from picoclaw_watchdog.settings.schema import SETTINGS
from picoclaw_watchdog.terminal.columns import width

ROWS = 24
COLUMNS = 80


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", names())
def test_a_commands_help_fits_a_screen_and_shows_an_example(name: str, language: str) -> None:
    text = help_text(name, language)
    lines = text.splitlines()
    assert len(lines) <= ROWS
    assert max(map(width, lines)) <= 110
    assert re.search(r"example|例", text)
    assert PROGRAM in text


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_every_command_is_on_the_first_screen(
    language: str,
    columns: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PICOCLAW_WATCHDOG_LANGUAGE", language)
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in COMMANDS:
        assert any(re.search(rf"(^| ){name}( |$)", line) for line in lines), name
    assert max(map(width, lines)) <= columns
    if columns >= COLUMNS:
        assert len(lines) <= ROWS


def test_every_command_has_a_group_and_japanese_words() -> None:
    grouped = {name for _, listed in GROUPS.values() for name in listed}
    assert set(COMMANDS) <= grouped, "add it to GROUPS in cli/commands.py"
    assert set(COMMANDS) <= set(ABOUT), "add it to ABOUT in cli/commands.py"
    assert [name for _, listed in groups() for name in listed if name not in COMMANDS] == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("statsu", "status"), ("kcik", "kick"), ("doc", "doctor"), ("notify", "notify-test")],
)
def test_a_misspelt_command_is_answered_with_the_nearest(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([typed]) == 2
    assert capsys.readouterr().err.endswith(f"did you mean: {PROGRAM} {meant}\n")


def test_what_is_near_nothing_is_answered_with_where_to_look(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["xyzzy"]) == 2
    assert capsys.readouterr().err.endswith("all commands: picoclaw-watchdog --help\n")


# ---- completion


class Bash:
    """The real bash, asked what it would complete."""

    def __init__(self, folder: Path) -> None:
        self._script = folder / "completion.bash"
        self._script.write_text(bash())

    def offers(self, *words: str) -> list[str]:
        line = " ".join(f"'{word}'" for word in (PROGRAM, *words))
        code = (
            f"source {self._script}; COMP_WORDS=({line}); COMP_CWORD={len(words)};"
            ' _picoclaw_watchdog; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        ran = subprocess.run(
            ["bash", "--norc", "-ec", code], capture_output=True, text=True, check=True
        )
        assert ran.stderr == ""
        return ran.stdout.split()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Bash:
    return Bash(tmp_path_factory.mktemp("completion"))


def test_every_command_is_completed(shell: Bash) -> None:
    assert set(names()) <= set(shell.offers(""))
    assert shell.offers("notif") == ["notify-test"]


@pytest.mark.parametrize("name", names())
def test_every_option_of_a_commands_help_is_completed(shell: Bash, name: str) -> None:
    said = help_text(name).replace("systemctl --user", "")
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", said)) | {"--help"}
    assert set(shell.offers(name, "--")) == options


def test_values_and_words_are_completed(shell: Bash) -> None:
    assert shell.offers("status", "--color", "") == ["auto", "always", "never"]
    assert shell.offers("config", "s") == ["show"]
    assert "restart_gateway" in shell.offers("kick", "rest")
    assert shell.offers("completion", "")[:3] == ["bash", "zsh", "fish"]
    for option in VALUES:
        assert any(option in command(name).options for name in names()), option


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_shell_understands_its_script(name: str, tmp_path: Path) -> None:
    if shutil.which(name) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is missing: .ci/run installs it")
        pytest.skip(f"{name} is not installed")
    script = tmp_path / "script"
    script.write_text(SHELLS[name]())
    subprocess.run([name, "-n", str(script)], check=True, capture_output=True)


def test_fish_offers_what_there_is(tmp_path: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    script = tmp_path / "script.fish"
    script.write_text(SHELLS["fish"]())
    asked = f"source {script}; complete -C '{PROGRAM} status --'"
    environ = {**os.environ, "HOME": str(tmp_path)}
    ran = subprocess.run(
        ["fish", "-N", "-c", asked], capture_output=True, text=True, check=True, env=environ
    )
    assert {"--json", "--watch", "--color"} <= {
        line.split("\t")[0] for line in ran.stdout.split("\n")
    }


def test_the_command_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    assert capsys.readouterr().out == bash()
    assert main(["completion"]) == 2
    assert main(["completion", "csh"]) == 2


# ---- the manual page


@pytest.mark.parametrize(
    "checker",
    [["mandoc", "-Tlint", "-Wwarning"], ["groff", "-man", "-Tutf8", "-ww", "-z"]],
    ids=lambda each: each[0],
)
def test_the_manual_page_is_clean(checker: list[str], tmp_path: Path) -> None:
    if shutil.which(checker[0]) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{checker[0]} is missing: .ci/run installs it")
        pytest.skip(f"{checker[0]} is not installed")
    path = tmp_path / "picoclaw-watchdog.1"
    path.write_text(page())
    ran = subprocess.run([*checker, str(path)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


def test_the_manual_page_has_every_command_and_every_setting() -> None:
    text = page().replace("\\-", "-")
    for name in COMMANDS:
        assert f".SS {name}\n" in text
    for setting in SETTINGS:
        assert f".BR {setting.name}" in text

"""What every command says of itself, and what it prints for a shell."""

from pathlib import Path

import pytest

from picoclaw_watchdog.cli.commands import names
from picoclaw_watchdog.cli.completion import SHELLS
from tests.screens.snapshots import KEPT, check, keep


@pytest.mark.parametrize("name", names())
def test_help(tmp_path: Path, name: str) -> None:
    check(tmp_path, f"{name}-help", name, "--help", wall=0.0)


def test_every_command_has_its_picture() -> None:
    pictures = {path.name.partition(".")[0] for path in KEPT.glob("*.ja.txt")}
    shown = {each for each in pictures if not each.endswith("-help")}
    for name in names():
        assert any(each == name or each.startswith(f"{name}-") for each in shown), name


def test_a_script_for_a_shell_that_is_not_named(tmp_path: Path) -> None:
    check(tmp_path, "completion", "completion", wall=0.0, status=2)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_for_a_shell(shell: str) -> None:
    """It is for no eyes, and the same on every terminal."""
    keep(f"completion-{shell}.txt", SHELLS[shell]())

"""The Makefile's promises to an owner."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWNERS = {
    "install-watchdog",
    "enable-watchdog",
    "disable-watchdog",
    "uninstall-watchdog",
    "watchdog-status",
    "watchdog-run-once",
    "watchdog-kick",
    "test-watchdog-mock",
    "demo",
    "test",
}


def make(*arguments: str, folder: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", "-C", str(folder), *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_every_founding_target_is_listed() -> None:
    listed = {line.split()[0] for line in make("help").stdout.splitlines()}
    assert listed >= OWNERS


def test_without_a_new_enough_python_one_line_says_what_to_do() -> None:
    for target in ("demo", "install-watchdog"):
        done = make(target, "PYTHONS=no-such-python false")
        assert done.returncode != 0
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert "sudo apt install python3 python3-venv" in done.stderr


def test_without_the_venv_module_one_line_says_what_to_do(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\n')
    python.chmod(0o755)
    done = make("test", f"PYTHONS={python}", folder=tmp_path)
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0
    assert len(said) == 1
    assert "venv" in said[0]
    assert "sudo apt install python3-venv" in said[0]


def test_a_token_for_a_kick_does_not_stand_on_a_command_line() -> None:
    done = make("--dry-run", "watchdog-kick", "ACTION=check_ollama", "TOKEN=very-secret")
    assert "kick" in done.stdout
    assert "very-secret" not in done.stdout + done.stderr
    assert "write TOKEN=... make watchdog-kick" in done.stdout


@pytest.mark.parametrize("token", ["", "very-secret"])
def test_a_token_before_make_is_not_warned_of(token: str) -> None:
    done = make("--dry-run", "watchdog-kick", "ACTION=check_ollama", TOKEN=token)
    assert "other users" not in done.stdout + done.stderr

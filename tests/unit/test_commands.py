"""Commands that can be pasted."""

import shlex
import subprocess

import pytest

from picoclaw_watchdog.core.commands import command, filled, word

NAMES = [
    "picoclaw-gateway.service",
    r"foo\x2dbar.service",
    "app@inst ance.service",
    r"CORP\alice",
    "o'neil",
    'a "quoted" name',
    "$HOME",
    "$(touch /tmp/x)",
    "`id`",
    "a;b&c|d>e",
    "*",
    "50%",
    "",
    "日本語",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_word_whatever_is_in_it(name: str) -> None:
    assert shlex.split(command("systemctl", "start", name)) == ["systemctl", "start", name]


@pytest.mark.parametrize("name", [*NAMES, "a\nb", "\x1b[31mred", "\u202egnp.exe", "\x7f'\\"])
def test_bash_reads_back_what_was_meant(name: str) -> None:
    said = command("printf", "%s", name)
    assert said.isprintable(), "nothing in it moves the cursor or turns the line around"
    ran = subprocess.run(["/bin/bash", "-c", said], capture_output=True, check=True)
    assert ran.stdout.decode() == name


def test_a_home_stays_a_home() -> None:
    assert word("~/.picoclaw/.env") == "~/.picoclaw/.env"
    assert word("~/my pico/.env") == "~/'my pico/.env'"
    assert word("~") == "'~'", "a file of that name"


def test_several_words_stay_several() -> None:
    assert filled("{run} funnel {ports}", {"run": ("sudo", "tailscale"), "ports": (1, 2)}) == (
        "sudo tailscale funnel 1 2"
    )
    assert filled("kill {pid}", {"pid": "7 8"}) == "kill '7 8'"

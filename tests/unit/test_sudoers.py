"""Lines of sudoers: exact, and nothing where they cannot be."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from picoclaw_watchdog.host.sudoers import line

TAILSCALE = "/usr/bin/tailscale"
PATH = (
    "funnel",
    "--bg",
    "--https=8443",
    "--set-path=/webhook",
    "http://127.0.0.1:18791/webhook",
)


def test_a_line_is_the_command_word_for_word() -> None:
    plain = line("pico", TAILSCALE, ("funnel", "--bg", "18791"))
    assert plain == "pico ALL=(root) NOPASSWD: /usr/bin/tailscale funnel --bg 18791"


def test_what_means_something_to_sudo_is_escaped() -> None:
    assert line("CORP\\alice", TAILSCALE, PATH) == (
        "CORP\\\\alice ALL=(root) NOPASSWD: /usr/bin/tailscale funnel --bg --https\\=8443 "
        "--set-path\\=/webhook http\\://127.0.0.1\\:18791/webhook"
    )


@pytest.mark.parametrize(
    ("user", "program", "words"),
    [
        ("pico", TAILSCALE, ()),
        ("pico", TAILSCALE, ("funnel", "*")),
        ("pico", TAILSCALE, ("funnel", "--bg", "--set-path=/a[b]", "1")),
        ("pico", TAILSCALE, ("funnel", "--bg", "http://127.0.0.1:1/a?b")),
        ("pico", TAILSCALE, ("funnel", "--bg", "/a b")),
        ("pico", TAILSCALE, ("funnel", "--bg", "x#y")),
        ("pico", TAILSCALE, ("funnel", "")),
        ("pico", TAILSCALE, ("funnel", "a\\b")),
        ("pico", "tailscale", ("funnel", "reset")),
        ("#0", TAILSCALE, ("funnel", "reset")),
        ("%sudo", TAILSCALE, ("funnel", "reset")),
        ("a\nb", TAILSCALE, ("funnel", "reset")),
        ("pico", TAILSCALE, ("funnel", "a\nb ALL=(ALL) ALL")),
    ],
)
def test_where_no_exact_line_can_be_written_there_is_none(
    user: str, program: str, words: tuple[str, ...]
) -> None:
    assert line(user, program, words) == ""


@pytest.mark.skipif(not shutil.which("cvtsudoers"), reason="sudo's own reader is not installed")
@pytest.mark.parametrize("user", ["pico", "CORP\\alice", "alice smith", "alice@corp.example"])
def test_sudo_reads_the_line_as_it_is_meant(tmp_path: Path, user: str) -> None:
    words = (*PATH, "a,b=c:d@e%f+g~h(i)")
    file = tmp_path / "sudoers"
    file.write_text(line(user, "/opt/my tools/tailscale", words) + "\n")
    read = subprocess.run(
        ["cvtsudoers", "-f", "json", file], capture_output=True, text=True, check=True
    )
    (spec,) = json.loads(read.stdout)["User_Specs"]
    assert spec["User_List"] == [{"username": user}]
    (command,) = spec["Cmnd_Specs"][0]["Commands"]
    assert command["command"] == " ".join(("/opt/my tools/tailscale", *words))

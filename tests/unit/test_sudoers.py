"""The line of sudoers: exact, or none."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from picoclaw_watchdog.host.sudoers import is_roots, line

FUNNEL = ("/usr/bin/tailscale", "funnel", "--bg", "18791")
SBIN = "/usr/sbin:/sbin:/usr/bin:/bin"
VISUDO = shutil.which("visudo", path=SBIN)
CVTSUDOERS = shutil.which("cvtsudoers", path=SBIN)
USERS = {
    "pico": "pico",
    r"CORP\alice": r"CORP\\alice",
    "bob smith": r"bob\ smith",
    "a,b=c": r"a\,b\=c",
    "carol@corp.example": "carol@corp.example",
    "PICO": r"\PICO",  # not the alias of that name
    "ALL": r"\ALL",  # least of all this one
    "e(f)": r"e\(f\)",
    "h#x": r"h\#x",
    "u!v": r"u\!v",
}
ARGUMENTS = {
    "--https=8443": r"--https\=8443",
    "http://127.0.0.1:18791/w": r"http\://127.0.0.1\:18791/w",
    "a,b": r"a\,b",
    "a\\b": r"a\\\\b",
    "a*b": r"a\*b",
    "a?b[c]": r"a\?b\[c\]",
    "a(b)": "a(b)",
}


def test_the_line_names_user_program_and_every_argument() -> None:
    assert line("pico", FUNNEL) == (
        "pico ALL=(root) NOPASSWD: /usr/bin/tailscale funnel --bg 18791"
    )


@pytest.mark.parametrize(("user", "escaped"), USERS.items())
def test_a_users_name_is_escaped(user: str, escaped: str) -> None:
    said = line(user, FUNNEL)
    assert said.startswith(f"{escaped} ALL=(root) ")


@pytest.mark.parametrize(("word", "escaped"), ARGUMENTS.items())
def test_an_argument_is_escaped(word: str, escaped: str) -> None:
    said = line("pico", ("/usr/bin/tailscale", "funnel", word))
    assert said.endswith(f" funnel {escaped}")


@pytest.mark.parametrize(
    "user", ["", "%wheel", "+staff", "#0", "@file", "-x", "!x", " x", "x ", "a\nb ALL", "a\tb"]
)
def test_a_name_that_sudoers_takes_for_something_else_gets_no_line(user: str) -> None:
    assert line(user, FUNNEL) == ""


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("/usr/bin/tailscale",),  # that would allow all of its commands
        ("tailscale", "funnel", "reset"),
        ("/usr/bin/", "funnel"),  # a folder: all that is in it
        ("/usr/bin/../bin/tailscale", "funnel"),
        ("/opt/*/tailscale", "funnel"),
        ("/usr/bin/tailscale", "funnel", ""),
        ("/usr/bin/tailscale", "funnel", "two words"),  # sudo cannot tell them from two arguments
        ("/usr/bin/tailscale", '""'),
        ("/usr/bin/tailscale", "^funnel.*$"),
        ("/usr/bin/tailscale", "a\nb"),
        ("/usr/bin/tailscale", "#x"),
    ],
)
def test_a_command_that_cannot_be_named_exactly_gets_no_line(argv: tuple[str, ...]) -> None:
    assert line("pico", argv) == ""


@pytest.mark.skipif(VISUDO is None and "CI" not in os.environ, reason="needs visudo")
def test_sudos_own_parser_takes_every_line(tmp_path: Path) -> None:
    lines = [line(user, FUNNEL) for user in USERS]
    lines += [line("pico", (*FUNNEL[:2], word)) for word in ARGUMENTS]
    assert all(lines)
    file = tmp_path / "sudoers"
    file.write_text("".join(f"{each}\n" for each in lines))
    file.chmod(0o440)
    checked = subprocess.run(
        [VISUDO or "visudo", "-c", "-s", "-f", file], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.skipif(CVTSUDOERS is None and "CI" not in os.environ, reason="needs cvtsudoers")
@pytest.mark.parametrize("user", ["pico", r"CORP\alice", "alice smith", "alice@corp.example"])
def test_sudo_reads_the_line_as_it_is_meant(tmp_path: Path, user: str) -> None:
    words = ("funnel", "--https=8443", "--set-path=/w", "http://127.0.0.1:1/w", "a,b:d@e%f+g~h(i)")
    file = tmp_path / "sudoers"
    file.write_text(line(user, ("/opt/my tools/tailscale", *words)) + "\n")
    read = subprocess.run(
        [CVTSUDOERS or "cvtsudoers", "-f", "json", file],
        capture_output=True,
        text=True,
        check=True,
    )
    (spec,) = json.loads(read.stdout)["User_Specs"]
    assert spec["User_List"] == [{"username": user}]
    (command,) = spec["Cmnd_Specs"][0]["Commands"]
    assert command["command"] == " ".join(("/opt/my tools/tailscale", *words))


def test_a_program_that_others_can_replace_is_not_roots(tmp_path: Path) -> None:
    assert is_roots("/bin/sh")
    assert not is_roots("/no/such/program")
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    program = open_to_all / "tailscale"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert not is_roots(str(program)), "its folder is anybody's"
    (tmp_path / "link").symlink_to(program)
    assert not is_roots(str(tmp_path / "link"))

"""The skill obeys the rules of PicoClaw's own loader, validator and command guard.

Rules: sipeed/picoclaw pkg/skills/loader.go and validator.go, pkg/tools/shell.go (2026-06).
"""

import json
import re
from pathlib import Path

import pytest

from picoclaw_watchdog.kick import requests

SKILL = Path(__file__).parents[2] / "skills" / "watchdog" / "SKILL.md"
LONGEST_NAME = 64  # bytes, as len() counts in Go
LONGEST_DESCRIPTION = 1024  # bytes
LARGEST_SKILL = 100_000  # bytes
NAME = re.compile(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*")
FRONT = re.compile(r"---(?:\r\n|\n|\r)(.*?)(?:\r\n|\n|\r)---(?:\r\n|\n|\r)*", re.DOTALL)
# What its guard calls a path, and some of what it calls dangerous, also in the strict mode.
PATH = re.compile(r"""/[^\s"']+""")
DANGEROUS = re.compile(
    r"\$\([^)]+\)|\$\{[^}]+\}|`[^`]+`|\b(shutdown|reboot|poweroff|sudo|eval|chown|pkill|killall)\b"
    r"|\b(format|mkfs|diskpart)\b\s|>\s*/dev/null"
)
EXEC_SECONDS = 60  # after which its exec tool ends a command


def front_matter(text: str) -> dict[str, str]:
    """As the loader reads it: no YAML, one `key: value` a line, quotes stripped off."""
    match = FRONT.match(text)
    assert match, "no front matter at the very beginning"
    lines = [line.strip() for line in match[1].splitlines()]
    pairs = [line.partition(":") for line in lines if line and not line.startswith("#")]
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def skill() -> str:
    return SKILL.read_text("utf-8")


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", skill(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_the_loader_finds_a_valid_name_and_description() -> None:
    meta = front_matter(skill())
    assert NAME.fullmatch(meta["name"])
    assert len(meta["name"].encode()) <= LONGEST_NAME
    assert 0 < len(meta["description"].encode()) <= LONGEST_DESCRIPTION
    assert meta["name"] == SKILL.parent.name, "the loader lists by one and loads by the other"


def test_the_front_matter_is_yaml_for_the_validator_too() -> None:
    text = skill()
    assert text.startswith("---\n")
    assert len(text.encode()) <= LARGEST_SKILL
    match = FRONT.match(text)
    assert match
    for line in match[1].splitlines():
        key, separator, value = line.partition(": ")
        assert separator, line
        assert NAME.fullmatch(key)
        # Plain text, a quoted text, or JSON: all are YAML, and json reads the latter two.
        if value[0] in '"{':
            json.loads(value)
        else:
            assert not re.search(r": | #|^[-?:,\[\]{}#&*!|>'%@`]", value), line


def test_the_body_survives_without_its_front_matter() -> None:
    body = FRONT.sub("", skill(), count=1)
    assert body.startswith("# Watchdog\n")


def test_its_commands_pass_the_guard_of_the_exec_tool() -> None:
    assert commands()
    for command in commands():
        assert not PATH.search(command), f"outside the workspace: {command}"
        assert not DANGEROUS.search(command.lower()), command


def test_its_only_command_is_a_kick_that_waits_less_than_the_exec_tool_does() -> None:
    for command in commands():
        words = command.split()
        assert words[:2] == ["picoclaw-watchdog", "kick"]
        assert words[3] == "--source"
        assert words[5] == "--wait"
        assert int(words[6]) < EXEC_SECONDS
        assert len(words) == 7, "nothing else, and no token"


def test_every_action_it_names_can_be_asked_for() -> None:
    named = re.findall(r"^\| [^|]+ \| `([a-z_]+)(?:=30m)?`", skill(), re.MULTILINE)
    assert set(named) == set(requests.VERBS)


def test_it_answers_for_every_exit_status() -> None:
    table = re.findall(r"^\| ([0-9](?:, [0-9])?) \|", skill(), re.MULTILINE)
    assert ", ".join(table) == "0, 1, 2, 3, 4, 5, 6"


@pytest.mark.parametrize("said", ["KICK_TOKEN", "--token", "kick_taken"])
def test_it_teaches_nobody_how_to_get_around_it(said: str) -> None:
    assert said not in skill()

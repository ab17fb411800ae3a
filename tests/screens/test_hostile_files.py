"""Files of ours that somebody else has written, and readers that leave: no traceback, no escape."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.screens.snapshots import ROOT, environ, typed
from tests.sim.night import Night

COMMANDS = (
    *(("status",), ("status", "--json"), ("why",), ("why", "--json"), ("history",)),
    *(("incidents",), ("incidents", "show"), ("drill", "--last"), ("report",)),
)
EVIL = "\x1b]0;x\x07\x9b31m\u202e\u200b\x00\ud800"

Broken = Callable[[dict[str, Any]], object]


def put(name: str, value: object) -> Broken:
    return lambda document: {**document, name: value}


def without(name: str) -> Broken:
    return lambda document: {key: value for key, value in document.items() if key != name}


def evil(value: object) -> object:
    """The same with something in every text."""
    if isinstance(value, dict):
        return {name: evil(each) for name, each in value.items()}
    if isinstance(value, list):
        return [evil(each) for each in value]
    return value + EVIL if isinstance(value, str) else value


DOCUMENTS: dict[str, Broken] = {
    "only the time": lambda document: {"at": document["at"]},
    "the time is text": put("at", "now"),
    "the time is null": put("at", None),
    "the time is endless": put("at", float("inf")),
    "the time is beyond every calendar": put("at", 1e300),
    "no incidents": without("incidents"),
    "no looks": without("looks"),
    "no budgets": without("budgets"),
    "no host": without("host"),
    "incidents are a number": put("incidents", 7),
    "incidents are of numbers": put("incidents", [7]),
    "looks are text": put("looks", "none"),
    "targets are a list": put("targets", ["gateway"]),
    "an unheard-of verdict": put("targets", {"gateway": "superb"}),
    "decisions are of text": put("decisions", ["x"]),
    "decisions are half": put("decisions", [{"at": 1}]),
    "host is a list": put("host", [1]),
    "couriers are empty objects": put("couriers", [{}]),
    "escapes in every text": evil,
    "a list": lambda document: [document],
    "a number": lambda _: 7,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A host where much has happened."""
    night = Night(tmp_path_factory.mktemp("night"))
    night.cycles(2)
    night.do("gateway_crashes")
    night.cycles(3)
    night.do("tailscale_logged_out")
    night.cycles(2)
    return night.folder


def state(home: Path) -> Path:
    return home / ".picoclaw" / "state" / "watchdog"


def said_of(home: Path, name: str, content: str, *argv: str) -> tuple[int, str]:
    """What a command says with this in a file of ours, which is put back afterwards."""
    path = state(home) / name
    before = path.read_text() if path.exists() else None
    path.write_text(content)
    try:
        ran = typed(home, *argv)
    finally:
        path.unlink() if before is None else path.write_text(before)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("broken", DOCUMENTS)
def test_a_snapshot_of_somebody_elses_ends_in_a_line(
    home: Path, broken: str, command: tuple[str, ...]
) -> None:
    document = json.loads((state(home) / "status.json").read_text())
    content = json.dumps(DOCUMENTS[broken](document))
    code, said = said_of(home, "status.json", content, *command)
    assert code in (0, 1, 3), said
    assert said
    assert "Traceback" not in said
    assert "internal error" not in said
    for sign in "\x07\x9b\u202e\u200b\x00":
        assert sign not in said
    assert "\x1b]" not in said


def test_it_says_what_and_where_and_what_to_do(home: Path) -> None:
    code, said = said_of(home, "status.json", '{"at": 1}', "status")
    assert code == 1
    assert f"{state(home)}/status.json: something in it is missing or wrong" in said
    assert said.rstrip().endswith("picoclaw-watchdog once")


@pytest.mark.parametrize(
    "result",
    ["{}", '{"at": "x"}', '{"at": 1e300}', '{"run": 1, "fault": 7}', '{"detail": "\\u001b]0;x"}'],
)
def test_results_of_drills_that_are_none_end_in_a_line(home: Path, result: str) -> None:
    code, said = said_of(home, "drills.jsonl", f"{result}\n", "drill", "--last")
    assert code in (0, 1), said
    assert "Traceback" not in said
    assert "\x1b]" not in said


def test_json_stays_json_and_its_escapes_stay_escapes(home: Path) -> None:
    document = evil(json.loads((state(home) / "status.json").read_text()))
    _, said = said_of(home, "status.json", json.dumps(document), "why", "--json")
    assert "\\u202e" in said
    assert json.loads(said)


@pytest.mark.parametrize(
    "argv",
    [("--help",), ("--version",), ("status",), ("status", "--json"), ("logs",), ("nonsense",)],
    ids=" ".join,
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_has_left_is_no_error(home: Path, argv: tuple[str, ...], stream: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    kept, left = ("stderr", "stdout") if stream == "stdout" else ("stdout", "stderr")
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "picoclaw_watchdog", *argv],
            env={**environ(home, "en", colour=False), "PYTHONPATH": str(ROOT / "src")},
            check=False,
            **{kept: subprocess.PIPE, left: writing},  # type: ignore[call-overload]
        )
    finally:
        os.close(writing)
    assert b"Error" not in (ran.stderr or b"")
    assert ran.returncode in (0, 1, 2, 3)

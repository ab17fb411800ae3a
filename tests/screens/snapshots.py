"""What commands show, in terminals of 40, 80 and 120 columns, compared with what is kept.

    check(home, "status-ill", "status", wall=night.host.moment().wall)

runs the command in both languages, at each width, with colour and without, in real
pseudo-terminals with a fixed clock and time zone; holds what holds for every screen; and compares
with `tests/snapshots/NAME.LANGUAGE.txt`. UPDATE_SNAPSHOTS=1 writes these files instead: look at
them before you keep them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType
from typing import NamedTuple

import pyte

KEPT = Path(__file__).parents[1] / "snapshots"
ROOT = Path(__file__).parents[2]
WIDTHS = (40, 80, 120)
LANGUAGES = ("en", "ja")
_ESCAPE = re.compile(r"\x1b\[[\d;]*m")


class Run(NamedTuple):
    """One terminal in which a command is looked at."""

    language: str
    columns: int
    colour: bool


def check(
    home: Path,
    name: str,
    *argv: str,
    wall: float,
    status: int | None = 0,
    more: Mapping[str, str] = MappingProxyType({}),
    afresh: bool = False,
    until: str = "",
    tidy: Callable[[str], str] = str,
) -> None:
    """Compare what a command shows with the kept picture of it.

    Args:
        home: the home folder of the command.
        name: of the snapshot.
        argv: the command and what is typed behind it.
        wall: the time, in seconds since the epoch.
        status: the exit status it must have; None: any.
        more: that is in its environment.
        afresh: whether it changes something: then each run has the home as it was.
        until: what the command says last of its own accord; then it is asked to end.
        tidy: takes out what is different every time.
    """
    commands = {name: argv}
    wish = {"wall": wall, "until": until}
    _check(_perform(home, commands, wish, more, afresh=afresh), status, tidy)


def check_all(
    home: Path,
    commands: Mapping[str, Sequence[str]],
    *,
    wall: float,
    more: Mapping[str, str] = MappingProxyType({}),
    tidy: Callable[[str], str] = str,
) -> None:
    """As `check`, for commands one after the other, by name; each run has the home as it was."""
    wish = {"wall": wall, "until": ""}
    _check(_perform(home, commands, wish, more, afresh=True), 0, tidy)


Answers = dict[Run, tuple[int, str]]


def _check(
    performed: Mapping[str, Answers], status: int | None, tidy: Callable[[str], str]
) -> None:
    for name, said in performed.items():
        answers = {run: (code, tidy(shown)) for run, (code, shown) in said.items()}
        for run, (code, shown) in answers.items():
            assert status in (None, code), shown
            fits(shown, run.columns)
            assert _ESCAPE.sub("", shown) == answers[run._replace(colour=False)][1]
        compare(name, answers)


def compare(name: str, answers: Mapping[Run, tuple[int, str]]) -> None:
    """Compare what was shown, and the exit status, with the kept picture of it."""
    for language in LANGUAGES:
        runs = {key: answer for key, answer in answers.items() if key.language == language}
        keep(f"{name}.{language}.txt", _picture(runs))


def keep(name: str, text: str) -> None:
    """Compare a picture with the one that is kept under this name."""
    path = KEPT / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        KEPT.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    kept = path.read_text("utf-8") if path.exists() else ""
    assert text == kept, f"{path.name}: look at it, and if it is right: make snapshots"


def fits(shown: str, columns: int) -> None:
    """What holds for every screen.

    Nothing is wider than the terminal, hangs on a sign that some terminals draw wide, or steers
    the terminal otherwise than by colour.
    """
    plain = _ESCAPE.sub("", shown)
    assert "\x1b" not in plain
    assert "Traceback" not in plain, plain
    lines = plain.replace("\r\n", "\n").split("\n")
    emulator = pyte.Screen(columns, len(lines) + 50)
    pyte.Stream(emulator).feed(shown)
    seen = [line.rstrip() for line in emulator.display]
    assert seen[: len(lines)] == [line.rstrip() for line in lines]  # none has wrapped
    assert not {sign for sign in plain if unicodedata.east_asian_width(sign) == "A"}


def _perform(
    home: Path,
    commands: Mapping[str, Sequence[str]],
    wish: Mapping[str, object],
    more: Mapping[str, str],
    *,
    afresh: bool,
) -> dict[str, Answers]:
    wanted = [
        Run(language, columns, colour)
        for language in LANGUAGES
        for columns in WIDTHS
        for colour in (False, True)
    ]
    homes = [home] * len(wanted)
    if afresh:
        homes = [Path(mkdtemp(dir=home.parent), "home") for _ in wanted]
        for each in homes:
            shutil.copytree(home, each)
    runs = [
        {
            "columns": run.columns,
            "environ": {**environ(each, run.language, colour=run.colour), **more},
        }
        for each, run in zip(homes, wanted, strict=True)
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.screens.stage"],
        input=json.dumps({**wish, "commands": list(commands.values()), "runs": runs}),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answers = json.loads(ran.stdout)
    return {
        name: {run: tuple(said[place]) for run, said in zip(wanted, answers, strict=True)}
        for place, name in enumerate(commands)
    }


def environ(home: Path, language: str, *, colour: bool) -> dict[str, str]:
    """All that the command's process has in its environment."""
    return {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "TZ": "JST-9",
        "XDG_RUNTIME_DIR": str(home / "runtime"),
        "PICOCLAW_WATCHDOG_LANGUAGE": language,
        **({} if colour else {"NO_COLOR": "1"}),
    }


def typed(home: Path, *argv: str, language: str = "en") -> subprocess.CompletedProcess[str]:
    """The command in a pipe, now."""
    return subprocess.run(
        [sys.executable, "-m", "picoclaw_watchdog", *argv],
        env={**environ(home, language, colour=True), "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def _picture(answers: Mapping[Run, tuple[int, str]]) -> str:
    pieces = []
    for run, (code, shown) in answers.items():
        text = shown.replace("\r\n", "\n").replace("\x1b", "␛")
        title = f"{run.columns} columns{', colour' if run.colour else ''}, exit status {code}"
        pieces.append(f"=== {title} ===\n{text}")
    return "\n".join(pieces)

import json
import re
import sys
from pathlib import Path

from picoclaw_watchdog.demo.box import OWNER_ID, Box
from picoclaw_watchdog.doctor import diagnose
from picoclaw_watchdog.terminal.paint import plain_width
from tests.screens.snapshots import LANGUAGES, WIDTHS, Run, compare
from tests.unit.test_doctor_page import ill, page
from tests.unit.test_init import STRANGER, Newcomer

VERSION = ".".join(map(str, sys.version_info[:3]))


def test_a_diagnosis(tmp_path: Path) -> None:
    entries = diagnose(ill(tmp_path))
    answers = {}
    for language in LANGUAGES:
        for columns in WIDTHS:
            for colour in (False, True):
                lines = page(language, columns, colour=colour).whole(entries, "box")
                shown = "\n".join(lines).replace(VERSION, "3.x.x") + "\n"
                answers[Run(language, columns, colour)] = (1, shown)
    compare("doctor", answers)


def test_a_conversation() -> None:
    """A wrong token, half an ID, one that LINE does not know, and a change of mind."""
    config = {"channels": {"line": {"enabled": True, "allow_from": [OWNER_ID]}}}
    answers = {}
    with Box() as box:
        newcomer = Newcomer(box)
        (box.pico_home / "config.json").write_text(json.dumps(config))
        box.order("line", token=newcomer.token, friend=False)
        for language in LANGUAGES:
            for columns in WIDTHS:
                for colour in (False, True):
                    code, out = newcomer.run(
                        *("--language", language, "--color", "always" if colour else "never"),
                        typed=f"wrong\n{newcomer.token}\nU123\n{STRANGER}\n\nn\n",
                        COLUMNS=str(columns),
                    )
                    for line in out.splitlines():
                        # One more for the blank behind a question.
                        assert plain_width(line) <= columns + 1, line
                    answers[Run(language, columns, colour)] = (code, _without_what_changes(out))
    for run, (_, out) in answers.items():
        assert re.sub(r"\033\[[\d;]*m", "", out) == answers[run._replace(colour=False)][1]
    compare("init", answers)


def _without_what_changes(out: str) -> str:
    """No ports; and no title, which names host and user."""
    out = re.sub(r"(?<=127\.0\.0\.1:)\d{5}", "#####", out)
    begin = next(word for word in ("Looking", "調べて") if word in out)
    return out[out.index(begin) :].removeprefix("\033[0m")

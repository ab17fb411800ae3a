"""The diagnosis on paper: at 40, 80 and 120 columns, in both languages, with colour and without."""

import json
from pathlib import Path

import pytest

from picoclaw_watchdog.core.reasons import Probe, Sight
from picoclaw_watchdog.doctor import diagnose
from picoclaw_watchdog.doctor.finding import Fix
from picoclaw_watchdog.doctor.fixing import Fixed
from picoclaw_watchdog.doctor.page import Page, counts, document
from picoclaw_watchdog.doctor.seen import Seen
from picoclaw_watchdog.ports import Funnel
from picoclaw_watchdog.terminal.columns import width
from picoclaw_watchdog.terminal.paint import Terminal
from tests.unit.doctoring import healthy, looks_bad, says


def ill(tmp_path: Path) -> Seen:
    seen = healthy(tmp_path)
    seen.lingers, seen.funnel, seen.synchronised = False, Funnel(), False
    seen.line = seen.line._replace(recipient=says({}, 404), used=None)
    looks_bad(seen, Probe.READY, Sight.READY_FAILING, "db: gone")
    return seen


def page(language: str, columns: int, *, colour: bool = False) -> Page:
    return Page(language, Terminal(columns, colour=colour))


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal_but_what_is_to_be_copied(
    language: str, columns: int, tmp_path: Path
) -> None:
    for line in page(language, columns).whole(diagnose(ill(tmp_path)), "box"):
        whole = line.strip().startswith("$ ") or "://" in line  # so that they can be copied
        assert width(line) <= columns or whole


def test_what_is_wrong_comes_last_and_the_gravest_last_of_all(tmp_path: Path) -> None:
    entries = diagnose(ill(tmp_path))
    lines = page("en", 80).whole(entries, "box")
    marks = [line.split()[0] for line in lines if line[:1].strip() and line[4:6] == "  "]
    assert marks.index("?") < marks.index("warn") < marks.index("BAD")
    assert "ok" not in marks[marks.index("?") :]
    fine = counts(entries)["ok"]
    assert lines[-1] == f"box: 4 to mend, 1 to watch, 1 unknown, {fine} in order"


def test_brief_is_the_same_without_what_is_in_order(tmp_path: Path) -> None:
    entries = diagnose(ill(tmp_path))
    whole, brief = page("en", 80).whole(entries, "box"), page("en", 80).troubles(entries, "box")
    assert whole[-len(brief) :] == brief
    assert not any(line.startswith("ok ") for line in brief)


def test_all_green_is_one_sentence(tmp_path: Path) -> None:
    entries = diagnose(healthy(tmp_path))
    lines = page("en", 80).troubles(entries, "box")
    assert lines == [f"box: all {counts(entries)['ok']} checks are in order"]


def test_colour_changes_no_letter_of_it(tmp_path: Path) -> None:
    import re

    entries = diagnose(ill(tmp_path))
    plain = page("en", 80).whole(entries, "box")
    coloured = page("en", 80, colour=True).whole(entries, "box")
    assert coloured != plain
    assert [re.sub(r"\033\[[\d;]*m", "", line) for line in coloured] == plain


def test_no_sign_is_used_that_some_terminals_draw_wide() -> None:
    import unicodedata

    from picoclaw_watchdog import doctor
    from picoclaw_watchdog.core.text import Text
    from picoclaw_watchdog.doctor.finding import Words
    from picoclaw_watchdog.init import wording

    modules = [getattr(doctor, name) for name in ("gateway", "line", "machine", "units")]
    modules += [getattr(doctor, name) for name in ("ollama", "others", "program", "tailscale")]
    said = [
        text
        for module in (*modules, wording)
        for known in vars(module).values()
        if isinstance(known, Words | Text)
        for text in known
    ]
    assert len(said) > 500
    assert not {sign for sign in "".join(said) if unicodedata.east_asian_width(sign) == "A"}


def test_fixes_are_told_and_so_is_what_could_not_be_mended() -> None:
    fixed = [Fixed(Fix.PROTECT, "/home/pico/.env"), Fixed(Fix.REARM, "", "no bus")]
    lines = page("en", 80).fixes(fixed, lambda path: path.replace("/home/pico", "~"))
    assert lines == [
        "mended: closed to other users: ~/.env",
        "not mended: the timer is armed again (no bus)",
        "",
    ]


def test_programs_get_everything(tmp_path: Path) -> None:
    said = document(diagnose(ill(tmp_path)), [], "box", "en")
    known = json.loads(json.dumps(said))
    assert known["counts"]["bad"] == 4
    linger = next(each for each in known["checks"] if each["check"] == "linger")
    assert linger == {
        "area": "systemd",
        "check": "linger",
        "state": "bad",
        "says": "gateway and watchdog end when you log out, and do not start at boot",
        "remedy": "sudo loginctl enable-linger pico",
        "fixable": False,
    }

from pathlib import Path

import pytest

from picoclaw_watchdog.cli.choosing import Chosen
from picoclaw_watchdog.engine.wiring import store_of
from picoclaw_watchdog.host.machine import Machine
from picoclaw_watchdog.screens.incidents import Told
from picoclaw_watchdog.screens.report import Surroundings, report
from picoclaw_watchdog.terminal.paint import Terminal
from tests.screens.snapshots import LANGUAGES, WIDTHS, check, fits, keep, typed
from tests.screens.test_incident_screens import eventful
from tests.sim.night import Night

TOKEN = "a-channel-access-token-0123456789"
SECRET = "the kick token"
SENDER = "Ufedcba9876543210fedcba9876543210"


@pytest.fixture
def printed(night: Night) -> str:
    (night.folder / ".picoclaw" / ".env").write_text(
        f"PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN={TOKEN}\n"
        f'PICOCLAW_WATCHDOG_KICK_TOKEN="{SECRET}"\n'
        "PICOCLAW_WATCHDOG_LINE_NOTIFY_TO=U0123456789abcdef0123456789abcdef\n"
        "PICOCLAW_WATCHDOG_RESTART_MAX_COUNT=2\n"
    )
    (night.folder / ".picoclaw" / ".env").chmod(0o600)
    eventful(night)
    for journal in night.state.glob("gateway_journal_*.log"):
        journal.write_text(
            f"# journal\npanic: Authorization: Bearer {TOKEN}\n{SECRET} ``` | x from {SENDER} http://me:mypassword@a.example/\n"
        )
    night.log.write("ERROR", "line", "NG", "notify", f"refused {TOKEN}")
    ran = typed(night.folder, "report", "gateway", "--journal")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_it_tells_all_that_somebody_needs(printed: str) -> None:
    for text in (
        "# Incident gateway-",
        "the gateway hangs (`service_hung`)",
        "restart of the gateway: did not help",
        "a message waits",
        "| picoclaw-watchdog | ",
        "| Python | ",
        "| PICOCLAW_WATCHDOG_RESTART_MAX_COUNT | 2 |",
        "panic:",
        "action=incident",
    ):
        assert text in printed


def test_it_tells_no_secret(printed: str) -> None:
    assert TOKEN not in printed
    assert SECRET not in printed
    assert "mypassword" not in printed
    assert "U0123456789abcdef" not in printed
    assert SENDER not in printed
    assert "from U***" in printed


def test_nothing_in_the_evidence_ends_its_block(printed: str) -> None:
    assert "````text" in printed
    assert printed.count("````") == 2


@pytest.mark.usefixtures("_tokyo")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_document(night: Night, language: str) -> None:
    """Not the command: its versions are those of the machine."""
    eventful(night)
    wall = night.host.moment().wall
    chosen = Chosen(store_of(night.settings, {"XDG_RUNTIME_DIR": "/nowhere"}), ("gateway",))
    assert chosen.story is not None
    assert chosen.brief is not None
    told = Told(chosen.story, chosen.brief, frozenset(), str(night.folder), wall, language)
    around = Surroundings(
        version="0.1.0",
        versions=(("Python", "3.11.2"), ("systemd", "systemd 252 (252.39-1~deb12u1)")),
        settings=(("PICOCLAW_WATCHDOG_LANGUAGE", language),),
        journal=("# journalctl --user -u picoclaw-gateway.service -n 200", "panic: `nil` ```"),
        log=("[2023-11-15 10:44:05 JST] level=ERROR target=gateway result=NG action=incident",),
    )
    lines = report(told, around)
    pictures = ["\n".join([*lines, ""])]
    for columns in WIDTHS:
        shown = "".join(f"{part}\r\n" for line in lines for part in Terminal(columns).text(line))
        fits(shown, columns)
        pictures.append(shown.replace("\r\n", "\n"))
    keep(f"report.{language}.txt", "=== \n".join(pictures))


def test_a_file_is_for_its_owner_alone(night: Night, tmp_path: Path) -> None:
    eventful(night)
    path = tmp_path / "report.md"
    ran = typed(night.folder, "report", "ollama", "-o", str(path))
    assert ran.returncode == 0, ran.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("# Incident ollama-")
    assert typed(night.folder, "report", "-o", "/nowhere/report.md").returncode == 1


def test_the_journal_is_left_out_unless_it_is_asked_for(night: Night, printed: str) -> None:
    assert "panic:" in printed
    shorter = typed(night.folder, "report", "gateway").stdout
    assert "panic:" not in shorter
    assert "picoclaw-watchdog report --journal" in shorter


def test_it_does_not_say_whose_and_which_host_it_is(night: Night, printed: str) -> None:
    assert str(night.folder) not in printed
    assert Machine().name() not in printed
    assert "~/.picoclaw/state/watchdog/gateway_journal_" in printed


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("see https://evil.example/x?a=b|c now", "see `https://evil.example/x?a=b\\|c` now"),
        ("www.evil.example and me@evil.example", "`www.evil.example` and `me@evil.example`"),
        ("@everybody mends #12", "`@everybody` mends `#12`"),
        ("a`b://c", "`a'b://c`"),
        ("<img> [x](y) *z* a|b", "\\<img\\> \\[x\\](y) \\*z\\* a\\|b"),
        ("\x1b[31mred\u202e", "red"),
    ],
)
def test_nothing_in_a_cell_links_or_calls_somebody(night: Night, cell: str, shown: str) -> None:
    eventful(night)
    wall = night.host.moment().wall
    chosen = Chosen(store_of(night.settings, {"XDG_RUNTIME_DIR": "/nowhere"}), ("gateway",))
    assert chosen.story is not None
    assert chosen.brief is not None
    told = Told(chosen.story, chosen.brief, frozenset(), "/home", wall, "en")
    around = Surroundings("0.1.0", (("tailscale", cell),), (), None, (), (cell,))
    lines = report(told, around)
    assert f"| tailscale | {shown} |" in lines
    assert f"- {shown}" in lines


def test_there_has_been_nothing(tmp_path: Path) -> None:
    check(tmp_path, "report-none", "report", wall=0.0, status=1)

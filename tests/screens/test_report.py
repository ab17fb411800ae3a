from pathlib import Path

import pytest

from tests.screens.snapshots import check, typed
from tests.screens.test_incident_screens import eventful
from tests.sim.night import Night

TOKEN = "a-channel-access-token-0123456789"
SECRET = "the kick token"
SENDER = "Ufedcba9876543210fedcba9876543210"


@pytest.fixture
def report(night: Night) -> str:
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
    ran = typed(night.folder, "report", "gateway")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_it_tells_all_that_somebody_needs(report: str) -> None:
    for text in (
        "# Incident gateway-",
        "the gateway hangs (`gateway_hung`)",
        "restart of the gateway: did not help",
        "a message waits",
        "| picoclaw-watchdog | ",
        "| Python | ",
        "| PICOCLAW_WATCHDOG_RESTART_MAX_COUNT | 2 |",
        "panic:",
        "action=incident",
    ):
        assert text in report


def test_it_tells_no_secret(report: str) -> None:
    assert TOKEN not in report
    assert SECRET not in report
    assert "mypassword" not in report
    assert "U0123456789abcdef" not in report
    assert SENDER not in report
    assert "from U***" in report


def test_nothing_in_the_evidence_ends_its_block(report: str) -> None:
    assert "````text" in report
    assert report.count("````") == 2


def test_a_file_is_for_its_owner_alone(night: Night, tmp_path: Path) -> None:
    eventful(night)
    path = tmp_path / "report.md"
    ran = typed(night.folder, "report", "ollama", "-o", str(path))
    assert ran.returncode == 0, ran.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("# Incident ollama-")
    assert typed(night.folder, "report", "-o", "/nowhere/report.md").returncode == 1


def test_help(tmp_path: Path) -> None:
    check(tmp_path, "report-help", "report", "--help", wall=0.0)


def test_there_has_been_nothing(tmp_path: Path) -> None:
    check(tmp_path, "report-none", "report", wall=0.0, status=1)

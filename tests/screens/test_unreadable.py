"""What cannot be read is said: it must not look as if nothing had ever been there."""

import time

import pytest

from tests.screens.snapshots import check, typed
from tests.sim.night import Night


@pytest.mark.parametrize(
    "argv", [("history",), ("incidents",), ("incidents", "show"), ("report",)], ids="-".join
)
def test_a_broken_database(night: Night, argv: tuple[str, ...]) -> None:
    night.cycles(2)
    night.do("gateway_crashes")
    night.cycles(2)
    (night.state / "watchdog.db").write_bytes(b"no database at all, " * 500)
    ran = typed(night.folder, *argv)
    assert ran.returncode == 1
    assert "watchdog.db" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (night.state / "watchdog.db").exists(), "only a cycle sets it aside"


def test_a_broken_snapshot(night: Night) -> None:
    night.cycles(2)
    (night.state / "status.json").write_text("{")
    ran = typed(night.folder, "status")
    assert ran.returncode == 3
    assert "status.json" in ran.stderr


BROKEN = "PICOCLAW_WATCHDOG_INTERVAL_SEC=often\nPICOCLAW_WATCHDOG_GATEWAY_PORT=99999\n"


@pytest.fixture
def broken(night: Night) -> Night:
    """A night with a fault, just now, and settings with two mistakes."""
    night.host.wall_ahead = time.time() - night.host.moment().wall - 300
    night.cycles(2)
    night.do("gateway_crashes")
    night.cycles(2)
    _env(night, BROKEN)
    return night


def _env(night: Night, text: str) -> None:
    (night.folder / ".picoclaw" / ".env").write_text(text)
    (night.folder / ".picoclaw" / ".env").chmod(0o600)


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("status",), "gateway"),
        (("status", "--json"), '"healthy"'),
        (("incidents",), "gateway-"),
        (("incidents", "show"), "gateway-"),
        (("history",), "incidents"),
        (("why",), "restart"),
        (("logs",), "incident="),
        (("report",), "# Incident gateway-"),
    ],
    ids="-".join,
)
def test_mistakes_in_the_settings_keep_nobody_from_looking(
    broken: Night, argv: tuple[str, ...], shown: str
) -> None:
    """What is known is shown, then each mistake: where, what, and what would be right."""
    ran = typed(broken.folder, *argv)
    assert shown in ran.stdout
    assert ran.returncode == 2
    lines = ran.stderr.splitlines()
    assert len(lines) == 2, ran.stderr
    for number, line in enumerate(lines, start=1):
        assert f"/.env:{number}: PICOCLAW_WATCHDOG_" in line


def test_the_mistakes_are_seen_on_a_narrow_terminal_too(night: Night) -> None:
    night.cycles(2)
    wall = night.host.moment().wall
    mistakes = {"PICOCLAW_WATCHDOG_INTERVAL_SEC": "often", "PICOCLAW_WATCHDOG_KICK_TOKEN": "short"}
    check(night.folder, "status-mistakes", "status", wall=wall, status=2, more=mistakes)


def test_a_report_tells_the_mistakes(broken: Night) -> None:
    shown = typed(broken.folder, "report").stdout
    assert "## Mistakes in the settings" in shown
    assert ".env:2: PICOCLAW_WATCHDOG_GATEWAY_PORT: " in shown


@pytest.mark.parametrize("text", ['"{secret}', "'{secret}", '"{secret}" x', "{secret}\x07"])
def test_a_report_tells_no_secret_that_was_refused(night: Night, text: str) -> None:
    """The gateway may have logged it: that it is written wrongly makes it no less of a secret."""
    secret = "0123456789abcdef0123456789abcdef"
    night.cycles(2)
    night.do("gateway_crashes")
    night.cycles(2)  # how long a start takes is known now
    night.do("gateway_hung", stays=True)
    night.cycles(4)
    written = text.format(secret=secret)
    _env(night, f"PICOCLAW_CHANNELS_LINE_CHANNEL_SECRET={written}\n")
    for journal in night.state.glob("gateway_journal_*.log"):
        journal.write_text(f"# journal\nI sign with {written.strip(chr(39))} and {secret}\n")
    ran = typed(night.folder, "report", "gateway", "--journal")
    assert ran.returncode == 2
    assert "I sign with" in ran.stdout
    assert secret not in ran.stdout

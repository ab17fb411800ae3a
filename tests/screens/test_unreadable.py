"""What cannot be read is said: it must not look as if nothing had ever been there."""

import pytest

from tests.screens.snapshots import typed
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

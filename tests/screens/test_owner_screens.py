"""What the owner's own commands and switches look like."""

from pathlib import Path

from picoclaw_watchdog.core.drills import Result
from picoclaw_watchdog.core.model import Stop
from picoclaw_watchdog.store import drills
from picoclaw_watchdog.store.founding import write_stop
from tests.screens.snapshots import check
from tests.sim.night import Night

AT = 1_700_000_000.0


def test_a_gateway_stopped_on_purpose(night: Night) -> None:
    night.cycles(1)
    until = night.host.moment().wall + 7200
    write_stop(night.settings.state_dir, Stop(until, "taro", "upgrade"))
    night.host.gateway.stop()
    night.cycles(3)
    wall = night.host.moment().wall - 60 + 12
    check(night.folder, "status-stopped", "status", wall=wall, status=0)


def test_the_table_of_the_last_drills(tmp_path: Path) -> None:
    folder = str(tmp_path / ".picoclaw" / "state" / "watchdog")
    gateway = Result("r", "gateway", "stop", AT, 120.0, 31.2, 33.9, 1, 1, passed=True)
    rows = (
        gateway._replace(run="before", passed=False, why="late"),
        gateway,
        gateway._replace(fault="funnel", how="off", found=12.0, mended=13.5),
        gateway._replace(fault="ollama", how="override", promised=None, mended=None, messages=2),
        gateway._replace(
            fault="hang", how="freeze", mended=None, passed=False, why="late", messages=0
        ),
    )
    for row in rows:
        drills.add_result(folder, row._asdict())
    check(tmp_path, "drill-last", "drill", "--last", wall=AT, status=1)


def test_no_drill_yet(tmp_path: Path) -> None:
    check(tmp_path, "drill-never", "drill", "--last", wall=AT)


def test_nothing_to_acknowledge(tmp_path: Path) -> None:
    check(tmp_path, "ack-nothing", "ack", wall=AT)


def test_help(tmp_path: Path) -> None:
    for name in ("pause", "resume", "ack", "stop-gateway", "start-gateway", "drill"):
        check(tmp_path, f"{name}-help", name, "--help", wall=0.0)

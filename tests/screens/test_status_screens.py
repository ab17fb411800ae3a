import json
from pathlib import Path

from picoclaw_watchdog.core.model import Pause
from picoclaw_watchdog.engine.report import snapshot
from picoclaw_watchdog.store.founding import write_pause
from tests.screens.snapshots import check, typed
from tests.sim.night import Night

SHORTLY = 12.0  # seconds after the last cycle


def look_at(night: Night, name: str, *, status: int, later: float = SHORTLY) -> None:
    wall = night.host.moment().wall - 60 + later
    check(night.folder, name, "status", wall=wall, status=status)


def test_before_the_first_cycle(tmp_path: Path) -> None:
    check(tmp_path, "status-never", "status", wall=1_700_000_000.0, status=3)


def test_a_healthy_host(night: Night) -> None:
    night.cycles(3)
    look_at(night, "status-healthy", status=0)


def test_after_a_fault_was_mended(night: Night) -> None:
    night.cycles(2)
    night.do("gateway_crashes")
    night.cycles(3)
    look_at(night, "status-mended", status=0)


def test_attempts_used_up(night: Night) -> None:
    night.cycles(2)
    night.do("gateway_dies_at_start", after=0.1)
    night.cycles(6)
    look_at(night, "status-spent", status=1)


def test_only_the_owner_can_help(night: Night) -> None:
    night.cycles(2)
    night.do("unit_masked")
    night.do("peer_down")
    night.cycles(5)
    look_at(night, "status-needed", status=1)


def test_line_does_not_take_messages(night: Night) -> None:
    night.cycles(2)
    night.host.line.mode = "503"
    night.do("tailscale_logged_out")
    night.cycles(4)
    look_at(night, "status-waiting", status=1)


def test_channels_that_take_no_messages(night: Night) -> None:
    night.do("line_token_revoked")
    night.do("gateway_crashes")
    night.cycles(3)
    path = night.state / "status.json"
    document = json.loads(path.read_text("utf-8"))
    document["couriers"] = [
        {"name": "mailto-1", "waiting": 1, "trouble": "the server refuses the password"},
        {"name": "ntfy-2", "waiting": 0, "trouble": ""},
    ]
    path.write_text(json.dumps(document), "utf-8")
    look_at(night, "status-channels", status=0)


def test_paused(night: Night) -> None:
    night.cycles(1)
    until = night.host.moment().wall + 1800
    write_pause(night.settings.state_dir, Pause(until, "taro", "new disk"))
    night.do("gateway_crashes")
    night.cycles(2)
    look_at(night, "status-paused", status=1)


def test_nobody_looks(night: Night) -> None:
    night.cycles(2)
    look_at(night, "status-stale", status=1, later=7_300.0)


def test_what_nobody_could_check_is_not_well(night: Night) -> None:
    night.cycles(2)
    report = night.cycle()
    assert report is not None
    dark = report._replace(state=report.state._replace(unseen=(("funnel", 1),)))
    document = snapshot(night.settings, night.world(), dark)
    assert not document["healthy"]
    (night.state / "status.json").write_text(json.dumps(document), "utf-8")
    look_at(night, "status-blind", status=1, later=72.0)


def test_what_was_never_seen_working_is_told_with_the_ways_out(night: Night) -> None:
    night.do("gateway_hung", stays=True)
    store = night.world().store
    store.save(store.load(night.host.moment())._replace(baselines=()))
    night.cycles(3)
    look_at(night, "status-never-good", status=1)


def test_what_stands_in_the_way_is_shown_with_the_command_for_it(night: Night) -> None:
    night.cycles(2)
    night.do("funnel_command")  # it does nothing
    night.do("funnel_off")
    night.cycles(2)
    path = night.state / "status.json"
    document = json.loads(path.read_text("utf-8"))
    document["incidents"][0].update(
        stands="https://box.tail.ts.net/notes",
        advice="tailscale funnel --bg --set-path=/webhook/line 18791",
    )
    document["decisions"][0]["withheld"][0]["hold"] = "in_the_way"
    path.write_text(json.dumps(document), "utf-8")
    look_at(night, "status-in-the-way", status=1)


def test_a_snapshot_that_says_less_is_shown_all_the_same(night: Night) -> None:
    night.cycles(2)
    path = night.state / "status.json"
    document = json.loads(path.read_text("utf-8"))
    del document["baselines"], document["unseen"]
    path.write_text(json.dumps(document), "utf-8")
    assert "never seen working here yet" in typed(night.folder, "status").stdout

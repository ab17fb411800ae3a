"""Each check of the doctor: one thing is broken in a host that is otherwise in perfect order."""

import os
import sqlite3
from pathlib import Path

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.doctor import CHECKS, diagnose
from picoclaw_watchdog.doctor.finding import State
from picoclaw_watchdog.doctor.seen import LATE, Program, Public
from picoclaw_watchdog.host.listeners import Listener
from picoclaw_watchdog.install.places import LOOP, PATH, SERVICE, TIMER
from picoclaw_watchdog.settings.load import load
from picoclaw_watchdog.settings.picoclaw import Picoclaw
from picoclaw_watchdog.store.integrity import damage
from tests.unit.doctor_faults import FAULTS
from tests.unit.doctor_faults.planting import (
    APPRISE,
    NO_SUDO,
    Fault,
    U,
    line,
    node,
    planned,
    snapshot,
)
from tests.unit.doctoring import (
    ENV,
    GATEWAY,
    KICK_TOKEN,
    NOW,
    TOKEN,
    URL,
    found,
    healthy,
    looks_bad,
    not_in_order,
    says,
    with_unit,
)


def test_a_host_in_perfect_order_is_all_green(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    assert not_in_order(seen) == []
    assert len(diagnose(seen)) > 35


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_and_its_remedy_named(fault: Fault, tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    fault.plant(seen)
    wrong = not_in_order(seen)
    here = [entry.finding for entry in wrong if entry.check == fault.check]
    assert [finding.state for finding in here] == [fault.state]
    for language in ("en", "ja"):
        assert here[0].says(language)
        assert "{" not in here[0].says(language) + here[0].remedy(language)
    assert fault.remedy in here[0].remedy("en")
    if fault.state is not U:
        assert here[0].remedy("ja")
    allowed = {fault.check, *fault.others}
    if fault.check != "bus":  # without it much is unknown
        assert {entry.check for entry in wrong} <= allowed, "one fault has one finding"


def test_every_check_has_a_name_of_its_own_and_was_seen_to_find_something() -> None:
    names = [check.__name__ for area in CHECKS.values() for check in area]
    checks = set(names)
    assert len(names) == len(checks)
    beyond = {"python", "runtime_dir", "webhook_test", "heartbeat"}  # have tests of their own below
    assert {fault.check for fault in FAULTS} == checks - beyond


def test_a_gateway_that_hangs_is_one_finding(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    for probe in (Probe.HEALTH, Probe.READY, Probe.WEBHOOK_LOCAL, Probe.WEBHOOK_PUBLIC):
        looks_bad(seen, probe, Sight.NO_ANSWER)
    assert [entry.check for entry in not_in_order(seen)] == ["health"]


def test_a_gateway_that_lost_its_ports_is_one_finding(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    for probe in (Probe.HEALTH, Probe.READY, Probe.WEBHOOK_LOCAL):
        looks_bad(seen, probe, Sight.REFUSED)
    seen.listeners = ()
    assert [entry.check for entry in not_in_order(seen)] == ["health"]


def test_a_tailscale_that_hangs_is_one_finding(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.node, seen.funnel, seen.rights = LATE, LATE, NO_SUDO
    with_unit(seen, SERVICE, NoNewPrivileges="no")
    assert [entry.check for entry in not_in_order(seen)] == ["daemon"]


def test_a_gateway_that_is_down_is_one_finding(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    with_unit(seen, GATEWAY, ActiveState="inactive", MainPID="0")
    for probe in (Probe.HEALTH, Probe.READY, Probe.WEBHOOK_LOCAL):
        looks_bad(seen, probe, Sight.REFUSED)
    seen.listeners = ()
    assert [entry.check for entry in not_in_order(seen)] == ["unit"]


def test_a_host_without_the_watchdog_is_one_finding(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.program, seen.snapshot, seen.stale_units = Program(), {}, ("/a", "/b")
    for unit_name in (TIMER, PATH, SERVICE):
        with_unit(seen, unit_name, LoadState="not-found", ActiveState="inactive", Environment="")
    with_unit(seen, GATEWAY, OnFailure="")
    assert {entry.check for entry in not_in_order(seen)} <= {"installed", "kicks"}


def test_a_timer_without_a_next_time_is_alive_while_its_service_runs(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    with_unit(seen, TIMER, SubState="running", NextElapseUSecMonotonic="infinity")
    assert [entry.finding.state for entry in found(seen, "timer")] == [State.OK]


def test_the_loop_stands_in_for_the_timer(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    with_unit(seen, TIMER, ActiveState="inactive", UnitFileState="disabled")
    with_unit(seen, LOOP, LoadState="loaded", ActiveState="active", UnitFileState="enabled")
    assert [entry.finding.state for entry in found(seen, "timer")] == [State.OK]
    with_unit(seen, LOOP, UnitFileState="disabled")
    assert [entry.finding.state for entry in found(seen, "timer")] == [State.WARN]


def test_a_watch_that_its_owner_disabled_is_not_switched_on_by_fix(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    with_unit(seen, TIMER, ActiveState="inactive", UnitFileState="disabled")
    assert [entry.finding.fix for entry in found(seen, "timer")] == [None]


def test_stock_releases_are_recognised_and_green(tmp_path: Path) -> None:
    seen = healthy(tmp_path, ENV + "PICOCLAW_WATCHDOG_LINE_WEBHOOK_PORT=18790\n")
    ready = Observation(Probe.READY, Verdict.GOOD, Sight.READY_STOCK, "503")
    seen.looks[Probe.READY] = ready
    seen.listeners = (Listener(18790, 1000, 4711, "picoclaw", GATEWAY),)
    seen.picoclaw = Picoclaw(18790, True, 18791, "/webhook/line", old_form=True)
    assert not_in_order(seen) == []
    assert "0.2.0" in found(seen, "ready")[0].finding.says("en")


def test_the_port_owner_is_known_by_its_number_where_cgroups_do_not_tell(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.listeners = tuple(Listener(port, 1000, 4711, "picoclaw", "") for port in (18790, 18791))
    assert not_in_order(seen) == []


def test_magic_dns_is_no_trap_where_another_probe_looks_from_outside(tmp_path: Path) -> None:
    seen = healthy(tmp_path, ENV + "PICOCLAW_WATCHDOG_PROBE_LINE_WEBHOOK_TEST=true\n")
    seen.public = Public(URL, ("100.101.102.103",))
    assert not_in_order(seen) == []


def test_update_notices_of_tailscale_are_no_complaints(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    node(health=("An update from version 1.98.4 to 1.99.1 is available.",))(seen)
    assert not_in_order(seen) == []


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (says({"success": True}), State.OK),
        (says({"statusCode": 200}), State.OK),
        (says({"success": False, "reason": "could_not_connect", "statusCode": 0}), State.BAD),
        (says({"message": "limit"}, 429), State.UNKNOWN),
        (None, State.UNKNOWN),
    ],
)
def test_lines_own_test_of_the_webhook(answer: object, state: State, tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.case = seen.case._replace(webhook_test=True)
    line(test=answer)(seen)
    assert [entry.finding.state for entry in found(seen, "webhook_test")] == [state]


def test_a_shell_without_a_runtime_folder_is_told(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.case = seen.case._replace(environ={"PATH": seen.case.environ["PATH"]})
    finding = found(seen, "runtime_dir")[0].finding
    assert finding.state is State.WARN
    assert "XDG_RUNTIME_DIR=/run/user/" in finding.remedy("en")


def test_a_whole_database_is_whole_and_a_busy_one_unknown(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    path = Path(seen.settings.state_dir, "watchdog.db")
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE t (x)")
    db.commit()
    assert damage(seen.settings.state_dir) == ""
    seen.damage = ""
    assert [entry.finding.state for entry in found(seen, "database")] == [State.OK]
    db.execute("BEGIN EXCLUSIVE")
    seen.damage = damage(seen.settings.state_dir)
    db.close()
    assert [entry.finding.state for entry in found(seen, "database")] == [State.UNKNOWN]


def test_a_check_that_fails_by_our_own_error_hides_no_other(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    seen.snapshot = {"at": NOW, "paused": {"until": float("inf")}}
    wrong = not_in_order(seen)
    assert [(entry.check, entry.finding.state) for entry in wrong] == [("paused", State.UNKNOWN)]


def test_nothing_that_is_said_holds_a_secret(tmp_path: Path) -> None:
    for number, fault in enumerate(FAULTS):
        seen = healthy(tmp_path / str(number))
        fault.plant(seen)
        for entry in diagnose(seen):
            for language in ("en", "ja"):
                said = entry.finding.says(language) + entry.finding.remedy(language)
                assert TOKEN not in said
                assert KICK_TOKEN not in said


def test_a_dead_mans_switch_is_recommended_and_never_demanded(tmp_path: Path) -> None:
    assert [entry.finding.state for entry in found(healthy(tmp_path), "heartbeat")] == [
        State.SKIPPED
    ]
    beating = healthy(tmp_path, ENV + "PICOCLAW_WATCHDOG_HEARTBEAT_URL=https://hc-ping.com/x\n")
    assert [entry.finding.state for entry in found(beating, "heartbeat")] == [State.OK]


def test_without_line_another_channel_is_enough(tmp_path: Path) -> None:
    seen = healthy(tmp_path, APPRISE.rpartition("\n")[0] + "\n")
    seen.has_apprise = True
    assert found(seen, "switch") == []


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ("Mon..Fri 12:00 10m; Sun 03:00 1d", "leave time"),
        ("*-*-* 00:00 12h; *-*-* 12:00 12h", "no gap"),
        ("minutely 1m", "no gap"),
        ("minutely 50s", "leave time"),
        ("Mon..Sun 00:00 23h", "leave time"),
        ("Mon..Sat 00:00 1d", "more than a day"),
        ("*-12-24 00:00 7d", "more than a day"),
        ("2001-01-01 00:00 1h", "leave time"),
    ],
)
def test_planned_windows_must_leave_time_for_the_watch(
    windows: str, says: str, tmp_path: Path
) -> None:
    seen = healthy(tmp_path)
    planned(windows)(seen)
    assert says in found(seen, "windows")[0].finding.says("en")


def test_planned_maintenance_is_in_order(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    snapshot(paused={"until": NOW, "who": "PAUSE_WINDOWS", "why": "", "planned": True})(seen)
    assert not_in_order(seen) == []
    assert "planned" in found(seen, "paused")[0].finding.says("en")


@pytest.mark.parametrize(
    ("name", "bits", "remedy"),
    [
        (".env", 0o666, "chmod 600"),
        ("", 0o777, "chmod go-w"),
        ("config.json", 0o666, "config check"),
    ],
)
def test_what_others_can_change_is_found_once_and_not_mended_unseen(
    tmp_path: Path, name: str, bits: int, remedy: str
) -> None:
    home = tmp_path / "it's home"
    seen = healthy(home)
    (home / ".picoclaw/config.json").write_text("{}")
    (home / ".picoclaw" / name).chmod(bits)
    seen.case = seen.case._replace(loaded=load({}, str(home)))
    settings = {"mistakes", "private", "folder"}
    wrong = [entry.finding for entry in not_in_order(seen) if entry.check in settings]
    assert [finding.state for finding in wrong] == [State.BAD]
    assert wrong[0].fix is None
    assert remedy in wrong[0].remedy("en")
    if "chmod" in remedy:
        shown = os.path.normpath(f"~/.picoclaw/{name}")
        for language in ("en", "ja"):
            assert f"{remedy} {shown}" in wrong[0].remedy(language)

"""Why a unit does not run, or seems not to: each made for real, and asked of a real systemd."""

import json
from collections.abc import Iterator

import pytest

from tests.lab.lab import ROOT, Lab

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

UNIT = "case.service"
SOURCES = "/run/looks"
LOOK = """
import json, sys
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.host.systemd import UserSystemd
from picoclaw_watchdog.ports import World
from picoclaw_watchdog.probes import unit
others = dict.fromkeys(("network", "tailnet", "host", "store", "log"))
world = World(clock=HostClock(), services=UserSystemd(), **others)
seen, facts = unit.look(Settings(gateway_service=sys.argv[1]), world, 5)
print(json.dumps([seen.verdict.value, seen.sight.value, seen.detail, facts._asdict()]))
"""
RUNS = "ExecStart=/bin/sleep 600"
FAILS = {
    "exec": ("ExecStart=/home/pico/.local/bin/not-there gateway", "203/EXEC"),
    "no program": ("ExecStart=/etc/passwd", "203/EXEC"),
    "folder": (f"{RUNS}\nWorkingDirectory=/home/pico/not-there", "200/CHDIR"),
    "groups": (f"{RUNS}\nSupplementaryGroups=input", "216/GROUP"),
    "capabilities": (f"{RUNS}\nAmbientCapabilities=CAP_NET_BIND_SERVICE", "218/CAPABILITIES"),
    "namespace": (
        f"{RUNS}\nPrivateUsers=yes\nProtectSystem=strict\nReadWritePaths=/home/pico/not-there",
        "226/NAMESPACE",
    ),
    "output": (f"{RUNS}\nStandardOutput=append:/home/pico/not-there/log", "209/STDOUT"),
    "environment": (f"{RUNS}\nEnvironmentFile=/home/pico/not-there.env", "resources: "),
    "configuration": ("ExecStart=/bin/sh -c 'exit 78'", "78/CONFIG"),
    "protocol": ("Type=notify\nExecStart=/bin/true", "protocol: "),
}


class Case:
    """One unit of the user's, written, started and looked at."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        lab.copy(ROOT / "src", SOURCES)

    def start(self, service: str, unit: str = "") -> None:
        text = f"[Unit]\nStartLimitIntervalSec=600\n{unit}\n[Service]\n{service}\n"
        self.lab.write(f"~/.config/systemd/user/{UNIT}", text)
        self.lab.systemctl("daemon-reload")
        self.lab.run("systemctl", "--user", "start", "--no-block", UNIT)

    def look(self) -> tuple[str, str, str, dict[str, object]]:
        environment = {"PYTHONPATH": SOURCES}
        said = self.lab.run(self.lab.python, "-c", LOOK, UNIT, env=environment)
        verdict, sight, detail, facts = json.loads(said.out)
        return verdict, sight, detail, facts

    def wait_for(self, sight: str) -> str:
        """Until it is seen so; answers the detail."""
        self.lab.wait_for(lambda: self.look()[1] == sight, 30, sight)
        return self.look()[2]


@pytest.fixture
def case(lab: Lab) -> Iterator[Case]:
    yield Case(lab)
    lab.run("systemctl", "--user", "stop", UNIT)


def test_what_fails_before_the_program_runs_is_named(case: Case) -> None:
    for service, words in FAILS.values():
        case.start(service)
        assert words in case.wait_for("unit_cannot_start")
        case.lab.run("systemctl", "--user", "reset-failed", UNIT)


def test_it_is_named_while_systemd_tries_again_and_after_it_gave_up(case: Case) -> None:
    again = "Restart=always\nRestartSec=100ms\n"
    case.start(f"{again}ExecStart=/home/pico/not-there")
    case.lab.wait_for(lambda: case.look()[3]["active"] == "failed", 30, "the start limit")
    verdict, sight, detail, _ = case.look()
    assert (verdict, sight) == ("bad", "unit_cannot_start")
    assert "203/EXEC" in detail
    case.lab.run("systemctl", "--user", "reset-failed", UNIT)
    case.start("Restart=always\nRestartSec=60\nExecStart=/home/pico/not-there")
    assert "auto-restart" in case.wait_for("unit_cannot_start")


def test_a_mistake_in_the_unit_file_is_named(case: Case) -> None:
    case.start("ExecStart=relative/path gateway")
    assert "its unit file has a mistake" in case.wait_for("unit_cannot_start")


def test_a_start_that_never_says_ready_is_no_verdict(case: Case) -> None:
    for kind in ("notify", "oneshot", "forking"):
        case.start(f"Type={kind}\nTimeoutStartSec=infinity\n{RUNS}")
        assert f"Type={kind}" in case.wait_for("unit_waits_for_ready")
        assert case.look()[0] == "unknown"
        case.lab.run("systemctl", "--user", "stop", UNIT)


def test_a_oneshot_that_remains_is_good(case: Case) -> None:
    case.start("Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '/bin/sleep 600 &'")
    case.lab.wait_for(lambda: case.look()[3]["active"] == "active", what="its end")
    verdict, sight, detail, facts = case.look()
    assert (verdict, sight, detail) == ("good", "as_expected", "active (exited)")
    assert facts["kind"] == "oneshot"


def test_how_a_program_was_ended_is_named(case: Case) -> None:
    case.start(RUNS)
    case.wait_for("as_expected")
    case.lab.systemctl("kill", "-s", "KILL", UNIT)
    assert "result signal, signal 9" in case.wait_for("unit_failed")
    case.start("ExecStart=/bin/sh -c 'exit 3'")
    case.lab.wait_for(lambda: case.look()[3]["status"] == 3, what="its exit")
    assert "exit status 3" in case.wait_for("unit_failed")
    case.start(f"Type=notify\nTimeoutStartSec=1\n{RUNS}")
    assert "in time" in case.wait_for("unit_failed")
    case.start(f"NotifyAccess=all\nWatchdogSec=1\n{RUNS}")
    case.lab.wait_for(lambda: case.look()[3]["result"] == "watchdog", 30, "the watchdog")
    assert "WatchdogSec=" in case.wait_for("unit_failed")


def test_what_moves_a_gateway_comes_back_as_it_was_set_and_nothing_else(case: Case) -> None:
    case.start(
        'Environment=PICOCLAW_GATEWAY_PORT=8080 "PICOCLAW_HOME=two words" "SOME_TOKEN=a b"\n'
        'Environment="PICOCLAW_CONFIG=a\\"b$$c\\\\d\'e"\n'
        f'Environment="PICOCLAW_GATEWAY_HOST=a\\tb"\n{RUNS}'
    )
    case.wait_for("as_expected")
    assert case.look()[3]["environment"] == [
        "PICOCLAW_GATEWAY_PORT=8080",
        "PICOCLAW_HOME=two words",
        "PICOCLAW_CONFIG=a\"b$$c\\d'e",
        "PICOCLAW_GATEWAY_HOST=a\tb",
    ]

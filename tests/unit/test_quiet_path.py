"""What a cycle may cost in which nothing is wrong: it runs every minute, for years.

The cycle is the real one, as a process of its own, on a healthy host in a box.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from benchmarks.cycle_cost.healthy_host import HealthyHost, Public

SOURCES = Path(__file__).parents[2] / "src"
LOG = "logs/ops-watchdog.log"
SNAPSHOT = "state/watchdog/status.json"
MOST_CHILDREN = 3

# Each with what it costs, in ms of CPU; the whole cycle has about 35.
NEWCOMERS = {
    "argparse": 6,
    "asyncio": 30,
    "base64": 1,
    "concurrent.futures": 8,
    "ctypes": 5,
    "dataclasses": 6,
    "datetime": 2,
    "email": 10,
    "hashlib": 2,
    "http.client": 20,
    "importlib.metadata": 15,
    "inspect": 5,
    "logging": 8,
    "pathlib": 3,
    "platform": 2,
    "random": 4,
    "shutil": 4,
    "sqlite3": 5,
    "ssl": 14,
    "subprocess": 4,
    "tempfile": 6,
    "tomllib": 4,
    "traceback": 2,
    "typing": 4,
    "urllib.parse": 2,
    "urllib.request": 25,
    "uuid": 3,
}

# Ours that have nothing to do while nothing is wrong.
IDLE = (
    "channels.apprise",
    "channels.heartbeat",
    "channels.line",
    "core.alerts",
    "core.diagnose",
    "core.couriers",
    "core.decide",
    "core.delivery",
    "core.ills",
    "core.incidents",
    "core.masking",
    "core.wording",
    "demo",
    "doctor",
    "engine.heartbeat",
    "engine.faults",
    "engine.kicks",
    "engine.mend",
    "engine.screen",
    "engine.letters",
    "engine.switches",
    "engine.tell",
    "host.journal",
    "install.program",
    "install.units",
    "kick.audit",
    "kick.chain",
    "kick.inbox",
    "kick.requests",
    "kick.trail",
    "kick.verify",
    "host.means",
    "host.proxy",
    "host.tls",
    "probes.generation",
    "probes.host",
    "probes.line_test",
    "probes.models",
    "probes.outside",
    "probes.public_dns",
    "probes.route",
    "probes.signature",
    "recoveries",
    "settings.docs",
    "settings.security",
    "settings.texts",
    "settings.windows",
    "store.database",
    "store.drills",
    "store.evidence",
)

# Runs the command as the unit does, and tells what it imported and started.
SPY = """\
import sys
started = []
def spy(event, arguments):
    if event in ("os.posix_spawn", "os.fork", "os.forkpty", "subprocess.Popen"):
        started.append(event)
sys.addaudithook(spy)
sys.path.append(sys.argv[1])
from picoclaw_watchdog.cli.main import main
status = main(["once", "--unattended"])
known = sorted(sys.modules)
import json
print(json.dumps({"status": status, "modules": known, "started": started}))
"""


class Cycle(NamedTuple):
    """What one quiet cycle did."""

    modules: frozenset[str]
    children: int
    changed: frozenset[str]  # files below PICO_HOME
    log: list[str]  # the lines it added


@pytest.fixture(scope="module")
def cycle() -> Iterator[Cycle]:
    with HealthyHost(Public.HTTP) as host:
        run(host)  # the first one makes the folders
        before, log = files(host), host.log_file.read_text().splitlines()
        said = run(host)
        after = files(host)
        yield Cycle(
            frozenset(said["modules"]),
            len(said["started"]),
            frozenset(name for name in before | after if before.get(name) != after.get(name)),
            host.log_file.read_text().splitlines()[len(log) :],
        )


def run(host: HealthyHost) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "utf8", "-c", SPY, str(SOURCES)],
        env=host.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said: dict[str, Any] = json.loads(ran.stdout)
    assert said["status"] == 0, ran.stderr
    return said


def files(host: HealthyHost) -> dict[str, tuple[int, ...]]:
    """Every file below PICO_HOME, with what changes when it is written or replaced."""
    found: dict[str, tuple[int, ...]] = {}
    for folder, _, names in os.walk(host.pico_home):
        for name in names:
            facts = os.lstat(os.path.join(folder, name))
            path = os.path.relpath(os.path.join(folder, name), host.pico_home)
            found[path] = (facts.st_ino, facts.st_size, facts.st_mtime_ns)
    return found


def test_the_cycle_is_a_quiet_one(cycle: Cycle) -> None:
    assert [line.partition("] ")[2].split(" detail=")[0] for line in cycle.log] == [
        "level=INFO target=watchdog result=OK action=cycle"
    ]


@pytest.mark.parametrize("name", NEWCOMERS)
def test_a_quiet_cycle_does_not_import(cycle: Cycle, name: str) -> None:
    """Import it inside the function that needs it; what it would cost is beside its name."""
    assert name not in cycle.modules


@pytest.mark.parametrize("name", IDLE)
def test_a_quiet_cycle_leaves_on_the_disk(cycle: Cycle, name: str) -> None:
    assert f"picoclaw_watchdog.{name}" not in cycle.modules


def test_no_third_party_module_is_imported(cycle: Cycle) -> None:
    roots = {name.partition(".")[0] for name in cycle.modules}
    assert roots - sys.stdlib_module_names == {"__main__", "picoclaw_watchdog"}


def test_a_quiet_cycle_starts_few_processes(cycle: Cycle) -> None:
    assert 0 < cycle.children <= MOST_CHILDREN


def test_a_quiet_cycle_writes_one_line_and_one_snapshot(cycle: Cycle) -> None:
    assert cycle.changed - {"state/watchdog/lock"} == {LOG, SNAPSHOT}


def test_everything_that_is_refused_exists() -> None:
    """A misspelt name would refuse nothing."""
    assert {name.partition(".")[0] for name in NEWCOMERS} <= sys.stdlib_module_names
    for name in IDLE:
        path = SOURCES / "picoclaw_watchdog" / name.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), name

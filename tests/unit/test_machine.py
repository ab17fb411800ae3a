import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.core.model import PidFile
from picoclaw_watchdog.host import machine as machine_module
from picoclaw_watchdog.host.machine import Machine
from picoclaw_watchdog.host.process import find
from tests.unit.limits import no_descriptors_left, without_processes

HOST = Machine()

Start = Callable[[list[str]], int]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a program that runs until the test ends."""
    pids: list[int] = []

    def begin(argv: list[str]) -> int:
        pid = os.posix_spawn(argv[0], argv, {})
        pids.append(pid)
        while not Path(f"/proc/{pid}/cmdline").read_bytes():
            time.sleep(0.001)  # not yet quite the new program
        return pid

    yield begin
    for pid in pids:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


@pytest.fixture
def sleep() -> str:
    return find("sleep", os.environ["PATH"])


def pid_file(folder: Path, content: object) -> str:
    path = folder / ".pid"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_the_name_is_the_hosts_without_its_domain() -> None:
    assert HOST.name() == os.uname().nodename.split(".")[0]


def test_a_living_process_that_is_not_picoclaw_makes_the_file_stale(
    tmp_path: Path, start: Start, sleep: str
) -> None:
    pid = start([sleep, "60"])
    path = pid_file(tmp_path, {"pid": pid, "token": "secret", "version": "0.2.5", "port": 18790})
    assert HOST.stale_pid(path) == PidFile(path, pid, "sleep")


def test_a_process_of_another_user_counts_as_alive(tmp_path: Path) -> None:
    path = pid_file(tmp_path, {"pid": 1})
    found = HOST.stale_pid(path)
    assert found is not None
    assert found.program == Path("/proc/1/comm").read_text().strip()


def test_a_dead_process_does_not_make_the_file_stale(
    tmp_path: Path,
) -> None:
    dead = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(dead, 0)
    assert HOST.stale_pid(pid_file(tmp_path, {"pid": dead})) is None


@pytest.mark.parametrize("where", ["file", "argument"])
def test_picoclaw_itself_is_recognised(
    tmp_path: Path, start: Start, sleep: str, where: str
) -> None:
    program, argv = sleep, [sleep, "60"]
    if where == "file":
        program = str(tmp_path / "PicoClaw")
        os.symlink(sleep, program)
        argv = [program, "60"]
    else:
        argv = ["/bin/sh", "-c", "sleep 60; : picoclaw gateway"]
    assert HOST.stale_pid(pid_file(tmp_path, {"pid": start(argv)})) is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "garbage",
        "12",
        "[1]",
        "{}",
        '{"pid":',
        '{"pid":"1"}',
        '{"pid":-1}',
        '{"pid":0}',
        '{"pid":1.5}',
        '{"pid":99999999999999999999}',
        '{"pid":4194999999}',
        '{"pid":null}',
    ],
)
def test_what_is_no_pid_file_is_not_stale(tmp_path: Path, content: str) -> None:
    assert HOST.stale_pid(pid_file(tmp_path, content)) is None


def test_a_missing_unreadable_or_special_file_is_not_stale(tmp_path: Path) -> None:
    assert HOST.stale_pid(str(tmp_path / "absent")) is None
    assert HOST.stale_pid(str(tmp_path)) is None
    assert HOST.stale_pid("a\0b") is None
    os.mkfifo(tmp_path / "fifo")
    assert HOST.stale_pid(str(tmp_path / "fifo")) is None


def test_a_symlink_is_not_followed(tmp_path: Path) -> None:
    path = pid_file(tmp_path, {"pid": 1})
    os.symlink(path, tmp_path / "link")
    assert HOST.stale_pid(path) is not None
    assert HOST.stale_pid(str(tmp_path / "link")) is None


def test_a_process_that_cannot_be_identified_is_not_stale(tmp_path: Path) -> None:
    blind = Machine(proc=str(tmp_path / "no-proc"))
    assert blind.stale_pid(pid_file(tmp_path, {"pid": 1})) is None


def test_a_file_moved_aside_keeps_its_content_under_a_dated_name(tmp_path: Path) -> None:
    path = tmp_path / ".picoclaw.pid"
    path.write_text("content")
    aside = HOST.move_aside(str(path))
    assert aside.startswith(f"{path}.stale-2")
    assert Path(aside).read_text() == "content"
    assert not path.exists()


def test_what_cannot_be_moved_gives_an_empty_name(tmp_path: Path) -> None:
    assert HOST.move_aside(str(tmp_path / "absent")) == ""
    assert HOST.move_aside("a\0b") == ""


def test_results_come_in_the_order_of_the_calls() -> None:
    def after(seconds: float, value: str) -> Callable[[], str]:
        def call() -> str:
            time.sleep(seconds)
            return value

        return call

    calls = [after(0.1, "slow"), after(0, "quick"), after(0.05, "middle")]
    assert HOST.together(calls, 10) == ["slow", "quick", "middle"]


def test_no_calls_are_done_at_once() -> None:
    began = time.monotonic()
    assert HOST.together([], 30) == []
    assert time.monotonic() - began < 5


def test_the_calls_really_run_at_the_same_time() -> None:
    all_here = threading.Barrier(machine_module.THREADS)
    calls = [lambda: all_here.wait(20) >= 0] * machine_module.THREADS
    assert HOST.together(calls, 20) == [True] * machine_module.THREADS


def test_an_unfinished_call_is_none_and_changes_nothing_later() -> None:
    let_go = threading.Event()
    ended = threading.Event()

    def slow() -> str:
        let_go.wait(20)
        ended.set()
        return "late"

    began = time.monotonic()
    results = HOST.together([slow, lambda: "quick"], 0.2)
    assert time.monotonic() - began < 10
    assert results == [None, "quick"]
    let_go.set()
    assert ended.wait(10)
    assert results == [None, "quick"]


def test_a_call_that_raises_is_none_and_harms_no_other() -> None:
    def raises() -> str:
        raise ValueError("ours")

    began = time.monotonic()
    assert HOST.together([raises, lambda: "fine"], 30) == [None, "fine"]
    assert time.monotonic() - began < 10


def test_more_calls_than_threads_are_all_made() -> None:
    calls = [lambda number=number: number for number in range(500)]
    assert HOST.together(calls, 30) == list(range(500))


def test_after_the_deadline_no_further_call_is_begun() -> None:
    begun: list[int] = []
    let_go = threading.Event()

    def slow() -> None:
        begun.append(1)
        let_go.wait(20)

    HOST.together([slow] * (machine_module.THREADS + 10), 2.0)
    let_go.set()
    time.sleep(0.2)
    assert len(begun) == machine_module.THREADS


def test_an_abandoned_call_does_not_keep_the_process_from_ending() -> None:
    source = str(Path(machine_module.__file__).parents[2])
    script = (
        "import time\n"
        "from picoclaw_watchdog.host.machine import Machine\n"
        "Machine().together([lambda: time.sleep(50)], 0.1)\n"
    )
    began = time.monotonic()
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", script], {"PYTHONPATH": source})
    assert os.waitpid(pid, 0)[1] == 0
    assert time.monotonic() - began < 20


def test_without_a_thread_every_call_is_made_all_the_same() -> None:
    said = without_processes(
        "from picoclaw_watchdog.host.machine import Machine\n"
        "print(Machine().together([lambda n=n: n * n for n in range(9)], 10))"
    )
    assert said == str([number * number for number in range(9)])


def test_without_a_thread_no_call_is_begun_after_the_deadline() -> None:
    said = without_processes(
        "import time\n"
        "from picoclaw_watchdog.host.machine import Machine\n"
        "slow = lambda: time.sleep(0.3)\n"
        "print(Machine().together([lambda: 'first', slow, lambda: 'late'], 0.2))"
    )
    assert said == "['first', None, None]"


def test_without_a_thread_a_call_that_raises_harms_no_other() -> None:
    said = without_processes(
        "from picoclaw_watchdog.host.machine import Machine\n"
        "print(Machine().together([lambda: 1 / 0, lambda: 'fine'], 10))"
    )
    assert said == "[None, 'fine']"


def test_the_shortage_of_processes_has_two_witnesses() -> None:
    said = without_processes("print('\\n'.join(means.means().shortage))").splitlines()
    assert said == [
        "no thread can be started (at most 1 processes and threads, LimitNPROC=)",
        "no program can be started (true: Resource temporarily unavailable)",
    ]


def test_the_shortage_of_descriptors_has_two_witnesses() -> None:
    assert HOST.means().shortage == ()
    with no_descriptors_left():
        short = HOST.means().shortage
    assert [each.partition(" (")[0] for each in short] == [
        "no program can be started",
        "no file can be opened",
    ]


def test_a_program_that_cannot_even_read_itself_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "picoclaw_watchdog.host.means", raising=False)
    with no_descriptors_left():
        short = HOST.means().shortage
    assert len(short) == 2
    assert short[0] == "no file can be opened (Too many open files)"
    # Its file, or its folder where that has to be listed anew first.
    assert "picoclaw_watchdog/host" in short[1]


LISTENS = """
import socket
taken = socket.create_server(("127.0.0.1", 0))
open({where!r}, "w").write(str(taken.getsockname()[1]))
open("/proc/self/comm", "w").write({name!r})
import time
open({where!r} + ".up", "w").close()
time.sleep(60)
"""


def listening(start: Start, folder: Path, name: str) -> tuple[int, int]:
    """A program of this name that listens; its process id and its port."""
    where = str(folder / "port")
    pid = start([sys.executable, "-c", LISTENS.format(where=where, name=name)])
    while not os.path.exists(f"{where}.up"):
        time.sleep(0.01)
    return pid, int(Path(where).read_text())


def test_a_program_outside_the_unit_that_holds_its_port_is_a_stranger(
    tmp_path: Path, start: Start
) -> None:
    pid, port = listening(start, tmp_path, "other")
    found = HOST.stranger(port, "picoclaw-gateway.service", 1)
    assert found is not None
    assert (found.port, found.pid, found.program) == (port, pid, "other")
    assert HOST.stranger(port, "picoclaw-gateway.service", pid) is None, "its main process"
    assert not found.unit or HOST.stranger(port, found.unit, 1) is None
    assert HOST.stranger(1, "picoclaw-gateway.service", 1) is None, "nobody listens"


@pytest.mark.parametrize("name", ["systemd", "rootlessport", "docker-proxy", "pasta.avx2"])
def test_who_holds_a_port_for_others_is_no_stranger(
    tmp_path: Path, start: Start, name: str
) -> None:
    _, port = listening(start, tmp_path, name)
    assert HOST.stranger(port, "picoclaw-gateway.service", 1) is None

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from picoclaw_watchdog.host import process
from picoclaw_watchdog.host.process import run
from picoclaw_watchdog.ports import Ran
from tests.unit.limits import no_descriptors_left, without_processes

LATE = 10.0  # how much a call may overrun its deadline on a busy machine


def sh(script: str, deadline: float = 10.0) -> Ran:
    return run(["sh", "-c", script], deadline)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


def is_inherited(fd: int) -> bool:
    """Whoever started these tests may have left descriptors for everybody."""
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False


def wait_until_gone(pid: int) -> bool:
    for _ in range(200):
        if not is_running(pid):
            return True
        time.sleep(0.01)
    return False


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_status_and_both_streams_come_back() -> None:
    ran = sh("echo out; echo err >&2; exit 3")
    assert ran == Ran(3, "out\n", "err\n", timed_out=False)
    assert not ran.ok
    assert sh("true").ok


def test_a_signal_is_a_negative_status() -> None:
    assert sh("kill -TERM $$").code == -signal.SIGTERM


def test_a_missing_program_is_127() -> None:
    ran = run(["no-such-program-here"], 5)
    assert ran.code == 127
    assert "not found" in ran.complaint
    assert run(["/no/such/file"], 5).code == 127


def test_a_file_that_cannot_be_executed_is_126(tmp_path: Path) -> None:
    file = tmp_path / "plain"
    file.write_text("no program\n")
    assert run([str(file)], 5).code == 126


def test_an_argument_no_program_can_take_is_a_value_not_an_exception() -> None:
    assert run(["echo", "a\0b"], 5).code == 126
    assert run(["a\0b"], 5).code == 127


def test_programs_are_found_on_the_path_that_the_child_gets(tmp_path: Path) -> None:
    tool = tmp_path / "its-tool"
    tool.write_text("#!/bin/sh\necho mine\n")
    assert run(["its-tool"], 5, env={"PATH": str(tmp_path)}).code == 127, "not executable yet"
    tool.chmod(0o755)
    assert run(["its-tool"], 5, env={"PATH": f"/nowhere:{tmp_path}"}).out == "mine\n"


def test_the_child_speaks_english_and_keeps_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    monkeypatch.setenv("KEPT", "kept")
    ran = run(["sh", "-c", "echo $LC_ALL $KEPT $EXTRA"], 5, env={"EXTRA": "extra", "LC_ALL": "de"})
    assert ran.out == "C kept extra\n"


def test_nothing_can_be_read_unless_it_is_given() -> None:
    assert run(["cat"], 5) == Ran(0)
    data = bytes(range(97, 107)) * 50_000
    assert run(["cat"], 5, input_bytes=data).out == data.decode()


def test_a_child_that_ignores_its_input_does_not_disturb() -> None:
    assert run(["true"], 5, input_bytes=b"x" * 1_000_000).ok


def test_at_the_deadline_the_whole_group_is_killed(tmp_path: Path) -> None:
    began = time.monotonic()
    ran = sh(f"sleep 60 & echo $! > {tmp_path}/pid; echo before; sleep 60", 1.0)
    assert time.monotonic() - began < 1.0 + LATE
    assert ran.timed_out
    assert ran.out == "before\n"
    assert ran.code == -signal.SIGKILL
    assert wait_until_gone(int((tmp_path / "pid").read_text()))


def test_a_child_that_ignores_sigterm_is_killed_too() -> None:
    assert sh("trap '' TERM; while :; do sleep 0.1; done", 0.3).timed_out


def test_an_escaped_grandchild_with_our_pipe_does_not_hold_us_past_the_deadline(
    tmp_path: Path,
) -> None:
    began = time.monotonic()
    ran = sh(f"setsid sh -c 'echo $$ > {tmp_path}/pid; sleep 60' & sleep 60", 1.5)
    assert time.monotonic() - began < 1.5 + LATE
    assert ran.timed_out
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_a_daemon_left_behind_does_not_delay_the_answer(tmp_path: Path) -> None:
    began = time.monotonic()
    ran = sh(f"sleep 60 & echo $! > {tmp_path}/pid; echo done", 30)
    assert time.monotonic() - began < 10
    assert ran == Ran(0, "done\n")
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_output_beyond_the_limit_is_read_and_dropped() -> None:
    ran = run(["sh", "-c", "head -c 3000000 /dev/zero; echo end >&2"], 20, limit=1000)
    assert ran.code == 0, "the child was not blocked by a full pipe"
    assert ran.out == "\0" * 1000
    assert ran.err == "end\n"


def test_what_a_child_writes_last_is_not_lost() -> None:
    for _ in range(20):
        assert len(sh("head -c 60000 /dev/zero").out) == 60_000


def test_output_that_is_no_text_is_replaced_not_raised() -> None:
    assert "�" in sh(r"printf '\377\376'").out


def test_signals_that_we_ignore_work_in_the_child() -> None:
    began = time.monotonic()
    ran = sh("yes | head -1")  # where it is ignored, yes complains of a broken pipe
    assert (ran.out, ran.err) == ("y\n", "")
    assert time.monotonic() - began < 10


def test_a_child_leads_a_session_of_its_own() -> None:
    pid, session = sh("echo $$; cut -d ' ' -f 6 /proc/$$/stat").out.split()
    assert pid == session


def test_calls_from_many_threads_do_not_hold_each_others_pipes() -> None:
    took: list[float] = []

    def short() -> None:
        began = time.monotonic()
        assert run(["sh", "-c", "exec >&- 2>&-; true"], 20).ok
        took.append(time.monotonic() - began)

    slow = threading.Thread(target=sh, args=("sleep 2", 20))
    slow.start()
    threads = [threading.Thread(target=short) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slow.join()
    assert len(took) == 12


def test_a_child_has_only_its_three_streams() -> None:
    with open("/dev/null", "rb"):
        seen = run(["ls", "/proc/self/fd"], 5).out.split()
    ours = [fd for fd in map(int, os.listdir("/proc/self/fd")) if is_inherited(fd)]
    assert len(seen) == len({0, 1, 2, *ours}) + 1, "and the folder that ls itself has open"


def test_no_descriptor_is_left_open() -> None:
    run(["true"], 5)
    before = open_descriptors()
    for _ in range(5):
        run(["true"], 5, input_bytes=b"x")
        run(["sleep", "9"], 0.01)
        run(["/etc/passwd"], 5)
        run(["nothing-of-that-name"], 5)
    assert open_descriptors() == before


def test_no_zombie_is_left_behind() -> None:
    for _ in range(3):
        run(["sleep", "9"], 0.01)
    sh("true")
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_kernel_without_pidfd_is_served_by_looking_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbidden(_pid: int, _flags: int = 0) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "pidfd_open", forbidden)
    assert sh("echo fine; exit 2") == Ran(2, "fine\n")
    assert sh("exec >&- 2>&-; sleep 0.1; exit 4").code == 4
    assert sh("sleep 60", 0.2).timed_out


def test_closed_standard_streams_of_our_own_do_not_cross_the_childs() -> None:
    script = (
        "import os\n"
        "for fd in (0, 1, 2): os.close(fd)\n"
        "from picoclaw_watchdog.host.process import run\n"
        "ran = run(['sh', '-c', 'cat; echo out; echo err >&2'], 5, input_bytes=b'in ')\n"
        "os._exit(0 if (ran.out, ran.err) == ('in out\\n', 'err\\n') else 7)\n"
    )
    source = str(Path(process.__file__).parents[2])
    assert run([sys.executable, "-c", script], 20, env={"PYTHONPATH": source}) == Ran(0)


def test_a_program_for_which_there_is_no_process_was_not_run() -> None:
    said = without_processes("print(process.run(['true'], 5))")
    assert "code=126" in said
    assert "starved=True" in said


def test_a_program_for_which_there_is_no_descriptor_was_not_run() -> None:
    with no_descriptors_left():
        ran = run(["true"], 5)
    assert (ran.code, ran.starved, ran.ok) == (126, True, False)
    assert ran.complaint == "true: Too many open files"


@pytest.mark.parametrize("program", ["/etc/passwd", "no-such-program", "a\0b"])
def test_a_program_that_cannot_be_run_anyway_is_no_shortage(program: str) -> None:
    assert not run([program], 5).starved


OF_OURS = (
    *("PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN", "PICOCLAW_CHANNELS_LINE_CHANNEL_SECRET"),
    *("PICOCLAW_WATCHDOG_KICK_TOKEN", "TOKEN", "PICOCLAW_WATCHDOG_HEARTBEAT_URL", "HEARTBEAT_URL"),
    *("PICOCLAW_WATCHDOG_APPRISE_URLS", "PICOCLAW_WATCHDOG_OLLAMA_API_KEY", "OPENAI_API_KEY"),
    *(
        "GH_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "DB_PASSWORD",
        "PGPASSWORD",
        "SSH_PASSPHRASE",
        "my_token",
    ),
)
OF_EVERYBODY = (
    *("HOME", "LANG", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
    *("https_proxy", "HTTPS_PROXY", "no_proxy", "PICO_HOME", "PICOCLAW_WATCHDOG_LANGUAGE"),
)


def test_no_child_gets_a_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*OF_OURS, *OF_EVERYBODY):
        monkeypatch.setenv(name, f"value-of-{name}")
    said = run(["env"], 5).out
    assert not [name for name in OF_OURS if f"value-of-{name}\n" in said]
    assert all(f"{name}=value-of-{name}\n" in said for name in OF_EVERYBODY)
    assert "PATH=" in said


def test_what_a_child_is_given_on_purpose_it_gets() -> None:
    assert "ITS_TOKEN=given" in run(["env"], 5, env={"ITS_TOKEN": "given"}).out


def test_the_program_that_takes_over_gets_no_secret_either() -> None:
    script = "from picoclaw_watchdog.host.process import become; become(['env'], {})"
    source = str(Path(__file__).parents[2] / "src")
    secret = {"PICOCLAW_WATCHDOG_KICK_TOKEN": "value-of-it"}
    said = run([sys.executable, "-c", script], 20, env={"PYTHONPATH": source, **secret}).out
    assert "PYTHONPATH=" in said
    assert "value-of-it" not in said


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("\x1b[31mit failed\x1b[0m\r\n", "it failed"),
        ("one\nAuthorization: Bearer abcdefgh1\n", "Authorization: Bearer ***"),
        ("evil\u202e\x9b0m\x07", "evil\ufffd"),
        ("\x1b]0;only a title\x07", "exit status 1"),
    ],
)
def test_a_complaint_is_a_detail(said: str, complaint: str) -> None:
    assert Ran(1, err=said).complaint == complaint

import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from picoclaw_watchdog.store import lock

HOLDER = """
import sys, time
from picoclaw_watchdog.store import lock
held = lock.acquire(sys.argv[1], sys.argv[2], 0, time.sleep)
print("held" if held else "busy", flush=True)
sys.stdin.readline()
"""


class Waits:
    """A clock that only counts how long it was asked to wait."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def never(seconds: float) -> NoReturn:
    raise AssertionError(seconds)


def holder(state: Path, spare: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state), str(spare)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def end(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.communicate()


def test_a_free_lock_is_taken_at_once_and_its_file_is_private(tmp_path: Path) -> None:
    held = lock.acquire(str(tmp_path / "state"), "", 5, never)
    assert held is not None
    assert held.is_real
    assert stat.S_IMODE((tmp_path / "state" / "lock").stat().st_mode) == 0o600
    held.release()
    held.release()


def test_a_second_one_waits_for_its_timeout_and_gives_up(tmp_path: Path) -> None:
    waits = Waits()
    with lock.acquire(str(tmp_path), "", 0, never) or never(0):
        assert lock.acquire(str(tmp_path), "", 5, waits.sleep) is None
    assert 4.5 <= waits.seconds <= 5.5
    again = lock.acquire(str(tmp_path), "", 0, never)
    assert again is not None
    again.release()


def test_a_lock_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    child = holder(tmp_path / "state", tmp_path / "spare")
    assert lock.acquire(str(tmp_path / "state"), "", 0, never) is None
    end(child)
    with lock.acquire(str(tmp_path / "state"), "", 0, never) or never(0) as held:
        assert held.is_real


def test_a_program_that_we_started_does_not_hold_it_after_us(tmp_path: Path) -> None:
    held = lock.acquire(str(tmp_path), "", 0, never)
    assert held is not None
    with subprocess.Popen(["sleep", "60"], close_fds=False) as child:
        held.release()
        again = lock.acquire(str(tmp_path), "", 0, never)
        child.kill()
    assert again is not None
    again.release()


def test_a_state_folder_that_cannot_be_made_is_locked_in_memory(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    spare = tmp_path / "spare"
    with lock.acquire(str(tmp_path / "state"), str(spare), 0, never) or never(0) as held:
        assert held.is_real
        assert lock.acquire(str(tmp_path / "state"), str(spare), 0, never) is None


def test_one_that_runs_on_the_memory_lock_still_keeps_others_out_when_the_folder_works_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "state").touch()
    child = holder(tmp_path / "state", tmp_path / "spare")
    (tmp_path / "state").unlink()
    assert lock.acquire(str(tmp_path / "state"), str(tmp_path / "spare"), 0, never) is None
    end(child)
    with lock.acquire(str(tmp_path / "state"), str(tmp_path / "spare"), 0, never) or never(0):
        pass


def test_a_state_folder_that_is_removed_while_one_is_at_work_lets_no_other_in(
    tmp_path: Path,
) -> None:
    state, spare = tmp_path / "state", tmp_path / "spare"
    with lock.acquire(str(state), str(spare), 0, never) or never(0):
        shutil.rmtree(state)
        assert lock.acquire(str(state), str(spare), 0, never) is None


def test_without_any_place_a_cycle_runs_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    held = lock.acquire(str(tmp_path / "state"), "", 0, never)
    assert held is not None
    assert not held.is_real


def test_odd_things_in_the_locks_place_do_not_hang_or_open_it_twice(tmp_path: Path) -> None:
    for make in (os.mkdir, os.mkfifo):
        path = tmp_path / make.__name__
        path.mkdir()
        make(path / "lock")
        with lock.acquire(str(path), "", 0, never) or never(0):
            assert lock.acquire(str(path), "", 0, never) is None


def test_a_lock_file_that_is_deleted_meanwhile_is_not_what_is_locked(tmp_path: Path) -> None:
    first = lock.acquire(str(tmp_path), "", 0, never)
    assert first is not None
    (tmp_path / "lock").unlink()
    second = lock.acquire(str(tmp_path), "", 0, never)
    assert second is not None
    assert lock.acquire(str(tmp_path), "", 0, never) is None
    first.release()
    second.release()

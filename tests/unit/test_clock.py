import time
from pathlib import Path

from picoclaw_watchdog.core.model import seconds_between
from picoclaw_watchdog.host.clock import HostClock, monotonic, stamp


def test_a_moment_holds_all_clocks_of_this_machine() -> None:
    before = time.time()
    moment = HostClock().now()
    assert before <= moment.wall <= time.time()
    assert moment.boot + 0.001 > moment.awake > 0
    assert moment.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_the_boot_id_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "boot_id"
    file.write_text("first\n")
    clock = HostClock(str(file))
    file.write_text("second\n")
    assert clock.now().boot_id == "first"


def test_a_missing_or_unreadable_boot_id_is_empty(tmp_path: Path) -> None:
    assert HostClock(str(tmp_path / "absent")).now().boot_id == ""
    (tmp_path / "garbage").write_bytes(b"\xff\xfe")
    assert HostClock(str(tmp_path / "garbage")).now().boot_id == ""


def test_sleep_takes_the_time_it_is_given() -> None:
    clock = HostClock()
    began = clock.now()
    clock.sleep(0.02)
    assert seconds_between(began, clock.now()) >= 0.02


def test_a_negative_sleep_does_not_wait() -> None:
    began = monotonic()
    HostClock().sleep(-5)
    assert monotonic() - began < 1


def test_a_stamp_sorts_as_the_time_does() -> None:
    assert len(stamp()) == 15
    assert stamp()[8] == "T"
    assert stamp() <= time.strftime("%Y%m%dT%H%M%S")

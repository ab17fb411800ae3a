"""The only file that reads a clock."""

import time

from picoclaw_watchdog.core.model import Moment

BOOT_ID = "/proc/sys/kernel/random/boot_id"


class HostClock:
    """The machine's clocks; implements `ports.Clock`."""

    def __init__(self, boot_id_file: str = BOOT_ID) -> None:
        self._boot_id = _first_line(boot_id_file)

    def now(self) -> Moment:
        """All clocks at once. The boot id is empty where the kernel does not tell it."""
        return Moment(
            wall=time.time(),
            boot=time.clock_gettime(time.CLOCK_BOOTTIME),
            awake=time.monotonic(),
            boot_id=self._boot_id,
        )

    def sleep(self, seconds: float) -> None:
        """Wait; not at all where the number is negative."""
        time.sleep(max(0.0, seconds))


def monotonic() -> float:
    """Seconds that only go forward, suspend left out: for deadlines."""
    return time.monotonic()


def utc_offset(wall: float) -> int:
    """Seconds that local time is ahead of UTC at an epoch second."""
    return time.localtime(wall).tm_gmtoff


def stamp() -> str:
    """The local time as YYYYmmddTHHMMSS, for names of files."""
    return time.strftime("%Y%m%dT%H%M%S")


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:  # pathlib costs milliseconds
            return file.readline().strip()
    except (OSError, ValueError):
        return ""

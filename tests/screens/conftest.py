from pathlib import Path

import pytest

from picoclaw_watchdog.store.log import LogFile
from tests.sim.night import Night


@pytest.fixture
def night(tmp_path: Path) -> Night:
    """A pretend host whose state lies where the commands look for it by default.

    Its clock stands at 2023-11-15 10:00:00 in Tokyo.
    """
    pico_home = tmp_path / ".picoclaw"
    pico_home.mkdir()
    log_file = pico_home / "logs" / "ops-watchdog.log"
    night = Night(
        tmp_path,
        state_dir=str(pico_home / "state" / "watchdog"),
        pico_home=str(pico_home),
        log_file=str(log_file),
    )
    night.log = LogFile(str(log_file), now=lambda: night.host.moment().wall)  # type: ignore[assignment]
    return night

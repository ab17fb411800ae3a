import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.store.log import LogFile
from tests.sim.night import Night


@pytest.fixture
def _tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Names of files and lines of the log have local times too."""
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def night(tmp_path: Path, _tokyo: None) -> Night:
    """A pretend host whose state lies where the commands look for it by default.

    Its clock stands at 2023-11-15 10:00:00 in Tokyo.
    """
    night = Night(tmp_path)
    log_file = tmp_path / ".picoclaw" / "logs" / "ops-watchdog.log"
    night.log = LogFile(str(log_file), now=lambda: night.host.moment().wall)
    return night

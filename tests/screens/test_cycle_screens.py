"""What is seen of cycles that the owner starts himself, on a host in a box."""

import re
from collections.abc import Iterator

import pytest

from picoclaw_watchdog.demo.box import Box
from tests.screens.snapshots import check

PATIENT = {"LOCAL_TIMEOUT_SEC": "20", "EXTERNAL_TIMEOUT_SEC": "20"}


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box(PATIENT) as box:
        yield box


def _shows(
    box: Box, name: str, command: str, *, status: int = 0, until: str = "", **more: str
) -> None:
    settings = {f"PICOCLAW_WATCHDOG_{key}": value for key, value in more.items()}
    environ = {key: value for key, value in box.environ.items() if key != "NO_COLOR"}
    check(
        *(box.folder / "home", name, command),
        wall=0.0,
        status=status,
        more={**environ, **settings},
        until=until,
        tidy=_without_times,
    )


def _without_times(shown: str) -> str:
    """No date, no time of day, no duration."""
    times = r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|\d\.\d\d(?= s\b)"
    return re.sub(times, lambda found: re.sub(r"\d", "#", found[0]), shown)


def test_a_cycle_that_finds_nothing_to_do(box: Box) -> None:
    _shows(box, "once", "once")


def test_a_cycle_that_is_switched_off(box: Box) -> None:
    _shows(box, "once-off", "once", ENABLED="false")


def test_a_cycle_with_mistakes_in_the_settings(box: Box) -> None:
    _shows(box, "once-mistakes", "once", status=2, INTERVAL_SEC="often")


def test_a_loop_at_a_terminal(box: Box) -> None:
    _shows(box, "loop", "loop", until="looks good")

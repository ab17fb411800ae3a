import json

import pytest

from picoclaw_watchdog.core.model import Kick
from tests.screens.snapshots import check, typed
from tests.sim.night import Night


def eventful(night: Night) -> Night:
    """A crash that is mended, a dead Ollama, a gateway that dies again and again, a masked unit."""
    night.cycles(2)
    night.do("gateway_crashes")
    night.cycles(3)
    night.do("peer_down")
    night.cycles(6)
    night.cycle((Kick("k", "ack", "line:U4af4980629", asked=night.host.moment().wall),))
    night.pass_(60)
    night.cycles(30)
    night.undo("peer_down")
    night.cycles(2)
    night.host.line.mode = "503"
    night.do("gateway_hung", stays=True)
    night.cycles(4)
    return night


def look_at(night: Night, name: str, *argv: str, status: int = 0) -> None:
    check(night.folder, name, *argv, wall=night.host.moment().wall, status=status)


def test_the_list(night: Night) -> None:
    look_at(eventful(night), "incidents", "incidents")


def test_one_that_is_open(night: Night) -> None:
    look_at(eventful(night), "incidents-show-open", "incidents", "show")


def test_one_that_is_over(night: Night) -> None:
    look_at(eventful(night), "incidents-show-over", "incidents", "show", "ollama")


def test_nothing_ever_broke(night: Night) -> None:
    night.cycles(2)
    look_at(night, "incidents-none", "incidents")
    look_at(night, "incidents-show-none", "incidents", "show", status=1)


def test_no_such_incident(night: Night) -> None:
    look_at(eventful(night), "incidents-show-unknown", "incidents", "show", "g-1", status=1)


def test_programs_get_json(night: Night) -> None:
    eventful(night)
    listed = json.loads(typed(night.folder, "incidents", "--json", "--days", "3650").stdout)
    assert [each["target"] for each in listed] == ["gateway", "ollama", "gateway"]
    story = json.loads(typed(night.folder, "incidents", "show", "ollama", "--json").stdout)
    assert story["incident"]["acked_by"] == "line:U4af4980629"
    assert story["letters"][-1]["alert"]["topic"] == "all_clear"


def test_only_one_target(night: Night) -> None:
    eventful(night)
    listed = typed(night.folder, "incidents", "--days", "3650", "--target", "ollama").stdout
    assert "Ollama does not answer" in listed
    assert "gateway-" not in listed


def test_a_beginning_that_fits_several_names_them(night: Night) -> None:
    eventful(night)
    ran = typed(night.folder, "incidents", "show", "gateway-1700")
    assert ran.returncode == 1
    assert ran.stderr.count("gateway-1700") == 3


@pytest.mark.parametrize("wrong", [("--days", "0"), ("--target", "moon"), ("what",), ("--bogus",)])
def test_wrong_usage(night: Night, wrong: tuple[str, ...]) -> None:
    ran = typed(night.folder, "incidents", *wrong)
    assert ran.returncode == 2
    assert wrong[0] in ran.stderr.splitlines()[0]
    assert "usage" in ran.stderr

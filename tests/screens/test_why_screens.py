from tests.screens.snapshots import check, typed
from tests.sim.night import Night


def test_the_last_decisions(night: Night) -> None:
    night.cycles(2)
    night.do("gateway_crashes")
    night.cycles(2)
    night.do("gateway_dies_at_start", after=0.1)
    night.cycles(5)
    check(night.folder, "why", "why", wall=night.host.moment().wall)


def test_what_is_withheld_every_minute_is_said_once(night: Night) -> None:
    night.cycles(1)
    night.do("unit_masked")
    night.cycles(6)
    printed = typed(night.folder, "why").stdout
    assert printed.count("withheld") == 1
    assert "6 times" in printed


def test_nothing_was_decided(night: Night) -> None:
    night.cycles(1)
    check(night.folder, "why-none", "why", wall=night.host.moment().wall)

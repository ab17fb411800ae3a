"""What counts as an outage told too late: `sim/outages.py` by itself, without a watchdog."""

from pathlib import Path

import pytest

from picoclaw_watchdog.core.model import Alert, State
from picoclaw_watchdog.core.reasons import Gravity, Topic
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim.life import Life
from picoclaw_watchdog.sim.outages import TRIED_AGAIN, Outages, patience

QUIET = {"paused": None, "stopped": None}
HOUR = 3600.0


class Watch:
    """A host on which Ollama is down, and cycles that never tell of it."""

    def __init__(self, folder: Path) -> None:
        self.host = Life(Settings(), str(folder)).host
        self.outages = Outages(self.host)
        self.outages.look()
        self.host.ollama.state = "refused"
        self.outages.look()

    def cycles(self, seconds: float, **document: object) -> list[str]:
        ends = self.host.seconds + seconds
        while self.host.seconds < ends:
            self.host.advance(self.host.seconds + 60.0)
            self.outages.cycle({**QUIET, **document})
        return self.outages.late

    def letter(self, topic: Topic = Topic.OLLAMA_FAILING) -> Alert:
        return Alert(
            "a", "ollama", topic, Gravity.WARNING, self.host.moment(), "ollama", None, "", ()
        )


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def test_an_outage_that_nobody_tells_of_is_late_after_a_start_and_four_cycles(watch: Watch) -> None:
    bound = patience(watch.host.settings)
    assert watch.cycles(bound - 60.0) == []
    assert watch.cycles(120.0) == ["at 360 s: Ollama, from 0 s on, is not told"]
    assert len(watch.cycles(HOUR)) == 1


def test_what_line_has_accepted_is_told(watch: Watch) -> None:
    watch.outages.accept([watch.letter()])
    assert watch.cycles(HOUR) == []


def test_that_an_earlier_outage_is_over_tells_nothing_of_this_one(watch: Watch) -> None:
    watch.outages.accept([watch.letter(Topic.ALL_CLEAR)])
    assert len(watch.cycles(HOUR)) == 1


def test_what_keeps_the_watchdog_from_telling_does_not_count(watch: Watch) -> None:
    assert watch.cycles(HOUR, paused={"until": None}) == []
    for _ in range(20):  # every other cycle is killed
        watch.host.advance(watch.host.seconds + 600.0)
        watch.outages.hinder()
        watch.cycles(10.0)
        watch.outages.forget()
    watch.host.suspend(HOUR)
    watch.outages.look()
    assert watch.cycles(60.0) == []


def test_a_message_waits_for_a_line_that_is_away_as_long_as_that_takes(watch: Watch) -> None:
    watch.outages.keep(State(outbox=(watch.letter(),)))
    watch.host.line.mode = "away"
    assert watch.cycles(24 * HOUR) == []
    watch.host.line.mode = "ok"
    assert watch.cycles(TRIED_AGAIN) == []
    [late] = watch.cycles(120.0)
    assert late.endswith("Ollama, from 0 s on, waits")


def test_what_was_told_just_before_cools_down_first(watch: Watch) -> None:
    watch.host.ollama.state = "up"
    watch.outages.look()
    watch.outages.accept([watch.letter()])
    watch.host.ollama.state = "refused"
    watch.outages.look()
    settings = watch.host.settings
    assert watch.cycles(settings.alert_cooldown_sec + patience(settings) - 60.0) == []
    assert len(watch.cycles(120.0)) == 1

"""The watchdog is killed at every point of a story: the invariants hold all the same.

A few stories in every run, all of them in `make proof`.
"""

from pathlib import Path

import pytest

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim import story
from picoclaw_watchdog.sim.host import Kill
from picoclaw_watchdog.sim.play import crash_everywhere, play, report

KICKED = """
why = "a request"
lasts = "15m"
[title]
en = "A request"
ja = "依頼"
[[at]]
time = "1m 5s"
do = "kick"
[[at]]
time = "10m"
do = "funnel_off"
[expect]
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["gateway-killed", "stale-pid", "power-cut", "kicked"])
def test_a_watchdog_killed_at_any_point_breaks_no_invariant(name: str) -> None:
    told = story.parse(name, KICKED) if name == "kicked" else story.load(name)
    points = 0
    for kill, played in crash_everywhere(told, Settings()):
        points += 1
        assert not played.broken, report(played, f"{name}, {kill.words}")
        assert played.life.records.kills, kill.words
    assert points > 20


@pytest.mark.timeout(300)
def test_no_power_is_cut_where_the_clock_is_set_forward_meanwhile() -> None:
    forward = '[[at]]\ntime = "12m"\ndo = "clock_set"\nby = "1d"\n[expect]'
    text = KICKED.replace('lasts = "15m"', 'lasts = "2m"')
    kinds = [
        {kill.power for kill, _ in crash_everywhere(story.parse("s", told), Settings())}
        for told in (text, text.replace("[expect]", forward))
    ]
    assert kinds == [{False, True}, {False}]


@pytest.mark.timeout(300)
def test_a_sample_of_the_points_is_some_of_all() -> None:
    told = story.parse("kicked", KICKED.replace('lasts = "15m"', 'lasts = "2m"'))
    every, some = (
        [kill for kill, _ in crash_everywhere(told, Settings(), step)] for step in (1, 7)
    )
    assert some == every[::7]


def test_what_a_killed_process_had_not_written_down_may_be_brought_again(tmp_path: Path) -> None:
    night = story.load("line-late-beside-another")
    for number in range(170, 178):  # around the write after the second message by a courier
        folder = str(tmp_path / str(number))
        played = play(night, Settings(), folder, seed=number, kill=Kill("write", number))
        assert not played.broken, report(played, f"after write {number}")

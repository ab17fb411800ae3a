"""Every story that comes with the program ends as it says, and breaks no invariant."""

from pathlib import Path

import pytest

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim import story
from picoclaw_watchdog.sim.play import play, report


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", story.names())
def test_a_story_ends_as_it_says(name: str, tmp_path: Path) -> None:
    played = play(story.load(name), Settings(), str(tmp_path))
    assert played.is_good, report(played, name)


WHOLE = """
why = "because"
lasts = "1h"
[title]
en = "Title"
ja = "題"
[[at]]
time = "1m"
do = "peer_down"
[expect]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('lasts = "1h"', 'lasts = "an hour"', "'an hour' is no length of time"),
        ('ja = "題"', "", "title: needs a text for en and for ja"),
        ('do = "peer_down"', 'do = "olama_down"', "[[at]] 1: unknown deed 'olama_down'; did you"),
        ('do = "peer_down"', 'do = "peer_down"\nevery = 3', "[[at]] 1: unknown key 'every'"),
        ("[expect]", '[expect]\nends = "well done"', "expect: ends: unknown 'well done'"),
        ("[expect]", "[expect]\nrestarts = true", "neither a number nor [least, most]"),
        ("[expect]", '[expect]\nwithheld = ["budget"]', "did you mean budget_spent"),
        ("[expect]", "", "expect: is missing"),
        ("[title]", '[settings]\ninterval_sec = "60"\n[title]', "interval_sec must be like 60"),
        ("[title]", "[settings]\nintervall_sec = 60\n[title]", "did you mean interval_sec"),
        ("[title]", "[title", "story.toml: "),
    ],
)
def test_a_mistake_in_a_story_is_one_line_with_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(story.StoryError) as caught:
        story.parse("story", WHOLE.replace(old, new, 1))
    assert str(caught.value).startswith("story.toml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_story_that_is_not_there_names_those_that_sound_like_it() -> None:
    with pytest.raises(story.StoryError, match="did you mean crash-loop"):
        story.load("crashloop")


def test_an_expectation_that_is_not_met_is_said(tmp_path: Path) -> None:
    text = WHOLE.replace("[expect]", '[expect]\nrestarts = 7\nends = "well"')
    played = play(story.parse("story", text), Settings(), str(tmp_path))
    assert not played.broken
    assert [each.split(",")[0] for each in played.unmet] == ["restarts 7 to 7", "that it ends well"]

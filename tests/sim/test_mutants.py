"""The simulator sees bugs that were planted in the product."""

from pathlib import Path

import pytest

from picoclaw_watchdog.sim import story
from tests.sim.mutants import MUTANTS, SOURCE, Mutant, by_a_story, planted

SHOWN = [mutant for mutant in MUTANTS if mutant.story]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("mutant", SHOWN, ids=lambda each: each.name)
def test_a_planted_bug_is_seen_by_its_story(mutant: Mutant) -> None:
    """That its story is good without it is held by tests/sim/test_stories.py."""
    assert by_a_story(mutant)


@pytest.mark.timeout(180)
def test_only_one_invariant_sees_that_what_was_told_once_is_told_no_more() -> None:
    mutant = next(each for each in MUTANTS if each.name == "told-once-is-told-for-ever")
    assert by_a_story(mutant) == "a_long_outage_is_told_in_time"


def test_at_least_a_dozen_bugs_have_a_story_that_shows_them() -> None:
    assert len(SHOWN) >= 12
    assert {mutant.story for mutant in SHOWN} <= set(story.names())


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_every_bug_can_still_be_planted(mutant: Mutant, tmp_path: Path) -> None:
    planted(mutant, tmp_path)
    changed = (tmp_path / SOURCE.name / mutant.file).read_text()
    assert changed != (SOURCE / mutant.file).read_text()
    compile(changed, mutant.file, "exec")

"""A life with leaps is the same life as one in which every cycle is run."""

from pathlib import Path

import pytest

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim import story
from picoclaw_watchdog.sim.play import Played, play


def history(played: Played) -> tuple[object, ...]:
    records = played.life.records
    return (
        [(round(each.at, 6), each.attempt, each.incident) for each in records.struck],
        [(round(each.at, 6), each.key, each.letters) for each in records.told],
        [(round(note.at, 6), note.who, note.text) for note in played.life.host.notes],
        played.life.host.tailnet.commands,
        sorted(records.queued),
    )


@pytest.mark.parametrize(
    "name", ["gateway-killed", "power-cut", "kick-and-budget", "router-restart", "courier-hangs"]
)
def test_a_story_with_leaps_is_the_story_without(name: str, tmp_path: Path) -> None:
    folders = [tmp_path / "leaps", tmp_path / "steps"]
    leapt, run = (
        play(story.load(name), Settings(), str(folder), leaps=folder is folders[0])
        for folder in folders
    )
    assert history(leapt) == history(run)
    assert leapt.life.records.leapt > 0
    assert run.life.records.leapt == 0
    assert leapt.life.records.cycles + leapt.life.records.leapt == run.life.records.cycles

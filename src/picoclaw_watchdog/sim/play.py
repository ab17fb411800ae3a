"""Play a story: once as it is, or again and again with the watchdog killed at every point."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from picoclaw_watchdog.core.reasons import Topic
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.sim import words
from picoclaw_watchdog.sim.deeds import do
from picoclaw_watchdog.sim.host import Kill
from picoclaw_watchdog.sim.invariants import Broken
from picoclaw_watchdog.sim.life import Life
from picoclaw_watchdog.sim.records import Records, name_of
from picoclaw_watchdog.sim.story import Event, Expectation, Story
from picoclaw_watchdog.sim.week import Week

IN_MEMORY = "/dev/shm"  # noqa: S108  # a fresh private folder in it, where there is one
TAIL = 25  # lines of the timeline that a broken invariant shows


class Played(NamedTuple):
    """What came of a story."""

    life: Life
    broken: list[Broken]
    unmet: list[str]  # expectations that were not met

    @property
    def is_good(self) -> bool:
        """Whether all was as it must be, and as the story says."""
        return not self.broken and not self.unmet


@contextmanager
def folder() -> Iterator[str]:
    """A fresh folder for one life, in memory where that is possible."""
    parent = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="picoclaw-sim-", dir=parent) as path:
        yield path


def play(
    story: Story,
    settings: Settings,
    where: str,
    *,
    seed: int = 0,
    leaps: bool = True,
    kill: Kill | None = None,
) -> Played:
    """Play a story in a folder.

    Args:
        story: what happens.
        settings: the owner's; the story's own lie on top.
        where: an empty folder.
        seed: of what is left to chance.
        leaps: whether calm cycles may be leapt over.
        kill: where the watchdog is to be killed, besides what the story does to it.
    """
    alone = settings._replace(apprise_urls=())  # what a story expects, LINE must do
    life = Life(story.settings_on(alone), where, seed, leaps=leaps)
    life.host.kill = kill
    schedule(life, story.events)
    life.run(story.lasts)
    unmet = [] if life.broken else list(_unmet(life, story.expect))
    broken = life.broken or life.finish()
    return Played(life, broken, unmet)


def live(week: Week, where: str, *, leaps: bool = True) -> Played:
    """Live a week that chance has made, in a folder."""
    life = Life(week.settings, where, week.seed, leaps=leaps)
    schedule(life, week.events)
    life.run(week.lasts)
    return Played(life, life.broken or life.finish(), [])


def schedule(life: Life, events: tuple[Event, ...]) -> None:
    """Let the events come at their times."""
    for event in events:
        life.host.at(event.time, _doing(life, event))


def crash_everywhere(
    story: Story, settings: Settings, every: int = 1
) -> Iterator[tuple[Kill, Played]]:
    """The story once for every point at which the watchdog can be killed.

    After each write and each effect in turn, before each effect, and by a power cut after each
    write, with other coins each time. What the story expects does not hold then; the invariants do.
    No power cut in a story that sets the clock forward: a boot before a cycle has seen that cannot
    tell it from time that has passed. `every` tries each so-manieth point only: a prime number
    meets every place of a cycle, which writes in the same order each minute.
    """
    with folder() as where:
        whole = play(story, settings, where)
        counts = dict(whole.life.host.counts)
    points = [Kill("write", number) for number in range(1, counts["write"] + 1)]
    if not any(map(_sets_forward, story.events)):
        points += [Kill("write", number, power=True) for number in range(1, counts["write"] + 1)]
    for number in range(1, counts["effect"] + 1):
        points += [Kill("effect", number, after=False), Kill("effect", number)]
    for kill in points[::every]:
        with folder() as where:
            played = play(story, settings, where, seed=kill.number, kill=kill)
            yield kill, played._replace(unmet=[])


def _sets_forward(event: Event) -> bool:
    return event.deed == "clock_set" and float(event.arguments["by"]) > 0


def report(played: Played, what: str) -> str:
    """What is broken, where, and what had happened before."""
    lines = [f"{what}: {each.name} at {each.at:.1f} s" for each in played.broken]
    for each in played.broken:
        lines += [f"  {each.sentence}", f"  but: {each.what}"]
    lines += [f"{what}: expected {each}" for each in played.unmet]
    lines.append("timeline:")
    for note in list(played.life.host.notes)[-TAIL:]:
        lines.append(f"  {note.at:10.1f}  {note.who:<9} {words.say(note, 'en')}")
    lines.append("log:")
    lines += [f"  {line}" for line in list(played.life.log.lines)[-TAIL:]]
    return "\n".join(lines)


def _doing(life: Life, event: Event) -> "_Doing":
    return _Doing(life, event)


class _Doing:
    """A deed whose time will come."""

    def __init__(self, life: Life, event: Event) -> None:
        self._life, self._event = life, event

    def __call__(self) -> None:
        do(self._life, self._event.deed, self._event.arguments, self._event.lasts)


def _unmet(life: Life, expect: Expectation) -> Iterator[str]:
    records = life.records
    yield from _wrong_numbers(life, expect)
    told = tuple(name_of(letter) for _, letter in records.arrived())
    brought = tuple(name_of(letter) for each in records.couriers.brought for letter in each.letters)
    for name, wanted, found in (
        ("messages", expect.messages, told),
        ("brought", expect.brought, brought),
        ("kicks that end", expect.kicks, _outcomes(records)),
    ):
        if wanted is not None and wanted != found:
            yield f"{name} {list(wanted)}, not {list(found)}"
    for name, some, known in (
        ("withheld for", expect.withheld, set(records.withheld)),
        ("the cause", expect.causes, set(records.causes)),
    ):
        for each in some:
            if each not in known:
                yield f"{name} {each}, but only {sorted(known)}"
    yield from _wrong_end(life, expect)


def _wrong_numbers(life: Life, expect: Expectation) -> Iterator[str]:
    records = life.records
    for name, wanted, number in (
        ("restarts", expect.restarts, len({each.attempt for each in records.struck})),
        ("funnel", expect.funnel, sum(w == "publish" for _, w in life.host.tailnet.commands)),
        ("pushes", expect.pushes, len(records.told)),
    ):
        if wanted is not None and not wanted[0] <= number <= wanted[1]:
            yield f"{name} {wanted[0]} to {wanted[1]}, not {number}"
    if expect.down_at_most is not None and records.longest_down() > expect.down_at_most:
        yield f"down for {expect.down_at_most:.0f} s at most, not {records.longest_down():.1f} s"


def _wrong_end(life: Life, expect: Expectation) -> Iterator[str]:
    told = any(letter.topic is not Topic.MENDED for _, letter in life.records.arrived())
    if expect.ends == "well" and not life.is_well:
        yield "that it ends well, and it does not"
    if expect.ends == "told" and (life.is_well or not told):
        yield "that it ends ill, with the owner told" + (", but it ends well" if told else "")


def _outcomes(records: Records) -> tuple[str, ...]:
    lines = audit.lines(records.host.disk.state)
    return tuple(line.event.outcome for line in lines if line.event.event == audit.SERVED)

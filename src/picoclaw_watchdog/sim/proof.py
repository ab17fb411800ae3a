"""The long run: weeks that chance makes and every crash point of every story, on all cores.

    python -m picoclaw_watchdog.sim.proof --seeds 10000 --stories

prints the table of docs/proof.md and ends with 1 where an invariant was broken.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim import story
from picoclaw_watchdog.sim.play import Played, crash_everywhere, folder, live, report
from picoclaw_watchdog.sim.week import WEEK, draw

YEAR = 365.25 * 86_400
SHOWN = 3  # broken lives that are shown in full
_CHUNK = 4

T = TypeVar("T")


class Tally(NamedTuple):
    """What some lives came to; two of them add up."""

    lives: int = 0
    simulated: float = 0.0  # seconds of the hosts' lives
    cycles: int = 0  # that were run
    leapt: int = 0  # that were leapt over
    restarts: int = 0
    pushes: int = 0
    brought: int = 0  # messages, by couriers
    kicks: int = 0
    kills: int = 0
    points: int = 0  # crash points of stories
    cpu: float = 0.0  # seconds of this machine's cores
    faults: tuple[tuple[str, int], ...] = ()
    broken: tuple[str, ...] = ()  # reports

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        faults = Counter(dict(self.faults)) + Counter(dict(other.faults))
        sums = {name: getattr(self, name) + getattr(other, name) for name in Tally._fields}
        return Tally(**{**sums, "faults": tuple(sorted(faults.items()))})


def tally_of(played: Played, began: float, what: str, points: int = 0) -> Tally:
    """What one life came to; `began` is what this process had used of its core before."""
    records = played.life.records
    return Tally(
        1,
        played.life.host.seconds,
        records.cycles,
        records.leapt,
        len({each.attempt for each in records.struck}),
        len(records.told),
        len(records.couriers.brought),
        len(records.asked),
        records.kills,
        points,
        time.process_time() - began,
        tuple(sorted(records.faults.items())),
        () if played.is_good else (report(played, what),),
    )


def one_week(seed: int, settings: Settings, lasts: float = WEEK) -> Tally:
    """Live the week of a seed."""
    began = time.process_time()
    with folder() as where:
        return tally_of(live(draw(seed, settings, lasts), where), began, f"seed {seed}")


def one_story(name: str, settings: Settings, every: int = 1) -> Tally:
    """Kill the watchdog at every point of a story, or at each so-manieth."""
    total, began = Tally(), time.process_time()
    for kill, played in crash_everywhere(story.load(name), settings, every):
        total = total.plus(tally_of(played, began, f"{name}, {kill.words}", points=1))
        began = time.process_time()
    return total


def weeks(
    seeds: Iterable[int],
    settings: Settings,
    jobs: int,
    progress: Callable[[Tally], None],
    lasts: float = WEEK,
) -> Tally:
    """Live the weeks of many seeds, in so many processes."""
    work = partial(one_week, settings=settings, lasts=lasts)
    return _added(_spread(work, list(seeds), jobs), progress)


def stories(
    names: Iterable[str],
    settings: Settings,
    jobs: int,
    progress: Callable[[Tally], None],
    every: int = 1,
) -> Tally:
    """Every crash point of many stories, in so many processes."""
    work = partial(one_story, settings=settings, every=every)
    return _added(_spread(work, list(names), jobs, 1), progress)


def _spread(
    work: Callable[[T], Tally], items: list[T], jobs: int, chunk: int = _CHUNK
) -> Iterator[Tally]:
    if jobs <= 1:
        yield from map(work, items)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap_unordered(work, items, chunk)


def _added(found: Iterable[Tally], progress: Callable[[Tally], None]) -> Tally:
    total = Tally()
    for tally in found:
        total = total.plus(tally)
        progress(total)
    return total


def rows(total: Tally) -> list[tuple[str, str]]:
    """The table of docs/proof.md."""
    years = total.simulated / YEAR
    cycles = total.cycles + total.leapt
    per_minute = years / total.cpu * 60 if total.cpu else 0.0
    found = [
        ("simulated host-years", f"{years:.2f}"),
        ("lives", f"{total.lives:,}"),
        ("cycles", f"{cycles:,} ({total.cycles:,} run, {total.leapt:,} leapt over)"),
        ("faults and deeds injected", f"{sum(dict(total.faults).values()):,}"),
        ("gateway restarts", f"{total.restarts:,}"),
        ("messages that LINE accepted", f"{total.pushes:,}"),
        ("messages by other channels", f"{total.brought:,}"),
        ("requests", f"{total.kicks:,}"),
        ("watchdogs killed", f"{total.kills:,}"),
    ]
    if total.points:
        found.append(("crash points of stories", f"{total.points:,}"))
    found.append(("invariants broken", f"{len(total.broken):,}"))
    found.append(("speed on one core", f"{per_minute:.2f} years a minute"))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run it from a developer's shell."""
    parser = argparse.ArgumentParser(prog="proof", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many weeks")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--stories",
        nargs="*",
        metavar="NAME",
        choices=story.names(),
        help="also every crash point of each, or of these only",
    )
    parser.add_argument("--every", type=int, default=1, help="of these points each so-manieth")
    options = parser.parse_args(arguments)
    marks = {"at": time.monotonic(), "broken": 0}

    def progress(total: Tally) -> None:
        if len(total.broken) > marks["broken"]:  # a long run may be cut short
            marks["broken"] = len(total.broken)
            print(total.broken[-1], file=sys.stderr, flush=True)  # noqa: T201
        if time.monotonic() - marks["at"] > 30:  # noqa: PLR2004
            marks["at"] = time.monotonic()
            line = f"{total.lives:,} lives, {total.points:,} points, {len(total.broken)} broken"
            print(line, file=sys.stderr, flush=True)  # noqa: T201

    seeds = range(options.first, options.first + options.seeds)
    total = weeks(seeds, Settings(), options.jobs, progress)
    if options.stories is not None:
        names = options.stories or story.names()
        total = total.plus(stories(names, Settings(), options.jobs, progress, options.every))
    for text in total.broken[:SHOWN]:
        print(text, end="\n\n")  # noqa: T201
    for name, value in rows(total):
        print(f"| {name} | {value} |")  # noqa: T201
    kinds = ", ".join(f"{name} {number:,}" for name, number in total.faults)
    print(f"| by kind | {kinds} |")  # noqa: T201
    return 1 if total.broken else 0


if __name__ == "__main__":
    sys.exit(main())

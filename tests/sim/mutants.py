"""Planted bugs: does the simulator see them?

    python -m tests.sim.mutants [--seeds 1000] [--jobs 2] [--chance] [NAME ...]

Each mutant is one change of the product's text, in a copy of the package. Most have a story that
shows it, which every ordinary test run plays. The long form, part of `make proof`, lives weeks that
chance makes with the others, or with all (`--chance`), until an invariant breaks; one that lives
through them all is a hole in the proof.
"""

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[2] / "src" / "picoclaw_watchdog"
AT_ONCE = 8  # weeks lived between two looks at what came of them
SEEN = 1  # the exit status that means: something that must hold did not

PLAY = """
import sys
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim import story
from picoclaw_watchdog.sim.play import crash_everywhere, folder, play

told = story.load(sys.argv[1])
if sys.argv[2:]:
    lives = (played for _, played in crash_everywhere(told, Settings()))
else:
    with folder() as where:
        lives = [play(told, Settings(), where)]
for played in lives:
    if not played.is_good:
        print(*(each.name for each in played.broken), *played.unmet, sep="; ")
        sys.exit(1)
"""


class Mutant(NamedTuple):
    """One planted bug."""

    name: str
    file: str
    old: str  # what stands there exactly once
    new: str
    story: str = ""  # one that shows it; empty: only chance finds it
    killed: bool = False  # shown only where the watchdog is killed, or the power fails


MUTANTS = (
    Mutant(
        "budget-is-one-too-many",
        "core/decide.py",
        "        most=at.settings.restart_max_count,\n    )\n\n\ndef _is_settling",
        "        most=at.settings.restart_max_count + 1,\n    )\n\n\ndef _is_settling",
        "crash-loop",
    ),
    Mutant(
        "budget-forgets-failed-attempts",
        "core/budget.py",
        "for attempt in attempts if attempt.action == action]",
        "for attempt in attempts if attempt.action == action and attempt.phase.value != 'failed']",
        "crash-loop",
    ),
    Mutant(
        "budget-window-is-half",
        "core/budget.py",
        "(age for age in ages if age < window)",
        "(age for age in ages if age < window / 2)",
        "crash-loop",
    ),
    Mutant(
        "ages-by-the-wall-clock",
        "core/model.py",
        "        return max(0.0, later.boot - earlier.boot)\n    return max(",
        "        return max(0.0, later.wall - earlier.wall)\n    return max(",
        "clock-set-forward",
    ),
    Mutant(
        "strike-before-the-record",
        "engine/act.py",
        "    if not world.store.save(recorded):\n",
        "    if False:\n",
        "gateway-killed",
    ),
    Mutant(
        "pause-is-overlooked",
        "core/decide.py",
        "rule.remedy)\n    if at.state.paused is not None:\n",
        "rule.remedy)\n    if False:\n",
        "paused-over-a-fault",
    ),
    Mutant(
        "ollama-restarts-every-time",
        "core/decide.py",
        "    if fails > FAILS_FOR_RESTART:\n",
        "    if False:\n",
        "count-written-by-hand",
    ),
    Mutant(
        "a-reset-over-what-others-serve",
        "recoveries/serving.py",
        "    return kept == restored({}, _as_stored(config, entry))\n",
        "    return bool(kept)\n",
        "funnel-reset-would-harm-others",
    ),
    Mutant(
        "funnel-without-a-budget",
        "core/decide.py",
        "    left, wait = _allowed(at, action)\n    if left == 0:\n"
        "        return held._replace(hold=Hold.BUDGET_SPENT, until=at.now.wall + wait)\n"
        "    if action.verb is Verb.RESTART:\n",
        "    left, wait = _allowed(at, action)\n    if action.verb is Verb.RECOVER:\n"
        "        return None\n    if action.verb is Verb.RESTART:\n",
    ),
    Mutant(
        "an-ill-gateway-hides-a-lost-network",
        "core/decide.py",
        "not at.has(Kind.SERVICE) or look.sight(Probe.WEBHOOK_PUBLIC) in _NO_WAY\n",
        "not at.has(Kind.SERVICE)\n",
        "no-network-behind-a-crash-loop",
    ),
    Mutant(
        "starting-counts-as-ill",
        "core/diagnose.py",
        "    return unit.started_ago < start_patience(settings, baseline)\n",
        "    return False\n",
        "power-cut",
    ),
    Mutant(
        "cooldown-is-not-kept",
        "core/alerts.py",
        "    if cooling or waiting:\n",
        "    if waiting:\n",
        "acknowledged",
    ),
    Mutant(
        "told-once-is-told-for-ever",
        "core/alerts.py",
        "last is not None and seconds_between(last, now) < silence",
        "last is not None",
        "the-second-night",
    ),
    Mutant(
        "cooldown-before-delivery",
        "core/alerts.py",
        "    state = queued(settings, state, key, topic, now, facts, incident)\n"
        "    return state if incident is None",
        "    state = queued(settings, state, key, topic, now, facts, incident)\n"
        "    state = state._replace(told=(*state.told, (key, now)), outbox=())\n"
        "    return state if incident is None",
        "acknowledged",
    ),
    Mutant(
        "a-new-key-for-every-try",
        "core/delivery.py",
        "parcel.key if parcel else key_for(letters, now)",
        "key_for(letters, now)",
        "killed-before-the-receipt",
    ),
    Mutant(
        "a-push-in-doubt-grows",
        "core/delivery.py",
        "    letters = letters or _affordable(state, reserve)\n",
        "    letters = _affordable(state, reserve)\n",
        "line-takes-and-says-503",
    ),
    Mutant(
        "silence-counts-as-delivered",
        "core/delivery.py",
        "        case Fate.SENT:\n",
        "        case Fate.SENT | Fate.SILENT:\n",
        "line-takes-and-forgets",
    ),
    Mutant(
        "refused-letters-are-dropped",
        "core/delivery.py",
        "            return _surely_not(state, before)._replace(quota_left=0, quota_at=now)\n",
        "            return _delivered(state, ids, now)\n",
    ),
    Mutant(
        "line-waits-for-the-couriers",
        "engine/tell.py",
        "        try:\n            self._tell_line()\n",
        "        try:\n            [self._welcome(each) for each in errands]\n"
        "            self._tell_line()\n",
        "courier-hangs",
    ),
    Mutant(
        "a-courier-brings-it-again",
        "core/couriers.py",
        "    left = tuple(letter for letter in bag.letters if letter.id not in ids)\n",
        "    left = bag.letters\n",
        "courier-hangs",
    ),
    Mutant(
        "restart-times-are-not-written",
        "store/founding.py",
        "    if new.times != lying.times or TIMES in lying.garbage:\n",
        "    if False:\n",
        "crash-loop",
    ),
    Mutant(
        "interrupted-attempt-goes-on",
        "store/kept.py",
        "attempt._replace(phase=Phase.LOST) if attempt.phase is Phase.INTENDED else attempt",
        "attempt",
        "killed-in-the-middle-of-a-restart",
    ),
    Mutant(
        "file-renamed-before-it-is-synced",
        "store/files.py",
        "            if durable:\n                os.fsync(descriptor)\n",
        "            if False:\n                os.fsync(descriptor)\n",
        "gateway-killed",
        killed=True,
    ),
    Mutant(
        "nonces-are-forgotten",
        "kick/requests.py",
        "Refusal.REPLAYED if nonce in seen_nonces else",
        "Refusal.REPLAYED if not nonce else",
        "kick-replayed",
    ),
    Mutant(
        "requests-let-go-before-their-outcome",
        "engine/kicks.py",
        "    if not _record(world, log, found.events):\n",
        "    inbox.finish(taken_beside(settings.kick_file), batch)\n"
        "    if not _record(world, log, found.events):\n",
    ),
)


def planted(mutant: Mutant, folder: Path) -> None:
    """Put a copy of the package with the bug in it into a folder.

    Raises:
        ValueError: what is to be changed does not stand there exactly once.
    """
    shutil.copytree(
        SOURCE, folder / SOURCE.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    file = folder / SOURCE.name / mutant.file
    text = file.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: {text.count(mutant.old)} places in {mutant.file}")
    file.write_text(text.replace(mutant.old, mutant.new))


def by_a_story(mutant: Mutant) -> str:
    """What the mutant's story says of it; empty where it does not notice."""
    points = ("everywhere",) if mutant.killed else ()
    ran = _run(mutant, ("-c", PLAY, mutant.story, *points))
    return ran.stdout.strip() if ran.returncode == SEEN else ""


def by_chance(mutant: Mutant, seeds: int) -> str:
    """After how many weeks it is seen, and by what; empty where it lived through all."""
    for first in range(0, seeds, AT_ONCE):
        number = min(AT_ONCE, seeds - first)
        proof = ("-m", "picoclaw_watchdog.sim.proof", "--jobs", "1")
        ran = _run(mutant, (*proof, "--first", str(first), "--seeds", str(number)))
        if ran.returncode == SEEN:
            return f"{first + number} weeks: {ran.stdout.strip().splitlines()[0]}"
    return ""


def _run(mutant: Mutant, what: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    with tempfile.TemporaryDirectory(prefix="picoclaw-mutant-") as folder:
        planted(mutant, Path(folder))
        ran = subprocess.run(
            [sys.executable, *what],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode not in (0, SEEN) or "Traceback" in ran.stderr:
        raise RuntimeError(f"{mutant.name} did not run: {ran.stderr[-500:]}")
    return ran


def _tried(work: tuple[Mutant, int, bool]) -> tuple[str, str]:
    mutant, seeds, chance = work
    if mutant.story and not chance:
        found = by_a_story(mutant)
        return mutant.name, f"{mutant.story}: {found}" if found else ""
    return mutant.name, by_chance(mutant, seeds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Plant them all; 1 where one lived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--chance", action="store_true", help="weeks also where there is a story")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    chosen = [each for each in MUTANTS if not options.names or each.name in options.names]
    lived = []
    with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        work = [(mutant, options.seeds, options.chance) for mutant in chosen]
        for name, found in pool.imap_unordered(_tried, work, 1):
            if not found:
                lived.append(name)
            print(f"| {name} | {found or 'LIVED'} |", flush=True)  # noqa: T201
    print(  # noqa: T201
        f"{len(chosen) - len(lived)} of {len(chosen)} planted bugs were seen"
    )
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main())

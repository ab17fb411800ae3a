"""A database as years of watching leave it, written by the store's own statements.

The host in it is a bad one: ten incidents a day, flapping included, and nights in which it was
switched off.
"""

import json
import os
import random
from collections.abc import Iterator

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import Alert, Attempt, Incident, Moment, State
from picoclaw_watchdog.core.reasons import Gravity, Ill, Phase, Topic
from picoclaw_watchdog.store import rows
from picoclaw_watchdog.store.codec import pack
from picoclaw_watchdog.store.database import Database
from picoclaw_watchdog.store.kept import NAME

HOUR, DAY = 3600, 86_400
TARGETS = ("gateway", "funnel", "ollama", "network")
_FAULTS = (
    (targets.GATEWAY, Ill.SERVICE_DOWN, targets.RESTART_GATEWAY),
    (targets.GATEWAY, Ill.SERVICE_HUNG, targets.RESTART_GATEWAY),
    (targets.FUNNEL, Ill.FUNNEL_OFF, targets.RECOVER_FUNNEL),
    (targets.OLLAMA, Ill.PEER_DOWN, None),
    (targets.NETWORK, Ill.NETWORK_DOWN, None),
)
Hours = dict[int, dict[str, tuple[int, int, int]]]


def write(folder: str, now: float, years: float, a_day: float = 10.0, seed: int = 1) -> str:
    """Make `watchdog.db` in a folder; answers its path.

    Args:
        folder: the state folder; made if need be.
        now: wall seconds at which the history ends.
        years: how long it is.
        a_day: incidents each day.
        seed: the same one gives the same history.
    """
    luck = random.Random(seed)  # noqa: S311
    incidents = list(_incidents(luck, now, years, a_day))
    attempts = [attempt for each in incidents for attempt in _attempts(each)]
    letters = [letter for each in incidents if each.attempts for letter in _letters(each)]
    database = Database(folder)
    with database._transaction() as db:  # noqa: SLF001
        closed = {each.id: each for each in incidents}
        rows.write(db, State(), State(), rows.Ends(_moment(now), closed), 0)
        for before, after in (
            (State(), State(attempts=tuple(attempts), outbox=tuple(letters))),
            (State(attempts=tuple(attempts), outbox=tuple(letters)), State()),
        ):
            rows.write(db, before, after, rows.Ends(_moment(now), {}), 0)
        db.executemany(
            "UPDATE outbox SET ended = ? WHERE id = ?",
            [(json.dumps(pack(letter.made)), letter.id) for letter in letters],
        )
        rows.index(db)
        rows.fold(db, _hours(luck, now, years, incidents))
    database.close()
    return os.path.join(folder, NAME)


def _moment(wall: float) -> Moment:
    return Moment(wall, wall - 1_000_000, wall - 1_000_000, "b6e1c9f0-0000-4000-8000-000000000000")


def _incidents(luck: random.Random, now: float, years: float, a_day: float) -> Iterator[Incident]:
    wall = now - years * 365 * DAY
    while (wall := wall + luck.expovariate(a_day / DAY)) < now - HOUR:
        target, cause, action = luck.choice(_FAULTS)
        lasted = luck.choice((1.8, 2.4, 31.0, 62.0, 600.0, luck.uniform(1, 20_000)))
        tries = luck.choice((1, 1, 1, 2, 3)) if action is not None else 0
        yield Incident(
            id=f"{target.name}-{int(wall)}",
            target=target,
            cause=cause,
            opened=_moment(wall),
            detail="failed (dead), result signal",
            cycles=1 + int(lasted // 60),
            attempts=tries,
            failed=max(0, tries - 1),
            alerted=lasted > 60,
            closed=_moment(min(now, wall + lasted)),
            mended_by=action,
            took=min(lasted, 20.0),
        )


def _attempts(incident: Incident) -> Iterator[Attempt]:
    action = incident.mended_by
    if action is None:
        return
    for number in range(incident.attempts):
        wall = incident.opened.wall + number * 10
        phase = Phase.DONE if number == incident.attempts - 1 else Phase.FAILED
        name = f"{action.name}-{wall:.6f}"
        yield Attempt(name, action, _moment(wall), phase, incident.id, "i" * 32)


def _letters(incident: Incident) -> Iterator[Alert]:
    made = incident.closed or incident.opened
    yield Alert(
        id=f"{incident.target.name}_mended-mended-{made.wall:.3f}",
        key=f"{incident.target.name}_mended",
        topic=Topic.MENDED,
        gravity=Gravity.NOTICE,
        made=made,
        target=incident.target.name,
        cause=incident.cause,
        incident=incident.id,
        facts=(("duration", "2.1"), ("since_wall", f"{incident.opened.wall:.0f}")),
    )


def _hours(luck: random.Random, now: float, years: float, incidents: list[Incident]) -> Hours:
    """What each hour's cycles found; a host that is off now and then has no such hour."""
    last = int(now // HOUR)
    bad: dict[tuple[int, str], int] = {}
    for each in incidents:
        closed = each.closed or each.opened
        for minute in range(1, int((closed.wall - each.opened.wall) // 60) + 1):
            key = int((each.opened.wall + 60 * minute) // HOUR), each.target.name
            bad[key] = min(60, bad.get(key, 0) + 1)
    found: Hours = {}
    for hour in range(last - int(years * 365 * 24), last):
        if luck.random() < 0.02:
            continue
        counts = {target: bad.get((hour, target), 0) for target in TARGETS}
        found[hour] = {target: (60 - number, number, 0) for target, number in counts.items()}
    return found

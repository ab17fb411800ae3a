"""What the disk holds, put together: the owner's files, the database, the spare. Pure."""

from collections.abc import Mapping

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import (
    Alert,
    Attempt,
    Bag,
    Incident,
    Moment,
    State,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Phase
from picoclaw_watchdog.light import Any, NamedTuple
from picoclaw_watchdog.store.founding import Lying, epoch_of, paused_by

NAME = "watchdog.db"
# What has files of its own:
FOUNDING = ("health_fails", "ollama_fails", "webhook_fails", "paused", "stopped", "drill")

# Bad looks that the owner wanted so are counted apart, as a target of this name and its own.
PLANNED = "planned "

Hours = Mapping[int, Mapping[str, tuple[int, int, int]]]  # hour since the epoch, target -> counts


class DatabaseTrouble(Exception):  # noqa: N818  # the field's word, and it is told to the owner
    """The database could not be read or written now. Says why."""


class Kept(NamedTuple):
    """A state as some place holds it."""

    state: State = State()
    seq: int = 0  # how often the state was written: the larger one is the newer one


def put_together(lying: Lying, main: Kept, spare: Kept | None, now: Moment, window: float) -> State:
    """The state: the owner's files win over the database, the newer of database and spare too.

    Args:
        lying: the founding document's files.
        main: what the database holds.
        spare: what was kept elsewhere while the state folder could not be written.
        now: times later than this count as this.
        window: seconds after which a restart that only the owner's file knows is passed over.
    """
    health, ollama, webhook = lying.counters
    state = main.state._replace(
        health_fails=health,
        ollama_fails=ollama,
        webhook_fails=webhook,
        told=_told(lying, main.state),
    )
    sure: frozenset[str] = frozenset()
    if spare is not None:
        state = _merged(state, spare.state, newer=spare.seq > main.seq)
        sure = frozenset(attempt.id for attempt in spare.state.attempts)
    attempts = _attempts(lying, state.attempts, sure, now, window)
    state = state._replace(attempts=tuple(map(_interrupted, attempts)), paused=None)
    settled: State = _without_future(state, now)
    if lying.acks.known:
        from picoclaw_watchdog.core.incidents import AT_THE_HOST, acked  # rarely needed

        settled = acked(settled, lying.acks.known, AT_THE_HOST, now)
    if lying.acks.taken_back:
        settled = settled._replace(
            incidents=tuple(_unacked(each, lying.acks.taken_back) for each in settled.incidents)
        )
    return settled._replace(paused=paused_by(lying, now), stopped=lying.stop, drill=lying.drill)


def _unacked(incident: Incident, ids: frozenset[str]) -> Incident:
    """Taken back at the host, where no request acknowledges it again."""
    from picoclaw_watchdog.core.incidents import AT_THE_HOST  # rarely needed

    if incident.id not in ids:
        return incident
    return incident._replace(acked=False, acked_by=AT_THE_HOST, acked_at=None)


def _told(lying: Lying, kept: State) -> tuple[tuple[str, Moment], ...]:
    """When alerts were accepted: by the file, more exactly where the database agrees with it."""
    files = dict(lying.told)
    exact = {key: moment for key, moment in kept.told if files.get(key) == epoch_of(moment)}
    rough = {key: _by_wall(epoch) for key, epoch in files.items() if key not in exact}
    return (*exact.items(), *rough.items())


def _attempts(
    lying: Lying,
    kept: tuple[Attempt, ...],
    sure: frozenset[str],
    now: Moment,
    window: float,
) -> list[Attempt]:
    """Gateway restarts are those of the owner's file; the database knows more about each.

    One that the file lacks was removed by the owner; unless a part of the file is unreadable,
    or the file could not be written when the attempt was made.
    """
    unmatched: dict[int, list[Attempt]] = {}
    for attempt in kept:
        if attempt.action == targets.RESTART_GATEWAY:
            unmatched.setdefault(epoch_of(attempt.at), []).append(attempt)
    ids = {attempt.id for attempt in kept}
    found: list[Attempt] = []
    for epoch in lying.times:
        if unmatched.get(epoch):
            unmatched[epoch].pop(0)
        elif seconds_between(_by_wall(epoch), now) < window:
            found.append(_of_line(epoch, ids))
    removed = {each.id for some in unmatched.values() for each in some} if lying.whole else set()
    return [each for each in kept if each.id not in removed - sure] + found


def _of_line(epoch: int, ids: set[str]) -> Attempt:
    """An attempt of which nothing but its second is known."""
    name, number = f"line-{epoch}", 2
    while name in ids:
        name, number = f"line-{epoch}-{number}", number + 1
    ids.add(name)
    return Attempt(name, targets.RESTART_GATEWAY, _by_wall(epoch), Phase.LOST)


def _by_wall(epoch: int) -> Moment:
    return Moment(wall=float(epoch), boot=0.0, awake=0.0, boot_id="")


def _interrupted(attempt: Attempt) -> Attempt:
    """One that is still intended was interrupted: nothing else is running now."""
    return attempt._replace(phase=Phase.LOST) if attempt.phase is Phase.INTENDED else attempt


def _merged(main: State, spare: State, *, newer: bool) -> State:
    """The state folder and its spare as one.

    The spare holds a whole state. As long as nobody has written the folder since, it is the
    newer one; else only what must not be lost is taken from it.
    """
    ids = {attempt.id for attempt in spare.attempts}
    attempts = (*(each for each in main.attempts if each.id not in ids), *spare.attempts)
    told = dict(main.told)
    for key, moment in spare.told:
        if key not in told or seconds_between(told[key], moment) > 0:
            told[key] = moment
    if newer:
        return spare._replace(attempts=attempts, told=tuple(told.items()))
    targets = {incident.target for incident in main.incidents}
    incidents = (each for each in spare.incidents if each.target not in targets)
    return main._replace(
        attempts=attempts,
        told=tuple(told.items()),
        incidents=(*main.incidents, *incidents),
        outbox=_united(main.outbox, spare.outbox),
        parcel=main.parcel or spare.parcel,
        answered=tuple(dict.fromkeys((*main.answered, *spare.answered))),
        bags=_united_bags(main.bags, spare.bags),
    )


def _united(main: tuple[Alert, ...], spare: tuple[Alert, ...]) -> tuple[Alert, ...]:
    known = {letter.id for letter in main}
    return (*main, *(letter for letter in spare if letter.id not in known))


def _united_bags(main: tuple[Bag, ...], spare: tuple[Bag, ...]) -> tuple[Bag, ...]:
    others = {bag.channel: bag for bag in spare}
    united = []
    for bag in main:
        other = others.pop(bag.channel, Bag(bag.channel))
        united.append(
            bag._replace(
                letters=_united(bag.letters, other.letters),
                trying=tuple(dict.fromkeys((*bag.trying, *other.trying))),
                owes=tuple(dict.fromkeys((*bag.owes, *other.owes))),
            )
        )
    return (*united, *others.values())


def _without_future(value: Any, now: Moment) -> Any:
    """The value with every moment that lies in the future replaced by now.

    Within a boot the boot clock orders moments, whatever the wall clock says.
    """
    if isinstance(value, Moment):
        if value.boot_id and value.boot_id == now.boot_id:
            return value
        return now if value.wall > now.wall else value
    if not isinstance(value, tuple):
        return value
    parts = [_without_future(each, now) for each in value]
    return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)

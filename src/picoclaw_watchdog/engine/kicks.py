"""Serve the owner's requests: take them before a cycle, answer for them after it.

While kicks are off nothing is taken, nor looked at.

What a killed run leaves is taken again: a request whose outcome is in the audit log is passed
over, one whose attempt was recorded is answered for and not done again, the others are served.
"""

from collections.abc import Sequence
from math import inf

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.answers import (
    AT_THE_HOST,
    NOT_PAUSED,
    PAUSED_BEFORE,
    PAUSED_OFTEN,
    SHORTENED,
    STILL_PAUSED,
    TOO_OLD,
    of_action,
    of_attempt,
)
from picoclaw_watchdog.core.asked_pause import Asked, ended, granted, is_on
from picoclaw_watchdog.core.model import (
    Attempt,
    Kick,
    Served,
    seconds_between,
)
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.core.reasons import Probe, Topic, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.report import News, Report, snapshot
from picoclaw_watchdog.engine.screen import screen
from picoclaw_watchdog.kick import audit, inbox, taken_beside
from picoclaw_watchdog.kick.audit import Audit, Event
from picoclaw_watchdog.kick.place import Obstacle
from picoclaw_watchdog.kick.requests import (
    Policy,
    Refusal,
    Request,
    claim,
    identify,
    judge,
    seconds_of,
)
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import World
from picoclaw_watchdog.store import asked
from picoclaw_watchdog.store.files import reason

# What the audit log says; the words for it are in `core/wording/requests.py`.
HEALTHY = "healthy"
NOT_SEEN = "not_looked_at"
NOTHING_OPEN = "nothing_open"
NO_INCIDENT = "no_such_incident"
NOT_TOLD = "not_told_yet"


class Taken(NamedTuple):
    """The requests of one cycle."""

    kicks: tuple[Kick, ...] = ()  # for the cycle to serve
    news: tuple[News, ...] = ()
    answered: tuple[tuple[Kick, Served], ...] = ()  # without the cycle
    batch: inbox.Batch | None = None  # to let go of once all have their outcome
    began: float = 0.0
    said: tuple[Event, ...] = ()  # to write down once it is on its way to the owner


class _Sorted:
    """The requests of a batch, judged one after the other."""

    def __init__(self, settings: Settings, world: World, batch: inbox.Batch, log: Audit) -> None:
        self.events: list[Event] = []
        self.kicks: list[Kick] = []
        self.answered: list[tuple[Kick, Served]] = []
        self.refusals: list[tuple[str, str]] = []  # reason, source
        self._now = world.clock.now().wall
        self._policy = Policy(
            settings.kick_enabled,
            settings.kick_token,
            settings.kick_plain_allowed,
            settings.kick_allowed_sources,
        )
        named = [(identify(line, position), position, line) for position, line in batch.lines]
        ids = {name for name, _, _ in named}
        self._nonces = log.nonces() if named else {}
        self._known: dict[str, str] = {}
        self._attempts: tuple[Attempt, ...] = ()
        if batch.again:
            self._known = log.known({*ids, *(f"{name}-{place}" for name, place, _ in named)})
            self._nonces = {n: name for n, name in self._nonces.items() if name not in ids}
            self._attempts = world.store.load(world.clock.now()).attempts
        for name, position, line in named:
            self._sort(name, position, line)
        if batch.flood:
            self._refuse(Refusal.FLOOD, "", "", "", _flood(batch))

    def _sort(self, name: str, position: int, line: str) -> None:
        past = self._known.get(name, "")
        twice = any(kick.id == name for kick in self.kicks) or any(
            kick.id == name for kick, _ in self.answered
        )
        if past in (audit.SERVED, audit.REFUSED) and not twice:
            return
        verdict = judge(line, self._policy, self._now, self._nonces)
        source, action = claim(line)
        if self._policy.token and self._policy.token in source:
            source = ""  # the owner mixed the fields up
        if twice or verdict is Refusal.REPLAYED:
            again = f"{name}-{position}"
            if again not in self._known:
                self._refuse(Refusal.REPLAYED, again, source, action)
        elif past == audit.ACCEPTED:
            verb, _, argument = action.partition("=")
            self._resume(Kick(name, verb, source, argument), verdict)
        elif isinstance(verdict, Refusal):
            self._refuse(verdict, name, source, action)
        else:
            self._accept(_kick(name, verdict), verdict)

    def _accept(self, kick: Kick, request: Request) -> None:
        if request.signed:  # plain ones made in the same second look alike: all are served
            self._nonces[request.nonce] = kick.id
        event = (audit.ACCEPTED, "accepted", "", f"nonce={request.nonce}")
        self.events.append(Event(self._now, kick.id, kick.source, _action(kick), *event))
        self.kicks.append(kick)

    def _resume(self, kick: Kick, verdict: Request | Refusal) -> None:
        """One that was accepted by a run that was killed."""
        made = [attempt for attempt in self._attempts if kick.id in attempt.kicks]
        if made:
            self.answered.append((kick, of_attempt(made[-1])))
        elif verdict is Refusal.STALE:
            self.answered.append((kick, Served("interrupted", TOO_OLD)))
        elif isinstance(verdict, Refusal):
            self.answered.append((kick, Served("refused", verdict.value)))
        else:
            self.kicks.append(_kick(kick.id, verdict))

    def _refuse(self, why: Refusal, name: str, source: str, action: str, detail: str = "") -> None:
        event = (audit.REFUSED, why.value, "refused", detail)
        self.events.append(Event(self._now, name, source, action, *event))
        self.refusals.append((why.value, source))


def take_requests(settings: Settings, world: World) -> Taken:
    """Take what waits in `kick_request`, and write down what is to be done before it is done."""
    if not (settings.kick_enabled and settings.kick_token):
        return Taken()
    began = world.clock.now().wall
    log = Audit(settings.state_dir, secrets_of(settings))
    try:
        batch = inbox.take(settings.kick_file, taken_beside(settings.kick_file), world.clock.sleep)
    except Obstacle as obstacle:
        return _blocked(world, log, obstacle, began)
    found = _Sorted(settings, world, batch, log)
    if not _record(world, log, found.events):
        return Taken()  # they stay where they are
    for kick in found.kicks:
        detail = f"action={_action(kick)} source={kick.source} id={kick.id}"
        world.log.write("INFO", "kick", "OK", "accept", detail)
    answered = found.answered + _switch(settings, world, found.kicks, again=batch.again)
    done = {kick.id for kick, _ in answered}
    kicks = tuple(kick for kick in found.kicks if kick.id not in done)
    return Taken(kicks, _refused(world, found.refusals), tuple(answered), batch, began)


def answer_for(settings: Settings, world: World, taken: Taken, report: Report) -> None:
    """Write down what became of each request, then let go of them."""
    if taken.said:
        _record(world, Audit(settings.state_dir, secrets_of(settings)), taken.said)
    if taken.batch is None:
        return
    now = world.clock.now()
    took = seconds_between(report.began, now)
    answered = [*taken.answered]
    answered += [(kick, _outcome(settings, world, kick, report, took)) for kick in taken.kicks]
    events = [
        Event(
            now.wall,
            kick.id,
            kick.source,
            _action(kick),
            audit.SERVED,
            "accepted",
            served.outcome,
            _detail(served),
            round(served.took, 3),
        )
        for kick, served in answered
    ]
    if not _record(world, Audit(settings.state_dir, secrets_of(settings)), events):
        return
    for kick, served in answered:
        good = served.outcome in ("mended", "done")
        what = _detail(served).partition("\n")[0]
        line = f"action={_action(kick)} source={kick.source} id={kick.id} {served.outcome} {what}"
        level, result = ("INFO", "OK") if good else ("ERROR", "NG")
        world.log.write(level, "kick", result, "served", f"{line.strip()} {served.took:.2f}s")
    inbox.finish(taken_beside(settings.kick_file), taken.batch)


def _kick(name: str, request: Request) -> Kick:
    return Kick(name, request.verb, request.source, request.argument, request.epoch)


def _blocked(world: World, log: Audit, obstacle: Obstacle, now: float) -> Taken:
    """What lies in the place of requests and is none: said once, and left as it is."""
    why = obstacle.why.value
    event = Event(now, "", "", "", audit.REFUSED, why, "refused", obstacle.path)
    if log.ends_with(event):
        return Taken()
    world.log.write("ERROR", "kick", "NG", "refuse", f"reason={why} path={obstacle.path}")
    facts = (("error", why), ("path", obstacle.path))
    return Taken(news=(News(f"kick_{why}", Topic.KICK_REFUSED, facts),), said=(event,))


def _switch(
    settings: Settings, world: World, kicks: Sequence[Kick], *, again: bool
) -> list[tuple[Kick, Served]]:
    """The pause by request, before the cycle looks at it.

    Args:
        settings: where it lies.
        world: the clock, and what is set at the host.
        kicks: all that were accepted.
        again: a run that was killed may have switched already, and told nobody.
    """
    done: list[tuple[Kick, Served]] = []
    for kick in kicks:
        if kick.verb not in ("pause", "resume"):
            continue
        try:
            switch = _paused if kick.verb == "pause" else _resumed
            served = switch(settings, world, kick)
        except OSError as error:
            served = Served("failed", reason(error))
        if again and served.detail in (PAUSED_BEFORE, NOT_PAUSED):
            served = served._replace(detail="")
        done.append((kick, served))
    return done


def _paused(settings: Settings, world: World, kick: Kick) -> Served:
    now = world.clock.now()
    here = world.store.wishes(now).paused
    before = _asked(settings)
    wish = seconds_of(kick.argument)
    asked_for = granted(before, wish, kick.source, now.wall)
    if here is not None and not here.asked and asked_for.until <= (here.until or inf):
        return Served("done", AT_THE_HOST, until=here.until)
    if asked_for.asked is None:
        return Served("withheld", PAUSED_OFTEN, until=asked_for.until)
    if asked_for.asked == before:
        return Served("done", PAUSED_BEFORE, until=asked_for.until)
    asked.write(settings.state_dir, asked_for.asked)
    cut = asked_for.until < now.wall + wish
    return Served("done", SHORTENED if cut else "", until=asked_for.until)


def _resumed(settings: Settings, world: World, _: Kick) -> Served:
    """End what a request has set, and nothing else."""
    now = world.clock.now()
    before = _asked(settings)
    if before is None or not is_on(before, now.wall):
        here = world.store.wishes(now).paused
        return Served("withheld", AT_THE_HOST) if here is not None else Served("done", NOT_PAUSED)
    asked.write(settings.state_dir, ended(before, now.wall))
    here = world.store.wishes(now).paused
    return Served("done") if here is None else Served("done", STILL_PAUSED, until=here.until)


def _asked(settings: Settings) -> Asked | None:
    try:
        return asked.read(settings.state_dir)
    except ValueError:
        return None


def _outcome(settings: Settings, world: World, kick: Kick, report: Report, took: float) -> Served:
    if kick.verb in (targets.RESTART_GATEWAY.name, targets.RECOVER_FUNNEL.name):
        return of_action(kick, report.outcomes, report.decision)
    if kick.verb == "check_ollama":
        return Served("done", _of_ollama(report), took)
    if kick.verb == "run_cycle":
        causes = ", ".join(each.cause.value for each in report.state.incidents)
        return Served("done", causes or HEALTHY, took)
    if kick.verb == "ack":
        return _of_ack(kick, report)
    now = world.clock.now().wall
    delivered = world.store.history().delivered
    lines = screen(settings, snapshot(settings, world, report), delivered, now, stale=False)
    return Served("done", "\n".join(lines), took)


def _of_ollama(report: Report) -> str:
    found = [each.cause.value for each in report.decision.findings if each.target == targets.OLLAMA]
    if found:
        return found[0]
    seen = report.look.of(Probe.OLLAMA)
    if seen is None or seen.verdict is Verdict.UNKNOWN:
        return NOT_SEEN
    return HEALTHY if seen.verdict is Verdict.GOOD else seen.sight.value


def _of_ack(kick: Kick, report: Report) -> Served:
    meant = [each for each in report.state.incidents if kick.argument in ("", each.id)]
    ids = [each.id for each in meant if each.acked]
    if ids:
        return Served("done", ", ".join(ids))
    if meant:
        return Served("failed", NOT_TOLD)
    return Served("failed", NO_INCIDENT) if kick.argument else Served("done", NOTHING_OPEN)


def _detail(served: Served) -> str:
    until = f"until={served.until:.0f}" if served.until is not None else ""
    return f"{served.detail} {until}".strip()


def _flood(batch: inbox.Batch) -> str:
    more = " or more" if batch.size > inbox.LONGEST_FILE + inbox.COUNTED else ""
    return f"{batch.flood}{more} requests, refused unread"


def _action(kick: Kick) -> str:
    return f"{kick.verb}={kick.argument}" if kick.argument else kick.verb


def _record(world: World, log: Audit, events: Sequence[Event]) -> bool:
    """Write events down; what cannot be written down is not done."""
    try:
        log.append(events)
    except (OSError, ValueError) as error:
        detail = f"audit.log cannot be written ({reason(error)}): requests wait until it can"
        world.log.write("ERROR", "kick", "NG", "audit", detail)
        return False
    return True


def _refused(world: World, refusals: Sequence[tuple[str, str]]) -> tuple[News, ...]:
    if not refusals:
        return ()
    (why, source), number = refusals[0], len(refusals)
    detail = f"reason={why} requests={number}" + (f" source={source}" if source else "")
    world.log.write("ERROR", "kick", "NG", "refuse", detail)
    facts = (("error", why), ("attempts", str(number)), ("source", source))
    return (News("kick", Topic.KICK_REFUSED, tuple(fact for fact in facts if fact[1])),)

"""Serve the owner's requests: take them before a cycle, answer for them after it.

What a killed run leaves is taken again: a request whose outcome is in the audit log is passed
over, one whose attempt was recorded is answered for and not done again, the others are served.
"""

from collections.abc import Sequence

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.answers import TOO_OLD, of_action, of_attempt
from picoclaw_watchdog.core.model import (
    Attempt,
    Kick,
    Pause,
    Served,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Probe, Topic, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.report import News, Report, snapshot
from picoclaw_watchdog.engine.screen import screen
from picoclaw_watchdog.engine.switches import switch_pause
from picoclaw_watchdog.kick import audit, inbox, taken_beside
from picoclaw_watchdog.kick.audit import Audit, Event
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
from picoclaw_watchdog.store.files import reason

# What the audit log says; the words for it are in `core/wording/requests.py`.
HEALTHY = "healthy"
NOT_SEEN = "not_looked_at"
NOTHING_OPEN = "nothing_open"
NO_INCIDENT = "no_such_incident"


class Taken(NamedTuple):
    """The requests of one cycle."""

    kicks: tuple[Kick, ...] = ()  # for the cycle to serve
    news: tuple[News, ...] = ()
    answered: tuple[tuple[Kick, Served], ...] = ()  # without the cycle
    batch: inbox.Batch | None = None  # to let go of once all have their outcome
    began: float = 0.0


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
            self._accept(Kick(name, verdict.verb, verdict.source, verdict.argument), verdict)

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
            self.kicks.append(kick)

    def _refuse(self, why: Refusal, name: str, source: str, action: str, detail: str = "") -> None:
        event = (audit.REFUSED, why.value, "refused", detail)
        self.events.append(Event(self._now, name, source, action, *event))
        self.refusals.append((why.value, source))


def take_requests(settings: Settings, world: World) -> Taken:
    """Take what waits in `kick_request`, and write down what is to be done before it is done."""
    began = world.clock.now().wall
    log = Audit(settings.state_dir, (settings.kick_token,))
    batch = inbox.take(settings.kick_file, taken_beside(settings.kick_file), world.clock.sleep)
    if batch.refused:
        why = Refusal.NOT_A_FILE
        _record(world, log, [Event(began, "", "", "", audit.REFUSED, why.value, "refused")])
        return Taken(news=_refused(world, [(why.value, "")]))
    found = _Sorted(settings, world, batch, log)
    if not _record(world, log, found.events):
        return Taken()  # they stay where they are
    for kick in found.kicks:
        detail = f"action={_action(kick)} source={kick.source} id={kick.id}"
        world.log.write("INFO", "kick", "OK", "accept", detail)
    answered = found.answered + _switch(settings, found.kicks, began)
    done = {kick.id for kick, _ in answered}
    kicks = tuple(kick for kick in found.kicks if kick.id not in done)
    return Taken(kicks, _refused(world, found.refusals), tuple(answered), batch, began)


def answer_for(settings: Settings, world: World, taken: Taken, report: Report) -> None:
    """Write down what became of each request, then let go of them."""
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
    if not _record(world, Audit(settings.state_dir, (settings.kick_token,)), events):
        return
    for kick, served in answered:
        good = served.outcome in ("mended", "done")
        what = _detail(served).partition("\n")[0]
        line = f"action={_action(kick)} source={kick.source} id={kick.id} {served.outcome} {what}"
        level, result = ("INFO", "OK") if good else ("ERROR", "NG")
        world.log.write(level, "kick", result, "served", f"{line.strip()} {served.took:.2f}s")
    inbox.finish(taken_beside(settings.kick_file), taken.batch)


def _switch(settings: Settings, kicks: Sequence[Kick], now: float) -> list[tuple[Kick, Served]]:
    """The human switch, before the cycle looks at it."""
    done: list[tuple[Kick, Served]] = []
    for kick in kicks:
        if kick.verb not in ("pause", "resume"):
            continue
        pause = None
        if kick.verb == "pause":
            pause = Pause(now + seconds_of(kick.argument), kick.source, "kick")
        try:
            switch_pause(settings, pause)
        except OSError as error:
            done.append((kick, Served("failed", reason(error))))
        else:
            done.append((kick, Served("done", until=pause.until if pause is not None else None)))
    return done


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
    ids = [each.id for each in report.state.incidents if each.acked]
    if kick.argument:
        ids = [each for each in ids if each == kick.argument]
        if not ids:
            return Served("failed", NO_INCIDENT)
    return Served("done", ", ".join(ids) or NOTHING_OPEN)


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

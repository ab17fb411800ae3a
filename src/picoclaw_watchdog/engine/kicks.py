"""Serve the owner's requests: take them before a cycle, answer for them after it."""

from typing import NamedTuple

from picoclaw_watchdog.core.model import Kick
from picoclaw_watchdog.core.reasons import (
    Hold,
    Phase,
    Topic,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.report import News, Report
from picoclaw_watchdog.kick.inbox import take
from picoclaw_watchdog.kick.requests import Refusal, judge
from picoclaw_watchdog.ports import World

# More than this in one file is a flood, not an owner.
MOST_AT_ONCE = 100


class Taken(NamedTuple):
    """The requests of one cycle."""

    kicks: tuple[Kick, ...] = ()
    news: tuple[News, ...] = ()


def take_requests(settings: Settings, world: World) -> Taken:
    """Take what waits in `kick_request`, whatever the verdict on it: it is gone afterwards."""
    lines = take(settings.kick_file)
    now = world.clock.now().wall
    if lines is None:
        return Taken(news=_refused(world, Refusal.NOT_A_FILE, 1))
    kicks: list[Kick] = []
    refusals: list[Refusal] = []
    for number, line in enumerate(lines[:MOST_AT_ONCE]):
        verdict = judge(line, enabled=settings.kick_enabled, token=settings.kick_token, now=now)
        if isinstance(verdict, Refusal):
            refusals.append(verdict)
            continue
        kicks.append(Kick(f"{now:.6f}-{number}", verdict.verb, verdict.source))
        detail = f"action={verdict.verb} source={verdict.source}"
        world.log.write("INFO", "kick", "OK", "accept", detail)
    news = _refused(world, refusals[0], len(refusals)) if refusals else ()
    return Taken(tuple(kicks), news)


def answer_for(world: World, kicks: tuple[Kick, ...], report: Report) -> None:
    """Log what became of each request."""
    for kick in kicks:
        result, detail = _outcome(kick, report)
        line = f"action={kick.verb} source={kick.source} {detail}"
        world.log.write("INFO" if result == "OK" else "ERROR", "kick", result, "served", line)


def _outcome(kick: Kick, report: Report) -> tuple[str, str]:
    for step, outcome in report.outcomes:
        if step.action.value == kick.verb:
            result = "OK" if outcome.phase is Phase.DONE else "NG"
            return result, f"{outcome.phase.value} {outcome.took:.2f}s {outcome.detail}".strip()
    for held in report.decision.withheld:
        if held.kick == kick.id or (held.hold is Hold.NOT_RECORDABLE):
            return "NG", f"withheld={held.hold.value}"
    ollama = report.decision.findings
    found = [finding.cause.value for finding in ollama if finding.target.value == "ollama"]
    return ("NG", f"found={found[0]}") if found else ("OK", "found=nothing")


def _refused(world: World, reason: Refusal, number: int) -> tuple[News, ...]:
    world.log.write("ERROR", "kick", "NG", "refuse", f"reason={reason.value} requests={number}")
    facts = (("error", reason.value), ("attempts", str(number)))
    return (News("kick", Topic.KICK_REFUSED, facts),)

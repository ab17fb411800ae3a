"""Can LINE itself reach the webhook? A deeper look, off by default.

It is the only one that sees what LINE sees. LINE allows it 60 times an hour.
"""

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request, World
from picoclaw_watchdog.probes.http_sights import (
    OK,
    Expectation,
    Shape,
    beside,
    classify,
    document,
    unknown,
)

PUSH = "/v2/bot/message/push"
ENDPOINT = "/v2/bot/channel/webhook/endpoint"
TEST = "/v2/bot/channel/webhook/test"


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """Is the webhook switched on at LINE, and does LINE's own test of it succeed?"""
    token = settings.line_channel_access_token
    if not token:
        return unknown(Probe.LINE_TEST, Sight.NO_ADDRESS, "no channel access token")
    began = world.clock.now()
    bearer = ("Authorization", f"Bearer {token}")
    url = beside(settings.line_push_endpoint, PUSH, ENDPOINT)
    answer = world.network.ask(Request(url, headers=(bearer,)), deadline)
    if not _is_ok(answer):
        return _unasked(answer)
    if document(answer).get("active") is False:
        return Observation(Probe.LINE_TEST, Verdict.BAD, Sight.WEBHOOK_SWITCHED_OFF)
    left = deadline - seconds_between(began, world.clock.now())
    url = beside(settings.line_push_endpoint, PUSH, TEST)
    headers = (bearer, ("Content-Type", "application/json"))
    answer = world.network.ask(Request(url, "POST", headers, b"{}"), max(0.0, left))
    return _judged(document(answer)) if _is_ok(answer) else _unasked(answer)


def _judged(said: dict[str, object]) -> Observation:
    status = said.get("statusCode")
    success = said.get("success")
    if success is None:  # optional in LINE's own description
        success = status == OK
    if success is True:
        return Observation(Probe.LINE_TEST, Verdict.GOOD, Sight.AS_EXPECTED)
    why = said.get("reason") or "no reason given"
    detail = printable(f"{why} {'' if status is None else status}")
    return Observation(Probe.LINE_TEST, Verdict.BAD, Sight.LINE_CANNOT_REACH, detail)


def _is_ok(answer: Answer) -> bool:
    return answer.fate is HttpFate.ANSWERED and answer.status == OK and bool(document(answer))


def _unasked(answer: Answer) -> Observation:
    """LINE did not say: that is no verdict on the webhook."""
    seen = classify(answer, Expectation(shape=Shape.ANY))
    sight = Sight.ANOTHER_PROGRAM if seen.verdict is Verdict.GOOD else seen.sight
    return unknown(Probe.LINE_TEST, sight, f"LINE's API: {seen.detail or answer.status}")

"""Does the world know the public name, and reach the webhook by it? Off by default.

On the host itself MagicDNS answers with the host's own address, so an ordinary request never
leaves the machine. This one asks a public resolver and goes where the world would go.
"""

from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.proxy import is_tailnet
from picoclaw_watchdog.host.resolve import literal
from picoclaw_watchdog.ports import Answer, HttpFate, Request, World
from picoclaw_watchdog.probes.http_sights import (
    METHOD_NOT_ALLOWED,
    OK,
    Expectation,
    Shape,
    classify,
    document,
    observed,
    unknown,
)

RESOLVER = "https://dns.google/resolve"
ADDRESS_TYPES = {"A": 1, "AAAA": 28}
NO_ERROR, NO_SUCH_NAME = 0, 3
ADDRESSES_TRIED = 2


def look(
    settings: Settings,
    world: World,
    deadline: float,
    url: str = "",
    *,
    resolver: str = RESOLVER,
) -> Observation:
    """Resolve past MagicDNS, then GET the webhook at that address == 405.

    Args:
        settings: Its `webhook_url` goes before `url`.
        world: The world.
        deadline: Seconds for all questions together.
        url: The public address as Tailscale says it.
        resolver: DNS over HTTPS that answers in JSON.
    """
    address = settings.webhook_url or url
    name = address.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
    if not name:
        return unknown(Probe.PUBLIC_DNS, Sight.NO_ADDRESS)
    began = world.clock.now()
    found = _resolved(name, world, deadline, resolver)
    if isinstance(found, Observation):
        return found
    if not found:
        return Observation(Probe.PUBLIC_DNS, Verdict.BAD, Sight.NAME_UNKNOWN, name)
    if any(map(is_tailnet, found)):
        return unknown(Probe.PUBLIC_DNS, Sight.NO_ADDRESS, "the answer is the tailnet's own")
    seen = unknown(Probe.PUBLIC_DNS, Sight.NO_ANSWER)
    for ip in found[:ADDRESSES_TRIED]:
        left = deadline - seconds_between(began, world.clock.now())
        answer = world.network.ask(Request(address, connect_to=ip), max(0.0, left))
        expected = Expectation(METHOD_NOT_ALLOWED, Shape.ANY)
        seen = observed(Probe.PUBLIC_DNS, answer, expected, address)
        if answer.fate is HttpFate.ANSWERED:
            break
    return seen


def _resolved(name: str, world: World, deadline: float, resolver: str) -> list[str] | Observation:
    """The name's IPv4 addresses, else its IPv6 ones; an observation where nobody says."""
    began = world.clock.now()
    for kind in ADDRESS_TYPES:
        left = deadline - seconds_between(began, world.clock.now())
        answer = world.network.ask(Request(f"{resolver}?name={name}&type={kind}"), max(0.0, left))
        silence = _silence(answer)
        if silence:
            return silence
        data = _data(answer, kind)
        found = [text for text in data if literal(text) and (":" in text) == (kind == "AAAA")]
        if data and not found:
            detail = f"public resolver: no address in its answer: {data[0]}"
            return unknown(Probe.PUBLIC_DNS, Sight.NO_ANSWER, detail)
        if found:
            return found
    return []


def _silence(answer: Answer) -> Observation | None:
    """Why the resolver's answer is none; None where it is one."""
    silent = classify(answer, Expectation(OK, Shape.ANY))
    if silent.verdict is not Verdict.GOOD:
        return unknown(Probe.PUBLIC_DNS, Sight.NO_ANSWER, f"public resolver: {silent.detail}")
    code = document(answer).get("Status")
    if code in (NO_ERROR, NO_SUCH_NAME):
        return None
    return unknown(Probe.PUBLIC_DNS, Sight.NO_ANSWER, f"public resolver: DNS status {code}")


def _data(answer: Answer, kind: str) -> list[str]:
    """What the records of that kind say, which may be anything."""
    records = document(answer).get("Answer")
    if not isinstance(records, list):
        return []
    return [
        str(record.get("data"))
        for record in records
        if isinstance(record, dict) and record.get("type") == ADDRESS_TYPES[kind]
    ]

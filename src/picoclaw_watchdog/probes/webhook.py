"""Is the LINE webhook served, here and as the world sees it?

A GET tells without disturbing anybody: PicoClaw refuses every method but POST with 405 before
it looks at anything else. Its successors know the path for POST alone, so that a GET is 404,
which may as well mean that nothing is there. Only where that is so they are asked by a POST that
no handler may act on: without a signature, its body empty JSON. What proves the handler is that
it asks for the signature (400, 401, 403) where the same POST to a path that nobody serves is
answered otherwise: whoever refuses all alike (a login wall) proves nothing.
"""

from picoclaw_watchdog.core.address import host_of, is_here
from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import HttpFate, Node, Request, World
from picoclaw_watchdog.probes.http_sights import (
    BAD_REQUEST,
    FORBIDDEN,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    UNAUTHORIZED,
    Expectation,
    Shape,
    observed,
    observed_here,
    unknown,
)

REFUSED = Expectation(METHOD_NOT_ALLOWED, Shape.ANY)
ASKS_FOR_SIGNATURE = (BAD_REQUEST, UNAUTHORIZED, FORBIDDEN)
ABSENT = "-watchdog-asks-for-nothing"  # after the webhook's path: a path that nobody serves
UNSIGNED = (("Content-Type", "application/json"),)


class _Time:
    """What is left of a deadline."""

    def __init__(self, world: World, deadline: float) -> None:
        self._clock = world.clock
        self._began = world.clock.now()
        self._deadline = deadline

    def left(self) -> float:
        return max(0.0, self._deadline - seconds_between(self._began, self._clock.now()))


def look_local(settings: Settings, world: World, deadline: float) -> Observation:
    """The webhook on this machine: on its own port, or on the gateway's.

    From PicoClaw 0.2.0 on, webhook and health share the gateway's port.
    """
    time = _Time(world, deadline)
    own = _ask_here(settings.line_webhook_port, settings, world, time)
    shared = settings.gateway_port != settings.line_webhook_port
    if own.verdict is not Verdict.BAD or not shared or not time.left():
        return own
    other = _ask_here(settings.gateway_port, settings, world, time)
    return other._replace(sight=Sight.SHARED_PORT) if other.verdict is Verdict.GOOD else own


def look_public(settings: Settings, world: World, deadline: float, url: str = "") -> Observation:
    """The webhook's public address: the owner's setting, or `url`, what Tailscale says."""
    address = settings.webhook_url or url
    if not address:
        return unknown(Probe.WEBHOOK_PUBLIC, Sight.NO_ADDRESS)
    time = _Time(world, deadline)
    answer = world.network.ask(Request(address), deadline)
    seen = observed(Probe.WEBHOOK_PUBLIC, answer, REFUSED, address)
    seen = seen._replace(from_tailnet=_over_tailnet(answer.peer))
    if answer.status != NOT_FOUND or not _only_by_post(settings, world, time):
        return seen
    if not _is_ours(address, world, time.left()):
        detail = f"{NOT_FOUND}: nothing is told by a GET here, and another's name gets no POST"
        return unknown(Probe.WEBHOOK_PUBLIC, Sight.NOT_FOUND, detail, address)
    if _asks_for_signature(address, world, time):
        return seen._replace(verdict=Verdict.GOOD, sight=Sight.AS_EXPECTED, detail="")
    return seen


def _over_tailnet(peer: str) -> bool:
    """Whether it was the tailnet that answered: MagicDNS resolves the name to this very host."""
    if not peer.startswith(("100.", "fd7a:115c:a1e0:")):
        return False
    from picoclaw_watchdog.host.proxy import is_tailnet

    return is_tailnet(peer)


def _only_by_post(settings: Settings, world: World, time: _Time) -> bool:
    """Whether the webhook here is one that only a POST shows."""
    ports = dict.fromkeys((settings.line_webhook_port, settings.gateway_port))
    for port in ports:
        url = _here(port, settings)
        answer = world.network.ask(Request(url), time.left())
        if answer.fate is HttpFate.ANSWERED:
            by_post = answer.status == NOT_FOUND and _asks_for_signature(url, world, time)
            if by_post or answer.status == METHOD_NOT_ALLOWED:
                return by_post
    return False


def _here(port: int, settings: Settings) -> str:
    """The webhook's address on this machine: on the gateway's port, where the gateway listens."""
    host = settings.gateway_host if port == settings.gateway_port else "127.0.0.1"
    bracketed = f"[{host}]" if ":" in host else host
    return f"http://{bracketed}:{port}{settings.webhook_path}"


def _ask_here(port: int, settings: Settings, world: World, time: _Time) -> Observation:
    url = _here(port, settings)
    answer = world.network.ask(Request(url), time.left())
    seen = observed_here(Probe.WEBHOOK_LOCAL, answer, REFUSED, url)
    if answer.status == NOT_FOUND and _asks_for_signature(url, world, time):
        return seen._replace(verdict=Verdict.GOOD, sight=Sight.AS_EXPECTED, detail="")
    return seen


def _asks_for_signature(url: str, world: World, time: _Time) -> bool:
    """Whether an unsigned POST is refused here, and otherwise where nothing is served."""
    if not time.left():
        return False
    here = world.network.ask(Request(url, "POST", UNSIGNED, b"{}"), time.left())
    if here.status not in ASKS_FOR_SIGNATURE or not time.left():
        return False
    path, _, query = url.partition("?")
    absent = f"{path.rstrip('/')}{ABSENT}" + (f"?{query}" if query else "")
    there = world.network.ask(Request(absent, "POST", UNSIGNED, b"{}"), time.left())
    return there.fate is HttpFate.ANSWERED and there.status != here.status


def _is_ours(url: str, world: World, deadline: float) -> bool:
    """Whether the address is this node's own name, as Tailscale has it now."""
    host = host_of(url)
    if is_here(host):
        return True
    node = world.tailnet.node(deadline) if deadline > 0 else None
    return isinstance(node, Node) and bool(node.dns_name) and host.lower() == node.dns_name.lower()

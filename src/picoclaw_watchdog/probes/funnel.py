"""Whether something public leads to the webhook, and at which address."""

from collections.abc import Iterator

from picoclaw_watchdog.core.foreign import printable, said
from picoclaw_watchdog.core.model import Entry, Observation, seconds_between
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.node import meaning_of
from picoclaw_watchdog.host.serve_config import HTTPS_PORT, address_of, local_http, target_of
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import Funnel, Served, Silence, World

UNKNOWN = (Sight.TAILSCALE_STARTING, Sight.TAILSCALE_SILENT)


class Way(NamedTuple):
    """One way from outside that may lead to the webhook."""

    entry: Served
    path: str  # at which the webhook is asked for from outside
    direct: bool  # to a port of ours; else through a program that may hand it on

    @property
    def url(self) -> str:
        """The public address."""
        return f"https://{address_of(self.entry)}{self.path}"


def look(settings: Settings, world: World, deadline: float) -> tuple[Observation, Funnel | None]:
    """Ask what is published."""
    began = world.clock.now()
    funnel = world.tailnet.funnel(deadline)
    took = seconds_between(began, world.clock.now())
    if isinstance(funnel, Silence):
        verdict, sight = meaning_of(funnel)
        return Observation(Probe.FUNNEL, verdict, sight, funnel.detail, took), None
    verdict, sight, detail = judge(funnel, settings)
    entry = published(funnel, settings)
    return Observation(Probe.FUNNEL, verdict, sight, detail, took, entry=entry), funnel


def judge(funnel: Funnel, settings: Settings) -> tuple[Verdict, Sight, str]:
    """What the configuration means.

    FUNNEL_ELSEWHERE and good: it leads through another program, or lasts as long as somebody's
    terminal. Whether that serves the webhook is seen from outside, not here.
    """
    if funnel.trouble is not None:
        verdict = Verdict.UNKNOWN if funnel.trouble in UNKNOWN else Verdict.BAD
        return verdict, funnel.trouble, "tailscaled has no configuration to show in this state"
    way = best_way(funnel, settings)
    if way is None:
        public = [each for each in funnel.entries if each.public]
        addresses = ", ".join(dict.fromkeys(map(address_of, public)))
        if not addresses:
            return Verdict.BAD, Sight.FUNNEL_OFF, "no Funnel is on"
        detail = f"on at {addresses}, but not for {settings.webhook_path}"
        return Verdict.BAD, Sight.FUNNEL_ELSEWHERE, detail
    where = printable(way.url)
    if way.entry.foreground:
        detail = f"on at {where} in the foreground: ends with the terminal that runs it"
        return Verdict.GOOD, Sight.FUNNEL_ELSEWHERE, detail
    if not way.direct:
        detail = f"on at {where}, through {said(way.entry.target)}"
        return Verdict.GOOD, Sight.FUNNEL_ELSEWHERE, detail
    return Verdict.GOOD, Sight.AS_EXPECTED, f"on at {where}"


def public_url(funnel: Funnel, settings: Settings) -> str:
    """Where the webhook is to be found from outside, empty where nothing leads to its path."""
    way = best_way(funnel, settings)
    return way.url if way is not None else ""


def published(funnel: Funnel, settings: Settings) -> Entry | None:
    """The entry through which the public webhook address goes; None where there is none.

    One that ends with a terminal is none: nobody wanted it for longer.
    """
    way = best_way(funnel, settings, lasting=True)
    if way is None or way.entry.what != "proxy":
        return None
    entry = way.entry
    return Entry(entry.host, entry.port, entry.mount, entry.target)


def best_way(funnel: Funnel, settings: Settings, *, lasting: bool = False) -> Way | None:
    """The way that the webhook takes most likely.

    The address that the owner named goes first, then the name that this node has now: after
    a rename the old name is configured still, and dead.
    """
    ways = [way for way in ways_of(funnel, settings) if not (lasting and way.entry.foreground)]
    ports = _ports(settings)

    def order(way: Way) -> tuple[bool, bool, bool, int, bool, bool, int, str]:
        target = local_http(way.entry)
        return (
            way.url != settings.webhook_url,
            way.entry.host.lower() != funnel.name.lower(),
            not way.direct,
            ports.index(target.port) if way.direct and target is not None else len(ports),
            way.entry.foreground,
            way.entry.port != HTTPS_PORT,
            -len(way.entry.mount),
            way.url,
        )

    return min(ways, key=order, default=None)


def ways_of(funnel: Funnel, settings: Settings) -> Iterator[Way]:
    """Every public entry through which the webhook can be asked for.

    Tailscale cuts the mount off the path that it is asked for and puts the target's own path
    in front. Of several mounts on one address the longest that covers the path is asked.
    """
    for entry in funnel.entries:
        if not (entry.public and entry.live) or entry.service:
            continue
        way = _way(entry, settings)
        if way is not None and _asked(funnel, entry, way.path) is entry:
            yield way


def _way(entry: Served, settings: Settings) -> Way | None:
    target = local_http(entry)
    if target is not None and target.port in _ports(settings):
        rest = _below(settings.webhook_path, target.path)
        if rest is not None:
            return Way(entry, f"{entry.mount.rstrip('/')}{rest}" or "/", direct=True)
    hands_on = entry.what == "proxy" and target_of(entry.target) is not None
    if (hands_on or entry.target.startswith("unix:")) and entry.kind == "https":
        path = _named_path(settings, entry) or settings.webhook_path
        if _below(path, entry.mount.rstrip("/")) is not None:
            return Way(entry, path, direct=False)
    return None


def _named_path(settings: Settings, entry: Served) -> str:
    """The path of the address that the owner named, where it is at this entry's host."""
    start = f"https://{address_of(entry)}/"
    if not settings.webhook_url.lower().startswith(start.lower()):
        return ""
    return settings.webhook_url[len(start) - 1 :]


def _below(path: str, folder: str) -> str | None:
    """What of a path lies below a folder; None where it does not."""
    rest = path.removeprefix(folder)
    return rest if path.startswith(folder) and (not rest or rest.startswith("/")) else None


def _asked(funnel: Funnel, entry: Served, path: str) -> Served:
    """Who is asked for a path at the address of an entry."""
    there = [
        each
        for each in funnel.entries
        if (each.host, each.port, each.foreground) == (entry.host, entry.port, entry.foreground)
        and each.what
        and not each.service
        and _below(path, each.mount.rstrip("/")) is not None
    ]
    return max(there, key=lambda each: len(each.mount), default=entry)


def _ports(settings: Settings) -> tuple[int, ...]:
    """Stock releases serve the webhook on the gateway's own port."""
    return tuple(dict.fromkeys((settings.line_webhook_port, settings.gateway_port)))

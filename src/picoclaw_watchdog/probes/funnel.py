"""Whether Tailscale Funnel is on for the webhook."""

from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.tailscale import sight_of_silence, sight_of_trouble
from picoclaw_watchdog.ports import Funnel, Silence, World


def look(settings: Settings, world: World, deadline: float) -> tuple[Observation, Funnel | None]:
    """Ask what is published. Stock releases serve the webhook on the gateway's own port."""
    began = world.clock.now()
    ports = tuple(dict.fromkeys((settings.line_webhook_port, settings.gateway_port)))
    funnel = world.tailnet.funnel(ports, deadline)
    took = seconds_between(began, world.clock.now())
    if isinstance(funnel, Silence):
        verdict, sight = sight_of_silence(funnel)
        return Observation(Probe.FUNNEL, verdict, sight, funnel.detail, took), None
    verdict, sight = judge(funnel)
    return Observation(Probe.FUNNEL, verdict, sight, _detail(funnel, sight), took), funnel


def judge(funnel: Funnel) -> tuple[Verdict, Sight]:
    """What the configuration means.

    A Funnel that somebody runs in the foreground works while it lasts: not good, as it ends
    with a terminal, and not bad either, as mending it would mean to end it.
    """
    stopped = sight_of_trouble(funnel.trouble)
    if stopped is not None:
        return Verdict.BAD, stopped
    if funnel.hosts:
        return Verdict.GOOD, Sight.AS_EXPECTED
    if funnel.trouble:
        return Verdict.UNKNOWN, Sight.FUNNEL_ELSEWHERE
    return Verdict.BAD, Sight.FUNNEL_ELSEWHERE if funnel.elsewhere else Sight.FUNNEL_OFF


def _detail(funnel: Funnel, sight: Sight) -> str:
    if funnel.trouble:
        return funnel.trouble
    if sight is Sight.AS_EXPECTED:
        return "on at " + ", ".join(funnel.hosts)
    if sight is Sight.FUNNEL_ELSEWHERE:
        return "on, but not for our ports: " + ", ".join(funnel.elsewhere)
    return "no Funnel leads to our ports"


def public_url(funnel: Funnel, settings: Settings) -> str:
    """Where the webhook is to be found from outside, empty where nothing leads to its path.

    Tailscale cuts the mount off the path it is asked for and puts the target's own path in
    front (`MOUNT -> PATH` in `Funnel.mounts`).
    """
    for host, mapping in zip(funnel.hosts, funnel.mounts, strict=False):
        mount, _, prefix = mapping.partition(" -> ")
        rest = settings.webhook_path.removeprefix(prefix)
        if settings.webhook_path.startswith(prefix) and (not rest or rest.startswith("/")):
            return f"https://{host}{mount.rstrip('/')}{rest}"
    return ""

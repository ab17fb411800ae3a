"""Which failures are causes, and which only follow from them.

The order is the order of dependence: systemd, gateway, network, Funnel, Ollama. Each question
is asked once; a later one hears what the earlier ones found.
"""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.address import host_of, is_here
from picoclaw_watchdog.core.judge import (
    is_ill,
    is_starting,
    ready_blames_ollama,
)
from picoclaw_watchdog.core.model import Finding, Look
from picoclaw_watchdog.core.reasons import Ill, Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Target

_UNIT_CAUSES = {
    Sight.UNIT_MASKED: Ill.SERVICE_MASKED,
    Sight.UNIT_NOT_FOUND: Ill.SERVICE_NOT_FOUND,
    Sight.UNIT_START_LIMIT: Ill.SERVICE_START_LIMIT,
    Sight.UNIT_FAILED: Ill.SERVICE_DOWN,
    Sight.UNIT_INACTIVE: Ill.SERVICE_DOWN,
    Sight.UNIT_CHANGING: Ill.SERVICE_STARTING,
    Sight.UNIT_AUTO_RESTART: Ill.SERVICE_STARTING,
}

_TAILNET_CAUSES = {
    Sight.LOGGED_OUT: Ill.TAILSCALE_LOGGED_OUT,
    Sight.KEY_EXPIRED: Ill.TAILSCALE_KEY_EXPIRED,
    Sight.NOT_APPROVED: Ill.TAILSCALE_NOT_APPROVED,
    Sight.TAILSCALE_STOPPED: Ill.TAILSCALE_STOPPED,
    Sight.TAILSCALED_DOWN: Ill.TAILSCALE_DOWN,
}

_FOLLOW_GATEWAY = (
    Probe.UNIT,
    Probe.LISTEN,
    Probe.HEALTH,
    Probe.READY,
    Probe.WEBHOOK_LOCAL,
    Probe.WEBHOOK_PUBLIC,
    Probe.SIGNATURE,
    Probe.LINE_TEST,
)
_FOLLOW_NETWORK = (Probe.FUNNEL, Probe.WEBHOOK_PUBLIC, Probe.LINE_TEST, Probe.PUBLIC_DNS)
_HUNG = (Sight.NO_ANSWER, Sight.NOT_HTTP)


def blame(settings: Settings, look: Look) -> tuple[Finding, ...]:
    """Name the root causes of what was seen, each with the probes that merely follow."""
    gateway = _bus(look) or _gateway(settings, look)
    network = _network(look)
    funnel = None if network else _funnel(look, gateway)
    ollama = _ollama(settings, look, network)
    return tuple(finding for finding in (gateway, network, funnel, ollama) if finding)


def is_remote(url: str) -> bool:
    """Whether a URL leads off this machine."""
    return not is_here(host_of(url))


def _finding(look: Look, target: Target, cause: Ill, follow: tuple[Probe, ...]) -> Finding:
    followers = tuple(probe for probe in follow if look.is_bad(probe))
    details = [look.of(probe) for probe in followers or follow]
    detail = next((seen.detail for seen in details if seen and seen.detail), "")
    instance = look.unit.instance if look.unit else ""
    return Finding(target, cause, followers, detail, instance)


def _bus(look: Look) -> Finding | None:
    if look.sight(Probe.UNIT) is not Sight.BUS_SILENT:
        return None
    finding = _finding(look, targets.SYSTEMD, Ill.BUS_SILENT, _FOLLOW_GATEWAY)
    unit = look.of(Probe.UNIT)
    return finding._replace(detail=unit.detail if unit is not None else "")


def _gateway(settings: Settings, look: Look) -> Finding | None:
    cause = _unit_cause(look) or _running_cause(look)
    if cause is None:
        return None
    ill_by_itself = cause not in _UNIT_CAUSES.values() and cause is not Ill.SERVICE_STALE_PID
    if ill_by_itself and is_starting(settings, look):
        cause = Ill.SERVICE_STARTING
    finding = _finding(look, targets.GATEWAY, cause, _FOLLOW_GATEWAY)
    listens = look.of(Probe.LISTEN)
    if listens is None or listens.sight is not Sight.PORT_TAKEN:
        return finding
    return finding._replace(detail=listens.detail)  # it explains the others


def _unit_cause(look: Look) -> Ill | None:
    sight = look.sight(Probe.UNIT)
    cause = _UNIT_CAUSES.get(sight) if sight is not None else None
    if cause is None or cause in (Ill.SERVICE_MASKED, Ill.SERVICE_NOT_FOUND):
        return cause
    if look.stale_pid is not None and sight is not Sight.UNIT_CHANGING:
        return Ill.SERVICE_STALE_PID
    if cause is Ill.SERVICE_DOWN and look.is_good(Probe.HEALTH):
        return Ill.SERVICE_ELSEWHERE  # our own start would only fight for the port
    down = (Ill.SERVICE_DOWN, Ill.SERVICE_START_LIMIT)
    if cause in down and look.sight(Probe.LISTEN) is Sight.PORT_TAKEN:
        return Ill.SERVICE_PORT_TAKEN
    return cause


def _running_cause(look: Look) -> Ill | None:
    ill = is_ill(look) or look.is_bad(Probe.WEBHOOK_LOCAL)
    if ill and look.sight(Probe.LISTEN) is Sight.PORT_TAKEN:
        return Ill.SERVICE_PORT_TAKEN
    if is_ill(look):
        sights = (look.sight(Probe.HEALTH), look.sight(Probe.READY))
        if any(sight in _HUNG for sight in sights):
            return Ill.SERVICE_HUNG
        if Sight.REFUSED in sights:
            return Ill.SERVICE_PORT_LOST
        return Ill.SERVICE_UNHEALTHY
    if look.is_bad(Probe.WEBHOOK_LOCAL):
        return Ill.WEBHOOK_DEAD
    if look.of(Probe.HEALTH) is None and look.is_bad(Probe.LISTEN):
        return Ill.SERVICE_PORT_LOST  # health is switched off: the ports are all there is
    if look.is_bad(Probe.SIGNATURE):
        refused = look.sight(Probe.SIGNATURE) is Sight.SIGNATURE_REFUSED
        return Ill.WEBHOOK_SIGNATURE_REFUSED if refused else Ill.WEBHOOK_DEAD
    return None


def _network(look: Look) -> Finding | None:
    if look.is_bad(Probe.ROUTE):
        return _finding(look, targets.NETWORK, Ill.NETWORK_DOWN, (Probe.ROUTE, *_FOLLOW_NETWORK))
    for probe in (Probe.NODE, Probe.FUNNEL):
        sight = look.sight(probe)
        cause = _TAILNET_CAUSES.get(sight) if sight is not None else None
        if cause is not None:
            return _finding(look, targets.NETWORK, cause, (probe, *_FOLLOW_NETWORK))
    return None


def _funnel(look: Look, gateway: Finding | None) -> Finding | None:
    cause: Ill | None = None
    local_is_dead = gateway is not None and not look.is_good(Probe.WEBHOOK_LOCAL)
    # Who loses the permission keeps the configuration: the Funnel is on, and nothing comes of it.
    not_allowed = look.sight(Probe.NODE) is Sight.NOT_ALLOWED
    if look.is_bad(Probe.FUNNEL):
        cause = Ill.FUNNEL_NOT_ALLOWED if not_allowed else Ill.FUNNEL_OFF
    elif local_is_dead:
        return None
    elif not_allowed and look.is_bad(Probe.WEBHOOK_PUBLIC):
        cause = Ill.FUNNEL_NOT_ALLOWED
    elif look.sight(Probe.LINE_TEST) is Sight.WEBHOOK_SWITCHED_OFF:
        cause = Ill.LINE_WEBHOOK_OFF
    elif any(
        look.is_bad(probe) and look.sight(probe) is Sight.NAME_UNKNOWN
        for probe in (Probe.WEBHOOK_PUBLIC, Probe.PUBLIC_DNS)
    ):
        cause = Ill.PUBLIC_NAME_UNKNOWN
    elif any(look.is_bad(p) for p in (Probe.WEBHOOK_PUBLIC, Probe.PUBLIC_DNS, Probe.LINE_TEST)):
        cause = Ill.FUNNEL_UNREACHABLE
    if cause is None:
        return None
    return _finding(look, targets.FUNNEL, cause, _FOLLOW_NETWORK)


def _ollama(settings: Settings, look: Look, network: Finding | None) -> Finding | None:
    follow = (Probe.OLLAMA, Probe.READY, Probe.MODELS, Probe.GENERATION)
    if look.is_bad(Probe.OLLAMA) or ready_blames_ollama(look):
        if network is not None and is_remote(settings.ollama_models_url):
            return None  # it lies behind what is broken
        cause = Ill.PEER_NOT_READY if look.is_good(Probe.OLLAMA) else Ill.PEER_DOWN
        return _finding(look, targets.OLLAMA, cause, follow)
    if look.is_bad(Probe.MODELS):
        return _finding(look, targets.OLLAMA, Ill.PEER_MODELS_MISSING, follow)
    if look.is_bad(Probe.GENERATION):
        return _finding(look, targets.OLLAMA, Ill.PEER_STUCK, follow)
    return None

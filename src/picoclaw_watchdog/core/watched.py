"""What is watched, as data: each target with what it needs and what looks at it."""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.address import host_of, is_here
from picoclaw_watchdog.core.model import Look, Observation, State
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Target
from picoclaw_watchdog.light import NamedTuple


class Watched(NamedTuple):
    """One watched thing."""

    target: Target
    needs: tuple[Target, ...]  # what it cannot work without: explains its ills
    probes: tuple[Probe, ...]  # what looks at it
    decisive: tuple[Probe, ...]  # a verdict of one of these is a verdict on the target
    address: str = ""  # where it is asked
    unit: str = ""  # its systemd unit


SYSTEMD = Watched(targets.SYSTEMD, (), (), ())
HOST = Watched(targets.HOST, (), (Probe.HOST,), ())
NETWORK = Watched(targets.NETWORK, (), (Probe.NODE, Probe.ROUTE), ())
FUNNEL = Watched(
    targets.FUNNEL,
    (targets.NETWORK, targets.HOST, targets.SYSTEMD, targets.GATEWAY),
    (Probe.FUNNEL, Probe.WEBHOOK_PUBLIC, Probe.LINE_TEST, Probe.PUBLIC_DNS),
    (Probe.FUNNEL, Probe.WEBHOOK_PUBLIC),
)
OF_GATEWAY = (
    *(Probe.UNIT, Probe.LISTEN, Probe.HEALTH, Probe.READY, Probe.WEBHOOK_LOCAL),
    Probe.SIGNATURE,
)
OF_OLLAMA = (Probe.OLLAMA, Probe.MODELS, Probe.GENERATION)

_BUILT_IN = {
    probe: target
    for target, probes in (
        (targets.HOST, HOST.probes),
        (targets.NETWORK, NETWORK.probes),
        (targets.FUNNEL, FUNNEL.probes),
        (targets.GATEWAY, OF_GATEWAY),
        (targets.OLLAMA, OF_OLLAMA),
    )
    for probe in probes
}

# What this host itself may be to blame for.
OURS = frozenset(
    {
        *(Sight.TLS_FAILED, Sight.CERTIFICATE_REFUSED, Sight.NO_CERTIFICATES),
        *(Sight.NAME_UNKNOWN, Sight.OUT_OF_PROCESSES, Sight.PROXY_NEEDED),
    }
)


def watched(settings: Settings) -> tuple[Watched, ...]:
    """Everything that is watched, in the order of dependence: what others need comes first."""
    far = is_remote(settings.ollama_models_url)
    gateway = Watched(
        targets.GATEWAY,
        (targets.SYSTEMD,),
        OF_GATEWAY,
        (Probe.HEALTH,) if settings.health_url else (Probe.UNIT, Probe.LISTEN),
        settings.health_url,
        settings.gateway_service,
    )
    ollama = Watched(
        targets.OLLAMA,
        (targets.NETWORK, targets.HOST) if far else (),
        OF_OLLAMA,
        (Probe.OLLAMA,) if settings.ollama_models_url else (),
        settings.ollama_models_url,
    )
    return SYSTEMD, HOST, NETWORK, gateway, FUNNEL, ollama


def is_remote(url: str) -> bool:
    """Whether a URL leads off this machine."""
    return not is_here(host_of(url))


def target_of(seen: Observation) -> Target:
    """What an observation is about: a gateway that reports Ollama as ill is well itself."""
    if seen.about is not None:
        return seen.about
    return targets.OLLAMA if seen.sight is Sight.READY_OLLAMA else _BUILT_IN[seen.probe]


def without_verdict(settings: Settings, state: State, look: Look) -> tuple[Target, ...]:
    """The targets that are on and of which nothing is known after this look."""
    return tuple(
        each.target
        for each in watched(settings)
        if each.decisive and not _has_verdict(state, look, each)
    )


def _has_verdict(state: State, look: Look, each: Watched) -> bool:
    seen = [look.of(probe) for probe in each.decisive]
    known = [one for one in seen if one is not None]
    if not known or any(one.verdict is not Verdict.UNKNOWN for one in known):
        return True
    # Tailscale is not here, and never was anything published: there is no Funnel to be seen.
    never_was = (Sight.TAILSCALE_MISSING, Sight.NO_ADDRESS)
    return state.baseline(each.target) is None and all(one.sight in never_was for one in known)


def is_quiet(settings: Settings, state: State, look: Look) -> bool:
    """Whether there is nothing to decide: all is well, and nothing is open from before."""
    if any(seen.verdict is Verdict.BAD or seen.sight in OURS for seen in look.seen):
        return False
    if look.sight(Probe.UNIT) is Sight.BUS_SILENT or state.paused or state.stopped:
        return False
    counts = (state.health_fails, state.ollama_fails, state.webhook_fails)
    if any((*counts, state.incidents, state.attempts, state.outbox, state.parcel, state.unseen)):
        return False
    return not without_verdict(settings, state, look)

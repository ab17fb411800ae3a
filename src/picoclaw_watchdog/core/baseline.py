"""What was seen working here: each good look leaves it, and only it is ever brought back."""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.address import port_of
from picoclaw_watchdog.core.model import Baseline, Look, Moment, State, UnitFacts
from picoclaw_watchdog.core.reasons import Probe
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import is_drilled
from picoclaw_watchdog.core.targets import Target

STARTS_KEPT = 5
# A start takes half as long again as the longest one that was seen, before it is overdue.
START_ROOM = 1.5
# Seconds that a first start may take, while none was ever seen to its end.
FIRST_START = 180.0
# What runs for longer than this when it is first seen healthy says nothing of its start.
LONGEST_START = 300.0


def learned(settings: Settings, state: State, look: Look, now: Moment) -> State:
    """The state with what this cycle has seen working.

    Args:
        settings: where it was looked for.
        state: the state to carry on.
        look: all that the cycle has seen.
        now: the moment of seeing.
    """
    news = [
        seen
        for seen in (
            _gateway(settings, state, look, now),
            _funnel(state, look, now),
            _ollama(settings, state, look, now),
        )
        if seen is not None and seen != state.baseline(seen.target)
    ]
    if not news:
        return state
    changed = {each.target for each in news}
    kept = tuple(each for each in state.baselines if each.target not in changed)
    return state._replace(baselines=(*kept, *news))


def forgotten(state: State, target: Target) -> State:
    """The state without what is known of a target: until it is seen well, nothing is touched."""
    return state._replace(baselines=tuple(b for b in state.baselines if b.target != target))


def start_patience(settings: Settings, baseline: Baseline | None) -> float:
    """Seconds after its start in which a service that does not answer yet is not ill."""
    grace = float(settings.startup_grace_sec)
    if baseline is None or not baseline.starts:
        return max(grace, FIRST_START)
    return max(grace, START_ROOM * max(baseline.starts))


def may_be_restored(settings: Settings, state: State, look: Look, target: Target) -> bool:
    """Whether a target was seen working as it is set up now.

    The one exception: a unit that is enabled and does not run is its owner's own wish.
    """
    baseline = state.baseline(target)
    if target == targets.FUNNEL:
        return baseline is not None and baseline.entry is not None
    if target == targets.OLLAMA and is_drilled(state, target):
        return baseline is not None  # it is looked for elsewhere on purpose
    if target == targets.OLLAMA:
        return baseline is not None and baseline.address == settings.ollama_models_url
    if look.is_good(Probe.HEALTH):
        return True
    unit = look.unit
    if unit is not None and unit.active in ("inactive", "failed") and unit.enabled == "enabled":
        return True
    return (
        baseline is not None
        and baseline.address == settings.health_url
        and baseline.unit == settings.gateway_service
    )


def _gateway(settings: Settings, state: State, look: Look, now: Moment) -> Baseline | None:
    well = look.is_good(Probe.HEALTH) if settings.health_url else look.is_good(Probe.LISTEN)
    unit = look.unit
    if not well or unit is None or unit.active not in ("active", "activating", "reloading"):
        return None
    was = state.baseline(targets.GATEWAY)
    webhook = look.of(Probe.WEBHOOK_LOCAL)
    port = was.port if was is not None else 0
    if webhook is not None and look.is_good(Probe.WEBHOOK_LOCAL) and webhook.asked:
        port = port_of(webhook.asked)
    seen = Baseline(
        *(targets.GATEWAY, now.wall),
        address=settings.health_url,
        unit=settings.gateway_service,
        port=port,
    )
    if was is not None:
        seen = seen._replace(starts=was.starts, instance=was.instance)
        if seen[2:] == was[2:]:
            seen = was
    return _with_instance(seen, unit)


def _with_instance(baseline: Baseline, unit: UnitFacts) -> Baseline:
    """A start that is seen healthy for the first time took no longer than it is old."""
    if unit.instance == baseline.instance:
        return baseline
    baseline = baseline._replace(instance=unit.instance)
    if unit.started_ago is None or unit.started_ago > LONGEST_START:
        return baseline
    return with_start(baseline, unit.started_ago)


def with_start(baseline: Baseline, took: float) -> Baseline:
    """The baseline with one more start, in seconds until it was healthy."""
    return baseline._replace(starts=(*baseline.starts, round(took, 1))[-STARTS_KEPT:])


def _funnel(state: State, look: Look, now: Moment) -> Baseline | None:
    public, funnel = look.of(Probe.WEBHOOK_PUBLIC), look.of(Probe.FUNNEL)
    if public is None or not look.is_good(Probe.WEBHOOK_PUBLIC):
        return None
    if public.from_tailnet and not look.is_good(Probe.FUNNEL):
        return None  # the tailnet sees it, which says nothing about the world
    was = state.baseline(targets.FUNNEL)
    entry = funnel.entry if funnel is not None else None
    if entry is None and was is not None and was.address == public.asked:
        entry = was.entry  # Tailscale could not be asked this time
    if was is not None and (was.address, was.entry) == (public.asked, entry):
        return was
    return Baseline(targets.FUNNEL, now.wall, address=public.asked, entry=entry)


def _ollama(settings: Settings, state: State, look: Look, now: Moment) -> Baseline | None:
    if not look.is_good(Probe.OLLAMA):
        return None
    was = state.baseline(targets.OLLAMA)
    if was is not None and was.address == settings.ollama_models_url:
        return was
    return Baseline(targets.OLLAMA, now.wall, address=settings.ollama_models_url)

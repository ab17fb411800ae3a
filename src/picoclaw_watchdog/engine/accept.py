"""What is seen now, taken as what is right: for an owner who has moved things on purpose."""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.baseline import forgotten, learned
from picoclaw_watchdog.core.model import Baseline, Look, Moment, State
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Target
from picoclaw_watchdog.engine.observe import RARELY, Observer, due_looks
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import World

# What can be brought back, and so has a baseline.
ACCEPTABLE = (targets.GATEWAY, targets.FUNNEL, targets.OLLAMA)


class Sighting(NamedTuple):
    """One look at everything, and what was known before it."""

    settings: Settings  # with what the gateway's own unit says of where it is
    state: State
    look: Look
    at: Moment


def look_once(settings: Settings, world: World) -> Sighting:
    """Look as a cycle does first. Nothing is confirmed, done or told."""
    began = world.clock.now()
    state = world.store.load(began)
    observer = Observer(settings, world)
    wanted = [each for each in due_looks(settings, state, began) if each not in RARELY]
    look = observer.look(wanted)
    return Sighting(observer.settings, state, look, began)


def accepted(seen: Sighting, state: State, chosen: tuple[Target, ...]) -> State:
    """The state in which what was seen well is the baseline, and what was not has none."""
    for target in chosen:
        known = baseline_now(seen, target)
        state = forgotten(state, target)
        state = state if known is None else state._replace(baselines=(*state.baselines, known))
    return state


def baseline_now(seen: Sighting, target: Target) -> Baseline | None:
    """What the look alone says of a target: the baseline from now on; None: it is not well."""
    was = seen.state.baseline(target)
    state = forgotten(seen.state, target)
    if was is not None:  # how long its starts take stays true wherever it lives
        alone = Baseline(target, was.since, starts=was.starts, instance=was.instance)
        state = state._replace(baselines=(*state.baselines, alone))
    now = learned(seen.settings, state, seen.look, seen.at).baseline(target)
    if now is None or not (now.address or now.unit):
        return None
    same = was is not None and _place(was) == _place(now)
    return now._replace(since=was.since) if was is not None and same else now


def is_news(seen: Sighting, target: Target) -> bool:
    """Whether accepting what is seen would change what is brought back of a target."""
    was, now = seen.state.baseline(target), baseline_now(seen, target)
    if was is None or now is None:
        return was is not now
    return _place(was) != _place(now)


def _place(baseline: Baseline) -> tuple[object, ...]:
    return (baseline.address, baseline.unit, baseline.port, baseline.entry)

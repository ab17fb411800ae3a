"""The family's table: what can be done, by which file. A new action is its file and one line.

The files are imported when they are needed: on most days none is.
"""

from collections.abc import Callable, Mapping

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import Outcome, Step
from picoclaw_watchdog.core.reasons import Phase, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Action
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import World


class Proof(NamedTuple):
    """How a recovery sees that it has worked."""

    healthy: Callable[[], bool]  # asks the gateway once
    reachable: Callable[[], Verdict]  # asks the public address once


Recovery = Callable[[Settings, World, Step, Proof], Outcome]


def _restart_unit(settings: Settings, world: World, step: Step, proof: Proof) -> Outcome:
    from picoclaw_watchdog.recoveries import restart_unit

    return restart_unit.mend(settings, world, step, proof.healthy)


def _funnel(settings: Settings, world: World, step: Step, proof: Proof) -> Outcome:
    from picoclaw_watchdog.recoveries import funnel

    entry = step.baseline.entry if step.baseline is not None else None
    if entry is None:
        return Outcome(Phase.FAILED, "the Funnel was never seen working here")
    return funnel.mend(settings, world, entry, proof.reachable)


RECOVERIES: Mapping[Action, Recovery] = {
    targets.RESTART_GATEWAY: _restart_unit,
    targets.RECOVER_FUNNEL: _funnel,
}

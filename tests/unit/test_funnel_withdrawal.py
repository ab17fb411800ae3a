"""A drill's hands: our entry is taken off alone, and put back."""

from picoclaw_watchdog.core.reasons import Phase
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.recoveries import funnel
from tests.unit.standins.world import a_world
from tests.unit.tailnet import OURS, config, serving
from tests.unit.test_funnel_recovery import ENTRY, STRANGER, both


def test_our_entry_can_be_taken_off_alone_and_put_back() -> None:
    serve = both(STRANGER, config(OURS))
    for socket in (True, False):
        tailnet = serving(serve, socket=socket)
        world = a_world(tailnet=tailnet)
        assert funnel.withdraw(Settings(), world, ENTRY).phase is Phase.DONE
        assert tailnet.there.serve == STRANGER
        assert funnel.restore(Settings(), world, ENTRY).phase is Phase.DONE
        assert tailnet.there.serve == both(STRANGER, config(OURS))


def test_a_port_that_is_shared_is_not_switched_off() -> None:
    serve = config({**OURS, "/blog": {"Text": "x"}})
    tailnet = serving(serve)
    outcome = funnel.withdraw(Settings(), a_world(tailnet=tailnet), ENTRY)
    assert (outcome.phase, len(outcome.stands)) == (Phase.FAILED, 1)
    assert (tailnet.changes, tailnet.there.serve) == ([], serve)

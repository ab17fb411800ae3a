"""A world with nothing but a clock and the network, which is all that these probes touch."""

from collections.abc import Callable, Sequence
from typing import cast

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.host.network import HostNetwork
from picoclaw_watchdog.ports import (
    Answer,
    Clock,
    HttpFate,
    Logbook,
    Means,
    Network,
    Request,
    Services,
    Store,
    Tailnet,
    World,
)
from tests.unit.standins.world import FakeHost


class FakeNetwork:
    """A network that says what the test says."""

    def __init__(
        self,
        answer: Callable[[Request], Answer] = lambda _: Answer(HttpFate.REFUSED),
        *,
        listening: frozenset[int] | None = None,
        route: bool | None = True,
        resolves: bool = True,
    ) -> None:
        self.asked: list[Request] = []
        self.resolved: list[str] = []
        self._answer = answer
        self._listening = listening
        self._route = route
        self._resolves = resolves

    def ask(self, request: Request, deadline: float) -> Answer:
        del deadline
        self.asked.append(request)
        return self._answer(request)

    def listening(self, ports: Sequence[int]) -> frozenset[int] | None:
        return None if self._listening is None else self._listening & frozenset(ports)

    def has_route(self) -> bool | None:
        return self._route

    def resolves(self, name: str, deadline: float) -> bool:
        del deadline
        self.resolved.append(name)
        return self._resolves


def world(
    network: Network | None = None,
    means: Means | None = None,
    tailnet: Tailnet | None = None,
    clock: Clock | None = None,
) -> World:
    """The real network unless another one is given."""
    return World(
        clock=clock or HostClock(),
        services=cast("Services", None),
        network=network or HostNetwork(),
        tailnet=tailnet or cast("Tailnet", None),
        host=FakeHost(means=means or Means()),
        store=cast("Store", None),
        log=cast("Logbook", None),
    )


WORLD = world()
DEADLINE = 10.0
SECRET = "channel-secret"
TOKEN = "channel-token"

GOOD = (Verdict.GOOD, Sight.AS_EXPECTED)


def seen(observation: Observation) -> tuple[Verdict, Sight]:
    assert SECRET not in repr(observation)
    assert TOKEN not in repr(observation)
    return observation.verdict, observation.sight


def bad(sight: Sight) -> tuple[Verdict, Sight]:
    return Verdict.BAD, sight


def unknown(sight: Sight) -> tuple[Verdict, Sight]:
    return Verdict.UNKNOWN, sight

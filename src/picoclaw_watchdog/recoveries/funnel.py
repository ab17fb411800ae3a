"""Publish the webhook again, and see that it worked.

`tailscale funnel --bg` can end well having done nothing, or wait for ever; `funnel reset` drops
everything the node publishes. So: first the harmless command, then a look; the drastic one only
where everything else that is published is known, and with all of it put back afterwards.
"""

from collections.abc import Callable

from picoclaw_watchdog.core.foreign import said
from picoclaw_watchdog.core.model import (
    Moment,
    Outcome,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Phase, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.serve_config import gone
from picoclaw_watchdog.host.tailscale import (
    DAEMON_DOWN,
    REMEDY,
    sight_of_node,
    sight_of_trouble,
    was_denied,
    without_login,
)
from picoclaw_watchdog.ports import Funnel, Node, Ran, Silence, World

SETTLE_SEC = 5.0  # that a Funnel gets to be reachable after it was published
SETTLE_AFTER_RESET_SEC = 10.0
ASK_EVERY = 0.5  # seconds
PUT_BACK_SEC = 20.0
OWNERS = {  # what only the owner can change
    Sight.LOGGED_OUT: "logged out",
    Sight.KEY_EXPIRED: "the node's key has expired",
    Sight.NOT_APPROVED: "this machine is not approved by the tailnet's administrator",
    Sight.NOT_ALLOWED: "the tailnet does not allow this node Funnel or HTTPS",
    Sight.TAILSCALE_STOPPED: "Tailscale is stopped",
    Sight.TAILSCALED_DOWN: "tailscaled does not run",
    Sight.TAILSCALE_MISSING: "tailscale is not installed",
}
NOT_POSSIBLE = (  # what the tailnet's administrator must change
    "funnel not available",
    "not allowed for funnel",
    "shields-up",
    "to enable, visit",
    "not enabled on your tailnet",
)
RESET_CANNOT_HELP = (  # what passes by itself, or what a reset would only take from the owner
    "foreground already exists",
    "another client is changing",
    "netmap is nil",
)


def mend(settings: Settings, world: World, port: int, reachable: Callable[[], bool]) -> Outcome:
    """Publish; if that does not help, reset, publish and put the other entries back.

    Args:
        settings: Ports and `external_timeout_sec`.
        world: Where to do it.
        port: The local port to publish.
        reachable: Asks the public address once.

    Returns:
        DONE once the configuration says so and `reachable` too; FAILED with `needs_owner` where
        no command of ours can help; in both cases `lost` names entries that are gone.
    """
    return _Mending(settings, world, port, reachable).mend()


class _Mending:
    def __init__(
        self, settings: Settings, world: World, port: int, reachable: Callable[[], bool]
    ) -> None:
        self._world = world
        self._port = port
        self._reachable = reachable
        self._ports = tuple(
            dict.fromkeys((port, settings.line_webhook_port, settings.gateway_port))
        )
        self._look_sec = settings.external_timeout_sec
        self._command_sec = settings.external_timeout_sec * 2
        self._began: Moment = world.clock.now()

    def mend(self) -> Outcome:
        barred = self._barred()
        if barred is not None:
            return barred
        before = self._status()
        ran = self._world.tailnet.publish(self._port, self._command_sec)
        hopeless = self._hopeless(ran)
        if hopeless is not None:
            return hopeless
        if self._works(SETTLE_SEC):
            return self._end(Phase.DONE, lost=self._replaced(before))
        return self._start_over(ran, self._status() if isinstance(before, Silence) else before)

    def _replaced(self, before: Funnel | Silence) -> tuple[str, ...]:
        """What stood in the place that the webhook has taken."""
        after = self._status()
        if isinstance(before, Silence) or isinstance(after, Silence):
            return ()
        return gone(before, after)

    def _start_over(self, first: Ran, before: Funnel | Silence) -> Outcome:
        if isinstance(before, Silence):  # what would be dropped is not known
            return self._end(Phase.FAILED, f"{_what(first)}; no reset: {before.detail}")
        if before.others:  # on disk before they are dropped, should we be killed in between
            entries = "; ".join(before.others)
            self._world.log.write("WARN", "funnel", "NG", "reset", f"to be put back: {entries}")
        dropped = self._world.tailnet.reset(self._command_sec)
        hopeless = self._hopeless(dropped)
        if hopeless is not None:
            return hopeless
        ran = self._world.tailnet.publish(self._port, self._command_sec)
        lost = self._world.tailnet.put_back(before, max(PUT_BACK_SEC, self._look_sec * 4))
        if self._works(SETTLE_AFTER_RESET_SEC):
            return self._end(Phase.DONE, "after a reset", lost=lost)
        return self._hopeless(ran, lost) or self._end(
            Phase.FAILED, f"also after a reset: {_what(ran)}", lost=lost
        )

    def _barred(self) -> Outcome | None:
        """Why nothing may be run, as an outcome."""
        node = self._world.tailnet.node(self._look_sec)
        if isinstance(node, Node):
            sight = sight_of_node(node)
            if sight in (Sight.AS_EXPECTED, Sight.TAILSCALE_SILENT):
                return None
            detail = OWNERS.get(sight, f"Tailscale is not ready: {node.state}")
            return self._end(Phase.FAILED, detail, owner=sight if sight in OWNERS else None)
        if node.missing:
            return self._end(Phase.FAILED, node.detail, owner=Sight.TAILSCALE_MISSING)
        if node.detail.startswith(DAEMON_DOWN):
            return self._end(Phase.FAILED, node.detail, owner=Sight.TAILSCALED_DOWN)
        if node.timed_out:
            return self._end(Phase.FAILED, node.detail)
        return None  # an answer we cannot read: publishing does no harm

    def _hopeless(self, ran: Ran, lost: tuple[str, ...] = ()) -> Outcome | None:
        """Why going on makes no sense after a command, as an outcome."""
        if was_denied(ran):
            detail = ran.complaint if REMEDY in ran.err else f"tailscale: access denied; {REMEDY}"
            return self._end(Phase.FAILED, detail, lost=lost, owner=Sight.NOT_ALLOWED)
        for line in f"{ran.err}\n{ran.out}".splitlines():
            trouble = None if ran.ok else sight_of_trouble(line)
            if any(words in line.lower() for words in NOT_POSSIBLE):
                trouble = Sight.NOT_ALLOWED
            passing = any(words in line.lower() for words in RESET_CANNOT_HELP)
            if trouble in OWNERS or passing:
                return self._end(Phase.FAILED, _clean(line), lost=lost, owner=trouble)
        return None

    def _works(self, settle: float) -> bool:
        """Whether it is configured at once, and reachable within `settle` seconds."""
        asked = self._world.clock.now()
        funnel = self._status()
        if isinstance(funnel, Silence) or not funnel.hosts:
            return False
        while not self._reachable():
            if seconds_between(asked, self._world.clock.now()) >= settle:
                return False
            self._world.clock.sleep(ASK_EVERY)
        return True

    def _status(self) -> Funnel | Silence:
        return self._world.tailnet.funnel(self._ports, self._look_sec)

    def _end(
        self,
        phase: Phase,
        detail: str = "",
        *,
        lost: tuple[str, ...] = (),
        owner: Sight | None = None,
    ) -> Outcome:
        took = seconds_between(self._began, self._world.clock.now())
        return Outcome(phase, detail, took, lost, owner)


def _what(ran: Ran) -> str:
    """What a command that did not help had to say, without addresses to log in at."""
    if ran.timed_out:
        return "tailscale did not end in time"
    if ran.ok:
        return "tailscale ended well, but the webhook is not reachable from outside"
    return _clean(ran.complaint)


def _clean(line: str) -> str:
    return said(without_login(line))

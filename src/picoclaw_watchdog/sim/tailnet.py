"""The pretend tailnet: what `tailscale` says and does."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from picoclaw_watchdog.host.tailscale import DAEMON_DOWN
from picoclaw_watchdog.ports import Funnel, Node, Ran, Silence

if TYPE_CHECKING:
    from picoclaw_watchdog.sim.host import PretendHost

NAME = "box.tail.ts.net"
TAKES = 0.02  # seconds a command takes
OTHER = "https://box.tail.ts.net:8443/photos -> http://127.0.0.1:2342 (Funnel)"
UNNAMED = "tcp://box.tail.ts.net:10000 -> 127.0.0.1:22"


class Tailnet:
    """How this node stands, and what it publishes; also `ports.Tailnet`."""

    def __init__(self, host: "PretendHost") -> None:
        self._host = host
        self.state = "Running"  # BackendState
        self.expired = False
        self.daemon = True
        self.hangs = False  # the command does not end
        self.installed = True
        self.may_funnel = True
        self.published = True
        self.ingress = True  # whether the world reaches what is published
        self.dead_outside = False  # the world does not reach it, this host does: MagicDNS
        self.publishing = "works"  # works, nothing, blocks, after_reset
        self.others: tuple[str, ...] = ()  # further entries
        self.lost_for_good: tuple[str, ...] = ()  # of them, what cannot be created again
        self.commands: list[tuple[float, str]] = []

    @property
    def is_connected(self) -> bool:
        """Whether this node reaches its peers."""
        up = self.daemon and self.state == "Running" and not self.expired
        return up and self._host.route

    @property
    def is_public(self) -> bool:
        """Whether the world reaches the webhook's port."""
        return self.seems_public and not self.dead_outside

    @property
    def seems_public(self) -> bool:
        """Whether it looks so from here, where its name leads to this node itself."""
        return self.is_connected and self.published and self.ingress and self.may_funnel

    def funnel(self, ports: Sequence[int], deadline: float) -> Funnel | Silence:
        """What is published. Like the real one, the JSON does not mind being logged out."""
        del ports
        silence = self._silence(deadline)
        if silence is not None:
            return silence
        if not self.published:
            return Funnel(others=self.others, raw="{}")
        return Funnel((NAME,), ("/",), others=self.others, raw="{}")

    def node(self, deadline: float) -> Node | Silence:
        """How this node stands."""
        silence = self._silence(deadline)
        if silence is not None:
            return silence
        return Node(
            self.state,
            online=self.is_connected,
            expired=self.expired,
            dns_name=NAME,
            can_funnel=self.may_funnel,
            can_https=True,
        )

    def publish(self, port: int, deadline: float) -> Ran:
        """`tailscale funnel --bg`: works, does nothing and says well, or waits for ever."""
        del port
        if not self._strikes("publish", deadline):
            return Ran(-9, timed_out=True)
        if self.state != "Running":
            self._host.after("effect")
            return Ran(1, err="Logged out.")
        if self.publishing == "blocks":
            self._host.spend(deadline)
            self._host.after("effect")
            return Ran(-9, timed_out=True)
        if self.publishing == "works":
            self.published = True
        self._host.after("effect")
        return Ran(0)

    def unpublish(self, port: int, deadline: float) -> Ran:
        """No drill is played here."""
        del port, deadline
        return Ran(0)

    def reset(self, deadline: float) -> Ran:
        """`tailscale funnel reset`: drops everything."""
        if not self._strikes("reset", deadline):
            return Ran(-9, timed_out=True)
        self.published = False
        self.others = ()
        if self.publishing == "after_reset":
            self.publishing, self.ingress = "works", True
        self._host.after("effect")
        return Ran(0)

    def put_back(self, before: Funnel, deadline: float) -> tuple[str, ...]:
        """Restore the others, as far as the command line can."""
        if not self._strikes("put back", deadline):
            return before.others
        again = (each for each in before.others if each not in self.lost_for_good)
        self.others = tuple(dict.fromkeys((*self.others, *again)))
        self._host.after("effect")
        return tuple(each for each in before.others if each not in self.others)

    def _strikes(self, what: str, deadline: float) -> bool:
        self._host.before("effect")
        self.commands.append((self._host.seconds, what))
        self._host.note("watchdog", f"funnel {what}")
        if self.hangs or not self.daemon:
            self._host.spend(deadline)
            return False
        self._host.spend(TAKES)
        return True

    def _silence(self, deadline: float) -> Silence | None:
        if not self.installed:
            return Silence("tailscale is not installed", missing=True)
        if self.hangs:
            self._host.spend(deadline)
            return Silence(f"tailscale did not answer within {deadline:g} s", timed_out=True)
        self._host.spend(TAKES)
        if not self.daemon:
            return Silence(f"{DAEMON_DOWN}: failed to connect to local tailscaled")
        return None

"""The pretend tailnet: the demo's tailscaled and `tailscale`, in memory and in virtual time."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from picoclaw_watchdog.demo.in_memory import InMemoryTailnet
from picoclaw_watchdog.demo.tailscale_command import command
from picoclaw_watchdog.demo.tailscaled import Caller, Config, table
from picoclaw_watchdog.demo.tailscaled import Tailnet as Tailscaled
from picoclaw_watchdog.host import serve_config
from picoclaw_watchdog.ports import (
    Commanded,
    Fit,
    Funnel,
    Node,
    Ran,
    Served,
    Silence,
    Why,
    Written,
)

if TYPE_CHECKING:
    from picoclaw_watchdog.sim.host import PretendHost

NAME = "box.tail.ts.net"
PUBLIC_PORT = 443
PLACE = f"{NAME}:{PUBLIC_PORT}"
PORT = 18791
TAKES = 0.02  # seconds a command takes
ROOT = Caller(root=True)
PUBLISHING = {"nothing": "nothing", "blocks": "block"}  # of a command; else it works


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
        self.ingress = True  # whether the world reaches what is published
        self.dead_outside = False  # the world does not reach it, this host does: MagicDNS
        self.publishing = "works"  # works, nothing, blocks, after_reset
        self.commands: list[tuple[float, str]] = []
        self.harmed: list[str] = []  # what of others the watchdog has changed
        self._serve: Config = {}
        self._served_by_owner("funnel", "--bg", str(PORT))

    @property
    def published(self) -> bool:
        """Whether the webhook's entry is there."""
        return bool(table(self._serve, "AllowFunnel").get(PLACE))

    @published.setter
    def published(self, wanted: bool) -> None:
        """The owner, or an accident, publishes it or takes it off."""
        if wanted != self.published:
            said = ("funnel", "--bg", str(PORT)) if wanted else ("funnel", "--https=443", "off")
            self._served_by_owner(*said)

    def serve_others(self, *, ssh: bool) -> None:
        """The node publishes more than the webhook."""
        target = "http://127.0.0.1:2342"
        self._served_by_owner("funnel", "--bg", "--https=8443", "--set-path=/photos", target)
        if ssh:
            self._served_by_owner("serve", "--bg", "--tcp=10000", "tcp://127.0.0.1:22")

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

    def funnel(self, deadline: float) -> Funnel | Silence:
        """What is published, as the command says it."""
        silence = self._silence(deadline)
        if silence is not None:
            return silence
        return InMemoryTailnet(self._node(), socket=False).funnel(deadline)

    def node(self, deadline: float) -> Node | Silence:
        """How this node stands."""
        silence = self._silence(deadline)
        if silence is not None:
            return silence
        return InMemoryTailnet(self._node()).node(deadline)

    def write(self, raw: str, etag: str, deadline: float) -> Written:
        """No socket here."""
        del raw, etag, deadline
        return Written(Fit.DENIED)

    def may_as_root(self, arguments: Sequence[str], deadline: float) -> bool:
        """The user is Tailscale's operator and needs no sudo."""
        del arguments, deadline
        return False

    def client_version(self, deadline: float) -> str:
        """The same as tailscaled's."""
        del deadline
        return self._node().version

    def command(self, arguments: Sequence[str], deadline: float) -> Commanded:
        """`tailscale funnel`: works, does nothing and says well, or waits for ever."""
        resets = tuple(arguments) == ("funnel", "reset")
        if not self._strikes("reset" if resets else "publish", deadline):
            return Commanded(Ran(-9, timed_out=True))
        now = InMemoryTailnet(self._node())
        done = now.command(arguments, deadline)
        if done.ran.timed_out:
            self._host.spend(deadline)
        kept = set(map(serve_config.line_of, _others(now.there.serve or {})))
        before = map(serve_config.line_of, _others(self._serve))
        self.harmed += [line for line in before if line not in kept]
        self._serve = now.there.serve or {}
        if self.publishing == "after_reset" and done.ran.ok:
            self.ingress = resets
            self.publishing = "works" if resets else "after_reset"
        self._host.after("effect")
        return done

    def _node(self) -> Tailscaled:
        return Tailscaled(
            host=NAME,
            serve=self._serve,
            backend=self.state,
            online=self.is_connected,
            expired=self.expired,
            capable=self.may_funnel,
            operator=True,
            publish=PUBLISHING.get(self.publishing, ""),
        )

    def _served_by_owner(self, *arguments: str) -> None:
        node = Tailscaled(host=NAME, serve=self._serve)
        self._serve = command(node, list(arguments), ROOT).node.serve or {}

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
            return Silence("tailscale is not installed", Why.MISSING)
        if self.hangs:
            self._host.spend(deadline)
            return Silence(f"tailscale did not answer within {deadline:g} s", Why.TIMED_OUT)
        self._host.spend(TAKES)
        if not self.daemon:
            return Silence("failed to connect to local tailscaled", Why.DOWN)
        return None


def _others(config: Config) -> Iterator[Served]:
    """What is published beside the webhook."""
    return (each for each in serve_config.entries_of(config) if each.port != PUBLIC_PORT)

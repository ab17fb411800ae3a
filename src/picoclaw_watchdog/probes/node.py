"""How this node stands with its tailnet: asked only when the public path is in doubt."""

from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.node import meaning_of, sight_of
from picoclaw_watchdog.ports import Funnel, Node, Silence, World

WORDS = {
    # The login address that Tailscale offers is a key to the tailnet: it is not logged.
    Sight.LOGGED_OUT: "logged out: run `sudo tailscale up`",
    Sight.KEY_EXPIRED: "the node's key has expired: run `sudo tailscale up --force-reauth`",
    Sight.NOT_APPROVED: "the tailnet's administrator has not approved this machine yet",
    Sight.TAILSCALE_STOPPED: "stopped: run `sudo tailscale up`",
    Sight.TAILSCALE_STARTING: "starting",
}


def look(
    settings: Settings, world: World, deadline: float, funnel: Funnel | None = None
) -> Observation:
    """Ask for the node's state; with `funnel`, also whether it is configured for this name."""
    del settings  # every probe is asked alike
    began = world.clock.now()
    node = world.tailnet.node(deadline)
    took = seconds_between(began, world.clock.now())
    if isinstance(node, Silence):
        verdict, sight = meaning_of(node)
        return Observation(Probe.NODE, verdict, sight, node.detail, took)
    verdict, sight, detail = judge(node, funnel)
    return Observation(Probe.NODE, verdict, sight, detail, took)


def judge(node: Node, funnel: Funnel | None = None) -> tuple[Verdict, Sight, str]:
    """What the node's state means."""
    sight = sight_of(node)
    if sight is Sight.TAILSCALE_SILENT:
        return Verdict.UNKNOWN, sight, f"unheard-of state {node.state[:40]}"
    if sight is Sight.NOT_ALLOWED:
        missing = [
            name
            for name, allowed in (("Funnel", node.can_funnel), ("HTTPS", node.can_https))
            if allowed is False
        ]
        return Verdict.BAD, sight, f"the tailnet does not allow this node {' and '.join(missing)}"
    if sight is not Sight.AS_EXPECTED:
        verdict = Verdict.UNKNOWN if sight is Sight.TAILSCALE_STARTING else Verdict.BAD
        return verdict, sight, WORDS[sight]
    others = _other_names(node, funnel) if funnel is not None else ()
    if others:
        hosts = ", ".join(others)
        return (
            Verdict.BAD,
            Sight.FUNNEL_ELSEWHERE,
            f"Funnel is set up for {hosts}, but this node is now {node.dns_name}",
        )
    if not node.online:
        return Verdict.UNKNOWN, Sight.NODE_OFFLINE, "not connected to the control server"
    return Verdict.GOOD, sight, ""


def _other_names(node: Node, funnel: Funnel) -> tuple[str, ...]:
    """The names that are public, where this node's is none of them.

    It or its tailnet was renamed: what was published stays under the old name, dead.
    """
    names = tuple(dict.fromkeys(each.host.lower() for each in funnel.entries if each.public))
    names = tuple(filter(None, names))
    return () if not node.dns_name or node.dns_name.lower() in names else names

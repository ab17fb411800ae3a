"""How this node stands, read from `tailscale status --json` or from tailscaled itself. Pure."""

from collections.abc import Sequence

from picoclaw_watchdog.core.foreign import printable, said
from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.ports import Node, Silence, Why

STATES = {
    "NeedsLogin": Sight.LOGGED_OUT,
    "NeedsMachineAuth": Sight.NOT_APPROVED,
    "Stopped": Sight.TAILSCALE_STOPPED,
    "Starting": Sight.TAILSCALE_STARTING,
    "NoState": Sight.TAILSCALE_STARTING,
    "Running": Sight.AS_EXPECTED,
}
SILENCES = {
    Why.SILENT: (Verdict.UNKNOWN, Sight.TAILSCALE_SILENT),
    Why.STARVED: (Verdict.UNKNOWN, Sight.OUT_OF_PROCESSES),
    Why.TIMED_OUT: (Verdict.UNKNOWN, Sight.TAILSCALE_SILENT),
    Why.MISSING: (Verdict.UNKNOWN, Sight.TAILSCALE_MISSING),
    Why.DENIED: (Verdict.UNKNOWN, Sight.TAILSCALE_DENIED),
    Why.DOWN: (Verdict.BAD, Sight.TAILSCALED_DOWN),
}


def read(text: str) -> Node | None:
    """Read a status; None where it is none."""
    import json

    try:
        status = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(status, dict) or not isinstance(status.get("BackendState"), str):
        return None
    own = status.get("Self")
    own = own if isinstance(own, dict) else {}
    capabilities = _capabilities(own)
    health = status.get("Health")
    return Node(
        state=printable(status["BackendState"]),
        online=own.get("Online") is not False,
        expired=own.get("Expired") is True,
        key_expiry=_text(own.get("KeyExpiry")),
        dns_name=_text(own.get("DNSName")).rstrip("."),
        can_funnel=_has(capabilities, "funnel"),
        can_https=_has(capabilities, "https"),
        auth_url=_text(status.get("AuthURL")),
        version=_text(status.get("Version")),
        health=tuple(said(str(each)) for each in health) if isinstance(health, list) else (),
    )


def _capabilities(own: dict[str, object]) -> list[str]:
    """Names of what the node may do: a map's keys, in old versions a list."""
    names: list[str] = []
    for key in ("CapMap", "Capabilities"):
        value = own.get(key)
        if isinstance(value, dict | list):
            names += [name for name in value if isinstance(name, str)]
    return names


def _has(capabilities: Sequence[str], name: str) -> bool | None:
    if not capabilities:
        return None
    url = f"https://tailscale.com/cap/{name}"
    return any(each == name or each.startswith(url) for each in capabilities)


def _text(value: object) -> str:
    return printable(value) if isinstance(value, str) else ""


def sight_of(node: Node) -> Sight:
    """How the node stands. TAILSCALE_SILENT: in a state we do not know."""
    if node.expired:
        return Sight.KEY_EXPIRED
    sight = STATES.get(node.state, Sight.TAILSCALE_SILENT)
    if sight is Sight.AS_EXPECTED and (node.can_funnel is False or node.can_https is False):
        return Sight.NOT_ALLOWED
    return sight


def meaning_of(silence: Silence) -> tuple[Verdict, Sight]:
    """What it means that Tailscale gave no answer."""
    return SILENCES[silence.why]

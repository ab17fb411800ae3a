"""Tailscale on this host, asked and commanded through its CLI (1.52 and later)."""

import os
from collections.abc import Sequence

from picoclaw_watchdog.core.foreign import printable, said
from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.host import serve_config
from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.host.process import NOT_FOUND, run
from picoclaw_watchdog.ports import Funnel, Node, Ran, Silence

DAEMON_DOWN = "tailscaled does not run"  # how the detail of such a Silence begins
REMEDY = (
    "the owner must run `sudo tailscale set --operator=$USER` once, or allow in sudoers: "
    "NOPASSWD: /usr/bin/tailscale funnel --bg PORT, /usr/bin/tailscale funnel reset"
)
DENIED = ("access denied", "permission denied", "not require root", "must be root")
SUDO_REFUSED = (
    "password is required",
    "terminal is required",
    "no new privileges",
    "may not run sudo",
    "not allowed to",
    "not in the sudoers",
    "effective uid is not 0",
    "must be owned by uid 0",
)
TROUBLE = (  # what the text form says in place of the configuration
    ("logged out", Sight.LOGGED_OUT),
    ("is stopped", Sight.TAILSCALE_STOPPED),
    ("not yet approved", Sight.NOT_APPROVED),
    ("unexpected state", Sight.TAILSCALE_STARTING),
)
STATES = {
    "NeedsLogin": Sight.LOGGED_OUT,
    "NeedsMachineAuth": Sight.NOT_APPROVED,
    "Stopped": Sight.TAILSCALE_STOPPED,
    "Starting": Sight.TAILSCALE_STARTING,
    "NoState": Sight.TAILSCALE_STARTING,
    "Running": Sight.AS_EXPECTED,
}
LOGIN = ("://login.", "/a/", "/register/")  # in such addresses; the last one of Headscale
SUDO_MARGIN = 0.5  # seconds that must be left for a second try to make sense


class HostTailnet:
    """`ports.Tailnet` on a real host. `tailscale` and `sudo` are found on PATH."""

    def funnel(self, ports: Sequence[int], deadline: float) -> Funnel | Silence:
        """Ask for JSON, and for text where the CLI is too old to know it.

        The JSON does not tell whether the node is logged in; the text does, in `trouble`.
        """
        ends = monotonic() + deadline
        ran = run(("tailscale", "funnel", "status", "--json"), deadline)
        entries = serve_config.read_json(ran.out) if ran.ok else None
        if entries is not None:
            return serve_config.summarise(entries, ports, raw=ran.out.strip())
        silence = _silence(ran, deadline)
        if silence is not None:
            return silence
        ran = run(("tailscale", "funnel", "status"), max(0.0, ends - monotonic()))
        return _silence(ran, deadline) or read_status_text(ran, ports)

    def node(self, deadline: float) -> Node | Silence:
        """How the node stands, its peers left out."""
        ran = run(("tailscale", "status", "--json", "--peers=false"), deadline)
        silence = _silence(ran, deadline)
        if silence is not None:
            return silence
        return read_node(ran.out) or Silence(f"unreadable answer: {without_login(ran.complaint)}")

    def publish(self, port: int, deadline: float) -> Ran:
        """Publish http://127.0.0.1:PORT at https://HOST/. Success must be looked at separately.

        `tailscale` may exit 0 having done nothing, or wait for an administrator for ever.
        """
        return _change(("funnel", "--bg", str(port)), deadline)

    def unpublish(self, port: int, deadline: float) -> Ran:
        """Switch off what is published on a public port, and nothing else."""
        return _change(("funnel", f"--https={port}", "off"), deadline)

    def reset(self, deadline: float) -> Ran:
        """Drop every Serve and Funnel entry of the node, Services and foreground included."""
        return _change(("funnel", "reset"), deadline)

    def put_back(self, before: Funnel, deadline: float) -> tuple[str, ...]:
        """Create again what is missing of `before`; answers what is still missing, as lines.

        Nothing is laid over an entry that is there now. An entry that only the tailnet could
        see is not created on a port that is public now: it would become public as well.
        """
        ends = monotonic() + deadline
        wanted = serve_config.read(before.raw)
        now = self.funnel((), deadline)
        if isinstance(now, Silence):
            return tuple(f"{entry.line}: {now.detail}" for entry in wanted)
        present = serve_config.read(now.raw)
        taken = {entry.place for entry in present}
        public = {entry.port for entry in present if entry.public}
        for entry in wanted:
            arguments = serve_config.restoring(entry)
            exposed = entry.port in public and not entry.public and not entry.service
            if arguments and not exposed and entry.place not in taken and ends > monotonic():
                _change(arguments, ends - monotonic())
        now = self.funnel((), max(1.0, ends - monotonic()))
        if isinstance(now, Silence):
            return tuple(f"{entry.line}: {now.detail}" for entry in wanted)
        return serve_config.gone(before, now)


def _change(arguments: Sequence[str], deadline: float) -> Ran:
    """Run `tailscale` with the rights of its operator, else of root through `sudo -n`.

    Without sudo first: where we are not operator, tailscaled itself says no, at once and
    without having changed anything. The other order is worse: a `sudo` that may not do it
    writes to the authentication log, can mail root, and resolves the host's name, which takes
    long on just the days when the network is away; and what root started, we cannot end.
    """
    ends = monotonic() + deadline
    plain = run(("tailscale", *arguments), deadline)
    left = ends - monotonic()
    if plain.timed_out or os.getuid() == 0 or not was_denied(plain) or left < SUDO_MARGIN:
        return plain
    raised = run(("sudo", "-n", "tailscale", *arguments), left)
    if raised.ok or raised.timed_out or not _sudo_refused(raised):
        return raised
    reason = raised.complaint if raised.code != NOT_FOUND else "sudo is not installed"
    return Ran(1, out=raised.out, err=f"tailscale: access denied; {reason}; {REMEDY}")


def was_denied(ran: Ran) -> bool:
    """Whether a command failed because we may not: not root, not operator, no sudo."""
    words = f"{ran.err}\n{ran.out}".lower()
    return not ran.ok and any(each in words for each in DENIED)


def _sudo_refused(ran: Ran) -> bool:
    words = ran.err.lower()
    return ran.code == NOT_FOUND or was_denied(ran) or any(each in words for each in SUDO_REFUSED)


def _silence(ran: Ran, deadline: float) -> Silence | None:
    if ran.timed_out:
        return Silence(f"tailscale did not answer within {deadline:g} s", timed_out=True)
    if ran.code == NOT_FOUND:
        return Silence("tailscale is not installed", missing=True)
    if not ran.ok and "failed to connect to local tailscale" in ran.err.lower():
        return Silence(f"{DAEMON_DOWN}: {without_login(ran.complaint)}")
    return None


def read_status_text(ran: Ran, ports: Sequence[int]) -> Funnel | Silence:
    """Read what `tailscale funnel status` printed."""
    entries = serve_config.read_text(ran.out)
    complaint = next(
        (said(line) for line in ran.err.splitlines() if sight_of_trouble(line) is not None), ""
    )
    if complaint or ran.ok:
        in_foreground = "# Funnel on:" in ran.out and "#     - " not in ran.out
        trouble = complaint or (serve_config.FOREGROUND if in_foreground else "")
        return serve_config.summarise(entries, ports, raw=ran.out.strip(), trouble=trouble)
    return Silence(without_login(ran.complaint) or "tailscale wants somebody to log in")


def without_login(line: str) -> str:
    """A line of `tailscale` without the address to log in at: that is a key to the tailnet."""
    return " ".join(word for word in line.split() if not any(part in word for part in LOGIN))


def read_node(text: str) -> Node | None:
    """Read `tailscale status --json`; None where it is none."""
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


def sight_of_silence(silence: Silence) -> tuple[Verdict, Sight]:
    """What it means that `tailscale` gave no answer."""
    if silence.missing:
        return Verdict.UNKNOWN, Sight.TAILSCALE_MISSING
    if silence.detail.startswith(DAEMON_DOWN):
        return Verdict.BAD, Sight.TAILSCALED_DOWN
    return Verdict.UNKNOWN, Sight.TAILSCALE_SILENT


def sight_of_trouble(text: str) -> Sight | None:
    """What a complaint of the text form means; None where it is no known one."""
    lowered = text.lower()
    return next((sight for words, sight in TROUBLE if words in lowered), None)


def sight_of_node(node: Node) -> Sight:
    """How the node stands. TAILSCALE_SILENT: in a state we do not know."""
    if node.expired:
        return Sight.KEY_EXPIRED
    sight = STATES.get(node.state, Sight.TAILSCALE_SILENT)
    if sight is Sight.AS_EXPECTED and (node.can_funnel is False or node.can_https is False):
        return Sight.NOT_ALLOWED
    return sight

"""Tailscale on this host: asked over tailscaled's own socket, else through its command.

The socket is asked first: it costs a hundredth of a Go program's start, and only there can a
change be bound to the very configuration that was read (docs/decisions/0024).
"""

import os
from collections.abc import Callable, Sequence

from picoclaw_watchdog.core.foreign import printable, said
from picoclaw_watchdog.core.reasons import Sight
from picoclaw_watchdog.host import http, node, serve_config, serve_text
from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.host.process import NOT_FOUND, run
from picoclaw_watchdog.host.processes import is_anywhere
from picoclaw_watchdog.ports import (
    Answer,
    Commanded,
    Fit,
    Funnel,
    HttpFate,
    Node,
    Ran,
    Request,
    Silence,
    Why,
    Written,
)

SOCKETS = ("/run/tailscale/tailscaled.sock", "/var/run/tailscale/tailscaled.sock")
SOCKET_VARIABLE = "TS_SOCKET"  # Tailscale's own name for it, in its containers
API = "http://local-tailscaled.sock/localapi/v0/"
OK, UNAUTHORISED, FORBIDDEN, CHANGED = 200, 401, 403, 412
DENIED = ("access denied", "permission denied", "not require root", "must be root")
SUDO_MARGIN = 0.5  # seconds that must be left for a second try to make sense
LOGIN = ("://login.", "/a/", "/register/")  # in such addresses; the last one of Headscale
NOT_SERVED = (HttpFate.NAME_UNKNOWN, HttpFate.NO_ROUTE, HttpFate.REFUSED, HttpFate.CLOSED)
HOW_IT_STANDS = frozenset(  # states in which an empty configuration says nothing
    {
        Sight.TAILSCALE_STARTING,
        Sight.TAILSCALE_SILENT,
        Sight.LOGGED_OUT,
        Sight.KEY_EXPIRED,
        Sight.NOT_APPROVED,
        Sight.TAILSCALE_STOPPED,
    }
)


def default_sockets() -> tuple[str, ...]:
    """Where tailscaled listens."""
    named = os.environ.get(SOCKET_VARIABLE, "")
    return (named,) if named else SOCKETS


class HostTailnet:
    """`ports.Tailnet` on a real host. `tailscale` and `sudo` are found on PATH.

    Args:
        sockets: Where tailscaled may listen; None: where Tailscale itself looks.
        proc: The kernel's view of all processes.
    """

    def __init__(self, sockets: Sequence[str] | None = None, proc: str = "/proc") -> None:
        self._sockets = sockets
        self._proc = proc

    def funnel(self, deadline: float) -> Funnel | Silence:
        """What is published, and the node's name where the configuration knows several.

        Between tailscaled's start and its first netmap, and when logged out, the configuration
        reads as empty although it is not lost: then the node's state goes before it.
        """
        ends = monotonic() + deadline

        def left() -> float:
            return max(0.0, ends - monotonic())

        first = self._config(deadline)
        if isinstance(first, Silence):
            return first
        return in_context(first, lambda: self.node(left()), lambda: self._config(left()))

    def _config(self, deadline: float) -> Funnel | Silence:
        ends = monotonic() + deadline
        answer = self._ask(Request(f"{API}serve-config"), deadline)
        if answer.fate is HttpFate.NO_ANSWER:
            return _late(deadline)
        if answer.status == OK:
            raw = answer.body.decode("utf-8", "replace")
            config = serve_config.parse(raw)
            if config is not None and not answer.detail:
                etag = answer.headers.get("etag", "")
                return Funnel(serve_config.entries_of(config), raw, etag)
        ran = run(("tailscale", "funnel", "status", "--json"), max(0.0, ends - monotonic()))
        config = serve_config.parse(ran.out) if ran.ok else None
        if config is not None:
            return Funnel(serve_config.entries_of(config), ran.out.strip())
        silence = self._silence(ran, deadline, answer)
        if silence is not None:
            return silence
        if ran.ok or "flag provided but not defined" in ran.err:
            ran = run(("tailscale", "funnel", "status"), max(0.0, ends - monotonic()))
            silence = self._silence(ran, deadline, answer)
        return silence or serve_text.read(ran) or _unreadable(ran)

    def node(self, deadline: float) -> Node | Silence:
        """How the node stands, its peers left out."""
        ends = monotonic() + deadline
        answer = self._ask(Request(f"{API}status?peers=false"), deadline)
        if answer.fate is HttpFate.NO_ANSWER:
            return _late(deadline)
        there = node.read(answer.body.decode("utf-8", "replace")) if answer.status == OK else None
        if there is not None:
            return there
        left = max(0.0, ends - monotonic())
        ran = run(("tailscale", "status", "--json", "--peers=false"), left)
        silence = self._silence(ran, deadline, answer)
        return silence or node.read(ran.out) or _unreadable(ran)

    def write(self, raw: str, etag: str, deadline: float) -> Written:
        """Post a whole configuration; tailscaled takes it only if `etag` still holds."""
        if not etag:  # an empty If-Match would overwrite whatever is there
            return Written(Fit.CHANGED)
        headers = (("If-Match", etag), ("Content-Type", "application/json"))
        request = Request(f"{API}serve-config", "POST", headers, raw.encode())
        answer = self._ask(request, deadline)
        words = clean(answer.body.decode("utf-8", "replace")) or said(answer.detail)
        if answer.fate is not HttpFate.ANSWERED:
            return Written(Fit.REFUSED if answer.fate in NOT_SERVED else Fit.NO_ANSWER, words)
        fits = {
            OK: Fit.DONE,
            UNAUTHORISED: Fit.PATHS_OF_ROOT,
            FORBIDDEN: Fit.DENIED,
            CHANGED: Fit.CHANGED,
        }
        return Written(fits.get(answer.status, Fit.REFUSED), words)

    def command(self, arguments: Sequence[str], deadline: float) -> Commanded:
        """Run `tailscale` with our rights, else with root's where sudo allows this very command.

        Without sudo first: where we are not operator, tailscaled itself says no, at once and
        without having changed anything. And sudo is asked before it is used: one that may not
        do it writes to the authentication log, and can mail root.
        """
        ends = monotonic() + deadline
        plain = run(("tailscale", *arguments), deadline)
        if plain.timed_out or os.getuid() == 0 or not was_denied(plain):
            return Commanded(plain, was_denied(plain))
        if not self.may_as_root(arguments, ends - monotonic()):
            return Commanded(plain, denied=True)
        left = ends - monotonic()
        if left < SUDO_MARGIN:
            return Commanded(plain, denied=True)
        raised = run(("sudo", "-n", "tailscale", *arguments), left)
        return Commanded(raised, was_denied(raised), as_root=True)

    def may_as_root(self, arguments: Sequence[str], deadline: float) -> bool:
        """Whether `sudo -n -l` allows exactly this."""
        if deadline < SUDO_MARGIN:
            return False
        return run(("sudo", "-n", "-l", "tailscale", *arguments), deadline).ok

    def client_version(self, deadline: float) -> str:
        """What `tailscale version` says of itself."""
        ran = run(("tailscale", "version"), deadline)
        lines = ran.out.split()
        return lines[0] if ran.ok and lines else ""

    def _ask(self, request: Request, deadline: float) -> Answer:
        """Ask the first socket that is there."""
        answer = Answer(HttpFate.NAME_UNKNOWN)
        sockets = default_sockets() if self._sockets is None else self._sockets
        for path in sockets:
            answer = http.ask(request, deadline, path)
            if answer.fate is not HttpFate.NAME_UNKNOWN:
                break
        return answer

    def _silence(self, ran: Ran, deadline: float, socket: Answer) -> Silence | None:
        """Why the command has no answer for us, where that can be told."""
        if ran.timed_out:
            return _late(deadline)
        if ran.code == NOT_FOUND:
            if socket.fate is HttpFate.NO_ROUTE:
                return Silence(f"we may not ask tailscaled: {said(socket.detail)}", Why.DENIED)
            return Silence("tailscale is not installed", Why.MISSING)
        words, complaint = ran.err.lower(), clean(ran.complaint)
        if ran.ok:
            return None
        if "permission denied" in words:
            return Silence(f"we may not ask tailscaled: {complaint}", Why.DENIED)
        if "failed to connect to local tailscale" not in words:
            return None
        if "appears to be running as" in words or is_anywhere("tailscaled", self._proc):
            return Silence(f"tailscaled runs, but does not answer: {complaint}")
        return Silence(f"tailscaled does not run: {complaint}", Why.DOWN)


def in_context(
    first: Funnel, ask_node: Callable[[], Node | Silence], again: Callable[[], Funnel | Silence]
) -> Funnel | Silence:
    """A reading with what the node's state says about it, where that matters."""
    names = {each.host.lower() for each in first.entries if each.public}
    if first.trouble is not None or (first.entries and len(names) <= 1):
        return first
    there = ask_node()
    if isinstance(there, Silence):
        return first if first.entries else there
    first = first._replace(name=there.dns_name)
    if first.entries:
        return first
    sight = node.sight_of(there)
    if sight in HOW_IT_STANDS:
        return first._replace(trouble=sight)
    second = again()  # the netmap may have come meanwhile
    return second if isinstance(second, Silence) else second._replace(name=there.dns_name)


def _late(deadline: float) -> Silence:
    return Silence(f"tailscale did not answer within {round(deadline, 1):g} s", Why.TIMED_OUT)


def _unreadable(ran: Ran) -> Silence:
    return Silence(clean(ran.complaint) or "tailscale wants somebody to log in")


def was_denied(ran: Ran) -> bool:
    """Whether Tailscale refused a command because we may not: not root, not operator."""
    words = f"{ran.err}\n{ran.out}".lower()
    return not ran.ok and any(each in words for each in DENIED)


def clean(text: str) -> str:
    """Tailscale's words as a detail, without an address to log in at: a key to the tailnet."""
    words = (word for word in printable(text).split() if not any(part in word for part in LOGIN))
    return said(" ".join(words))

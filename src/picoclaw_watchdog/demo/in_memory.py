"""`ports.Tailnet` on the pretended tailscaled, without a process: for simulator and tests."""

import json
from collections.abc import Callable, Sequence

from picoclaw_watchdog.demo.printed import node_document
from picoclaw_watchdog.demo.tailscale_command import command
from picoclaw_watchdog.demo.tailscaled import Caller, Tailnet, etag_of, post, shown
from picoclaw_watchdog.host import node, serve_config
from picoclaw_watchdog.host.tailscale import in_context, was_denied
from picoclaw_watchdog.ports import Commanded, Fit, Funnel, Node, Ran, Silence, Why, Written

FITS = {200: Fit.DONE, 401: Fit.PATHS_OF_ROOT, 403: Fit.DENIED, 412: Fit.CHANGED}


class InMemoryTailnet:
    """A node, and what is done to it.

    Args:
        there: The node.
        socket: Whether tailscaled is asked at its socket; else through the command.
        sudoers: The `tailscale` commands that sudo allows this user, word for word.
    """

    def __init__(self, there: Tailnet, *, socket: bool = True, sudoers: Sequence[str] = ()) -> None:
        self.there = there
        self.socket = socket
        self.sudoers = sudoers
        self.changes: list[str] = []  # what was tried, in order
        self.meanwhile: Callable[[], None] = lambda: None  # what others do before a change

    def funnel(self, deadline: float) -> Funnel | Silence:
        """What is published."""
        first = self._config()
        if isinstance(first, Silence):
            return first
        return in_context(first, lambda: self.node(deadline), self._config)

    def _config(self) -> Funnel | Silence:
        if not self.there.daemon:
            return Silence("failed to connect to local tailscaled", Why.DOWN)
        raw = json.dumps(shown(self.there))
        etag = etag_of(self.there) if self.socket else ""
        return Funnel(serve_config.entries_of(serve_config.parse(raw) or {}), raw, etag)

    def node(self, deadline: float) -> Node | Silence:
        """How the node stands."""
        del deadline
        if not self.there.daemon:
            return Silence("failed to connect to local tailscaled", Why.DOWN)
        return node.read(json.dumps(node_document(self.there))) or Silence("unreadable")

    def write(self, raw: str, etag: str, deadline: float) -> Written:
        """POST, as this user."""
        del deadline
        self.meanwhile()
        posted = post(self.there, raw, etag, Caller())
        self.changes.append(f"post {posted.status}")
        self.there = posted.node
        return Written(FITS.get(posted.status, Fit.REFUSED), posted.text)

    def command(self, arguments: Sequence[str], deadline: float) -> Commanded:
        """The command, as this user and then as sudo allows."""
        self.meanwhile()
        plain = self._run(arguments, Caller())
        if not was_denied(plain) or not self.may_as_root(arguments, deadline):
            return Commanded(plain, denied=was_denied(plain))
        return Commanded(self._run(arguments, Caller(root=True)), as_root=True)

    def _run(self, arguments: Sequence[str], caller: Caller) -> Ran:
        said = command(self.there, list(arguments), caller)
        self.changes.append(" ".join((*(("sudo",) if caller.root else ()), *arguments)))
        self.there = said.node
        code = -9 if said.blocks else said.code
        return Ran(code, said.out, said.err, timed_out=said.blocks)

    def may_as_root(self, arguments: Sequence[str], deadline: float) -> bool:
        """Word for word."""
        del deadline
        return " ".join(arguments) in self.sudoers

    def client_version(self, deadline: float) -> str:
        """Of the command."""
        del deadline
        return self.there.client or self.there.version

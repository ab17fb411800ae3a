"""A stand-in for tailscaled's local API: the node's file, over a unix socket."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from picoclaw_watchdog.demo.printed import node_document
from picoclaw_watchdog.demo.serving import Asked, Reply, Rude, json_reply
from picoclaw_watchdog.demo.tailnet import change, load
from picoclaw_watchdog.demo.tailscaled import Caller, Posted, Tailnet, etag_of, post, shown

HOST = "local-tailscaled.sock"
PREFIX = "/localapi/v0/"


class LocalApi:
    """The answers of /localapi/v0/.

    Args:
        state: The node's file.
        root: Whether who connects is root; by default as this process is.
    """

    def __init__(self, state: Path, root: Callable[[], bool] | None = None) -> None:
        self._state = state
        self._root = root or (lambda: os.geteuid() == 0)

    def answer(self, asked: Asked) -> Reply | Rude:
        """One answer."""
        node = load(self._state)
        if not node.daemon or node.socket == "eof":
            return Rude.DROP
        if node.hang in {"all", "change" if asked.method == "POST" else "status"}:
            return Rude.HANG
        if asked.headers.get("host") != HOST or asked.headers.keys() & {"referer", "origin"}:
            return Reply(403, b"invalid localapi request\n")
        if asked.path == f"{PREFIX}status":
            return json_reply(200, node_document(node))
        if asked.path != f"{PREFIX}serve-config":
            return Reply(404, b"404 page not found\n")
        if asked.method == "GET":
            body = json.dumps(shown(node)).encode()
            return Reply(200, body, "application/json", (("Etag", etag_of(node)),))
        if asked.method != "POST":
            return Reply(405, b"want GET or POST\n")
        posted = self._post(asked)
        return Reply(posted.status, posted.text.encode())

    def _post(self, asked: Asked) -> Posted:
        answers: list[Posted] = []

        def changed(node: Tailnet) -> Tailnet:
            caller = Caller(self._root() and not node.ordinary)
            body = asked.body.decode("utf-8", "replace")
            answers.append(post(node, body, asked.headers.get("if-match", ""), caller))
            return answers[-1].node

        change(self._state, changed)
        with self._state.with_suffix(".posts").open("a", encoding="utf-8") as posts:
            posts.write(f"{answers[-1].status}\n")
        return answers[-1]

"""A stand-in for the public side of Funnel: reachable only while Funnel is on.

It listens on loopback where the internet would be. With Funnel on it hands the request to
the published target, as Tailscale does; a dead target is 502, a wrong path 404; with
Funnel off the connection is closed without a word, as a TLS handshake is that ends early.
"""

import argparse
import http.client
import sys
from pathlib import Path
from urllib.parse import urlsplit

from picoclaw_watchdog.demo.serving import Asked, Reply, Rude, Server, run
from picoclaw_watchdog.demo.tailnet import Handler, ServeConfig, load

_TARGET_TIMEOUT_SECONDS = 10.0


class Ingress:
    """The answers of the public address."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def answer(self, asked: Asked) -> Reply | Rude:
        """One answer."""
        state = load(self._state)
        serve: ServeConfig = state.serve or {}
        host_port = f"{state.host}:443"
        public = serve.get("AllowFunnel", {}).get(host_port, False)
        if not public or not state.daemon or not state.online or state.backend != "Running":
            return Rude.DROP
        handler = _handler_for(asked.path, serve["Web"][host_port]["Handlers"])
        if handler is None:
            return Reply(404, b"404 page not found\n")
        return _hand_on(asked, handler)


def _handler_for(path: str, handlers: dict[str, Handler]) -> Handler | None:
    """The handler with the longest mount that covers the path."""
    for mount in sorted(handlers, key=len, reverse=True):
        if path == mount or path.startswith(mount.rstrip("/") + "/"):
            return handlers[mount]
    return None


def _hand_on(asked: Asked, handler: Handler) -> Reply:
    target = urlsplit(handler.get("Proxy", ""))
    headers = {
        name: value
        for name, value in asked.headers.items()
        if name in {"content-type", "user-agent", "x-line-signature"}
    }
    headers["Tailscale-Funnel-Request"] = "?1"
    connection = http.client.HTTPConnection(
        target.hostname or "127.0.0.1", target.port, timeout=_TARGET_TIMEOUT_SECONDS
    )
    try:
        connection.request(asked.method, asked.path, asked.body or None, headers)
        answer = connection.getresponse()
        kind = answer.headers.get("Content-Type", "")
        return Reply(answer.status, answer.read(), kind)
    except OSError:
        return Reply(502)
    finally:
        connection.close()


def main(arguments: list[str] | None = None) -> int:
    """Run until told to end."""
    parser = argparse.ArgumentParser(prog="ingress", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tailscale", required=True, metavar="FILE", help="its state")
    options = parser.parse_args(arguments)
    Server(options.port, Ingress(Path(options.tailscale)).answer).open()
    return run()


if __name__ == "__main__":
    sys.exit(main())

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

from picoclaw_watchdog.demo.localapi import LocalApi
from picoclaw_watchdog.demo.serving import Asked, Reply, Rude, Server, run
from picoclaw_watchdog.demo.tailnet import load
from picoclaw_watchdog.demo.tailscaled import Config, handler_for, target_path

_TARGET_TIMEOUT_SECONDS = 10.0


class Ingress:
    """The answers of the public address."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def answer(self, asked: Asked) -> Reply | Rude:
        """One answer."""
        node = load(self._state)
        found = handler_for(node, node.host, 443, asked.path)
        if found is None:
            return Rude.DROP
        mount, handler = found
        if "Text" in handler:
            return Reply(200, str(handler["Text"]).encode())
        if "Proxy" not in handler:
            return Reply(404, b"404 page not found\n")
        return _hand_on(asked, mount, handler)


def _hand_on(asked: Asked, mount: str, handler: Config) -> Reply:
    target = urlsplit(str(handler["Proxy"]))
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
        path = target_path(mount, handler, asked.path)
        connection.request(asked.method, path, asked.body or None, headers)
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
    parser.add_argument("--socket", metavar="PATH", help="serve tailscaled's local API there")
    options = parser.parse_args(arguments)
    if options.socket:
        Server(options.socket, LocalApi(Path(options.tailscale)).answer).open()
    Server(options.port, Ingress(Path(options.tailscale)).answer).open()
    return run()


if __name__ == "__main__":
    sys.exit(main())

"""A server that answers by rules, in place of a gateway, an Ollama, a public address, anything.

usage: answering.py RULES, a JSON file that is read anew for every request:
{"PLACE": {"at": "127.0.0.1", "port": N, "pem": "FILE", "log": "FILE",
           "rules": {"GET /health": {"status": 200, "headers": {...}, "body": "..."}, "*": {...}}}}

A rule is found by method and path, then by path alone, then by "*". {"hang": true} never answers,
{"drop": true} closes the connection without a word; what no rule is for is 404.
"""

import json
import socket
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, TypedDict


class Rule(TypedDict, total=False):
    """One answer."""

    status: int
    headers: dict[str, str]
    body: str
    hang: bool
    drop: bool


class Place(TypedDict, total=False):
    """One listener."""

    at: str
    port: int
    pem: str  # certificate and key: it speaks TLS
    log: str  # where the requests are written down
    rules: dict[str, Rule]


class Server(ThreadingHTTPServer):
    """One place."""

    daemon_threads = True

    def __init__(self, file: Path, name: str, place: Place) -> None:
        at = place.get("at", "127.0.0.1")
        if ":" in at:
            self.address_family = socket.AF_INET6
        super().__init__((at, place["port"]), Answer)
        self.file, self.name = file, name
        if place.get("pem"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(place["pem"])
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def server_bind(self) -> None:  # type: ignore[explicit-override]
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)  # the standard one resolves the host's name

    def handle_error(self, request: object, client_address: object) -> None:  # type: ignore[explicit-override]
        """A client that goes away, or refuses our certificate, is no event."""

    def place(self) -> Place:
        places: dict[str, Place] = json.loads(self.file.read_text("utf-8"))
        return places[self.name]


class Answer(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float | None] = 30

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        assert isinstance(self.server, Server)
        place = self.server.place()
        if place.get("log"):
            with Path(place["log"]).open("a", encoding="utf-8") as log:
                log.write(f"{self.command} {self.path} {self.headers.get('Authorization', '')}\n")
        path = self.path.partition("?")[0]
        rules = place.get("rules", {})
        nothing: Rule = {"status": 404, "body": "404 page not found\n"}
        rule = next(
            (rules[key] for key in (f"{self.command} {path}", path, "*") if key in rules), nothing
        )
        if rule.get("hang"):
            threading.Event().wait()
        if rule.get("drop"):
            self.close_connection = True
            return
        self._send(rule)

    def _send(self, rule: Rule) -> None:
        said = rule.get("body", "").encode()
        self.send_response_only(rule.get("status", 200))
        kind = "application/json" if said[:1] in (b"{", b"[") else "text/plain; charset=utf-8"
        headers = {"Content-Type": kind, **rule.get("headers", {})}
        for name, value in {**headers, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    do_GET = do_POST = do_HEAD = do_PUT = answer  # noqa: N815

    def log_message(  # type: ignore[explicit-override]
        self,
        format: str,  # noqa: A002  # the base class calls it so
        *args: object,
    ) -> None:
        """Nothing."""


def main(file: Path) -> None:
    places: dict[str, Place] = json.loads(file.read_text("utf-8"))
    servers = [Server(file, name, place) for name, place in places.items()]
    threads = [threading.Thread(target=each.serve_forever, args=(0.1,)) for each in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

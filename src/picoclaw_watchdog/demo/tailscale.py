"""A stand-in for the `tailscale` command: the commands a watchdog runs, and their failures.

Its state is the JSON file named by PICOCLAW_DEMO_TAILSCALE. The read commands are usually
answered by the shell wrapper around this program, from outputs prepared at every change.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from picoclaw_watchdog.demo.tailnet import (
    LOGIN_URL,
    STATE_VARIABLE,
    Handler,
    ServeConfig,
    Tailnet,
    change,
    forward,
    json_text,
    load,
    node_document,
    publish,
    status_text,
    withdraw,
)

_FOR_EVER_SECONDS = 300.0  # long beyond any deadline, yet nothing stays behind for good
_FUNNEL_PORTS = {"443", "8443", "10000"}
_STOPPED = {
    "NeedsLogin": f"Logged out.\nLog in at: {LOGIN_URL}\n",
    "NeedsMachineAuth": "Machine is not yet approved by tailnet admin.\n",
    "Stopped": "Tailscale is stopped.\n",
}


class Said(NamedTuple):
    """What a command printed, and its exit status."""

    code: int
    out: str = ""
    err: str = ""


class Order(NamedTuple):
    """A `serve` or `funnel` command line, read."""

    public: bool
    flags: dict[str, str]
    words: list[str]

    @property
    def name(self) -> str:
        """The subcommand."""
        return "funnel" if self.public else "serve"


def read(arguments: list[str]) -> Order:
    """Take a `serve` or `funnel` command line apart."""
    flags: dict[str, str] = {}
    words: list[str] = []
    for argument in arguments[1:]:
        if argument.startswith("-"):
            name, _, value = argument.lstrip("-").partition("=")
            flags[name] = value or "true"
        else:
            words.append(argument)
    return Order(arguments[0] == "funnel", flags, words)


def answer(arguments: list[str], path: Path) -> Said:
    """Do one command line."""
    state = load(path)
    changing = bool(arguments) and arguments[0] in {"serve", "funnel"} and "status" not in arguments
    if state.hang in {"all", "change" if changing else "status"}:
        time.sleep(_FOR_EVER_SECONDS)
        return Said(1)
    if arguments[:1] == ["version"]:
        return Said(0, state.version + "\n")
    if not state.daemon:
        return _daemon_down(arguments)
    if changing:
        with path.with_suffix(".commands").open("a", encoding="utf-8") as commands:
            commands.write(" ".join(arguments) + "\n")
        return _change(read(arguments), state, path)
    if arguments[:1] == ["status"]:
        return _status(arguments, state)
    if arguments[:2] in (["funnel", "status"], ["serve", "status"]):
        return _serve_status(arguments, state)
    if arguments[:2] == ["debug", "prefs"]:
        user = os.environ.get("USER", "") if state.operator else ""
        return Said(0, json_text({"OperatorUser": user, "WantRunning": True}))
    return Said(1, "", f"unknown subcommand: {' '.join(arguments)}\n")


def _daemon_down(arguments: list[str]) -> Said:
    if arguments[:1] == ["status"]:
        text = (
            "failed to connect to local tailscaled; it doesn't appear to be running "
            "(sudo systemctl start tailscaled ?)\n"
        )
    else:
        text = (
            "Failed to connect to local Tailscale daemon for /localapi/v0/serve-config; "
            "not running? Error: dial unix /var/run/tailscale/tailscaled.sock: "
            "connect: no such file or directory\n"
        )
    return Said(1, "", text)


def _status(arguments: list[str], state: Tailnet) -> Said:
    if any(argument.lstrip("-").startswith("json") for argument in arguments):
        return Said(0, json_text(node_document(state)))
    if state.backend in {"Running", "Starting"}:
        return Said(0, f"100.101.102.103  {state.host.partition('.')[0]}  user@  linux  -\n")
    return Said(1, _STOPPED.get(state.backend, f"unexpected state: {state.backend}\n"))


def _serve_status(arguments: list[str], state: Tailnet) -> Said:
    if any(argument.lstrip("-").startswith("json") for argument in arguments):
        return Said(0, json_text(state.serve))
    text = status_text(state)
    if text is not None:
        return Said(0, text)
    return Said(1, "", _STOPPED.get(state.backend, f"unexpected state: {state.backend}\n"))


def _change(order: Order, state: Tailnet, path: Path) -> Said:
    """A command that changes what is served."""
    if order.words == ["reset"]:
        return _refusal(order, state) or _store(path, lambda _: {})
    if not order.words:
        return Said(0, "", f"USAGE\n  tailscale {order.name} <target>\n")  # wrong usage exits 0
    port = order.flags.get("https") or order.flags.get("tcp") or "443"
    refused = _refusal(order, state) or _unavailable(order, state, port)
    if refused is not None:
        return refused
    if order.words[-1] == "off":
        return _off(order, state, path, port)
    return _publish(order, state, path, port)


def _refusal(order: Order, state: Tailnet) -> Said | None:
    if state.operator or os.geteuid() == 0 or os.environ.get("PICOCLAW_DEMO_ROOT"):
        return None
    return Said(
        1,
        "",
        "sending serve config: Access denied: serve config denied\n\n"
        f"Use 'sudo tailscale {order.name} {' '.join(order.words)}'.\n"
        "To not require root, use 'sudo tailscale set --operator=$USER' once.\n",
    )


def _unavailable(order: Order, state: Tailnet, port: str) -> Said | None:
    """Why nothing can be published now, if that is so."""
    if order.public and not state.capable:
        said = f"\nFunnel is not enabled on your tailnet.\nTo enable, visit:\n\n\t{LOGIN_URL}\n\n"
        if state.publish == "block":
            print(said, flush=True)
            time.sleep(_FOR_EVER_SECONDS)
        return Said(0, said)
    if state.backend != "Running":
        return Said(1, "", "netMap is nil\n")
    if order.public and port not in _FUNNEL_PORTS:
        allowed = "443,8443,10000"
        return Said(1, "", f"port {port} is not allowed for funnel; allowed ports are: {allowed}\n")
    if state.publish == "block":
        time.sleep(_FOR_EVER_SECONDS)
    if state.publish == "nothing":
        return Said(0)
    if state.publish == "busy":
        return Said(1, "", "Another client is changing the serve config; please try again.\n")
    return None


def _off(order: Order, state: Tailnet, path: Path, port: str) -> Said:
    host_port = f"{state.host}:{port}"
    served: ServeConfig = state.serve or {}
    if port not in served.get("TCP", {}):
        return Said(1, "", "error: failed to remove web serve: handler does not exist\n")
    mount = order.flags.get("set-path", "")
    return _store(path, lambda serve: withdraw(serve, host_port, mount))


def _publish(order: Order, state: Tailnet, path: Path, port: str) -> Said:
    target = order.words[-1]
    host_port = f"{state.host}:{port}"
    tcp = order.flags.get("tcp") or order.flags.get("tls-terminated-tcp")
    if tcp:
        sni = state.host if "tls-terminated-tcp" in order.flags else ""
        address = target.removeprefix("tcp://")
        address = f"127.0.0.1:{address}" if address.isdigit() else address
        return _store(path, lambda serve: forward(serve, tcp, address, sni))
    handler = _handler(target)
    mount = "/" + order.flags.get("set-path", "/").strip("/")
    _store(path, lambda serve: publish(serve, host_port, mount, handler, funnel=order.public))
    reach = "Available on the internet:" if order.public else "Available within your tailnet:"
    title = "Funnel" if order.public else "Serve"
    url = f"https://{host_port.removesuffix(':443')}"
    kind, shown = next(iter(handler.items()))
    return Said(
        0,
        f"{reach}\n\n{url}/\n|-- {kind.lower()} {shown}\n\n"
        f"{title} started and running in the background.\n"
        f"To disable the proxy, run: tailscale {order.name} --https={port} off\n",
    )


def _handler(target: str) -> Handler:
    if target.isdigit():
        return {"Proxy": f"http://127.0.0.1:{target}"}
    if target.startswith("text:"):
        return {"Text": target.removeprefix("text:")}
    if target.startswith("/"):
        return {"Path": target}
    return {"Proxy": target if "://" in target else f"http://{target}"}


def _store(path: Path, changed: Callable[[ServeConfig | None], ServeConfig]) -> Said:
    change(path, lambda state: state._replace(serve=changed(state.serve)))
    return Said(0)


def main() -> int:
    """Run one command line."""
    said = answer(sys.argv[1:], Path(os.environ[STATE_VARIABLE]))
    sys.stdout.write(said.out)
    sys.stderr.write(said.err)
    return said.code


if __name__ == "__main__":
    sys.exit(main())

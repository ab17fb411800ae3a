"""What the `tailscale` command does: the commands a watchdog runs, with all their traps.

Pure: a node, a command line and who runs it; what is printed, and the node afterwards. From
Tailscale's `cmd/tailscale/cli/serve_v2.go` and `serve_legacy.go`, 1.52 to 1.103.
"""

import copy
import json
from typing import NamedTuple

from picoclaw_watchdog.demo.printed import json_text, node_document, status_text
from picoclaw_watchdog.demo.tailscaled import (
    LOGIN_URL,
    Caller,
    Config,
    Tailnet,
    etag_of,
    post,
    shown,
    table,
    version_of,
    without_empty,
)

OFF_TAKES_ALL_SINCE = (1, 90)  # without a terminal to ask at; before: exit 0, nothing done
UNIX_SINCE = (1, 94)
# Since when the command's own form of the configuration has a field; older ones drop it.
FIELDS_SINCE = {
    "TCP": (1, 52),
    "Web": (1, 52),
    "AllowFunnel": (1, 52),
    "Foreground": (1, 52),
    "Services": (1, 86),
    "AcceptAppCaps": (1, 90),
    "ProxyProtocol": (1, 92),
    "Redirect": (1, 94),
    **dict.fromkeys(("HTTPS", "HTTP", "TCPForward", "TerminateTLS"), (1, 52)),
    **dict.fromkeys(("Handlers", "Path", "Proxy", "Text"), (1, 52)),
}
VALUES = ("https", "http", "tcp", "tls-terminated-tcp", "set-path", "proxy-protocol", "service")
SWITCHES = ("bg", "yes", "json", "peers")
STOPPED = {
    "NeedsLogin": f"Logged out.\nLog in at: {LOGIN_URL}\n",
    "NeedsMachineAuth": "Machine is not yet approved by tailnet admin.\n",
    "Stopped": "Tailscale is stopped.\n",
}


class Said(NamedTuple):
    """What a command printed, its exit status, and the node afterwards."""

    code: int
    out: str = ""
    err: str = ""
    node: Tailnet = Tailnet()
    blocks: bool = False  # it does not end


class Order(NamedTuple):
    """A `serve` or `funnel` command line, read."""

    public: bool
    flags: dict[str, str]
    words: list[str]
    typed: str

    @property
    def name(self) -> str:
        """The subcommand."""
        return "funnel" if self.public else "serve"

    @property
    def port(self) -> str:
        """The public port."""
        named = (self.flags.get(kind) for kind in VALUES[:4])
        return next(filter(None, named), "443")

    @property
    def mount(self) -> str:
        """The mount, a slash before it."""
        return "/" + self.flags.get("set-path", "/").removeprefix("/")


class RefusedError(Exception):
    """The command's own refusal."""


def is_change(arguments: list[str]) -> bool:
    """Whether a command line changes what is served."""
    return arguments[:1] in (["serve"], ["funnel"]) and "status" not in arguments


def session_of(arguments: list[str]) -> str:
    """What the session of a command in the foreground is called here."""
    return "session of " + " ".join(arguments)


def command(node: Tailnet, arguments: list[str], caller: Caller) -> Said:
    """Run one command line."""
    if node.hang in {"all", "change" if is_change(arguments) else "status"}:
        return Said(1, node=node, blocks=True)
    client = node.client or node.version
    if arguments[:1] == ["version"]:
        return Said(0, client + "\n", node=node)
    if not node.daemon or (node.socket != "open" and not caller.root):
        return _no_daemon(node, arguments)
    said = _answered(node, arguments, caller)
    if client != node.version:
        warning = f'Warning: client version "{client}" != tailscaled server version '
        said = said._replace(err=f'{warning}"{node.version}"\n{said.err}')
    return said


def _answered(node: Tailnet, arguments: list[str], caller: Caller) -> Said:
    if arguments[:1] == ["status"]:
        return _status(node, arguments)
    if arguments[:2] in (["funnel", "status"], ["serve", "status"]):
        return _serve_status(node, arguments)
    if arguments[:2] == ["debug", "prefs"]:
        import os

        user = os.environ.get("USER", "") if node.operator else ""
        return Said(0, json_text({"OperatorUser": user, "WantRunning": True}), node=node)
    if arguments[:1] in (["serve"], ["funnel"]):
        return _change(node, arguments, caller)
    return Said(1, "", f"unknown subcommand: {' '.join(arguments)}\n", node)


def _no_daemon(node: Tailnet, arguments: list[str]) -> Said:
    path = "/var/run/tailscale/tailscaled.sock"
    asked = "status" if arguments[:1] == ["status"] else "serve-config"
    if node.daemon and node.socket == "eof":
        text = (
            "failed to connect to local tailscaled (which appears to be running as tailscaled, "
            f'pid 1276). Got error: Get "http://local-tailscaled.sock/localapi/v0/{asked}": EOF\n'
        )
    elif node.daemon or asked == "serve-config":
        why = "permission denied" if node.daemon else "no such file or directory"
        text = (
            f"Failed to connect to local Tailscale daemon for /localapi/v0/{asked}; not running? "
            f"Error: dial unix {path}: connect: {why}\n"
        )
    else:
        text = (
            "failed to connect to local tailscaled; it doesn't appear to be running "
            "(sudo systemctl start tailscaled ?)\n"
        )
    return Said(1, "", text, node)


def _status(node: Tailnet, arguments: list[str]) -> Said:
    if any(argument.lstrip("-").startswith("json") for argument in arguments):
        return Said(0, json_text(node_document(node)), node=node)
    if node.backend in {"Running", "Starting"}:
        out = f"100.101.102.103  {node.host.partition('.')[0]}  user@  linux  -\n"
        return Said(0, out, node=node)
    return Said(1, _stopped(node), node=node)


def _stopped(node: Tailnet) -> str:
    return STOPPED.get(node.backend, f"unexpected state: {node.backend}\n")


def _serve_status(node: Tailnet, arguments: list[str]) -> Said:
    if any(argument.lstrip("-").startswith("json") for argument in arguments):
        return Said(0, json_text(shown(node) or {}), node=node)
    text = status_text(node)
    return Said(1, "", _stopped(node), node) if text is None else Said(0, text, node=node)


# ---- changes


def read(arguments: list[str]) -> Order | str:
    """A `serve` or `funnel` command line taken apart, or how it is wrong."""
    flags: dict[str, str] = {}
    words: list[str] = []
    public = arguments[0] == "funnel"
    for argument in arguments[1:]:
        if not argument.startswith("-"):
            words.append(argument)
            continue
        name, equals, value = argument.lstrip("-").partition("=")
        known = name in SWITCHES or (equals and name in VALUES)
        if not known or (public and name in ("http", "service")):
            return f"flag provided but not defined: -{name}\n"
        if name in flags:
            return f"invalid value: flag -{name} provided multiple times\n"
        flags[name] = value or "true"
    return Order(public, flags, words, " ".join(arguments))


def _change(node: Tailnet, arguments: list[str], caller: Caller) -> Said:
    order = read(arguments)
    if isinstance(order, str):
        return Said(2, "", order, node)
    if not order.words:
        return Said(0, "", f"USAGE\n  tailscale {order.name} <target>\n", node)
    if order.words == ["reset"]:  # no gate, no If-Match, no state that it needs
        return _sent(node, order, {}, caller, if_match="")
    closed = _gate(node, order)
    if closed is not None:
        return closed
    etag = etag_of(node)
    try:
        done, note = _edited(node, order, _through(node, copy.deepcopy(shown(node) or {})))
    except RefusedError as error:
        usage = f"\n\ntry `tailscale {order.name} --help` for usage info\n"
        return Said(1, "", f"error: {error}{usage}", node)
    if done is None:  # asked whether it may, and nobody was there to say yes
        return Said(0, node=node)
    said = _sent(node, order, done, caller, if_match=etag)
    if said.code or order.words[-1] == "off":
        return said
    blocks = "bg" not in order.flags
    return said._replace(out=_announced(said.node, order), err=note, blocks=blocks)


def _edited(node: Tailnet, order: Order, config: Config) -> tuple[Config | None, str]:
    """The configuration as the command wants it, and what it says of that on stderr."""
    if order.words[-1] == "off":
        return _off(node, order, config)
    if "bg" in order.flags:
        return _served(node, order, config)
    session, note = _served(node, order, {})
    sessions = {**table(config, "Foreground"), session_of(order.typed.split(" ")): session}
    return {**config, "Foreground": sessions}, note


def _gate(node: Tailnet, order: Order) -> Said | None:
    """Why nothing can be changed now. For funnel it is always port 443 that is asked for."""
    if node.backend != "Running":
        return Said(1, "", "netMap is nil\n" if node.backend == "NoState" else _stopped(node), node)
    if order.public and not node.capable:
        said = f"\nFunnel is not enabled on your tailnet.\nTo enable, visit:\n\n\t{LOGIN_URL}\n\n"
        if node.publish == "refuse":
            return Said(1, "", "Funnel not available; HTTPS must be enabled.\n", node)
        return Said(0, said, node=node, blocks=node.publish == "block")
    if node.publish == "block":
        return Said(1, node=node, blocks=True)
    if node.publish == "nothing":
        return Said(0, node=node)
    if node.publish == "busy":
        said = "Another client is changing the serve config; please try again.\n"
        return Said(1, "", said, node)
    return None


def _through(node: Tailnet, config: Config) -> Config:
    """A configuration as the command's own form has it: what is newer than that is dropped."""
    if not node.client or version_of(node.client) >= version_of(node.version):
        return config
    ours = version_of(node.client)

    def kept(part: object, *, names: bool) -> object:
        """Of structures the known fields; of maps (ports, hosts, mounts) all."""
        if not isinstance(part, dict):
            return part
        maps = ("TCP", "Web", "AllowFunnel", "Handlers", "Foreground", "Services")
        return {
            key: kept(value, names=(names and key not in maps) or not names)
            for key, value in part.items()
            if not names or FIELDS_SINCE.get(key, (9,)) <= ours
        }

    known = kept(config, names=True)
    return known if isinstance(known, dict) else {}


def _served(node: Tailnet, order: Order, config: Config) -> tuple[Config, str]:
    """The configuration with one more entry, and what is said of that on stderr."""
    target, port, place = order.words[-1], order.port, f"{node.host}:{order.port}"
    forwards = "tcp" in order.flags or "tls-terminated-tcp" in order.flags
    tcp, web = table(config, "TCP"), table(config, "Web")
    listener = tcp.get(port, {})
    if forwards:
        if place in web:
            raise RefusedError(
                f"failed to apply TCP serve: cannot serve TCP; already serving web on {port} "
                f"for {node.host}"
            )
        entry: dict[str, object] = {"TCPForward": _forward(target)}
        if "tls-terminated-tcp" in order.flags:
            entry["TerminateTLS"] = node.host
        tcp[port] = entry
    else:
        if listener.get("TCPForward"):
            raise RefusedError("failed apply web serve: cannot serve web; already serving TCP")
        tcp[port] = {"HTTP" if "http" in order.flags else "HTTPS": True}
        server = web.setdefault(place, {"Handlers": {}})
        handlers = table(server, "Handlers")
        mount = order.mount
        twin = mount.rstrip("/") if mount.endswith("/") else f"{mount}/"
        handlers.pop(twin, None)
        handlers[mount] = _handler(node, target)
    allowed = table(config, "AllowFunnel")
    was = allowed.pop(place, None)
    if order.public:
        allowed.update({place: True})  # type: ignore[dict-item]  # the one map to booleans
    note = f"Removing Funnel for {node.host}:{place}\n" if was and not order.public else ""
    return without_empty({**config, "TCP": tcp, "Web": web, "AllowFunnel": allowed}), note


def _forward(target: str) -> str:
    address = target.removeprefix("tcp://")
    return f"127.0.0.1:{address}" if address.isdigit() else address


def _handler(node: Tailnet, target: str) -> dict[str, object]:
    if target.isdigit():
        return {"Proxy": f"http://127.0.0.1:{target}"}
    if target.startswith("text:"):
        return {"Text": target.removeprefix("text:")}
    if target.startswith("/"):
        return {"Path": target}
    if target.startswith("unix:") and version_of(node.client or node.version) < UNIX_SINCE:
        raise RefusedError(f"invalid target {target}")
    return {"Proxy": target if ":/" in target else f"http://{target}"}


def _off(node: Tailnet, order: Order, config: Config) -> tuple[Config | None, str]:
    """Take off a port, with every mount on it, or one mount; under the present name only."""
    port, place = order.port, f"{node.host}:{order.port}"
    tcp, web, allowed = (table(config, key) for key in ("TCP", "Web", "AllowFunnel"))
    if "tcp" in order.flags or "tls-terminated-tcp" in order.flags:
        if not tcp.get(port, {}).get("TCPForward"):
            raise RefusedError("failed to remove TCP serve: serve config does not exist")
        del tcp[port]  # AllowFunnel stays behind
        return without_empty(config), ""
    handlers = table(web.get(place, {}), "Handlers")
    if not handlers or ("set-path" in order.flags and order.mount not in handlers):
        raise RefusedError("failed to remove web serve: handler does not exist")
    if "set-path" in order.flags:
        del handlers[order.mount]
    else:
        asks = len(handlers) > 1 and "yes" not in order.flags
        if asks and version_of(node.client or node.version) < OFF_TAKES_ALL_SINCE:
            return None, ""
        handlers.clear()
    if not handlers:
        for part, key in ((web, place), (tcp, port), (allowed, place)):
            part.pop(key, None)
    return without_empty(config), ""


def _sent(node: Tailnet, order: Order, config: Config, caller: Caller, if_match: str) -> Said:
    posted = post(node, json.dumps(config), if_match, caller)
    err = {
        401: f"sending serve config: 401 Unauthorized: {posted.text}",
        403: "sending serve config: Access denied: serve config denied\n\n"
        f"Use 'sudo tailscale {order.typed}'.\n"
        "To not require root, use 'sudo tailscale set --operator=$USER' once.\n",
        412: "Another client is changing the serve config; please try again.\n",
    }.get(posted.status, "")
    if posted.status == 500:  # noqa: PLR2004
        err = f"sending serve config: {json.loads(posted.text)['error']}\n"
    return Said(1 if err else 0, "", err, posted.node)


def _announced(node: Tailnet, order: Order) -> str:
    """What success prints: all mounts of the port, and advice that would take them all off."""
    place = f"{node.host}:{order.port}"
    config: Config = shown(node) or {}
    url = f"https://{place.removesuffix(':443')}"
    handlers = table(table(config, "Web").get(place, {}), "Handlers")
    mounts = [
        f"{url}{mount}\n|-- {kind.lower()} {target}\n"
        for mount, handler in sorted(handlers.items())
        for kind, target in list(handler.items())[:1]
    ]
    reach = "Available on the internet:" if order.public else "Available within your tailnet:"
    return (
        f"{reach}\n\n{''.join(mounts)}\n"
        f"{order.name.capitalize()} started and running in the background.\n"
        f"To disable the proxy, run: tailscale {order.name} --https={order.port} off\n"
    )

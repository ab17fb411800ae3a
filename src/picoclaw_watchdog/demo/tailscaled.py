"""What tailscaled does with a Serve configuration: its memory, its rules and who may change it.

Pure, from Tailscale's sources (1.52 to 1.103): `ipn/serve.go`, `ipn/ipnlocal/serve.go`,
`ipn/localapi/serve.go`. The command, the local API and the simulator all stand on it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Config = dict[str, object]

LOGIN_URL = "https://login.tailscale.com/a/0123456789abcd"
VALIDATES_SINCE = (1, 92)  # before, a raw POST overwrites types and sessions
NO_NETMAP = frozenset(("NoState", "Starting", "NeedsLogin"))
MUST_BE_ROOT = (
    "must be root, or be an operator and able to run 'sudo tailscale' to serve a path or unix "
    "socket"
)


class Tailnet(NamedTuple):
    """One node of a tailnet, and what goes wrong with it."""

    host: str = "box.tail1234.ts.net"
    serve: Config | None = None  # as it is on disk; None: never set
    backend: str = "Running"
    online: bool = True
    expired: bool = False
    capable: bool = True  # the "funnel" and "https" node capabilities
    operator: bool = False  # whether the user may change things without sudo
    sudoes: bool = False  # and whether his sudo allows `tailscale` whatever its arguments
    shields_up: bool = False
    daemon: bool = True
    hang: str = ""  # "all", "status" or "change": which commands block for ever
    publish: str = ""  # "nothing": exit 0 having done nothing; "block"; "busy"
    health: tuple[str, ...] = ()
    version: str = "1.98.4"
    client: str = ""  # of the command; empty: the same
    socket: str = "open"  # "denied": it reads for root only; "eof": it ends every call
    ordinary: bool = False  # who runs this is nobody special, even if he is root: for tests


class Caller(NamedTuple):
    """Who asks."""

    root: bool = False

    def may_write(self, node: Tailnet) -> bool:
        """Root and the operator; groups do not count."""
        return self.root or node.operator


class Posted(NamedTuple):
    """The answer to a change, and the node afterwards."""

    status: int
    text: str
    node: Tailnet


def version_of(text: str) -> tuple[int, ...]:
    """A version to be compared."""
    return tuple(int(part) for part in text.partition("-")[0].split(".") if part.isdigit())


def has_netmap(node: Tailnet) -> bool:
    """Whether the stored entries are in memory: not before the first netmap, nor logged out."""
    return node.expired or node.backend not in NO_NETMAP


def shown(node: Tailnet) -> Config | None:
    """The configuration in memory."""
    return node.serve if has_netmap(node) else {}


def etag_of(node: Tailnet) -> str:
    """Of the configuration in memory, sessions included."""
    return hashlib.sha256(json.dumps(shown(node), sort_keys=True).encode()).hexdigest()


def post(node: Tailnet, body: str, if_match: str, caller: Caller) -> Posted:
    """POST /localapi/v0/serve-config: all of it is replaced, if it is still as it was read."""
    if not caller.may_write(node):
        return Posted(403, "serve config denied\n", node)
    try:
        wanted = json.loads(body)
    except ValueError as error:
        return Posted(500, json.dumps({"error": f"decoding config: {error}"}), node)
    wanted = wanted or {}
    if not caller.root and not node.sudoes and _serves_files(wanted):
        return Posted(401, MUST_BE_ROOT + "\n", node)
    refused = _refusal(node, wanted)
    if refused:
        return Posted(500, json.dumps({"error": f"updating config: {refused}"}), node)
    if if_match and if_match != etag_of(node):
        return Posted(412, "etag mismatch\n", node)
    if version_of(node.version) >= VALIDATES_SINCE:
        refused = next(conflicts(shown(node) or {}, wanted), "")
        if refused:
            return Posted(500, json.dumps({"error": f"updating config: {refused}"}), node)
    return Posted(200, "", node._replace(serve=wanted))


def _refusal(node: Tailnet, wanted: Config) -> str:
    if not has_netmap(node):
        return "netMap is nil"
    if node.shields_up and any(table(wanted, "AllowFunnel").values()):
        return "Unable to turn on Funnel while shields-up is enabled"
    return ""


def conflicts(now: Config, wanted: Config) -> Iterator[str]:
    """What the daemon refuses: another type on a port, and sessions against the background."""
    yield from _other_types(now, wanted)
    before, after = table(now, "Foreground"), table(wanted, "Foreground")
    background = table(wanted, "TCP")
    for session, config in after.items():
        rest = [theirs for other, theirs in after.items() if other != session]
        for port in table(config, "TCP"):
            if port in background:
                kind = "foreground listener" if session in before else "listener"
                yield f"{kind} already exists for port {port}"
            elif any(port in table(theirs, "TCP") for theirs in rest):
                yield f"listener already exists for port {port}"


def _other_types(now: Config, wanted: Config) -> Iterator[str]:
    for port, listener in table(wanted, "TCP").items():
        old, new = _type(table(now, "TCP").get(port)), _type(listener)
        if old and new and old != new:
            yield f'want to serve "{new}", but port {port} is already serving "{old}"'


def _type(listener: object) -> str:
    if not isinstance(listener, dict):
        return ""
    if listener.get("TCPForward"):
        return "tls-terminated-tcp" if listener.get("TerminateTLS") else "tcp"
    return "https" if listener.get("HTTPS") else "http" if listener.get("HTTP") else ""


def _serves_files(config: object) -> bool:
    """Whether any handler, of sessions and Services too, leads to a path or a unix socket."""
    if not isinstance(config, dict):
        return False
    for server in table(config, "Web").values():
        for handler in table(server, "Handlers").values():
            if "Path" in handler or str(handler.get("Proxy", "")).startswith("unix:"):
                return True
    parts = (*table(config, "Services").values(), *table(config, "Foreground").values())
    return any(map(_serves_files, parts))


def table(config: object, key: str) -> dict[str, dict[str, object]]:
    """A part of a configuration; empty where there is none."""
    value = config.get(key) if isinstance(config, Mapping) else None
    return value if isinstance(value, dict) else {}


def without_empty(config: Config) -> Config:
    """As Go writes it: what is empty is left out."""
    return {key: value for key, value in config.items() if value}


# ---- what the world reaches


def handler_for(node: Tailnet, host: str, port: int, path: str) -> tuple[str, Config] | None:
    """Who answers a request from the internet: mount and handler; None: the connection ends.

    A mount of ("", {}) stands for nobody at this path. Whether it is public is asked of the
    background and the sessions alike; then the sessions are looked at first, and all mounts
    of the port are public: there is no check for each.
    """
    config: Config = shown(node) or {}
    parts = (*table(config, "Foreground").values(), config)
    place = f"{host}:{port}"
    up = node.daemon and node.online and node.backend == "Running" and not node.expired
    if not (up and node.capable and any(table(p, "AllowFunnel").get(place) for p in parts)):
        return None
    for part in parts:
        if _type(table(part, "TCP").get(str(port))) != "https":
            continue
        handlers = table(table(part, "Web").get(place, {}), "Handlers")
        for mount in sorted(handlers, key=len, reverse=True):
            if path == mount or path.startswith(mount.rstrip("/") + "/"):
                return mount, handlers[mount]
        return "", {}
    return None


def target_path(mount: str, handler: Mapping[str, object], path: str) -> str:
    """What a proxied program is asked for: the mount is cut off, the target's path put before."""
    rest = path.removeprefix(mount.rstrip("/"))
    _, _, location = str(handler.get("Proxy", "")).partition("://")
    _, slash, prefix = location.partition("/")
    return (slash + prefix).rstrip("/") + rest or "/"

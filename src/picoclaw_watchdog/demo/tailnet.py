"""The state of the stand-in for Tailscale, and how the real program prints such a state."""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypedDict

STATE_VARIABLE = "PICOCLAW_DEMO_TAILSCALE"
LOGIN_URL = "https://login.tailscale.com/a/0123456789abcd"


class Handler(TypedDict, total=False):
    """One mount."""

    Proxy: str
    Path: str
    Text: str


class ServeConfig(TypedDict, total=False):
    """What is served, in Tailscale's own JSON shape."""

    TCP: dict[str, dict[str, object]]
    Web: dict[str, dict[str, dict[str, Handler]]]
    AllowFunnel: dict[str, bool]
    Foreground: dict[str, object]


class Tailnet(NamedTuple):
    """One node of a tailnet, and what goes wrong with it."""

    host: str = "box.tail1234.ts.net"
    serve: ServeConfig | None = None  # None: never set, printed as null
    backend: str = "Running"
    online: bool = True
    expired: bool = False
    capable: bool = True  # the "funnel" and "https" node capabilities
    operator: bool = False  # whether the user may change things without sudo
    daemon: bool = True
    hang: str = ""  # "all", "status" or "change": which commands block for ever
    publish: str = ""  # "nothing": exit 0 having done nothing; "block"; "busy"
    health: tuple[str, ...] = ()
    version: str = "1.98.4"


def load(path: Path) -> Tailnet:
    """The state; the default one where the file is not there yet."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Tailnet()
    return Tailnet(**{**document, "health": tuple(document.get("health", ()))})


def change(path: Path, changed: Callable[[Tailnet], Tailnet]) -> Tailnet:
    """Change the state under a lock, and prepare what the read commands print."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = changed(load(path))
        _replace(path, json.dumps(state._asdict(), indent=1))
        _prepare(path, state)
    return state


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def _prepare(path: Path, state: Tailnet) -> None:
    """Lay out the answers of the read commands for the shell to `cat`.

    Only answers with exit status 0 are prepared; for the rest the program itself runs.
    """
    folder = path.with_name(f"{path.name}.d")
    folder.mkdir(exist_ok=True)
    reads = state.daemon and state.hang not in {"all", "status"}
    answers = {
        "funnel-status.txt": status_text(state) if reads else None,
        "funnel-status.json": json_text(state.serve) if reads else None,
        "status.json": json_text(node_document(state)) if reads else None,
    }
    for name, text in answers.items():
        if text is None:
            (folder / name).unlink(missing_ok=True)
        else:
            _replace(folder / name, text)


def json_text(document: object) -> str:
    """A document as `--json` prints it."""
    return json.dumps(document, indent=2) + "\n"


def publish(
    serve: ServeConfig | None, host_port: str, mount: str, handler: Handler, *, funnel: bool
) -> ServeConfig:
    """The configuration with one more mount; other mounts and ports stay."""
    port = host_port.rpartition(":")[2]
    config: ServeConfig = json.loads(json.dumps(serve or {}))
    config.setdefault("TCP", {})[port] = {"HTTPS": True}
    site = config.setdefault("Web", {}).setdefault(host_port, {"Handlers": {}})
    site["Handlers"][mount] = handler
    allowed = config.get("AllowFunnel", {})
    allowed.pop(host_port, None)
    if funnel:
        allowed[host_port] = True
    return _without_empty({**config, "AllowFunnel": allowed})


def forward(serve: ServeConfig | None, port: str, target: str, sni: str) -> ServeConfig:
    """The configuration with one more TCP forwarder."""
    config: ServeConfig = json.loads(json.dumps(serve or {}))
    entry: dict[str, object] = {"TCPForward": target}
    if sni:
        entry["TerminateTLS"] = sni
    config.setdefault("TCP", {})[port] = entry
    return config


def withdraw(serve: ServeConfig | None, host_port: str, mount: str = "") -> ServeConfig:
    """The configuration without one port, or without one mount of it."""
    port = host_port.rpartition(":")[2]
    config: ServeConfig = json.loads(json.dumps(serve or {}))
    handlers = config.get("Web", {}).get(host_port, {}).get("Handlers", {})
    handlers.pop(mount, None)
    if not mount or not handlers:
        config.get("Web", {}).pop(host_port, None)
        config.get("TCP", {}).pop(port, None)
        config.get("AllowFunnel", {}).pop(host_port, None)
    return _without_empty(config)


def _without_empty(config: ServeConfig) -> ServeConfig:
    kept: ServeConfig = json.loads(
        json.dumps({name: value for name, value in config.items() if value})
    )
    return kept


def status_text(state: Tailnet) -> str | None:
    """What `tailscale funnel status` prints; None where it also complains and exits 1."""
    serve: ServeConfig = state.serve or {}
    public = sorted(name for name, on in serve.get("AllowFunnel", {}).items() if on)
    head = ""
    if public:
        head = "\n# Funnel on:\n" + "".join(f"#     - {_url(name)}\n" for name in public) + "\n"
    elif serve.get("Foreground"):
        head = "\n# Funnel on:\n\n"
    web = serve.get("Web", {})
    forwards = {
        port: str(entry["TCPForward"])
        for port, entry in serve.get("TCP", {}).items()
        if "TCPForward" in entry
    }
    if not web and not forwards:
        return head + "No serve config\n"
    if state.backend not in {"Running", "Starting"}:
        return None
    trees = [_forward_tree(state.host, port, to, public) for port, to in sorted(forwards.items())]
    trees += [_web_tree(name, web[name]["Handlers"], public) for name in sorted(web)]
    return head + "".join(trees)


def _url(host_port: str) -> str:
    return "https://" + host_port.removesuffix(":443")


def _forward_tree(host: str, port: str, target: str, public: list[str]) -> str:
    shown = "Funnel on" if f"{host}:{port}" in public else "tailnet only"
    return f"|-- tcp://{host}:{port} ({shown})\n|--> tcp://{target}\n\n"


def _web_tree(host_port: str, handlers: dict[str, Handler], public: list[str]) -> str:
    shown = "Funnel on" if host_port in public else "tailnet only"
    width = max(len(mount) for mount in handlers)
    lines = [f"{_url(host_port)} ({shown})"]
    for mount in sorted(handlers):
        kind, target = next(iter(handlers[mount].items()))
        lines.append(f"|-- {mount:<{width}} {kind.lower():<5} {target}")
    return "\n".join(lines) + "\n\n"


def node_document(state: Tailnet) -> dict[str, object]:
    """What `tailscale status --json --peers=false` prints."""
    # Every node has some capabilities; it is these that the administrator may not have given.
    capabilities: dict[str, object] = {"https://tailscale.com/cap/is-owner": None, "ssh": None}
    if state.capable:
        ports = "https://tailscale.com/cap/funnel-ports?ports=443,8443,10000"
        capabilities |= {"funnel": None, "https": None, ports: None}
    logged_in = state.backend not in {"NeedsLogin", "NoState"}
    node: dict[str, object] = {
        "ID": "n0123456789CNTRL",
        "HostName": state.host.partition(".")[0],
        "DNSName": f"{state.host}." if logged_in else "",
        "OS": "linux",
        "TailscaleIPs": ["100.101.102.103"] if logged_in else None,
        "Online": state.online and state.backend == "Running",
        "KeyExpiry": "2027-01-01T00:00:00Z",
        "CapMap": capabilities,
    }
    if state.expired:
        node |= {"Expired": True, "KeyExpiry": "2020-01-01T00:00:00Z"}
    return {
        "Version": f"{state.version}-t0123456789-g0123456789",
        "TUN": True,
        "BackendState": state.backend,
        "HaveNodeKey": logged_in,
        "AuthURL": "" if logged_in else LOGIN_URL,
        "TailscaleIPs": ["100.101.102.103"] if logged_in else None,
        "Self": node,
        "Health": list(state.health),
        "MagicDNSSuffix": state.host.partition(".")[2],
        "CertDomains": [state.host] if state.capable else None,
        "Peer": None,
        "User": None,
        "ClientVersion": None,
    }

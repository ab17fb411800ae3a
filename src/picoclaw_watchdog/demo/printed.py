"""How the real programs print the state of a node."""

import json

from picoclaw_watchdog.demo.tailscaled import LOGIN_URL, Config, Tailnet, shown, table


def json_text(document: object) -> str:
    """A document as `--json` prints it."""
    return json.dumps(document, indent=2) + "\n"


def status_text(node: Tailnet) -> str | None:
    """What `tailscale funnel status` prints; None where it also complains and exits 1."""
    serve: Config = shown(node) or {}
    public = sorted(name for name, on in table(serve, "AllowFunnel").items() if on)
    head = ""
    if public:
        head = "\n# Funnel on:\n" + "".join(f"#     - {_url(name)}\n" for name in public) + "\n"
    elif serve.get("Foreground"):
        head = "\n# Funnel on:\n\n"
    web = table(serve, "Web")
    forwards = {
        port: str(entry["TCPForward"])
        for port, entry in table(serve, "TCP").items()
        if "TCPForward" in entry
    }
    if not web and not forwards:
        return head + "No serve config\n"
    if node.backend not in {"Running", "Starting"}:
        return None
    trees = [_forward_tree(node.host, port, to, public) for port, to in sorted(forwards.items())]
    trees += [_web_tree(name, table(web[name], "Handlers"), public) for name in sorted(web)]
    return head + "".join(trees)


def _url(host_port: str) -> str:
    return "https://" + host_port.removesuffix(":443")


def _forward_tree(host: str, port: str, target: str, public: list[str]) -> str:
    shown = "Funnel on" if f"{host}:{port}" in public else "tailnet only"
    return f"|-- tcp://{host}:{port} ({shown})\n|--> tcp://{target}\n\n"


def _web_tree(host_port: str, handlers: dict[str, dict[str, object]], public: list[str]) -> str:
    shown = "Funnel on" if host_port in public else "tailnet only"
    width = max(len(mount) for mount in handlers)
    lines = [f"{_url(host_port)} ({shown})"]
    for mount in sorted(handlers):
        kind, target = next(iter(handlers[mount].items()))
        lines.append(f"|-- {mount:<{width}} {kind.lower():<5} {target}")
    return "\n".join(lines) + "\n\n"


def node_document(node: Tailnet) -> dict[str, object]:
    """What `tailscale status --json --peers=false` prints."""
    # Every node has some capabilities; it is these that the administrator may not have given.
    capabilities: dict[str, object] = {"https://tailscale.com/cap/is-owner": None, "ssh": None}
    if node.capable:
        ports = "https://tailscale.com/cap/funnel-ports?ports=443,8443,10000"
        capabilities |= {"funnel": None, "https": None, ports: None}
    logged_in = node.backend not in {"NeedsLogin", "NoState"}
    own: dict[str, object] = {
        "ID": "n0123456789CNTRL",
        "HostName": node.host.partition(".")[0],
        "DNSName": f"{node.host}." if logged_in else "",
        "OS": "linux",
        "TailscaleIPs": ["100.101.102.103"] if logged_in else None,
        "Online": node.online and node.backend == "Running",
        "KeyExpiry": "2027-01-01T00:00:00Z",
        "CapMap": capabilities,
    }
    if node.expired:
        own |= {"Expired": True, "KeyExpiry": "2020-01-01T00:00:00Z"}
    return {
        "Version": f"{node.version}-t0123456789-g0123456789",
        "TUN": True,
        "BackendState": node.backend,
        "HaveNodeKey": logged_in,
        "AuthURL": "" if logged_in else LOGIN_URL,
        "TailscaleIPs": ["100.101.102.103"] if logged_in else None,
        "Self": own,
        "Health": list(node.health),
        "MagicDNSSuffix": node.host.partition(".")[2],
        "CertDomains": [node.host] if node.capable else None,
        "Peer": None,
        "User": None,
        "ClientVersion": None,
    }

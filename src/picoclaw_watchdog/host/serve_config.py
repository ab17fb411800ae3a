"""What a node publishes, read from tailscaled's own JSON (a ServeConfig), and what it means.

Pure. Source of the form: Tailscale's `ipn/serve.go` from 1.52 to 1.103.
"""

from collections.abc import Iterator, Mapping

from picoclaw_watchdog.core.foreign import printable, said
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import Served

HTTPS_PORT = 443
LAST_PORT = 65_535
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "")  # noqa: S104  # compared, not bound
KEYS = frozenset(
    ("TCP", "Web", "AllowFunnel", "Services", "Foreground", "ETag", "Version")
)  # of a ServeConfig


class Target(NamedTuple):
    """Where a handler leads, taken apart: two spellings of one target are equal."""

    scheme: str
    host: str  # empty: this machine
    port: int
    path: str  # without a slash at its end


def parse(text: str) -> dict[str, object] | None:
    """A ServeConfig; `null` is an empty one, None stands for what is none."""
    import json

    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if config is None:
        return {}
    if not isinstance(config, dict) or (config and not KEYS & config.keys()):
        return None
    return config


def entries_of(config: Mapping[str, object]) -> tuple[Served, ...]:
    """Everything that a configuration publishes."""
    entries = list(_entries(config))
    for name, service in table(config.get("Services")).items():
        entries += [entry._replace(service=name) for entry in _entries(table(service))]
    for session in table(config.get("Foreground")).values():
        entries += [entry._replace(foreground=True) for entry in _entries(table(session))]
    return tuple(entries)


def _entries(config: Mapping[str, object]) -> Iterator[Served]:
    listeners = {port_of(key): table(value) for key, value in table(config.get("TCP")).items()}
    allowed = [key for key, on in table(config.get("AllowFunnel")).items() if on is True]
    used = set()
    for key, server in table(config.get("Web")).items():
        host, _, port_text = key.rpartition(":")
        port = port_of(port_text)
        listener = listeners.get(port, {})
        kind = "http" if listener.get("HTTP") is True else "https"
        for mount, handler in table(table(server).get("Handlers")).items():
            used.add(key)
            what, target = leads_to(table(handler))
            yield Served(
                *(port, kind, what, target, host, mount or "/", key in allowed),
                live=listener.get(kind.upper()) is True,
            )
    for port, listener in listeners.items():
        forward = listener.get("TCPForward")
        if isinstance(forward, str) and forward:
            public = next((key for key in allowed if port_of(key.rpartition(":")[2]) == port), "")
            used.add(public)
            name = listener.get("TerminateTLS")
            yield Served(
                *(port, "tls-terminated-tcp" if name else "tcp", "forward", f"tcp://{forward}"),
                host=public.rpartition(":")[0] or (name if isinstance(name, str) else ""),
                public=bool(public),
            )
    if config.get("Tun") is True:
        yield Served(0, "tun", "forward", "L3")
    for key in allowed:
        if key not in used:
            host, _, port_text = key.rpartition(":")
            yield Served(port_of(port_text), "https", "", "", host, public=True, live=False)


def leads_to(handler: Mapping[str, object]) -> tuple[str, str]:
    """What sort of handler it is, and where it leads; twice empty where it is none."""
    for key in ("Path", "Proxy", "Text", "Redirect"):
        value = handler.get(key)
        if isinstance(value, str) and value:
            return key.lower(), value
    return "", ""


def table(value: object) -> dict[str, object]:
    """A JSON object; an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def port_of(text: str) -> int:
    """A port, 0 where the text is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5) or text.startswith("0"):  # noqa: PLR2004
        return 0
    return int(text) if int(text) <= LAST_PORT else 0


def target_of(text: str) -> Target | None:
    """A proxy's target taken apart; None where it is nothing that listens on a port.

    It may be written `http://127.0.0.1:18791`, `localhost:18791` or `18791`.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "http", text
    location, slash, path = rest.partition("/")
    host, _, port = location.rpartition("@")[2].rpartition(":")
    number = port_of(port)
    if not number:
        return None
    host = host.lower()
    path = (slash + path).rstrip("/")
    return Target(scheme.lower(), "" if host in LOOPBACK else host, number, path)


def same_target(one: str, other: str) -> bool:
    """Whether two spellings lead to the same place."""
    return one == other or (target_of(one) is not None and target_of(one) == target_of(other))


def local_http(entry: Served) -> Target | None:
    """Where an entry leads over plain HTTP on this host; None where it leads elsewhere.

    Behind TLS that Tailscale terminates, a TCP forward serves HTTP as well.
    """
    target = target_of(entry.target)
    if target is None or target.host:
        return None
    if entry.kind == "tls-terminated-tcp":
        return target
    plain = entry.what == "proxy" and entry.kind == "https" and target.scheme == "http"
    return target if plain else None


def address_of(entry: Served) -> str:
    """HOST, with the port where it is not 443."""
    host = printable(entry.host) or ("*" if entry.port else "")
    return host if entry.port == HTTPS_PORT else f"{host}:{entry.port}"


def line_of(entry: Served) -> str:
    """An entry for people, on one line: most of it is other people's words."""
    scheme = entry.kind if entry.kind in ("https", "http", "tun") else "tcp"
    status = "Funnel on" if entry.public else "tailnet only"
    notes = (status, "foreground" if entry.foreground else "", said(entry.service))
    where = said(f"{scheme}://{address_of(entry)}{entry.mount}")
    leads = said(f"{entry.what} {entry.target}", limit=120) if entry.what else "leads nowhere"
    return f"{where} {leads} ({', '.join(filter(None, notes))})"

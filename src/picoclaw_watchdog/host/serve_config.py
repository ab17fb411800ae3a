"""What a node publishes, read from `tailscale funnel status`: JSON where the CLI has it, else text.

Pure. Both forms come down to the same entries, so that either can be judged and put back.
Source of the forms: the CLI's `serve_v2.go` and `serve_legacy.go` from 1.52 to 1.103.
"""

from collections.abc import Iterator, Sequence

from picoclaw_watchdog.core.foreign import printable, said
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import Funnel

FOREGROUND = "published only in the foreground: it ends with the terminal that runs it"
HTTPS_PORT = 443
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "")  # noqa: S104  # compared, not bound
KEYS = frozenset(
    ("TCP", "Web", "AllowFunnel", "Services", "Foreground", "ETag", "Version")
)  # of a ServeConfig


class Entry(NamedTuple):
    """One thing that is published, in the tailnet or to everybody."""

    port: int
    kind: str  # https, http, tcp, tls-terminated-tcp, tun
    what: str  # proxy, path, text, redirect; empty: no handler
    target: str
    host: str = ""
    mount: str = ""  # web only
    public: bool = False
    live: bool = True  # False: a handler without the listener it needs
    foreground: bool = False
    service: str = ""  # svc:NAME
    proxy_protocol: int = 0

    @property
    def address(self) -> str:
        """HOST, with the port where it is not 443."""
        host = printable(self.host)
        return host if self.port == HTTPS_PORT else f"{host}:{self.port}"

    @property
    def place(self) -> tuple[str, int, str]:
        """What can hold one entry only."""
        return self.service, self.port, self.mount

    @property
    def line(self) -> str:
        """The entry for people: most of it is other people's words."""
        scheme = self.kind if self.kind in ("https", "http", "tun") else "tcp"
        status = "Funnel on" if self.public else "tailnet only"
        where = said(f"{scheme}://{self.address}{self.mount}")
        leads = said(f"{self.what} {self.target}", limit=120) if self.what else "leads nowhere"
        return f"{where} {leads} ({', '.join(filter(None, (status, said(self.service))))})"


def read_json(text: str) -> tuple[Entry, ...] | None:
    """The entries of a ServeConfig; none for `null` and `{}`, None where it is no ServeConfig."""
    import json

    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if config is None:
        return ()
    if not isinstance(config, dict) or (config and not KEYS & config.keys()):
        return None
    entries = list(_entries(config))
    for name, service in _table(config.get("Services")).items():
        entries += [entry._replace(service=name) for entry in _entries(_table(service))]
    for session in _table(config.get("Foreground")).values():
        entries += [entry._replace(foreground=True) for entry in _entries(_table(session))]
    return tuple(entries)


def _entries(config: dict[str, object]) -> Iterator[Entry]:
    listeners = {_port(key): _table(value) for key, value in _table(config.get("TCP")).items()}
    allowed = [key for key, on in _table(config.get("AllowFunnel")).items() if on is True]
    used = set()
    for key, server in _table(config.get("Web")).items():
        host, _, port_text = key.rpartition(":")
        port = _port(port_text)
        listener = listeners.get(port, {})
        kind = "http" if listener.get("HTTP") is True else "https"
        for mount, handler in _table(_table(server).get("Handlers")).items():
            used.add(key)
            what, target = _handler(_table(handler))
            yield Entry(
                *(port, kind, what, target, host, mount or "/", key in allowed),
                live=listener.get(kind.upper()) is True,
            )
    for port, listener in listeners.items():
        forward = listener.get("TCPForward")
        if isinstance(forward, str) and forward:
            public = next((key for key in allowed if _port(key.rpartition(":")[2]) == port), "")
            used.add(public)
            name = listener.get("TerminateTLS")
            version = listener.get("ProxyProtocol")
            yield Entry(
                *(port, "tls-terminated-tcp" if name else "tcp", "forward", f"tcp://{forward}"),
                host=public.rpartition(":")[0] or (name if isinstance(name, str) else ""),
                public=bool(public),
                proxy_protocol=version if isinstance(version, int) else 0,
            )
    if config.get("Tun") is True:
        yield Entry(0, "tun", "forward", "L3")
    for key in allowed:
        if key not in used:
            host, _, port_text = key.rpartition(":")
            yield Entry(_port(port_text), "https", "", "", host, public=True, live=False)


def _handler(handler: dict[str, object]) -> tuple[str, str]:
    for key in ("Path", "Proxy", "Text", "Redirect"):
        value = handler.get(key)
        if isinstance(value, str) and value:
            return key.lower(), value
    return "", ""


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _port(text: str) -> int:
    """A port, 0 where the text is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0  # noqa: PLR2004


def read_text(text: str) -> tuple[Entry, ...]:
    """The entries of the text form, each under the address it stands below.

    The header (`# Funnel on:`) repeats addresses and is not looked at.
    """
    import re  # patterns are compiled only where JSON is not to be had

    heading = re.compile(r"(https?)://([^\s/:]+)(?::(\d+))?/?\s+\(([^)]*)\)(?:\s+\((svc:[^)]*)\))?")
    forward = re.compile(
        r"\|--\s+tcp://([^\s\[\]]+):(\d+)\s+\(([^)]*)\)(?:\s+\((svc:[^)]*)\))?\s*$"
    )
    tun = re.compile(r"tun \(L3 forwarding\)\s+\((svc:[^)]*)\)")
    handler = re.compile(r"\|--\s+(/.*?)\s+(proxy|path|text|redirect)\s+(.*)")
    entries: list[Entry] = []
    above = None  # the entry whose handlers or target follow
    for line in map(str.strip, text.splitlines()):
        if found := heading.match(line):
            scheme, host, port, status, service = found.groups("")
            number = _port(port) or (HTTPS_PORT if scheme == "https" else 80)
            above = Entry(number, scheme, "", "", host, service=service)
            above = above._replace(public="Funnel on" in status)
        elif found := forward.match(line):
            host, port, status, service = found.groups("")
            terminated = status.lower().replace("-", " ").startswith("tls terminated")
            kind = "tls-terminated-tcp" if terminated else "tcp"
            above = Entry(_port(port), kind, "forward", "", host, service=service)
            above = above._replace(public="Funnel on" in status)
        elif above and line.startswith("|-->"):
            entries.append(above._replace(target=line[4:].strip()))
        elif above and (found := handler.match(line)):
            mount, what, target = found.groups()
            what = "excerpt" if what == "text" else what  # shown shortened: not to be put back
            entries.append(above._replace(mount=mount, what=what, target=target))
        elif found := tun.match(line):
            entries.append(Entry(0, "tun", "forward", "L3", service=found[1]))
    return tuple(entries)


def read(raw: str) -> tuple[Entry, ...]:
    """The entries of a `Funnel.raw`, whichever form it has."""
    entries = read_json(raw)
    return read_text(raw) if entries is None else entries


def summarise(
    entries: Sequence[Entry], ports: Sequence[int], *, raw: str = "", trouble: str = ""
) -> Funnel:
    """What the entries mean for us; `ports` are ours, the preferred one first."""
    ours = [entry for entry in entries if target_of(entry)[0] in ports and not entry.service]
    ours.sort(key=lambda entry: (ports.index(target_of(entry)[0]), entry.port != HTTPS_PORT))
    reached = [entry for entry in ours if entry.public and entry.live and not entry.foreground]
    others = [entry for entry in entries if entry not in ours]
    if not reached and any(entry.public and entry.foreground for entry in ours):
        trouble = trouble or FOREGROUND
    return Funnel(
        hosts=tuple(entry.address for entry in reached),
        mounts=tuple(_mapping(entry) for entry in reached),
        elsewhere=tuple(
            dict.fromkeys(
                entry.address
                for entry in entries
                if entry.public
                and entry.what
                and (entry.foreground or entry not in ours)
                and entry.address not in {known.address for known in reached}
            )
        ),
        others=tuple(entry.line for entry in others),
        trouble=trouble,
        raw=raw,
    )


def target_of(entry: Entry) -> tuple[int, str]:
    """The port on this host that an entry leads to over plain HTTP, and the path there.

    Port 0: it leads elsewhere. A target may be `http://127.0.0.1:18791`, `localhost:18791` or
    `18791`; behind TLS that Tailscale terminates, a TCP forward serves HTTP as well.
    """
    scheme, separator, rest = entry.target.partition("://")
    if not separator:
        scheme, rest = "http", entry.target
    plain_web = entry.what == "proxy" and entry.kind == "https" and scheme == "http"
    if not plain_web and entry.kind != "tls-terminated-tcp":
        return 0, ""
    location, slash, path = rest.partition("/")
    host, _, port = location.rpartition(":")
    return (_port(port), (slash + path).rstrip("/")) if host.lower() in LOOPBACK else (0, "")


def _mapping(entry: Entry) -> str:
    """The mount; followed by ` -> PATH` where the target has a path of its own."""
    path = target_of(entry)[1]
    return printable(f"{entry.mount or '/'} -> {path}" if path else entry.mount or "/")


def restoring(entry: Entry) -> list[str]:
    """Arguments for `tailscale` that create the entry again; empty where it has no command."""
    known = entry.what in ("proxy", "path", "text", "forward")
    if not known or entry.foreground or entry.target.startswith("-"):
        return []
    service = [f"--service={entry.service}"] if entry.service else []
    if entry.kind == "tun":
        return ["serve", *service, "--tun"]
    return [
        *("funnel" if entry.public else "serve", *service, "--bg", f"--{entry.kind}={entry.port}"),
        *([f"--set-path={entry.mount}"] if entry.mount not in ("", "/") else []),
        *([f"--proxy-protocol={entry.proxy_protocol}"] if entry.proxy_protocol else []),
        f"text:{entry.target}" if entry.what == "text" else entry.target,
    ]


def gone(before: Funnel, after: Funnel) -> tuple[str, ...]:
    """What was published before and is not any more, or no more to everybody, as lines.

    Our own entry is not missed where another one of ours has taken its place.
    """
    own = set(zip(before.hosts, before.mounts, strict=False))
    now = {(*entry.place, entry.what, entry.target): entry for entry in read(after.raw)}
    taken = {place[:3] for place in now}
    lost = []
    for entry in read(before.raw):
        same = now.get((*entry.place, entry.what, entry.target))
        kept = same is not None and same.public >= entry.public
        replaced = (entry.address, _mapping(entry)) in own and entry.place in taken
        if entry.what and not kept and not replaced:
            lost.append(entry.line)
    return tuple(lost)

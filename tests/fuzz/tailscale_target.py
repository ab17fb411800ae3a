"""What must hold for whatever `tailscale` prints, JSON or text; `check` takes the fuzzer's bytes.

The first byte chooses what they are, the others are it. `{S}` in them stands for a secret: a
password in a target's address, or the key in the address to log in at.
"""

import json
import re
from collections.abc import Iterator
from typing import cast

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import Entry, Observation
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host import node as host_node
from picoclaw_watchdog.host import serve_config, serve_text
from picoclaw_watchdog.host.http import parse_url
from picoclaw_watchdog.host.tailscale import HostTailnet
from picoclaw_watchdog.ports import Funnel, Node, Ran, Served, Silence, Tailnet, Why
from picoclaw_watchdog.probes import funnel as funnel_probe
from picoclaw_watchdog.probes import node as node_probe
from picoclaw_watchdog.recoveries import serving
from tests.fuzz.loaded import GIVEAWAY, SECRET
from tests.fuzz.programs import printing
from tests.unit.probing import world

CONFIG, TEXT, NODE, PRINTED = map(bytes, zip(range(4), strict=True))
PORTS = (18791, 18790)
SETTINGS = Settings()
DEADLINE = 30.0
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "0.0.0.0", ""}

_PASSWORD = re.compile(rf"://[^/\s]*{SECRET}[^/\s]*@")


def check(data: bytes) -> None:
    """One run of the fuzzer."""
    if data:
        kinds = (_config, _text, _node, _printed)
        content = data[1:].replace(b"{S}", SECRET.encode())
        kinds[data[0] % len(kinds)](content)


def _config(data: bytes) -> None:
    """A configuration, read a second time, and restored into."""
    config = serve_config.parse(data.decode("utf-8", "replace"))
    if config is None:
        return
    entries = serve_config.entries_of(config)
    funnel = Funnel(entries, json.dumps(config))
    _sound(funnel)
    ours = {
        serve_config.address_of(each)
        for each in entries
        if each.public and each.live and not each.foreground and not each.service
        if (target := serve_config.local_http(each)) is not None and target.port in PORTS
    }
    assert ours == _reached(config), "public, live and leading to our port"
    _restorable(config)


def _text(data: bytes) -> None:
    """Exit status, standard output and standard error of the text form."""
    if not data:
        return
    out, _, err = data[1:].decode("utf-8", "replace").partition("\0")
    found = serve_text.read(Ran(data[0] % 3, out, err))
    if found is None:
        assert data[0] % 3, "it ended well"
        return
    _sound(found)
    if not any("Funnel on" in line for line in out.splitlines()):
        assert not funnel_probe.public_url(found, SETTINGS), "nobody said that anything is public"


def _reached(config: object) -> set[str]:
    """The public addresses that lead to our webhook: a second reading of the JSON."""
    found: set[str] = set()
    whole = config if isinstance(config, dict) else {}
    public = {key for key, on in _table(whole, "AllowFunnel").items() if on is True}
    tcp = _table(whole, "TCP")
    for address, server in _table(whole, "Web").items():
        host, _, port = address.rpartition(":")
        listener = next(
            (_as_table(tcp[each]) for each in tcp if _number(each) == _number(port)), {}
        )
        handlers = [_as_table(each) for each in _table(_as_table(server), "Handlers").values()]
        live = listener.get("HTTPS") is True and listener.get("HTTP") is not True
        if address in public and live and any(map(_is_ours, handlers)):
            host = printable(host)
            found.add(host if _number(port) == 443 else f"{host}:{_number(port)}")
    for each, value in tcp.items():
        listener = _as_table(value)
        forward = listener.get("TCPForward")
        ours = isinstance(forward, str) and _leads_here(f"http://{forward}")
        keys = [key for key in public if _number(key.rpartition(":")[2]) == _number(each)]
        if ours and listener.get("TerminateTLS") and keys:
            host = next(key for key in _table(whole, "AllowFunnel") if key in keys)
            name = host.rpartition(":")[0] or listener["TerminateTLS"]
            plain = name if isinstance(name, str) else ""
            found.add(plain if _number(each) == 443 else f"{plain}:{_number(each)}")
    return found


def _is_ours(handler: dict[str, object]) -> bool:
    if isinstance(handler.get("Path"), str) and handler["Path"]:
        return False
    target = handler.get("Proxy")
    return isinstance(target, str) and bool(target) and _leads_here(target)


def _leads_here(target: str) -> bool:
    scheme, separator, rest = target.partition("://")
    host, _, port = (rest if separator else target).partition("/")[0].rpartition(":")
    plain = not separator or scheme == "http"
    return plain and host.lower() in LOOPBACK and _number(port) in PORTS


def _table(parent: dict[str, object], key: str) -> dict[str, object]:
    return _as_table(parent.get(key))


def _as_table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,5}", text) else 0


def _sound(funnel: Funnel) -> None:
    """What every reading keeps."""
    for each in funnel.entries:
        line = serve_config.line_of(each)
        assert line.isprintable()
        assert not _PASSWORD.search(line)
    seen = _observed(funnel, None)
    url = funnel_probe.public_url(funnel, SETTINGS)
    assert (seen.verdict is Verdict.GOOD) == (bool(url) and funnel.trouble is None)
    if url:
        place = parse_url(url)
        assert place is None or place.scheme == "https"
    entry = funnel_probe.published(funnel, SETTINGS)
    assert entry is None or url
    if entry is not None:
        command = serving.arguments(entry)
        assert all(not each.startswith("-") for each in command[-1:])


def _restorable(config: dict[str, object]) -> None:
    """Where nothing stands in the way, what is not ours stays, and twice is once."""
    entry = Entry("box.ts.net", 443, "/", "http://127.0.0.1:18791")
    standing = serving.effect(config, entry, name="box.ts.net")
    assert all(each.line.isprintable() for each in standing)
    once = serving.restored(config, entry)
    if standing:
        return
    assert serving.restored(once, entry) == once
    public = {each for each in serve_config.entries_of(config) if each.public and each.live}
    for each in serve_config.entries_of(once):
        ours = (each.host, each.port, each.mount) == (entry.host, entry.port, entry.mount)
        assert not (each.public and each.live) or each in public or ours


def _node(data: bytes) -> None:
    """`tailscale status --json`."""
    text = data.decode("utf-8", "replace")
    node = host_node.read(text)
    for funnel in (None, Funnel((Served(443, "https", "", "", "box.ts.net", public=True),))):
        seen = _observed(funnel, node or Silence("unreadable answer: x"))
        assert seen.probe is Probe.NODE
        assert GIVEAWAY not in seen.detail or SECRET in _open_parts(text)
        if node is None:
            assert seen.verdict is Verdict.UNKNOWN
            continue
        said = json.loads(text)
        assert node.state == said["BackendState"]
        own = _table(said, "Self")
        if seen.verdict is Verdict.GOOD:
            assert said["BackendState"] == "Running"
            assert own.get("Expired") is not True
            if funnel is not None and isinstance(own.get("DNSName"), str) and own["DNSName"]:
                assert str(own["DNSName"]).rstrip(".").lower() == "box.ts.net"
        if node.state in {"NeedsLogin", "NeedsMachineAuth", "Stopped"}:
            assert seen.verdict is Verdict.BAD
        elif node.state in {"Starting", "NoState"} and not node.expired:
            assert (seen.verdict, seen.sight) == (Verdict.UNKNOWN, Sight.TAILSCALE_STARTING)
        elif node.state != "Running" and not node.expired:
            assert (seen.verdict, seen.sight) == (Verdict.UNKNOWN, Sight.TAILSCALE_SILENT)


def _open_parts(text: str) -> str:
    """What a detail may quote: the state and the node's name."""
    said = json.loads(text)
    return f"{said.get('BackendState')} {_table(said, 'Self').get('DNSName')}"


def _printed(data: bytes) -> None:
    """A real child process, asked for all that we ask for."""
    if not data:
        return
    out, _, err = data[1:].partition(b"\0")
    with printing("tailscale", "tailscale", out, err, data[0]):
        tailnet = HostTailnet(sockets=())
        funnel, node = tailnet.funnel(DEADLINE), tailnet.node(DEADLINE)
    for answer in (funnel, node):
        if isinstance(answer, Silence):
            assert (answer.why is Why.MISSING) == (data[0] == 127)
            assert answer.why is not Why.TIMED_OUT
            assert len(answer.detail) <= 400
            assert "\n" not in answer.detail
            assert GIVEAWAY not in _without_what_is_open(answer.detail), "the key to log in with"
    if data[0] != 127 and host_node.read(out.decode("utf-8", "replace")) is not None:
        assert isinstance(node, Node | Silence)


def _without_what_is_open(detail: str) -> str:
    """The addresses to log in at that are left in a detail."""
    return " ".join(word for word in detail.split() if "://login." in word)


class _Said:
    """`ports.Tailnet`, of which the probes ask two things."""

    def __init__(self, funnel: Funnel | None, node: Node | Silence) -> None:
        self._funnel = funnel
        self._node = node

    def funnel(self, deadline: float) -> Funnel:
        del deadline
        return self._funnel or Funnel()

    def node(self, deadline: float) -> Node | Silence:
        del deadline
        return self._node


def _observed(funnel: Funnel | None, node: Node | Silence | None) -> Observation:
    said = _Said(funnel, node or Silence(""))
    where = world()._replace(tailnet=cast("Tailnet", said))
    if node is not None:
        return node_probe.look(SETTINGS, where, DEADLINE, funnel)
    seen, handed_on = funnel_probe.look(SETTINGS, where, DEADLINE)
    assert handed_on is not None
    return seen


def seeds() -> Iterator[tuple[str, bytes]]:
    """One input for each way through the code."""
    yield from _configs()
    yield from _texts()
    yield from _nodes()
    yield from _prints()


_SITE = "box.ts.net:443"
_OURS: dict[str, object] = {"Proxy": "http://127.0.0.1:18791"}
_ON = (
    "\n# Funnel on:\n#     - https://box.ts.net\n\nhttps://box.ts.net (Funnel on)\n"
    '|-- /    proxy http://127.0.0.1:18791\n|-- /a   path  /srv\n|-- /t   text  "--hel..."\n'
)
_RUNNING = {
    "BackendState": "Running",
    "AuthURL": "https://login.tailscale.com/a/{S}",
    "Self": {
        "DNSName": "box.ts.net.",
        "Online": True,
        "CapMap": {"https://tailscale.com/cap/funnel-ports?x": None, "https": None},
        "KeyExpiry": "2027-01-01T00:00:00Z",
    },
    "Health": ["x", 7],
}


def _config_of(handler: dict[str, object], **more: object) -> bytes:
    known: dict[str, object] = {
        "TCP": {"443": {"HTTPS": True}},
        "Web": {_SITE: {"Handlers": {"/": handler}}},
        "AllowFunnel": {_SITE: True},
    }
    return json.dumps(known | more).encode()


def _configs() -> Iterator[tuple[str, bytes]]:
    other: dict[str, object] = {"Proxy": "https+insecure://me:{S}@nas:8443/x"}
    yield "config-ours", CONFIG + _config_of(_OURS)
    yield "config-other", CONFIG + _config_of(other)
    yield "config-path", CONFIG + _config_of({"Path": "/srv"})
    yield "config-text", CONFIG + _config_of({"Text": "--hello"})
    yield "config-redirect", CONFIG + _config_of({"Redirect": "301:https://x"})
    yield "config-not-public", CONFIG + _config_of(_OURS, AllowFunnel={_SITE: False})
    yield "config-dead", CONFIG + _config_of(_OURS, TCP={})
    yield "config-http", CONFIG + _config_of(_OURS, TCP={"443": {"HTTP": True}})
    forward = {"443": {"TCPForward": "127.0.0.1:18791", "TerminateTLS": "box.ts.net"}}
    yield "config-tcp", CONFIG + _config_of({}, TCP=forward, Web={})
    yield "config-raw-tcp", CONFIG + _config_of({}, TCP={"5432": {"TCPForward": "me:{S}@h:5432"}})
    inner = json.loads(_config_of(_OURS))
    yield "config-foreground", CONFIG + json.dumps({"Foreground": {"abc": inner}}).encode()
    yield (
        "config-service",
        CONFIG + json.dumps({"Services": {"svc:db": inner | {"Tun": True}}}).encode(),
    )
    mounts = {"/a": {"Proxy": "localhost:18790/base"}, "/": {"Proxy": "18791"}, "": {}}
    yield "config-mounts", CONFIG + _config_of({}, Web={_SITE: {"Handlers": mounts}})
    yield "config-null", CONFIG + b"null"
    yield "config-strange", CONFIG + b'{"TCP": [], "Web": {"x": 7, ":": {"Handlers": {"/": []}}}}'


def _texts() -> Iterator[tuple[str, bytes]]:
    tcp = (
        "\n|-- tcp://box.ts.net:443 (TLS terminated, Funnel on)\n|-- tcp://100.1.2.3:443\n"
        "|--> tcp://127.0.0.1:18791\n"
    )
    yield "text-on", TEXT + b"\0" + _ON.encode()
    yield "text-tcp", TEXT + b"\0" + tcp.encode()
    yield "text-tailnet", TEXT + b"\0" + _ON.replace("Funnel on", "tailnet only").encode()
    yield "text-service", TEXT + b"\0https://db.ts.net (Funnel on) (svc:db)\n|-- / proxy 18791\n"
    yield "text-tun", TEXT + b"\0tun (L3 forwarding) (svc:db)\n"
    yield "text-foreground", TEXT + b"\0# Funnel on:\n\nNo serve config\n"
    yield (
        "text-logged-out",
        TEXT + b"\1\0Logged out.\nLog in at: https://login.tailscale.com/a/{S}\n",
    )
    yield "text-stopped", TEXT + b"\1\0Tailscale is stopped.\n"
    yield "text-usage", TEXT + b"\1\0flag provided but not defined: -json\n"
    yield "text-password", TEXT + b"\0https://b.ts.net (Funnel on)\n|-- / proxy http://me:{S}@h:1\n"


def _nodes() -> Iterator[tuple[str, bytes]]:
    yield "node-running", NODE + json.dumps(_RUNNING).encode()
    for state in ("NeedsLogin", "NeedsMachineAuth", "Stopped", "Starting", "NoState", "Odd {S}"):
        yield (
            f"node-{state[:16].strip()}",
            NODE + json.dumps(_RUNNING | {"BackendState": state}).encode(),
        )
    expired = {"Expired": True, "DNSName": "old.ts.net."}
    yield "node-expired", NODE + json.dumps(_RUNNING | {"Self": expired}).encode()
    yield (
        "node-renamed",
        NODE + json.dumps(_RUNNING | {"Self": {"DNSName": "new.ts.net."}}).encode(),
    )
    bare = {"Capabilities": ["https://tailscale.com/cap/ssh"]}
    yield "node-not-allowed", NODE + json.dumps(_RUNNING | {"Self": bare}).encode()
    yield "node-strange", NODE + b'{"BackendState": "Running", "Self": [], "Health": {}}'


def _prints() -> Iterator[tuple[str, bytes]]:
    yield "printed-on", PRINTED + b"\0" + _config_of(_OURS)
    yield "printed-text", PRINTED + b"\0" + _ON.encode()
    yield "printed-missing", PRINTED + b"\x7f"
    yield "printed-login", PRINTED + b"\1\0To log in, visit:\nhttps://login.tailscale.com/a/{S}\n"
    yield "printed-down", PRINTED + b"\1\0Failed to connect to local Tailscale daemon\n"
    yield "printed-node", PRINTED + b"\0" + json.dumps(_RUNNING).encode()

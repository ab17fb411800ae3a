"""What restoring one Serve entry changes, and whom it would harm. Pure.

A configuration is carried as tailscaled gave it: of what is not ours not a byte changes,
neither what we do not know nor what looks wrong.
"""

from collections.abc import Iterator, Mapping
from enum import Enum

from picoclaw_watchdog.core.commands import command
from picoclaw_watchdog.core.foreign import said
from picoclaw_watchdog.core.model import Entry
from picoclaw_watchdog.host.serve_config import (
    HTTPS_PORT,
    LOOPBACK,
    entries_of,
    leads_to,
    line_of,
    port_of,
    same_target,
    table,
    target_of,
)
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import Served

# What a `tailscale` of 1.52 knows; an older one than tailscaled drops what it does not.
KNOWN_BY_ALL = {
    "": frozenset(("TCP", "Web", "AllowFunnel", "Foreground", "ETag")),
    "TCP": frozenset(("HTTPS", "HTTP", "TCPForward", "TerminateTLS")),
    "Handlers": frozenset(("Path", "Proxy", "Text")),
}


class Means(Enum):
    """How the entry is restored."""

    SOCKET = "socket"  # leaf by leaf
    COMMAND = "command"  # the handler is made anew, and the host's present name is taken
    OLD_COMMAND = "old_command"  # as well: what it does not know of others is dropped


class Obstacle(Enum):
    """Why something of others stands in the way."""

    BECOMES_PUBLIC = "becomes_public"
    COMES_ALIVE = "comes_alive"  # nobody could reach it, and now the tailnet could
    IS_REPLACED = "is_replaced"
    OTHER_TYPE = "other_type"
    FOREGROUND = "foreground"
    LOSES_FIELDS = "loses_fields"
    OTHER_NAME = "other_name"
    UNREADABLE = "unreadable"


class Standing(NamedTuple):
    """One thing that would change, and how."""

    obstacle: Obstacle
    line: str  # the thing itself, printable


Effect = tuple[Standing, ...]  # what of others would change; empty: nothing


def restored(config: Mapping[str, object], entry: Entry) -> dict[str, object]:
    """The configuration with the three leaves of one entry, and nothing else changed."""
    place = _place(entry)
    tcp, web, allowed = (dict(table(config.get(key))) for key in ("TCP", "Web", "AllowFunnel"))
    if table(tcp.get(str(entry.port))).get("HTTPS") is not True:
        tcp[str(entry.port)] = {"HTTPS": True}
    server = dict(table(web.get(place)))
    handlers = dict(table(server.get("Handlers")))
    handler = table(handlers.get(entry.mount))
    if not same_target(leads_to(handler)[1], entry.target):
        handlers[entry.mount] = {"Proxy": entry.target}
        server["Handlers"] = handlers
        web[place] = server
    allowed[place] = True
    return {**config, "TCP": tcp, "Web": web, "AllowFunnel": allowed}


def withdrawn(config: Mapping[str, object], entry: Entry) -> dict[str, object]:
    """The configuration without an entry that is alone on its port."""
    gone = {"TCP": str(entry.port), "Web": _place(entry), "AllowFunnel": _place(entry)}
    left = dict(config)
    for part, key in gone.items():
        left[part] = {name: each for name, each in table(config.get(part)).items() if name != key}
    return {key: value for key, value in left.items() if value or key not in gone}


def sharing(config: Mapping[str, object], entry: Entry) -> tuple[str, ...]:
    """What else is on the entry's public port, as lines."""
    ours = (entry.host, entry.port, entry.mount)
    return tuple(
        line_of(each)
        for each in entries_of(config)
        if each.port == entry.port
        and ((each.host, each.port, each.mount) != ours or not _is_plain(each))
    )


def effect(
    config: Mapping[str, object], entry: Entry, *, name: str, means: Means = Means.SOCKET
) -> Effect:
    """What of others restoring an entry would change.

    Args:
        config: All that is served now.
        entry: What is to be restored.
        name: The node's name now.
        means: How it would be restored.
    """
    found = [*_of_the_name(entry, name), *_of_the_form(config, entry)]
    if not found:
        found = [
            *_of_the_port(config, entry),
            *_of_foreground(config, entry),
            *_of_the_mount(config, entry),
            *_of_neighbours(config, entry),
        ]
    if means is not Means.SOCKET:
        found += _of_the_handler(config, entry)
    if means is Means.OLD_COMMAND:
        found += [Standing(Obstacle.LOSES_FIELDS, field) for field in unknown_fields(config)]
    return tuple(dict.fromkeys(found))


def _of_the_name(entry: Entry, name: str) -> Iterator[Standing]:
    """An entry under a name that the node no longer has would be dead, and hide why."""
    if name and name.lower() != entry.host.lower():
        yield Standing(Obstacle.OTHER_NAME, f"{_line(entry)}: this node is now {name}")


def _of_the_form(config: Mapping[str, object], entry: Entry) -> Iterator[Standing]:
    """Whatever is not of the known form where we would have to write."""
    place = _place(entry)
    web = table(config.get("Web"))
    server = table(web.get(place))
    tcp = table(config.get("TCP"))
    spots = (
        *(("TCP", config), ("Web", config), ("AllowFunnel", config), ("Foreground", config)),
        *((str(entry.port), tcp), (place, web), ("Handlers", server)),
    )
    for key, holder in spots:
        if holder.get(key) is not None and not isinstance(holder[key], dict):
            yield Standing(Obstacle.UNREADABLE, f"{key}: {str(holder[key])[:40]!r}")


def _of_the_port(config: Mapping[str, object], entry: Entry) -> Iterator[Standing]:
    """What else than HTTPS is served on the public port."""
    listener = table(table(config.get("TCP")).get(str(entry.port)))
    other = listener.get("HTTP") is True or listener.get("TCPForward")
    if not listener or (listener.get("HTTPS") is True and not other):
        return
    there = [each for each in entries_of(config) if each.port == entry.port and _is_plain(each)]
    lines = [line_of(each) for each in there if each.kind != "https"]
    for line in lines or [f"port {entry.port}: {', '.join(map(ascii, listener))}"]:
        yield Standing(Obstacle.OTHER_TYPE, line)


def _of_foreground(config: Mapping[str, object], entry: Entry) -> Iterator[Standing]:
    """Sessions in a terminal: a background entry on their port is refused, or ends them."""
    for session in table(config.get("Foreground")).values():
        there = [each for each in entries_of(table(session)) if each.port == entry.port]
        for each in there:
            yield Standing(Obstacle.FOREGROUND, line_of(each._replace(foreground=True)))
        ports = map(port_of, table(table(session).get("TCP")))
        if not there and entry.port in ports:
            yield Standing(Obstacle.FOREGROUND, f"port {entry.port}: a session in a terminal")


def _of_the_mount(config: Mapping[str, object], entry: Entry) -> Iterator[Standing]:
    """A handler of somebody else's in our place; `/x` and `/x/` are one place."""
    for mount, handler in _handlers(config, entry).items():
        if mount.rstrip("/") != entry.mount.rstrip("/"):
            continue
        what, target = leads_to(table(handler))
        if mount != entry.mount or what != "proxy" or not same_target(target, entry.target):
            served = _served(entry, mount, what, target)
            public = table(config.get("AllowFunnel")).get(_place(entry)) is True
            yield Standing(Obstacle.IS_REPLACED, line_of(served._replace(public=public)))


def _of_neighbours(config: Mapping[str, object], entry: Entry) -> Iterator[Standing]:
    """Whatever else would be reached by more people than now: a port is public as a whole."""
    before = {_key(each): each for each in entries_of(config) if _is_plain(each)}
    for each in entries_of(restored(config, entry)):
        was = before.get(_key(each))
        if not _is_plain(each) or was is None or each.kind != "https":
            continue
        if (each.host, each.port, each.mount) == (entry.host, entry.port, entry.mount):
            continue
        if (each.public and each.live) and not (was.public and was.live):
            yield Standing(Obstacle.BECOMES_PUBLIC, line_of(was))
        elif each.live and not was.live:
            yield Standing(Obstacle.COMES_ALIVE, line_of(was))


def _of_the_handler(config: Mapping[str, object], entry: Entry) -> Iterator[Standing]:
    """What the command cannot say: what the owner has set on our own handler, an odd target."""
    if entry.target.startswith(("-", "/", "text:")):
        yield Standing(Obstacle.UNREADABLE, _line(entry))
    handler = table(_handlers(config, entry).get(entry.mount))
    listener = table(table(config.get("TCP")).get(str(entry.port)))
    extra = (
        [] if handler.keys() & {"Path", "Text", "Redirect"} else sorted(set(handler) - {"Proxy"})
    )
    extra += sorted(set(listener) - {"HTTPS", "HTTP", "TCPForward", "TerminateTLS"})
    if extra:
        line = f"{_line(entry)}: {', '.join(map(_word, extra))}"
        yield Standing(Obstacle.LOSES_FIELDS, line)


def unknown_fields(config: Mapping[str, object]) -> tuple[str, ...]:
    """The fields that an old `tailscale` would drop, wherever they are."""
    found = [*sorted(set(config) - KNOWN_BY_ALL[""])]
    for part in (config, *map(table, table(config.get("Foreground")).values())):
        for port, listener in table(part.get("TCP")).items():
            found += [f"TCP {port}: {key}" for key in table(listener) if _is_new("TCP", key)]
        for place, server in table(part.get("Web")).items():
            found += [f"{place}: {key}" for key in table(server) if key != "Handlers"]
            for mount, handler in table(table(server).get("Handlers")).items():
                new = [key for key in table(handler) if _is_new("Handlers", key)]
                found += [f"{place}{mount}: {key}" for key in new]
    return tuple(map(_word, found))


def _is_new(where: str, key: str) -> bool:
    return key not in KNOWN_BY_ALL[where]


def is_alone(config: Mapping[str, object], entry: Entry) -> bool:
    """Whether the node serves this entry and nothing else whatever: all of it can be restored."""
    kept = {key: value for key, value in config.items() if value and key != "ETag"}
    return kept == restored({}, _as_stored(config, entry))


def _as_stored(config: Mapping[str, object], entry: Entry) -> Entry:
    """The entry with its target spelt as the configuration has it."""
    target = leads_to(table(_handlers(config, entry).get(entry.mount)))[1]
    return entry._replace(target=target) if same_target(target, entry.target) else entry


def arguments(entry: Entry) -> tuple[str, ...]:
    """Arguments for `tailscale` that publish the entry."""
    target = target_of(entry.target)
    short = target is not None and entry.target == f"http://{LOOPBACK[0]}:{target.port}"
    return (
        *("funnel", "--bg"),
        *([f"--https={entry.port}"] if entry.port != HTTPS_PORT else []),
        *([f"--set-path={entry.mount}"] if entry.mount not in ("", "/") else []),
        str(target.port) if short and target is not None else entry.target,
    )


def publishing(entry: Entry, *, as_root: bool = True) -> tuple[str, ...]:
    """The words of the command that publishes the entry."""
    return (*(("sudo",) if as_root else ()), "tailscale", *arguments(entry))


def advice(entry: Entry) -> str:
    """What the owner can paste to publish the entry himself."""
    return command(*publishing(entry))


def _place(entry: Entry) -> str:
    return f"{entry.host}:{entry.port}"


def _handlers(config: Mapping[str, object], entry: Entry) -> dict[str, object]:
    place = _place(entry)
    return table(table(table(config.get("Web")).get(place)).get("Handlers"))


def _is_plain(served: Served) -> bool:
    """Of the node itself, and not of a session or a Service: these have maps of their own."""
    return not served.foreground and not served.service


def _key(served: Served) -> tuple[str, int, str, str]:
    return served.host, served.port, served.mount, served.kind


def _served(entry: Entry, mount: str, what: str, target: str) -> Served:
    return Served(entry.port, "https", what, target, entry.host, mount)


def _line(entry: Entry) -> str:
    return line_of(_served(entry, entry.mount, "proxy", entry.target)._replace(public=True))


def _word(text: str) -> str:
    return said(text, limit=200)

"""PicoClaw's own settings: where the gateway is, and what of it ours follow.

They are read from where the gateway reads them: its environment comes before its config.json, in
the fork's form and upstream's, and before its defaults.
"""

import re
from collections.abc import Iterable, Mapping

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import Any, NamedTuple
from picoclaw_watchdog.settings.mistakes import ENVIRONMENT, Refusal, Source, Written, shown
from picoclaw_watchdog.settings.references import is_meant
from picoclaw_watchdog.settings.schema import BY_FIELD, OF_LINE
from picoclaw_watchdog.settings.sources import Document, document_origin
from picoclaw_watchdog.settings.values import is_host, read_value

HOME, CONFIG = "PICOCLAW_HOME", "PICOCLAW_CONFIG"
_FIELDS = {
    "PICOCLAW_GATEWAY_HOST": "gateway_host",
    "PICOCLAW_GATEWAY_PORT": "gateway_port",
    "PICOCLAW_CHANNELS_LINE_WEBHOOK_PORT": "line_webhook_port",
    "PICOCLAW_CHANNELS_LINE_WEBHOOK_PATH": "webhook_path",
}
VARIABLES = (HOME, CONFIG, *_FIELDS)

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 18790
_ID = r"[UCR][0-9a-f]{32}"
# To listen on all of these is to answer at 127.0.0.1. Go listens on the IPv4 one for `localhost`.
_EVERYWHERE = ("", "*", "0.0.0.0", "::", "localhost", LOOPBACK)  # noqa: S104 - read, not bound
_NAME = r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?"
_OLLAMA_HERE = r"https?://(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0):11434"


class Picoclaw(NamedTuple):
    """The facts in config.json; 0, empty or None where the file does not say."""

    gateway_port: int = 0
    line_enabled: bool | None = None  # None: there is no LINE channel
    webhook_port: int = 0  # the fork's; newer releases ignore theirs
    webhook_path: str = ""
    may_write: tuple[str, ...] = ()  # LINE IDs that the bot listens to
    ollama: tuple[str, ...] = ()  # base addresses, without /v1
    old_form: bool = True  # `channels`, not `channel_list`
    gateway_host: str | None = None  # as it is written


class Own(NamedTuple):
    """Where PicoClaw's own settings put the gateway; 0 or empty where they say nothing."""

    host: str = ""  # where it is reached from here, without brackets
    port: int = 0
    webhook_path: str = ""
    webhook_port: int = 0  # 0 as well where the webhook is served on the gateway's own port
    source: str = ""  # the file or the variable that says where it is

    @property
    def address(self) -> str:
        """The gateway's address; empty where nothing is said of it."""
        if not (self.host or self.port):
            return ""
        return url(self.host or LOOPBACK, self.port or DEFAULT_PORT)


def url(host: str, port: int) -> str:
    """The address of a host, given without brackets, and a port."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def facts(document: dict[str, Any]) -> Picoclaw:
    """The facts in a config.json."""
    gateway = _table(document.get("gateway"))
    host = gateway.get("host")
    found = Picoclaw(
        gateway_port=_port(gateway.get("port")),
        gateway_host=host if isinstance(host, str) else None,
        ollama=tuple(dict.fromkeys(_ollama(document))),
        old_form="channel_list" not in document,
    )
    for _, _, channel in line_channels(document):
        said = {**_table(channel.get("settings")), **channel}
        allowed = said.get("allow_from")
        allowed = allowed if isinstance(allowed, list) else []
        path = said.get("webhook_path")
        return found._replace(
            line_enabled=said.get("enabled") is True,
            webhook_port=_port(said.get("webhook_port")),
            webhook_path=path if isinstance(path, str) else "",
            may_write=tuple(each for each in map(str, allowed) if re.fullmatch(_ID, each)),
        )
    return found


def config_place(theirs: Mapping[str, Written], pico_home: str, home: str) -> Written:
    """Where the gateway reads its config.json."""
    for name, ending in ((CONFIG, ""), (HOME, "/config.json")):
        said = theirs.get(name, Written(""))
        path = said.text
        if path == "~" or path.startswith("~/"):
            path = home + path[1:]
        if path.startswith("/") and path.isprintable() and not is_meant(path, strictly=True):
            return said._replace(text=f"{path.rstrip('/')}{ending}")
    return Written(f"{pico_home}/config.json")


def source_of(theirs: Mapping[str, Written], document: Document, known: Picoclaw) -> Source:
    """What PicoClaw's settings say of the things that we watch.

    Beside our fields there is `gateway_host`, as we reach it.
    """
    source = _of_line(document)
    if known.gateway_port:
        source["gateway_port"] = _written(document, str(known.gateway_port), "gateway", "port")
    if known.gateway_host is not None:
        source["gateway_host"] = _written(document, known.gateway_host, "gateway", "host")
    if known.webhook_port:
        source["line_webhook_port"] = _written(document, str(known.webhook_port), "webhook_port")
    source |= _of_ollama(document, known)
    for name, field in _FIELDS.items():
        said = theirs.get(name, Written(""))
        if said.text and (_port(_whole(said.text)) or not field.endswith("port")):
            source[field] = said
    if not known.old_form:  # upstream serves the webhook on the gateway's own port, and no other
        source.pop("line_webhook_port", None)
    return source


def own_of(said: Source) -> Own:
    """The same as values."""
    none = Written("")
    host, port = said.get("gateway_host"), said.get("gateway_port")
    return Own(
        host=_reached(host.text) if host else "",
        port=_whole(port.text) if port else 0,
        webhook_path=said.get("webhook_path", none).text,
        webhook_port=_whole(said.get("line_webhook_port", none).text),
        source=_named(port or host),
    )


def followed(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """The settings with what the gateway's unit puts into its environment laid over them.

    What the owner has set himself stays; then only what PicoClaw says is taken down beside it.
    """
    theirs = {name: Written(text, ENVIRONMENT, name) for name, text in environment.items()}
    said = own_of(source_of(theirs, Document(""), Picoclaw()))
    if not (said.host or said.port):
        return settings
    known_host, known_port = _parts(settings.own_address)
    own = said._replace(host=said.host or known_host, port=said.port or known_port)
    told = settings._replace(own_address=own.address, own_source=own.source)
    if settings.address_set:
        return told
    host, port = own.host or LOOPBACK, own.port or DEFAULT_PORT
    before, after = url(settings.gateway_host, settings.gateway_port), url(host, port)
    return told._replace(
        gateway_host=host,
        gateway_port=port,
        # One that the owner has set, or switched off, is another one.
        health_url=_moved(settings.health_url, before, after, "/health"),
        ready_url=_moved(settings.ready_url, before, after, "/ready"),
        line_webhook_port=port
        if settings.line_webhook_port == settings.gateway_port
        else settings.line_webhook_port,
    )


def line_channels(document: dict[str, Any]) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """PicoClaw's LINE channels: (`channel_list` or `channels`, its name there, itself)."""
    for root in ("channel_list", "channels"):
        channels = document.get(root)
        if isinstance(channels, dict):
            for name, channel in channels.items():
                if isinstance(channel, dict) and channel.get("type", name) == "line":
                    yield root, name, channel


def stands_in(value: str) -> bool:
    """Whether PicoClaw's example, or its own secret store, has put something else in its place."""
    away = "YOUR_" in value or "NOT_HERE" in value or "://" in value
    return away or not value.strip() or is_meant(value, strictly=True)


def _of_line(document: Document) -> Source:
    """What PicoClaw itself uses for LINE: `channels.line` or, newer, `channel_list`."""
    keys = {**OF_LINE, "webhook_path": "webhook_path"}
    source: Source = {}
    for root, name, channel in line_channels(document.content):
        for place in (_table(channel.get("settings")), channel):
            for field, key in keys.items():
                value = place.get(key)
                if field not in source and isinstance(value, str) and not stands_in(value):
                    origin = document_origin(document, root, name, key)
                    called = f"{root}.{shown(name)}.{key}"
                    source[field] = Written(value.strip(), origin, called)
    return source


def _of_ollama(document: Document, known: Picoclaw) -> Source:
    """Where PicoClaw has an Ollama that is not the usual one here."""
    if not known.ollama or any(re.fullmatch(_OLLAMA_HERE, base) for base in known.ollama):
        return {}
    address = f"{known.ollama[0]}/v1/models"
    if isinstance(read_value(BY_FIELD["ollama_models_url"], address, ""), Refusal):
        return {}
    return {"ollama_models_url": _written(document, address, "api_base")}


def _ollama(document: dict[str, Any]) -> list[str]:
    """Where PicoClaw itself looks for Ollama."""
    bases = [_table(_table(document.get("providers")).get("ollama")).get("api_base")]
    models = document.get("model_list")
    for model in models if isinstance(models, list) else ():
        entry = _table(model)
        if str(entry.get("model", "")).startswith("ollama/"):
            bases.append(entry.get("api_base"))
    return [
        base.rstrip("/").removesuffix("/v1")
        for base in bases
        if isinstance(base, str) and re.match(r"https?://[^/@\s]+", base)
    ]


def _written(document: Document, text: str, *keys: str) -> Written:
    return Written(text, document_origin(document, *keys), ".".join(keys))


def _reached(text: str) -> str:
    """Where a gateway that listens on this is reached from here; empty: nobody can tell."""
    reached = [_host(each.strip().lower()) for each in text.split(",")]
    return LOOPBACK if LOOPBACK in reached else next(filter(None, reached), "")


def _host(text: str) -> str:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if bare in _EVERYWHERE:
        return LOOPBACK
    if ":" in bare:
        return bare if is_host(f"[{bare}]") else ""
    return bare if re.fullmatch(_NAME, bare) and is_host(bare) else ""


def _named(written: Written | None) -> str:
    """The file and line, or the variable."""
    if written is None:
        return ""
    return written.key if written.origin == ENVIRONMENT else written.origin.text


def _parts(address: str) -> tuple[str, int]:
    """Host, without brackets, and port of an address that was put together here."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    return host.strip("[]"), int(port) if port else 0


def _moved(address: str, before: str, after: str, path: str) -> str:
    return f"{after}{path}" if address == f"{before}{path}" else address


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0  # noqa: PLR2004


def _port(value: object) -> int:
    return value if type(value) is int and 0 < value < 65_536 else 0  # noqa: PLR2004

"""What PicoClaw's own config.json says of the things we watch: the fork's form and upstream's."""

import json
import os
import re
from typing import Any, NamedTuple

from picoclaw_watchdog.settings.sources import LARGEST_CONFIG, line_channels

_ID = r"[UCR][0-9a-f]{32}"


class Picoclaw(NamedTuple):
    """The facts; 0, empty or None where the file does not say."""

    gateway_port: int = 0
    line_enabled: bool | None = None  # None: there is no LINE channel
    webhook_port: int = 0  # the fork's; newer releases ignore theirs
    webhook_path: str = ""
    may_write: tuple[str, ...] = ()  # LINE IDs that the bot listens to
    ollama: tuple[str, ...] = ()  # base addresses, without /v1
    old_form: bool = True  # `channels`, not `channel_list`


def read(path: str) -> Picoclaw | None:
    """The facts in a config.json; None where there is none that can be read."""
    try:
        if os.path.getsize(path) > LARGEST_CONFIG:
            return None
        with open(path, encoding="utf-8-sig") as file:
            document = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    return facts(document) if isinstance(document, dict) else None


def facts(document: dict[str, Any]) -> Picoclaw:
    """The facts in the document."""
    found = Picoclaw(
        gateway_port=_port(_table(document.get("gateway")).get("port")),
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


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _port(value: object) -> int:
    return value if type(value) is int and 0 < value < 65_536 else 0  # noqa: PLR2004

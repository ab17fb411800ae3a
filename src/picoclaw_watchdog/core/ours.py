"""Which texts are the owner's secrets. Pure, and without a pattern: every cycle asks for them."""

from collections.abc import Iterator

from picoclaw_watchdog.core.settings import Settings

PART_MIN = 8  # characters of a part of an address that can be a secret of its own


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Everything that must never be written anywhere."""
    channels = [entry.partition(">")[2] or entry for entry in settings.apprise_urls]
    whole = (
        settings.line_channel_access_token,
        settings.line_channel_secret,
        settings.kick_token,
        settings.ollama_api_key,
        settings.heartbeat_url,
        *channels,
    )
    addresses = (
        settings.health_url,
        settings.ready_url,
        settings.webhook_url,
        settings.ollama_models_url,
        settings.line_push_endpoint,
    )
    parts = [part for url in (settings.heartbeat_url, *channels) for part in parts_of(url)]
    parts += [part for url in addresses for part in _credentials(url)]
    return tuple(dict.fromkeys(filter(None, (*whole, *parts))))


def parts_of(url: str) -> Iterator[str]:
    """The parts of an address that is a secret as a whole, as somebody may quote them alone."""
    yield from _credentials(url)
    location, slash, path = url.partition("://")[2].partition("/")
    if _is_telling(path):
        yield slash + path
    for part in _split(f"{location}/{path}", "@/?&=:;,#"):
        if "." not in part and _is_telling(part):
            yield part


def _credentials(url: str) -> Iterator[str]:
    """The password of an address, and of its query what is no word."""
    rest, _, query = url.partition("://")[2].partition("?")
    user, at, _ = rest.rpartition("@")
    if at:
        yield user.partition(":")[2] or user
    yield from filter(_is_telling, _split(query, "&;="))


def _split(text: str, signs: str) -> list[str]:
    return "".join(" " if sign in signs else sign for sign in text).split()


def _is_telling(part: str) -> bool:
    """Whether a part can be a secret, and is no ordinary word or number."""
    if len(part) < PART_MIN or part.isdigit():
        return False
    return not part.isalpha() or (part != part.lower() and part != part.upper())

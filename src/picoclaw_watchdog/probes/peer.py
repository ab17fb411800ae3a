"""Requests to Ollama, and to what stands in its place."""

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Request


def request(settings: Settings, url: str, method: str = "GET", body: bytes = b"") -> Request:
    """A request with the owner's key, where one is set.

    The key goes to the addresses of `ollama_models_url`'s host alone: every URL here is made
    from it, and redirects are never followed.
    """
    headers: list[tuple[str, str]] = []
    if settings.ollama_api_key:
        headers.append(("Authorization", f"Bearer {settings.ollama_api_key}"))
    if body:
        headers.append(("Content-Type", "application/json"))
    return Request(url, method, tuple(headers), body)

"""Does the gateway take what LINE would send? A deeper look, off by default."""

from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request, World
from picoclaw_watchdog.probes.http_sights import (
    FORBIDDEN,
    OK,
    UNAUTHORIZED,
    Expectation,
    Shape,
    observed_here,
    unknown,
)

# LINE sends the same when its console verifies a webhook: no events, nothing for the agent.
REFUSED = (UNAUTHORIZED, FORBIDDEN)  # the one or the other, by release
BODY = b'{"destination":"U00000000000000000000000000000000","events":[]}'


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """A signed POST without events == 200; 401 or 403 means that the channel secrets differ."""
    if not settings.line_channel_secret:
        return unknown(Probe.SIGNATURE, Sight.NO_ADDRESS, "no channel secret")
    began = world.clock.now()
    url = _url(settings, settings.line_webhook_port)
    answer = _post(url, settings, world, deadline)
    left = deadline - seconds_between(began, world.clock.now())
    if answer.fate is HttpFate.REFUSED and left > 0:  # webhook on the gateway's port?
        shared = _url(settings, settings.gateway_port)
        other = _post(shared, settings, world, left)
        answer = other if other.status in (OK, *REFUSED) else answer
    seen = observed_here(Probe.SIGNATURE, answer, Expectation(OK, Shape.ANY), url)
    if answer.status in REFUSED:
        return seen._replace(sight=Sight.SIGNATURE_REFUSED)
    return seen


def _url(settings: Settings, port: int) -> str:
    return f"http://127.0.0.1:{port}{settings.webhook_path}"


def _post(url: str, settings: Settings, world: World, deadline: float) -> Answer:
    request = Request(
        url,
        "POST",
        (
            ("Content-Type", "application/json"),
            ("X-Line-Signature", signed(BODY, settings.line_channel_secret)),
        ),
        BODY,
    )
    return world.network.ask(request, deadline)


def signed(body: bytes, secret: str) -> str:
    """LINE's signature: HMAC-SHA256 of the raw body under the channel secret, in base64."""
    import binascii
    import hmac

    digest = hmac.digest(secret.encode(), body, "sha256")
    return binascii.b2a_base64(digest, newline=False).decode("ascii")

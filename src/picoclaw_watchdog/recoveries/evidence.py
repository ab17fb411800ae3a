"""Save the gateway's last words before a restart buries them."""

import re

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Ran, World

LINES = 200
MASK = "[masked]"
SECRET_MIN = 4  # a shorter setting is no secret, and masking it would shred the text
NAMED = (
    r"(?i)((?:token|secret|passw(?:or)?d|api[_-]?key|credential|authorization|signature)"
    r"[\\\"']*\s*[=:]\s*[\\\"']*)(?!Bearer|Basic)[^\s\\\"',;&}]+"
)
RULES = (
    (r"(?i)\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", rf"\1 {MASK}"),
    (NAMED, rf"\1{MASK}"),
    (r"://[^\s/@]+@", f"://{MASK}@"),
    (r"(?<![\w/.+=-])[A-Za-z0-9+/_-]{80,}={0,2}", MASK),  # long and without a dot: no path
)


def capture(settings: Settings, world: World) -> str:
    """Keep the unit's last journal lines, secrets masked; answers the file's path.

    Never raises. Where the journal has nothing or does not answer, the file says so; the
    answer is empty where no file could be written.
    """
    unit = settings.gateway_service
    ran = world.services.journal(unit, LINES, settings.local_timeout_sec)
    secrets = (
        settings.line_channel_access_token,
        settings.line_channel_secret,
        settings.kick_token,
    )
    text = mask(_text(unit, ran), secrets)
    return world.store.keep_evidence(text, world.clock.now())


def _text(unit: str, ran: Ran) -> str:
    head = f"# journalctl --user -u {unit} -n {LINES}\n"
    if ran.timed_out:
        head += "# the journal did not answer in time; what follows is incomplete\n"
    elif not ran.ok:
        head += f"# the journal could not be read: {ran.complaint}\n"
    elif not ran.out.strip():
        head += "# the journal has nothing about this unit\n"
    return head + ran.out


def mask(text: str, secrets: tuple[str, ...]) -> str:
    """The text without the given secrets and without what looks like one."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SECRET_MIN:
            text = text.replace(secret, MASK)
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    return text

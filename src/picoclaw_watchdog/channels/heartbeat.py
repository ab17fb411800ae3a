"""The dead-man's switch: what the outside is told after a cycle, and in which form. Pure.

Three services' forms, known by the address:

- healthchecks (hc-ping.com, or a server of one's own): POST to the address for success, to
  `/fail` below it for failure, with a short text.
- Uptime Kuma's push monitor: GET `/api/push/TOKEN?status=up|down&msg=...&ping=MS`.
- anything else: a plain GET. It can only say "alive", so it says it unless nobody else could
  tell the owner that the host is ill: then silence raises the alarm.

"Ill" is what the owner is told of, not every blip that is mended or confirmed a minute later:
one fault, one alarm. While the owner has paused everything, all is as he wants it.
"""

from enum import Enum

from picoclaw_watchdog.core.model import Moment, State, seconds_between
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import NamedTuple

AT_MOST_EVERY = 13.0  # seconds; healthchecks may limit more than five pings a minute
UNTOLD_AFTER = 600.0  # seconds that a message may wait before the outside must be told instead
TEXT_MAX = 200  # characters
_UUID = [8, 4, 4, 4, 12]
_HEX = frozenset("0123456789abcdefABCDEF")


class Form(Enum):
    """How the service wants to be called."""

    HEALTHCHECKS = "healthchecks"
    KUMA = "kuma"
    PLAIN = "plain"


class Health(Enum):
    """How the host is, as far as the outside must know."""

    WELL = "well"
    PAUSED = "paused"
    ILL = "ill"
    UNTOLD = "untold"  # something is to be told, and no channel takes it


class Call(NamedTuple):
    """One request to the service."""

    method: str
    url: str
    body: str = ""


def is_due(last: float | None, now: float) -> bool:
    """Whether to call again; both in seconds since the epoch. A clock set back counts as due."""
    return last is None or not 0 <= now - last < AT_MOST_EVERY


def health_of(settings: Settings, state: State, now: Moment) -> Health:
    """How the host is after a cycle."""
    pause = state.paused
    if pause is not None and (pause.until is None or pause.until > now.wall):
        return Health.PAUSED
    alerted = any(incident.alerted for incident in state.incidents)
    channels = settings.line_notify_enabled or bool(settings.apprise_urls)
    if (alerted and not channels) or _is_untold(settings, state, now):
        return Health.UNTOLD
    return Health.ILL if alerted else Health.WELL


def _is_untold(settings: Settings, state: State, now: Moment) -> bool:
    if state.channel_trouble and settings.line_notify_enabled and not settings.apprise_urls:
        return True
    waiting = (*state.outbox, *(letter for bag in state.bags for letter in bag.letters))
    if not waiting:
        return False
    from picoclaw_watchdog.core.delivery import is_told  # only where something waits

    told = dict(state.told)
    return any(
        seconds_between(letter.made, now) >= UNTOLD_AFTER
        and not is_told(told.get(letter.key), letter)
        for letter in waiting
    )


def form_of(url: str) -> Form:
    """The form that the address wants."""
    host, path = _parts(url)
    before, _, last = path.rstrip("/").rpartition("/")
    if before.endswith("/api/push") and last:
        return Form.KUMA
    below_ping = path.partition("/ping/")[2].strip("/")
    if host == "hc-ping.com" or below_ping or _is_uuid(last):
        return Form.HEALTHCHECKS
    return Form.PLAIN


def _is_uuid(text: str) -> bool:
    # Patterns would be compiled anew in every cycle.
    parts = text.split("-")
    return [len(part) for part in parts] == _UUID and set("".join(parts)) <= _HEX


def call_for(url: str, health: Health, text: str, took_ms: int) -> Call | None:
    """The request that tells it; None: to say nothing is what tells it."""
    well = health in (Health.WELL, Health.PAUSED)
    text = text[:TEXT_MAX]
    form = form_of(url)
    if form is Form.KUMA:
        base = url.partition("?")[0].rstrip("/")
        status = "up" if well else "down"
        return Call("GET", f"{base}?status={status}&msg={_quoted(text)}&ping={took_ms}")
    if form is Form.HEALTHCHECKS:
        base, asked, query = url.partition("?")
        base = base.rstrip("/")
        for signal in ("/start", "/fail", "/log"):
            base = base.removesuffix(signal)
        return Call("POST", f"{base}{'' if well else '/fail'}{asked}{query}", text)
    return None if health is Health.UNTOLD else Call("GET", url)


def _parts(url: str) -> tuple[str, str]:
    """Host without its port, and path without its query."""
    rest = url.partition("://")[2].partition("?")[0]
    host, slash, path = rest.partition("/")
    return host.partition(":")[0].lower(), slash + path


def _quoted(text: str) -> str:
    """Percent-encoded for a query; urllib.parse would cost a quiet cycle 2 ms."""
    return "".join(
        c
        if c.isascii() and (c.isalnum() or c in "._~-")
        else "".join(f"%{b:02X}" for b in c.encode())
        for c in text.encode("utf-8", "replace").decode()
    )

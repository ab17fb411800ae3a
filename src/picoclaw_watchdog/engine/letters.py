"""Letters in the owner's language and time, with nothing in them that nobody may read."""

import re
import time

from picoclaw_watchdog.core.model import (
    Alert,
    Moment,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Gravity, Topic
from picoclaw_watchdog.core.settings import Settings

_CREDENTIALS = re.compile(r"//[^/\s]+@")


def text_of(letters: tuple[Alert, ...], settings: Settings, host: str, now: Moment) -> str:
    """One letter as it is sent, or several as one digest."""
    from picoclaw_watchdog.core import wording

    timed = tuple(with_local_times(letter, now) for letter in letters)
    waited = max(seconds_between(letter.made, now) for letter in letters)
    if len(timed) == 1:
        return masked(settings, wording.letter(timed[0], host, settings.language, waited))
    return masked(settings, wording.digest(timed, host, settings.language, waited))


def line_of(letter: Alert, settings: Settings, host: str, now: Moment) -> str:
    """The letter in one line, for the log."""
    from picoclaw_watchdog.core import wording

    text = wording.letter(with_local_times(letter, now), host, settings.language)
    return masked(settings, " / ".join(text.split("\n")))


def names_of(letters: tuple[Alert, ...]) -> str:
    """What the letters are about, for the log."""
    return ", ".join(f"{letter.key}:{letter.topic.value}" for letter in letters)


def kind_of(letters: tuple[Alert, ...]) -> str:
    """How services that know colours should show them: success, info, warning or failure."""
    if all(letter.topic in (Topic.ALL_CLEAR, Topic.MENDED) for letter in letters):
        return "success"
    grave = {letter.gravity for letter in letters}
    if Gravity.CRITICAL in grave:
        return "failure"
    return "warning" if Gravity.WARNING in grave else "info"


def masked(settings: Settings, text: str) -> str:
    """The text without whatever secret slipped into a detail on its way here."""
    secrets = (
        settings.line_channel_access_token,
        settings.line_channel_secret,
        settings.kick_token,
        settings.heartbeat_url,
        *(entry.partition(">")[2] for entry in settings.apprise_urls),
    )
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return _CREDENTIALS.sub("//***@", text)


def with_local_times(letter: Alert, now: Moment) -> Alert:
    """The letter with its times as the owner's clock shows them, with the date where not today.

    `made_at` comes from the moment it was made, `since` and `next_at` from the facts
    `since_wall` and `next_wall` (seconds since the epoch), unless they are given as texts.
    """
    told = dict(letter.facts)
    walls = {
        "made_at": str(letter.made.wall),
        "since": told.get("since_wall", ""),
        "next_at": told.get("next_wall", ""),
    }
    local = {name: text for name, wall in walls.items() if (text := _local(wall, now.wall))}
    return letter._replace(facts=tuple((local | told).items()))


def _local(wall: str, now: float) -> str:
    try:
        then, today = time.localtime(float(wall)), time.localtime(now)
    except (ValueError, OverflowError, OSError):
        return ""
    same = (then.tm_year, then.tm_yday) == (today.tm_year, today.tm_yday)
    return time.strftime("%H:%M" if same else "%m-%d %H:%M", then)

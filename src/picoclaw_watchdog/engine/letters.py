"""Letters in the owner's language and time, with nothing in them that nobody may read."""

import time

from picoclaw_watchdog.core.foreign import without
from picoclaw_watchdog.core.model import (
    Alert,
    Moment,
    seconds_between,
)
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.core.reasons import Gravity, Topic
from picoclaw_watchdog.core.settings import Settings


def text_of(letters: tuple[Alert, ...], settings: Settings, host: str, now: Moment) -> str:
    """One letter as it is sent, or several as one digest."""
    from picoclaw_watchdog.core import wording

    timed = tuple(with_local_times(letter, now) for letter in letters)
    waited = max(seconds_between(letter.made, now) for letter in letters)
    if len(timed) == 1:
        text = wording.letter(timed[0], host, settings.language, waited)
    else:
        text = wording.digest(timed, host, settings.language, waited)
    return without(secrets_of(settings), text)


def line_of(letter: Alert, settings: Settings, host: str, now: Moment) -> str:
    """The letter in one line, for the log."""
    from picoclaw_watchdog.core import wording

    text = wording.letter(with_local_times(letter, now), host, settings.language)
    return without(secrets_of(settings), " / ".join(text.split("\n")))


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

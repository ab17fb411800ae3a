"""What the owner's own switches have in common: until when, who he is, and his settings."""

import re
import sys
import time
from collections.abc import Mapping

from picoclaw_watchdog.cli.arguments import Known, Typed, typed_in
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.cli.loading import USAGE, complain
from picoclaw_watchdog.core.lengths import seconds_of
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.terminal.paint import tell

LONGEST = 31 * 86_400  # seconds
FOREVER = "forever"
WITH_END = Known(valued=frozenset({"--until", "--reason"}), words=1)
_TIME = r"(?:([0-9]{4})-([0-9]{2})-([0-9]{2})[ T])?([01]?[0-9]|2[0-3]):([0-5][0-9])"

NO_END = Text(
    "say for how long: 30m, 2h, --until 18:00, or forever",
    "長さを指定してください: 30m、2h、--until 18:00、または forever",
)
NO_LENGTH = Text(
    "{text!r} is no length of time: write 90s, 30m, 2h, 1h30m or 3d (31d at most), or forever",
    "{text!r} は長さではありません: 90s、30m、2h、1h30m、3d（最長 31d）、または forever",
)
NO_TIME = Text(
    "{text!r} is no time: write 18:00 or 2026-07-01 18:00",
    "{text!r} は日時ではありません: 18:00 か 2026-07-01 18:00 のように書いてください",
)
PAST = Text("{text!r} is in the past", "{text!r} は過去の日時です")
TOO_FAR = Text(
    "{text!r} is more than 31 days away: write forever if that is meant",
    "{text!r} は 31 日より先です。期限なしなら forever と書いてください",
)


class UnclearError(Exception):
    """A length or time that means nothing to us: a Text, and what was typed."""

    def said(self, language: str) -> str:
        """The sentence."""
        text, typed = self.args
        return str(text.say(language, text=typed))


def asked(
    name: str, arguments: list[str], known: Known, helps: Mapping[str, Help]
) -> tuple[Settings, Typed] | int:
    """The settings and what was typed, or the exit status where the command ends here.

    A mistake in the settings must not keep the owner from his switch: it is only told, as long
    as the state folder is certain.
    """
    found = typed_in(name, arguments, known, helps)
    if isinstance(found, int):
        return found
    loaded, typed = found
    unsure = any(each.key.endswith(("STATE_DIR", "PICO_HOME")) for each in loaded.mistakes)
    return USAGE if complain(loaded) and unsure else (loaded.settings, typed)


def end_of(typed: Typed, now: float) -> float | None:
    """When it shall end, in seconds since the epoch; None: never by itself.

    Raises:
        UnclearError: it does not say so, or not in a way that we understand.
    """
    until = typed.values.get("--until", "")
    if len(typed.words) + bool(until) != 1:
        raise UnclearError(NO_END, "")
    if until:
        return _clock(until, now)
    if typed.words[0] == FOREVER:
        return None
    seconds = seconds_of(typed.words[0], LONGEST)
    if not seconds:
        raise UnclearError(NO_LENGTH, typed.words[0])
    return now + seconds


def _clock(text: str, now: float) -> float:
    found = re.fullmatch(_TIME, text)
    if found is None:
        raise UnclearError(NO_TIME, text)
    year, month, day, hour, minute = found.groups()
    today = time.localtime(now)
    date = (int(year), int(month), int(day)) if year else today[:3]
    try:
        until = time.mktime((*date, int(hour), int(minute), 0, 0, 0, -1))
        if not year and until <= now:  # tomorrow; a day may have 23 or 25 hours
            until = time.mktime((*date[:2], date[2] + 1, int(hour), int(minute), 0, 0, 0, -1))
    except (ValueError, OverflowError):
        raise UnclearError(NO_TIME, text) from None
    if year and time.localtime(until)[:3] != date:
        raise UnclearError(NO_TIME, text)
    if until <= now:
        raise UnclearError(PAST, text)
    if until - now > LONGEST:
        raise UnclearError(TOO_FAR, text)
    return until


def day_and_time(wall: float, now: float) -> str:
    """Local time, with the date where it is not today."""
    then, today = time.localtime(wall), time.localtime(now)
    same = then[:3] == today[:3]
    return time.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M:%S", then)


def say(text: str) -> None:
    """A complaint."""
    tell(text, sys.stderr)

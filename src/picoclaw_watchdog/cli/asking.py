"""What the owner's own commands have in common: their words, who he is, and until when."""

import os
import re
import sys
import time
from typing import NamedTuple

from picoclaw_watchdog.cli.loading import complain, load_settings
from picoclaw_watchdog.core.lengths import seconds_of
from picoclaw_watchdog.core.settings import Settings

LONGEST = 31 * 86_400  # seconds
FOREVER = "forever"
_TIME = r"(?:([0-9]{4})-([0-9]{2})-([0-9]{2})[ T])?([01]?[0-9]|2[0-3]):([0-5][0-9])"


class Wish(NamedTuple):
    """What the command line says."""

    words: tuple[str, ...] = ()
    until: str = ""
    reason: str = ""

    def must_be_empty(self) -> None:
        """For commands without arguments.

        Raises:
            ValueError: it has some.
        """
        if self != Wish():
            raise ValueError("it takes no arguments")


def parse(arguments: list[str]) -> Wish:
    """Take a command line apart: words, `--until TIME`, `--reason TEXT`.

    Raises:
        ValueError: it has something that we do not understand.
    """
    words: list[str] = []
    values: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in ("--until", "--reason"):
            if not equals and not rest:
                raise ValueError(f"{name} needs a value")
            values[name] = value if equals else rest.pop(0)
        elif word.startswith("-"):
            raise ValueError(f"unknown option {word}")
        else:
            words.append(word)
    return Wish(tuple(words), values.get("--until", ""), values.get("--reason", ""))


def end_of(wish: Wish, now: float) -> float | None:
    """When it shall end, in seconds since the epoch; None: never by itself.

    Raises:
        ValueError: it does not say so, or not in a way that we understand.
    """
    if len(wish.words) + bool(wish.until) != 1:
        raise ValueError("say for how long: 30m, 2h, --until 18:00, or forever")
    if wish.until:
        return _clock(wish.until, now)
    if wish.words[0] == FOREVER:
        return None
    seconds = seconds_of(wish.words[0], LONGEST)
    if not seconds:
        raise ValueError(
            f"{wish.words[0]!r} is no length of time: write 90s, 30m, 2h, 1h30m or 3d"
            " (31d at most), or forever"
        )
    return now + seconds


def _clock(text: str, now: float) -> float:
    found = re.fullmatch(_TIME, text)
    if found is None:
        raise ValueError(f"{text!r} is no time: write 18:00 or 2026-07-01 18:00")
    year, month, day, hour, minute = found.groups()
    today = time.localtime(now)
    date = (int(year), int(month), int(day)) if year else today[:3]
    try:
        until = time.mktime((*date, int(hour), int(minute), 0, 0, 0, -1))
        if not year and until <= now:  # tomorrow; a day may have 23 or 25 hours
            until = time.mktime((*date[:2], date[2] + 1, int(hour), int(minute), 0, 0, 0, -1))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time: {error}") from None
    if year and time.localtime(until)[:3] != date:
        raise ValueError(f"{text!r} is no day of the calendar")
    if until <= now:
        raise ValueError(f"{text!r} is in the past")
    if until - now > LONGEST:
        raise ValueError(f"{text!r} is more than 31 days away: write forever if that is meant")
    return until


def user_name() -> str:
    """Who is at the keyboard, as Unix knows him."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def settings_of_owner() -> Settings | None:
    """The settings; None where they have a mistake, which has been told by now.

    A mistake elsewhere must not keep the owner from his switch: only a warning then, as long as
    the state folder is certain.
    """
    loaded = load_settings()
    fatal = complain(loaded)
    unsure = any(each.key.endswith(("STATE_DIR", "PICO_HOME")) for each in loaded.mistakes)
    return None if fatal and unsure else loaded.settings


def day_and_time(wall: float, now: float) -> str:
    """Local time, with the date where it is not today."""
    then, today = time.localtime(wall), time.localtime(now)
    same = then[:3] == today[:3]
    return time.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M:%S", then)


def say(text: str) -> None:
    """A complaint."""
    print(text, file=sys.stderr)

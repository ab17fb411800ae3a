"""Stories: named nights in TOML. The format is described in docs/proof.md.

Every mistake in a story is one line that names the file, the place, and what would be right.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import resources
from typing import Any, NamedTuple

from picoclaw_watchdog.core.reasons import Hold, Ill
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim.deeds import DEEDS, Arguments

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_KEYS = ("title", "why", "lasts", "settings", "at", "expect")
_ENDS = ("well", "told")
_NOT_YOURS = ("state_dir", "pico_home", "kick_file", "kick_token", "log_dir", "log_file")


class StoryError(ValueError):
    """A mistake in a story, in one line."""


class Event(NamedTuple):
    """One thing that happens in a story."""

    time: float  # seconds from its beginning
    deed: str
    arguments: Arguments
    lasts: float | None  # seconds; None: to the end


class Expectation(NamedTuple):
    """What must have come of it. None: anything."""

    restarts: tuple[int, int] | None = None  # at least, at most
    funnel: tuple[int, int] | None = None  # commands that publish
    pushes: tuple[int, int] | None = None
    messages: tuple[str, ...] | None = None  # all that LINE took, in their order
    brought: tuple[str, ...] | None = None  # all that couriers brought, in their order
    withheld: tuple[str, ...] = ()  # reasons that were given at least once
    causes: tuple[str, ...] = ()  # root causes that were found at least once
    kicks: tuple[str, ...] | None = None  # outcomes, in their order
    down_at_most: float | None = None  # seconds
    ends: str = "well"


class Story(NamedTuple):
    """One night."""

    name: str
    title: Mapping[str, str]  # by language
    why: str
    settings: Mapping[str, Any]
    events: tuple[Event, ...]
    lasts: float
    expect: Expectation

    def settings_on(self, settings: Settings) -> Settings:
        """The owner's settings, with those that this story is about."""
        return settings._replace(**self.settings)


def names() -> list[str]:
    """The names of the stories that come with this program."""
    folder = resources.files("picoclaw_watchdog.sim") / "stories"
    return sorted(each.name[:-5] for each in folder.iterdir() if each.name.endswith(".toml"))


def load(name: str) -> Story:
    """A story that comes with this program.

    Raises:
        StoryError: there is none of this name, or it has a mistake.
    """
    if name not in names():
        raise StoryError(f"there is no story {name!r}{_meant(name, names())}")
    path = resources.files("picoclaw_watchdog.sim") / "stories" / f"{name}.toml"
    return parse(name, path.read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Story:
    """Read a story.

    Raises:
        StoryError: it has a mistake.
    """
    try:
        known = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StoryError(f"{name}.toml: {error}") from None
    reader = _Reader(f"{name}.toml")
    reader.only(known, _KEYS, "")
    title = known.get("title")
    if not isinstance(title, dict) or not all(isinstance(title.get(k), str) for k in ("en", "ja")):
        reader.wrong("title", "needs a text for en and for ja")
    return Story(
        name,
        dict(title or {}),
        reader.text(known, "why", ""),
        reader.settings(known.get("settings", {})),
        tuple(reader.event(number, each) for number, each in enumerate(known.get("at", []), 1)),
        reader.length(known.get("lasts"), "lasts"),
        reader.expectation(known.get("expect")),
    )


class _Reader:
    """Reads the parts of one file."""

    def __init__(self, file: str) -> None:
        self._file = file

    def wrong(self, place: str, what: str) -> None:
        where = f"{self._file}: {place}" if place else self._file
        raise StoryError(f"{where}: {what}")

    def only(self, found: Mapping[str, object], known: Sequence[str], place: str) -> None:
        for key in found:
            if key not in known:
                self.wrong(place, f"unknown key {key!r}{_meant(key, known)}")

    def text(self, found: Mapping[str, Any], key: str, place: str) -> str:
        value = found.get(key)
        if not isinstance(value, str) or not value:
            self.wrong(place, f"{key} is missing, or no text")
        return str(value)

    def length(self, value: object, place: str) -> float:
        """Seconds: a number, or texts such as 90s, 4m, 1h 30m."""
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
            return float(value)
        parts = _LENGTH.findall(value) if isinstance(value, str) else []
        if not parts or _LENGTH.sub("", str(value)).strip():
            self.wrong(place, f"{value!r} is no length of time; right would be 90s, 4m or 1h 30m")
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)

    def settings(self, found: object) -> Mapping[str, Any]:
        if not isinstance(found, dict):
            self.wrong("settings", "must be a table")
        wanted: dict[str, Any] = {}
        for key, value in dict(found if isinstance(found, dict) else {}).items():
            if key not in Settings._fields or key in _NOT_YOURS:
                self.wrong("settings", f"unknown setting {key!r}{_meant(key, Settings._fields)}")
            default = Settings._field_defaults[key]
            value = tuple(value) if isinstance(value, list) else value  # noqa: PLW2901
            kinds = (int, float) if isinstance(default, float) else type(default)
            if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool):
                self.wrong("settings", f"{key} must be like {default!r}, not {value!r}")
            wanted[key] = value
        return wanted

    def event(self, number: int, found: Mapping[str, Any]) -> Event:
        place = f"[[at]] {number}"
        name = self.text(found, "do", place)
        deed = DEEDS.get(name)
        if deed is None:
            raise StoryError(f"{self._file}: {place}: unknown deed {name!r}{_meant(name, DEEDS)}")
        self.only(found, ("time", "do", "for", *deed.takes), place)
        arguments: dict[str, Any] = {}
        for key, kind in deed.takes.items():
            if key in found:
                arguments[key] = self._argument(found[key], kind, f"{place}: {key}")
        lasts = self.length(found["for"], f"{place}: for") if "for" in found else None
        return Event(self.length(found.get("time"), f"{place}: time"), name, arguments, lasts)

    def _argument(self, value: object, kind: type, place: str) -> object:
        if kind is float:
            negative = isinstance(value, str) and value.startswith("-")
            length = self.length(str(value)[1:] if negative else value, place)
            return -length if negative else length
        if type(value) is not kind:
            self.wrong(place, f"must be of type {kind.__name__}, not {value!r}")
        return value

    def expectation(self, found: object) -> Expectation:
        if not isinstance(found, dict):
            raise StoryError(f"{self._file}: expect: is missing")
        self.only(found, Expectation._fields, "expect")
        wanted: dict[str, Any] = {}
        for key in ("restarts", "funnel", "pushes"):
            if key in found:
                wanted[key] = self._range(found[key], f"expect: {key}")
        for key in ("messages", "brought", "withheld", "causes", "kicks"):
            if key in found:
                wanted[key] = tuple(map(str, found[key]))
        self._members(wanted.get("withheld", ()), [each.value for each in Hold], "withheld")
        self._members(wanted.get("causes", ()), [each.value for each in Ill], "causes")
        if "down_at_most" in found:
            wanted["down_at_most"] = self.length(found["down_at_most"], "expect: down_at_most")
        wanted["ends"] = found.get("ends", "well")
        self._members((wanted["ends"],), _ENDS, "ends")
        return Expectation(**wanted)

    def _members(self, found: Sequence[str], known: Sequence[str], key: str) -> None:
        for each in found:
            if each not in known:
                self.wrong(f"expect: {key}", f"unknown {each!r}{_meant(each, known)}")

    def _range(self, value: object, place: str) -> tuple[int, int]:
        if isinstance(value, int) and not isinstance(value, bool):
            return value, value
        if isinstance(value, list) and len(value) == 2 and all(type(v) is int for v in value):  # noqa: PLR2004
            return value[0], value[1]
        raise StoryError(f"{self._file}: {place}: {value!r} is neither a number nor [least, most]")


def _meant(name: str, known: Any) -> str:
    close = get_close_matches(name, list(known), 3, 0.5)
    return f"; did you mean {' or '.join(close)}?" if close else ""

"""The three places where settings are written, each read into texts by field."""

import os
import stat
from collections.abc import Iterable, Mapping

from picoclaw_watchdog.light import Any, NamedTuple
from picoclaw_watchdog.settings import dotenv
from picoclaw_watchdog.settings.mistakes import (
    DEFAULT,
    ENVIRONMENT,
    Flaw,
    Mistake,
    Origin,
    shown,
)
from picoclaw_watchdog.settings.names import meant, meant_field
from picoclaw_watchdog.settings.schema import BY_FIELD, BY_NAME, OF_LINE, PREFIX, Setting

LARGEST_ENV = 256 * 1024  # bytes
LARGEST_CONFIG = 4 * 1024 * 1024


class Written(NamedTuple):
    """A setting as somebody wrote it down."""

    text: str
    origin: Origin = DEFAULT
    key: str = ""  # as it is called there


Source = dict[str, Written]  # by field


def from_environment(environ: Mapping[str, str], mistakes: list[Mistake]) -> Source:
    """Our keys of the process environment."""
    source: Source = {}
    for name, text in environ.items():
        setting = BY_NAME.get(name)
        if setting is not None:
            said = _said(setting.field, text.strip(), is_written=bool(text))
            source[setting.field] = Written(said, ENVIRONMENT, name)
        elif name.startswith("PICO") or PREFIX in name.upper():
            mistakes.extend(_stray(name, ENVIRONMENT))
    return source


def from_dotenv(path: str, mistakes: list[Mistake], unread: list[tuple[Setting, str]]) -> Source:
    """Our keys of a `.env`. A file that is not there has none.

    Args:
        path: of the file.
        mistakes: gets what is wrong with it.
        unread: gets what stands in lines that cannot be read.
    """
    content = _read(path, LARGEST_ENV, mistakes, private=True)
    source: Source = {}
    first: dict[str, int] = {}
    text = _decoded(content, path, mistakes)
    for entry in dotenv.parse(text):
        origin = Origin(path, entry.line)
        setting = BY_NAME.get(entry.key)
        if setting is None:
            mistakes.extend(_stray(entry.key, origin))
        elif entry.flaw is not None:
            mistakes.append(Mistake(origin, entry.key, entry.flaw, right=entry.key))
            raw = text.split("\n")[entry.line - 1].partition("=")[2]
            unread += [(setting, piece) for piece in raw.replace('"', "'").split("'")]
        elif setting.field == "pico_home":
            flaw = Flaw.ONLY_IN_ENVIRONMENT
            mistakes.append(Mistake(origin, entry.key, flaw, fatal=False))
        else:
            if entry.key in first:
                again = str(first[entry.key])
                flaw = Flaw.REPEATED_KEY
                mistakes.append(Mistake(origin, entry.key, flaw, again, fatal=False))
            first[entry.key] = entry.line
            source[setting.field] = Written(entry.value, origin, entry.key)
    return source


def from_config(path: str, mistakes: list[Mistake]) -> tuple[Source, Source]:
    """The `watchdog` object of PicoClaw's config.json, and what its LINE channel tells us."""
    content = _read(path, LARGEST_CONFIG, mistakes)
    text = _decoded(content, path, mistakes)
    if not text.strip():
        return {}, {}
    import json  # only where there is such a file

    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        mistakes.append(Mistake(Origin(path, error.lineno), "", Flaw.NOT_JSON))
        return {}, {}
    except (ValueError, RecursionError):  # a number of 5000 digits, or nested without end
        mistakes.append(Mistake(Origin(path), "", Flaw.NOT_JSON))
        return {}, {}
    if not isinstance(document, dict):
        mistakes.append(Mistake(Origin(path), "", Flaw.NOT_AN_OBJECT))
        return {}, {}
    return _watchdog(document, path, text, mistakes), _line_channel(document, path, text)


def _watchdog(document: dict[str, Any], path: str, text: str, mistakes: list[Mistake]) -> Source:
    watchdog = document.get("watchdog")
    if watchdog is None:
        return {}
    if not isinstance(watchdog, dict):
        mistakes.append(Mistake(Origin(path, _line(text, "watchdog")), "watchdog", Flaw.WRONG_TYPE))
        return {}
    source: Source = {}
    for key, value in watchdog.items():
        name = f"watchdog.{shown(key)}"
        origin = Origin(path, _line(text, "watchdog", key))
        if key not in BY_FIELD:
            near = meant_field(key)
            flaw = Flaw.MISSPELT_KEY if near else Flaw.UNKNOWN_KEY
            mistakes.append(Mistake(origin, name, flaw, right=near))
        elif key == "pico_home":
            mistakes.append(Mistake(origin, name, Flaw.ONLY_IN_ENVIRONMENT, fatal=False))
        elif value is not None:
            plain = _as_text(value)
            if plain is None:
                mistakes.append(Mistake(origin, name, Flaw.WRONG_TYPE))
            else:
                said = _said(key, plain, is_written=value != "")
                source[key] = Written(said, origin, name)
    return source


def _said(field: str, text: str, *, is_written: bool) -> str:
    """The text; of a list of who may ask, blanks and `[]` say that nobody may, not nothing."""
    return text or ("," if field == "kick_allowed_sources" and is_written else "")


def _line_channel(document: dict[str, Any], path: str, text: str) -> Source:
    """What PicoClaw itself uses for LINE: `channels.line` or, newer, `channel_list`."""
    keys = {**OF_LINE, "webhook_path": "webhook_path"}
    source: Source = {}
    for root, name, channel in line_channels(document):
        settings = channel.get("settings")
        for place in (settings if isinstance(settings, dict) else {}, channel):
            for field, key in keys.items():
                value = place.get(key)
                if field not in source and isinstance(value, str) and not _stands_in(value):
                    origin = Origin(path, _line(text, root, name, key))
                    called = f"{root}.{shown(name)}.{key}"
                    source[field] = Written(value.strip(), origin, called)
    return source


def line_channels(document: dict[str, Any]) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """PicoClaw's LINE channels: (`channel_list` or `channels`, its name there, itself)."""
    for root in ("channel_list", "channels"):
        channels = document.get(root)
        if isinstance(channels, dict):
            for name, channel in channels.items():
                if isinstance(channel, dict) and channel.get("type", name) == "line":
                    yield root, name, channel


def _stands_in(value: str) -> bool:
    """Whether PicoClaw's example, or its own secret store, has put something else in its place."""
    return not value.strip() or "YOUR_" in value or "NOT_HERE" in value or "://" in value


def _as_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    return None


def _stray(name: str, origin: Origin) -> list[Mistake]:
    right = meant(name)
    if right is None:
        return []
    flaw = Flaw.MISSPELT_KEY if right else Flaw.UNKNOWN_KEY
    return [Mistake(origin, shown(name), flaw, right=right)]


def _line(text: str, *keys: str) -> int:
    """The line where the last of the nested keys stands; 0 where it is written unusually."""
    at = 0
    for key in keys:
        at = text.find(f'"{key}"', at)
        if at < 0:
            return 0
    return text.count("\n", 0, at) + 1


def _decoded(content: bytes, path: str, mistakes: list[Mistake]) -> str:
    """The bytes as text. Wrong bytes stay recognisable and spoil only the value they are in."""
    if b"\0" in content:  # most likely UTF-16
        line = content[: content.index(b"\0")].count(b"\n") + 1
        mistakes.append(Mistake(Origin(path, line), "", Flaw.NOT_UTF8))
        return ""
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        mistakes.append(Mistake(Origin(path, line), "", Flaw.NOT_UTF8, fatal=False))
        return content.decode(errors="surrogateescape")


def _read(path: str, largest: int, mistakes: list[Mistake], *, private: bool = False) -> bytes:
    """The file's bytes; none, and a mistake, where it cannot or must not be read."""
    try:
        # Without O_NONBLOCK a named pipe would hold us for ever.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return b""
    except OSError as error:
        mistakes.append(_unreadable(path, error))
        return b""
    try:
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode):
            mistakes.append(Mistake(Origin(path), "", Flaw.NOT_A_FILE))
            return b""
        if private:
            mistakes.extend(_exposed(path, facts))
        content = _up_to(file, largest + 1)
    except OSError as error:
        mistakes.append(_unreadable(path, error))
        return b""
    finally:
        os.close(file)
    if len(content) > largest:
        mistakes.append(Mistake(Origin(path), "", Flaw.TOO_LARGE, right=f"{largest // 1024} KiB"))
        return b""
    return content


def _up_to(file: int, most: int) -> bytes:
    content = b""
    while len(content) < most:
        chunk = os.read(file, min(65_536, most - len(content)))
        if not chunk:
            break
        content += chunk
    return content


def _unreadable(path: str, error: OSError) -> Mistake:
    found = error.strerror or type(error).__name__
    return Mistake(Origin(path), "", Flaw.UNREADABLE, found, f"chmod u+r {path}")


def _exposed(path: str, facts: os.stat_result) -> list[Mistake]:
    if facts.st_uid != os.geteuid():
        right = f"sudo chown {os.geteuid()} {path}"
        return [Mistake(Origin(path), "", Flaw.OF_ANOTHER_USER, str(facts.st_uid), right)]
    if facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = f"{stat.S_IMODE(facts.st_mode):04o}"
        right = f"chmod 600 {path}"
        return [Mistake(Origin(path), "", Flaw.OPEN_TO_OTHERS, mode, right, fatal=False)]
    return []

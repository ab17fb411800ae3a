"""The places where our settings are written, each read into texts by field."""

from collections.abc import Mapping

from picoclaw_watchdog.light import Any, NamedTuple
from picoclaw_watchdog.settings import dotenv, files
from picoclaw_watchdog.settings.mistakes import (
    ENVIRONMENT,
    Flaw,
    Mistake,
    Origin,
    Source,
    Written,
    shown,
)
from picoclaw_watchdog.settings.names import meant, meant_field
from picoclaw_watchdog.settings.references import is_meant
from picoclaw_watchdog.settings.schema import BY_FIELD, BY_NAME, PREFIX, Kind, Setting

LARGEST_ENV = 256 * 1024  # bytes
LARGEST_CONFIG = 4 * 1024 * 1024


class Reading(NamedTuple):
    """What is noticed on the way through the places."""

    mistakes: list[Mistake]
    unread: list[tuple[Setting, str]]  # what stands where it cannot be used, by its setting


class Document(NamedTuple):
    """PicoClaw's config.json; empty where there is none that can be used."""

    path: str
    text: str = ""
    content: dict[str, Any] = {}  # noqa: RUF012 - nobody writes into it
    missing: bool = False


def from_environment(environ: Mapping[str, str], reading: Reading) -> Source:
    """Our keys of the process environment."""
    source: Source = {}
    for name, text in environ.items():
        setting = BY_NAME.get(name)
        if setting is not None:
            # Blanks are nothing, except in a list of who may ask: they open it to nobody.
            plain = text if setting.kind is Kind.SOURCES else text.strip()
            _take(setting, Written(plain, ENVIRONMENT, name), source, reading)
        elif name.startswith("PICO") or PREFIX in name.upper():
            reading.mistakes.extend(_stray(name, ENVIRONMENT))
    return source


def from_dotenv(path: str, reading: Reading) -> tuple[Source, dict[str, Written]]:
    """Our keys of a `.env`, and by name those of PicoClaw. A file that is not there has none."""
    content = files.read(path, LARGEST_ENV, reading.mistakes, secret=True)
    source: Source = {}
    theirs: dict[str, Written] = {}
    first: dict[str, int] = {}
    text = files.decoded(content or b"", path, reading.mistakes)
    for entry in dotenv.parse(text):
        origin = Origin(path, entry.line)
        written = Written(entry.value, origin, entry.key)
        setting = BY_NAME.get(entry.key)
        if setting is None:
            stray = _stray(entry.key, origin)
            reading.mistakes.extend(stray)
            if not stray and not entry.expands:
                theirs[entry.key] = written
        elif entry.flaw is not None:
            reading.mistakes.append(Mistake(origin, entry.key, entry.flaw, right=entry.key))
            raw = text.split("\n")[entry.line - 1].partition("=")[2]
            reading.unread.extend((setting, part) for part in raw.replace('"', "'").split("'"))
        elif setting.field == "pico_home":
            flaw = Flaw.ONLY_IN_ENVIRONMENT
            reading.mistakes.append(Mistake(origin, entry.key, flaw, fatal=False))
        else:
            if entry.key in first:
                again = str(first[entry.key])
                flaw = Flaw.REPEATED_KEY
                reading.mistakes.append(Mistake(origin, entry.key, flaw, again, fatal=False))
            first[entry.key] = entry.line
            _take(setting, written, source, reading, expands=entry.expands)
    return source, theirs


def from_config(document: Document, reading: Reading) -> Source:
    """The `watchdog` object of PicoClaw's config.json."""
    watchdog = document.content.get("watchdog")
    if watchdog is None:
        return {}
    if not isinstance(watchdog, dict):
        origin = document_origin(document, "watchdog")
        reading.mistakes.append(Mistake(origin, "watchdog", Flaw.WRONG_TYPE))
        return {}
    source: Source = {}
    for key, value in watchdog.items():
        name = f"watchdog.{shown(key)}"
        origin = document_origin(document, "watchdog", key)
        if key not in BY_FIELD:
            reading.mistakes.append(_unknown(name, meant_field(key), origin))
        elif key == "pico_home":
            flaw = Flaw.ONLY_IN_ENVIRONMENT
            reading.mistakes.append(Mistake(origin, name, flaw, fatal=False))
        elif value is not None:
            plain = _as_text(value)
            if plain is None:
                reading.mistakes.append(Mistake(origin, name, Flaw.WRONG_TYPE))
            else:
                # As above: a list that names nobody lets nobody in; only "" says nothing.
                nobody = value != "" and BY_FIELD[key].kind is Kind.SOURCES
                written = Written(plain or ("," if nobody else ""), origin, name)
                _take(BY_FIELD[key], written, source, reading)
    return source


def read_document(path: str, reading: Reading) -> Document:
    """The config.json at a path."""
    content = files.read(path, LARGEST_CONFIG, reading.mistakes)
    if content is None:
        return Document(path, missing=True)
    text = files.decoded(content, path, reading.mistakes)
    if not text.strip():
        return Document(path)
    import json  # only where there is such a file

    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        reading.mistakes.append(Mistake(Origin(path, error.lineno), "", Flaw.NOT_JSON))
        return Document(path)
    except (ValueError, RecursionError):  # a number of 5000 digits, or nested without end
        reading.mistakes.append(Mistake(Origin(path), "", Flaw.NOT_JSON))
        return Document(path)
    if not isinstance(document, dict):
        reading.mistakes.append(Mistake(Origin(path), "", Flaw.NOT_AN_OBJECT))
        return Document(path)
    return Document(path, text, document)


def document_origin(document: Document, *keys: str) -> Origin:
    """The line where the last of the nested keys stands; none where it is written unusually."""
    at = 0
    for key in keys:
        at = document.text.find(f'"{key}"', at)
        if at < 0:
            return Origin(document.path)
    return Origin(document.path, document.text.count("\n", 0, at) + 1)


def _take(
    setting: Setting, written: Written, source: Source, reading: Reading, *, expands: bool = False
) -> None:
    """Take a text, unless it was meant to be filled in by somebody: here nobody does."""
    # A secret may hold any sign where no shell would expand it; nothing else has a use for these.
    refers = expands or is_meant(written.text, strictly=not setting.secret)
    source.pop(setting.field, None)
    if refers:
        flaw = Flaw.REFERENCE_OR_SECRET if setting.secret else Flaw.REFERENCE
        mistake = Mistake(written.origin, written.key, flaw, right=setting.name)
        reading.mistakes.append(mistake)
        reading.unread.append((setting, written.text))
    else:
        source[setting.field] = written


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
    return [] if right is None else [_unknown(shown(name), right, origin)]


def _unknown(name: str, near: str, origin: Origin) -> Mistake:
    return Mistake(origin, name, Flaw.MISSPELT_KEY if near else Flaw.UNKNOWN_KEY, right=near)

"""What must hold for settings, whatever they were read from."""

import re

from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.mistakes import DEFAULT, Flaw
from picoclaw_watchdog.settings.schema import BY_FIELD, SETTINGS, Kind, Setting

SECRET = "s3cr3t-0123456789abcdef-the-owners"
GIVEAWAY = SECRET[:12]  # a message that was shortened must not show this much either
LONGEST_MISTAKE = 1000  # characters

_HIDDEN = (Kind.TOKEN, Kind.PASSPHRASE, Kind.RECIPIENT)
_CREDENTIALS = re.compile("://.*" + re.escape(SECRET) + ".*@", re.DOTALL)
_PATTERNS = {
    Kind.URL: r"(https?://[^/?@\s]+([/?][!-~]*)?)?",
    Kind.TOKEN: r"[!-~]*",
    Kind.RECIPIENT: r"[!-~]*",
}
DOORS = {"kick_allowed_sources": ("|",), "kick_plain_allowed": False}  # when shut
_UNFILLED = re.compile(r"\$\{[A-Za-z_]\w*\}|\$\([^()]+\)")
_OWN = re.compile(r"(http://([a-z0-9._-]+|\[[0-9a-f:.]+\]):[1-9][0-9]{0,4})?")
_DERIVED = ("state_dir", "log_dir", "log_file", "kick_file", "pico_home")


def complete(loaded: Loaded) -> None:
    """Every setting has a value that it may have, and every mistake can be told in one line."""
    for setting in SETTINGS:
        value = getattr(loaded.settings, setting.field)
        assert type(value) is type(setting.default), setting.field
        _allowed(setting, value)
    assert loaded.settings.language in {"en", "ja"}
    assert _OWN.fullmatch(loaded.settings.own_address)
    assert bool(loaded.settings.own_address) <= bool(loaded.settings.own_source)
    for field in _DERIVED:
        assert getattr(loaded.settings, field).startswith("/")
    for field, shut in DOORS.items():
        if loaded.origins[field] is DEFAULT and _is_meant_badly(loaded, field):
            assert getattr(loaded.settings, field) == shut, "a typing error opens no door"
    for mistake in loaded.mistakes:
        for language in ("en", "ja"):
            line = mistake.line(language)
            assert line
            assert line.isprintable(), "one line, safe in a terminal"
            assert len(line) < LONGEST_MISTAKE + len(mistake.origin.where)
    assert loaded.fatal == any(mistake.fatal for mistake in loaded.mistakes)


def _allowed(setting: Setting, value: object) -> None:
    if isinstance(value, str):
        pattern = _PATTERNS.get(setting.kind, ".*")
        assert re.fullmatch(pattern, value), setting.field
        assert value.isprintable(), setting.field
        assert not _UNFILLED.search(value), "nothing that was meant to be filled in"
    elif setting.high:
        assert isinstance(value, int | float)
        assert setting.low <= value <= setting.high, setting.field


def _is_meant_badly(loaded: Loaded, field: str) -> bool:
    """Whether somebody tried to write this setting and failed."""
    names = {BY_FIELD[field].name, field, f"watchdog.{field}"}
    fatal = [each for each in loaded.mistakes if each.fatal]
    return any(not each.key or names & {each.key, each.right} for each in fatal)


def silent_about_the_secret(loaded: Loaded) -> None:
    """No mistake shows it, or the greater part of it."""
    for mistake in loaded.mistakes:
        for language in ("en", "ja"):
            assert GIVEAWAY not in mistake.line(language), mistake.flaw


def may_be_shown(setting: Setting | None, text: str) -> bool:
    """Whether a mistake may quote this value: it belongs to no secret, and is no URL's password."""
    if setting is None or setting.kind in _HIDDEN:
        return False
    return SECRET not in text or SECRET in _CREDENTIALS.sub("", text)


def number(setting: Setting, text: str) -> int | None:
    """A second reading of a whole number; None where it is none, or out of range."""
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        return None
    value = int(text)
    return value if setting.low <= value <= setting.high else None


def switch(text: str) -> bool | None:
    """A second reading of a switch."""
    on, off = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
    return text.lower() in on if text.lower() in on | off else None


def reading(setting: Setting, text: str) -> int | bool | None:
    """A second reading of a switch or a whole number; None: refused."""
    return switch(text) if setting.kind is Kind.SWITCH else number(setting, text)


def expected(field: str, text: str) -> object:
    """What counts where this is written."""
    setting = BY_FIELD[field]
    value = reading(setting, text)
    if value is None and text:
        return DOORS.get(field, setting.default)
    return setting.default if value is None else value


def flaws(loaded: Loaded) -> set[Flaw]:
    return {mistake.flaw for mistake in loaded.mistakes}

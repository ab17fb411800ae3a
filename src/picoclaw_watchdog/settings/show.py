"""Values as text, for people: in documents, in the example files and on the screen."""

from picoclaw_watchdog.settings.mistakes import shown
from picoclaw_watchdog.settings.schema import Kind, Setting, Value

MASK = "********"

# What is put together from other settings, as it reads where nobody has moved anything.
_DERIVED = {
    "pico_home": "~/.picoclaw",
    "state_dir": "~/.picoclaw/state/watchdog",
    "log_dir": "~/.picoclaw/logs",
    "log_file": "~/.picoclaw/logs/ops-watchdog.log",
    "kick_file": "~/.picoclaw/state/watchdog/kick_request",
}


def as_text(value: Value, separator: str = ",") -> str:
    """The value as it would be written in `.env`, before quoting."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, tuple):
        return separator.join(value)
    return str(value)


def as_shown(setting: Setting, value: Value) -> str:
    """The value as it may be shown: a secret only by whether it is set."""
    text = as_text(value, "; " if setting.kind is Kind.WINDOWS else ",")
    if setting.secret:
        return MASK if text else ""
    return shown(text, 2_000)


def default_text(setting: Setting) -> str:
    """The default as the owner would write it."""
    return _DERIVED.get(setting.field) or as_text(setting.default)

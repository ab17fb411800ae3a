"""Every setting there is: what it is called, what it may be, where it belongs.

Parsing, checking, `config show`, the documentation and both example files are made from this
one table. What a setting means, in words, is in `texts`, which only people's commands read.
"""

from enum import Enum

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import NamedTuple

PREFIX = "PICOCLAW_WATCHDOG_"
LINE_PREFIX = "PICOCLAW_CHANNELS_LINE_"

Value = bool | int | float | str | tuple[str, ...]


class Kind(Enum):
    """What a value must look like."""

    SWITCH = "switch"  # true or false
    WHOLE = "whole"  # a whole number within bounds
    NUMBER = "number"  # a number within bounds
    URL = "url"  # http or https
    UNIT = "unit"  # name of a systemd service
    PATH = "path"  # absolute, after ~
    URL_PATH = "url_path"  # begins with /
    LANGUAGE = "language"
    RECIPIENT = "recipient"  # a LINE user, group or room
    TOKEN = "token"  # noqa: S105 - travels in an HTTP header
    PASSPHRASE = "passphrase"  # noqa: S105 - travels in a request line
    NAMES = "names"  # separated by commas
    CHANNELS = "channels"  # addresses of Apprise, each perhaps with its least gravity
    SECRET_URL = "secret_url"  # noqa: S105 - http or https, and who knows it may use it
    WINDOWS = "windows"  # events of systemd.time(7), each with a length; separated by semicolons
    SOURCES = "sources"  # patterns, separated by commas, each perhaps with its actions


_SECRETS = frozenset((Kind.TOKEN, Kind.PASSPHRASE, Kind.CHANNELS, Kind.SECRET_URL))


class Section(Enum):
    """How the documentation groups the settings."""

    GENERAL = "general"
    GATEWAY = "gateway"
    RESTART = "restart"
    WEBHOOK = "webhook"
    OLLAMA = "ollama"
    MESSAGES = "messages"
    KICK = "kick"
    FILES = "files"


class Setting(NamedTuple):
    """One setting; bounds are inclusive and only for numbers."""

    field: str  # in core.settings.Settings, and in config.json's `watchdog` object
    kind: Kind
    section: Section
    low: float = 0
    high: float = 0
    unit: str = ""
    can_be_off: bool = False  # set to nothing, it switches a probe off

    @property
    def name(self) -> str:
        """The key in the environment and in `.env`."""
        if self.field == "pico_home":
            return "PICO_HOME"
        if self.field in OF_LINE:
            return LINE_PREFIX + self.field.removeprefix("line_").upper()
        return PREFIX + self.field.upper()

    @property
    def default(self) -> Value:
        """What counts where nothing is set; empty paths are derived from PICO_HOME."""
        value: Value = Settings._field_defaults[self.field]
        return value

    @property
    def secret(self) -> bool:
        """Whether the value must never be shown."""
        return self.kind in _SECRETS


# PicoClaw's own settings, which we share: field -> key in config.json's LINE channel.
OF_LINE = {
    "line_channel_access_token": "channel_access_token",
    "line_channel_secret": "channel_secret",
}

_DAY = 86_400

SETTINGS: tuple[Setting, ...] = (
    Setting("enabled", Kind.SWITCH, Section.GENERAL),
    Setting("interval_sec", Kind.WHOLE, Section.GENERAL, 1, _DAY, "seconds"),
    Setting("language", Kind.LANGUAGE, Section.GENERAL),
    Setting("pause_windows", Kind.WINDOWS, Section.GENERAL),
    Setting("gateway_service", Kind.UNIT, Section.GATEWAY),
    Setting("gateway_port", Kind.WHOLE, Section.GATEWAY, 1, 65_535),
    Setting("health_url", Kind.URL, Section.GATEWAY, can_be_off=True),
    Setting("ready_url", Kind.URL, Section.GATEWAY, can_be_off=True),
    Setting("local_timeout_sec", Kind.NUMBER, Section.GATEWAY, 0.1, 60, "seconds"),
    Setting("restart_window_sec", Kind.WHOLE, Section.RESTART, 10, _DAY, "seconds"),
    Setting("restart_max_count", Kind.WHOLE, Section.RESTART, 0, 20, "restarts"),
    Setting("restart_verify_sec", Kind.WHOLE, Section.RESTART, 1, 600, "seconds"),
    Setting("startup_grace_sec", Kind.WHOLE, Section.RESTART, 0, 600, "seconds"),
    Setting("stop_timeout_sec", Kind.WHOLE, Section.RESTART, 1, 300, "seconds"),
    Setting("line_webhook_port", Kind.WHOLE, Section.WEBHOOK, 1, 65_535),
    Setting("webhook_path", Kind.URL_PATH, Section.WEBHOOK),
    Setting("webhook_url", Kind.URL, Section.WEBHOOK),
    Setting("external_timeout_sec", Kind.NUMBER, Section.WEBHOOK, 0.1, 120, "seconds"),
    Setting("probe_webhook_signature", Kind.SWITCH, Section.WEBHOOK),
    Setting("probe_line_webhook_test", Kind.SWITCH, Section.WEBHOOK),
    Setting("probe_public_dns", Kind.SWITCH, Section.WEBHOOK),
    Setting("line_channel_secret", Kind.TOKEN, Section.WEBHOOK),
    Setting("ollama_models_url", Kind.URL, Section.OLLAMA, can_be_off=True),
    Setting("ollama_api_key", Kind.TOKEN, Section.OLLAMA),
    Setting("ollama_retry_sec", Kind.WHOLE, Section.OLLAMA, 0, 300, "seconds"),
    Setting("ollama_required_models", Kind.NAMES, Section.OLLAMA),
    Setting("probe_ollama_generation", Kind.SWITCH, Section.OLLAMA),
    Setting("line_notify_enabled", Kind.SWITCH, Section.MESSAGES),
    Setting("line_notify_to", Kind.RECIPIENT, Section.MESSAGES),
    Setting("line_channel_access_token", Kind.TOKEN, Section.MESSAGES),
    Setting("line_push_endpoint", Kind.URL, Section.MESSAGES),
    Setting("line_quota_reserve", Kind.WHOLE, Section.MESSAGES, 0, 10_000, "messages"),
    Setting("apprise_urls", Kind.CHANNELS, Section.MESSAGES),
    Setting("heartbeat_url", Kind.SECRET_URL, Section.MESSAGES),
    Setting("alert_cooldown_sec", Kind.WHOLE, Section.MESSAGES, 0, 7 * _DAY, "seconds"),
    Setting("tell_mended", Kind.SWITCH, Section.MESSAGES),
    Setting("kick_enabled", Kind.SWITCH, Section.KICK),
    Setting("kick_token", Kind.PASSPHRASE, Section.KICK),
    Setting("kick_file", Kind.PATH, Section.KICK),
    Setting("kick_plain_allowed", Kind.SWITCH, Section.KICK),
    Setting("kick_allowed_sources", Kind.SOURCES, Section.KICK),
    Setting("pico_home", Kind.PATH, Section.FILES),
    Setting("state_dir", Kind.PATH, Section.FILES),
    Setting("log_dir", Kind.PATH, Section.FILES),
    Setting("log_file", Kind.PATH, Section.FILES),
    Setting("log_max_bytes", Kind.WHOLE, Section.FILES, 10_000, 1_000_000_000, "bytes"),
    Setting("log_keep", Kind.WHOLE, Section.FILES, 0, 100, "files"),
    Setting("captures_keep", Kind.WHOLE, Section.FILES, 1, 1_000, "files"),
    Setting("history_days", Kind.WHOLE, Section.FILES, 1, 3_650, "days"),
)

BY_FIELD: dict[str, Setting] = {setting.field: setting for setting in SETTINGS}
BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}

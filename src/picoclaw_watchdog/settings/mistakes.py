"""What can be wrong with the settings, as values. The sentences are in `wording`."""

from enum import Enum

from picoclaw_watchdog.light import NamedTuple


class Flaw(Enum):
    """What is wrong."""

    # a value
    NOT_A_SWITCH = "not_a_switch"
    NOT_WHOLE = "not_whole"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_URL = "not_a_url"
    URL_PORT = "url_port"
    URL_CREDENTIALS = "url_credentials"
    NO_URL_PATH = "no_url_path"
    NOT_A_UNIT = "not_a_unit"
    NO_UNIT_SUFFIX = "no_unit_suffix"
    NOT_ABSOLUTE = "not_absolute"
    NOT_A_URL_PATH = "not_a_url_path"
    NOT_A_LANGUAGE = "not_a_language"
    NOT_A_RECIPIENT = "not_a_recipient"
    NOT_A_TOKEN = "not_a_token"  # noqa: S105 - names a flaw
    NOT_A_KEY = "not_a_key"
    NOT_A_PASSPHRASE = "not_a_passphrase"  # noqa: S105 - names a flaw
    NOT_NAMES = "not_names"
    NOT_SOURCES = "not_sources"
    NOT_A_CHANNEL = "not_a_channel"
    NOT_A_GRAVITY = "not_a_gravity"
    TOO_MANY_CHANNELS = "too_many_channels"
    NOT_A_HEARTBEAT = "not_a_heartbeat"
    NOT_WINDOWS = "not_windows"
    WRONG_TYPE = "wrong_type"
    PLACEHOLDER = "placeholder"
    SHORT_TOKEN = "short_token"  # noqa: S105 - names a flaw
    SENT_IN_CLEAR = "sent_in_clear"
    BEATS_IN_CLEAR = "beats_in_clear"
    REFERENCE = "reference"
    REFERENCE_OR_SECRET = "reference_or_secret"  # noqa: S105 - names a flaw
    NEEDS_ANOTHER = "needs_another"
    NOT_FOUND = "not_found"
    PLACE_IN_USE = "place_in_use"
    # a key
    UNKNOWN_KEY = "unknown_key"
    MISSPELT_KEY = "misspelt_key"
    REPEATED_KEY = "repeated_key"
    ONLY_IN_ENVIRONMENT = "only_in_environment"
    # a line of `.env`
    NO_EQUALS = "no_equals"
    CARRIAGE_RETURN = "carriage_return"
    UNCLOSED_QUOTE = "unclosed_quote"
    AFTER_QUOTE = "after_quote"
    # a file
    OPEN_TO_OTHERS = "open_to_others"
    NOT_PRIVATE = "not_private"
    WRITABLE = "writable"
    OF_ANOTHER_USER = "of_another_user"
    FOLDER_WRITABLE = "folder_writable"
    FOLDER_OF_ANOTHER_USER = "folder_of_another_user"
    MISSING = "missing"
    NOT_PLAIN = "not_plain"
    UNREADABLE = "unreadable"
    NOT_A_FILE = "not_a_file"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"


class Origin(NamedTuple):
    """Where a value comes from."""

    where: str  # "environment", "default" or the path of a file
    line: int = 0  # in that file, from 1; 0: not known

    @property
    def text(self) -> str:
        """As `path:line`."""
        return f"{self.where}:{self.line}" if self.line else self.where


ENVIRONMENT = Origin("environment")
DEFAULT = Origin("default")


class Written(NamedTuple):
    """A setting as somebody wrote it down."""

    text: str
    origin: Origin = DEFAULT
    key: str = ""  # as it is called there


Source = dict[str, Written]  # by field


class Mistake(NamedTuple):
    """One thing that is wrong. It never holds the value of a secret."""

    origin: Origin
    key: str  # as it is written there; empty where the whole file is meant
    flaw: Flaw
    found: str = ""  # what is there; empty where it must not be shown
    right: str = ""  # what would be right: a range, a key, a command
    unit: str = ""
    fatal: bool = True  # commands that people run stop at it

    def line(self, language: str = "en") -> str:
        """The mistake in one line, in `en` or `ja`."""
        from picoclaw_watchdog.settings.wording import sentence  # rarely needed

        return sentence(self, language)


class Refusal(NamedTuple):
    """A value that was not accepted, before it is known where it came from."""

    flaw: Flaw
    right: str = ""
    found: str = ""  # the part that is wrong, where not all is
    kept: tuple[str, ...] | None = None  # what can be used all the same; None: the default


def shown(text: str, limit: int = 60) -> str:
    """A foreign text as it may stand in a message: one line, short, no URL's credentials."""
    head, at, tail = text.partition("://")
    if "@" in tail:  # up to the last one: a password may hold anything, / and @ too
        tail = "***@" + tail.rpartition("@")[2]
    clean = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in head + at + tail)
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."

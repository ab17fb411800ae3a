"""What the doctor finds, as values: a state, what it means, what mends it."""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from picoclaw_watchdog.core.commands import filled
from picoclaw_watchdog.core.foreign import masked, printable


class State(Enum):
    """How it stands with one thing. UNKNOWN is not bad: it could not be looked at."""

    OK = "ok"
    SKIPPED = "skipped"  # switched off, or it does not apply here
    UNKNOWN = "unknown"
    WARN = "warn"
    BAD = "bad"


class Area(Enum):
    """What the checks are about: one file each."""

    PROGRAM = "program"
    SYSTEMD = "systemd"
    GATEWAY = "gateway"
    TAILSCALE = "tailscale"
    MESSAGES = "messages"
    OLLAMA = "ollama"
    SETTINGS = "settings"
    MACHINE = "machine"


class Fix(Enum):
    """What `doctor --fix` may do: nothing that loses anything or needs root."""

    PROTECT = "protect"  # take a file or folder away from other users
    MAKE_FOLDERS = "make_folders"
    RELOAD = "reload"  # systemctl --user daemon-reload
    INSTALL = "install"  # program and units anew
    ENABLE = "enable"  # the timer and the path
    REARM = "rearm"  # a timer that shows active and never elapses
    RESET_FAILED = "reset_failed"
    MOVE_PID = "move_pid"


class Words(NamedTuple):
    """What one finding says; `{name}` are filled in. A remedy is a command, or words for one.

    In a remedy each `{name}` is a word of a shell, quoted where it must be; a tuple is several.
    """

    en: str
    ja: str
    remedy: str = ""
    remedy_ja: str = ""  # where the remedy is no mere command


class Finding(NamedTuple):
    """One thing that was looked at."""

    state: State
    words: Words
    facts: Mapping[str, object] = {}
    fix: Fix | None = None
    path: str = ""  # what the fix is about

    def says(self, language: str) -> str:
        """What it means, in one sentence."""
        text = self.words.ja if language == "ja" else self.words.en
        return text.format(**{name: _one_line(value) for name, value in self.facts.items()})

    def remedy(self, language: str) -> str:
        """What mends it; empty where nothing has to be mended."""
        text = (self.words.remedy_ja if language == "ja" else "") or self.words.remedy
        return filled(text, self.facts)


Findings = tuple[Finding, ...]
NOTHING: Findings = ()  # the check does not apply to this host


def good(words: Words, /, **facts: object) -> Findings:
    """It is as it should be."""
    return (Finding(State.OK, words, facts),)


def skipped(words: Words, /, **facts: object) -> Findings:
    """Nobody wants it looked at."""
    return (Finding(State.SKIPPED, words, facts),)


def unknown(words: Words, /, **facts: object) -> Findings:
    """It could not be looked at."""
    return (Finding(State.UNKNOWN, words, facts),)


def warn(words: Words, fix: Fix | None = None, fix_path: str = "", /, **facts: object) -> Findings:
    """It works, and will not always."""
    return (Finding(State.WARN, words, facts, fix, fix_path),)


def bad(words: Words, fix: Fix | None = None, fix_path: str = "", /, **facts: object) -> Findings:
    """It does not work."""
    return (Finding(State.BAD, words, facts, fix, fix_path),)


def _one_line(value: object) -> str:
    """Somebody else's words on one line, without control characters, of bearable length."""
    said = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    text = masked(printable(said))
    return text if len(text) <= 200 else f"{text[:197]}..."  # noqa: PLR2004

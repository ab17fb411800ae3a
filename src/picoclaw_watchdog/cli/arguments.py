"""What was typed behind a command: flags, options with a value, words."""

import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from picoclaw_watchdog.cli.helping import Help, show_help
from picoclaw_watchdog.cli.loading import USAGE, complain, load_settings
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.terminal.paint import CHOICES, tell

_COLOUR = "--color"
LANGUAGE = {"--language": ("en", "ja")}
_WRONG = {
    "en": {
        "unknown": "unknown option {0}",
        "value": "{0} needs a value",
        "no_value": "{0} takes no value",
        "word": "what is {0!r} for?",
        "choice": "{0} must be one of: {1}",
    },
    "ja": {
        "unknown": "不明なオプションです: {0}",
        "value": "{0} には値が必要です",
        "no_value": "{0} に値は付けられません",
        "word": "{0!r} は余分です",
        "choice": "{0} は次のいずれかです: {1}",
    },
}


class Known(NamedTuple):
    """The options of a command. `--help` and `--color WHEN` belong to every one."""

    flags: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()  # with a number behind it, or without
    choices: Mapping[str, Sequence[str]] = {}  # options whose value is one of these
    words: int = 0  # how many arguments besides, at most
    short: Mapping[str, str] = {}  # -n -> --lines; nothing changes a Mapping


class Typed(NamedTuple):
    """The options that were given."""

    flags: frozenset[str] = frozenset()
    values: Mapping[str, str] = {}
    words: tuple[str, ...] = ()

    @property
    def colour(self) -> str:
        """auto, always or never."""
        return self.values.get(_COLOUR, "auto")


class WrongUsageError(Exception):
    """What was typed means nothing: the name of the sentence, and what goes into it."""

    def said(self, language: str) -> str:
        """The sentence."""
        name, *details = self.args
        return _WRONG[language][name].format(*details)


def typed_for(
    command: str, arguments: Sequence[str], known: Known, helps: Mapping[str, Help]
) -> tuple[Settings, Typed] | int:
    """The settings and the options, or the exit status where the command ends here.

    That is 0 after --help, and 2 for wrong usage or for a mistake in the settings.
    """
    asked = typed_in(command, arguments, known, helps)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    return USAGE if complain(loaded) else (loaded.settings, typed)


def typed_in(
    command: str, arguments: Sequence[str], known: Known, helps: Mapping[str, Help]
) -> tuple[Loaded, Typed] | int:
    """As `typed_for`, for a command that goes on in spite of mistakes in the settings."""
    loaded = load_settings()
    language = loaded.settings.language
    if any(each in ("-h", "--help") for each in arguments):
        show_help(helps[language], language)
        return 0
    try:
        typed = parse(arguments, known)
    except WrongUsageError as wrong:
        return misused(command, wrong.said(language), helps, language)
    return loaded, typed


def misused(command: str, sentence: str, helps: Mapping[str, Help], language: str) -> int:
    """Say what was wrong, and how it is used; answers the exit status."""
    sys.stdout.flush()
    tell(f"picoclaw-watchdog {command}: {sentence}\n", sys.stderr)
    show_help(helps[language], language, to_errors=True)
    return USAGE


def is_number(text: str) -> bool:
    """Whether it is a decimal number without a sign, such as 2.5."""
    return text.isascii() and text.replace(".", "", 1).isdecimal()


def parse(arguments: Sequence[str], known: Known) -> Typed:
    """Sort what was typed. Both `--name value` and `--name=value` are understood.

    Raises:
        WrongUsageError: it cannot be understood.
    """
    flags: set[str] = set()
    values: dict[str, str] = {}
    words: list[str] = []
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        name = known.short.get(name, _COLOUR if name == "--colour" else name)
        if not name.startswith("-"):
            words.append(name + equals + value)
        elif _is_flag(name, known, follows=bool(equals) or (bool(rest) and rest[0][:1].isdigit())):
            if equals:
                raise WrongUsageError("no_value", name)
            flags.add(name)
        else:
            values[name] = _value(name, known, equals, value, rest)
    if len(words) > known.words:
        raise WrongUsageError("word", words[known.words])
    for name, choices in {_COLOUR: CHOICES, **known.choices}.items():
        if name in values and values[name] not in choices:
            raise WrongUsageError("choice", name, ", ".join(choices))
    return Typed(frozenset(flags), values, tuple(words))


def _is_flag(name: str, known: Known, *, follows: bool) -> bool:
    return name in known.flags or (name in known.perhaps and not follows)


def _value(name: str, known: Known, equals: str, value: str, rest: list[str]) -> str:
    if name not in {_COLOUR, *known.choices} | known.valued | known.perhaps:
        raise WrongUsageError("unknown", name)
    if not equals and not rest:
        raise WrongUsageError("value", name)
    return value if equals else rest.pop(0)

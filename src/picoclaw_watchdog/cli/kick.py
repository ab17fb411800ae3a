"""`picoclaw-watchdog kick`: ask the watchdog for a recovery."""

import os
import sys

from picoclaw_watchdog.cli import kick_wording as wording
from picoclaw_watchdog.cli.arguments import is_number, misused
from picoclaw_watchdog.cli.helping import show_help
from picoclaw_watchdog.cli.loading import complain, load_settings
from picoclaw_watchdog.core.commands import word
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.host.clock import HostClock, monotonic
from picoclaw_watchdog.host.user import is_typed
from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.kick.audit import Event
from picoclaw_watchdog.kick.inbox import add
from picoclaw_watchdog.kick.place import Obstacle
from picoclaw_watchdog.kick.requests import VERBS, Unwritable, identify, plain, sign
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.store.files import read_small
from picoclaw_watchdog.terminal.paint import tell

DONE = 0
CANNOT_WRITE = 1
USAGE = 2
REFUSED = 3
WITHHELD = 4
FAILED = 5
NO_ANSWER = 6
STATUS = {"mended": DONE, "done": DONE, "refused": REFUSED, "withheld": WITHHELD}

LOOK_EVERY = 0.02  # seconds
LONGEST_TOKEN = 4096  # bytes
OPTIONS = ("--source", "--wait", "--plain", "--token-file", "--token-stdin")
# What the command, the wrapper and make call who does not say who asks.
UNNAMED = ("cli", "manual", "make")
MOST_WORDS = 3  # ACTION SOURCE TOKEN, as the founding document has them


class Misused(ValueError):  # noqa: N818  # what the command was
    """The command line, or where the token is, cannot be what was meant."""

    def __init__(self, text: Text, **facts: object) -> None:
        super().__init__(text.say("en", **facts))
        self.text, self.facts = text, facts


class Wish(NamedTuple):
    """What the command line says."""

    action: str
    source: str = "cli"
    wait: float | None = None  # seconds
    plain: bool = False
    token: str | None = None  # given on the command line itself
    token_file: str | None = None
    token_stdin: bool = False


def main(arguments: list[str]) -> int:
    """Write one request into `kick_request`, and perhaps wait for its outcome."""
    loaded = load_settings()
    settings = loaded.settings
    language = settings.language
    if arguments and arguments[0] in ("-h", "--help"):
        show_help(wording.HELP[language], language)
        return DONE
    try:
        wish = parse(arguments)
    except Misused as error:
        return misused("kick", error.text.say(language, **error.facts), wording.HELP, language)
    if complain(_of_kicks(loaded)):
        return USAGE
    if wish.token is not None:
        _say(wording.WARNING.say(language))
    if not settings.kick_enabled:
        _say(wording.OFF.say(language))
        return REFUSED
    limited = settings.kick_allowed_sources and wish.source in UNNAMED
    if limited and not is_typed(settings.gateway_service):
        _say(f"kick: {wording.NAME_WHO_ASKS.say(language, source=wish.source)}")
        return REFUSED
    try:
        line = _line(wish, _token(wish, settings))
    except Misused as error:
        _say(f"kick: {error.text.say(language, **error.facts)}")
        return USAGE
    return _ask(settings, wish, line)


def _of_kicks(loaded: Loaded) -> Loaded:
    """With those mistakes only that matter here: who asks for help is not kept up by others."""
    ours = [each for each in loaded.mistakes if each.fatal and "kick_" in each.key.lower()]
    return loaded._replace(mistakes=tuple(ours))


def parse(arguments: list[str]) -> Wish:
    """What the command line asks for.

    Raises:
        Misused: it asks for nothing that we understand.
    """
    places: list[str] = []
    options: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            options[name] = value if equals else _value_of(name, rest)
        else:
            places.append(word)
    unknown = [name for name in options if name not in OPTIONS]
    if unknown:
        raise Misused(wording.UNKNOWN_OPTION, option=unknown[0])
    if not 1 <= len(places) <= MOST_WORDS:
        raise Misused(wording.TOO_MANY if places else wording.NO_ACTION)
    action, source, token = (*places, "", "", "")[:MOST_WORDS]
    wish = Wish(
        action,
        options.get("--source") or source or "cli",
        _seconds(options["--wait"]) if "--wait" in options else None,
        "--plain" in options,
        token or None,
        options.get("--token-file"),
        "--token-stdin" in options,
    )
    if sum((wish.token is not None, wish.token_file is not None, wish.token_stdin)) > 1:
        raise Misused(wording.ONE_TOKEN)
    return wish


def _value_of(name: str, rest: list[str]) -> str:
    """The value of an option that stands in the next word."""
    if name == "--wait":
        return rest.pop(0) if rest and is_number(rest[0]) else str(wording.PATIENCE)
    if name not in ("--source", "--token-file"):
        return ""
    if not rest:
        raise Misused(wording.NO_VALUE, option=name)
    return rest.pop(0)


def _seconds(text: str) -> float:
    if not is_number(text):
        raise Misused(wording.NO_NUMBER)
    return float(text)


def _token(wish: Wish, settings: Settings) -> str:
    """The token.

    Raises:
        Misused: there is none, or its file cannot be read.
    """
    if wish.token is not None:
        return wish.token
    if wish.token_stdin:
        token = sys.stdin.readline(LONGEST_TOKEN).strip()
    elif wish.token_file is not None:
        token = _token_of(wish.token_file)
    else:
        token = settings.kick_token
    if not token:
        raise Misused(wording.NO_TOKEN)
    return token


def _token_of(path: str) -> str:
    try:
        content = read_small(path, LONGEST_TOKEN)
    except OSError as error:
        raise Misused(wording.CANNOT_READ, path=path, why=error.strerror) from None
    if content is None:
        raise Misused(wording.NO_FILE, path=path)
    try:
        return content.decode().strip()
    except UnicodeDecodeError:  # its text would show the content
        raise Misused(wording.NO_TEXT, path=path) from None


def _line(wish: Wish, token: str) -> str:
    now = HostClock().now().wall
    try:
        if wish.plain:
            return plain(wish.action, token, wish.source, now)
        return sign(wish.action, token, wish.source, now, os.urandom(16).hex())
    except Unwritable as error:
        name = wish.action.partition("=")[0][:40]
        example = wording.EXAMPLES.get(name, name)
        facts = {"action": name, "actions": ", ".join(VERBS), "example": example}
        raise Misused(wording.UNWRITABLE[error.why], **facts) from None


def _ask(settings: Settings, wish: Wish, line: str) -> int:
    before = audit.last_number(settings.state_dir) if wish.wait is not None else 0
    began = monotonic()
    try:
        add(settings.kick_file, line)
    except Obstacle as obstacle:
        why = wording.detail_words(obstacle.why.value, settings.language)
        facts = {"path": word(obstacle.path), "why": why}
        _say(f"kick: {wording.IN_THE_WAY.say(settings.language, **facts)}")
        return CANNOT_WRITE
    except OSError as error:
        facts = {"path": settings.kick_file, "why": error.strerror or str(error)}
        _say(f"kick: {wording.CANNOT_WRITE.say(settings.language, **facts)}")
        return CANNOT_WRITE
    if wish.wait is None:
        tell(wording.ASKED.say(settings.language, action=wish.action))
        return DONE
    answer = _wait(settings.state_dir, identify(line, 0), before, began + wish.wait)
    if answer is None:
        _say(wording.NO_ANSWER.say(settings.language, seconds=wish.wait))
        return NO_ANSWER
    tell(answered(wish.action, answer, monotonic() - began, settings.language))
    return STATUS.get(answer.outcome or answer.event, FAILED)


def _wait(folder: str, name: str, before: int, until: float) -> Event | None:
    """Follow the audit log until it says what became of the request."""
    clock, seen = HostClock(), None
    plain_name = name.rpartition("-")[0]  # its position in the file is not ours to know
    while True:
        stamp = _stamp(folder)
        if stamp != seen:
            seen = stamp
            for event in audit.after(folder, before):
                ours = event.id == name or (
                    plain_name and event.id.rpartition("-")[0] == plain_name
                )
                if ours and event.event in (audit.SERVED, audit.REFUSED):
                    return event
        if monotonic() >= until:
            return None
        clock.sleep(LOOK_EVERY)


def _stamp(folder: str) -> tuple[int, int] | None:
    try:
        facts = os.stat(os.path.join(folder, audit.NAME))
    except OSError:
        return None
    return facts.st_ino, facts.st_size


def answered(action: str, event: Event, waited: float, language: str) -> str:
    """What became of a request, for who asked; `waited`: seconds since it was asked for."""
    if "\n" in event.detail:
        return event.detail  # a whole screen
    outcome = event.outcome or event.event
    word = wording.outcome_words(outcome, language)
    reason = event.detail if event.event == audit.SERVED else event.verdict
    why = wording.detail_words(reason, language, done=outcome == "done")
    text = f"{action}: {word}"
    if outcome not in ("withheld", "refused"):  # then nothing was done that took time
        facts = {"action": action, "outcome": word, "took": event.took, "waited": waited}
        text = wording.ANSWER.say(language, **facts)
    return f"{text}: {why}" if why else text


def _say(text: str) -> None:
    tell(text, sys.stderr)

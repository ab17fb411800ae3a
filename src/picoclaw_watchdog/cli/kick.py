"""`picoclaw-watchdog kick`: ask the watchdog for a recovery."""

import os
import sys
import time
from typing import NamedTuple

from picoclaw_watchdog.cli.loading import load_settings
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.clock import HostClock, monotonic
from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.kick.audit import Event
from picoclaw_watchdog.kick.inbox import add
from picoclaw_watchdog.kick.requests import VERBS, identify, plain, sign
from picoclaw_watchdog.store.files import read_small, reason

DONE = 0
CANNOT_WRITE = 1
USAGE = 2
REFUSED = 3
WITHHELD = 4
FAILED = 5
NO_ANSWER = 6
STATUS = {"mended": DONE, "done": DONE, "refused": REFUSED, "withheld": WITHHELD}

PATIENCE = 120.0  # seconds
LOOK_EVERY = 0.05  # seconds
LONGEST_TOKEN = 4096  # bytes
OPTIONS = ("--source", "--wait", "--plain", "--token-file", "--token-stdin")
MOST_WORDS = 3  # ACTION SOURCE TOKEN, as the founding document has them

HELP = f"""picoclaw-watchdog kick ACTION [--source WHO] [--wait [SECONDS]] [--plain]
                       [--token-file FILE | --token-stdin]

Asks for a recovery; the next cycle serves it (at once where the .path unit is enabled).
ACTION is one of {", ".join(VERBS)};
pause needs a length (pause=30m; s, m, h or d), ack may name an incident (ack=gateway-1700000000).

--source WHO       who asks, such as line:U123 (default: cli)
--wait [SECONDS]   wait for the outcome (default: {PATIENCE:.0f}) and print it
--token-file FILE  read the token there, not from PICOCLAW_WATCHDOG_KICK_TOKEN or .env
--token-stdin      read it from standard input
--plain            write the token itself into the request instead of signing it

exit status: 0 asked, or with --wait mended or done; 1 the request could not be written,
2 wrong usage, 3 refused, 4 withheld, 5 tried and failed, 6 no answer in time
example: picoclaw-watchdog kick restart_gateway --source line:U123 --wait"""


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
    if arguments and arguments[0] in ("-h", "--help"):
        print(HELP)
        return DONE
    try:
        wish = parse(arguments)
    except ValueError as error:
        print(f"kick: {error}\n\n{HELP}", file=sys.stderr)
        return USAGE
    if wish.token is not None:
        _say("warning: other users can read a token on the command line; it is private in .env")
    settings = load_settings().settings
    if not settings.kick_enabled:
        _say("kicks are off: set PICOCLAW_WATCHDOG_KICK_ENABLED=true in .env")
        return REFUSED
    try:
        line = _line(wish, _token(wish, settings))
    except (OSError, ValueError) as error:
        _say(f"kick: {reason(error)}")
        return USAGE
    return _ask(settings, wish, line)


def parse(arguments: list[str]) -> Wish:
    """What the command line asks for.

    Raises:
        ValueError: it asks for nothing that we understand.
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
        raise ValueError(f"unknown option {unknown[0]}")
    if not 1 <= len(places) <= MOST_WORDS:
        raise ValueError("say what is to be done" if not places else "too many words")
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
        raise ValueError("the token can come from one place only")
    return wish


def _value_of(name: str, rest: list[str]) -> str:
    """The value of an option that stands in the next word."""
    if name == "--wait":
        return rest.pop(0) if rest and _is_number(rest[0]) else str(PATIENCE)
    if name not in ("--source", "--token-file"):
        return ""
    if not rest:
        raise ValueError(f"{name} needs a value")
    return rest.pop(0)


def _is_number(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdecimal()


def _seconds(text: str) -> float:
    if not _is_number(text):
        raise ValueError("--wait takes a number of seconds")
    return float(text)


def _token(wish: Wish, settings: Settings) -> str:
    """The token.

    Raises:
        OSError: its file cannot be read.
        ValueError: there is none.
    """
    if wish.token is not None:
        return wish.token
    if wish.token_stdin:
        token = sys.stdin.readline(LONGEST_TOKEN).strip()
    elif wish.token_file is not None:
        content = read_small(wish.token_file, LONGEST_TOKEN)
        if content is None:
            raise ValueError(f"{wish.token_file}: there is no such file")
        try:
            token = content.decode().strip()
        except UnicodeDecodeError:  # its text would show the content
            raise ValueError(f"{wish.token_file}: this is no UTF-8 text") from None
    else:
        token = settings.kick_token
    if not token:
        raise ValueError("there is no token: set PICOCLAW_WATCHDOG_KICK_TOKEN in .env")
    return token


def _line(wish: Wish, token: str) -> str:
    now = HostClock().now().wall
    if wish.plain:
        return plain(wish.action, token, wish.source, now)
    return sign(wish.action, token, wish.source, now, os.urandom(16).hex())


def _ask(settings: Settings, wish: Wish, line: str) -> int:
    before = audit.last_number(settings.state_dir) if wish.wait is not None else 0
    began = monotonic()
    try:
        add(settings.kick_file, line)
    except OSError as error:
        _say(f"kick: {settings.kick_file} cannot be written: {error.strerror}")
        return CANNOT_WRITE
    if wish.wait is None:
        print(f"asked for {wish.action}; the outcome will be in the log")
        return DONE
    answer = _wait(settings.state_dir, identify(line, 0), before, began + wish.wait)
    if answer is None:
        _say(f"no answer within {wish.wait:g} s; is the watchdog enabled? (make enable-watchdog)")
        return NO_ANSWER
    return _tell(wish, answer, monotonic() - began)


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


def _tell(wish: Wish, event: Event, waited: float) -> int:
    outcome = event.outcome or event.event
    why = event.detail if event.event == audit.SERVED else event.verdict.replace("_", " ")
    if outcome == "withheld":
        print(f"{wish.action}: withheld: {_withheld(why)}")
    elif "\n" in why:
        print(why)
    else:
        until = why.removeprefix("until=")
        why = f"until {_clock(until)}" if until != why else why
        text = (
            f"{wish.action}: {outcome} in {event.took:.1f} s, {waited:.1f} s after it was asked for"
        )
        print(f"{text}: {why}" if why else text)
    return STATUS.get(outcome, FAILED)


def _withheld(detail: str) -> str:
    hold, _, until = detail.partition(" until=")
    words = hold.replace("_", " ")
    return f"{words}; possible from {_clock(until)} on" if until else words


def _clock(epoch: str) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(float(epoch)))


def _say(text: str) -> None:
    print(text, file=sys.stderr)

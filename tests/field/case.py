"""A case of a real host, read strictly: a word that nobody knows is an error."""

import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import get_args, get_origin

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "ja")


class UnreadableError(Exception):
    """What a case says that cannot be."""


@dataclass(frozen=True)
class File:
    """A file on the host."""

    path: str  # below the home
    text: str = ""
    mode: str = "600"
    owner: int | None = None  # somebody else


@dataclass(frozen=True)
class Part:
    """What is so on the host, or changes."""

    settings: dict[str, str] = field(default_factory=dict)  # ours, without the prefix
    without: tuple[str, ...] = ()  # settings that the box makes and this host has not
    dotenv: str = ""  # more lines of ~/.picoclaw/.env, as they are
    environ: dict[str, str] = field(default_factory=dict)  # the watchdog's
    files: tuple[File, ...] = ()
    gone: tuple[str, ...] = ()  # files below the home
    serve: str = ""  # what Tailscale serves, as its JSON
    tailnet: dict[str, object] = field(default_factory=dict)  # more of the pretended Tailscale
    programs: dict[str, str] = field(default_factory=dict)  # shell in place of one; "": missing
    answers: dict[str, dict[str, object]] = field(default_factory=dict)  # by place: rules
    unit: dict[str, str] = field(default_factory=dict)  # what systemd says of the gateway's unit
    exec: str = ""  # shell that the gateway's unit runs instead
    order: dict[str, dict[str, object]] = field(default_factory=dict)  # faults of the stand-ins
    ended: tuple[str, ...] = ()  # gateway, ollama, public or line: its process is gone
    run: tuple[tuple[str, ...], ...] = ()  # commands of the watchdog, run by somebody
    root: str = ""  # in the lab: shell that its root runs


@dataclass(frozen=True)
class Given(Part):
    """The host as it is found."""

    first: str = ""  # "well": a cycle finds all well before anything changes; "looked": just one
    release: str = "fork"  # of the gateway
    start_delay: float = 0.0
    limit: str = ""  # of every cycle, as prlimit has it: nofile=6, nproc=1


@dataclass(frozen=True)
class Printed:
    """What a command prints."""

    command: tuple[str, ...]
    status: int | None = None
    has: object = ()  # words, or words by language
    lacks: object = ()


@dataclass(frozen=True)
class Right:
    """What must hold afterwards. What is not said is that nothing was done and nothing changed."""

    starts: int | str = 0  # of the gateway, by the watchdog; "0..1": from and to
    commands: tuple[str, ...] | None = None  # changing ones given to Tailscale; "*": whichever
    serve: str = "unchanged"  # or restored (as it was when all was well), or JSON
    public: tuple[str, ...] | None = None  # HOST:PORT/MOUNT that the internet sees
    once: int = 0  # exit status of every cycle
    status: int | None = None  # exit status of `status`
    ills: tuple[str, ...] | None = None  # all that is wrong; "a|b": one of these; "...": and more
    well: tuple[str, ...] = ()  # gateway, public: it answers as it should
    messages: int | str | None = None  # delivered by LINE; a number, or "0..1"
    says: object = ()  # words that stand in the messages, or words by language
    lacks: object = ()
    prints: tuple[Printed, ...] = ()
    files: dict[str, object] = field(default_factory=dict)  # below the home: text, or whether it is
    asked: dict[str, tuple[str, ...]] = field(default_factory=dict)  # requests, in order
    nowhere: tuple[str, ...] = ()  # words in no file of ours and no message
    somewhere: tuple[str, ...] = ()  # words in some file of ours


@dataclass(frozen=True)
class Case:
    """One folder."""

    name: str
    title: str
    source: str
    paragraph: str
    given: Given
    right: Right
    then: Part | None = None  # what changes after the first cycle
    cycles: int = 2
    world: str = "box"


def read(folder: Path) -> Case:
    """The case in a folder."""
    try:
        document = tomllib.loads((folder / "case.toml").read_text("utf-8"))
        case = _made(Case, {"name": folder.name, **document})
    except (UnreadableError, tomllib.TOMLDecodeError) as error:
        raise UnreadableError(f"{folder.name}/case.toml: {error}") from None
    assert isinstance(case, Case)
    _check(case)
    return case


def words(said: object, language: str) -> tuple[str, ...]:
    """Words that are the same in all languages, or those of one."""
    chosen = said[language] if isinstance(said, dict) else said
    assert isinstance(chosen, list | tuple)
    return tuple(str(each) for each in chosen)


def _check(case: Case) -> None:
    _check_name(case)
    if case.world not in ("box", "lab"):
        raise UnreadableError(f"{case.name}: no such world: {case.world}")
    if case.given.first not in ("", "well", "looked"):
        raise UnreadableError(f"{case.name}: first is well or looked, not {case.given.first}")
    if (case.then is not None) != (case.given.first != ""):
        raise UnreadableError(f"{case.name}: `then` comes after a `first` cycle, and only then")
    for said in (case.right.says, case.right.lacks):
        _check_words(case, said)
    for printed in case.right.prints:
        _check_words(case, printed.has)
        _check_words(case, printed.lacks)


def _check_name(case: Case) -> None:
    if not re.fullmatch(r"11\.([1-9]|1[0-4])", case.paragraph):
        raise UnreadableError(f"{case.name}: no paragraph of section 11: {case.paragraph}")
    if int(case.name[:2]) != int(case.paragraph[3:]):
        raise UnreadableError(f"{case.name}: a name begins with its paragraph")
    if not re.match(r"https://|variant of |review$", case.source):
        raise UnreadableError(f"{case.name}: a source is an address, a review, or another case")
    variant = case.source.partition("variant of ")[2]
    if variant and not (FOLDER / variant / "case.toml").exists():
        raise UnreadableError(f"{case.name}: no such case: {variant}")


def _check_words(case: Case, said: object) -> None:
    if isinstance(said, dict):
        if set(said) != set(LANGUAGES):
            raise UnreadableError(f"{case.name}: words in one language only: {said}")
    elif not isinstance(said, list | tuple):
        raise UnreadableError(f"{case.name}: words are a list: {said}")


def _made(kind: type, document: dict[str, object]) -> object:
    known = {each.name: each.type for each in fields(kind)}
    for name in document:
        if name not in known:
            raise UnreadableError(f"unknown word in {kind.__name__.lower()}: {name}")
    try:
        return kind(**{name: _value(known[name], value) for name, value in document.items()})
    except TypeError as error:
        raise UnreadableError(str(error)) from None


def _value(kind: object, value: object) -> object:
    """A value of TOML as the class wants it."""
    for part in (kind, *get_args(kind)):
        if isinstance(part, type) and hasattr(part, "__dataclass_fields__"):
            if isinstance(value, list):
                return tuple(_made(part, each) for each in value)
            if get_origin(kind) is not tuple and isinstance(value, dict):
                return _made(part, value)
            raise UnreadableError(f"not a table: {value}")
    return _frozen(value)


def _frozen(value: object) -> object:
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    return value

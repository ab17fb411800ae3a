"""What must hold for whatever lies in `.env`; `check` takes the fuzzer's bytes.

The first byte chooses what they are, the others are it. In them `{S}` stands for a secret, which
no fuzzer would guess.
"""

import re
from collections.abc import Iterator

from picoclaw_watchdog.settings import dotenv
from picoclaw_watchdog.settings.load import Loaded, load
from picoclaw_watchdog.settings.mistakes import Flaw
from picoclaw_watchdog.settings.picoclaw import VARIABLES
from picoclaw_watchdog.settings.schema import BY_NAME, Kind
from tests.fuzz import scratch
from tests.fuzz.loaded import (
    SECRET,
    complete,
    expected,
    may_be_shown,
    reading,
    silent_about_the_secret,
)

P = "PICOCLAW_WATCHDOG_"
TOKEN = "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN"
FILE, BETWEEN, VALUES, ENVIRONMENT, ONE = map(bytes, zip(range(5), strict=True))
ENDLESS = 20 * 1024  # bytes: where the cost of a line grows with the file, it shows

_PLAIN = [name for name, each in BY_NAME.items() if each.kind in (Kind.SWITCH, Kind.WHOLE)]


def check(data: bytes) -> None:
    """One run of the fuzzer."""
    if data:
        kinds = (_file, _between, _values, _environment, _one)
        kinds[data[0] % len(kinds)](data[1:])


def _file(data: bytes) -> None:
    """The whole file."""
    content = data.replace(b"{S}", SECRET.encode())
    if content.startswith(b"{*}"):
        content = content[3:] * (ENDLESS // max(1, len(content) - 3))
    loaded = _loaded(content)
    text = content.removeprefix(b"\xef\xbb\xbf").decode(errors="surrogateescape")
    lines = text.split("\n")
    if all(map(_is_kept_secret, lines)):
        silent_about_the_secret(loaded)
    for field, origin in loaded.origins.items():
        if origin.where.endswith("/.env"):
            line = lines[origin.line - 1]
            names = (loaded_key(field), *VARIABLES)
            assert any(name in line for name in names), "the line that it came from"
    for mistake in loaded.mistakes:
        assert 0 <= mistake.origin.line <= len(lines)
    for entry in dotenv.parse(text):
        assert entry.key
        assert not entry.flaw or not entry.value
        assert entry.key in lines[entry.line - 1]


def _between(data: bytes) -> None:
    """Anything at all between two of ours: neither is lost, and each keeps its line."""
    garbage = _text(data)
    first, last = f"{P}GATEWAY_PORT=1234", f"export {P}INTERVAL_SEC='77'"
    entries = dotenv.parse(f"{first}\n{garbage}\n{last}")
    assert entries[0] == dotenv.Entry(f"{P}GATEWAY_PORT", "1234", 1)
    assert entries[-1] == dotenv.Entry(f"{P}INTERVAL_SEC", "77", garbage.count("\n") + 3)
    numbers = [entry.line for entry in entries]
    assert numbers == sorted(set(numbers)), "one entry a line, in order"


def _values(data: bytes) -> None:
    """What `quote` wrote, `parse` reads back."""
    values = _text(data).split("\0")
    lines = [f"{'export ' * (n % 2)}K{n}={dotenv.quote(value)}" for n, value in enumerate(values)]
    wanted = [dotenv.Entry(f"K{n}", value, n + 1) for n, value in enumerate(values)]
    assert dotenv.parse("\n".join(lines)) == wanted


def _environment(data: bytes) -> None:
    """The process environment, which goes before the file."""
    pairs = [pair.partition("=") for pair in _text(data).split("\0")]
    environ = {name: value for name, _, value in pairs if name}
    environ["PICO_HOME"] = ""
    loaded = _loaded(f"{P}GATEWAY_PORT=1234\n".encode(), environ)
    here = environ.get(f"{P}GATEWAY_PORT", "").strip()
    # One that is set and bad counts as its default: nobody knows which the owner meant.
    assert loaded.settings.gateway_port == (expected("gateway_port", here) if here else 1234)


def _one(data: bytes) -> None:
    """Key and value of a setting that is a switch or a number, read a second time."""
    name, _, text = _text(data).replace("\n", "").partition("\0")
    text = text.replace("\0", "")
    if name not in _PLAIN:
        return
    loaded = _loaded(f"{name}={dotenv.quote(text)}\n".encode(errors="surrogateescape"))
    field = BY_NAME[name].field
    assert getattr(loaded.settings, field) == expected(field, text)
    refused = bool(text) and reading(BY_NAME[name], text) is None
    told = {each.key for each in loaded.mistakes if each.flaw is not Flaw.NEEDS_ANOTHER}
    assert (name in told) == refused


def _loaded(content: bytes, environ: dict[str, str] | None = None) -> Loaded:
    home = scratch.folder("dotenv")
    scratch.put(home, {".picoclaw/.env": content})
    loaded = load(environ or {}, home)
    complete(loaded)
    assert load(environ or {}, home) == loaded
    return loaded


def loaded_key(field: str) -> str:
    """What a setting is called in `.env`."""
    return next(name for name, each in BY_NAME.items() if each.field == field)


def _is_kept_secret(line: str) -> bool:
    """Whether no mistake may quote the secret from this line."""
    if SECRET not in line:
        return True
    key, equals, value = line.partition("=")
    name = re.sub(r"^\s*export\s+", "", key).strip()
    return bool(equals) and SECRET not in key and not may_be_shown(BY_NAME.get(name), value)


def _text(data: bytes) -> str:
    """As the file is decoded."""
    return data.decode("utf-8", "surrogateescape").replace("{S}", SECRET)


def seeds() -> Iterator[tuple[str, bytes]]:
    """One input for each way through the code."""
    good = f"# mine\nexport {P}GATEWAY_PORT=18790\n{TOKEN}={{S}}\n{P}KICK_TOKEN='{{S}}'\n"
    yield "good", FILE + good.encode()
    yield "bom-crlf", FILE + b"\xef\xbb\xbf" + good.replace("\n", "\r\n").encode()
    yield "utf-16", FILE + good.encode("utf-16")
    yield "bad-bytes", FILE + good.encode() + b"X=\xff\n" + f"{P}WEBHOOK_PATH=/\xff\n".encode()
    yield "endless", FILE + b"{*}A=1\n"
    yield "endless-quotes", FILE + b'{*}A="\n'
    yield "secret-in-the-wrong-place", FILE + f'{P}KICK_TOKEN="a|{{S}}"\n{TOKEN}={{S}} x\n'.encode()
    yield "misspelt-secret", FILE + f"{P}KICK_TOKN={{S}}\nPICOCLAW_LINE_TOKEN={{S}}\n".encode()
    yield "unclosed-secret", FILE + f'{TOKEN}=\'{{S}}\n{P}KICK_TOKEN="{{S}}" x\n'.encode()
    for place in ("WEBHOOK_URL", "HEALTH_URL", "LINE_PUSH_ENDPOINT"):
        yield f"password-in-{place}", FILE + f"{P}{place}=https://me:{{S}}@h/p\n".encode()
    yield "switches", FILE + f"{P}ENABLED=maybe\n{P}KICK_ENABLED=on\n{P}TELL_MENDED=0\n".encode()
    yield "twice", FILE + f"{P}LANGUAGE=ja\n{P}LANGUAGE=fr\nPICO_HOME=/x\n".encode()
    yield "no-equals", FILE + f"{P}LANGUAGE ja\nexport {P}ENABLED\n".encode()
    for door in (
        "ALLOWED_SOURCES='x",
        "PLAIN_ALLOWED false",
        "ALLOWED_SOURCE=x",
        "PLAIN_ALOWED=no",
    ):
        yield f"door-{door[:13].rstrip('=')}", FILE + f"{P}KICK_{door}\n".encode()
    for number, value in enumerate(("${S}", "'${X:-{S}}'", '"$(x {S})"', "`{S}`", "'a$B-{S}'")):
        text = f"{P}KICK_TOKEN={value}\n{P}WEBHOOK_PATH=/{value}\nOTHER={value}\n"
        yield f"unfilled-{number}", FILE + text.encode()
    yield "unfilled-quoted", FILE + f"{P}KICK_TOKEN='${{NAME}}-{{S}}'\n".encode()
    yield "carriage-returns", FILE + f"{P}LANGUAGE=ja\r{P}KICK_TOKEN={{S}}\r".encode()
    yield "picoclaws-own", FILE + b"PICOCLAW_GATEWAY_PORT=8080\nPICOCLAW_GATEWAY_HOST=[::1]\n"
    yield "lists", FILE + f"{P}OLLAMA_REQUIRED_MODELS=a:b,c\n{P}KICK_ALLOWED_SOURCES=x=y\n".encode()
    yield "between-unclosed", BETWEEN + b"FOREIGN='\nPICOCLAW_OTHER=\"x\n"
    yield "between-lines", BETWEEN + b'FOREIGN="one\ntwo \\" three\nfour"\nA=b'
    yield "values", VALUES + "plain\0with 'quotes'\0\"$`\\\0two\nlines\0\0 # \0あ".encode()
    yield "environment", ENVIRONMENT + f"{P}GATEWAY_PORT=70000\0{P}LANGUAGE= ja\0LANG=ja".encode()
    for number, text in enumerate(("60", "-1", "0x10", "true", "\uff16\uff10", " 5 ", "1" * 16)):
        name = ("INTERVAL_SEC", "KICK_ENABLED", "KICK_PLAIN_ALLOWED")[number % 3]
        yield f"one-{number}", ONE + f"{P}{name}\0{text}".encode()

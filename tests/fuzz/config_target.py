"""What must hold for whatever lies in `config.json`; `check` takes the fuzzer's bytes.

The first byte chooses what they are, the others are it. `{S}` in them stands for a secret.
"""

import json
from collections.abc import Iterator

from picoclaw_watchdog.settings.load import Loaded, load
from picoclaw_watchdog.settings.mistakes import Flaw
from picoclaw_watchdog.settings.schema import BY_FIELD, Kind, Setting
from tests.fuzz import scratch
from tests.fuzz.loaded import (
    DOORS,
    SECRET,
    complete,
    expected,
    flaws,
    may_be_shown,
    silent_about_the_secret,
)

FILE, VALUE, CHANNEL, GATEWAY, SECRETS = map(bytes, zip(range(5), strict=True))

_CHECKED = (Kind.SWITCH, Kind.WHOLE)


def check(data: bytes) -> None:
    """One run of the fuzzer."""
    if data:
        kinds = (_file, _value, _channel, _gateway, _secrets)
        kinds[data[0] % len(kinds)](data[1:])


def _file(data: bytes) -> None:
    """The whole file."""
    loaded = _loaded(data.replace(b"{S}", SECRET.encode()))
    document = _json(data.replace(b"{S}", SECRET.encode()))
    if not isinstance(document, dict):
        shut = DOORS if loaded.fatal else {}
        defaults = _loaded(b"").settings._asdict()
        assert loaded.settings._asdict() == defaults | shut, "all at their defaults"
    if document is _NO_JSON and _text(data).strip() and b"\0" not in data:
        assert flaws(loaded) & {Flaw.NOT_JSON, Flaw.NOT_UTF8}, "unreadable, and nobody was told"


def _value(data: bytes) -> None:
    """Name and JSON value of a setting: a switch or a number is read a second time."""
    name, _, text = data.partition(b"\0")
    field = name.decode("utf-8", "replace")
    value = _json(text.replace(b"{S}", SECRET.encode()))
    if value is _NO_JSON or field not in BY_FIELD:
        return
    loaded = _loaded(json.dumps({"watchdog": {field: value}}).encode())
    setting = BY_FIELD[field]
    if setting.kind in _CHECKED:
        assert getattr(loaded.settings, field) == _second_reading(setting, value)
    if not may_be_shown(setting, value if isinstance(value, str) else ""):
        silent_about_the_secret(loaded)
    if isinstance(value, dict) and field != "pico_home":
        assert Flaw.WRONG_TYPE in flaws(loaded)


def _channel(data: bytes) -> None:
    """PicoClaw's own LINE channels: never a reason for a mistake, never shown."""
    channels = _json(data.replace(b"{S}", SECRET.encode()))
    for root in ("channels", "channel_list"):
        if channels is not _NO_JSON:
            loaded = _loaded(json.dumps({root: channels}).encode())
            silent_about_the_secret(loaded)
            assert flaws(loaded) <= {Flaw.NOT_A_TOKEN, Flaw.NOT_A_URL_PATH}


def _gateway(data: bytes) -> None:
    """Where PicoClaw's own settings put the gateway: never a reason for a mistake."""
    gateway = _json(data)
    if gateway is not _NO_JSON:
        loaded = _loaded(json.dumps({"gateway": gateway}).encode())
        assert loaded.mistakes == ()
        port = gateway.get("port") if isinstance(gateway, dict) else None
        is_port = type(port) is int and 0 < port < 65_536
        assert loaded.settings.gateway_port == (port if is_port else 18790)


def _secrets(data: bytes) -> None:
    """PicoClaw's own `.security.yml`: never a reason for a mistake where nobody needs it."""
    loaded = _loaded(b"", data.replace(b"{S}", SECRET.encode()))
    silent_about_the_secret(loaded)
    assert flaws(loaded) <= {Flaw.NOT_A_TOKEN}


def _second_reading(setting: Setting, value: object) -> object:
    if isinstance(value, bool):
        return expected(setting.field, str(value).lower())
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ",".join(value)
    if isinstance(value, str):
        return expected(setting.field, value.strip())
    if isinstance(value, int):
        return expected(setting.field, str(value))
    return expected(setting.field, "" if value is None else "a wrong type")


_NO_JSON = object()


def _json(data: bytes) -> object:
    try:
        return json.loads(_text(data))
    except (ValueError, RecursionError):
        return _NO_JSON


def _text(data: bytes) -> str:
    return data.removeprefix(b"\xef\xbb\xbf").decode(errors="surrogateescape")


def _loaded(content: bytes, secrets: bytes = b"") -> Loaded:
    home = scratch.folder("config")
    scratch.put(home, {".picoclaw/config.json": content, ".picoclaw/.security.yml": secrets})
    loaded = load({}, home)
    complete(loaded)
    return loaded


def seeds() -> Iterator[tuple[str, bytes]]:
    """One input for each way through the code."""
    channel = {"channel_access_token": "{S}", "channel_secret": "{S}", "webhook_path": "/w"}
    document = {
        "watchdog": {"interval_sec": 30, "kick_token": "{S}", "language": "ja"},
        "channels": {"line": channel},
    }
    yield "good", FILE + json.dumps(document, indent=1).encode()
    yield "empty", FILE
    yield "null", FILE + b"null"
    yield "list", FILE + b'{"watchdog": [1]}'
    yield "cut", FILE + json.dumps(document).encode()[:40]
    yield "deep", FILE + b"[" * 3000
    yield "long-number", FILE + b'{"watchdog": {"interval_sec": ' + b"9" * 3000 + b"}}"
    yield "bad-bytes", FILE + b'{"watchdog": {"language": "\xff"}}'
    yield (
        "strange-keys",
        FILE + b'{"watchdog": {"intervalSec": 1, "x\\u0000": 2, "pico_home": "/"}}',
    )
    yield "nan", FILE + b'{"watchdog": {"interval_sec": NaN, "local_timeout_sec": Infinity}}'
    values: tuple[object, ...] = (7, -1, 0.5, 1e400, True, None, "9", [], ["a"], {}, "{S}", " 60 ")
    for number, value in enumerate(values):
        for field in ("interval_sec", "kick_enabled"):
            seed = VALUE + field.encode() + b"\0" + json.dumps(value).encode()
            yield f"value-{field}-{number}", seed
    for field in ("kick_token", "line_channel_secret", "webhook_url", "kick_allowed_sources"):
        seed = VALUE + field.encode() + b'\0"https://me:{S}@host/ x"'
        yield f"secret-{field}", seed
    yield "channel", CHANNEL + json.dumps({"line": channel}).encode()
    newer = {"mine": {"type": "line", "settings": {"channel_secret": "a b {S}"}}, "line": [1]}
    yield "channel-newer", CHANNEL + json.dumps(newer).encode()
    strange = {"x\n\x1b[2J": {"type": "line", "channel_secret": "a b"}}
    yield "channel-strange-name", CHANNEL + json.dumps(strange).encode()
    stand_in = {"line": {"channel_access_token": "YOUR_TOKEN", "channel_secret": "env://X"}}
    yield "channel-stand-in", CHANNEL + json.dumps(stand_in).encode()
    for number, host in enumerate(("", "0.0.0.0", "::", "[::1]", "192.168.1.5", "a..b", "x y", 7)):
        gateway = {"host": host, "port": 8000 + number}
        yield f"gateway-{number}", GATEWAY + json.dumps(gateway).encode()
    yield "gateway-odd-port", GATEWAY + b'{"port": 65536}'
    yield "gateway-list", GATEWAY + b"[1]"
    line = "channels:\n  line:\n    channel_secret: {}\n    channel_access_token: '{{S}}'\n"
    values = ('"{S}"', "{S} # x", "&a {S}", "|\n      {S}", '"{S}', "a: b", "{S} {S}", "")
    for number, value in enumerate(values):
        yield f"secrets-{number}", SECRETS + line.format(value).encode()
    yield "secrets-newer", SECRETS + line.replace("channels", "channel_list").format("x").encode()
    yield "secrets-unfilled", SECRETS + line.format("${{SECRET}}").encode()

"""From a text to a value, or to why not. One function for each kind."""

import os
import re
from collections.abc import Callable

from picoclaw_watchdog.settings.mistakes import Flaw, Refusal
from picoclaw_watchdog.settings.schema import OF_LINE, Kind, Setting, Value

_SWITCH = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
# Patterns are plain strings, compiled where they are first needed: most are not.
_LONGEST_NUMBER = 15
_NUMBER = r"-?[0-9]{1,15}(\.[0-9]{1,15})?"
_URL = (
    r"(?i:https?)://"
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{0,9}))?"
    r"(?P<path>[/?][!$-;=?-Z_a-z~\[\]@]*)?"
)
_CREDENTIALS = r"(?i:https?)://[^/?#]*@"
_HIGHEST_PORT = 65_535
_LONGEST_NAME, _LONGEST_LABEL = 253, 63
_URL_PATH = r"/[!$-;=@-Z_a-z~]*"
_UNIT = r"[A-Za-z0-9_][A-Za-z0-9:_.\\@-]{0,246}"
_UNIT_TYPES = r"\.(service|socket|timer|path|target|mount|automount|swap|slice|scope|device)$"
_RECIPIENT = r"[UCR][0-9a-f]{32}"
_PATTERN = r"[A-Za-z0-9_.:@*-]{1,128}"
GRAVITIES = ("notice", "warning", "critical")  # the values of core.reasons.Gravity
_NAME = r"[A-Za-z0-9][A-Za-z0-9._:/@-]*"
# What parts addresses: a space or comma before the next one, which may begin with its gravity.
_BEFORE_ADDRESS = r"[\s,]+(?=(?:\w*>)?[A-Za-z][A-Za-z0-9+.-]*://)"
_ADDRESS = r"[a-z][a-z0-9+.-]*://[^\s<>]+"
_MOST_CHANNELS = 8
EXAMPLE_HEARTBEAT = "https://hc-ping.com/UUID"
EXAMPLE_URL = "https://HOST.TAILNET.ts.net/webhook/line"


def read_value(setting: Setting, text: str, home: str) -> Value | Refusal:
    """What the text means for this setting. `home` is what a leading `~` stands for."""
    if setting.kind is Kind.PATH:
        return _path(text, home)
    if text == setting.default:
        return text  # most of what is written is the default: spare the patterns
    return _READERS[setting.kind](setting, text)


def is_recipient(text: str) -> bool:
    """Whether LINE could know it: U (user), C (group) or R (room) and 32 hexadecimal digits."""
    return re.fullmatch(_RECIPIENT, text) is not None


def bounds(setting: Setting) -> str:
    """The allowed range, as `1..60`."""
    return f"{_plain(setting.low)}..{_plain(setting.high)}"


def host_of(url: str) -> str:
    """The host of a URL that was accepted."""
    matched = re.fullmatch(_URL, url)
    return matched["host"].lower() if matched else ""


def is_host(host: str) -> bool:
    """Whether a name or address, an IPv6 one in brackets, can be one at all."""
    if host.startswith("["):
        from ipaddress import IPv6Address  # most have none

        try:
            return IPv6Address(host[1:-1]).scope_id is None
        except ValueError:
            return False
    labels = host.removesuffix(".").split(".")
    return len(host) <= _LONGEST_NAME and all(0 < len(each) <= _LONGEST_LABEL for each in labels)


def path_of(url: str) -> str:
    """The path and query of a URL that was accepted."""
    _, slash, path = url.partition("://")[2].partition("/")
    return slash + path


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _switch(_: Setting, text: str) -> Value | Refusal:
    value = _SWITCH.get(text.lower())
    return Refusal(Flaw.NOT_A_SWITCH) if value is None else value


def _is_whole(text: str) -> bool:
    # ASCII digits only: int() would take full-width ones too, which a shell beside us would not.
    return text.isascii() and text.removeprefix("-").isdigit() and len(text) <= _LONGEST_NUMBER


def _number(setting: Setting, text: str) -> Value | Refusal:
    whole = setting.kind is Kind.WHOLE
    if not (_is_whole(text) or (not whole and re.fullmatch(_NUMBER, text))):
        return Refusal(Flaw.NOT_WHOLE if whole else Flaw.NOT_A_NUMBER, bounds(setting))
    value = int(text) if whole else float(text)
    if setting.low <= value <= setting.high:
        return value
    return Refusal(Flaw.OUT_OF_RANGE, bounds(setting))


def _url(setting: Setting, text: str) -> Value | Refusal:
    matched = re.fullmatch(_URL, text)
    if matched is None or not is_host(matched["host"]):
        secretive = re.match(_CREDENTIALS, text)
        flaw = Flaw.URL_CREDENTIALS if secretive else Flaw.NOT_A_URL
        return Refusal(flaw, str(setting.default or EXAMPLE_URL))
    port = matched["port"]
    if port is not None and not (port.isdigit() and 0 < int(port) <= _HIGHEST_PORT):
        return Refusal(Flaw.URL_PORT, f"1..{_HIGHEST_PORT}")
    scheme, _, rest = text.partition("://")
    return f"{scheme.lower()}://{rest}"


def _url_path(setting: Setting, text: str) -> Value | Refusal:
    if re.fullmatch(_URL_PATH, text):
        return text
    return Refusal(Flaw.NOT_A_URL_PATH, str(setting.default))


def _unit(setting: Setting, text: str) -> Value | Refusal:
    if re.fullmatch(_UNIT, text):
        if text.endswith(".service") and text != ".service":
            return text
        if not re.search(_UNIT_TYPES, text):
            return Refusal(Flaw.NO_UNIT_SUFFIX, f"{text}.service")
    return Refusal(Flaw.NOT_A_UNIT, str(setting.default))


def _path(text: str, home: str) -> Value | Refusal:
    if text == "~" or text.startswith("~/"):
        text = home + text[1:]
    if not (text.startswith("/") and text.isprintable()):
        return Refusal(Flaw.NOT_ABSOLUTE)
    return os.path.normpath(text)


def _language(_: Setting, text: str) -> Value | Refusal:
    lowered = text.lower()
    return lowered if lowered in {"en", "ja"} else Refusal(Flaw.NOT_A_LANGUAGE)


def _recipient(_: Setting, text: str) -> Value | Refusal:
    # Whether LINE can know it matters only once messages are on: see `together`.
    return text if _is_token(text) else Refusal(Flaw.NOT_A_RECIPIENT)


def _token(setting: Setting, text: str) -> Value | Refusal:
    if _is_token(text):
        return text
    return Refusal(Flaw.NOT_A_TOKEN if setting.field in OF_LINE else Flaw.NOT_A_KEY)


def _is_token(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _passphrase(_: Setting, text: str) -> Value | Refusal:
    # A `|` parts the fields of a request.
    good = text.isprintable() and "|" not in text
    return text if good else Refusal(Flaw.NOT_A_PASSPHRASE)


def _names(_: Setting, text: str) -> Value | Refusal:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    good = all(re.fullmatch(_NAME, name) for name in names)
    return names if good else Refusal(Flaw.NOT_NAMES, "chat-v1:latest,worker-v1:latest")


def _sources(_: Setting, text: str) -> Value | Refusal:
    entries = tuple(dict.fromkeys(text.replace(",", " ").split()))
    good = bool(entries)  # a list of nobody opens to nobody
    for entry in entries:
        pattern, limited, actions = entry.partition("=")
        good &= bool(re.fullmatch(_PATTERN, pattern)) and (not limited or _are_actions(actions))
    return entries if good else Refusal(Flaw.NOT_SOURCES, "line:U*=restart_gateway+status,cli")


def _channels(_: Setting, text: str) -> Value | Refusal:
    """A typing error in one address must not silence the others."""
    entries: list[str] = []
    refusals: list[Refusal] = []
    for number, written in enumerate(re.split(_BEFORE_ADDRESS, text.strip(" ,")), 1):
        entry = _channel(written.strip(" ,"), number)
        if isinstance(entry, Refusal):
            refusals.append(entry)
        else:
            entries.append(entry)
    found = tuple(dict.fromkeys(entries))
    if refusals:
        return refusals[0]._replace(kept=found[:_MOST_CHANNELS])
    if len(found) > _MOST_CHANNELS:
        most = str(_MOST_CHANNELS)
        return Refusal(Flaw.TOO_MANY_CHANNELS, most, kept=found[:_MOST_CHANNELS])
    return found


def _channel(entry: str, number: int) -> str | Refusal:
    head, above, url = entry.rpartition(">")
    gravity = head.lower() if above else "notice"
    if gravity not in GRAVITIES:
        return Refusal(Flaw.NOT_A_GRAVITY, str(number))
    scheme, parted, rest = url.partition("://")
    address = f"{scheme.lower()}{parted}{rest}"
    if not (re.fullmatch(_ADDRESS, address) and address.isprintable()):
        return Refusal(Flaw.NOT_A_CHANNEL, str(number))
    return f"{gravity}>{address}"


def _secret_url(setting: Setting, text: str) -> Value | Refusal:
    value = _url(setting, text)
    return Refusal(Flaw.NOT_A_HEARTBEAT, EXAMPLE_HEARTBEAT) if isinstance(value, Refusal) else value


def _windows(_: Setting, text: str) -> Value | Refusal:
    from picoclaw_watchdog.settings.windows import read_all  # only where somebody has windows

    try:
        return tuple(window.text for window in read_all(text))
    except ValueError as error:
        return Refusal(Flaw.NOT_WINDOWS, "Sun 03:00 30m; *-*-01 04:00 1h", str(error))


def _are_actions(text: str) -> bool:
    from picoclaw_watchdog.kick.requests import VERBS  # only where somebody limits them

    return all(action in VERBS for action in text.split("+"))


_READERS: dict[Kind, Callable[[Setting, str], Value | Refusal]] = {
    Kind.SWITCH: _switch,
    Kind.WHOLE: _number,
    Kind.NUMBER: _number,
    Kind.URL: _url,
    Kind.URL_PATH: _url_path,
    Kind.UNIT: _unit,
    Kind.LANGUAGE: _language,
    Kind.RECIPIENT: _recipient,
    Kind.TOKEN: _token,
    Kind.PASSPHRASE: _passphrase,
    Kind.NAMES: _names,
    Kind.SOURCES: _sources,
    Kind.CHANNELS: _channels,
    Kind.SECRET_URL: _secret_url,
    Kind.WINDOWS: _windows,
}

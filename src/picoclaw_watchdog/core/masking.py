"""Secrets in a text: ours, however they are written, and the usual kinds of other people's.

Every pattern takes linear time on any text: what repeats is bounded or cannot be read two ways.
Masking twice is masking once.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

from picoclaw_watchdog.core.foreign import MASK
from picoclaw_watchdog.light import NamedTuple

SECRET_MIN = 4  # characters: masking a shorter one would only shred the text
SPLIT_MIN = 8  # a shorter one is not looked for across blanks: words would make it up
LONG = 60  # characters of a token that gives itself away by its length
VERY_LONG = 80  # and by nothing else, unless it begins as a path does
_RANDOM = 20  # of them in one piece, in capitals, small letters and digits


# --- ours -------------------------------------------------------------------------------------

# What can stand for a character, or between two characters, of a text that somebody passed on:
# percent-encoded (also twice), escaped as in JSON or C, as in HTML; colours, breaks and quotes.
_COLOUR = r"(?:\x1b|\\{1,8}(?:x1b|u001b|033|e)|#033|\^\[)?\[[0-9;]{0,16}m"
_DRESS = (
    r"%(?:25)*(?P<percent>[0-9A-Fa-f]{2})"
    rf"|{_COLOUR}"
    r"|\\{1,8}u(?P<unicode>[0-9A-Fa-f]{4})|\\{1,8}x(?P<byte>[0-9A-Fa-f]{2})|\\{1,8}[nrt]"
    r"|&#x(?P<hex>[0-9A-Fa-f]{1,5});|&#(?P<number>[0-9]{1,6});|&(?P<name>amp|quot|lt|gt|apos);"
    r"|\\|[\s\"'`\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]+"
)
_NAMES = {"amp": "&", "quot": "", "lt": "<", "gt": ">", "apos": ""}
_BASE64 = r"[A-Za-z0-9+/_-]{12,}={0,2}"


class _Piece(NamedTuple):
    """A part of a bared text, and where it stands in the dressed one."""

    at: int
    start: int
    end: int
    coded: bool  # one character, which takes all of the place


def _undressed(text: str) -> tuple[str, list[_Piece]]:
    """The text without what only dresses it, and where each of its parts came from."""
    bare: list[str] = []
    pieces: list[_Piece] = []
    at = last = 0

    def add(part: str, start: int, end: int, *, coded: bool) -> None:
        nonlocal at
        if part:
            bare.append(part)
            pieces.append(_Piece(at, start, end, coded))
            at += len(part)

    for found in re.finditer(_DRESS, text):
        add(text[last : found.start()], last, found.start(), coded=False)
        add(_character(found), found.start(), found.end(), coded=True)
        last = found.end()
    add(text[last:], last, len(text), coded=False)
    return "".join(bare), pieces


def _character(found: re.Match[str]) -> str:
    """The character that an escape stands for; empty for what stands for none."""
    said = found.groupdict()
    if said["name"]:
        return _NAMES[said["name"]]
    for group in ("percent", "unicode", "byte", "hex"):
        if said[group]:
            return _kept(int(said[group], 16))
    return _kept(int(said["number"])) if said["number"] else ""


def _kept(code: int) -> str:
    sign = chr(min(code, 0x10FFFF))
    return "" if re.fullmatch(_DRESS, sign) else sign


def _needles(secrets: tuple[str, ...]) -> dict[str, int]:
    """The secrets as they read in a bared text, and of how many words each is made."""
    found: dict[str, int] = {}
    for secret in secrets:
        by_bytes = secret.encode("utf-8", "replace").decode("latin-1")  # as percent has them
        for form in (secret, by_bytes, secret.replace(" ", "+")):
            bare = _undressed(form)[0]
            if len(bare) >= SECRET_MIN and bare not in MASK:
                found[bare] = len(secret.split())
    return found


def without(secrets: tuple[str, ...], text: str) -> str:
    """The text without the given secrets."""
    needles = _needles(secrets)
    if not needles:
        return text
    bare, pieces = _undressed(text)
    spans = [
        (start, end)
        for needle, words in needles.items()
        for start, end in _places(needle, bare, pieces)
        if len(needle) >= SPLIT_MIN or len(text[start:end].split()) <= words
    ]
    tokens = re.finditer(_BASE64, text)
    spans += [token.span() for token in tokens if _holds(token[0], secrets)]
    return _cut_out(text, spans)


def _places(needle: str, bare: str, pieces: list[_Piece]) -> Iterator[tuple[int, int]]:
    """Where a secret stands in the dressed text."""
    at = bare.find(needle)
    while at >= 0:
        yield _origin(pieces, at)[0], _origin(pieces, at + len(needle) - 1)[1]
        at = bare.find(needle, at + len(needle))


def _origin(pieces: list[_Piece], at: int) -> tuple[int, int]:
    """The place in the dressed text of one character of the bared one."""
    piece = pieces[bisect_right(pieces, at, key=lambda each: each.at) - 1]
    if piece.coded:
        return piece.start, piece.end
    start = piece.start + at - piece.at
    return start, start + 1


def _holds(token: str, secrets: tuple[str, ...]) -> bool:
    """Whether a token is base64 with a secret inside: `user:password` of a header."""
    from binascii import a2b_base64

    plain = token.rstrip("=").replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    inside = a2b_base64(plain + "=" * (-len(plain) % 4))
    return any(
        len(secret) >= SECRET_MIN and secret.encode("utf-8", "replace") in inside
        for secret in secrets
    )


def _cut_out(text: str, spans: list[tuple[int, int]]) -> str:
    kept: list[str] = []
    last = -1
    for start, end in sorted(spans):
        if start >= max(last, 0):
            kept += [text[max(last, 0) : start], MASK]
        last = max(last, end)
    return "".join([*kept, text[max(last, 0) :]])


# --- those of others --------------------------------------------------------------------------

_SLASH = r"(?:\\{0,8}/|%2F)"
# A token begins where no word goes on; an escape before it ends in letters.
_BEGIN = r"(?:(?<![A-Za-z0-9_-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
_GAP = r"(?:\s|\\{1,8}[nrt]|[\"',])"
_PEM = (
    r"-----BEGIN [A-Z0-9 ]{1,40}-----"
    rf"(?:(?:\s|\\{{1,8}}[nr])+[A-Z][A-Za-z-]{{2,20}}: [^\n\\]{{0,80}})*"
    rf"(?:{_GAP}*[A-Za-z0-9+/=]{{16,}}(?:{_GAP}+[A-Za-z0-9+/=]{{16,}})*)?"
    rf"(?:{_GAP}*[A-Za-z0-9+/=]{{0,16}}{_GAP}*-----END [A-Z0-9 ]{{1,40}}-----)?"
)
_PREFIXED = _BEGIN + (
    r"(?:(?:sk|rk|pk)-(?=[\w-]{0,80}[0-9])[\w-]{16,}"
    r"|(?:[prs]k_(?:live|test)|whsec)_\w{8,}"
    r"|gh[oprsu]_\w{16,}|github_pat_\w{16,}|gl(?:pat|sa|ptt|dt|rt)[-_][\w-]{16,}"
    r"|xox[a-z](?:\.xox[a-z])?-[\w-]{8,}|xapp-[\w-]{8,}"
    r"|A(?:KIA|SIA|BIA|CCA)[0-9A-Z]{12,}|AIza[\w-]{20,}|ya29\.[\w-]{16,}|GOCSPX-[\w-]{16,}"
    r"|tskey-[\w-]{6,}|AGE-SECRET-KEY-\w{16,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|(?:hf|gsk|npm|r8|tvly|ntn|lin_api|dop_v1|shp(?:at|ca|pa|ss)|pypi|nvapi|xai|pplx)"
    r"[-_](?=[\w-]{0,80}[0-9A-Z])[\w-]{20,}"
    r"|eyJ[\w-]{6,}\.[\w-]*(?:\.[\w-]*){0,4})"
)
_BOT = rf"(?i)({_SLASH}bot)[0-9]{{3,20}}(?::|%3A)[\w%-]{{3,}}"
_BOT_TOKEN = r"(?i)(?<![0-9])[0-9]{6,12}(?::|%3A)[\w-]{30,}"  # noqa: S105  # its shape
_HOOK = (
    rf"(?i)((?:discord(?:app)?\.com{_SLASH}api{_SLASH}(?:v[0-9]+{_SLASH})?webhooks"
    rf"|hooks\.slack\.com{_SLASH}(?:services|workflows|triggers)"
    rf"|hc-ping\.com|webhook\.office\.com{_SLASH}webhookb2){_SLASH})(?!\*\*\*)(?:[^\s\"'<>`\\]|\\{{1,8}}/)+"
)
_IN_URL = rf"(?i)((?::|%3A){_SLASH}{{2}})[^\s/@\"'<>]{{0,200}}(?:@[^\s/@\"'<>]{{0,200}}){{0,8}}@"
_IN_CODED_URL = r"(?i)(%3A%2F%2F)[^\s/@\"'<>&]{1,200}?%40"
_COOKIE = (
    r"(?i)((?<![a-z])(?:set-)?cookie\\{0,8}[\"']?\s{0,8}[:=]\s{0,8}\\{0,8}[\"']?)([^\n\r\"'\\]+)"
)
_HEADER = (
    r"(?i)(authorization\\{0,8}[\"']?\s{0,8}(?:[:=]|%3A|%3D)\s{0,8}\\{0,8}[\"']?"
    r"(?:(?:bearer|basic|token|apikey|key|negotiate|bot|aws4-hmac-sha256)(?:\s{1,8}|%20|\+))?)"
    r"([^\s\"'\\,;]+)"
)
_DIGEST = r"(?i)(authorization\\{0,8}[\"']?\s{0,8}[:=]\s{0,8}\\{0,8}[\"']?digest\s)([^\n\r{}]+)"
_BEARER = r"(?i)((?<![a-z])(?:bearer|basic)(?:\s{1,8}|%20|\+))([\w.~+/=-]{8,})"
_NAMED = (
    r"(?:token(?!s)|secret|(?<!no)passw(?:or)?d|passphrase|passcode|(?<![a-z])(?:pwd|psk|pass)"
    r"|(?:api|access|auth|private|secret|sign(?:ing)?|encryption|client|app|master|account"
    r"|shared|license|admin|server|bot)[ _-]?key|credential|signature|(?<![a-z])sig"
    r"|session[_-]?id|(?<![a-z])key(?=\\{0,8}[\"']?\s{0,8}(?:=|%3D))"
    r"|パスワード|パスフレーズ|トークン|シークレット|秘密鍵|合言葉)"
    r"s?(?:[_-]?(?:id|key|value|hash|b64|base64|text))?"
    r"\\{0,8}[\"'`]?\]?\s{0,8}(?:=>|:=|==?|::?|\N{FULLWIDTH COLON}|%3D|%3A)\s{0,8}[\[(]?"
)
_NAMED_QUOTED = rf"(?i)({_NAMED}\\{{0,8}}[\"'`])([^\"'`\n\\]{{1,400}})"
_NAMED_BARE = rf"(?i)({_NAMED})([^\s\"'`\\,;&|<>(){{}}\[\]]+)"
_LONG_TOKEN = rf"[A-Za-z0-9+/=_-]{{{LONG},}}"

# What stands behind a name and a colon and is no secret.
_STATES = frozenset(
    word
    for words in (
        "null none nil true false undefined empty unset missing required invalid expired revoked",
        "wrong bad denied failed failure fails unknown unauthorized mismatch error ok yes no not",
        "set is are was has have had be been will for from of in on the a an to must may can",
        "cannot could permission it this that these those see use put run file found refused",
        "rejected malformed limit too usage used variables 変数やコマンド",
    )
    for word in words.split()
)
_OF_OURS = r"[A-Z]{2,}(?:_[A-Z0-9]+)+"  # the name of a setting, in an advice


def _named(found: re.Match[str]) -> str:
    value = found[2]
    if value.strip(".,:!").lower() in _STATES or re.fullmatch(_OF_OURS, value):
        return found[0]
    return f"{found[1]}{MASK}"


def _random(found: re.Match[str]) -> str:
    """A value behind a word that also occurs in sentences: only what is no word itself."""
    value = found[2]
    letters = value.replace("-", "").replace(".", "")
    mixed = letters[1:] != letters[1:].lower() and letters != letters.upper()
    return found[0] if letters.isalpha() and not mixed else f"{found[1]}{MASK}"


def _long(found: re.Match[str]) -> str:
    """A long token that no path, hash or name looks like."""
    runs = re.findall(rf"[A-Za-z0-9]{{{_RANDOM},}}", found[0])
    if len(found[0]) >= VERY_LONG and found.string[max(0, found.start() - 1)] not in "/.":
        runs.append(found[0].lstrip("/"))
    return MASK if any(map(_is_mixed, runs)) else found[0]


def _is_mixed(text: str) -> bool:
    return text != text.upper() and text != text.lower() and any(map(str.isdigit, text))


_Replacement = str | Callable[[re.Match[str]], str]
_KINDS: tuple[tuple[str, _Replacement], ...] = (
    (_PEM, MASK),
    (_HOOK, rf"\g<1>{MASK}"),
    (_BOT, rf"\g<1>{MASK}"),
    (_BOT_TOKEN, MASK),
    (_IN_URL, rf"\g<1>{MASK}@"),
    (_IN_CODED_URL, rf"\g<1>{MASK}%40"),
    (_COOKIE, _named),
    (_DIGEST, rf"\g<1>{MASK}"),
    (_HEADER, _named),
    (_BEARER, _random),
    (_NAMED_QUOTED, _named),
    (_NAMED_BARE, _named),
    (_PREFIXED, MASK),
    (_LONG_TOKEN, _long),
)


def masked(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text without the given secrets and without what looks like one."""
    text = without(secrets, text)
    for pattern, replacement in _KINDS:
        text = re.sub(pattern, replacement, text, flags=re.ASCII)
    return text

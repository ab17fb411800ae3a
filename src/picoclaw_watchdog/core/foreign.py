"""What others say, made fit to be kept and shown: printable, without secrets, short. Pure.

Others are programs, servers, units, processes, files, whoever asks for a kick. Their words pass
here where they enter; what is stored, sent or shown later has been through it.
"""

MASK = "***"
LIMIT = 300  # characters of a detail
QUOTED = 80  # characters of others in what an agent reads

_LOST = "\ufffd"  # something was there that cannot be shown
# Sequences for a terminal (ECMA-48): control sequences; strings with their end; anything escaped.
_SEQUENCES = (
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9b-\x9f\n]*(?:\x07|\x9c|\x1b\\\\)"
    "|\x1b[ -/]*[0-~]?"
)
# They count as printable and show nothing (Default_Ignorable_Code_Point): text can hide in them.
_UNSEEN = (
    *("\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u3164", "\uffa0", "\u2800"),
    *map(chr, range(0x180B, 0x1810)),
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0100, 0xE01F0)),
)
# What a secret, a name for one, or its disguise cannot be without, unless it is a long word.
_SUSPECT = frozenset("%\\&\"'`[#^@")
_HINTS = (
    *("token", "secret", "pass", "pwd", "psk", "key", "credential", "sig", "session", "cookie"),
    *("auth", "basic", "bearer", "://", "---"),
)
_LONG_WORD = 12


class _Signs(dict[int, str]):
    """Each character as it may be shown, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        from unicodedata import category

        sign = chr(code)
        if sign.isspace():
            shown = " "
        elif category(sign) == "Cf" or sign in _UNSEEN:  # bidirectional, zero width, tags, ...
            shown = ""
        else:
            shown = sign if sign.isprintable() else _LOST
        self[code] = shown
        return shown


def cleaned(text: str) -> str:
    """The text on one line, its blanks as they are; nothing in it steers a terminal or a reader."""
    if text.isascii() and text.isprintable():
        return text
    import re

    if "\x1b" in text or not text.isprintable():
        text = re.sub(_SEQUENCES, "", text)
    text = text.translate(_Signs())
    return re.sub(f"{_LOST}+", _LOST, text) if _LOST in text else text


def printable(text: str) -> str:
    """As `cleaned`, with single blanks."""
    return " ".join(cleaned(text).split())


def masked(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text without the given secrets, however they are written, and what looks like one."""
    if _is_harmless(text, secrets):
        return text
    from picoclaw_watchdog.core import masking  # its patterns are for bad days

    return masking.masked(text, secrets)


def without(secrets: tuple[str, ...], text: str) -> str:
    """The text without the given secrets, however they are written: for sentences of our own."""
    if _is_harmless(text, secrets) or not secrets:
        return text
    from picoclaw_watchdog.core import masking

    return masking.without(secrets, text)


def said(text: str, secrets: tuple[str, ...] = (), limit: int = LIMIT) -> str:
    """Somebody else's words as a detail: one line, printable, masked, of bearable length."""
    return masked(printable(text), secrets)[:limit] if text else ""


def quotation(text: str, limit: int = QUOTED) -> str:
    """A detail as an agent may read it: in quotation marks that it cannot close, and short."""
    words = printable(text).replace('"', "'")
    if not words:
        return ""
    return f'"{words}"' if len(words) <= limit else f'"{words[: limit - 3]}..."'


def _is_harmless(text: str, secrets: tuple[str, ...]) -> bool:
    """Whether there is nothing to look for, told without a pattern: so it is on a quiet day."""
    if not (text.isascii() and _SUSPECT.isdisjoint(text)):
        return False
    lowered, words = text.lower(), text.split()
    if any(hint in lowered for hint in _HINTS) or not all(map(_is_word, words)):
        return False
    joined = "".join(words)
    return not any("".join(secret.split()) in joined for secret in secrets if secret)


def _is_word(text: str) -> bool:
    """Short, or of small letters only."""
    if len(text) < _LONG_WORD:
        return True
    plain = text.replace("_", "").strip(".,;:()")
    return plain.isalpha() and plain.islower()

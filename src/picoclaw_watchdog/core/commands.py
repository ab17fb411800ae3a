"""Commands that are shown: whatever they name, they can be pasted and mean just that."""

from collections.abc import Mapping
from shlex import quote


def word(value: object) -> str:
    """A value as one word of a shell; a tuple as several."""
    if isinstance(value, tuple):
        return command(*value)
    text = str(value)
    if text.startswith("~/"):  # quoted, it would be no home
        return f"~/{word(text[2:])}" if len(text) > 2 else text  # noqa: PLR2004
    return quote(text) if text.isprintable() else _spelt(text)


def command(*words: object) -> str:
    """A command of these words."""
    return " ".join(map(word, words))


def filled(template: str, facts: Mapping[str, object]) -> str:
    """A command, or words around one, in which each `{name}` becomes a word of its own."""
    return template.format(**{name: word(value) for name, value in facts.items()})


def _spelt(text: str) -> str:
    """As bash, zsh and ksh read it back, where a sign cannot be shown as it is."""
    signs = (
        sign if sign.isascii() and sign.isprintable() and sign not in "\\'" else _bytes(sign)
        for sign in text
    )
    return f"$'{''.join(signs)}'"


def _bytes(sign: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in sign.encode("utf-8", "surrogateescape"))

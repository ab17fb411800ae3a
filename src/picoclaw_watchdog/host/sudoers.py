"""One exact line of sudoers for one exact command."""

import re
from collections.abc import Sequence

# Tried with visudo and cvtsudoers 1.9: escaped so, these mean nothing but themselves. What is
# not among them (wildcards, quotes, `#`) gets no line: then no exact rule can be written.
WORD = r"[A-Za-z0-9._/~@+%()\\,:=-]+"
PROGRAM = r"/[A-Za-z0-9._/~+ -]+"
USER = r"[A-Za-z0-9._$@\\ -]+"


def line(user: str, program: str, arguments: Sequence[str]) -> str:
    """Allow `user` to run exactly this as root, without a password; empty where none can be."""
    if not re.fullmatch(USER, user) or not re.fullmatch(PROGRAM, program):
        return ""
    if not arguments or not all(re.fullmatch(WORD, word) for word in arguments):
        return ""
    command = " ".join(escaped(word) for word in (program, *arguments))
    return f"{escaped(user)} ALL=(root) NOPASSWD: {command}"


def escaped(word: str) -> str:
    """A word whose separators are its own."""
    return re.sub(r"[\\,:=@ ]", r"\\\g<0>", word)

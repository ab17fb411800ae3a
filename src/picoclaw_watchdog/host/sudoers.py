"""One exact line of sudoers for one exact command."""

import re
from collections.abc import Sequence

# Tried with sudo's own reader: so escaped, these mean nothing but themselves. What is not among
# them (wildcards, quotes, `#`) gets no line: then no exact rule can be written.
WORD = r"[A-Za-z0-9._/~@+%(),:=-]+"
PROGRAM = r"/[A-Za-z0-9._/~+ -]+"
USER = r"[A-Za-z0-9._$@\\ -]+"


def line(user: str, program: str, arguments: Sequence[str]) -> str:
    """Allow `user` to run exactly this as root, without a password; empty where none can be."""
    if not re.fullmatch(USER, user) or not re.fullmatch(PROGRAM, program):
        return ""
    if not arguments or not all(re.fullmatch(WORD, word) for word in arguments):
        return ""
    command = " ".join((program.replace(" ", r"\ "), *map(_escaped, arguments)))
    who = re.sub(r"[@ \\]", _with_backslash, user)
    return f"{who} ALL=(root) NOPASSWD: {command}"


def _escaped(word: str) -> str:
    return re.sub("[,:=]", _with_backslash, word)


def _with_backslash(found: re.Match[str]) -> str:
    return f"\\{found[0]}"

"""One line of sudoers for one user and one exact command; none where it could not be exact.

sudoers(5) knows no other safety than exactness: a wildcard matches blanks and slashes too, so
`tailscale funnel *` would publish any file that root can read.
"""

import os
import re
import stat
from collections.abc import Sequence

_PATH = re.compile(r"(/[A-Za-z0-9._+ -]+)+")
_ARGUMENT = re.compile(r"[A-Za-z0-9._+/@%~,:=()\\*?\[\]!-]+")
_MEANS_MORE = re.compile(r"[\\,:=*?\[\]!]")  # in an argument
_OTHERS = "%+#@!-"  # first signs of what is no user: groups, netgroups, numbers, ...
_ALIAS = re.compile(r"[A-Z][A-Z0-9_]*")  # `ALL`, and whatever else is written like an alias


def line(user: str, argv: Sequence[str]) -> str:
    """The line that lets this user run this command as root, word for word, and nothing else.

    Empty: sudoers cannot say exactly that, so the right must not be asked for.

    Args:
        user: the user's name.
        argv: the program by its full path, and at least one argument: a program without any
            would be allowed with all of them.
    """
    who = _user(user)
    if not who or len(argv) < 2 or not _is_plain(argv[0]):  # noqa: PLR2004
        return ""
    if not all(map(_ARGUMENT.fullmatch, argv[1:])):
        return ""
    program = argv[0].replace(" ", r"\ ")
    return f"{who} ALL=(root) NOPASSWD: {' '.join((program, *map(_argument, argv[1:])))}"


def is_roots(program: str) -> bool:
    """Whether only root can change the program: else a right to run it is a right to be root."""
    path = os.path.realpath(program)
    while True:
        try:
            facts = os.stat(path)
        except OSError:
            return False
        if facts.st_uid != 0 or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)


def _user(name: str) -> str:
    if not name.isprintable() or name != name.strip() or name[:1] in ("", *_OTHERS):
        return ""
    escaped = "".join(f"\\{sign}" if sign in '\\,:=()!#" ' else sign for sign in name)
    return f"\\{escaped}" if _ALIAS.fullmatch(name) else escaped


def _is_plain(path: str) -> bool:
    return _PATH.fullmatch(path) is not None and not {".", ".."} & set(path.split("/"))


def _argument(word: str) -> str:
    # sudoers takes one backslash away, and its comparison, fnmatch(3), another one.
    return _MEANS_MORE.sub(lambda sign: "\\" * (3 if sign[0] == "\\" else 1) + sign[0], word)

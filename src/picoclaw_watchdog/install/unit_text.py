"""Text for systemd's unit files: one way to write a value for each place where one can stand.

systemd.syntax(7) and systemd.exec(5): quotes, backslashes, `%` and `$` each mean something, and
not the same everywhere; a line's end ends any value.
"""

import errno
import os
import re
from collections.abc import Sequence
from hashlib import sha256

from picoclaw_watchdog.install.files import read

MARK = "# Written by `picoclaw-watchdog install`. Edit this file and it is yours: it stays. "
# Of a program's path systemd refuses these, however they are written.
_NOT_IN_A_PROGRAM = re.compile(r"[\"'\\]")
_NEEDS_QUOTES = re.compile(r"[\s\"'\\;#]")


def exec_line(argv: Sequence[str]) -> str:
    """A value for ExecStart= that runs just this.

    Raises:
        OSError: systemd cannot be told so.
    """
    if _NOT_IN_A_PROGRAM.search(argv[0]):
        argv = ("/bin/sh", "-c", 'exec "$0" "$@"', *argv)
    # `:` lets a `$` be one (systemd 244 and later).
    return " ".join(_quoted(each) for each in (f":{argv[0]}", *argv[1:]))


def assignment(name: str, value: str, source: str = "") -> str:
    """A value for Environment= that sets one variable; `source`: the one that it comes from.

    Raises:
        OSError: systemd cannot be told so.
    """
    return _quoted(f"{name}={value}", f"${source or name}")


def plain_path(path: str, what: str) -> str:
    """A value where systemd takes the line as it is, but for specifiers: PathChanged= and such.

    Raises:
        OSError: systemd cannot be told so.
    """
    if path != path.strip() or path.endswith("\\"):
        raise OSError(errno.EINVAL, "ends in a blank or backslash, which no unit can say", what)
    return _without_specifiers(path, what)


def signed(text: str) -> str:
    """A file of ours: its last line tells whether somebody has edited it since."""
    return f"{text}{MARK}{_digest(text)}\n"


def unsigned(text: str) -> str:
    """The text without that line."""
    return text.rpartition(MARK)[0] or text


def is_ours(path: str) -> bool:
    """Whether it is a file of ours, as we wrote it. A link is its owner's."""
    text, mark, digest = read(path).rpartition(MARK)
    return bool(mark) and digest == f"{_digest(text)}\n" and not os.path.islink(path)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _quoted(word: str, what: str = "") -> str:
    text = _without_specifiers(word, what or word)
    if not _NEEDS_QUOTES.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _without_specifiers(text: str, what: str) -> str:
    if any(sign < " " or "\x7f" <= sign < "\xa0" or "\ud800" <= sign < "\ue000" for sign in text):
        raise OSError(errno.EINVAL, "holds a control character, which no unit can say", what)
    return text.replace("%", "%%")

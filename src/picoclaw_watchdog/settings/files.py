"""A file of settings as bytes, believed only where nobody but its owner can have written it."""

import os
import stat
from collections.abc import Iterator

from picoclaw_watchdog.settings.mistakes import Flaw, Mistake, Origin, shown

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_MAY_OPEN = stat.S_IRWXG | stat.S_IRWXO
_MOST_LINKS = 40  # as many as the kernel follows


def read(path: str, largest: int, mistakes: list[Mistake], *, secret: bool = False) -> bytes | None:
    """The file's bytes; None where there is no such file.

    None of its bytes, and a mistake, where it cannot be read or must not be believed: a file that
    others can change may be theirs.

    Args:
        path: absolute; a symbolic link counts as what it leads to.
        largest: in bytes; a larger file is not read.
        mistakes: gets what is wrong with the file.
        secret: it holds secrets, so others should not even be able to read it.
    """
    try:
        # Without O_NONBLOCK a named pipe would hold us for ever.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        mistakes.append(_unreadable(path, error))
        return b""
    try:
        facts = os.fstat(file)
        doubt = _doubt(path, facts, "600" if secret else "go-w")
        if doubt is not None:
            if doubt not in mistakes:  # one folder may hold several files
                mistakes.append(doubt)
            return b""
        if secret and facts.st_mode & _OTHERS_MAY_OPEN:
            mistakes.append(_exposed(path, facts))
        content = _up_to(file, largest + 1)
    except OSError as error:
        mistakes.append(_unreadable(path, error))
        return b""
    finally:
        os.close(file)
    if len(content) > largest:
        mistakes.append(Mistake(Origin(path), "", Flaw.TOO_LARGE, right=f"{largest // 1024} KiB"))
        return b""
    return content


def decoded(content: bytes, path: str, mistakes: list[Mistake]) -> str:
    """The bytes as text. Wrong bytes stay recognisable and spoil only the value they are in."""
    if b"\0" in content:  # most likely UTF-16
        line = content[: content.index(b"\0")].count(b"\n") + 1
        mistakes.append(Mistake(Origin(path, line), "", Flaw.NOT_UTF8))
        return ""
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        mistakes.append(Mistake(Origin(path, line), "", Flaw.NOT_UTF8, fatal=False))
        return content.decode(errors="surrogateescape")


def _doubt(path: str, facts: os.stat_result, mode: str) -> Mistake | None:
    """Why the file must not be believed."""
    if not stat.S_ISREG(facts.st_mode):
        return Mistake(Origin(path), "", Flaw.NOT_A_FILE)
    if not _is_ours(facts):
        return _of_another(path, facts, Flaw.OF_ANOTHER_USER)
    if facts.st_mode & _OTHERS_MAY_WRITE:
        return _open(path, facts, Flaw.WRITABLE, f"chmod {mode}")
    for folder in _folders(path):
        facts = os.stat(folder)
        if not _is_ours(facts):
            return _of_another(folder, facts, Flaw.FOLDER_OF_ANOTHER_USER)
        # In a sticky folder, such as /tmp, nobody can take another one's file away.
        if facts.st_mode & _OTHERS_MAY_WRITE and not facts.st_mode & stat.S_ISVTX:
            return _open(folder, facts, Flaw.FOLDER_WRITABLE, "chmod go-w")
    return None


def _is_ours(facts: os.stat_result) -> bool:
    return facts.st_uid in (os.geteuid(), 0)


def _folders(path: str) -> Iterator[str]:
    """Each folder in which somebody could put another file in its place, links followed."""
    folder = os.path.dirname(path)
    for _ in range(_MOST_LINKS):
        yield folder
        if not os.path.islink(path):
            return
        path = os.path.join(folder, os.readlink(path))
        folder = os.path.realpath(os.path.dirname(path))


def _of_another(path: str, facts: os.stat_result, flaw: Flaw) -> Mistake:
    right = f"sudo chown {os.geteuid()} {_quoted(path)}"
    return Mistake(Origin(_shown(path)), "", flaw, str(facts.st_uid), right)


def _open(path: str, facts: os.stat_result, flaw: Flaw, command: str) -> Mistake:
    right = f"{command} {_quoted(path)}"
    return Mistake(Origin(_shown(path)), "", flaw, _mode(facts), right)


def _exposed(path: str, facts: os.stat_result) -> Mistake:
    return _open(path, facts, Flaw.OPEN_TO_OTHERS, "chmod 600")._replace(fatal=False)


def _unreadable(path: str, error: OSError) -> Mistake:
    found = error.strerror or type(error).__name__
    return Mistake(Origin(path), "", Flaw.UNREADABLE, found, f"chmod u+r {_quoted(path)}")


def _mode(facts: os.stat_result) -> str:
    return f"{stat.S_IMODE(facts.st_mode):04o}"


def _quoted(path: str) -> str:
    from picoclaw_watchdog.core.commands import word  # only where something is wrong

    return word(path)


def _shown(path: str) -> str:
    """A path on one line; where a link leads may be called anything."""
    return path if path.isprintable() else shown(path, 4096)


def _up_to(file: int, most: int) -> bytes:
    content = b""
    while len(content) < most:
        chunk = os.read(file, min(65_536, most - len(content)))
        if not chunk:
            break
        content += chunk
    return content

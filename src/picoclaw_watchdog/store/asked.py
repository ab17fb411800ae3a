"""`paused_by_request`: the pause that a request has set, beside the owner's own `paused`.

Four lines: until when, who asked, when the first of those that follow each other began, and when
each of the last day was made; times are epoch seconds. Unlike the owner's switch it pauses nothing
where it cannot be read. It stays when it is over, for it bounds the next; what is set or ended at
the host removes it.
"""

import os

from picoclaw_watchdog.core.asked_pause import Asked
from picoclaw_watchdog.store.files import (
    make_private_folder,
    read_small,
    remove,
    write_atomically,
)

NAME = "paused_by_request"
_LIMIT = 4096
_LINES = 4


def read(folder: str) -> Asked | None:
    """What lies there; None where nothing does.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not what we write.
    """
    content = read_small(os.path.join(folder, NAME), _LIMIT)
    if content is None:
        return None
    lines = content.decode("utf-8").split("\n")
    if len(lines) < _LINES:
        raise ValueError("not a pause by request")
    until, who, began, made = lines[:_LINES]
    return Asked(_time(until), who, _time(began), tuple(map(_time, made.split())))


def write(folder: str, asked: Asked | None) -> None:
    """Replace it, durably; None: remove it.

    Raises:
        OSError: it is as it was.
    """
    path = os.path.join(folder, NAME)
    if asked is None:
        remove(path)
        return
    make_private_folder(folder)
    made = " ".join(map(repr, asked.made))
    text = f"{asked.until!r}\n{asked.who}\n{asked.began!r}\n{made}\n"
    write_atomically(path, text.encode("utf-8", "replace"))


def _time(text: str) -> float:
    value = float(text)
    if not abs(value) < float("inf"):
        raise ValueError("not an epoch second")
    return value

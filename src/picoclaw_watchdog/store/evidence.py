"""The captures of the gateway's journal, the newest of which are kept."""

import os
import time
from contextlib import suppress

from picoclaw_watchdog.core.model import Moment
from picoclaw_watchdog.store.files import make_private_folder, write_atomically

LIMIT = 1_000_000  # bytes
_PREFIX, _END = "gateway_journal_", ".log"


def keep(folder: str, text: str, now: Moment, most: int) -> str:
    """Write a capture under a name of its own; answers its path.

    Of a longer text the end is kept: the last words matter.

    Raises:
        OSError: it could not be written.
    """
    make_private_folder(folder)
    stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(now.wall))
    path = os.path.join(folder, f"{_PREFIX}{stamp}{_END}")
    number = 2
    while os.path.lexists(path):
        path = os.path.join(folder, f"{_PREFIX}{stamp}_{number}{_END}")
        number += 1
    data = text.encode("utf-8", "backslashreplace")
    if len(data) > LIMIT:
        data = data[-LIMIT:].decode("utf-8", "ignore").encode()
    write_atomically(path, data)
    _prune(folder, os.path.basename(path), most)
    return path


def _prune(folder: str, newest: str, most: int) -> None:
    def age(name: str) -> tuple[bool, int, str]:
        # The change time, not the name: after a change to winter time names repeat.
        return name == newest, os.lstat(os.path.join(folder, name)).st_ctime_ns, name

    with suppress(OSError):
        names = [name for name in os.listdir(folder) if name.startswith(_PREFIX)]
        ours = sorted((name for name in names if name.endswith(_END)), key=age)
        for name in ours[: -max(most, 1)]:
            with suppress(OSError):
                os.unlink(os.path.join(folder, name))

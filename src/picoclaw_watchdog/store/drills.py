"""Drills on the disk: the fault that is there on purpose, who makes it, and what came of each.

`drill.json` is written before a fault is made and removed when it is undone, so that whoever
finds it knows what to undo. Who makes the fault holds a lock on `drill.lock` meanwhile, which
ends with his process, however that ends. `drills.log` has one result a line.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from picoclaw_watchdog.core.model import Drill, Moment
from picoclaw_watchdog.core.reasons import Fault
from picoclaw_watchdog.store import lock
from picoclaw_watchdog.store.codec import pack, unpack
from picoclaw_watchdog.store.files import (
    add_line,
    make_private_folder,
    read_small,
    remove,
    write_atomically,
)

RECORD = "drill.json"
LOCK = "drill.lock"
RESULTS = "drills.log"
KEPT = 200  # results

_LIMIT = 1024 * 1024
# What an unreadable record counts as: what it may have frozen is let go on.
OVER = Drill(Fault.HANG, Moment(0.0, 0.0, 0.0, ""), 0.0)


def read(folder: str) -> Drill:
    """The record.

    Raises:
        OSError: there is none, or it cannot be read.
        ValueError: it is none.
    """
    content = read_small(os.path.join(folder, RECORD), _LIMIT)
    if content is None:
        raise FileNotFoundError(RECORD)
    return unpack(Drill, json.loads(content))


def write(folder: str, drill: Drill) -> None:
    """Write down, durably, what is about to be broken.

    Raises:
        OSError: it is not written down.
    """
    make_private_folder(folder)
    write_atomically(os.path.join(folder, RECORD), json.dumps(pack(drill)).encode())


def clear(folder: str) -> None:
    """It is undone.

    Raises:
        OSError: the record is still there.
    """
    remove(os.path.join(folder, RECORD))


def hold(folder: str) -> lock.Lock | None:
    """Keep others from making faults, until this process ends; None where one is at it.

    Raises:
        OSError: there is no place for the lock.
    """
    make_private_folder(folder)
    return lock.hold(folder, LOCK)


def is_held(folder: str) -> bool:
    """Whether who made the fault lives; True where that cannot be known."""
    try:
        held = lock.hold(folder, LOCK)
    except OSError:
        return True
    if held is None:
        return True
    held.release()
    return False


def add_result(folder: str, result: Mapping[str, Any]) -> None:
    """Keep what came of a drill; only the holder of the lock does so.

    Raises:
        OSError: it is not kept.
    """
    make_private_folder(folder)
    path = os.path.join(folder, RESULTS)
    add_line(path, json.dumps(result, ensure_ascii=False))
    kept = results(folder)
    if len(kept) > 2 * KEPT:
        lines = (json.dumps(each, ensure_ascii=False) for each in kept[-KEPT:])
        write_atomically(path, "".join(f"{line}\n" for line in lines).encode())


def results(folder: str) -> list[dict[str, Any]]:
    """What came of past drills, oldest first; a line that is torn is passed over.

    Raises:
        OSError: they cannot be read.
    """
    content = read_small(os.path.join(folder, RESULTS), _LIMIT, tail=True) or b""
    found: list[dict[str, Any]] = []
    for line in content.decode("utf-8", "replace").splitlines():
        try:
            result = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(result, dict):
            found.append(result)
    return found

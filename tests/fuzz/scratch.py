"""A folder in memory for the targets that read files."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache


@cache
def folder(name: str) -> str:
    """An empty folder, gone when the process ends; in memory, as a sync to disk takes its time."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    path = tempfile.mkdtemp(prefix=f"fuzz-{name}-", dir=memory)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def put(path: str, contents: Mapping[str, bytes]) -> None:
    """Write files, private, their folders as needed."""
    for name, content in contents.items():
        where = os.path.join(path, name)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(os.open(where, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)


def clear(path: str) -> None:
    """Remove all that lies in the folder."""
    for name in os.listdir(path):
        where = os.path.join(path, name)
        if os.path.isdir(where) and not os.path.islink(where):
            shutil.rmtree(where)
        else:
            os.unlink(where)

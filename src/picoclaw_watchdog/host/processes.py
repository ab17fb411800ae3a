"""Which processes run a certain program."""

import os
from contextlib import suppress


def running(name: str, proc: str = "/proc") -> tuple[int, ...]:
    """The processes with a file of this name on their command line, ourselves left out."""
    found = []
    for entry in os.listdir(proc):
        if entry.isdigit() and int(entry) != os.getpid():
            with suppress(OSError), open(f"{proc}/{entry}/cmdline", "rb") as file:
                words = file.read().decode("utf-8", "replace").split("\0")
                ours = os.fstat(file.fileno()).st_uid == os.getuid()
                if ours and any(word.rpartition("/")[2] == name for word in words):
                    found.append(int(entry))
    return tuple(sorted(found))


def is_anywhere(name: str, proc: str = "/proc") -> bool:
    """Whether a program of this name runs, whoever runs it, also in a container of this host."""
    for entry in os.listdir(proc):
        if entry.isdigit():
            with suppress(OSError), open(f"{proc}/{entry}/comm", "rb") as file:
                if file.read().rstrip(b"\n") == name.encode():
                    return True
    return False

"""What a run asks of the kernel, counted by strace: a count is the same on every machine."""

import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

FILES = "openat|open|creat|stat|lstat|newfstatat|statx|access|faccessat2|readlink|getdents64"
SYNCS = "fsync|fdatasync|sync|syncfs|sync_file_range"
CALL = re.compile(r"^\d+\s+(?:<\.\.\. )?(\w+)[( ]")
WRITTEN = re.compile(r"^\d+\s+p?write(?:64|v)?\(\d+<([^>]*)>.* = (\d+)$")


class Counts(NamedTuple):
    """One run, its children included."""

    syscalls: int
    look_ups: int  # of files: opened, asked for, listed
    programs: int  # started by it
    threads_and_processes: int
    syncs: int
    bytes_written: int  # below the folder


def count(argv: Sequence[str], environ: Mapping[str, str], folder: str) -> Counts:
    """Run a command under strace.

    Args:
        argv: the command.
        environ: its environment.
        folder: where what it writes is counted.

    Raises:
        FileNotFoundError: strace is not installed.
        CalledProcessError: the command failed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        trace = os.path.join(scratch, "trace")
        quiet = subprocess.DEVNULL
        command = ["strace", "-f", "-y", "-qq", "-o", trace, *argv]
        subprocess.run(
            command, env=environ, stdin=quiet, stdout=quiet, stderr=subprocess.PIPE, check=True
        )
        with open(trace, encoding="utf-8", errors="replace") as file:
            return _counted(file.read().splitlines(), folder)


def _counted(lines: Sequence[str], folder: str) -> Counts:
    calls: Counter[str] = Counter()
    written = 0
    for line in lines:
        found = CALL.match(line)
        if found is None or "resumed>" in line:
            continue
        calls[found[1]] += 1
        wrote = WRITTEN.match(line)
        if wrote is not None and wrote[1].startswith(folder):
            written += int(wrote[2])
    return Counts(
        syscalls=calls.total(),
        look_ups=sum(calls[name] for name in FILES.split("|")),
        programs=calls["execve"] - 1,
        threads_and_processes=sum(calls[name] for name in ("clone", "clone3", "fork", "vfork")),
        syncs=sum(calls[name] for name in SYNCS.split("|")),
        bytes_written=written,
    )

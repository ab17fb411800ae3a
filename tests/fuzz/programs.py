"""Stand-ins for programs: what a child process prints is the fuzzer's business, the child real."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.fuzz import scratch

_SCRIPT = """#!/bin/sh
read -r code < {folder}/code
/bin/cat {folder}/out
/bin/cat {folder}/err >&2
exit "$code"
"""


@contextmanager
def printing(name: str, program: str, out: bytes, err: bytes, code: int) -> Iterator[None]:
    """While it lasts, PATH finds nothing but a program that prints this."""
    folder = scratch.folder(name)
    scratch.put(folder, {"out": out, "err": err, "code": f"{code}\n".encode()})
    path = os.path.join(folder, "bin", program)
    if not os.path.exists(path):
        scratch.put(folder, {f"bin/{program}": _SCRIPT.format(folder=folder).encode()})
        os.chmod(path, 0o700)
    with environment({"PATH": os.path.join(folder, "bin")}):
        yield


@contextmanager
def environment(changes: Mapping[str, str]) -> Iterator[None]:
    """The process environment with changes, as long as it lasts."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

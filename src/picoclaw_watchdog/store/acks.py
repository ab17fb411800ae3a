"""`acked`: the owner knows of the incidents whose ids stand there, one a line.

`!` before one takes it back, and the last line about an incident counts. Lines are only ever added
while an incident is open, so nobody's line can be lost; the file goes when none is.
"""

import os
from collections.abc import Iterable

from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.store.files import add_line, make_private_folder

NAME = "acked"
_BACK = "!"


class Acks(NamedTuple):
    """What the owner says of open incidents."""

    known: frozenset[str] = frozenset()
    taken_back: frozenset[str] = frozenset()


def parse(content: bytes) -> Acks:
    """What stands there; any bytes are something."""
    said: dict[str, bool] = {}
    for line in map(str.strip, content.decode("utf-8", "replace").splitlines()):
        if name := line.removeprefix(_BACK):
            said[name] = name == line
    known = frozenset(name for name, knows in said.items() if knows)
    return Acks(known, frozenset(said) - known)


def write_acks(folder: str, ids: Iterable[str], *, back: bool = False) -> None:
    """Say durably that the owner knows of these incidents; `back`: that he takes it back.

    Raises:
        OSError: not all of it could be written.
    """
    make_private_folder(folder)
    for name in ids:
        add_line(os.path.join(folder, NAME), f"{_BACK if back else ''}{name}")

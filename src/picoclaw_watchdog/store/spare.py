"""Where the state goes while its own folder cannot be written: a folder in memory.

It holds the whole state as one JSON file until the state folder has taken it over. It does not
outlive a reboot; the alternative would be to forget every attempt at once. A mirror beside it
is kept at all times, for the day on which somebody removes the state folder.
"""

import os
import stat

from picoclaw_watchdog.core.model import State
from picoclaw_watchdog.store.codec import pack, unpack
from picoclaw_watchdog.store.files import (
    make_private_folder,
    read_small,
    reason,
    remove,
    write_atomically,
)
from picoclaw_watchdog.store.kept import Kept

NAME = "state.json"
MIRROR = "mirror.json"
_LIMIT = 4 * 1024 * 1024
_OTHERS_MAY_WRITE = 0o022


def distrust(folder: str) -> str:
    """Why nothing in this folder is believed; empty where it is ours alone, or not made yet.

    Whoever can write there could have us tell the owner whatever he likes.
    """
    if not folder:
        return ""
    try:
        above = os.stat(os.path.dirname(folder))
        if above.st_uid not in (0, os.geteuid()) or above.st_mode & _OTHERS_MAY_WRITE:
            return f"others can write in {os.path.dirname(folder)}"
        why = _not_ours(os.lstat(folder))
        with os.scandir(folder) as entries:
            for entry in () if why else entries:
                if entry.stat(follow_symlinks=False).st_uid != os.geteuid():
                    return f"{entry.name} belongs to somebody else"
    except OSError:
        return ""  # whoever uses it will say so
    return why


def _not_ours(facts: os.stat_result) -> str:
    if not stat.S_ISDIR(facts.st_mode):
        return "is not a folder"
    if facts.st_uid != os.geteuid():
        return f"belongs to user {facts.st_uid}"
    if facts.st_mode & _OTHERS_MAY_WRITE:
        return f"others can write in it (mode {stat.S_IMODE(facts.st_mode):04o})"
    return ""


class Spare:
    """The spare folder; an empty name means that there is none."""

    def __init__(self, folder: str, name: str = NAME) -> None:
        self.complaints: list[str] = []
        self._folder = folder
        self._path = os.path.join(folder, name)
        self._held: Kept | None = None
        self._lies_there = False

    def read(self) -> Kept | None:
        """What was kept; None where nothing was. Never raises."""
        if not self._folder:
            return None
        try:
            content = read_small(self._path, _LIMIT)
            self._lies_there = content is not None
            self._held = _kept(content) if content is not None else None
        except (OSError, ValueError, RecursionError) as error:
            self._lies_there = True
            self.complaints.append(f"{self._path}: {reason(error)}: counts as absent")
        return self._held

    def write(self, state: State, seq: int) -> bool:
        """Keep a state; whether it could be."""
        if not self._folder:
            return False
        if self._held is not None and self._held.state == state:
            return True
        import json

        document = {"seq": seq, "state": pack(state)}
        try:
            make_private_folder(self._folder)
            write_atomically(self._path, json.dumps(document).encode())
        except (OSError, ValueError) as error:
            self.complaints.append(f"memory folder {self._folder}: {reason(error)}")
            return False
        self._held = Kept(state, seq)
        self._lies_there = True
        return True

    @property
    def lies_there(self) -> bool:
        """Whether there is something that the state folder should take over."""
        return self._lies_there

    def clear(self) -> None:
        """The state folder has taken it over. Never raises."""
        if not self._lies_there:
            return
        try:
            remove(self._path)
        except OSError as error:
            self.complaints.append(f"{self._path}: cannot be removed: {reason(error)}")
        else:
            self._held, self._lies_there = None, False


def _kept(content: bytes) -> Kept:
    import json

    known = json.loads(content)
    seq = known.get("seq") if isinstance(known, dict) else None
    if not isinstance(known, dict) or not isinstance(seq, int):
        raise ValueError("holds no state")  # noqa: TRY004  # of a file, not of a caller
    return Kept(unpack(State, known.get("state")), seq)

"""The skill that tells PicoClaw's agent how to carry a request here, put where it looks for skills.

Only while kicks are on, and only into a workspace that is there. What the owner has changed, or
put there himself, stays as it is: a note beside our program says which text we wrote.
"""

import os
from hashlib import sha256

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.install.files import Fate, Folders, Item, put, read, remove
from picoclaw_watchdog.install.places import Places

SOURCE = f"{os.path.dirname(os.path.abspath(__file__))}/skill/SKILL.md"


def skill_path(settings: Settings) -> str:
    """Where PicoClaw's agent looks for it."""
    return f"{settings.pico_home}/workspace/skills/watchdog/SKILL.md"


def put_skill(places: Places, settings: Settings, folders: Folders) -> list[Item]:
    """Write it, or remove ours where it is not wanted any more or belongs elsewhere now.

    Raises:
        OSError: it cannot be written.
    """
    path = skill_path(settings)
    wanted = settings.kick_enabled and os.path.isdir(f"{settings.pico_home}/workspace")
    _, before = _note(places)
    items: list[Item] = []
    if before and (before != path or not wanted):
        items += remove_skill(places)
    if not wanted:
        return items
    text = read(SOURCE)
    if _is_the_owners(places, path, text):
        return [*items, Item(path, Fate.KEPT)]
    folders.make(os.path.dirname(path))
    items.append(put(path, text))
    put(places.skill_note, f"{_digest(text)} {path}\n", 0o600)
    return items


def remove_skill(places: Places) -> list[Item]:
    """Remove ours; what the owner has changed stays.

    Raises:
        OSError: it cannot be removed.
    """
    _, path = _note(places)
    items: list[Item] = []
    if path and os.path.lexists(path):
        owners = _is_the_owners(places, path, read(SOURCE))
        items += [Item(path, Fate.KEPT)] if owners else remove(path)
    remove(places.skill_note)
    return items


def _note(places: Places) -> tuple[str, str]:
    """The digest of the text that we wrote last, and where; empty where we wrote none."""
    digest, _, path = read(places.skill_note).rstrip("\n").partition(" ")
    return digest, path


def _is_the_owners(places: Places, path: str, text: str) -> bool:
    """Whether what lies there is not a text of ours as we wrote it."""
    if os.path.islink(path) or os.path.islink(os.path.dirname(path)):
        return True  # into a clone, say: nothing is written through it
    if not os.path.lexists(path):
        return False
    there = read(path)
    return there != text and _digest(there) != _note(places)[0]


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()

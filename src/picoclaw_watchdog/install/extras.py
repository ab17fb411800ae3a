"""What is installed beside the program: completion, the manual page, and the Apprise library."""

import os
from collections.abc import Mapping

from picoclaw_watchdog.host.process import run
from picoclaw_watchdog.install.files import (
    Fate,
    Folders,
    Item,
    close_tree,
    make_marked,
    put,
    read,
    refuse_others,
    remove,
    remove_tree,
)
from picoclaw_watchdog.install.places import Places
from picoclaw_watchdog.light import NamedTuple

REQUIREMENT = "apprise>=1.9"
LIBRARY_WITHIN = 600  # seconds for pip, on a slow line
CHECK_WITHIN = 60  # seconds to import it, on a slow disk
MARK = "ade by "  # "Made by ..." stands in every document of ours


class Library(NamedTuple):
    """What became of the Apprise library."""

    items: list[Item]
    trouble: str = ""  # why it could not be installed


def write_documents(places: Places, texts: Mapping[str, str], folders: Folders) -> list[Item]:
    """Put the documents where they are looked for; the owner's own file is left alone.

    Raises:
        OSError: one cannot be written.
    """
    items = []
    for kind, text in texts.items():
        path = places.documents[kind]
        if not os.path.lexists(path) or is_ours(path):
            folders.make(os.path.dirname(path))
            items.append(put(path, text))
    return items


def remove_documents(places: Places) -> list[Item]:
    """Remove those that are ours.

    Raises:
        OSError: one cannot be removed.
    """
    paths = [path for path in places.documents.values() if is_ours(path)]
    return [item for path in paths for item in remove(path)]


def is_ours(path: str) -> bool:
    """Whether the document is one that we wrote."""
    head = read(path)[:400]
    return MARK in head and "picoclaw-watchdog" in head


def install_library(places: Places, python: str) -> Library:
    """Put Apprise into an environment of its own, unless it works there already.

    It is not part of the program's folder: an update of ours does not fetch it again, and a
    cycle's way to its own modules gets no longer.

    Args:
        places: this installation.
        python: the interpreter to build on.
    """
    if run((f"{places.apprise}/bin/python", "-I", "-c", "import apprise"), CHECK_WITHIN).ok:
        return Library([Item(places.apprise, Fate.SAME)])
    fresh = f"{places.apprise}.{os.getpid()}"
    try:
        refuse_others(places.apprise)
        make_marked(fresh)
        for command in (
            (python, "-I", "-m", "venv", fresh),
            (
                *(f"{fresh}/bin/python", "-I", "-m", "pip", "install", "--quiet"),
                *("--disable-pip-version-check", "--no-input", REQUIREMENT),
            ),
        ):
            ran = run(command, LIBRARY_WITHIN)
            if not ran.ok:
                return Library([], "no answer in time" if ran.timed_out else ran.complaint)
        close_tree(fresh)
        there = os.path.isdir(places.apprise)
        remove_tree(places.apprise)
        os.rename(fresh, places.apprise)
        return Library([Item(places.apprise, Fate.REPLACED if there else Fate.NEW)])
    except OSError as error:
        return Library([], f"{error.filename}: {error.strerror}")
    finally:
        if os.path.isdir(fresh):
            remove_tree(fresh)


def remove_library(places: Places) -> list[Item]:
    """Remove it.

    Raises:
        OSError: it cannot be removed.
    """
    return remove_tree(places.apprise)

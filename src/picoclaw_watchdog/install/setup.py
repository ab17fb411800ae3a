"""Install, enable, disable, uninstall: each says what it did."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.tailscale import HostTailnet
from picoclaw_watchdog.install import extras, manager, missing, units
from picoclaw_watchdog.install.files import (
    Fate,
    Folders,
    Item,
    link,
    put,
    read,
    remove,
)
from picoclaw_watchdog.install.places import LOOP, Places
from picoclaw_watchdog.install.program import base_python, install_program, remove_program
from picoclaw_watchdog.install.skill import put_skill, remove_skill

SCRIPTS = f"{os.path.dirname(os.path.abspath(__file__))}/scripts"


class Installed(NamedTuple):
    """What an install did."""

    items: list[Item]
    taken_over: bool  # from the shell implementation
    hardened: bool
    refused: str  # what systemd complained of; empty when it follows, or is not there
    missing: list[missing.Missing]
    sudoers: str = ""  # the line that allows mending the Funnel, where it is not allowed
    apprise: str = ""  # why the Apprise library could not be installed; empty where it need not be

    @property
    def changed(self) -> bool:
        """Whether anything is different now."""
        return any(item.changed for item in self.items)


class Removed(NamedTuple):
    """What an uninstall did."""

    items: list[Item]
    kept: list[str]  # the owner's


def install(
    places: Places,
    settings: Settings,
    environ: Mapping[str, str],
    user: str,
    documents: Mapping[str, str] | None = None,
) -> Installed:
    """Put everything in place, over an older version or the shell implementation.

    `documents` are those of `extras.write_documents`; None: none.

    Raises:
        OSError: a file cannot be written.
    """
    taken_over = units.is_from_the_shell_watchdog(places)
    answers = manager.answers()
    was_loop = answers and manager.is_active(LOOP)
    folders = Folders(places.folders_made)
    folders.make(places.data)
    try:
        items = install_program(places)
        items += _wrappers(places, folders)
        may = missing.rights(user, HostTailnet(), settings)
        of_units = units.write_units(places, settings, environ, folders)
        of_units += units.write_hardening(places, folders, wanted=not may.needs_sudo)
        items += of_units + remove(places.stamp) + _settings_file(settings, folders)
        items += put_skill(places, settings, folders)
        items += extras.write_documents(places, documents or {}, folders)
        library = extras.Library([])
        if settings.apprise_urls:
            library = extras.install_library(places, base_python())
        items += library.items
    finally:
        folders.keep()
    refused = ""
    if answers and (any(item.changed for item in of_units) or manager.needs_reload()):
        ran = manager.follow(was_loop=was_loop)
        refused = "" if ran.ok else ran.complaint
    found = missing.look(places, settings, environ, user, may)
    hardened = not may.needs_sudo
    return Installed(items, taken_over, hardened, refused, found, may.line, library.trouble)


def is_installed(places: Places) -> bool:
    """Whether there is a program to be started."""
    return os.path.exists(f"{places.venv}/start.py")


def uninstall(places: Places, settings: Settings) -> Removed:
    """Remove everything but the owner's settings, state and logs.

    Raises:
        OSError: a file cannot be removed.
    """
    answers = manager.answers()
    if answers:
        manager.stop_everything()
    folders = Folders(places.folders_made)
    items = units.remove_units(places)
    for name in os.listdir(SCRIPTS):
        items += remove(f"{places.scripts}/{name}")
    if _is_ours(places):
        items += remove(places.command)
    items += remove_skill(places)
    items += remove_program(places) + remove(places.stamp)
    items += extras.remove_documents(places) + extras.remove_library(places)
    if answers:
        manager.systemctl("daemon-reload")
        manager.forget_failures()
    items += remove(places.folders_made)
    items += folders.remove()
    owners = (f"{settings.pico_home}/.env", settings.state_dir, settings.log_file)
    return Removed(items, [path for path in owners if os.path.exists(path)])


def _wrappers(places: Places, folders: Folders) -> list[Item]:
    folders.make(places.scripts)
    items = [
        put(f"{places.scripts}/{name}", read(f"{SCRIPTS}/{name}"), 0o755)
        for name in sorted(os.listdir(SCRIPTS))
    ]
    if not os.path.lexists(places.command) or _is_ours(places):
        folders.make(os.path.dirname(places.command))
        items.append(link(places.command, f"{places.venv}/bin/picoclaw-watchdog"))
    return items


def _is_ours(places: Places) -> bool:
    """Whether the command is our link: what the owner put there, by pipx say, is the owner's."""
    command = places.command
    return os.path.islink(command) and os.readlink(command).startswith(f"{places.venv}/")


def _settings_file(settings: Settings, folders: Folders) -> list[Item]:
    """A private `.env` from the template where there is none; the owner's own is not touched."""
    path = f"{settings.pico_home}/.env"
    if os.path.lexists(path):
        return [Item(path, Fate.SAME)]
    from picoclaw_watchdog.settings.docs import env_template

    folders.make(settings.pico_home, 0o700)
    return [put(path, env_template(), 0o600)]

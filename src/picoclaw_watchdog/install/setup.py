"""Install, enable, disable, uninstall: each says what it did."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.tailscale import HostTailnet
from picoclaw_watchdog.install import extras, manager, missing, units
from picoclaw_watchdog.install.files import (
    CLOSED,
    Fate,
    Folders,
    Item,
    link,
    move_aside,
    open_to_others,
    put,
    read,
    remove,
)
from picoclaw_watchdog.install.places import LOOP, Places
from picoclaw_watchdog.install.program import (
    base_python,
    build_program,
    folder_of_this,
    forget_build,
    remove_program,
    switch_program,
)
from picoclaw_watchdog.install.skill import put_skill, remove_skill

SCRIPTS = f"{os.path.dirname(os.path.abspath(__file__))}/scripts"
WRAPS = '"$HOME/.local/share/picoclaw/venv/bin/picoclaw-watchdog"'  # stands in all of ours


class Installed(NamedTuple):
    """What an install did."""

    items: list[Item]
    taken_over: bool  # from the shell implementation
    may: missing.Rights
    refused: str  # what systemd complained of; empty when it follows, or is not there
    missing: list[missing.Missing]
    apprise: str = ""  # why the Apprise library could not be installed; empty where it need not be
    unsafe: tuple[str, ...] = ()  # folders in which others could replace what was installed

    @property
    def hardened(self) -> bool:
        """Whether our services are restricted."""
        return not self.may.needs_sudo

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
        OSError: a file cannot be written, or systemd would not take the units: what was installed
            before goes on.
    """
    before = os.umask(0o022)  # whatever the owner's is: what others can write, they can replace
    try:
        return _Installing(places, settings, environ, user).install(documents or {})
    finally:
        os.umask(before)


class _Installing:
    """One install: nothing is put to use before systemd has been asked about it."""

    def __init__(
        self, places: Places, settings: Settings, environ: Mapping[str, str], user: str
    ) -> None:
        self._places, self._settings, self._environ = places, settings, environ
        self._user = user
        self._may = missing.rights(user, HostTailnet(), settings)
        self._answers = manager.answers()
        self._was_loop = self._answers and manager.is_active(LOOP)
        self._taken_over = units.is_from_the_shell_watchdog(places)
        self._folders = Folders(places.folders_made)

    def install(self, documents: Mapping[str, str]) -> Installed:
        """All of it."""
        places, settings, folders = self._places, self._settings, self._folders
        folders.make(places.data)
        try:
            os.chmod(places.data, os.stat(places.data).st_mode & ~CLOSED)
            texts = self._checked_texts()
            before = {path: read(path) for path in texts}
            items = [self._built, *switch_program(places), *_wrappers(places, folders)]
            of_units = units.put_units(places, texts, folders)
            of_units += units.forget_drop_ins(places, settings)
            of_units += units.remove_hardening(places) if self._may.needs_sudo else []
            items += of_units + remove(places.stamp) + _settings_file(settings, folders)
            items += put_skill(places, settings, folders)
            items += extras.write_documents(places, documents, folders)
            library = extras.Library([])
            if settings.apprise_urls:
                library = extras.install_library(places, base_python())
            items += library.items
        finally:
            folders.keep()
        refused = self._followed(of_units, before)
        found = missing.look(places, settings, self._environ, self._user, self._may)
        unsafe = open_to_others((item.path for item in items), places.home)
        return Installed(
            items, self._taken_over, self._may, refused, found, library.trouble, unsafe
        )

    def _checked_texts(self) -> dict[str, str]:
        """The units, with the program built that they name."""
        places = self._places
        program = folder_of_this(places)
        texts = units.unit_texts(places, self._settings, self._environ, program)
        texts |= {} if self._may.needs_sudo else units.hardening_texts(places)
        self._built = build_program(places)
        try:
            units.refuse_bad(places, texts)
        except OSError:
            forget_build(places)
            raise
        return texts

    def _followed(self, changed: list[Item], before: Mapping[str, str]) -> str:
        """Let systemd read the units; what it complains of, and then those from before are back."""
        news = any(item.changed for item in changed)
        if not self._answers or not (news or manager.needs_reload()):
            return ""
        ran = manager.follow(was_loop=self._was_loop)
        broken = manager.broken_units() if ran.ok else ()
        if ran.ok and not broken:
            return ""
        for item in changed:
            if item.fate is Fate.NEW:
                remove(item.path)
            elif item.fate is Fate.REPLACED:
                put(item.path, before[item.path])
        manager.follow(was_loop=self._was_loop)
        return f"bad unit file: {', '.join(broken)}" if broken else ran.complaint


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
        path = f"{places.scripts}/{name}"
        ours = not os.path.lexists(path) or read(path) == read(f"{SCRIPTS}/{name}")
        items += remove(path) if ours else [Item(path, Fate.KEPT)]
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
    items = []
    for name in sorted(os.listdir(SCRIPTS)):
        path = f"{places.scripts}/{name}"
        if os.path.lexists(path) and WRAPS not in read(path):  # the shell watchdog's, or yours
            items += move_aside(path)
        items.append(put(path, read(f"{SCRIPTS}/{name}"), 0o755))
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

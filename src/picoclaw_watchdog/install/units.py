"""The units, made from the templates beside this file and the settings.

The templates are valid units with the default values; only whole `Key=` lines are changed.
"""

import os
import re
from collections.abc import Mapping

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.install.files import Folders, Item, put, read, remove
from picoclaw_watchdog.install.interval import HEAD, longest_cycle, made_for
from picoclaw_watchdog.install.places import (
    DROP_IN,
    HARDENING,
    LOOP,
    PATH,
    SERVICE,
    TIMER,
    UNITS,
    Places,
)
from picoclaw_watchdog.install.program import program_folder

TEMPLATES = f"{os.path.dirname(os.path.abspath(__file__))}/units"
TOOLS = ("systemctl", "journalctl", "tailscale", "sudo")
WANTED_BY = {TIMER: "timers.target", PATH: "paths.target", LOOP: "default.target"}
SHORT = 10  # seconds; timers below it need better than a second's accuracy
FIRST_AFTER = 5  # seconds from the timer's start to its first cycle


def write_units(
    places: Places, settings: Settings, environ: Mapping[str, str], folders: Folders
) -> list[Item]:
    """Write the units and the gateway's drop-in; remove drop-ins of gateways watched before.

    Raises:
        OSError: one of them cannot be written.
    """
    folders.make(places.units)
    items = []
    for path, text in _texts(places, settings, environ).items():
        folders.make(os.path.dirname(path))
        items.append(put(path, text))
    drop_in = _drop_in(places, settings)
    return items + _remove_drop_ins(places, keep=drop_in)


def outdated(places: Places, settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Files that are missing, or other than an install would write them now.

    Variables do not count: they are as the environment was in which somebody installed.
    """
    return tuple(
        path
        for path, text in _texts(places, settings, environ).items()
        if _without_variables(read(path)) != _without_variables(text)
    )


def _texts(places: Places, settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Every file, by its path, as it has to be."""
    return {
        f"{places.units}/{SERVICE}": _service(places, settings, environ, SERVICE),
        f"{places.units}/{LOOP}": _service(places, settings, environ, LOOP),
        f"{places.units}/{TIMER}": _timer(settings),
        f"{places.units}/{PATH}": set_key(
            _template(PATH), "PathChanged", escape(settings.kick_file)
        ),
        _drop_in(places, settings): _template(DROP_IN),
    }


def _drop_in(places: Places, settings: Settings) -> str:
    return f"{places.units}/{settings.gateway_service}.d/{DROP_IN}"


def _without_variables(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("Environment=")]


def write_hardening(places: Places, folders: Folders, *, wanted: bool) -> list[Item]:
    """Write or remove what restricts our services.

    Raises:
        OSError: it cannot be done.
    """
    items = []
    for unit in (SERVICE, LOOP):
        path = f"{places.units}/{unit}.d/{HARDENING}"
        if wanted:
            folders.make(os.path.dirname(path))
            items.append(put(path, _template(HARDENING)))
        else:
            items += remove(path)
            _remove_if_empty(os.path.dirname(path))
    return items


def remove_units(places: Places) -> list[Item]:
    """Remove everything that the two functions above write.

    Raises:
        OSError: it cannot be removed.
    """
    items = [item for name in UNITS for item in remove(f"{places.units}/{name}")]
    for unit in (SERVICE, LOOP):
        items += remove(f"{places.units}/{unit}.d/{HARDENING}")
        _remove_if_empty(f"{places.units}/{unit}.d")
    for unit, target in WANTED_BY.items():  # systemd's own links, where it could not remove them
        items += remove(f"{places.units}/{target}.wants/{unit}")
        _remove_if_empty(f"{places.units}/{target}.wants")
    return items + _remove_drop_ins(places)


def set_key(text: str, key: str, value: str) -> str:
    """A unit with this value for a key that it has once."""
    line = f"{key}={value}"
    changed, times = re.subn(rf"^{key}=.*$", lambda _: line, text, flags=re.MULTILINE)
    if times != 1:
        raise ValueError(f"{key}= is there {times} times")
    return changed


def escape(text: str) -> str:
    """A value in which systemd is to see no specifier."""
    return text.replace("%", "%%")


def _template(name: str) -> str:
    with open(f"{TEMPLATES}/{name}", encoding="utf-8") as file:
        return file.read()


def _service(places: Places, settings: Settings, environ: Mapping[str, str], name: str) -> str:
    text = _template(name)
    folder = program_folder(places)
    command = (f"{folder}/bin/python", "-I", "-S", "-X", "utf8", f"{folder}/start.py")
    word = "loop" if name == LOOP else "once"
    line = " ".join(_quoted(part) for part in (*command, word))
    text = set_key(text, "ExecStart", line)
    limit = "WatchdogSec" if name == LOOP else "TimeoutStartSec"
    text = set_key(text, limit, str(longest_cycle(settings)))
    variables = _environment(places, environ)
    lines = "\n".join(f"Environment={_quoted(f'{key}={value}')}" for key, value in variables)
    return set_key(text, "Environment", lines.removeprefix("Environment="))


def _timer(settings: Settings) -> str:
    text = _template(TIMER)
    text = set_key(text, "OnActiveSec", str(min(FIRST_AFTER, settings.interval_sec)))
    text = set_key(text, "OnUnitActiveSec", str(settings.interval_sec))
    if settings.interval_sec < SHORT:
        text = set_key(text, "AccuracySec", "100ms")
    return f"{HEAD}{made_for(settings)}\n{text}"


def _environment(places: Places, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the service has to know that systemd does not: a user manager has few variables."""
    # One heap for all threads: they take turns anyway, and each heap is memory (mallopt(3)).
    found = [("PATH", _search_path(places, environ)), ("MALLOC_ARENA_MAX", "1")]
    if environ.get("PICO_HOME"):
        found.append(("PICO_HOME", environ["PICO_HOME"]))
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):  # it decides the messages' language
        if environ.get(name):
            found.append(("LANG", environ[name]))
            break
    return found


def _search_path(places: Places, environ: Mapping[str, str]) -> str:
    """The usual folders, and those where the tools are on this host."""
    usual = re.search(r"^Environment=PATH=(.*)$", _template(SERVICE), re.MULTILINE)
    folders = usual[1].replace("%h", places.home).split(":") if usual else []
    own = [folder for folder in environ.get("PATH", "").split(":") if folder.startswith("/")]
    for tool in TOOLS:
        if not any(os.access(f"{folder}/{tool}", os.X_OK) for folder in folders):
            folders += [f for f in own if os.access(f"{f}/{tool}", os.X_OK)][:1]
    return ":".join(folders)


def _quoted(word: str) -> str:
    """A word as it stands in a unit, with nothing left for systemd to expand."""
    escaped = escape(word).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if re.search(r"[\s\"'\\;#]", escaped) else escaped


def _remove_drop_ins(places: Places, keep: str = "") -> list[Item]:
    """Remove our drop-ins, known by what is in them, from every gateway but one."""
    ours = _template(DROP_IN)
    items: list[Item] = []
    for name in os.listdir(places.units) if os.path.isdir(places.units) else ():
        path = f"{places.units}/{name}/{DROP_IN}"
        if name.endswith(".d") and path != keep and read(path) == ours:
            items += remove(path)
            _remove_if_empty(os.path.dirname(path))
    return items


def _remove_if_empty(folder: str) -> None:
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)


def is_from_the_shell_watchdog(places: Places) -> bool:
    """Whether the units there are those of the shell implementation."""
    return "ops_watchdog.sh" in read(f"{places.units}/{SERVICE}")

"""The units, made from the templates beside this file and the settings.

The templates are valid units with the default values; only whole `Key=` lines are changed.
"""

import errno
import os
import re
from collections.abc import Mapping

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.install.files import Fate, Folders, Item, put, read, remove
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
from picoclaw_watchdog.install.unit_text import (
    assignment,
    exec_line,
    is_ours,
    plain_path,
    signed,
    unsigned,
)
from picoclaw_watchdog.install.verify import objection

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
        OSError: one of them cannot be written, or systemd would not take it.
    """
    texts = unit_texts(places, settings, environ, program_folder(places))
    refuse_bad(places, texts)
    return put_units(places, texts, folders) + forget_drop_ins(places, settings)


def forget_drop_ins(places: Places, settings: Settings) -> list[Item]:
    """Remove our drop-ins from gateways that were watched before.

    Raises:
        OSError: one of them cannot be removed.
    """
    return _remove_drop_ins(places, keep=_drop_in(places, settings))


def put_units(places: Places, texts: Mapping[str, str], folders: Folders) -> list[Item]:
    """Put files of ours in place. What their owner wrote or changed stays.

    Raises:
        OSError: one of them cannot be written.
    """
    from_the_shell = is_from_the_shell_watchdog(places)
    items = []
    for path, text in texts.items():
        if _is_the_owners(path) and not (from_the_shell and _lies_among(places, path)):
            items.append(Item(path, Fate.KEPT))
            continue
        folders.make(os.path.dirname(path))
        items.append(put(path, text))
    return items


def refuse_bad(places: Places, texts: Mapping[str, str]) -> None:
    """Let systemd check them first.

    Raises:
        OSError: it would not take them.
    """
    begin = len(places.units) + 1
    why = objection({path[begin:]: text for path, text in texts.items()})
    if why:
        raise OSError(errno.EINVAL, f"systemd would not take these units: {why}", places.units)


def outdated(places: Places, settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Files that are missing, or other than an install would write them now.

    Variables do not count: they are as the environment was in which somebody installed. Nor do
    files that their owner has changed.
    """
    texts = unit_texts(places, settings, environ, program_folder(places))
    return tuple(
        path
        for path, text in texts.items()
        if not _is_the_owners(path)
        and _without_variables(unsigned(read(path))) != _without_variables(unsigned(text))
    )


def edited(places: Places, settings: Settings) -> tuple[str, ...]:
    """Files in the place of ours that their owner wrote or changed: an install leaves them."""
    paths = [f"{places.units}/{name}" for name in UNITS] + [_drop_in(places, settings)]
    return tuple(path for path in paths if _is_the_owners(path))


def unit_texts(
    places: Places, settings: Settings, environ: Mapping[str, str], program: str
) -> dict[str, str]:
    """Every file, by its path, as it has to be.

    Raises:
        OSError: a name among them is none that systemd can be told.
    """
    watched = plain_path(settings.kick_file, "PICOCLAW_WATCHDOG_KICK_FILE")
    texts = {
        f"{places.units}/{SERVICE}": _service(places, settings, environ, SERVICE, program),
        f"{places.units}/{LOOP}": _service(places, settings, environ, LOOP, program),
        f"{places.units}/{TIMER}": _timer(settings),
        f"{places.units}/{PATH}": set_key(_template(PATH), "PathChanged", watched),
        _drop_in(places, settings): _template(DROP_IN),
    }
    return {path: signed(text) for path, text in texts.items()}


def _drop_in(places: Places, settings: Settings) -> str:
    return f"{places.units}/{settings.gateway_service}.d/{DROP_IN}"


def _without_variables(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("Environment=")]


def _is_the_owners(path: str) -> bool:
    return os.path.lexists(path) and not is_ours(path)


def _lies_among(places: Places, path: str) -> bool:
    return os.path.dirname(path) == places.units and not os.path.islink(path)


def hardening_texts(places: Places) -> dict[str, str]:
    """What restricts our services, by path."""
    text = signed(_template(HARDENING))
    return {f"{places.units}/{unit}.d/{HARDENING}": text for unit in (SERVICE, LOOP)}


def remove_hardening(places: Places) -> list[Item]:
    """Remove it.

    Raises:
        OSError: it cannot be removed.
    """
    items = []
    for path in hardening_texts(places):
        items += _remove_ours(path)
        _remove_if_empty(os.path.dirname(path))
    return items


def remove_units(places: Places) -> list[Item]:
    """Remove everything that the functions above write.

    Raises:
        OSError: it cannot be removed.
    """
    items = [item for name in UNITS for item in _remove_ours(f"{places.units}/{name}")]
    items += remove_hardening(places)
    for unit, target in WANTED_BY.items():  # systemd's own links, where it could not remove them
        link = f"{places.units}/{target}.wants/{unit}"
        gone = os.path.islink(link) and not os.path.lexists(f"{places.units}/{unit}")
        items += remove(link) if gone else []
        _remove_if_empty(f"{places.units}/{target}.wants")
    return items + _remove_drop_ins(places)


def set_key(text: str, key: str, value: str) -> str:
    """A unit with this value for a key that it has once."""
    line = f"{key}={value}"
    changed, times = re.subn(rf"^{key}=.*$", lambda _: line, text, flags=re.MULTILINE)
    if times != 1:
        raise ValueError(f"{key}= is there {times} times")
    return changed


def _template(name: str) -> str:
    with open(f"{TEMPLATES}/{name}", encoding="utf-8") as file:
        return file.read()


def _service(
    places: Places, settings: Settings, environ: Mapping[str, str], name: str, program: str
) -> str:
    text = _template(name)
    start = (f"{program}/bin/python", "-I", "-S", "-X", "utf8", f"{program}/start.py")
    text = set_key(text, "ExecStart", exec_line((*start, "loop" if name == LOOP else "once")))
    limit = "WatchdogSec" if name == LOOP else "TimeoutStartSec"
    text = set_key(text, limit, str(longest_cycle(settings)))
    variables = _environment(places, environ)
    lines = "\n".join(f"Environment={assignment(*each)}" for each in variables)
    return set_key(text, "Environment", lines.removeprefix("Environment="))


def _timer(settings: Settings) -> str:
    text = _template(TIMER)
    text = set_key(text, "OnActiveSec", str(min(FIRST_AFTER, settings.interval_sec)))
    text = set_key(text, "OnUnitActiveSec", str(settings.interval_sec))
    if settings.interval_sec < SHORT:
        text = set_key(text, "AccuracySec", "100ms")
    return f"{HEAD}{made_for(settings)}\n{text}"


def _environment(places: Places, environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What the service has to know that systemd does not: a user manager has few variables."""
    # One heap for all threads: they take turns anyway, and each heap is memory (mallopt(3)).
    found = [("PATH", _search_path(places, environ), ""), ("MALLOC_ARENA_MAX", "1", "")]
    if environ.get("PICO_HOME"):
        found.append(("PICO_HOME", environ["PICO_HOME"], ""))
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):  # it decides the messages' language
        if environ.get(name):
            found.append(("LANG", environ[name], name))
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


def _remove_ours(path: str) -> list[Item]:
    return [Item(path, Fate.KEPT)] if _is_the_owners(path) else remove(path)


def _remove_drop_ins(places: Places, keep: str = "") -> list[Item]:
    """Remove our drop-ins from every gateway but one."""
    items: list[Item] = []
    for name in os.listdir(places.units) if os.path.isdir(places.units) else ():
        path = f"{places.units}/{name}/{DROP_IN}"
        if name.endswith(".d") and path != keep and is_ours(path):
            items += remove(path)
            _remove_if_empty(os.path.dirname(path))
    return items


def _remove_if_empty(folder: str) -> None:
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)


def is_from_the_shell_watchdog(places: Places) -> bool:
    """Whether the units there are those of the shell implementation."""
    return "ops_watchdog.sh" in read(f"{places.units}/{SERVICE}")

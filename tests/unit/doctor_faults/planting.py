"""How one thing is broken in what the doctor saw."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from picoclaw_watchdog.core.reasons import Probe, Sight
from picoclaw_watchdog.doctor.finding import State
from picoclaw_watchdog.doctor.seen import Room, Seen
from picoclaw_watchdog.host.listeners import Listener
from picoclaw_watchdog.install.missing import Rights
from picoclaw_watchdog.install.places import SERVICE
from picoclaw_watchdog.ports import Node
from picoclaw_watchdog.store.integrity import damage
from tests.unit.doctoring import ENV, healthy, looks_bad, with_unit


class Fault(NamedTuple):
    """One thing broken, and what the doctor must make of it."""

    name: str
    plant: Callable[[Seen], None]
    check: str
    state: State
    remedy: str  # a part of it
    others: tuple[str, ...] = ()  # checks that may rightly complain as well


def node(**fields: object) -> Callable[[Seen], None]:
    def plant(seen: Seen) -> None:
        assert isinstance(seen.node, Node)
        seen.node = seen.node._replace(**fields)  # type: ignore[arg-type]

    return plant


def line(**answers: object) -> Callable[[Seen], None]:
    def plant(seen: Seen) -> None:
        seen.line = seen.line._replace(**answers)  # type: ignore[arg-type]

    return plant


def unit(name: str, **properties: str) -> Callable[[Seen], None]:
    return lambda seen: with_unit(seen, name, **properties)


def saw(probe: Probe, sight: Sight, detail: str = "", status: int = 0) -> Callable[[Seen], None]:
    return lambda seen: looks_bad(seen, probe, sight, detail, status)


def has(**fields: object) -> Callable[[Seen], None]:
    def plant(seen: Seen) -> None:
        for name, value in fields.items():
            assert hasattr(seen, name)
            setattr(seen, name, value)

    return plant


def snapshot(**fields: object) -> Callable[[Seen], None]:
    return lambda seen: has(snapshot={**seen.snapshot, **fields})(seen)


def planned(windows: str) -> Callable[[Seen], None]:
    return env("PICOCLAW", f"PICOCLAW_WATCHDOG_PAUSE_WINDOWS='{windows}'\nPICOCLAW")


def mode(path: str, bits: int) -> Callable[[Seen], None]:
    return lambda seen: Path(seen.settings.pico_home, path).chmod(bits)


def all_of(*plants: Callable[[Seen], None]) -> Callable[[Seen], None]:
    def plant(seen: Seen) -> None:
        for each in plants:
            each(seen)

    return plant


def env(old: str, new: str) -> Callable[[Seen], None]:
    """Other settings; the rest of what was seen stays."""

    def plant(seen: Seen) -> None:
        assert old in ENV
        text = ENV.replace(old, new, 1)
        home = Path(seen.case.places.home)
        other = healthy(home, text)
        seen.case, seen.settings = other.case, other.settings

    return plant


def remove(name: str) -> Callable[[Seen], None]:
    return lambda seen: Path(seen.case.places.home, ".local/bin", name).unlink()


def hide(name: str) -> Callable[[Seen], None]:
    """Where the shell finds it and the service does not."""

    def plant(seen: Seen) -> None:
        programs = Path(seen.case.places.home, ".local/bin")
        others = programs.parent / "others"
        others.mkdir()
        for each in programs.iterdir():
            if each.name != name:
                (others / each.name).symlink_to(each)
        with_unit(seen, SERVICE, Environment=f'"PATH={others}" LANG=C')

    return plant


def bad_database(seen: Seen) -> None:
    Path(seen.settings.state_dir, "watchdog.db").write_bytes(b"this is no database" * 300)
    seen.damage = damage(seen.settings.state_dir)


def no_state_folder(seen: Seen) -> None:
    Path(seen.settings.state_dir).rmdir()


def file_for_state_folder(seen: Seen) -> None:
    no_state_folder(seen)
    Path(seen.settings.state_dir).write_text("")


def folder_for_log(seen: Seen) -> None:
    Path(seen.settings.log_file).mkdir()


APPRISE = "PICOCLAW_WATCHDOG_APPRISE_URLS=json://127.0.0.1:9/\nPICOCLAW"
B, W, U = State.BAD, State.WARN, State.UNKNOWN
STRANGER = Listener(18791, 1000, 99, "openclaw", "user@1000.service")
ROOM = Room("/full", 10**10, 0.5, 0.5)
NO_SUDO = Rights(tailscale=True, operator=False, sudo=True, allowed=False)
BY_SUDO = NO_SUDO._replace(allowed=True)

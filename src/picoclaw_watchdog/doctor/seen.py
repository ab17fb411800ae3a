"""All that was seen of the host, before anything is judged."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from picoclaw_watchdog.core.model import Moment, Observation, PidFile
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.listeners import Listener
from picoclaw_watchdog.install.missing import Rights
from picoclaw_watchdog.install.places import Places
from picoclaw_watchdog.ports import Answer, Funnel, Node, Silence, Why
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.picoclaw import Picoclaw

LATE = Silence("no answer in time", Why.TIMED_OUT)


class Case(NamedTuple):
    """Whose host is looked at, and with which settings."""

    loaded: Loaded
    environ: Mapping[str, str]
    places: Places
    user: str
    webhook_test: bool = False  # also let LINE test the webhook

    @property
    def settings(self) -> Settings:
        """The settings as they count."""
        return self.loaded.settings

    @property
    def env_file(self) -> str:
        """The owner's `.env`."""
        return f"{self.settings.pico_home}/.env"

    def short(self, path: str) -> str:
        """A path as the owner writes it."""
        home = f"{self.places.home}/"
        return f"~/{path.removeprefix(home)}" if path.startswith(home) else path


class Systemd(NamedTuple):
    """What the user's systemd says."""

    version: int  # 0: not said
    units: Mapping[str, Mapping[str, str]]  # name -> properties

    def of(self, unit: str, name: str) -> str:
        """A property; empty where it is not known."""
        return self.units.get(unit, {}).get(name, "")


class Program(NamedTuple):
    """The installed program."""

    folder: str = ""
    runs: bool = False
    version: str = ""
    is_this: bool = False  # the very code that is running now
    uncompiled: int = 0  # modules without bytecode


class Public(NamedTuple):
    """The webhook's public address as it is seen from this host."""

    url: str = ""
    addresses: tuple[str, ...] = ()


class LineFacts(NamedTuple):
    """LINE's answers; None: not asked, or no answer in time."""

    info: Answer | None = None
    recipient: Answer | None = None
    quota: Answer | None = None
    used: Answer | None = None
    endpoint: Answer | None = None
    test: Answer | None = None


class Room(NamedTuple):
    """How much a folder's file system has left."""

    path: str
    free: int  # bytes
    share: float  # of all, 0..1
    inodes: float  # share of inodes left; 1 where the file system has no such limit


def systemctl(*, of_system: bool) -> tuple[str, ...]:
    """The command for units of the whole system, or for the user's."""
    return ("sudo", "systemctl") if of_system else ("systemctl", "--user")


def why(look: Observation) -> str:
    """What is wrong: in the look's own words, else by what it saw."""
    return look.detail or look.sight.value


class Seen:
    """What each look found. Looks run at the same time and each fills in its own part."""

    def __init__(self, case: Case, now: Moment) -> None:
        self.case = case
        self.settings = case.settings
        self.now = now
        self.systemd: Systemd | Silence = LATE
        self.lingers: bool | None = None
        self.has_journal: bool | None = None
        self.stale_units: tuple[str, ...] | None = None
        self.edited_units: tuple[str, ...] = ()
        self.program: Program | None = None
        self.rights: Rights | None = None
        self.node: Node | Silence = LATE
        self.funnel: Funnel | Silence = LATE
        self.public: Public | None = None
        self.looks: dict[Probe, Observation] = {}
        self.listeners: tuple[Listener, ...] | None = None
        self.stale_pid: PidFile | None = None
        self.picoclaw: Picoclaw | None = None
        self.line = LineFacts()
        self.has_apprise: bool | None = None
        self.has_shell_watchdog = False
        self.shell_watchdogs: tuple[int, ...] = ()  # processes
        self.gateway_is_the_systems = False
        self.synchronised: bool | None = None
        self.rooms: tuple[Room, ...] = ()
        self.damage: str | None = None
        self.snapshot: Mapping[str, object] = {}

    @property
    def gateway_facts(self) -> Mapping[str, object]:
        """Its unit, and the commands that reach it."""
        of_system = self.gateway_is_the_systems
        whose = () if of_system else ("--user",)
        return {
            "gateway": self.settings.gateway_service,
            "systemctl": systemctl(of_system=of_system),
            "journalctl": ("sudo", "journalctl") if of_system else ("journalctl", "--user"),
            "analyze": ("systemd-analyze", *whose),
        }

    def unit(self, name: str, key: str) -> str:
        """A property of a unit; empty where systemd did not say."""
        return self.systemd.of(name, key) if isinstance(self.systemd, Systemd) else ""

    @property
    def bus_answers(self) -> bool:
        """Whether systemd could be asked."""
        return isinstance(self.systemd, Systemd)

    def switched(self, name: str) -> Mapping[str, object] | None:
        """A switch of the owner's as the last cycle saw it, its end as a local time."""
        said = self.snapshot.get(name)
        if not isinstance(said, dict):
            return None
        until = said.get("until")
        shown = "-"
        if isinstance(until, int | float):
            shown = time.strftime("%m-%d %H:%M", time.localtime(until))
        return {**said, "who": said.get("who") or "?", "until": shown}

    @property
    def env(self) -> str:
        """Where the settings are, as it is shown."""
        return self.case.short(self.case.env_file)

    def look(self, probe: Probe) -> Observation:
        """What a probe saw; UNKNOWN where it did not look."""
        return self.looks.get(probe) or Observation(probe, Verdict.UNKNOWN, Sight.NOT_DUE, "-")

    def is_bad(self, probe: Probe) -> bool:
        """Whether a probe found something wrong."""
        return self.look(probe).verdict is Verdict.BAD

    @property
    def is_absent(self) -> bool:
        """Whether nothing is installed: then much is missing, and that is said once."""
        return self.program is not None and not self.program.folder

    @property
    def gateway_is_down(self) -> bool:
        """Whether its unit does not run: then it answers nothing, and that is said once."""
        active = self.unit(self.settings.gateway_service, "ActiveState")
        return active not in ("", "active")

"""Outages of a pretend host, and which of them were told too late.

What counts is time in which the watchdog could have told: from one completed cycle to the next,
without pause, power cut, sleep or killed cycle in between, and without the cooldown of an earlier
message about the same target.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.delivery import HOUR, RETRY_REFUSED
from picoclaw_watchdog.core.ills import rule_of
from picoclaw_watchdog.core.model import Alert, State
from picoclaw_watchdog.core.reasons import Gravity, Ill, Topic
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Target
from picoclaw_watchdog.sim.host import PretendHost

# How long a message may wait for a LINE that would take it: one that refused is left alone, and
# is then asked once an hour how many messages are left.
TRIED_AGAIN = RETRY_REFUSED + HOUR
# What says that it is over says nothing of an outage that goes on.
_OVER = (Topic.ALL_CLEAR, Topic.MENDED)


def patience(settings: Settings) -> float:
    """Seconds until an outage must be told: what is the longest that one is watched first."""
    start = settings.startup_grace_sec + settings.restart_verify_sec
    return start + (rule_of(Ill.NETWORK_DOWN).patience + 1) * settings.interval_sec


class Part(NamedTuple):
    """Something that can be out of order, and of which targets a message tells it."""

    name: str
    is_out: Callable[[PretendHost], bool]
    told_as: tuple[Target, ...]


def _funnel_is_out(host: PretendHost) -> bool:
    """Closed, though the node is connected; behind an ill gateway nobody can tell."""
    return host.tailnet.is_connected and not host.tailnet.seems_public and host.gateway.is_well


def _ollama_is_out(host: PretendHost) -> bool:
    """Ill by itself: what lies behind a closed way may be well."""
    has_way = not host.ollama.is_far or host.tailnet.is_connected
    return has_way and not host.ollama.is_reachable()


_WAY = (targets.FUNNEL, targets.NETWORK)
PARTS = (
    Part("the bus", lambda host: host.gateway.bus_silent, (targets.SYSTEMD,)),
    Part("the gateway", lambda host: not host.gateway.is_well, (targets.GATEWAY,)),
    Part("the network", lambda host: not host.tailnet.is_connected, _WAY),
    Part("the Funnel", _funnel_is_out, _WAY),
    Part("Ollama", _ollama_is_out, (targets.OLLAMA,)),
)


class Outage:
    """One part that is out of order, from some moment on."""

    def __init__(self, part: Part, begins: float) -> None:
        self.part = part
        self.begins = begins  # true seconds
        self.is_told = False  # LINE has accepted a message, or the owner has said that he knows
        self.untold = 0.0  # seconds in which no message had arrived or was waiting
        self.unsent = 0.0  # seconds for which one waits although LINE would take it

    def is_about(self, letter: Alert) -> bool:
        """Whether a letter tells of this part that it is out of order."""
        targets = [target.name for target in self.part.told_as]
        return letter.target in targets and letter.topic not in _OVER


class Outages:
    """Those that stand, and what was told too late."""

    def __init__(self, host: PretendHost) -> None:
        self._host = host
        self.standing: dict[str, Outage] = {}
        self.late: list[str] = []
        self._since = host.seconds  # from when on nothing has kept the watchdog from telling
        self._life: object = None
        self._state = State()
        self._cooling: dict[str, float] = {}  # until when nothing more is told of a target

    def look(self) -> None:
        """Something has happened: note what begins and ends."""
        host = self._host
        life = (host.boot_number, host.suspended, host.is_on)
        if life != self._life:
            self._life = life
            self.hinder()
        for part in PARTS:
            is_out = host.is_on and part.is_out(host)
            if is_out and part.name not in self.standing:
                self.standing[part.name] = Outage(part, host.seconds)
            elif not is_out and part.name in self.standing:
                del self.standing[part.name]

    def hinder(self) -> None:
        """Something has kept the watchdog from telling until now."""
        self._since = self._host.seconds

    def forget(self) -> None:
        """What the watchdog knew is gone: it begins anew, and so do we."""
        for outage in self.standing.values():
            outage.untold = outage.unsent = 0.0
        self._state = State()
        self._cooling.clear()

    def keep(self, state: State) -> None:
        """The watchdog has written down what it knows, and what waits to be told."""
        self._state = state
        acked = {incident.target for incident in state.incidents if incident.acked}
        for outage in self.standing.values():
            outage.is_told |= not acked.isdisjoint(outage.part.told_as)

    def accept(self, letters: Iterable[Alert]) -> None:
        """LINE has accepted letters."""
        for outage in self.standing.values():
            outage.is_told |= any(self._fits(outage, letter) for letter in letters)
        self._cool(letters)

    def accept_elsewhere(self, letters: Iterable[Alert]) -> None:
        """A courier has brought letters: for LINE as well where LINE leaves them to it."""
        waits = {letter.id for letter in self._state.outbox}
        left = [letter for letter in letters if letter.id not in waits]
        for outage in self.standing.values():
            outage.is_told |= any(self._fits(outage, letter) for letter in left)
        self._cool(letters)

    def _cool(self, letters: Iterable[Alert]) -> None:
        cools = self._host.seconds + self._host.settings.alert_cooldown_sec
        self._cooling.update({each.key: cools for each in letters if each.topic not in _OVER})

    def cycle(self, document: Mapping[str, Any]) -> None:
        """A cycle has come to its end: it could have told."""
        self.look()
        since = self._since
        self.hinder()
        if document["paused"] is not None:
            return
        for outage in self.standing.values():
            if not outage.is_told and not self._is_left_alone(outage, document):
                self._count(outage, since)

    def _count(self, outage: Outage, since: float) -> None:
        host = self._host
        cooled = max(self._cooling.get(target.name, 0.0) for target in outage.part.told_as)
        passed = max(0.0, host.seconds - max(since, outage.begins, cooled))
        letters = [each for each in self._state.outbox if self._fits(outage, each)]
        bags = (each for bag in self._state.bags for each in bag.letters)
        if not letters and any(self._fits(outage, each) for each in bags):
            return  # left to the couriers
        if not letters:
            outage.untold += passed
        elif self._line_would_take(letters):
            outage.unsent += passed
        else:
            outage.unsent = 0.0
        if outage.untold > patience(host.settings) or outage.unsent > TRIED_AGAIN:
            told = "waits" if letters else "is not told"
            name, begins = outage.part.name, outage.begins
            self.late.append(f"at {host.seconds:.0f} s: {name}, from {begins:.0f} s on, {told}")
            outage.is_told = True  # this has been said

    def _is_left_alone(self, outage: Outage, document: Mapping[str, Any]) -> bool:
        """Nobody can tell what systemd does not say; nobody is told what he did himself."""
        is_gateway = targets.GATEWAY in outage.part.told_as
        return is_gateway and (self._host.gateway.bus_silent or document["stopped"] is not None)

    def _fits(self, outage: Outage, letter: Alert) -> bool:
        """Whether a letter is about this very outage."""
        if not outage.is_about(letter):
            return False
        is_open = letter.incident in {incident.id for incident in self._state.incidents}
        return is_open or self._host.true_time(letter.made) >= outage.begins

    def _line_would_take(self, letters: list[Alert]) -> bool:
        host, line = self._host, self._host.line
        is_open = host.route and host.names_resolve and line.mode == "ok" and line.token_good
        grave = any(letter.gravity is Gravity.CRITICAL for letter in letters)
        has_room = line.limit is None or (grave and line.used < line.limit)
        return is_open and has_room

"""What has happened to a pretend host, as it happened: the invariants are asked of this."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from picoclaw_watchdog import channels
from picoclaw_watchdog.core import couriers, delivery
from picoclaw_watchdog.core.model import Alert, State
from picoclaw_watchdog.core.reasons import Topic
from picoclaw_watchdog.core.switches import REMINDERS
from picoclaw_watchdog.core.targets import Action
from picoclaw_watchdog.sim.couriers import CourierRecords, is_crowded_out
from picoclaw_watchdog.sim.host import PretendHost
from picoclaw_watchdog.sim.line import UNANSWERED, Push
from picoclaw_watchdog.sim.outages import Outages
from picoclaw_watchdog.sim.world import PretendLog, Process, Struck

# Topics whose name says what they are about.
_PLAIN = (Topic.OLLAMA_FAILING, Topic.FUNNEL_FAILED, Topic.NETWORK_AWAY, Topic.BUS_SILENT)


class Told(NamedTuple):
    """A message that LINE accepted, with what was in it."""

    at: float  # true seconds
    key: str
    letters: tuple[Alert, ...]
    answered: bool = True  # whether LINE's answer came back
    paused: bool = False  # when the process began
    left: tuple[str, ...] = ()  # ids of the letters that had to wait for it, which was in doubt


class Made(NamedTuple):
    """An attempt that the watchdog recorded."""

    action: Action
    at: float  # true seconds at which it says that it was made


class Asked(NamedTuple):
    """A request that somebody made."""

    at: float
    source: str
    verb: str
    valid: bool


class Records:
    """The history of one life; implements `world.Watcher`.

    Args:
        host: whose.
        log: the watchdog's.
    """

    def __init__(self, host: PretendHost, log: PretendLog) -> None:
        self.host = host
        self.log = log
        self.struck: list[Struck] = []
        self.told: list[Told] = []
        self.asked: list[Asked] = []
        self.queued: dict[str, Alert] = {}  # every letter that was on the disk in an outbox
        self.lost: list[tuple[float, Alert]] = []  # left the outbox and did not arrive
        self.outbox: tuple[Alert, ...] = ()
        self.unexplained: list[str] = []  # faults that were seen, and nothing said of them
        self.withheld: dict[str, int] = {}  # how often an action was withheld for a reason
        self.causes: dict[str, str] = {}  # root causes that were found, with the last incident
        self.complaints: list[tuple[float, str]] = []
        self.document: Mapping[str, Any] = {}
        self.cycles = 0
        self.leapt = 0
        self.kills = 0
        self.faults: dict[str, int] = {}  # by the name of the deed
        self.written_by_owner: set[str] = set()  # names of files of the state folder
        self.wiped_at: float | None = None  # when the owner last took state away
        self.audit_wiped_at: float | None = None  # and the requests that waited with it
        self.peer_down: list[tuple[float, float | None]] = []  # outages: from, to
        self.down: list[tuple[float, float]] = []  # when the gateway did not do its work
        self._down_since: float | None = None
        self.made: dict[str, Made] = {}  # by the attempt's id
        self.overlooked: list[str] = []  # faults that a cycle called well
        self.end_problems: list[str] = []
        self.outages = Outages(host)
        self.couriers = CourierRecords(host)

    def wipe(self) -> None:
        """Somebody has taken away what the watchdog knew, or it could not be kept over a boot."""
        self.wiped_at = self.host.seconds
        self.outbox = ()
        self.outages.forget()
        self.couriers.forget()

    def watch(self) -> None:
        """Note what goes out of order, and when it is in order again."""
        host = self.host
        self.outages.look()
        is_well = host.is_on and host.gateway.is_well
        if not is_well and self._down_since is None:
            self._down_since = host.seconds
        elif is_well and self._down_since is not None:
            self.down.append((self._down_since, host.seconds))
            self._down_since = None

    @property
    def waiting(self) -> tuple[Alert, ...]:
        """What some channel still has to bring."""
        return (*self.outbox, *self.couriers.waiting)

    @property
    def messages(self) -> int:
        """How many messages any channel has brought."""
        return len(self.told) + len(self.couriers.brought)

    def longest_down(self) -> float:
        """The longest time in seconds that the gateway did not do its work."""
        still = 0.0 if self._down_since is None else self.host.seconds - self._down_since
        return max([still, *(ends - begins for begins, ends in self.down)])

    def pushed(self, push: Push, process: Process) -> None:
        """LINE has accepted a message: which letters were in it?"""
        planned = process.pushes[0] if process.pushes else State()
        settings = self.host.settings
        dispatch = delivery.plan(
            planned, self.host.moment(), delivery.fingerprint(settings), settings.line_quota_reserve
        )
        letters = dispatch.letters if dispatch is not None else ()
        answered = self.host.line.mode not in UNANSWERED
        in_doubt = delivery.in_doubt(planned)
        left = tuple(each.id for each in planned.outbox if in_doubt and each not in in_doubt)
        self.told.append(Told(push.at, push.key, letters, answered, process.paused, left))
        self.outages.accept(letters)
        if process.has_waited:
            self.couriers.held_back.append(f"LINE's turn came at {push.at:.0f} s, after a courier")

    def brought(self, channel: str, process: Process) -> None:
        """A courier's service has accepted a message: which letters were in it?"""
        host, state = self.host, process.pushes[0]
        known = {each.name: each for each in channels.couriers(host.settings, "")}
        bag = couriers.bag_of(state, channel)
        letters = couriers.due(bag, host.moment(), known[channel].fingerprint())
        if state.paused is not None:
            letters = tuple(each for each in letters if each.topic in REMINDERS)
        self.couriers.accepted(channel, letters)
        self.outages.accept_elsewhere(letters)

    def came_back(self, channel: str, process: Process, *, confirmed: bool) -> None:
        """A courier has been waited for."""
        process.has_waited = True
        if confirmed:
            self.couriers.confirmed(channel)

    def kept(self, state: State) -> None:
        """A state is on the disk: what has left the outbox?"""
        self.outages.keep(state)
        self.couriers.keep(state)
        self.causes.update((incident.cause.value, incident.id) for incident in state.incidents)
        for attempt in state.attempts:
            if attempt.id not in self.made:
                self.made[attempt.id] = Made(attempt.action, self.host.true_time(attempt.at))
        if state.outbox == self.outbox:
            return
        ids = {letter.id for letter in state.outbox}
        arrived = {letter.id for each in self.told for letter in each.letters}
        instead = {(letter.key, letter.incident) for letter in state.outbox}
        for letter in self.outbox:
            replaced = (letter.key, letter.incident) in instead
            known = letter.id in ids or letter.id in arrived or self.couriers.has(letter)
            if not known and not replaced and not is_crowded_out(letter, state.outbox):
                self.lost.append((self.host.seconds, letter))
        self.queued.update({letter.id: letter for letter in state.outbox})
        self.outbox = state.outbox

    def looked(self, document: Mapping[str, Any], process: Process) -> None:
        """A cycle has come to its end."""
        self.cycles += 1
        self.document = document
        self.outages.cycle(document)
        if document["targets"].get("gateway") == "good":
            self._check_good(process)
        if document["healthy"] and not any(look["verdict"] == "bad" for look in document["looks"]):
            return
        if process.wall_ahead != self.host.wall_ahead:
            return  # its decisions have another clock's times
        newest = document["decisions"][0] if document["decisions"] else None
        at = document["at"] - document["took"]
        if newest is None or abs(newest["at"] - at) > 1.0:
            bad = [look["probe"] for look in document["looks"] if look["verdict"] == "bad"]
            if bad:
                self.unexplained.append(f"{', '.join(bad)} bad, and no decision says why")
            return
        self._explained(newest)

    def _check_good(self, process: Process) -> None:
        """A cycle calls the gateway good: is it?"""
        since, gateway = self._down_since, self.host.gateway
        if since is not None and since < process.began and not gateway.is_well:
            ills = ", ".join(sorted(gateway.ills)) or gateway.active
            self.overlooked.append(f"called good at {self.host.seconds:.0f} s: {ills}")

    def _explained(self, decision: Mapping[str, Any]) -> None:
        found = {each["target"]: each["cause"] for each in decision["found"]}
        for each in decision["withheld"]:
            self.withheld[each["hold"]] = self.withheld.get(each["hold"], 0) + 1
        said = {each["target"] for each in decision["withheld"]}
        for target, cause in found.items():
            if target not in said:
                self.unexplained.append(f"{cause} was found, nothing was done and nothing said")

    def complained(self, lines: tuple[str, ...]) -> None:
        """The store could not read or write something."""
        self.complaints += [(self.host.seconds, line) for line in lines]

    def arrived(self) -> list[tuple[float, Alert]]:
        """Every letter that LINE has accepted, once for each time."""
        return [(each.at, letter) for each in self.told for letter in each.letters]


def name_of(letter: Alert) -> str:
    """A message's name in stories: `gateway_mended`, `funnel_failed`, `kick_refused`."""
    plain = letter.topic in _PLAIN or not letter.target
    return letter.topic.value if plain else f"{letter.target}_{letter.topic.value}"

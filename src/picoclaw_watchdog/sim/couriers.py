"""The services behind Apprise, and what they were brought.

The channel is the real one (`channels/apprise.py`); only the process in which it runs the library
is pretended.
"""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from picoclaw_watchdog.core import couriers
from picoclaw_watchdog.core.delivery import OUTBOX_MAX
from picoclaw_watchdog.core.model import Alert, Bag, State
from picoclaw_watchdog.core.reasons import Gravity, Topic
from picoclaw_watchdog.core.switches import REMINDERS
from picoclaw_watchdog.ports import Ran
from picoclaw_watchdog.sim.host import Killed, PretendHost

TAKES = 0.8  # seconds: a program starts, and the library is loaded
# `drop` accepts and never says so; `hang` never answers and has not accepted.
MODES = ("ok", "away", "refuse", "busy", "hang", "drop")
_SAID = {
    "ok": ("sent", ""),
    "away": ("not_sent", "not reached"),
    "refuse": ("refused", "error=401"),
    "busy": ("try_later", "error=503"),
}


class Brought(NamedTuple):
    """Letters that a service has accepted."""

    at: float  # true seconds
    channel: str
    letters: tuple[Alert, ...]
    noted: bool = False  # whether the watchdog has written down that it was


def is_crowded_out(letter: Alert, left: tuple[Alert, ...]) -> bool:
    """Whether a letter may have gone for want of room, an all-clear after what it makes up for."""
    over = {each.incident for each in left if each.topic is Topic.ALL_CLEAR}
    lesser = any(
        each.topic is not Topic.ALL_CLEAR
        and (each.gravity is Gravity.NOTICE or each.incident in over)
        for each in left
    )
    return len(left) >= OUTBOX_MAX and not (letter.topic is Topic.ALL_CLEAR and lesser)


class CourierRecords:
    """What passed between the watchdog and its couriers."""

    def __init__(self, host: PretendHost) -> None:
        self._host = host
        self.brought: list[Brought] = []
        self.lost: list[tuple[float, str, Alert]] = []  # left a bag and did not arrive
        self.held_back: list[str] = []  # times at which LINE came after the waiting for a courier
        self._bags: tuple[Bag, ...] = ()
        self._confirmed: list[int] = []  # places in `brought`: said, and not yet written down

    def forget(self) -> None:
        """Somebody has taken away what the watchdog knew."""
        self._bags = ()

    def accepted(self, channel: str, letters: tuple[Alert, ...]) -> None:
        """A service has accepted letters."""
        self.brought.append(Brought(self._host.seconds, channel, letters))

    def confirmed(self, channel: str) -> None:
        """And has said so."""
        places = [at for at, each in enumerate(self.brought) if each.channel == channel]
        self._confirmed += places[-1:]

    def cut_short(self) -> None:
        """The process was killed: what it had not written down, no other knows."""
        self._confirmed.clear()

    def keep(self, state: State) -> None:
        """A state is on the disk: what has left the bags?"""
        for place in self._confirmed:
            self.brought[place] = self.brought[place]._replace(noted=True)
        self._confirmed.clear()
        for bag in self._bags:
            left = couriers.bag_of(state, bag.channel).letters
            kept = {letter.id for letter in left} | self.ids_of(bag.channel)
            instead = {(letter.key, letter.incident) for letter in left}
            for letter in bag.letters:
                replaced = letter.topic in REMINDERS or (letter.key, letter.incident) in instead
                crowded = is_crowded_out(letter, left)
                if letter.id not in kept and not replaced and not crowded:
                    self.lost.append((self._host.seconds, bag.channel, letter))
        self._bags = state.bags

    @property
    def waiting(self) -> tuple[Alert, ...]:
        """What is still to be brought."""
        return tuple(letter for bag in self._bags for letter in bag.letters)

    def has(self, letter: Alert) -> bool:
        """Whether some courier has brought a letter, or still has it to bring."""
        waits = any(each.id == letter.id for each in self.waiting)
        return waits or any(letter.id in self.ids_of(bag.channel) for bag in self.brought)

    def ids_of(self, channel: str) -> set[str]:
        """What a channel has accepted."""
        return {
            letter.id for each in self.brought if each.channel == channel for letter in each.letters
        }


class Waiting:
    """A child that runs: `host.process.Running`, in virtual time."""

    def __init__(self, host: PretendHost, ends: float, ran: Ran, ended: Callable[[], None]):
        self._host, self._ends, self._ran, self._ended = host, ends, ran, ended

    def finish(self) -> Ran:
        """Wait for its end, or for the deadline."""
        if not self._host.process_runs:
            raise Killed("before its children ended")  # the dead wait for nobody
        self._host.spend(max(0.0, self._ends - self._host.seconds))
        self._ended()
        return self._ran


class PretendApprise:
    """How one process of the watchdog starts its children: `host.process.start`.

    Args:
        host: whose.
        accepted: called with the channel when its service has accepted a message.
        ended: called with the channel and whether its child has said that the message was taken.
    """

    def __init__(
        self,
        host: PretendHost,
        accepted: Callable[[str], None],
        ended: Callable[[str, bool], None],
    ) -> None:
        self._host = host
        self._accepted = accepted
        self._ended = ended

    def start(
        self, argv: Sequence[str], deadline: float, *, input_bytes: bytes, limit: int
    ) -> Waiting:
        """Start the child that runs the library."""
        del argv, limit
        host, order = self._host, json.loads(input_bytes)
        known = couriers.addresses(host.settings)
        name = next(each.name for each in known if each.url == order["url"])
        reached = host.route and host.names_resolve
        mode = host.couriers.get(name, "ok") if reached else "away"
        if mode in ("ok", "drop"):
            host.before("effect")
            host.note("line", f"{name}: {order['title']}")
            self._accepted(name)
            host.after("effect")
        if mode not in _SAID:
            ran, takes = Ran(-9, timed_out=True), deadline
        else:
            fate, said = _SAID[mode]
            ran, takes = Ran(0, out=json.dumps({"fate": fate, "said": said})), TAKES
        confirms = mode == "ok"  # no other answer says so
        return Waiting(host, host.seconds + takes, ran, lambda: self._ended(name, confirms))

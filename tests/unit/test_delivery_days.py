"""Days on which LINE does its worst: nothing is lost, nothing comes twice."""

from collections import Counter
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from picoclaw_watchdog.core import delivery
from picoclaw_watchdog.core.delivery import HOUR, Dispatch, plan, received, recorded, tidy
from picoclaw_watchdog.core.model import Moment, Receipt, State
from picoclaw_watchdog.core.reasons import Fate
from tests.unit.letters import CURRENT, RESERVE, a_letter, at, waiting


class Cycle(NamedTuple):
    """What a cycle of a bad day brings."""

    letters: int  # new ones
    first: str  # what LINE makes of the first push
    second: str
    pause: float  # seconds until then


class PretendLine:
    """LINE as it is documented, with every way to lose an answer."""

    def __init__(self) -> None:
        self.accepted: set[str] = set()
        self.told: Counter[str] = Counter()

    def push(self, dispatch: Dispatch, how: str) -> Receipt | None:
        """None: the watchdog was killed and never saw what came of it."""
        fates = {
            "refused": Fate.NOT_SENT,
            "black hole": Fate.SILENT,
            "503": Fate.TRY_LATER,
            "rate": Fate.TRY_LATER,
            "quota": Fate.QUOTA,
            "401": Fate.REFUSED,
        }
        if how == "killed before":
            return None
        if how in fates:
            return Receipt(fates[how], how)
        known = dispatch.key in self.accepted
        if not known:
            self.accepted.add(dispatch.key)
            self.told.update(letter.id for letter in dispatch.letters)
        if how == "drop":
            return Receipt(Fate.SILENT)
        if how == "500 though accepted":
            return Receipt(Fate.TRY_LATER)
        if how == "killed after":
            return None
        return Receipt(Fate.ALREADY_SENT if known else Fate.SENT)


WAYS = (
    "ok",
    "drop",
    "500 though accepted",
    "killed before",
    "killed after",
    "refused",
    "black hole",
    "503",
    "rate",
    "quota",
    "401",
)
CYCLES = st.lists(
    st.builds(
        Cycle,
        letters=st.integers(0, 2),
        first=st.sampled_from(WAYS),
        second=st.sampled_from(WAYS),
        pause=st.sampled_from([60.0, 3600.0, 6 * 3600.0]),
    ),
    max_size=12,
)


class Day:
    """Cycles of telling, as the engine runs them, on a LINE that remembers the truth."""

    def __init__(self) -> None:
        self.line = PretendLine()
        self.state = State()
        self.clock = 0.0
        self.made: list[str] = []
        self.given_up: set[str] = set()  # letters whose key ran out while in doubt

    def run(self, cycle: Cycle) -> None:
        self.clock += cycle.pause
        for _ in range(cycle.letters):
            self.made.append(f"letter {len(self.made)}")
            letter = a_letter(self.made[-1], self.clock)
            self.state = self.state._replace(outbox=(*self.state.outbox, letter))
        now, before = at(self.clock), self.state.parcel
        self.state = tidy(self.state, now, CURRENT).state
        if before is not None and self.state.parcel is None:
            self.given_up.update(before.letters)
        if delivery.room_is_due(self.state, now, RESERVE):
            self.state = delivery.with_room(self.state, None, now)
        for how in (cycle.first, cycle.second):
            if not self.push(how, now):
                return

    def push(self, how: str, now: Moment) -> bool:
        dispatch = plan(self.state, now, CURRENT, RESERVE)
        if dispatch is None:
            return False
        self.state = recorded(self.state, dispatch, now)
        receipt = self.line.push(dispatch, how)
        if receipt is None:
            return False
        self.state = received(self.state, dispatch, receipt, now, CURRENT)
        return receipt.fate in {Fate.SENT, Fate.ALREADY_SENT}


@settings(max_examples=400, deadline=None)
@given(CYCLES)
def test_on_the_worst_of_days_nothing_is_lost_and_nothing_comes_twice(
    cycles: list[Cycle],
) -> None:
    day = Day()
    for cycle in cycles:
        day.run(cycle)
        for letter in day.made:
            assert day.line.told[letter] or letter in waiting(day.state), "lost"
    for _ in range(4):
        day.run(Cycle(0, "ok", "ok", pause=6 * HOUR))
    assert waiting(day.state) == []
    for letter in day.made:
        assert day.line.told[letter] >= 1
        if letter not in day.given_up:
            assert day.line.told[letter] == 1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["refused", "503", "black hole"]), min_size=1, max_size=40))
def test_an_outage_however_it_looks_costs_one_message_more_at_most(outage: list[str]) -> None:
    day = Day()
    for number, how in enumerate(outage):
        day.run(Cycle(number % 2, how, how, pause=60))
    day.run(Cycle(1, "ok", "ok", pause=60))
    assert len(day.line.accepted) <= 2
    assert waiting(day.state) == []
    assert set(day.line.told.values()) == {1}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["drop", "500 though accepted", "503"]), max_size=10))
def test_a_line_that_accepts_and_does_not_say_so_tells_each_letter_once(days: list[str]) -> None:
    day = Day()
    for how in days:
        day.run(Cycle(1, how, how, pause=60))
    day.run(Cycle(0, "ok", "ok", pause=60))
    assert all(day.line.told[letter] == 1 for letter in day.made)
    assert waiting(day.state) == []

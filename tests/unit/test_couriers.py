"""Channels beside LINE: each with its own letters, receipts and retries."""

import re
import time
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from picoclaw_watchdog.core import couriers, targets
from picoclaw_watchdog.core.alerts import raise_alert
from picoclaw_watchdog.core.couriers import addresses, bag_of, due, queued, recorded, spilled
from picoclaw_watchdog.core.model import Alert, Bag, Incident, Parcel, Receipt, State
from picoclaw_watchdog.core.reasons import Fate, Gravity, Ill, Topic
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Channel, World
from tests.unit.letters import a_fault, at, its_end
from tests.unit.telling import TWO, Killed, Owner


class Messenger:
    """A courier that does as it is told, and keeps what it was given."""

    def __init__(self, name: str, *fates: Fate) -> None:
        self.name = name
        self.texts: list[str] = []
        self.arrived: list[str] = []
        self.kinds: list[str] = []
        self.fates = list(fates)
        self.address = "first address"
        self.on_its_way: Callable[[], None] = lambda: None

    def fingerprint(self) -> str:
        return self.address

    def start(self, text: str, kind: str, deadline: float) -> Callable[[], Receipt]:
        assert deadline > 0
        self.texts.append(text)
        self.kinds.append(kind)
        self.on_its_way()
        fate = self.fates.pop(0) if self.fates else Fate.SENT
        self.arrived += [text] if fate is Fate.SENT else []
        return lambda: Receipt(fate, "" if fate is Fate.SENT else f"because {fate.value}")


class SilentLine:
    """A LINE that is asked and answers as told."""

    name = "line"

    def __init__(self, *fates: Fate, room: int | None = None) -> None:
        self.fates = list(fates)
        self.left = room
        self.texts: list[str] = []

    def send(self, text: str, key: str, deadline: float) -> Receipt:
        assert key
        assert deadline > 0
        self.texts.append(text)
        return Receipt(self.fates.pop(0) if self.fates else Fate.SENT)

    def room(self, deadline: float) -> int | None:
        assert deadline > 0
        return self.left


class Told(Owner):
    """An owner with couriers; letters are queued as a cycle queues them."""

    def __init__(
        self, *messengers: Messenger, line: Channel | None = None, urls: tuple[str, ...] = TWO
    ) -> None:
        settings = Settings(line_notify_enabled=line is not None, apprise_urls=urls)
        super().__init__(settings, *filter(None, [line or SilentLine()]))
        if line is None:
            self.channels = ()
        self.messengers = messengers

    def world(self) -> World:  # type: ignore[explicit-override]
        return super().world()._replace(couriers=lambda: self.messengers)

    def promise(self, *letters: Alert) -> None:
        """Queue letters as a cycle does before it tells: they are on the disk."""
        for letter in letters:
            state = self.state._replace(outbox=(*self.state.outbox, letter))
            self.state = queued(state, addresses(self.settings), letter)
        self.store.save(self.state)

    def minute(self, number: float, *letters: Alert) -> None:
        for letter in letters:
            self.state = queued(self.state, addresses(self.settings), letter)
        self.cycle(number * 60, *letters)


def a_warning(name: str, minute: float = 0) -> Alert:
    return a_fault(name, minute * 60, Gravity.WARNING)


def test_channels_are_named_by_their_scheme_and_number() -> None:
    urls = ("notice>tgram://a", "warning>mailto://b", "critical>tgram://c")
    known = addresses(Settings(apprise_urls=urls))
    assert [(each.name, each.least) for each in known] == [
        ("tgram", Gravity.NOTICE),
        ("mailto", Gravity.WARNING),
        ("tgram-2", Gravity.CRITICAL),
    ]


def test_each_channel_gets_what_is_grave_enough_for_it() -> None:
    ntfy, tgram = Messenger("ntfy"), Messenger("tgram")
    owner = Told(ntfy, tgram)
    owner.minute(0, a_warning("ollama"))
    owner.minute(1, a_fault("gateway", 60))
    assert [len(ntfy.texts), len(tgram.texts)] == [2, 1]
    assert ntfy.kinds == ["warning", "failure"]
    assert owner.state.bags[0].owes


def test_the_all_clear_goes_where_the_alert_went_whatever_its_gravity() -> None:
    tgram = Messenger("tgram")
    owner = Told(Messenger("ntfy"), tgram)
    owner.minute(0, a_fault("gateway"))
    owner.minute(1, its_end("gateway", 60))
    owner.minute(2, a_warning("ollama", 2))
    owner.minute(3, its_end("ollama", 180))
    assert len(tgram.texts) == 2
    assert tgram.kinds == ["failure", "success"]
    assert owner.state.bags == ()


def test_a_failing_channel_neither_delays_nor_repeats_the_others() -> None:
    line = SilentLine()
    ntfy, tgram = Messenger("ntfy", *[Fate.TRY_LATER] * 3), Messenger("tgram")
    owner = Told(ntfy, tgram, line=line)
    owner.minute(0, a_fault("gateway"))
    for number in range(1, 20):
        owner.minute(number)
    assert len(line.texts) == len(tgram.texts) == 1
    assert len(ntfy.texts) == 4
    assert owner.state.bags == (Bag("ntfy", owes=("gateway",)), Bag("tgram", owes=("gateway",)))
    assert owner.state.outbox == ()


def test_a_line_that_refuses_does_not_hold_back_the_others_reminders() -> None:
    settings = Settings(apprise_urls=TWO, alert_cooldown_sec=900)
    incident = Incident("gateway-1", targets.GATEWAY, Ill.SERVICE_DOWN, at(0))
    ntfy = Messenger("ntfy")
    owner = Told(ntfy, Messenger("tgram"), line=SilentLine(Fate.REFUSED))
    for number in range(35):
        owner.state = raise_alert(
            settings, owner.state, "gateway", Topic.BUDGET_SPENT, at(60 * number), (), incident
        )
        owner.cycle(60 * number)
    assert len(ntfy.texts) == 3
    assert len(owner.state.outbox) == 1, "LINE would be told once, when it takes messages again"


def test_an_open_fate_is_tried_again_ever_more_rarely() -> None:
    ntfy = Messenger("ntfy", *[Fate.SILENT] * 100)
    owner = Told(ntfy)
    owner.minute(0, a_fault("gateway"))
    for number in range(1, 24 * 60):
        owner.minute(number)
    assert 8 <= len(ntfy.texts) <= 14
    assert owner.state.bags[0].trouble == "because silent"


def test_a_new_letter_does_not_wait_for_an_old_ones_backoff_and_does_not_repeat_it() -> None:
    ntfy = Messenger("ntfy", *[Fate.SILENT] * 6)
    owner = Told(ntfy)
    owner.minute(0, a_fault("gateway"))
    for number in range(1, 40):
        owner.minute(number)
    tries = len(ntfy.texts)
    ntfy.fates.clear()
    owner.minute(40, a_fault("funnel", 40 * 60))
    assert len(ntfy.texts) == tries + 1
    (bag,) = [bag for bag in owner.state.bags if bag.channel == "ntfy"]
    assert [letter.key for letter in bag.letters] == ["gateway"]
    assert bag.trying == ("gateway broke",)


def test_a_refused_channel_is_tried_again_when_its_address_changes() -> None:
    ntfy = Messenger("ntfy", Fate.REFUSED)
    owner = Told(ntfy)
    owner.minute(0, a_fault("gateway"))
    for number in range(1, 50):
        owner.minute(number)
    assert len(ntfy.texts) == 1
    ntfy.address = "second address"
    owner.minute(50)
    assert len(ntfy.texts) == 2
    assert not owner.state.bags[0].trouble


def test_a_refused_channel_is_tried_again_after_an_hour() -> None:
    ntfy = Messenger("ntfy", Fate.REFUSED)
    owner = Told(ntfy)
    owner.minute(0, a_fault("gateway"))
    owner.minute(61)
    assert len(ntfy.texts) == 2


def test_killed_anywhere_every_channel_is_told_at_least_once() -> None:
    for killed_at in range(12):
        line, ntfy, tgram = SilentLine(), Messenger("ntfy"), Messenger("tgram")
        owner = Told(ntfy, tgram, line=line)
        owner.store.killed_at = killed_at
        try:
            owner.minute(0, a_fault("gateway"))
        except Killed:
            continue  # before anything was promised
        owner.store.killed_at = None
        for number in range(1, 10):
            owner.minute(number)
        assert line.texts, killed_at
        assert ntfy.texts, killed_at
        assert tgram.texts, killed_at
        assert owner.state.outbox == (), killed_at
        assert not any(bag.letters for bag in owner.state.bags), killed_at


def test_the_try_is_on_the_disk_before_anything_leaves() -> None:
    ntfy = Messenger("ntfy")
    owner = Told(ntfy)
    seen: list[tuple[str, ...]] = []
    ntfy.on_its_way = lambda: seen.append(bag_of(owner.store.saved[-1], "ntfy").trying)
    owner.minute(0, a_fault("gateway"))
    assert seen == [("gateway broke",)]


def test_a_courier_that_breaks_does_not_cost_the_others_theirs() -> None:
    ntfy, tgram = Messenger("ntfy"), Messenger("tgram")

    def broken() -> None:
        raise RuntimeError("a bug")

    ntfy.on_its_way = broken
    owner = Told(ntfy, tgram, line=SilentLine())
    owner.minute(0, a_fault("gateway"))
    assert len(tgram.texts) == 1
    assert bag_of(owner.state, "ntfy").trouble == "an error of our own: RuntimeError"
    ntfy.on_its_way = lambda: None
    owner.minute(1)
    assert bag_of(owner.state, "ntfy").letters == ()


def test_what_nobody_can_write_down_goes_out_once_an_hour() -> None:
    ntfy = Messenger("ntfy")
    owner = Told(ntfy)
    owner.store.works = False
    for number in range(120):
        owner.state = State()  # nothing is remembered
        owner.minute(number, a_fault("gateway", number * 60))
    assert 1 <= len(ntfy.texts) <= 3


def test_when_line_runs_short_the_lesser_letters_go_by_the_others_alone() -> None:
    line, ntfy, tgram = SilentLine(room=5), Messenger("ntfy"), Messenger("tgram")
    owner = Told(ntfy, tgram, line=line)
    owner.minute(0, a_fault("gateway"), a_warning("ollama"))
    owner.minute(1)
    owner.minute(2, its_end("ollama", 120))
    assert len(line.texts) == 1, "the gravest only, and no end of what it did not tell"
    assert len(ntfy.texts) == 2
    assert owner.state.outbox == ()
    assert owner.state.elsewhere == ()


def test_when_line_runs_short_a_letter_that_no_channel_wants_goes_to_all_of_them() -> None:
    known = addresses(Settings(apprise_urls=("critical>tgram://a",)))
    letter = a_warning("ollama")
    state = queued(State(outbox=(letter,), quota_left=3), known, letter)
    assert state.bags == ()
    state = spilled(state, known, reserve=20)
    assert bag_of(state, "tgram").letters == (letter,)
    assert state.outbox == ()


def test_what_line_may_have_accepted_is_not_left_to_others() -> None:
    known = addresses(Settings(apprise_urls=TWO))
    letter = a_warning("ollama")
    parcel = Parcel("key", (letter.id,), at(0), silent=True)
    state = State(outbox=(letter,), quota_left=3, parcel=parcel)
    assert spilled(state, known, reserve=20).outbox == (letter,)


def test_without_line_what_nobody_wants_is_logged_once() -> None:
    tgram = Messenger("tgram")
    owner = Told(tgram, urls=("critical>tgram://a",))
    owner.minute(0, a_warning("ollama"))
    owner.minute(1)
    (said,) = owner.log.levels("WARN")
    assert said.startswith("not sent: no channel wants it: [minipc] ")
    assert dict(owner.state.told)["ollama"] == at(0)


def test_a_channel_that_is_late_has_its_pause_before_the_next_message() -> None:
    ntfy = Messenger("ntfy", *[Fate.TRY_LATER] * 2)
    owner = Told(ntfy, line=SilentLine())
    owner.minute(0, a_fault("gateway"))
    assert dict(owner.state.told)["gateway"] == at(0)
    for number in range(1, 10):
        owner.minute(number)
    assert len(ntfy.texts) == 3
    assert dict(owner.state.told)["gateway"] == at(180)


def test_the_bag_of_a_removed_channel_lives_a_day() -> None:
    bag = Bag("gone", letters=(a_fault("gateway"),))
    day = couriers.tidied(State(bags=(bag,)), (), at(23 * 3600))
    assert day.bags == (bag,)
    assert couriers.tidied(State(bags=(bag,)), (), at(25 * 3600)).bags == ()
    assert couriers.tidied(State(bags=(Bag("gone", owes=("x",)),)), (), at(0)).bags == ()


fates = st.sampled_from([Fate.SENT, Fate.SILENT, Fate.NOT_SENT, Fate.TRY_LATER, Fate.REFUSED])


@given(st.lists(st.tuples(fates, st.floats(1, 90_000), st.booleans()), max_size=25))
def test_a_letter_leaves_its_bag_only_when_it_was_sent(
    story: list[tuple[Fate, float, bool]],
) -> None:
    state, now, number = State(), 0.0, 0
    known = addresses(Settings(apprise_urls=("notice>ntfy://a",)))
    made: set[str] = set()
    sent: set[str] = set()
    for fate, pause, another in story:
        now += pause
        if another:
            number += 1
            letter = a_fault(f"fault {number}", now)
            made.add(letter.id)
            state = queued(state, known, letter)
        bag = bag_of(state, "ntfy")
        letters = due(bag, at(now), "f")
        if not letters:
            continue
        state = recorded(state, bag, letters, at(now))
        state = couriers.received(state, bag, letters, Receipt(fate, "x"), at(now), "f")
        if fate is Fate.SENT:
            sent |= {letter.id for letter in letters}
        waiting = {letter.id for letter in bag_of(state, "ntfy").letters}
        assert waiting == made - sent
        assert not set(bag_of(state, "ntfy").trying) & sent


line_fates = st.sampled_from([Fate.SENT, Fate.SILENT, Fate.NOT_SENT, Fate.TRY_LATER, Fate.REFUSED])
cycles = st.tuples(
    st.integers(1, 40),  # minutes since the cycle before
    st.sampled_from([None, Gravity.WARNING, Gravity.CRITICAL]),  # of a new letter
    line_fates,
    fates,
    fates,
    st.none() | st.integers(0, 5),  # how many saves until it is killed
)


@settings(max_examples=60)
@given(st.lists(cycles, max_size=20))
def test_whatever_fails_and_whenever_it_is_killed_every_channel_is_told(
    story: list[tuple[int, Gravity | None, Fate, Fate, Fate, int | None]],
) -> None:
    line, ntfy, tgram = SilentLine(), Messenger("ntfy"), Messenger("tgram")
    owner = Told(ntfy, tgram, line=line)
    minute = 0
    wanted: dict[str, set[str]] = {"ntfy": set(), "tgram": set()}
    for pause, gravity, of_line, of_ntfy, of_tgram, killed in story:
        minute += pause
        letters: tuple[Alert, ...] = ()
        if gravity is not None:
            letters = (a_fault(f"fault {minute}", minute * 60.0, gravity),)
            wanted["ntfy"].add(clock(minute))
            wanted["tgram"] |= {clock(minute)} if gravity is Gravity.CRITICAL else set()
        line.fates, ntfy.fates, tgram.fates = [of_line], [of_ntfy], [of_tgram]
        owner.promise(*letters)
        owner.store.killed_at = None if killed is None else len(owner.store.saved) + 1 + killed
        owner.cycle(minute * 60.0)
        owner.store.killed_at = None
    line.fates, ntfy.fates, tgram.fates = [], [], []
    for _ in range(50):  # seven hours: longer than any of them waits
        minute += 10
        owner.cycle(minute * 60.0)
    assert owner.state.outbox == ()
    assert not any(bag.letters or bag.trying for bag in owner.state.bags)
    for messenger in (ntfy, tgram):
        told = {at for text in messenger.arrived for at in re.findall(r"\d\d:\d\d", text)}
        assert wanted[messenger.name] <= told


def clock(minute: int) -> str:
    """How a letter of that minute names its time."""
    return time.strftime("%H:%M", time.localtime(at(minute * 60).wall))

"""Telling the owner, at the very end of a cycle: what is pending goes out, or waits.

The policy is in `core/delivery.py`; here it meets the channel, the disk and the log.
"""

import re
from collections.abc import Callable

from picoclaw_watchdog.core import couriers, delivery
from picoclaw_watchdog.core.delivery import Dispatch
from picoclaw_watchdog.core.model import (
    Alert,
    Bag,
    Moment,
    Receipt,
    State,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Fate, Topic
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import REMINDERS, may_tell
from picoclaw_watchdog.engine.letters import kind_of, line_of, names_of, text_of
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import Channel, Courier, World

PUSHES = 2  # in one cycle: the second carries what came after a push in doubt
SHORTEST_TRY = 0.2  # seconds; with less left the next cycle is the better try
LINE = "line"
COURIER_TIMEOUTS = 3  # a courier gets so many times the external timeout: it may start a program
UNRECORDED_EVERY = 3600.0  # seconds between two tries that no disk remembers
_REMEDIES = {
    400: "check PICOCLAW_WATCHDOG_LINE_NOTIFY_TO",
    401: "issue a new token: PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN",
    403: "this LINE account or plan may not push messages",
}


def deliver(
    settings: Settings, world: World, state: State, now: Moment
) -> tuple[State, tuple[Alert, ...]]:
    """Send what is due and can be sent.

    Takes at most about twice the external timeout for LINE, with at most two pushes, and three
    times that timeout for the other channels, all at once. Saves the state before and after each
    of them. Never raises.

    Returns:
        The state afterwards, and the alerts that are now known to be delivered.
    """
    telling = _Telling(settings, world, state, now)
    try:
        telling.run()
    except Exception as error:  # noqa: BLE001  # telling must never cost the cycle its end
        telling.log("ERROR", f"not sent, by an error of our own: {type(error).__name__}")
    return telling.state, telling.delivered


class Errand(NamedTuple):
    """A courier that is on its way."""

    courier: Courier
    before: Bag
    letters: tuple[Alert, ...]
    wait: Callable[[], Receipt]


class _Telling:
    """One cycle's telling: the state moves on with every step that has become certain."""

    def __init__(self, settings: Settings, world: World, state: State, now: Moment) -> None:
        self.state = state
        self.delivered: tuple[Alert, ...] = ()
        self._settings = settings
        self._world = world
        self._now = now
        self._began = world.clock.now()
        pause = state.paused
        over = pause is not None and pause.until is not None and pause.until <= now.wall
        self._paused = None if over else pause
        self._current = delivery.fingerprint(settings)
        self._known = couriers.addresses(settings)

    def run(self) -> None:
        self._paused = self._world.store.wishes(self._now).paused or self._paused
        if not may_tell(self.state._replace(paused=self._paused)):
            return
        tidied = delivery.tidy(self.state, self._now, self._current)
        if tidied.dropped:
            self.log("WARN", f"{tidied.dropped} old messages dropped unsent")
        self._become(couriers.tidied(tidied.state, self._known, self._now))
        if not (self.state.outbox or any(bag.letters for bag in self.state.bags)):
            return
        if self._world.channels and self._paused is None:
            self._spill()
        errands = self._send_couriers()
        try:
            self._tell_line()
        finally:
            for errand in errands:  # they have been on their way meanwhile
                self._welcome(errand)

    def _tell_line(self) -> None:
        if not self.state.outbox:
            return
        if self._world.channels:
            self._send(self._world.channels[0])  # the state keeps one parcel: one LINE
        else:
            self._pass_on()

    def _send(self, channel: Channel) -> None:
        if delivery.is_refused(self.state, self._now, self._current):
            return
        self._ask_room(channel)
        for _ in range(PUSHES):
            receipt = self._push(channel)
            if receipt is None or receipt.fate not in (Fate.SENT, Fate.ALREADY_SENT):
                return

    def log(self, level: str, detail: str, channel: str = LINE) -> None:
        result = "OK" if level == "INFO" else "NG"
        self._world.log.write(level, channel, result, "notify", detail)

    def _become(self, state: State) -> bool:
        """Take a new state over; answers whether it is on the disk."""
        if state == self.state:
            return True
        self.state = state
        return self._world.store.save(state)

    def _spill(self) -> None:
        waiting = len(self.state.outbox)
        self._become(couriers.spilled(self.state, self._known, self._settings.line_quota_reserve))
        left = waiting - len(self.state.outbox)
        if left:
            self.log("INFO", f"left to the other channels, LINE's messages run short: {left}")

    def _send_couriers(self) -> list[Errand]:
        """Start every courier that has something to bring; none waits for another."""
        if not any(bag.letters for bag in self.state.bags):
            return []
        leaving = []
        for courier in self._world.couriers():
            bag = couriers.bag_of(self.state, courier.name)
            letters = self._allowed(couriers.due(bag, self._now, courier.fingerprint()))
            if letters:
                leaving.append((courier, bag, letters))
        state = self.state
        for _, bag, letters in leaving:
            state = couriers.recorded(state, bag, letters, self._now)
        if leaving and not self._become(state) and not self._may_go_unrecorded():
            self.log("WARN", "nothing can be written down: only LINE is told now", "notify")
            return []
        return [self._sent_off(*each) for each in leaving]

    def _sent_off(self, courier: Courier, bag: Bag, letters: tuple[Alert, ...]) -> Errand:
        timeout = COURIER_TIMEOUTS * self._settings.external_timeout_sec
        try:
            wait = courier.start(self._text(letters), kind_of(letters), timeout)
        except Exception as error:  # noqa: BLE001  # the others must go all the same
            receipt = _failed(Fate.NOT_SENT, error)
            return Errand(courier, bag, letters, lambda: receipt)
        return Errand(courier, bag, letters, wait)

    def _may_go_unrecorded(self) -> bool:
        """Where no disk remembers what was sent, the clock keeps it from going every minute."""
        return self._now.wall % UNRECORDED_EVERY < self._settings.interval_sec

    def _welcome(self, errand: Errand) -> None:
        """Wait for a courier and take down what came of it."""
        courier, before, letters, wait = errand
        try:
            receipt = wait()
        except Exception as error:  # noqa: BLE001  # the others have receipts too
            receipt = _failed(Fate.SILENT, error)
        self.state = couriers.received(
            self.state, before, letters, receipt, self._now, courier.fingerprint()
        )
        self._world.store.save(self.state)
        waiting = len(couriers.bag_of(self.state, courier.name).letters)
        match receipt.fate:
            case Fate.SENT | Fate.ALREADY_SENT:
                self.delivered += letters
                self.log("INFO", f"sent: {names_of(letters)}", courier.name)
            case Fate.REFUSED:
                said = f"refused: {receipt.detail}; see: picoclaw-watchdog notify-test"
                self.log("ERROR", said, courier.name)
            case Fate.NOT_SENT | Fate.SILENT | Fate.TRY_LATER | Fate.QUOTA:
                fate = receipt.fate.value
                said = f"{fate}, tried again later: {receipt.detail}; waiting: {waiting}"
                self.log("WARN", said, courier.name)

    def _text(self, letters: tuple[Alert, ...]) -> str:
        return text_of(letters, self._settings, self._world.host.name(), self._now)

    def _allowed(self, letters: tuple[Alert, ...]) -> tuple[Alert, ...]:
        """What may be told now: while paused only that it is."""
        if self._paused is None:
            return letters
        return tuple(letter for letter in letters if letter.topic in REMINDERS)

    def _pass_on(self) -> None:
        """Without LINE: what no other channel brings is said once in the log, under a cooldown."""
        told = dict(self.state.told)
        host = self._world.host.name()
        passed = self._allowed(self.state.outbox)
        for letter in passed:
            if couriers.waits_elsewhere(self.state, letter) or delivery.is_told(
                told.get(letter.key), letter
            ):
                continue
            why = "no channel wants it" if self._known else "LINE is not set up"
            said = line_of(letter, self._settings, host, self._now)
            self.log("WARN", f"not sent: {why}: {said}")
            if letter.topic is not Topic.ALL_CLEAR:
                told[letter.key] = self._now
        outbox = tuple(letter for letter in self.state.outbox if letter not in passed)
        self.state = self.state._replace(outbox=outbox, parcel=None, told=tuple(told.items()))
        self._world.store.save(self.state)

    def _timeout(self) -> float:
        """Seconds the next request may take; 0 where this cycle has waited enough."""
        timeout = self._settings.external_timeout_sec
        spent = seconds_between(self._began, self._world.clock.now())
        left = min(timeout, 2 * timeout - spent)
        return left if left >= SHORTEST_TRY else 0.0

    def _ask_room(self, channel: Channel) -> None:
        timeout = self._timeout()
        if not timeout or not delivery.room_is_due(
            self.state, self._now, self._settings.line_quota_reserve
        ):
            return
        self.state = delivery.with_room(self.state, channel.room(timeout), self._now)
        left = self.state.quota_left
        if left is not None and left < self._settings.line_quota_reserve:
            self.log("WARN", f"LINE messages left this month: {left}; lesser ones wait")
        self._world.store.save(self.state)

    def _push(self, channel: Channel) -> Receipt | None:
        reserve = self._settings.line_quota_reserve
        allowed = self.state._replace(paused=self._paused)
        dispatch = delivery.plan(allowed, self._now, self._current, reserve)
        timeout = self._timeout()
        if dispatch is None or not timeout:
            return None
        text = self._text(dispatch.letters)
        dispatch = self._record(dispatch)
        receipt = channel.send(text, dispatch.key, timeout)
        before = self.state.outbox
        self.state = delivery.received(self.state, dispatch, receipt, self._now, self._current)
        waiting = {letter.id for letter in self.state.outbox}
        done = tuple(letter for letter in before if letter.id not in waiting)
        self.delivered += done
        self._world.store.save(self.state)
        self._log_receipt(receipt, done)
        return receipt

    def _record(self, dispatch: Dispatch) -> Dispatch:
        """On disk before it is sent; where that cannot be, under a key that LINE remembers."""
        self.state = delivery.recorded(self.state, dispatch, self._now)
        if self._world.store.save(self.state) or dispatch.before is not None:
            return dispatch
        key = delivery.key_without_disk(
            dispatch.letters,
            self._now,
            self._settings.alert_cooldown_sec,
            self._world.host.name(),
        )
        dispatch = dispatch._replace(key=key)
        self.state = delivery.recorded(self.state, dispatch, self._now)
        return dispatch

    def _log_receipt(self, receipt: Receipt, done: tuple[Alert, ...]) -> None:
        names = names_of(done)
        waiting = len(self.state.outbox)
        match receipt.fate:
            case Fate.SENT:
                self.log("INFO", f"sent: {names} ({receipt.detail})")
            case Fate.ALREADY_SENT:
                self.log("INFO", f"had been sent before: {names} ({receipt.detail})")
            case Fate.REFUSED:
                self.log("ERROR", f"LINE refuses: {receipt.detail}; {_remedy(receipt)}")
            case Fate.QUOTA:
                self.log("ERROR", f"LINE's monthly messages are used up; waiting: {waiting}")
            case Fate.NOT_SENT | Fate.SILENT | Fate.TRY_LATER:
                fate = receipt.fate.value
                self.log("WARN", f"{fate}, tried again later: {receipt.detail}; waiting: {waiting}")


def _failed(fate: Fate, error: Exception) -> Receipt:
    return Receipt(fate, f"an error of our own: {type(error).__name__}")


def _remedy(receipt: Receipt) -> str:
    status = re.match(r"HTTP (\d+)", receipt.detail)
    known = _REMEDIES.get(int(status[1])) if status else None
    return known or "check the LINE settings: picoclaw-watchdog doctor"

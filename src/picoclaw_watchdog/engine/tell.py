"""Telling the owner, at the very end of a cycle: what is pending goes out, or waits.

The policy is in `core/delivery.py`; here it meets the channel, the disk and the log.
"""

import re
import time

from picoclaw_watchdog.core import delivery
from picoclaw_watchdog.core.delivery import Dispatch
from picoclaw_watchdog.core.model import (
    Alert,
    Moment,
    Receipt,
    State,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Fate, Topic
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Channel, World

PUSHES = 2  # in one cycle: the second carries what a 409 has left over
SHORTEST_TRY = 0.2  # seconds; with less left the next cycle is the better try
_CREDENTIALS = re.compile(r"//[^/\s]+@")
_REMEDIES = {
    400: "check PICOCLAW_WATCHDOG_LINE_NOTIFY_TO",
    401: "issue a new token: PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN",
    403: "this LINE account or plan may not push messages",
}


def deliver(
    settings: Settings, world: World, state: State, now: Moment
) -> tuple[State, tuple[Alert, ...]]:
    """Send what is due and can be sent.

    Takes at most about twice the external timeout and makes at most two pushes. Saves the state
    before and after each of them. Never raises.

    Returns:
        The state afterwards, and the alerts that are now known to be delivered.
    """
    telling = _Telling(settings, world, state, now)
    try:
        telling.run()
    except Exception as error:  # noqa: BLE001  # telling must never cost the cycle its end
        telling.log("ERROR", f"not sent, by an error of our own: {type(error).__name__}")
    return telling.state, telling.delivered


class _Telling:
    """One cycle's telling: the state moves on with every step that has become certain."""

    def __init__(self, settings: Settings, world: World, state: State, now: Moment) -> None:
        self.state = state
        self.delivered: tuple[Alert, ...] = ()
        self._settings = settings
        self._world = world
        self._now = now
        self._began = world.clock.now()
        self._current = delivery.fingerprint(settings)

    def run(self) -> None:
        if self._is_paused():
            return
        tidied = delivery.tidy(self.state, self._now, self._current)
        if tidied.dropped:
            self.log("WARN", f"{tidied.dropped} old messages dropped unsent")
        if tidied.state != self.state:
            self.state = tidied.state
            self._world.store.save(self.state)
        if not self.state.outbox:
            return
        if self._world.channels:
            self._send(self._world.channels[0])  # the state keeps one parcel: one channel
        else:
            self._only_log()

    def _send(self, channel: Channel) -> None:
        if delivery.is_refused(self.state, self._now, self._current):
            return
        if delivery.is_in_doubt(self.state) and not self._answers(channel):
            return
        self._ask_room(channel)
        for _ in range(PUSHES):
            receipt = self._push(channel)
            if receipt is None or receipt.fate is not Fate.ALREADY_SENT:
                return

    def log(self, level: str, detail: str) -> None:
        result = "OK" if level == "INFO" else "NG"
        self._world.log.write(level, "line", result, "notify", detail)

    def _is_paused(self) -> bool:
        pause = self.state.paused
        return pause is not None and (pause.until is None or pause.until > self._now.wall)

    def _only_log(self) -> None:
        """Nobody to tell: said once in the log, with the same cooldown as a message."""
        told = dict(self.state.told)
        for letter in self.state.outbox:
            self.log("WARN", f"not sent: LINE is not set up: {self._said(letter)}")
            if letter.topic is not Topic.ALL_CLEAR:
                told[letter.key] = self._now
        self.state = self.state._replace(outbox=(), parcel=None, told=tuple(told.items()))
        self._world.store.save(self.state)

    def _timeout(self) -> float:
        """Seconds the next request may take; 0 where this cycle has waited enough."""
        timeout = self._settings.external_timeout_sec
        spent = seconds_between(self._began, self._world.clock.now())
        left = min(timeout, 2 * timeout - spent)
        return left if left >= SHORTEST_TRY else 0.0

    def _answers(self, channel: Channel) -> bool:
        answers = channel.answers(self._timeout())
        if not answers:
            self.log("WARN", f"LINE does not answer; messages waiting: {len(self.state.outbox)}")
        return answers

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
        dispatch = delivery.plan(self.state, self._now, self._current, reserve)
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

    def _text(self, letters: tuple[Alert, ...]) -> str:
        from picoclaw_watchdog.core import wording

        host, language = self._world.host.name(), self._settings.language
        timed = tuple(with_local_times(letter, self._now) for letter in letters)
        waited = max(seconds_between(letter.made, self._now) for letter in letters)
        if len(timed) == 1:
            return self._masked(wording.letter(timed[0], host, language, waited))
        return self._masked(wording.digest(timed, host, language, waited))

    def _said(self, letter: Alert) -> str:
        from picoclaw_watchdog.core import wording

        timed = with_local_times(letter, self._now)
        text = wording.letter(timed, self._world.host.name(), self._settings.language)
        return self._masked(" / ".join(text.split("\n")))

    def _masked(self, text: str) -> str:
        """Whatever slipped into a detail on its way here."""
        settings = self._settings
        secrets = (
            settings.line_channel_access_token,
            settings.line_channel_secret,
            settings.kick_token,
        )
        for secret in filter(None, secrets):
            text = text.replace(secret, "***")
        return _CREDENTIALS.sub("//***@", text)

    def _log_receipt(self, receipt: Receipt, done: tuple[Alert, ...]) -> None:
        names = ", ".join(f"{letter.key}:{letter.topic.value}" for letter in done)
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


def _remedy(receipt: Receipt) -> str:
    status = re.match(r"HTTP (\d+)", receipt.detail)
    known = _REMEDIES.get(int(status[1])) if status else None
    return known or "check the LINE settings: picoclaw-watchdog doctor"


def with_local_times(letter: Alert, now: Moment) -> Alert:
    """The letter with its times as the owner's clock shows them, with the date where not today.

    `made_at` comes from the moment it was made, `since` and `next_at` from the facts
    `since_wall` and `next_wall` (seconds since the epoch), unless they are given as texts.
    """
    told = dict(letter.facts)
    walls = {
        "made_at": str(letter.made.wall),
        "since": told.get("since_wall", ""),
        "next_at": told.get("next_wall", ""),
    }
    local = {name: text for name, wall in walls.items() if (text := _local(wall, now.wall))}
    return letter._replace(facts=tuple((local | told).items()))


def _local(wall: str, now: float) -> str:
    try:
        then, today = time.localtime(float(wall)), time.localtime(now)
    except (ValueError, OverflowError, OSError):
        return ""
    same = (then.tm_year, then.tm_yday) == (today.tm_year, today.tm_yday)
    return time.strftime("%H:%M" if same else "%m-%d %H:%M", then)

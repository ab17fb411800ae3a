"""What goes out now, and what a receipt means. Pure: the engine does the sending.

The life of a push: `plan` picks the letters and the key, `recorded` writes both into the state
before anything leaves this machine, `received` draws the conclusion from the receipt.

Why a letter arrives exactly once. LINE accepts a retry key once and answers 409 to every later
request under it, whatever that request contains. A try that surely was not accepted proves
nothing and costs nothing. A try whose fate is open (no answer, a 5xx, a watchdog killed in
between) may have been accepted. So from then on `Parcel` holds key and letters together: these
very letters go out under this very key, and no others, until LINE has said 200 or 409. Both mean
the same: they are delivered. What was queued meanwhile goes out after them, under a key of its
own, so an outage costs one message of the month more at most.

Nothing is lost. A letter can arrive twice only where its fate stayed open until its key ran out.
"""

from picoclaw_watchdog.core.model import (
    Alert,
    Moment,
    Parcel,
    Receipt,
    State,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import (
    Fate,
    Gravity,
    Topic,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import REMINDERS
from picoclaw_watchdog.light import NamedTuple

HOUR = 3600.0
DAY = 24 * HOUR
KEY_LIVES = 23 * HOUR  # LINE keeps a retry key for 24 h
RETRY_REFUSED = 6 * HOUR
NOTICE_LIVES = DAY
LETTER_LIVES = 7 * DAY
OUTBOX_MAX = 50
REFUSED_LOOK = "line_refused"  # in State.rare_looks: when LINE last refused us


class Dispatch(NamedTuple):
    """One push to make now."""

    letters: tuple[Alert, ...]
    key: str  # a UUID: LINE's X-Line-Retry-Key
    before: Parcel | None = None  # the parcel as it was before this try


class Tidied(NamedTuple):
    """The state without what is no longer worth telling."""

    state: State
    dropped: int = 0


def fingerprint(settings: Settings) -> str:
    """Changes when the owner changes what LINE judges us by; tells nothing about the token."""
    import hashlib  # only where there is something to tell

    judged = (
        settings.line_channel_access_token,
        settings.line_notify_to,
        settings.line_push_endpoint,
    )
    return hashlib.sha256("\n".join(judged).encode("utf-8", "replace")).hexdigest()[:16]


def _uuid(*parts: str) -> str:
    """A UUID that follows from its parts, in the random kind's shape."""
    import hashlib  # only where there is something to tell

    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"


def key_for(letters: tuple[Alert, ...], now: Moment) -> str:
    """The retry key of a new push: the same letters at the same moment give the same key."""
    moment = (now.boot_id, repr(now.boot), repr(now.wall))
    return _uuid(*(letter.id for letter in letters), *moment)


def key_without_disk(letters: tuple[Alert, ...], now: Moment, cooldown: float, host: str) -> str:
    """The retry key of a push that could not be recorded.

    Nothing on this machine will remember it, so LINE has to: the key follows from what the
    letters are about and from the hour (or the cooldown, where that is longer), and the same
    fault found anew every minute is answered with 409 instead of a new message.
    """
    span = max(cooldown, HOUR)
    return _uuid(host, *sorted({letter.key for letter in letters}), str(int(now.wall // span)))


def tidy(state: State, now: Moment, current: str) -> Tidied:
    """Drop what is too old to matter, bound the outbox, and forget a refusal that is history.

    `current` is the fingerprint of the present settings.
    """
    outbox = tuple(letter for letter in state.outbox if not is_stale(letter, now))
    dropped = len(state.outbox) - len(outbox)
    overflow = len(outbox) - OUTBOX_MAX
    if overflow > 0:
        outbox = without_the_least(outbox, overflow)
        dropped += overflow
    if state.refused_for and state.refused_for != current:
        state = state._replace(refused_for="", channel_trouble="")
    state = state._replace(outbox=outbox)
    parcel = state.parcel
    if parcel is not None and (
        not any(letter.id in parcel.letters for letter in outbox)
        or seconds_between(parcel.first, now) > KEY_LIVES
    ):
        state = state._replace(parcel=None)
    return Tidied(state, dropped)


def is_stale(letter: Alert, now: Moment, *, orphaned: bool = False) -> bool:
    """Whether it is too late for a letter; an orphaned one has no channel any more."""
    # An all-clear was promised with the alert: it lives as long as one.
    passing = letter.topic is Topic.MENDED or letter.gravity is Gravity.NOTICE
    brief = orphaned or (passing and letter.topic is not Topic.ALL_CLEAR)
    return seconds_between(letter.made, now) > (NOTICE_LIVES if brief else LETTER_LIVES)


def without_the_least(outbox: tuple[Alert, ...], number: int) -> tuple[Alert, ...]:
    """Drop what is missed least, the oldest first; a letter that stays says how many went."""
    over = {letter.incident for letter in outbox if letter.topic is Topic.ALL_CLEAR}
    by_worth = sorted(outbox, key=lambda letter: _worth(letter, over))
    gone = {letter.id for letter in by_worth[:number]}
    *rest, last = (letter for letter in outbox if letter.id not in gone)
    facts = dict(last.facts)
    said = facts.get("suppressed", "")
    facts["suppressed"] = str(number + (int(said) if said.isdecimal() else 0))
    return (*rest, last._replace(facts=tuple(facts.items())))


def _worth(letter: Alert, over: set[str]) -> int:
    """The all-clear of an incident says what it was: its alerts may go, while it stays."""
    if letter.topic is Topic.ALL_CLEAR:
        return 2
    if letter.gravity is Gravity.NOTICE:
        return 0
    if letter.incident and letter.incident in over:
        return 1
    return 3 if letter.gravity is Gravity.WARNING else 4


def is_refused(state: State, now: Moment, current: str) -> bool:
    """Whether LINE refused these very settings, and not so long ago that asking is due again."""
    if not state.refused_for or state.refused_for != current:
        return False
    last = dict(state.rare_looks).get(REFUSED_LOOK)
    return last is not None and seconds_between(last, now) < RETRY_REFUSED


def in_doubt(state: State) -> tuple[Alert, ...]:
    """The letters of an earlier push that may have been accepted."""
    parcel = state.parcel
    if parcel is None or not parcel.silent:
        return ()
    return tuple(letter for letter in state.outbox if letter.id in parcel.letters)


def room_is_due(state: State, now: Moment, reserve: int) -> bool:
    """Whether to ask how many messages are left: hourly where they run short, else daily."""
    if state.quota_at is None:
        return True
    short = state.quota_left is not None and state.quota_left < max(reserve, 1)
    return seconds_between(state.quota_at, now) >= (HOUR if short else DAY)


def with_room(state: State, room: int | None, now: Moment) -> State:
    """The state after LINE was asked; None: unlimited or unknown, then a push will tell."""
    return state._replace(quota_left=None if room is None else max(0, room), quota_at=now)


def plan(state: State, now: Moment, current: str, reserve: int) -> Dispatch | None:
    """The push to make now; None: nothing is to be told, or nothing can be.

    `state` has been tidied; while it is paused, only that is told. `reserve` messages of the
    month are kept for the gravest letters.
    """
    if is_refused(state, now, current):
        return None
    parcel, letters = state.parcel, in_doubt(state)
    if letters and not _may_be_repeated(state, letters):
        return None
    letters = letters or _affordable(state, reserve)
    if not letters:
        return None
    return Dispatch(letters, parcel.key if parcel else key_for(letters, now), parcel)


def _may_be_repeated(state: State, letters: tuple[Alert, ...]) -> bool:
    if state.paused is not None:
        return all(letter.topic in REMINDERS for letter in letters)
    return state.quota_left is None or state.quota_left > 0


def _affordable(state: State, reserve: int) -> tuple[Alert, ...]:
    left = state.quota_left
    if state.paused is not None:
        reminders = tuple(letter for letter in state.outbox if letter.topic in REMINDERS)
        return reminders if left is None or left >= reserve else ()
    if left is not None and left <= 0:
        return ()
    if left is None or left >= reserve:
        return state.outbox
    held = {
        letter.incident
        for letter in state.outbox
        if letter.topic is not Topic.ALL_CLEAR and letter.gravity is not Gravity.CRITICAL
    }
    return tuple(
        letter
        for letter in state.outbox
        if letter.gravity is Gravity.CRITICAL
        or (letter.topic is Topic.ALL_CLEAR and letter.incident not in held)
    )


def recorded(state: State, dispatch: Dispatch, now: Moment) -> State:
    """The state to have on disk before the push: its fate is open until a receipt closes it."""
    first = dispatch.before.first if dispatch.before is not None else now
    ids = tuple(letter.id for letter in dispatch.letters)
    return state._replace(parcel=Parcel(dispatch.key, ids, first, silent=True))


def received(
    state: State, dispatch: Dispatch, receipt: Receipt, now: Moment, current: str
) -> State:
    """What the receipt of the recorded push makes of the state."""
    ids = tuple(letter.id for letter in dispatch.letters)
    before = dispatch.before
    match receipt.fate:
        case Fate.SENT:
            left = state.quota_left
            state = state._replace(quota_left=None if left is None else max(0, left - 1))
            return _delivered(state, ids, now)
        case Fate.ALREADY_SENT:
            return _delivered(state, ids, now)
        case Fate.SILENT | Fate.TRY_LATER:
            # LINE's own advice: after a 5xx, as after silence, the outcome is unknown.
            return state
        case Fate.NOT_SENT:
            return _surely_not(state, before)
        case Fate.QUOTA:
            return _surely_not(state, before)._replace(quota_left=0, quota_at=now)
        case Fate.REFUSED:
            looks = dict(state.rare_looks) | {REFUSED_LOOK: now}
            return _surely_not(state, before)._replace(
                channel_trouble=receipt.detail or "refused",
                refused_for=current,
                rare_looks=tuple(looks.items()),
            )


def _surely_not(state: State, before: Parcel | None) -> State:
    """This try was not accepted; an earlier one of the same key may have been."""
    if state.parcel is None:
        return state
    silent = before is not None and before.silent
    return state._replace(parcel=state.parcel._replace(silent=silent))


def is_told(told: Moment | None, letter: Alert) -> bool:
    """Whether some channel has accepted the letter's key since the letter was made."""
    return told is not None and seconds_between(told, letter.made) <= 0


def _delivered(state: State, ids: tuple[str, ...], now: Moment) -> State:
    told = dict(state.told)
    for letter in state.outbox:
        if letter.id in ids and letter.topic is not Topic.ALL_CLEAR:
            told[letter.key] = now  # also where another channel was faster: each has its pause
    return state._replace(
        outbox=tuple(letter for letter in state.outbox if letter.id not in ids),
        told=tuple(told.items()),
        parcel=None,
        channel_trouble="",
        refused_for="",
        rare_looks=tuple(look for look in state.rare_looks if look[0] != REFUSED_LOOK),
    )

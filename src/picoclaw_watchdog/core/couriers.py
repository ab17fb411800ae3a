"""The channels beside LINE: what each has to bring, when it is tried, what a receipt means. Pure.

Each has a bag of its own, so that one which fails neither delays nor repeats the others'
letters. None of them knows a retry key. So a letter whose fate is open (no answer, a watchdog
killed in between) is tried again, but ever more rarely: it arrives at least once, and a server
that takes messages without ever saying so does not flood the owner.
"""

from picoclaw_watchdog.core.delivery import OUTBOX_MAX, is_stale, is_told, without_the_least
from picoclaw_watchdog.core.model import (
    Alert,
    Bag,
    Moment,
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
from picoclaw_watchdog.light import NamedTuple

HOUR = 3600.0
SOONEST = 50.0  # seconds between two tries; a cycle a minute is not exactly a minute
LONGEST = 600.0  # seconds, after tries that surely were not accepted
LONGEST_OPEN = 6 * HOUR  # after tries that may have been
RETRY_REFUSED = HOUR
OWED_MAX = 50
_RANKS = (Gravity.NOTICE, Gravity.WARNING, Gravity.CRITICAL)


class Address(NamedTuple):
    """One channel as the owner wrote it."""

    name: str  # the scheme, numbered where there are several: `tgram`, `tgram-2`
    least: Gravity
    url: str  # full of secrets


def addresses(settings: Settings) -> tuple[Address, ...]:
    """The channels of the setting APPRISE_URLS, in its order."""
    found: list[Address] = []
    for entry in settings.apprise_urls:
        gravity, _, url = entry.partition(">")
        scheme = url.partition("://")[0]
        before = sum(each.url.partition("://")[0] == scheme for each in found)
        name = f"{scheme}-{before + 1}" if before else scheme
        found.append(Address(name, Gravity(gravity), url))
    return tuple(found)


def bag_of(state: State, channel: str) -> Bag:
    """The channel's bag, an empty one where it has nothing to do."""
    for bag in state.bags:
        if bag.channel == channel:
            return bag
    return Bag(channel)


def with_bag(state: State, bag: Bag) -> State:
    """The state with this bag in its place; one that says nothing is left out."""
    if not any(each.channel == bag.channel for each in state.bags):
        state = state._replace(bags=(*state.bags, bag))
    bags = (bag if each.channel == bag.channel else each for each in state.bags)
    return state._replace(bags=tuple(each for each in bags if each != Bag(each.channel)))


def queued(state: State, known: tuple[Address, ...], letter: Alert) -> State:
    """The state with a new letter in the bag of every channel that is to bring it."""
    for address in known:
        bag = bag_of(state, address.name)
        if letter.topic is Topic.ALL_CLEAR:
            wanted = letter.incident in bag.owes or _is_grave(letter, address)
        else:
            wanted = _is_grave(letter, address)
        if wanted:
            state = with_bag(state, _with_letter(bag, letter))
    return state


def _is_grave(letter: Alert, address: Address) -> bool:
    return _RANKS.index(letter.gravity) >= _RANKS.index(address.least)


def _with_letter(bag: Bag, letter: Alert) -> Bag:
    if letter.topic is Topic.ALL_CLEAR:
        owes = tuple(incident for incident in bag.owes if incident != letter.incident)
    elif letter.incident and letter.topic is not Topic.MENDED and letter.incident not in bag.owes:
        owes = (*bag.owes, letter.incident)[-OWED_MAX:]
    else:
        owes = bag.owes
    return bag._replace(letters=(*bag.letters, letter), owes=owes)


def superseded(state: State, key: str, incident: str) -> State:
    """The state without older letters about what is to be told anew.

    A channel that has not taken the last reminder yet need not bring both.
    """
    parcel = state.parcel
    fixed = parcel.letters if parcel is not None and parcel.silent else ()

    def is_old(letter: Alert) -> bool:
        return (letter.key, letter.incident) == (key, incident)

    for bag in state.bags:
        letters = tuple(letter for letter in bag.letters if not is_old(letter))
        state = with_bag(state, bag._replace(letters=letters))
    outbox = (each for each in state.outbox if each.id in fixed or not is_old(each))
    return state._replace(outbox=tuple(outbox))


def spilled(state: State, known: tuple[Address, ...], reserve: int) -> State:
    """Leave to the other channels what LINE, its month's messages running short, will not bring.

    The gravest stay with LINE as well. Letters that no channel wants by its gravity go to all of
    them now: this is better than nobody. An all-clear follows its alert.
    """
    left = state.quota_left
    short = left is not None and left < max(reserve, 1) and bool(known)
    if not short and not state.elsewhere:
        return state
    lesser = _lesser(state) if short else ()
    for letter in lesser:
        if waits_elsewhere(state, letter) or is_told(dict(state.told).get(letter.key), letter):
            continue
        wanted = [each for each in known if _is_grave(letter, each)]
        for address in wanted or known:
            state = with_bag(state, _with_letter(bag_of(state, address.name), letter))
    incidents = (*state.elsewhere, *(letter.incident for letter in lesser if letter.incident))
    ends = {each.incident: each.id for each in state.outbox if each.topic is Topic.ALL_CLEAR}
    gone = {each.id for each in lesser} | {ends[one] for one in incidents if one in ends}
    return state._replace(
        outbox=tuple(letter for letter in state.outbox if letter.id not in gone),
        elsewhere=tuple(dict.fromkeys(one for one in incidents if one not in ends))[-OWED_MAX:],
    )


def _lesser(state: State) -> tuple[Alert, ...]:
    """What LINE can leave to others: not what it may have accepted already."""
    parcel = state.parcel
    fixed = parcel.letters if parcel is not None and parcel.silent else ()
    return tuple(
        letter
        for letter in state.outbox
        if letter.topic is not Topic.ALL_CLEAR
        and letter.gravity is not Gravity.CRITICAL
        and letter.id not in fixed
    )


def tidied(state: State, known: tuple[Address, ...], now: Moment) -> State:
    """The state without letters that are no longer worth telling, and without lost bags.

    The bag of a channel that is gone goes with its last letter, within a day: a typing error in
    the setting must not lose what lies in it.
    """
    names = {address.name for address in known}
    for bag in state.bags:
        stays = bag.channel in names
        letters = tuple(
            letter for letter in bag.letters if not is_stale(letter, now, orphaned=not stays)
        )
        overflow = len(letters) - OUTBOX_MAX
        if overflow > 0:
            letters = without_the_least(letters, overflow)
        tidy = bag._replace(letters=letters) if stays or letters else Bag(bag.channel)
        if tidy != bag:
            state = with_bag(state, tidy)
    return state


def due(bag: Bag, now: Moment, current: str) -> tuple[Alert, ...]:
    """The letters to try now. `current` is the fingerprint of the channel's present address."""
    if bag.tried is None or not bag.letters:
        return bag.letters
    since = seconds_between(bag.tried, now)
    if bag.refused_for:
        return bag.letters if bag.refused_for != current or since >= RETRY_REFUSED else ()
    wait = min(
        SOONEST * 2 ** min(max(bag.tries - 1, 0), 20), LONGEST_OPEN if bag.trying else LONGEST
    )
    if since >= wait:
        return bag.letters
    tried = bag.tried
    fresh = [letter for letter in bag.letters if seconds_between(tried, letter.made) > 0]
    return tuple(fresh) if since >= SOONEST else ()


def recorded(state: State, bag: Bag, letters: tuple[Alert, ...], now: Moment) -> State:
    """The state to have on disk before a try: from now on its fate is open."""
    trying = tuple(dict.fromkeys((*bag.trying, *(letter.id for letter in letters))))
    return with_bag(state, bag._replace(trying=trying, tried=now, tries=bag.tries + 1))


def received(
    state: State,
    before: Bag,
    letters: tuple[Alert, ...],
    receipt: Receipt,
    now: Moment,
    current: str,
) -> State:
    """What the receipt of a recorded try makes of the state; `before` is the bag before it."""
    bag = bag_of(state, before.channel)
    ids = {letter.id for letter in letters}
    match receipt.fate:
        case Fate.SENT | Fate.ALREADY_SENT:
            return _delivered(state, bag, letters, now)
        case Fate.SILENT:
            return with_bag(state, bag._replace(trouble=receipt.detail))
        case Fate.NOT_SENT | Fate.TRY_LATER | Fate.QUOTA:
            current = ""
        case Fate.REFUSED:
            pass
    open_still = tuple(one for one in bag.trying if one not in ids or one in before.trying)
    return with_bag(
        state,
        bag._replace(trying=open_still, trouble=receipt.detail or "refused", refused_for=current),
    )


def _delivered(state: State, bag: Bag, letters: tuple[Alert, ...], now: Moment) -> State:
    ids = {letter.id for letter in letters}
    left = tuple(letter for letter in bag.letters if letter.id not in ids)
    trying = tuple(one for one in bag.trying if one not in ids)
    bag = (
        Bag(bag.channel, left, owes=bag.owes)
        if not trying
        else bag._replace(letters=left, trying=trying, trouble="", refused_for="")
    )
    told = dict(state.told)
    for letter in letters:
        if letter.topic is not Topic.ALL_CLEAR:
            told[letter.key] = now
    return with_bag(state, bag)._replace(told=tuple(told.items()))


def waits_elsewhere(state: State, letter: Alert) -> bool:
    """Whether another channel has the letter still to bring."""
    return any(each.id == letter.id for bag in state.bags for each in bag.letters)

"""What must hold for every host, whatever happens to it: each one is a function and a sentence.

A sentence is the function's docstring. A function answers what is wrong, in words; nothing
where the sentence holds. Those of `ALWAYS` are asked after every step, those of `AT_THE_END`
once a life is over.
"""

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.delivery import KEY_LIVES, LETTER_LIVES, NOTICE_LIVES
from picoclaw_watchdog.core.model import Alert
from picoclaw_watchdog.core.reasons import Gravity, Topic
from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.kick.verify import verify
from picoclaw_watchdog.sim.records import Records, Told

# Seconds by which two readings of one clock in one cycle may differ.
WITHIN_A_CYCLE = 30.0
FUNNEL_TAKES = 180.0  # seconds that one recovery of the Funnel may take, its waits included
READING = 1e-3  # and by which sums of them may be rounded
# Complaints of the store that mean: what we wrote ourselves could not be read.
_UNREADABLE = ("counts as absent", "set aside", "passed over", "holds no state")
# status.json is not synced, on purpose: the database is asked instead.
_NOT_SYNCED = "status.json"

# What was promised, what somebody waits for, and what is news again when it was mended meanwhile.
_WITHOUT_COOLDOWN = (Topic.ALL_CLEAR, Topic.KICK_DONE, Topic.KICK_FAILED, Topic.SETTINGS_BROKEN)

_FUNNEL = targets.RECOVER_FUNNEL

Invariant = Callable[[Records], Iterable[str]]


class Broken(NamedTuple):
    """A sentence that did not hold."""

    name: str
    sentence: str
    at: float  # true seconds
    what: str


def restarts_within_the_budget(records: Records) -> Iterable[str]:
    """In no window of RESTART_WINDOW_SEC are there more restarts than RESTART_MAX_COUNT."""
    settings = records.host.settings
    firsts: dict[str, float] = {}
    for each in records.struck:
        if not _forgotten(records, each.at):
            firsts.setdefault(each.attempt or repr(each.at), each.counted)
    times = sorted(firsts.values())
    for place, start in enumerate(times):
        ends = start + settings.restart_window_sec - READING
        inside = sum(1 for at in times[place:] if at < ends)
        if inside > settings.restart_max_count:
            yield f"{inside} restarts from {start:.0f} s on"


def restarts_come_when_they_are_counted(records: Records) -> Iterable[str]:
    """The moment that an attempt is counted by is the one at which it is made."""
    seen: set[str] = set()
    for each in records.struck:
        if each.attempt not in seen and abs(each.at - each.counted) > WITHIN_A_CYCLE:
            yield f"made at {each.at:.1f} s, counted as at {each.counted:.1f} s"
        seen.add(each.attempt)


def each_restart_is_recorded_first(records: Records) -> Iterable[str]:
    """An attempt is on the disk, as intended, before the restart is ordered."""
    for each in records.struck:
        if each.phase != "intended":
            yield f"restart at {each.at:.1f} s, newest attempt: {each.phase or 'none'}"


def one_restart_for_an_instance_and_a_fault(records: Records) -> Iterable[str]:
    """No instance of the gateway is restarted twice for one fault."""
    seen: set[tuple[int, str]] = set()
    for each in records.struck:
        if each.carried_out and not each.kicks:
            if (each.instance, each.incident) in seen:
                yield f"instance {each.instance} again at {each.at:.1f} s for {each.incident}"
            seen.add((each.instance, each.incident))


def an_attempt_is_one_start(records: Records) -> Iterable[str]:
    """One recorded attempt leads to at most two orders: a second one where the first was void."""
    orders: dict[str, int] = {}
    for each in records.struck:
        orders[each.attempt] = orders.get(each.attempt, 0) + 1
    for attempt, number in orders.items():
        if number > 2:  # noqa: PLR2004
            yield f"{number} orders for {attempt}"


def nothing_is_mended_while_paused(records: Records) -> Iterable[str]:
    """While the owner's pause lasts nothing is restarted."""
    return (f"restart at {each.at:.1f} s" for each in records.struck if each.was_paused)


def nothing_is_told_while_paused(records: Records) -> Iterable[str]:
    """While the owner's pause lasts nothing is told."""
    return (f"message at {each.at:.1f} s" for each in records.told if each.paused)


def the_funnel_is_recovered_within_its_budget(records: Records) -> Iterable[str]:
    """Every Funnel command belongs to a recorded attempt, and these keep to their budget."""
    settings = records.host.settings
    made = sorted(each.at for each in records.made.values() if each.action == _FUNNEL)
    for place, start in enumerate(made):
        ends = start + settings.restart_window_sec - READING
        if sum(1 for at in made[place:] if at < ends) > settings.restart_max_count:
            yield f"more than {settings.restart_max_count} attempts from {start:.0f} s on"
    for at, what in records.host.tailnet.commands:
        if not any(start <= at + READING and at - start < FUNNEL_TAKES for start in made):
            yield f"{what} at {at:.0f} s belongs to no attempt"


def nothing_of_others_is_changed(records: Records) -> Iterable[str]:
    """No command of the watchdog takes off or publishes what is not the webhook's."""
    return records.host.tailnet.harmed


def what_is_ill_is_seen(records: Records) -> Iterable[str]:
    """No cycle calls a gateway good that was ill before it began and still is."""
    return records.overlooked


def nothing_is_mended_on_unknown(records: Records) -> Iterable[str]:
    """Nothing is restarted by a process that systemd did not answer, unless somebody asked."""
    for each in records.struck:
        if each.bus_silent and not each.kicks:
            yield f"restart at {each.at:.1f} s"


def nothing_well_is_restarted(records: Records) -> Iterable[str]:
    """No gateway is restarted by a process that saw nothing wrong, unless somebody asked."""
    for each in records.struck:
        if not each.reason_seen and not each.kicks:
            yield f"restart at {each.at:.1f} s"


def ollama_costs_one_restart(records: Records) -> Iterable[str]:
    """An outage of Ollama costs at most one restart of the gateway."""
    for begins, ends in records.peer_down:
        inside = {
            each.attempt
            for each in records.struck
            if each.incident.startswith("ollama-")
            and begins <= each.at <= (ends if ends is not None else each.at)
            and not each.kicks
            and not _forgotten(records, each.at)
        }
        if len(inside) > 1:
            yield f"{len(inside)} restarts in the outage from {begins:.0f} s on"


def every_letter_arrives_or_waits(records: Records) -> Iterable[str]:
    """A message that was due arrives, or still waits, unless it is too old or there is no room."""
    for at, letter in records.lost:
        if not _may_be_dropped(records, letter, at):
            yield f"{letter.id} vanished at {at:.0f} s"
    for at, channel, letter in records.couriers.lost:
        if not _may_be_dropped(records, letter, at):
            yield f"{letter.id} vanished from the bag of {channel} at {at:.0f} s"


def every_letter_arrives_once(records: Records) -> Iterable[str]:
    """No message arrives twice, unless no answer came for as long as LINE knows the retry key."""
    before: dict[str, Told] = {}
    for told in records.told:
        for letter in told.letters:
            last = before.setdefault(letter.id, told)
            if last is not told and (last.answered or not _ran_out(records, last.key, told.at)):
                yield f"{letter.id} at {last.at:.0f} s and again at {told.at:.0f} s"
            before[letter.id] = told


def no_courier_brings_again_what_arrived(records: Records) -> Iterable[str]:
    """A courier brings no letter twice, unless we were killed or got no answer the first time."""
    before: dict[tuple[str, str], bool] = {}
    for each in records.couriers.brought:
        for letter in each.letters:
            if before.get((each.channel, letter.id), False):
                yield f"{letter.id} by {each.channel} again at {each.at:.0f} s"
            before[each.channel, letter.id] = each.noted


def no_courier_holds_line_back(records: Records) -> Iterable[str]:
    """LINE is told before any courier is waited for."""
    return records.couriers.held_back


def no_two_messages_within_the_cooldown(records: Records) -> Iterable[str]:
    """Two messages about one key lie ALERT_COOLDOWN_SEC apart, answers and all-clears apart.

    What had to wait for one in doubt follows it at once.
    """
    pause = records.host.settings.alert_cooldown_sec - WITHIN_A_CYCLE
    last: dict[str, Told] = {}
    for each in records.told:
        counted = [letter for letter in each.letters if letter.topic not in _WITHOUT_COOLDOWN]
        for letter in counted:
            before = last.get(letter.key)
            if before is None or each.at - before.at >= pause or _forgotten(records, before.at):
                continue
            if letter.id not in before.left:
                yield f"{letter.key} at {before.at:.0f} s and at {each.at:.0f} s"
        last.update((letter.key, each) for letter in counted)


def a_long_outage_is_told_in_time(records: Records) -> Iterable[str]:
    """An outage that outlasts a start and four cycles is told, or its message waits for LINE."""
    return records.outages.late


def the_state_is_readable(records: Records) -> Iterable[str]:
    """Whatever the watchdog wrote it can read again, also after it was killed anywhere."""
    for at, line in records.complaints:
        unreadable = any(words in line for words in _UNREADABLE) and _NOT_SYNCED not in line
        if unreadable and not any(name in line for name in records.written_by_owner):
            yield f"at {at:.0f} s: {line}"


def every_abstention_has_a_reason(records: Records) -> Iterable[str]:
    """Whatever is seen to be bad and is not mended, the decision says why."""
    return records.unexplained


def no_error_of_our_own(records: Records) -> Iterable[str]:
    """No exception of our own ends a cycle or a look."""
    yield from records.log.own_errors
    for look in records.document.get("looks", ()):
        if look["sight"] == "probe_broken" and "Error" in look["detail"]:
            yield f"{look['probe']}: {look['detail']}"


def every_kick_is_served_once(records: Records) -> Iterable[str]:
    """Every request is accepted or refused once and served once, and the audit chain holds."""
    folder = records.host.disk.state
    yield from (problem.say("en") for problem in verify(folder))
    accepted: dict[str, int] = {}
    served: dict[str, int] = {}
    for line in audit.lines(folder):
        counts = {audit.ACCEPTED: accepted, audit.SERVED: served}.get(line.event.event)
        if counts is not None:
            counts[line.event.source] = counts.get(line.event.source, 0) + 1
    for asked in records.asked:
        source = asked.source
        if accepted.get(source, 0) > 1 or served.get(source, 0) > 1:
            yield f"{asked.verb} of {source}: accepted {accepted}, served {served}"
        elif asked.valid and not served.get(source) and not _is_lost(records, asked.at):
            yield f"{asked.verb} of {source}, asked at {asked.at:.0f} s, has no outcome"
    if records.asked and os.path.lexists(f"{folder}/kick_taken"):
        yield "kick_taken still lies there"


def all_is_well_and_silent(records: Records) -> Iterable[str]:
    """Once the faults have stopped, the host is healthy and nothing waits within the time."""
    return records.end_problems


ALWAYS: tuple[Invariant, ...] = (
    restarts_within_the_budget,
    restarts_come_when_they_are_counted,
    each_restart_is_recorded_first,
    one_restart_for_an_instance_and_a_fault,
    an_attempt_is_one_start,
    nothing_is_mended_while_paused,
    nothing_is_told_while_paused,
    the_funnel_is_recovered_within_its_budget,
    nothing_of_others_is_changed,
    what_is_ill_is_seen,
    nothing_is_mended_on_unknown,
    nothing_well_is_restarted,
    ollama_costs_one_restart,
    every_letter_arrives_or_waits,
    every_letter_arrives_once,
    no_courier_brings_again_what_arrived,
    no_courier_holds_line_back,
    no_two_messages_within_the_cooldown,
    a_long_outage_is_told_in_time,
    the_state_is_readable,
    every_abstention_has_a_reason,
    no_error_of_our_own,
)
AT_THE_END: tuple[Invariant, ...] = (every_kick_is_served_once, all_is_well_and_silent)


def broken(records: Records, invariants: tuple[Invariant, ...] = ALWAYS) -> list[Broken]:
    """The sentences that do not hold now."""
    return [
        Broken(each.__name__, (each.__doc__ or "").strip(), records.host.seconds, what)
        for each in invariants
        for what in each(records)
    ]


def _may_be_dropped(records: Records, letter: Alert, at: float) -> bool:
    moment = records.host.moment()
    age = moment.boot - letter.made.boot
    if letter.made.boot_id != moment.boot_id:
        age = moment.wall - letter.made.wall
    brief = letter.topic is Topic.MENDED or letter.gravity is Gravity.NOTICE
    lives = NOTICE_LIVES if brief and letter.topic is not Topic.ALL_CLEAR else LETTER_LIVES
    told_nobody = not records.host.settings.line_notify_enabled
    return told_nobody or age > lives or _forgotten(records, at)


def _ran_out(records: Records, key: str, at: float) -> bool:
    """Whether a retry key was too old by then for another try."""
    first = min(tried for tried, used in records.host.line.tries if used == key)
    return at - first > KEY_LIVES - WITHIN_A_CYCLE


def _is_lost(records: Records, at: float) -> bool:
    """Whether the owner has removed the request, or what was said of it."""
    return records.audit_wiped_at is not None and at <= records.audit_wiped_at


def _forgotten(records: Records, at: float) -> bool:
    """Whether the owner has taken away since what the watchdog knew of then."""
    return records.wiped_at is not None and at <= records.wiped_at

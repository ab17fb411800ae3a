import re

import pytest

from picoclaw_watchdog.core import delivery
from picoclaw_watchdog.core.delivery import (
    DAY,
    HOUR,
    OUTBOX_MAX,
    Dispatch,
    fingerprint,
    plan,
    received,
    recorded,
    tidy,
)
from picoclaw_watchdog.core.model import Alert, Moment, Parcel, Receipt, State
from picoclaw_watchdog.core.reasons import Fate, Gravity, Topic
from picoclaw_watchdog.core.settings import Settings
from tests.unit.letters import CURRENT, RESERVE, a_letter, at, waiting

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def planned(state: State, now: Moment) -> Dispatch:
    dispatch = plan(state, now, CURRENT, RESERVE)
    assert dispatch is not None
    return dispatch


def after(state: State, fate: Fate, seconds: float = 0.0) -> State:
    """The state after one push with that fate."""
    dispatch = planned(state, at(seconds))
    state = recorded(state, dispatch, at(seconds))
    return received(state, dispatch, Receipt(fate, "why"), at(seconds), CURRENT)


A, B, C = a_letter("a"), a_letter("b"), a_letter("c")


def test_everything_pending_goes_out_in_one_push_under_a_uuid() -> None:
    dispatch = planned(State(outbox=(A, B)), at(0))
    assert dispatch.letters == (A, B)
    assert re.fullmatch(UUID, dispatch.key)


def test_nothing_pending_means_no_push() -> None:
    assert plan(State(), at(0), CURRENT, RESERVE) is None


def test_the_same_letters_at_the_same_moment_have_the_same_key_and_no_others_do() -> None:
    keys = {planned(State(outbox=box), at(s)).key for box in ((A,), (B,), (A, B)) for s in (0, 1)}
    assert len(keys) == 6
    assert planned(State(outbox=(A, B)), at(1)).key in keys


def test_a_killed_watchdog_finds_its_push_in_doubt_with_the_same_key() -> None:
    state = State(outbox=(A,))
    dispatch = planned(state, at(0))
    state = recorded(state, dispatch, at(0))
    assert delivery.in_doubt(state) == (A,)
    again = planned(state._replace(outbox=(A, B)), at(60))
    assert again.key == dispatch.key
    assert again.letters == (A,)


@pytest.mark.parametrize("fate", [Fate.SENT, Fate.ALREADY_SENT])
def test_what_was_accepted_leaves_the_outbox_and_its_cooldown_starts_then(fate: Fate) -> None:
    state = after(State(outbox=(A, B), channel_trouble="x", refused_for="old"), fate, 30)
    assert state.outbox == ()
    assert state.parcel is None
    assert state.told == (("key a", at(30)), ("key b", at(30)))
    assert state.channel_trouble == ""
    assert state.refused_for == ""


def test_an_all_clear_starts_no_cooldown() -> None:
    clear = a_letter("clear", topic=Topic.ALL_CLEAR)
    assert after(State(outbox=(clear,)), Fate.SENT).told == ()


@pytest.mark.parametrize(
    "fate",
    [Fate.NOT_SENT, Fate.SILENT, Fate.TRY_LATER, Fate.QUOTA, Fate.REFUSED],
)
def test_what_was_not_accepted_stays_and_starts_no_cooldown(fate: Fate) -> None:
    state = after(State(outbox=(A,)), fate)
    assert waiting(state) == ["a"]
    assert state.told == ()


@pytest.mark.parametrize(
    ("fate", "doubt"),
    [
        (Fate.NOT_SENT, False),
        (Fate.QUOTA, False),
        (Fate.REFUSED, False),
        (Fate.SILENT, True),
        (Fate.TRY_LATER, True),  # after a 5xx the outcome is unknown
    ],
)
def test_only_an_open_fate_is_in_doubt(fate: Fate, *, doubt: bool) -> None:
    assert bool(delivery.in_doubt(after(State(outbox=(A,)), fate))) is doubt


def test_a_push_that_never_left_keeps_its_key_and_takes_what_is_new_along() -> None:
    state = after(State(outbox=(A,)), Fate.NOT_SENT)
    key = state.parcel.key if state.parcel else ""
    dispatch = planned(state._replace(outbox=(A, B)), at(60))
    assert dispatch.key == key
    assert dispatch.letters == (A, B)


@pytest.mark.parametrize("fate", [Fate.SENT, Fate.ALREADY_SENT])
def test_a_push_in_doubt_keeps_its_letters_until_line_has_said_that_it_has_them(fate: Fate) -> None:
    state = after(State(outbox=(A,)), Fate.TRY_LATER)
    state = after(state._replace(outbox=(A, B)), Fate.SILENT, 60)
    state = after(state._replace(outbox=(A, B, C)), fate, 120)
    assert waiting(state) == ["b", "c"]
    assert state.parcel is None
    assert [key for key, _ in state.told] == ["key a"]


def test_what_came_after_a_push_in_doubt_goes_under_a_new_key() -> None:
    first = after(State(outbox=(A,)), Fate.SILENT)
    state = after(first._replace(outbox=(A, B)), Fate.ALREADY_SENT, 60)
    assert first.parcel is not None
    assert planned(state, at(60)).key != first.parcel.key


def test_a_push_that_never_left_is_in_doubt_with_all_that_it_has_taken_along() -> None:
    state = after(State(outbox=(A,)), Fate.NOT_SENT)
    state = after(state._replace(outbox=(A, B)), Fate.SILENT, 60)
    state = after(state._replace(outbox=(A, B, C)), Fate.ALREADY_SENT, 120)
    assert waiting(state) == ["c"]


def test_a_push_in_doubt_that_is_tried_again_is_on_the_disk_already() -> None:
    state = after(State(outbox=(A,)), Fate.SILENT)
    again = recorded(state, planned(state, at(60)), at(60))
    assert again == state


def test_a_push_in_doubt_may_lose_letters_that_are_too_old_and_gains_none() -> None:
    state = after(State(outbox=(A, B)), Fate.SILENT)
    assert planned(state._replace(outbox=(B, C)), at(60)).letters == (B,)


@pytest.mark.parametrize("fate", [Fate.NOT_SENT, Fate.REFUSED, Fate.QUOTA, Fate.TRY_LATER])
def test_a_doubt_outlives_a_later_try_that_certainly_failed(fate: Fate) -> None:
    state = after(State(outbox=(A,)), Fate.SILENT)
    key = state.parcel.key if state.parcel else ""
    state = after(state, fate, 60)
    assert state.parcel is not None
    assert state.parcel.key == key
    assert state.parcel.letters == ("a",)
    assert delivery.in_doubt(state) == (A,)


def test_a_key_is_given_up_before_line_forgets_it() -> None:
    state = after(State(outbox=(A,)), Fate.SILENT)
    assert state.parcel is not None
    assert tidy(state, at(23 * HOUR - 1), CURRENT).state.parcel is not None
    later = tidy(state, at(23 * HOUR + 1), CURRENT).state
    assert waiting(later) == ["a"]
    assert planned(later, at(23 * HOUR + 1)).key != state.parcel.key


@pytest.mark.parametrize(
    ("gravity", "topic", "age", "kept"),
    [
        (Gravity.NOTICE, Topic.MENDED, 24 * HOUR - 1, True),
        (Gravity.NOTICE, Topic.MENDED, 24 * HOUR + 1, False),
        (Gravity.CRITICAL, Topic.MENDED, 24 * HOUR + 1, False),
        (Gravity.NOTICE, Topic.ALL_CLEAR, 24 * HOUR + 1, True),
        (Gravity.WARNING, Topic.OLLAMA_FAILING, 2 * DAY, True),
        (Gravity.CRITICAL, Topic.RESTART_FAILED, 7 * DAY - 1, True),
        (Gravity.CRITICAL, Topic.RESTART_FAILED, 7 * DAY + 1, False),
    ],
)
def test_a_letter_lives_as_long_as_it_matters(
    gravity: Gravity, topic: Topic, age: float, *, kept: bool
) -> None:
    tidied = tidy(State(outbox=(a_letter("x", 0, gravity, topic),)), at(age), CURRENT)
    assert bool(tidied.state.outbox) is kept
    assert tidied.dropped == (not kept)


def test_a_full_outbox_drops_the_oldest_of_the_least_grave_and_says_how_many() -> None:
    notices = tuple(a_letter(f"n{n}", n, Gravity.NOTICE) for n in range(10))
    grave = tuple(a_letter(f"c{n}", n) for n in range(OUTBOX_MAX - 5))
    tidied = tidy(State(outbox=(*notices, *grave)), at(100), CURRENT)
    assert tidied.dropped == 5
    assert len(tidied.state.outbox) == OUTBOX_MAX
    assert waiting(tidied.state)[:5] == ["n5", "n6", "n7", "n8", "n9"]
    assert dict(tidied.state.outbox[-1].facts)["suppressed"] == "5"


def test_a_full_outbox_keeps_the_all_clear_of_what_is_over_and_lets_its_alert_go() -> None:
    told = [
        a_letter(f"{kind}{n}", n, gravity, topic, incident=f"incident {n}")
        for n in range(OUTBOX_MAX * 3 // 5)
        for kind, gravity, topic in (
            ("alert", Gravity.CRITICAL, Topic.BUDGET_SPENT),
            ("end", Gravity.NOTICE, Topic.ALL_CLEAR),
        )
    ]
    stands = a_letter("stands", 0, Gravity.WARNING, Topic.HEALTH_FAILING, "another")
    good_to_know = a_letter("mended", 200, Gravity.NOTICE, Topic.MENDED)
    left = waiting(tidy(State(outbox=(stands, *told, good_to_know)), at(300), CURRENT).state)
    assert len(left) == OUTBOX_MAX
    assert [name for name in left if name.startswith("end")] == [each.id for each in told[1::2]]
    assert "stands" in left
    assert "mended" not in left
    assert "alert0" not in left
    assert told[-2].id in left


def test_an_outbox_of_nothing_but_grave_letters_is_bounded_too() -> None:
    letters = tuple(a_letter(f"c{n}", n) for n in range(3 * OUTBOX_MAX))
    state = tidy(State(outbox=letters), at(100), CURRENT).state
    assert len(state.outbox) == OUTBOX_MAX
    assert waiting(state)[-1] == f"c{3 * OUTBOX_MAX - 1}"


def test_nothing_is_sent_to_a_line_that_refused_except_every_six_hours() -> None:
    state = after(State(outbox=(A,)), Fate.REFUSED)
    assert state.channel_trouble == "why"
    assert plan(state, at(6 * HOUR - 1), CURRENT, RESERVE) is None
    assert plan(state, at(6 * HOUR), CURRENT, RESERVE) is not None
    state = after(state, Fate.REFUSED, 6 * HOUR)
    assert plan(state, at(12 * HOUR - 1), CURRENT, RESERVE) is None


def test_changed_settings_end_a_refusal_at_once() -> None:
    state = after(State(outbox=(A,)), Fate.REFUSED)
    state = tidy(state, at(60), "another").state
    assert state.channel_trouble == ""
    assert plan(state, at(60), "another", RESERVE) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"line_channel_access_token": "other"},
        {"line_notify_to": "other"},
        {"line_push_endpoint": "other"},
    ],
)
def test_the_fingerprint_changes_with_what_line_judges_us_by(change: dict[str, str]) -> None:
    known = Settings(line_channel_access_token="secret-token", line_notify_to="U1")
    changed = known._replace(**change)  # type: ignore[arg-type]  # all of these are texts
    assert fingerprint(known) == fingerprint(known)
    assert fingerprint(known) != fingerprint(changed)
    assert re.fullmatch("[0-9a-f]{16}", fingerprint(known))


def test_after_the_months_last_message_nothing_is_sent_until_there_is_room() -> None:
    state = after(State(outbox=(A,), quota_left=30, quota_at=at(0)), Fate.QUOTA, 60)
    assert plan(state, at(60 + HOUR), CURRENT, RESERVE) is None
    assert not delivery.room_is_due(state, at(60 + HOUR - 1), RESERVE)
    assert delivery.room_is_due(state, at(60 + HOUR), RESERVE)
    still = delivery.with_room(state, 0, at(60 + HOUR))
    assert plan(still, at(60 + HOUR), CURRENT, RESERVE) is None
    assert plan(delivery.with_room(state, 200, at(60 + HOUR)), at(60 + HOUR), CURRENT, RESERVE)


def test_the_room_is_asked_daily_and_hourly_where_it_is_short() -> None:
    assert delivery.room_is_due(State(), at(0), RESERVE)
    for left, due in ((None, DAY), (200, DAY), (19, HOUR), (0, HOUR)):
        state = State(quota_left=left, quota_at=at(0))
        assert not delivery.room_is_due(state, at(due - 1), RESERVE), left
        assert delivery.room_is_due(state, at(due), RESERVE), left


def test_every_message_counts_against_the_room() -> None:
    assert after(State(outbox=(A,), quota_left=21), Fate.SENT).quota_left == 20
    assert after(State(outbox=(A,), quota_left=None), Fate.SENT).quota_left is None


def test_of_a_short_quota_only_the_gravest_have_a_share() -> None:
    clear_told = a_letter("t", 0, Gravity.NOTICE, Topic.ALL_CLEAR, "told before")
    clear_held = a_letter("h", 0, Gravity.NOTICE, Topic.ALL_CLEAR, "held")
    held = a_letter("w", 0, Gravity.WARNING, Topic.OLLAMA_FAILING, "held")
    state = State(outbox=(held, A, clear_told, clear_held), quota_left=19, quota_at=at(0))
    assert planned(state, at(0)).letters == (A, clear_told)
    enough = state._replace(quota_left=20)
    assert planned(enough, at(0)).letters == state.outbox
    after_it = after(state, Fate.SENT)
    assert waiting(after_it) == ["w", "h"]


def test_a_push_in_doubt_goes_first_though_the_quota_has_become_short() -> None:
    lesser = a_letter("w", 0, Gravity.WARNING)
    state = after(State(outbox=(lesser,)), Fate.SILENT)
    state = state._replace(outbox=(lesser, A), quota_left=5, quota_at=at(0))
    assert planned(state, at(60)).letters == (lesser,)
    assert planned(after(state, Fate.ALREADY_SENT, 60), at(60)).letters == (A,)


def test_without_a_disk_the_same_fault_found_anew_has_the_same_key_for_an_hour() -> None:
    first = (a_letter("gateway-1")._replace(key="gateway"),)
    later = (a_letter("gateway-2", 60)._replace(key="gateway"),)
    start = at(-at(0).wall % 3600)  # a full hour

    def key(letters: tuple[Alert, ...], seconds: float, cooldown: float = 900) -> str:
        now = start._replace(wall=start.wall + seconds)
        return delivery.key_without_disk(letters, now, cooldown, "minipc")

    assert re.fullmatch(UUID, key(first, 0))
    assert key(first, 0) == key(later, 60)
    assert key(first, 0) != key(later, 3601)
    assert key(first, 0) != key((A,), 0)


def test_a_parcel_without_letters_is_forgotten() -> None:
    parcel = Parcel("123e4567-e89b-42d3-a456-426614174000", ("gone",), at(0), silent=True)
    for outbox in ((), (A,)):
        state = State(outbox=outbox, parcel=parcel)
        assert tidy(state, at(60), CURRENT).state.parcel is None

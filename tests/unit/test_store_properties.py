"""Any state comes back as it was; any garbage anywhere is survived."""

import os
import string
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import (
    Alert,
    Attempt,
    Bag,
    Baseline,
    Entry,
    Incident,
    Moment,
    Parcel,
    Pause,
    State,
)
from picoclaw_watchdog.core.reasons import Phase
from picoclaw_watchdog.core.targets import Action, Target
from picoclaw_watchdog.store.codec import pack, unpack
from picoclaw_watchdog.store.disk import DiskStore

NOW = Moment(1_800_000_000.0, 90_000.0, 80_000.0, "this boot")
FILES = (
    "health_fail_count",
    "restart_gateway_times.log",
    "alert_gateway.ts",
    "paused",
    "status.json",
    "watchdog.db",
    "watchdog.db-wal",
    "watchdog.db-shm",
    "../spare/state.json",
    "../spare/status.json",
)

texts = st.text(max_size=30)
words = st.text(string.ascii_letters + string.digits + "あ-_.:", min_size=1, max_size=12)
counts = st.integers(0, 999_999_999)
moments = st.builds(
    Moment,
    wall=st.floats(1_600_000_000, 1_799_999_999),
    boot=st.floats(0, 90_000),
    awake=st.floats(0, 80_000),
    boot_id=st.sampled_from(["", "this boot", "earlier boot"]),
)
st.register_type_strategy(Target, st.sampled_from(targets.BUILT_IN))
st.register_type_strategy(Action, st.sampled_from(targets.ACTIONS))
attempts = st.builds(
    Attempt,
    id=words,
    action=st.sampled_from(targets.ACTIONS),
    at=moments,
    phase=st.sampled_from([Phase.DONE, Phase.FAILED, Phase.LOST]),
    incident=texts,
    instance=texts,
    detail=texts,
    took=st.floats(0, 1e6),
)
incidents = st.builds(
    Incident,
    id=words,
    target=st.sampled_from(targets.BUILT_IN),
    opened=moments,
    detail=texts,
    closed=st.none(),
    took=st.floats(0, 1e6),
    unseen=st.none() | st.floats(0, 1e6),
    planned=st.none() | st.floats(0, 1e6),
    acked_at=st.none() | moments,
)
letters = st.builds(Alert, id=words, key=words, made=moments, target=texts, incident=texts)
parcels = st.builds(
    Parcel, key=words, letters=st.tuples(words), first=moments, silent=st.booleans()
)
bags = st.builds(
    Bag,
    channel=words,
    letters=st.lists(letters, max_size=3).map(tuple),
    trying=st.lists(words, max_size=3).map(tuple),
    tried=st.none() | moments,
    tries=counts,
    owes=st.lists(words, max_size=3).map(tuple),
)
pauses = st.builds(
    Pause,
    until=st.none() | st.floats(1_800_000_001, 2_000_000_000),
    who=words,
    why=words,
    planned=st.just(False),  # a window is no file
    asked=st.just(False),  # and a request has a file of its own
)


def unique(kind: st.SearchStrategy[object], most: int = 5) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(kind, max_size=most, unique_by=lambda each: getattr(each, "id", each)).map(
        tuple
    )


def keyed(most: int = 4) -> st.SearchStrategy[tuple[tuple[str, Moment], ...]]:
    return st.dictionaries(words, moments, max_size=most).map(lambda each: tuple(each.items()))


baselines = st.builds(
    Baseline,
    target=st.sampled_from(targets.BUILT_IN),
    since=st.floats(0, 4e9),
    address=texts,
    unit=texts,
    port=counts,
    entry=st.none() | st.builds(Entry, host=texts, port=counts, mount=texts, target=texts),
    starts=st.lists(st.floats(0, 1e6), max_size=5).map(tuple),
    instance=texts,
)
states = st.builds(
    State,
    baselines=st.lists(baselines, max_size=3, unique_by=lambda each: each.target).map(tuple),
    unseen=st.lists(st.tuples(words, counts), max_size=3).map(tuple),
    answered=st.lists(words, max_size=3).map(tuple),
    health_fails=counts,
    ollama_fails=counts,
    webhook_fails=counts,
    attempts=unique(attempts),
    incidents=unique(incidents),
    told=keyed(),
    outbox=unique(letters),
    parcel=st.none() | parcels,
    bags=st.lists(bags, max_size=2, unique_by=lambda bag: bag.channel).map(tuple),
    elsewhere=st.lists(words, max_size=2).map(tuple),
    paused=st.none() | pauses,
    stopped=st.none(),  # the owner's file alone says it; a save does not
    drill=st.none(),  # as its record does
    last_cycle=st.none() | moments,
    channel_trouble=texts,
    refused_for=texts,
    quota_left=st.none() | counts,
    quota_at=st.none() | moments,
    rare_looks=keyed(),
)


def store(folder: str) -> DiskStore:
    return DiskStore(f"{folder}/state", f"{folder}/spare", 3, 90, 600)


@given(states)
def test_packing_loses_nothing(state: State) -> None:
    assert unpack(State, pack(state)) == state


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(State._fields) | texts, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(json_like)
def test_unpacking_anything_gives_a_state_or_a_value_error(raw: object) -> None:
    with suppress(ValueError):
        assert isinstance(unpack(State, raw), State)


@settings(max_examples=60)
@given(st.lists(st.tuples(states, st.booleans()), min_size=1, max_size=4))
def test_every_state_comes_back_from_the_disk_as_it_was(steps: list[tuple[State, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for state, snapshot in steps:
            one = store(folder)
            one.load(NOW)
            assert one.save(state)
            if snapshot:
                one.snapshot({"at": NOW.wall, "targets": {"gateway": "good"}})
            one.close()
            back = store(folder)
            # The last cycle alone is no reason to write: the snapshot carries it.
            found = back.load(NOW)
            if snapshot:
                assert found == state
            else:
                assert found._replace(last_cycle=None) == state._replace(last_cycle=None)
            assert back.complaints() == ()
            back.close()


@settings(max_examples=100)
@given(
    state=states,
    garbage=st.dictionaries(
        st.sampled_from(FILES),
        st.binary(max_size=200) | st.sampled_from([b"", b"SQLite format 3\x00", b"7" * 5000]),
        max_size=5,
    ),
    folders=st.sets(st.sampled_from(FILES), max_size=2),
    last=states,
)
def test_garbage_anywhere_is_survived_and_the_next_state_is_kept(
    state: State, garbage: dict[str, bytes], folders: set[str], last: State
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = store(folder)
        one.load(NOW)
        assert one.save(state)
        one.snapshot({"at": NOW.wall})
        os.makedirs(f"{folder}/spare", exist_ok=True)
        for name, content in garbage.items():
            Path(folder, "state", name).write_bytes(content)
        for name in folders - set(garbage):
            path = Path(folder, "state", name)
            path.unlink(missing_ok=True)
            path.mkdir()
        survive(folder, last)


@settings(max_examples=60)
@given(
    state=states,
    spots=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=40)), max_size=8),
    keep=st.floats(0, 1),
    last=states,
)
def test_a_database_with_flipped_bytes_or_a_lost_end_is_survived(
    state: State, spots: list[tuple[float, bytes]], keep: float, last: State
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = store(folder)
        one.load(NOW)
        assert one.save(state)
        one.snapshot({"at": NOW.wall})
        path = Path(folder, "state", "watchdog.db")
        if not path.exists():
            return
        content = bytearray(path.read_bytes())
        for where, what in spots:
            start = int(where * len(content))
            content[start : start + len(what)] = what
        path.write_bytes(content[: int(len(content) * keep)] if not spots else content)
        survive(folder, last)


def survive(folder: str, last: State) -> None:
    """Two cycles and a look at the past; the pause is the owner's, and stays."""
    for _ in range(2):
        one = store(folder)
        found = one.load(NOW)
        last = last._replace(paused=found.paused)
        assert one.save(last)
        one.history()
        one.hours()
        one.snapshot({"at": NOW.wall, "targets": {"gateway": "good"}})
        one.complaints()
        one.close()
    back = store(folder)
    assert back.load(NOW) == last
    back.close()

"""What a request may pause: an hour at most, whatever is asked for and however often."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.core.asked_pause import (
    DAY,
    HOUR,
    LONGEST,
    MOST_IN_A_DAY,
    Asked,
    ended,
    granted,
    is_on,
    pause_of,
)
from picoclaw_watchdog.core.model import Moment, Pause, State
from picoclaw_watchdog.store import asked as asked_file
from picoclaw_watchdog.store.disk import DiskStore
from picoclaw_watchdog.store.founding import write_pause

NOW = 1_700_000_000.0
WHO = "line:U1"


def at(wall: float) -> Moment:
    return Moment(wall, wall - NOW + 1000.0, wall - NOW + 1000.0, "boot")


def asks(before: Asked | None, seconds: float, now: float) -> Asked | None:
    return granted(before, seconds, WHO, now).asked


@pytest.mark.parametrize("wish", [3601, 7200, 7 * DAY, 9_999_999 * DAY])
def test_a_longer_wish_is_cut_to_an_hour(wish: float) -> None:
    assert granted(None, wish, WHO, NOW).until == NOW + LONGEST


def test_a_pause_that_follows_shares_the_hour_of_the_first() -> None:
    first = asks(None, 600, NOW)
    second = asks(first, 3600, NOW + 500)
    assert second is not None
    assert (second.began, second.until) == (NOW, NOW + LONGEST)
    assert asks(second, 3600, NOW + LONGEST + 1) is None
    assert asks(second, 60, NOW + 2 * LONGEST - 1) is None
    assert granted(second, 60, WHO, NOW + LONGEST + 1).until == NOW + 2 * LONGEST
    assert asks(second, 60, NOW + 2 * LONGEST) is not None


def test_ending_it_does_not_begin_the_hour_anew() -> None:
    first = asks(None, 3600, NOW)
    assert first is not None
    over = ended(first, NOW + 3000)
    assert pause_of(over, NOW + 3000) is None
    again = asks(over, 3600, NOW + 3001)
    assert again is not None
    assert again.until == NOW + LONGEST


def test_no_request_shortens_another() -> None:
    first = asks(None, 1800, NOW)
    assert asks(first, 60, NOW + 10) == first


def test_a_day_has_room_for_a_few_and_not_for_a_flood() -> None:
    before, given_out = None, 0
    for second in range(0, int(DAY), 30):
        answer = granted(before, 31, WHO, NOW + second)
        given_out += answer.asked is not None and answer.asked != before
        before = answer.asked or before
    assert given_out == MOST_IN_A_DAY


@given(
    st.lists(st.tuples(st.floats(1, 8 * HOUR), st.floats(1, 9 * DAY), st.booleans()), max_size=40)
)
def test_whoever_asks_for_whatever_it_watches_again_within_the_hour(
    wishes: list[tuple[float, float, bool]],
) -> None:
    before: Asked | None = None
    now = NOW
    spells: list[tuple[float, float]] = []
    for wait, wish, resumes in wishes:
        now += wait
        if resumes and before is not None and is_on(before, now):
            before = ended(before, now)
            spells[-1] = (spells[-1][0], now)
            continue
        answer = granted(before, wish, WHO, now)
        if answer.asked is not None and answer.asked != before:
            spells.append((now, answer.asked.until))
        before = answer.asked or before
    began = end = 0.0
    for start, until in spells:
        if start >= end + HOUR:
            began = start
        end = max(end, until)
        assert end - began <= LONGEST + 1e-6
    moments = [start for start, _ in spells]
    assert all(later - first >= DAY for first, later in zip(moments, moments[6:], strict=False))


@pytest.mark.parametrize("back", [60.0, HOUR, DAY, 365 * DAY])
def test_a_clock_that_is_set_back_does_not_make_it_longer(back: float) -> None:
    set_back = asks(None, 3600, NOW)
    assert set_back is not None
    now = NOW - back
    pause = pause_of(set_back, now)
    assert pause is None or (pause.until is not None and pause.until <= now + LONGEST)
    next_one = asks(set_back, 3600, now)
    assert next_one is None or next_one.until <= now + LONGEST


# ---- on the disk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


def store(folder: Path) -> DiskStore:
    spare = str(folder.parent / "spare")
    return DiskStore(str(folder), spare, captures_keep=20, history_days=90, window=600)


ASKED = Asked(NOW + 600, WHO, NOW, (NOW,))


def test_it_pauses_and_ends_by_itself(folder: Path) -> None:
    asked_file.write(str(folder), ASKED)
    assert asked_file.read(str(folder)) == ASKED
    pause = Pause(NOW + 600, WHO, asked=True)
    assert store(folder).load(at(NOW + 1)).paused == pause
    assert store(folder).wishes(at(NOW + 1)).paused == pause
    assert store(folder).load(at(NOW + 600)).paused is None


def test_of_two_the_longer_one_counts_and_neither_changes_the_other(folder: Path) -> None:
    (folder / "paused").touch()
    asked_file.write(str(folder), ASKED)
    disk = store(folder)
    state = disk.load(at(NOW + 1))
    assert state.paused == Pause(None)
    assert disk.save(state._replace(health_fails=1))
    assert (folder / "paused").read_bytes() == b""
    (folder / "paused").write_text(f"{NOW + 60}\naki\n")
    assert store(folder).load(at(NOW + 1)).paused == Pause(NOW + 600, WHO, asked=True)
    assert store(folder).load(at(NOW + 1)).paused != Pause(NOW + 60, "aki")


@pytest.mark.parametrize("pause", [None, Pause(None, "aki"), Pause(NOW + 5, "aki")])
def test_what_is_said_at_the_host_outranks_it(folder: Path, pause: Pause | None) -> None:
    asked_file.write(str(folder), ASKED)
    write_pause(str(folder), pause)
    assert asked_file.read(str(folder)) is None
    assert store(folder).load(at(NOW + 1)).paused == pause


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"forever\n",
        b"nan\nx\n0\n0\n",
        b"\xff\xfe",
        b"inf\nline:U1\n0\n\n",
        b"99999999999\nline:U1\n1\n1\n",
        b"x" * 5000,
    ],
)
def test_what_cannot_be_one_pauses_nothing(folder: Path, content: bytes) -> None:
    (folder / asked_file.NAME).write_bytes(content)
    disk = store(folder)
    assert disk.load(at(NOW)).paused is None
    assert disk.wishes(at(NOW)).paused is None


def test_it_is_never_written_down_as_the_owners(folder: Path) -> None:
    """The state folder is removed while a cycle runs, and made again."""
    asked_file.write(str(folder), ASKED)
    disk = store(folder)
    state = disk.load(at(NOW + 1))
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert disk.save(state._replace(health_fails=1))
    assert not (folder / "paused").exists()
    assert store(folder).load(at(NOW + 2)) != State(paused=state.paused)

"""What the owner writes into the state folder by hand wins, garbage is said and survived."""

import os
from pathlib import Path

import pytest

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import (
    Attempt,
    Moment,
    Pause,
    State,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Phase
from picoclaw_watchdog.store.disk import DiskStore
from picoclaw_watchdog.store.founding import Reader, alert_file, write_pause

T0 = 1_771_545_600


def at(seconds: float, boot_id: str = "boot") -> Moment:
    return Moment(T0 + seconds, 5000 + seconds, 4000 + seconds, boot_id)


def store(folder: Path) -> DiskStore:
    return DiskStore(str(folder / "state"), str(folder / "spare"), 20, 90, 600)


def state_dir(folder: Path) -> Path:
    path = folder / "state"
    path.mkdir(exist_ok=True)
    return path


def restart(seconds: float, name: str = "") -> Attempt:
    return Attempt(name or f"a{seconds}", targets.RESTART_GATEWAY, at(seconds), Phase.DONE)


def saved(folder: Path, state: State, seconds: float = 0) -> None:
    writer = store(folder)
    writer.load(at(seconds))
    assert writer.save(state)
    writer.snapshot({"at": T0 + seconds})


def test_a_counter_written_by_hand_is_where_the_next_cycle_starts(tmp_path: Path) -> None:
    (state_dir(tmp_path) / "ollama_fail_count").write_text("2")
    assert store(tmp_path).load(at(0)).ollama_fails == 2
    saved(tmp_path, State(ollama_fails=3, health_fails=1))
    (state_dir(tmp_path) / "ollama_fail_count").write_text("2\n")
    (state_dir(tmp_path) / "health_fail_count").unlink()
    assert store(tmp_path).load(at(60)) == State(ollama_fails=2)


@pytest.mark.parametrize("name", ["health_fail_count", "ollama_fail_count", "webhook_fail_count"])
@pytest.mark.parametrize(
    "garbage", [b"", b"-1", b"two", b"1 2", b"\xff\xfe\x00", b"9" * 5000, "\uff12".encode(), b"1e3"]
)
def test_garbage_in_a_counter_counts_as_absent_is_said_once_and_is_gone_after_the_cycle(
    tmp_path: Path, name: str, garbage: bytes
) -> None:
    path = state_dir(tmp_path) / name
    path.write_bytes(garbage)
    broken = store(tmp_path)
    state = broken.load(at(0))
    assert state == State()
    (complaint,) = broken.complaints()
    assert str(path) in complaint
    assert "counts as absent" in complaint
    assert broken.save(state)
    assert path.read_text() == "0\n"
    healed = store(tmp_path)
    healed.load(at(60))
    assert healed.complaints() == ()


def test_a_folder_in_a_counters_place_is_moved_aside_with_what_is_in_it(tmp_path: Path) -> None:
    folder = state_dir(tmp_path) / "ollama_fail_count"
    folder.mkdir()
    (folder / "precious").touch()
    saved(tmp_path, State(ollama_fails=1))
    assert folder.read_text() == "1\n"
    (aside,) = state_dir(tmp_path).glob("ollama_fail_count.aside-*")
    assert (aside / "precious").exists()


def test_every_epoch_line_is_a_gateway_restart(tmp_path: Path) -> None:
    (state_dir(tmp_path) / "restart_gateway_times.log").write_text(f"{T0 - 60}\n{T0 - 20}\n")
    attempts = store(tmp_path).load(at(0)).attempts
    assert [each.at.wall for each in attempts] == [T0 - 60, T0 - 20]
    assert {each.action for each in attempts} == {targets.RESTART_GATEWAY}
    assert len({each.id for each in attempts}) == 2


def test_a_line_that_the_owner_removed_is_no_attempt_any_more(tmp_path: Path) -> None:
    saved(tmp_path, State(attempts=(restart(0), restart(10))), seconds=20)
    (state_dir(tmp_path) / "restart_gateway_times.log").write_text(f"{T0 + 10}\n")
    assert store(tmp_path).load(at(30)).attempts == (restart(10),)
    (state_dir(tmp_path) / "restart_gateway_times.log").unlink()
    assert store(tmp_path).load(at(30)).attempts == ()


def test_a_funnel_recovery_does_not_depend_on_the_gateways_file(tmp_path: Path) -> None:
    funnel = Attempt("f", targets.RECOVER_FUNNEL, at(0), Phase.FAILED)
    saved(tmp_path, State(attempts=(funnel,)))
    assert not (state_dir(tmp_path) / "restart_gateway_times.log").exists()
    assert store(tmp_path).load(at(60)).attempts == (funnel,)


def test_two_restarts_in_one_second_stay_two(tmp_path: Path) -> None:
    both = (restart(0.1, "first"), restart(0.9, "second"))
    saved(tmp_path, State(attempts=both), seconds=1)
    assert store(tmp_path).load(at(60)).attempts == both
    (state_dir(tmp_path) / "watchdog.db").unlink()
    (state_dir(tmp_path) / "status.json").unlink()
    alone = store(tmp_path).load(at(60)).attempts
    assert [each.at.wall for each in alone] == [T0, T0]
    assert len({each.id for each in alone}) == 2


def test_a_restart_keeps_all_its_clocks_so_that_a_jump_of_one_changes_nothing(
    tmp_path: Path,
) -> None:
    saved(tmp_path, State(attempts=(restart(0),)))
    jumped = Moment(T0 + 90_000, 5030, 4030, "boot")
    (attempt,) = store(tmp_path).load(jumped).attempts
    assert seconds_between(attempt.at, jumped) == 30


def test_a_restart_in_the_future_counts_as_now_and_runs_out_like_one_of_now(
    tmp_path: Path,
) -> None:
    path = state_dir(tmp_path) / "restart_gateway_times.log"
    path.write_text(f"{T0 + 86_400 * 365}\n")
    first = store(tmp_path)
    state = first.load(at(0))
    assert [seconds_between(each.at, at(0)) for each in state.attempts] == [0]
    assert first.save(state)
    assert path.read_text() == f"{T0}\n"
    (attempt,) = store(tmp_path).load(at(60)).attempts
    assert seconds_between(attempt.at, at(60)) == 60


def test_a_restart_interrupted_by_our_death_is_lost_but_counted(tmp_path: Path) -> None:
    meant = restart(0)._replace(phase=Phase.INTENDED)
    saved(tmp_path, State(attempts=(meant,)))
    assert store(tmp_path).load(at(5)).attempts == (meant._replace(phase=Phase.LOST),)


def test_the_good_lines_of_a_half_broken_file_count_and_nothing_is_forgotten(
    tmp_path: Path,
) -> None:
    saved(tmp_path, State(attempts=(restart(0), restart(10))), seconds=20)
    path = state_dir(tmp_path) / "restart_gateway_times.log"
    path.write_bytes(b"\x00\xff\n" + f"{T0 + 10}\nyesterday\n-5\n".encode())
    broken = store(tmp_path)
    state = broken.load(at(30))
    assert state.attempts == (restart(0), restart(10))  # the mangled line may have been the first
    (complaint,) = broken.complaints()
    assert "restart_gateway_times.log" in complaint
    assert "3 such lines" in complaint
    assert broken.save(state)
    assert path.read_text() == f"{T0}\n{T0 + 10}\n"


def test_a_folder_in_the_place_of_the_times_forgets_nothing(tmp_path: Path) -> None:
    saved(tmp_path, State(attempts=(restart(0),)))
    path = state_dir(tmp_path) / "restart_gateway_times.log"
    path.unlink()
    path.mkdir()
    broken = store(tmp_path)
    state = broken.load(at(30))
    assert state.attempts == (restart(0),)
    assert broken.save(state)
    assert path.read_text() == f"{T0}\n"


def test_old_lines_go_and_the_file_stays_short(tmp_path: Path) -> None:
    path = state_dir(tmp_path) / "restart_gateway_times.log"
    path.write_text("".join(f"{T0 - 100_000 + number}\n" for number in range(50_000)))
    old = store(tmp_path)
    state = old.load(at(0))
    assert state.attempts == ()
    assert old.complaints() == ()
    assert old.save(state._replace(attempts=(restart(0),)))
    assert path.read_text() == f"{T0}\n"
    many = tuple(restart(number / 1000) for number in range(2000))
    saved(tmp_path, State(attempts=many), seconds=3)
    assert len(path.read_text().split()) == 1000


def test_an_alerts_time_edited_by_hand_wins_over_the_database(tmp_path: Path) -> None:
    saved(tmp_path, State(told=(("gateway", at(0)), ("funnel", at(0)), ("ollama", at(0)))))
    folder = state_dir(tmp_path)
    (folder / "alert_gateway.ts").write_text(f"{T0 - 500}")
    (folder / "alert_funnel.ts").unlink()
    told = dict(store(tmp_path).load(at(60)).told)
    assert told == {"ollama": at(0), "gateway": Moment(T0 - 500, 0, 0, "")}


def test_garbage_in_an_alerts_time_counts_as_not_told_and_is_cleared(tmp_path: Path) -> None:
    path = state_dir(tmp_path) / "alert_gateway.ts"
    path.write_text("soon")
    broken = store(tmp_path)
    state = broken.load(at(0))
    assert state.told == ()
    assert "alert_gateway.ts" in broken.complaints()[0]
    assert broken.save(state)
    assert not path.exists()


def test_an_alerts_key_cannot_lead_out_of_the_folder() -> None:
    assert "/" not in alert_file("../../etc/passwd")
    assert alert_file("gateway") == "alert_gateway.ts"


@pytest.mark.parametrize(
    ("content", "pause"),
    [
        (b"", Pause(None)),
        (b"\n", Pause(None)),
        (b"forever\nken\nnew router\n", Pause(None, "ken", "new router")),
        (f"{T0 + 60}\nken\nnew router".encode(), Pause(T0 + 60, "ken", "new router")),
        (f"{T0 + 60}\r\nken\r\n".encode(), Pause(T0 + 60, "ken")),
        (b"\nken\n", Pause(None, "ken")),
        (b"moving house", Pause(None, "", "moving house")),
        (b"nan\n", Pause(None)),
        (b"inf\n", Pause(None)),
        (f'{{"until": {T0 + 60}, "who": "ken", "why": "x"}}'.encode(), Pause(T0 + 60, "ken", "x")),
        (b'{"who": "ken"}', Pause(None, "ken")),
        (b'{"until": [', Pause(None)),
        (b"{" * 4000, Pause(None)),
        (b"\xff\xfe\x00", Pause(None)),
        (b"x" * 100_000, Pause(None)),
        (f"{T0 - 1}\nken\n".encode(), None),
        (b"0\n", None),
    ],
)
def test_the_human_switch_works_by_lying_there(
    tmp_path: Path, content: bytes, pause: Pause | None
) -> None:
    (state_dir(tmp_path) / "paused").write_bytes(content)
    assert store(tmp_path).load(at(0)).paused == pause


def test_whatever_lies_in_the_switchs_place_means_paused(tmp_path: Path) -> None:
    path = state_dir(tmp_path) / "paused"
    path.mkdir()
    assert store(tmp_path).load(at(0)).paused == Pause(None)
    path.rmdir()
    path.symlink_to("/nowhere")
    assert store(tmp_path).load(at(0)).paused == Pause(None)
    path.unlink()
    os.mkfifo(path)
    assert store(tmp_path).load(at(0)).paused == Pause(None)
    path.unlink()
    assert store(tmp_path).load(at(0)).paused is None


def test_a_cycle_leaves_the_switch_as_its_owner_left_it(tmp_path: Path) -> None:
    path = state_dir(tmp_path) / "paused"
    for content in ("", "moving house", f"{T0 - 5}\nken\n"):
        path.write_text(content)
        cycle = store(tmp_path)
        assert cycle.save(cycle.load(at(0))._replace(health_fails=3))
        assert path.read_text() == content


def test_the_switch_can_be_set_and_taken_off(tmp_path: Path) -> None:
    folder = str(state_dir(tmp_path))
    write_pause(folder, Pause(T0 + 60.5, "ken", "a\nlong  story"))
    assert Reader(folder).read().pause == Pause(T0 + 60.5, "ken", "a long story")
    write_pause(folder, None)
    write_pause(folder, None)
    assert Reader(folder).read().pause is None
    saved(tmp_path, State(paused=Pause(None, "ken", "x")))
    assert store(tmp_path).load(at(0)).paused == Pause(None, "ken", "x")
    saved(tmp_path, State())
    assert store(tmp_path).load(at(0)).paused is None


def test_a_temporary_that_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    left = state_dir(tmp_path) / ".health_fail_count.99999999.tmp"
    left.write_text("1")
    store(tmp_path).load(at(0))
    assert not left.exists()

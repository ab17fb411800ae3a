"""The pretend disk sees every write of ours, and loses in a power cut what may be lost."""

import ast
from pathlib import Path
from random import Random

import pytest

import picoclaw_watchdog
from picoclaw_watchdog.sim.disk import WRITERS, Disk
from picoclaw_watchdog.store import files

CHANGING = {"write", "rename", "unlink", "ftruncate", "mkdir", "replace", "remove", "rmdir", "link"}
SAYS = {"full": "No space", "readonly": "Read-only", "broken": "Input/output"}
NOT_THE_STATE = {"picoclaw_watchdog.store.log"}


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    disk = Disk(str(tmp_path))
    Path(disk.state).mkdir(parents=True)
    return disk


def modules_that_write() -> set[str]:
    root = Path(next(iter(picoclaw_watchdog.__path__)))
    found = set()
    for path in [*(root / "store").glob("*.py"), *(root / "kick").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            called = isinstance(node, ast.Attribute) and node.attr in CHANGING
            if called and ast.unparse(node).startswith("os."):
                found.add(f"picoclaw_watchdog.{path.parent.name}.{path.stem}")
    return found - NOT_THE_STATE


def test_every_module_that_writes_state_does_it_by_way_of_the_pretend_disk() -> None:
    assert modules_that_write() == {module.__name__ for module in WRITERS}


def test_what_was_written_atomically_survives_a_power_cut(disk: Disk) -> None:
    path = f"{disk.state}/health_fail_count"
    for seed in range(20):
        with disk.installed():
            files.write_atomically(path, b"1\n")
            files.write_atomically(path, f"{seed}\n".encode())
        disk.lose_power(0.0, Random(seed))
        assert Path(path).read_bytes() == f"{seed}\n".encode()


def test_what_was_not_synced_may_be_lost_and_may_be_empty(disk: Disk) -> None:
    path = Path(disk.state, "status.json")
    seen = set()
    for seed in range(30):
        with disk.installed():
            files.write_atomically(str(path), b"old")
            files.write_atomically(str(path), b"new", durable=False)
        disk.lose_power(0.0, Random(seed))
        seen.add(path.read_bytes())
    assert seen == {b"old", b"new", b""}


def test_what_is_old_enough_was_written_back(disk: Disk) -> None:
    path = Path(disk.state, "status.json")
    for seed in range(10):
        with disk.installed():
            files.write_atomically(str(path), b"old")
            files.write_atomically(str(path), b"new", durable=False)
        disk.lose_power(60.0, Random(seed))
        assert path.read_bytes() == b"new"


@pytest.mark.parametrize("mode", ["full", "readonly", "broken"])
def test_a_disk_that_says_no_leaves_the_old_content(disk: Disk, mode: str) -> None:
    path = Path(disk.state, "health_fail_count")
    with disk.installed():
        files.write_atomically(str(path), b"1\n")
        disk.mode = mode
        with pytest.raises(OSError, match=SAYS[mode]):
            files.write_atomically(str(path), b"2\n")
        disk.mode = "ok"
    assert path.read_bytes() == b"1\n"
    left = {each.name for each in Path(disk.state).iterdir()} - {"health_fail_count"}
    assert not left or mode == "broken"  # there, not even removing works


def test_the_nth_write_fails_and_no_other(disk: Disk) -> None:
    path = Path(disk.state, "health_fail_count")
    with disk.installed():
        disk.fails_at = 2
        files.write_atomically(str(path), b"1\n")
        with pytest.raises(OSError, match="No space"):
            files.write_atomically(str(path), b"2\n")
        files.write_atomically(str(path), b"3\n")
    assert path.read_bytes() == b"3\n"

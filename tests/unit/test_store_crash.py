"""Killed at any instruction: the state is readable, and what `save` answered for is there."""

import os
import random
import signal
import struct
import time
from collections.abc import Callable
from pathlib import Path

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import (
    Alert,
    Attempt,
    Moment,
    Parcel,
    State,
)
from picoclaw_watchdog.core.reasons import Gravity, Phase, Topic
from picoclaw_watchdog.store.disk import DiskStore

T0 = 1_771_545_600.0
KILLS = 60


def at(seconds: float) -> Moment:
    return Moment(T0 + seconds, 5000 + seconds, 4000 + seconds, "boot")


def store(folder: Path) -> DiskStore:
    return DiskStore(str(folder / "state"), "", 5, 90, 1e9)


def in_a_child(work: Callable[[int], None], lives: float) -> bytes:
    """Fork, kill the child after some seconds, and answer what it had reported by then."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            work(writer)
        finally:
            os._exit(1)  # it never ends by itself
    os.close(writer)
    time.sleep(lives)
    os.kill(pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    told = b""
    while part := os.read(reader, 65_536):
        told += part
    os.close(reader)
    return told


def test_an_attempt_or_letter_that_was_saved_survives_every_kill(tmp_path: Path) -> None:
    dice = random.Random(4)  # noqa: S311  # seeded
    saved = 0
    for _ in range(KILLS):

        def cycles(report: int, first: int = saved + 1) -> None:
            number = first
            while True:
                one = store(tmp_path)
                state = one.load(at(number))
                attempt = Attempt(f"a{number}", targets.RESTART_GATEWAY, at(number), Phase.INTENDED)
                alert = Alert(f"l{number}", "gateway", Topic.MENDED, Gravity.NOTICE, at(number))
                state = state._replace(
                    health_fails=number,
                    attempts=(*state.attempts[-20:], attempt),
                    outbox=(*state.outbox[-20:], alert),
                )
                if one.save(state):
                    os.write(report, struct.pack("<I", number))
                one.save(state._replace(parcel=Parcel("k", ("x",), at(number))))
                one.save(state._replace(told=(("gateway", at(number)),)))
                one.keep_evidence("words", at(number))
                one.snapshot({"at": T0 + number, "targets": {"gateway": "bad"}})
                number += 1

        told = in_a_child(cycles, dice.uniform(0.001, 0.08))
        numbers = [number for (number,) in struct.iter_unpack("<I", told)]
        saved = max([saved, *numbers])
        after = store(tmp_path)
        state = after.load(at(saved + 1000))
        complaints = after.complaints()
        if saved == 0:  # killed while it made the database: that it begins anew is said
            continue
        assert complaints == ()
        assert f"a{saved}" in {each.id for each in state.attempts}
        assert all(each.phase is Phase.LOST for each in state.attempts)
        assert f"l{saved}" in {each.id for each in state.outbox}
        after.history()
    assert saved  # a slow machine saves less in a life, but it saves
    assert len(os.listdir(tmp_path / "state")) < 20


def test_a_file_is_the_old_or_the_new_one_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    dice = random.Random(5)  # noqa: S311  # seeded
    path = tmp_path / "state" / "restart_gateway_times.log"

    def writing(report: int) -> None:
        os.write(report, b".")
        one = store(tmp_path)
        one.load(at(0))
        for number in range(1_000_000):
            length = 900 - number % 2 * 700
            attempts = (
                Attempt(f"a{each}", targets.RESTART_GATEWAY, at(each), Phase.DONE)
                for each in range(length)
            )
            one.save(State(attempts=tuple(attempts)))

    for _ in range(10):
        in_a_child(writing, dice.uniform(0.05, 0.1))
        if path.exists():
            assert len(path.read_text().split("\n")) - 1 in (900, 200)

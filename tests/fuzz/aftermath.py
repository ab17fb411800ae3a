"""A host with a past, whose state somebody has meddled with: the next cycles must bear it."""

import json
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.budget import attempts_in_window
from picoclaw_watchdog.core.model import State
from picoclaw_watchdog.engine.cycle import run
from picoclaw_watchdog.sim.host import EPOCH
from picoclaw_watchdog.sim.world import WatchedStore
from picoclaw_watchdog.store.codec import pack, unpack
from picoclaw_watchdog.store.disk import DiskStore
from tests.fuzz import scratch
from tests.sim.night import Night

STATE, MEMORY = ".picoclaw/state/watchdog", "runtime"
TIMES = "restart_gateway_times.log"
MOST_RESTARTS = 3
WINDOW = 600.0  # seconds
LATER = 30.0  # seconds from the past to the cycle that finds the meddling
LINES_KEPT = 1000
TIMES_LIMIT = 65_536  # bytes

_LINE = re.compile(rb"[ \t\r\f\v]*([0-9]{1,11})(?:\.[0-9]+)?[ \t\r\f\v]*")


class Weather(NamedTuple):
    """What the host is like when the next cycle comes."""

    service_down: bool = False
    funnel_off: bool = False
    line_busy: bool = False
    rebooted: bool = False
    clock_set_back: bool = False
    only_read: bool = False

    @classmethod
    def of(cls, number: int) -> "Weather":
        return cls(*(bool(number >> bit & 1) for bit in range(6)))


class Aftermath(NamedTuple):
    """What came of it."""

    folder: str
    loaded: State  # as the first cycle found it
    restarts: int
    sent: int
    complaints: tuple[str, ...]  # about the store, until the first cycle's end


@cache
def past() -> tuple[str, float]:
    """A folder whose state has an attempt, an open incident and a waiting message; and when."""
    folder = scratch.folder("past")
    night = Night(Path(folder))
    night.host.line.mode = "503"
    night.cycles(2)
    night.host.gateway.exits("signal")
    night.host.ollama.state = "refused"
    night.cycles(2)
    assert len(night.restarts) == 1
    store = _store(folder)
    state = store.load(night.host.moment())
    store.close()
    assert state.attempts
    assert state.incidents
    assert state.outbox
    return folder, night.host.seconds


def now() -> float:
    """The wall clock of the cycle that finds the meddling."""
    return EPOCH + past()[1] + LATER


def play(name: str, weather: Weather, meddle: Callable[[str], None]) -> Aftermath:
    """The past, the meddling, and two cycles; all that must hold whatever was done.

    Cycles take their time: where the weather says so, the state is only read.
    """
    folder = scratch.folder(name)
    scratch.clear(folder)
    for part in (".picoclaw", MEMORY):
        shutil.copytree(f"{past()[0]}/{part}", f"{folder}/{part}")
    meddle(folder)
    night = _next_night(folder, weather)
    loaded, first = _loaded(folder, night)
    written = valid_lines(folder, night.host.moment().wall)
    if weather.only_read:
        return Aftermath(folder, loaded, 0, 0, first)
    _cycle(night)
    restarts = len(night.restarts)
    assert restarts <= min(1, max(0, MOST_RESTARTS - written)), "every line of the file counts"
    complaints = (*first, *_complaints(night))
    kept = valid_lines(folder, night.host.moment().wall)
    assert kept >= min(written + restarts, LINES_KEPT), "none is lost"
    sent = len(night.sent)
    night.said.lines.clear()
    night.pass_(30)
    _cycle(night)
    assert len(night.restarts) <= max(1, MOST_RESTARTS - written)
    again = [line for line in _complaints(night) if "paused" not in line]
    assert not again, f"what was garbage is mended, and told once: {again}"
    assert not night.said.own_errors
    return Aftermath(folder, loaded, restarts, sent, complaints)


def _cycle(night: Night) -> None:
    """On the real disk: the pretend one would wait for a FIFO."""
    world = night.world()
    try:
        run(night.settings, world)
    finally:
        assert isinstance(world.store, WatchedStore)
        world.store.close()


def _next_night(folder: str, weather: Weather) -> Night:
    night = Night(Path(folder), fresh=True)
    host = night.host
    host.seconds = past()[1] + LATER
    host.gateway.instance, host.ollama.state = 7, "refused"
    if weather.service_down:
        host.gateway.exits("signal")
    host.tailnet.published = not weather.funnel_off
    host.line.mode = "503" if weather.line_busy else "ok"
    if weather.rebooted:
        host.boot_number, host.booted = 2, host.seconds - 500
    if weather.clock_set_back:
        host.wall_ahead -= 3600
    return night


def _loaded(folder: str, night: Night) -> tuple[State, tuple[str, ...]]:
    """What a reader gets, which must be a whole state of the right types."""
    store = _store(folder)
    state = store.load(night.host.moment())
    assert unpack(State, json.loads(json.dumps(pack(state)))) == state
    moment, restart = night.host.moment(), targets.RESTART_GATEWAY
    counted = len(attempts_in_window(state.attempts, restart, moment, WINDOW))
    assert counted >= valid_lines(folder, moment.wall), "every line of the file counts"
    assert min(state.health_fails, state.ollama_fails, state.webhook_fails) >= 0
    store.history()
    store.hours()
    store.close()
    return state, store.complaints()


def _store(folder: str) -> DiskStore:
    return DiskStore(f"{folder}/{STATE}", f"{folder}/{MEMORY}", 20, 90, WINDOW)


def _complaints(night: Night) -> tuple[str, ...]:
    return tuple(line for line in night.said.lines if " watchdog NG store " in line)


def valid_lines(folder: str, wall: float) -> int:
    """How many restarts of the last window the owner's file has: a second reading."""
    path = Path(folder, STATE, TIMES)
    if path.is_symlink() or not path.is_file():
        return 0
    content = path.read_bytes()
    lines = content[-TIMES_LIMIT:].split(b"\n")
    if len(content) >= TIMES_LIMIT:
        del lines[0]
    found = [int(match[1]) for line in lines if (match := _LINE.fullmatch(line))]
    return sum(max(0.0, wall - epoch) < WINDOW for epoch in found[-LINES_KEPT:])

"""The founding document's files: the owner's interface to the state.

The owner may edit or delete any of them at any time; what lies there wins.
`restart_gateway_times.log` has one epoch second a line, `health_fail_count`, `ollama_fail_count`
and `webhook_fail_count` one number, `alert_<key>.ts` one epoch second.

`paused` is the human switch. It works by lying there: an empty file (`touch paused`), a folder, or
anything unreadable means paused until it is removed. It may say more, as JSON with `until`, `who`
and `why`, or as lines: when it ends (epoch second; empty or `forever`: when the file is removed),
who paused, and why. A first line that is neither is taken for the reason.

`gateway_stopped` is read the same way: as long as it says so, a gateway that does not run is left
alone. Its fourth line is the InvocationID that was stopped.

What requests have paused lies beside it, in a file of its own (`asked.py`), and so does what the
owner has acknowledged (`acks.py`).
"""

import os
import re
import sys
from collections.abc import Iterable

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.asked_pause import Asked, longer, pause_of
from picoclaw_watchdog.core.model import (
    Drill,
    Moment,
    Pause,
    State,
    Stop,
    Wishes,
)
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.store import acks, asked
from picoclaw_watchdog.store.acks import Acks
from picoclaw_watchdog.store.files import (
    is_left_over,
    make_private_folder,
    read_small,
    reason,
    remove,
    write_atomically,
)

TIMES = "restart_gateway_times.log"
COUNTERS = ("health_fail_count", "ollama_fail_count", "webhook_fail_count")
PAUSED = "paused"
STOPPED = "gateway_stopped"
DRILL = "drill.json"
LINES_KEPT = 1000

_TIMES_LIMIT = 64 * 1024
_SMALL = 4096
_NUMBER = rb"\s*([0-9]{1,9})\s*"
_EPOCH = rb"\s*([0-9]{1,11})(?:\.[0-9]+)?\s*"
_ALERT = r"alert_(.+)\.ts"
_UNSAFE = r"[^A-Za-z0-9_-]"
_ESCAPED = r"%([0-9a-f]{1,6});"


class Lying(NamedTuple):
    """What lies in the state folder."""

    counters: tuple[int, ...] = (0, 0, 0)  # in the order of COUNTERS
    times: tuple[int, ...] = ()
    told: tuple[tuple[str, int], ...] = ()
    pause: Pause | None = None  # also one that has ended
    asked: Asked | None = None  # the pause by request, also one that has ended
    stop: Stop | None = None  # also one whose time is over
    acks: Acks = Acks()
    drill: Drill | None = None
    whole: bool = True  # False: a part of the times could not be read
    garbage: frozenset[str] = frozenset()  # names of files to write anew


class Reader:
    """Reads the folder once; what cannot be read becomes a complaint."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.complaints: list[str] = []
        self._garbage: set[str] = set()
        self._whole = True

    def read(self) -> Lying:
        """Everything that lies there. Never raises."""
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return Lying()
        except OSError as error:
            text = f"state folder {self._folder} cannot be read: {reason(error)}"
            self.complaints.append(text)
            return Lying(whole=False)
        self._tidy(names)
        return Lying(
            counters=tuple([self._counter(name) for name in COUNTERS]),
            times=self._times(),
            told=self._told(names),
            pause=self._pause(),
            asked=self._asked() if asked.NAME in names else None,
            stop=self._stop(),
            drill=self._drill() if DRILL in names else None,
            acks=self._acks() if acks.NAME in names else Acks(),
            whole=self._whole,
            garbage=frozenset(self._garbage),
        )

    def wishes(self, now: Moment) -> Wishes:
        """What may have changed since the cycle began. Never raises."""
        lying = Lying(pause=self._pause(), asked=self._asked())
        return Wishes(paused_by(lying, now), self._stop(), self._acks().known)

    def _tidy(self, names: Iterable[str]) -> None:
        for name in filter(is_left_over, names):
            try:
                os.unlink(os.path.join(self._folder, name))
            except OSError as error:
                self._complain(name, reason(error))

    def _complain(self, name: str, text: str) -> None:
        self.complaints.append(f"{os.path.join(self._folder, name)}: {text}")

    def _content(self, name: str, limit: int, *, tail: bool = False) -> bytes | None:
        try:
            return read_small(os.path.join(self._folder, name), limit, tail=tail)
        except OSError as error:
            self._complain(name, f"cannot be read ({reason(error)}): counts as absent")
            self._garbage.add(name)
            return None

    def _counter(self, name: str) -> int:
        content = self._content(name, _SMALL)
        if content is None:
            return 0
        number = re.fullmatch(_NUMBER, content)
        if number is not None:
            return int(number[1])
        self._complain(name, f"{_shown(content)} is no count: counts as absent")
        self._garbage.add(name)
        return 0

    def _times(self) -> tuple[int, ...]:
        content = self._content(TIMES, _TIMES_LIMIT, tail=True)
        if content is None:
            self._whole = TIMES not in self._garbage
            return ()
        lines = content.split(b"\n")
        if len(content) == _TIMES_LIMIT:
            del lines[0]  # perhaps only its end
        found = [(line, re.fullmatch(_EPOCH, line)) for line in lines if line.strip()]
        bad = [line for line, epoch in found if epoch is None]
        if bad:
            text = f"{_shown(bad[0])} is no epoch second: {len(bad)} such lines passed over"
            self._complain(TIMES, text)
            self._garbage.add(TIMES)
            self._whole = False
        return tuple([int(epoch[1]) for _, epoch in found if epoch is not None][-LINES_KEPT:])

    def _told(self, names: Iterable[str]) -> tuple[tuple[str, int], ...]:
        told = {}
        for name in sorted(names):
            key = re.fullmatch(_ALERT, name)
            content = self._content(name, _SMALL) if key is not None else None
            if key is None or content is None:
                continue
            epoch = re.fullmatch(_EPOCH, content)
            if epoch is not None:
                told[_key(key[1])] = int(epoch[1])
            else:
                self._complain(name, f"{_shown(content)} is no epoch second: counts as absent")
                self._garbage.add(name)
        return tuple(sorted(told.items()))

    def _drill(self) -> Drill:
        from picoclaw_watchdog.store import drills  # not there on most days

        try:
            return drills.read(self._folder)
        except (OSError, ValueError, RecursionError) as error:
            self._complain(DRILL, f"{reason(error)}: counts as a drill that is over")
            return drills.OVER

    def _acks(self) -> Acks:
        return acks.parse(self._content(acks.NAME, _TIMES_LIMIT, tail=True) or b"")

    def _pause(self) -> Pause | None:
        said = self._switch(PAUSED, "paused until it is removed")
        return Pause(said.until, said.who, said.why) if said is not None else None

    def _asked(self) -> Asked | None:
        try:
            return asked.read(self._folder)
        except (OSError, ValueError) as error:
            self._complain(asked.NAME, f"{reason(error)}: counts as absent")
            return None

    def _stop(self) -> Stop | None:
        return self._switch(STOPPED, "the gateway is left alone until it is removed")

    def _switch(self, name: str, meaning: str) -> Stop | None:
        path = os.path.join(self._folder, name)
        if not os.path.lexists(path):
            return None
        try:
            content = read_small(path, _SMALL) or b""
            return switch_of(content.decode("utf-8"))
        except (OSError, ValueError) as error:
            self._complain(name, f"{reason(error)}: {meaning}")
            return Stop(until=None)


def switch_of(text: str) -> Stop:
    """What the content of a switch says; without end where it does not say one."""
    if text.lstrip().startswith("{"):
        return _switch_of_json(text)
    lines = (*(line.strip() for line in text.split("\n")), "", "", "", "")
    until, who, why, instance, *_ = lines
    if until in ("", "forever"):
        return Stop(None, who, why, instance)
    try:
        return Stop(_end(float(until)), who, why, instance)
    except ValueError:
        return Stop(None, why=until)


def _switch_of_json(text: str) -> Stop:
    import json

    try:
        known = json.loads(text)
        until = known.get("until")
        return Stop(
            until=_end(float(until)) if until not in (None, "", "forever") else None,
            who=str(known.get("who") or ""),
            why=str(known.get("why") or ""),
            instance=str(known.get("instance") or ""),
        )
    except (ValueError, TypeError, OverflowError, RecursionError):
        return Stop(None)


def _end(until: float) -> float | None:
    """A number that is none (nan, inf) ends nothing."""
    return until if abs(until) < float("inf") else None


def wanted(state: State, lying: Lying, now: Moment) -> Lying:
    """What should lie there for this state, given what does.

    A pause that has ended stays as the owner left it.
    """
    as_loaded = paused_by(lying, now)
    restarts = [each.at for each in state.attempts if each.action == targets.RESTART_GATEWAY]
    return Lying(
        counters=(state.health_fails, state.ollama_fails, state.webhook_fails),
        times=tuple([epoch_of(moment) for moment in restarts[-LINES_KEPT:]]),
        told=tuple(sorted((key, epoch_of(moment)) for key, moment in state.told)),
        pause=lying.pause if state.paused == as_loaded or _is_elsewhere(state) else state.paused,
        asked=lying.asked,
        stop=lying.stop if state.stopped is not None else None,
        drill=lying.drill,
        acks=lying.acks if state.incidents else Acks(),
    )


def _is_elsewhere(state: State) -> bool:
    """Whether it is paused by something else than the owner's file."""
    return state.paused is not None and (state.paused.planned or state.paused.asked)


def paused_by(lying: Lying, now: Moment) -> Pause | None:
    """The pause that is on, at the host or by request: the one that ends later."""
    here = lying.pause if is_on(lying.pause, now) else None
    return longer(here, pause_of(lying.asked, now.wall))


def is_on(switch: Pause | None, now: Moment) -> bool:
    """Whether the switch is set and its time has not come."""
    return switch is not None and (switch.until is None or switch.until > now.wall)


def epoch_of(moment: Moment) -> int:
    """The second as the files have it."""
    return int(min(max(moment.wall, 0), 99_999_999_999))


def write_guards(folder: str, lying: Lying, new: Lying) -> None:
    """Bring what forbids things to the disk: restart times and times of alerts.

    Raises:
        OSError: not all of it could be written.
    """
    if new.times != lying.times or TIMES in lying.garbage:
        _write(folder, TIMES, "".join(f"{epoch}\n" for epoch in new.times))
    was, told = dict(lying.told), dict(new.told)
    for key, epoch in told.items():
        if was.get(key) != epoch:
            _write(folder, alert_file(key), f"{epoch}\n")
    names = {alert_file(key) for key in was}
    names |= {name for name in lying.garbage if re.fullmatch(_ALERT, name)}
    for name in names - {alert_file(key) for key in told}:
        _remove(folder, name)


def write_rest(folder: str, lying: Lying, new: Lying) -> None:
    """Bring the counters and the switch to the disk.

    Raises:
        OSError: not all of it could be written.
    """
    for name, was, value in zip(COUNTERS, lying.counters, new.counters, strict=True):
        if was != value or name in lying.garbage:
            _write(folder, name, f"{value}\n")
    if new.pause != lying.pause:
        write_pause(folder, new.pause)
    if lying.stop != new.stop and stop_lies(folder) == lying.stop:
        write_stop(folder, new.stop)  # not one that was set since
    if lying.acks != Acks() and new.acks == Acks():
        _remove(folder, acks.NAME)


def write_pause(folder: str, pause: Pause | None) -> None:
    """Set the human switch, durably; None takes it off, whatever lies in its place.

    Raises:
        OSError: it is as it was.
    """
    if pause is None:
        _remove(folder, PAUSED)
    else:
        _write_switch(folder, PAUSED, pause.until, pause.who, pause.why)
    asked.write(folder, None)  # what is said at the host outranks it


def write_stop(folder: str, stop: Stop | None) -> None:
    """Say durably that the gateway was stopped on purpose; None: no longer.

    Raises:
        OSError: it is as it was.
    """
    if stop is None:
        _remove(folder, STOPPED)
    else:
        _write_switch(folder, STOPPED, stop.until, stop.who, stop.why, stop.instance)


def stop_lies(folder: str) -> Stop | None:
    """What `gateway_stopped` says now."""
    return Reader(folder).wishes(Moment(0.0, 0.0, 0.0, "")).stopped


def _write_switch(folder: str, name: str, until: float | None, *texts: str) -> None:
    make_private_folder(folder)
    end = "forever" if until is None else repr(until)
    lines = (end, *(" ".join(text.split()) for text in texts))
    _write(folder, name, "".join(f"{line}\n" for line in lines))


def alert_file(key: str) -> str:
    """The name of the file that says when the alert of this key was accepted."""
    safe = re.sub(_UNSAFE, lambda found: f"%{ord(found[0]):x};", key)
    return f"alert_{safe}.ts"


def _key(safe: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = int(found[1], 16)
        return chr(code) if code <= sys.maxunicode else found[0]

    return re.sub(_ESCAPED, character, safe)


def _write(folder: str, name: str, text: str) -> None:
    write_atomically(os.path.join(folder, name), text.encode("utf-8", "replace"))


def _remove(folder: str, name: str) -> None:
    remove(os.path.join(folder, name))


def _shown(content: bytes) -> str:
    return repr(content[:40].decode("utf-8", "replace"))

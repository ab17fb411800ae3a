"""The demo plays systemd: it starts the watchdog's cycles, and notes what comes of them."""

import re
import subprocess
import time
from collections.abc import Callable
from typing import NamedTuple

from picoclaw_watchdog.demo.box import Box, Message
from picoclaw_watchdog.demo.narration import Narration
from picoclaw_watchdog.demo.screen import Screen

_STEP_SECONDS = 0.02
_LOG_LINE = re.compile(
    r"\[[^]]*\] level=(?P<level>\S+) target=(?P<target>\S+) result=(?P<result>\S+) "
    r'action=(?P<action>\S+) detail="(?P<detail>.*)"'
)
_NOISE = re.compile(r"(incident=|probe=|, request id )[^ )]*|\\")  # of no interest here
_LASTED = re.compile(r"\blasted=([0-9.]+)s")
_STYLES = {"ERROR": "red", "WARN": "yellow"}


class Tally(NamedTuple):
    """What a chapter is measured by, as it stands now."""

    starts: int
    messages: int


class Night:
    """Cycles on a box, by the clock and at once after a crash, shown as they happen."""

    def __init__(self, box: Box, screen: Screen, words: Narration, interval: float) -> None:
        self._box = box
        self._screen = screen
        self._words = words
        self._interval = interval
        self._cycle: subprocess.Popen[str] | None = None
        self._next = 0.0
        self._crash_heard = 0  # the main process whose crash has started a cycle
        self._began = time.monotonic()
        self._target = ""
        self._shown: set[str] = set()
        self._log_read = 0
        self._told = 0
        self.seen: float | None = None  # seconds into the chapter
        self.cycles = 0
        self.printed = ""  # by a cycle that ended badly

    def begin_chapter(self, target: str) -> None:
        """Count time from now, and watch for the first sight of a fault of this target."""
        self._began = time.monotonic()
        self._target = target
        self._shown.clear()
        self.seen = None

    def passed(self) -> float:
        """Seconds since the chapter began."""
        return time.monotonic() - self._began

    def tally(self) -> Tally:
        """The counts now."""
        return Tally(self._box.gateway_starts(), len(self._box.messages()))

    def note(self, text: str, style: str = "") -> None:
        """Say something with its time."""
        self._screen.event(self.passed(), text, style)

    def watch(self, true: Callable[[], bool], within: float) -> bool:
        """Let the night go on until something is true; False: it was not in time.

        A cycle that is under way is never cut off: the chapter waits for its end.
        """
        until = time.monotonic() + within
        while True:
            self._step()
            come = true()
            if self._cycle is None and (come or time.monotonic() > until):
                return come
            if time.monotonic() > until + within:
                return False
            time.sleep(_STEP_SECONDS)

    def _step(self) -> None:
        now = time.monotonic()
        if self._cycle is not None and self._cycle.poll() is not None:
            self._end_cycle(self._cycle)
        if self._cycle is None and self._has_crashed():
            self.note(self._words.crash_heard, "dim")
            self._begin_cycle(now)
        elif self._cycle is None and now >= self._next:
            self._begin_cycle(now)
        self._show_log()
        self._show_messages()

    def _has_crashed(self) -> bool:
        """Whether the gateway's process is newly gone, and nobody had it stopped."""
        unit = self._box.unit()
        if unit.told_to_stop or unit.main_pid == self._crash_heard or self._box.gateway_runs():
            return False
        self._crash_heard = unit.main_pid
        return True

    def _begin_cycle(self, now: float) -> None:
        self._cycle = self._box.begin("once")
        self._next = now + self._interval
        self.cycles += 1

    def _end_cycle(self, cycle: subprocess.Popen[str]) -> None:
        printed, _ = cycle.communicate()
        if cycle.returncode:
            self.printed = printed
            self.note(f"exit status {cycle.returncode}", "red")
            self._screen.say(printed, "red", indent=4)
        self._cycle = None

    def _show_log(self) -> None:
        text = self._box.log()
        fresh, self._log_read = text[self._log_read :], len(text)
        for line in fresh.splitlines():
            said = _LOG_LINE.match(line)
            if said is not None and said["action"] != "cycle":
                self._show(said)

    def _show(self, said: re.Match[str]) -> None:
        if said["target"] == self._target:
            self._note_sight(said)
        kind = f"{said['target']:<8} {said['result']} {said['action']}"
        text = f"{kind} {' '.join(_NOISE.sub('', said['detail']).split())}"
        if text not in self._shown:  # a fault that lasts is found again by every cycle
            self._shown.add(text)
            self._screen.line(self.passed(), text, _STYLES.get(said["level"], ""))

    def _note_sight(self, said: re.Match[str]) -> None:
        """When the fault was seen: at its first line, or when the last one says it was."""
        lasted = _LASTED.search(said["detail"])
        when = self.passed() - (float(lasted[1]) if lasted is not None else 0.0)
        if said["result"] == "NG" or said["action"] == "resolved":
            self.seen = max(0.0, when if self.seen is None else min(when, self.seen))

    def _show_messages(self) -> None:
        messages: list[Message] = self._box.messages()
        for message in messages[self._told :]:
            self.note(f"{self._words.message}:", "cyan")
            self._screen.letter("LINE", message.text)
        self._told = len(messages)

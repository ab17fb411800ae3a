"""The story of the demo: five faults, what the watchdog does about them, what the owner reads."""

import time
from collections.abc import Callable
from typing import NamedTuple

from picoclaw_watchdog.core.budget import BACKOFF
from picoclaw_watchdog.demo.box import Box
from picoclaw_watchdog.demo.narration import LANGUAGES, Chapter, Narration
from picoclaw_watchdog.demo.night import Night, Tally
from picoclaw_watchdog.demo.screen import Screen

_WINDOW_SECONDS = 10
_RETRY_SECONDS = 1
_COOLDOWN_SECONDS = 9  # shorter than from one gateway fault to the next
_PATIENCE_SECONDS = 25.0  # for one mending
_READING_SECONDS = 1.0


class Pace(NamedTuple):
    """How fast the story goes; times in seconds."""

    interval: float = 2.0
    start_delay: float = 1.0
    pause: float = _READING_SECONDS


FAST = Pace(interval=1.0, start_delay=0.2, pause=0.0)


class Result(NamedTuple):
    """How a chapter ended."""

    chapter: Chapter
    seen: float | None
    mended: float | None
    restarts: int
    messages: int
    trouble: tuple[str, ...]  # what was not as promised


class Story:
    """Tells the story on a box."""

    def __init__(self, box: Box, screen: Screen, words: Narration, pace: Pace) -> None:
        self._box = box
        self._screen = screen
        self._words = words
        self._pace = pace
        self._night = Night(box, screen, words, pace.interval)

    def tell(self) -> list[Result]:
        """All chapters."""
        self._night.begin_chapter("")
        quiet = self._night.watch(lambda: self._night.cycles > 0, _PATIENCE_SECONDS)
        self._night.note(self._words.up if quiet else "?", "dim")
        return [
            self._gateway(self._words.killed, self._box.kill_gateway),
            self._gateway(self._words.hung, self._box.hang_gateway),
            self._funnel(self._words.funnel),
            self._ollama(self._words.ollama),
            self._line(self._words.line),
        ]

    def _open(self, chapter: Chapter, target: str, inject: Callable[[], None]) -> Tally:
        time.sleep(self._pace.pause)
        self._screen.rule(chapter.title)
        before = self._night.tally()
        self._night.begin_chapter(target)
        inject()
        self._night.note(chapter.fault, "bold")
        return before

    def _close(
        self,
        chapter: Chapter,
        before: Tally,
        mended: float | None,
        *,
        restarts: int,
        messages: int,
    ) -> Result:
        after = self._night.tally()
        made, sent = after.starts - before.starts, after.messages - before.messages
        heads = self._words.heads
        trouble = []
        if mended is None:
            trouble.append(self._words.not_mended.format(seconds=_PATIENCE_SECONDS))
        for what, got, wanted in ((heads[3], made, restarts), (heads[4], sent, messages)):
            if got != wanted:
                trouble.append(self._words.wrong.format(what=what, got=got, wanted=wanted))
        for each in trouble:
            self._night.note(each, "red")
        return Result(chapter, self._night.seen, mended, made, sent, tuple(trouble))

    def _until(self, true: Callable[[], bool]) -> float | None:
        """Seconds until something became true, as seen from outside; None: it did not."""
        when: list[float] = []

        def now_true() -> bool:
            if not when and true():
                when.append(self._night.passed())
                self._night.note(self._words.mended, "green")
            return bool(when)

        self._night.watch(now_true, _PATIENCE_SECONDS)
        return when[0] if when else None

    def _messages_reach(self, number: int) -> bool:
        return self._night.watch(
            lambda: self._night.tally().messages >= number, _PATIENCE_SECONDS / 2
        )

    def _gateway(self, chapter: Chapter, inject: Callable[[], None]) -> Result:
        before = self._open(chapter, "gateway", inject)
        mended = self._until(self._box.is_reachable)
        self._messages_reach(before.messages + 1)
        return self._close(chapter, before, mended, restarts=1, messages=1)

    def _funnel(self, chapter: Chapter) -> Result:
        before = self._open(chapter, "funnel", self._box.funnel_off)
        mended = self._until(self._box.is_reachable)
        self._messages_reach(before.messages + 1)
        return self._close(chapter, before, mended, restarts=0, messages=1)

    def _ollama(self, chapter: Chapter) -> Result:
        """Nobody here can mend Ollama: one gateway restart, one message, then patience."""
        before = self._open(chapter, "ollama", self._box.kill_ollama)
        self._messages_reach(before.messages + 1)
        self._cycles(3)
        self._night.note(self._words.ollama_spared, "dim")
        self._box.ollama_up()
        self._night.note(self._words.ollama_back, "bold")
        mended = self._until(lambda: self._box.status("gateway", "/ready") == 200)  # noqa: PLR2004
        self._messages_reach(before.messages + 2)
        return self._close(chapter, before, mended, restarts=1, messages=2)

    def _line(self, chapter: Chapter) -> Result:
        """Mending does not wait for telling; what was to be told is told once."""

        def inject() -> None:
            self._box.line_down()
            self._box.kill_gateway()

        before = self._open(chapter, "gateway", inject)
        mended = self._until(self._box.is_reachable)
        self._cycles(2)
        self._night.note(self._words.line_waits, "dim")
        self._box.line_up()
        self._night.note(self._words.line_back, "bold")
        self._messages_reach(before.messages + 1)
        self._cycles(2)  # and no second time
        return self._close(chapter, before, mended, restarts=1, messages=1)

    def _cycles(self, number: int) -> None:
        until = self._night.cycles + number
        self._night.watch(lambda: self._night.cycles >= until, _PATIENCE_SECONDS)


def perform(language: str, *, fast: bool = False, screen: Screen | None = None) -> int:
    """Tell the whole story.

    Returns:
        0 when every chapter ended as promised, else 1.
    """
    pace = FAST if fast else Pace()
    words = LANGUAGES[language]
    screen = screen or Screen()
    began = time.monotonic()
    screen.say(words.title, "bold")
    screen.say()
    screen.say(words.intro.format(interval=pace.interval))
    screen.say(
        words.clocks.format(
            window=_WINDOW_SECONDS,
            retry=_RETRY_SECONDS,
            start=pace.start_delay,
            backoff=BACKOFF[1],
        )
    )
    screen.say()
    settings = {
        "LOCAL_TIMEOUT_SEC": "1",
        "EXTERNAL_TIMEOUT_SEC": "2",
        "STOP_TIMEOUT_SEC": "2",
        "RESTART_WINDOW_SEC": str(_WINDOW_SECONDS),
        "RESTART_VERIFY_SEC": "10",
        "STARTUP_GRACE_SEC": "2",
        "OLLAMA_RETRY_SEC": str(_RETRY_SECONDS),
        "ALERT_COOLDOWN_SEC": str(_COOLDOWN_SECONDS),
    }
    with Box(settings, language=language, start_delay=pace.start_delay) as box:
        results = Story(box, screen, words, pace).tell()
    _summarise(results, screen, words)
    screen.say(words.total.format(seconds=time.monotonic() - began) + " " + words.nothing_left)
    return 1 if any(result.trouble for result in results) else 0


def _summarise(results: list[Result], screen: Screen, words: Narration) -> None:
    def seconds(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f} s"

    screen.rule(words.summary)
    rows: list[tuple[str, ...]] = [words.heads]
    rows += [
        (
            result.chapter.short,
            seconds(result.seen),
            seconds(result.mended),
            str(result.restarts),
            str(result.messages),
            words.not_ok if result.trouble else words.ok,
        )
        for result in results
    ]
    screen.table(rows)
    screen.say()
    broken = [result.chapter.title for result in results if result.trouble]
    if broken:
        screen.say(words.broken.format(chapters="; ".join(broken)), "red")
    else:
        screen.say(words.promises, "green")

"""What the demo looks like: the real story, on a box where time and mending are pretended.

The box with real processes, whose times are never the same, is in tests/unit/test_demo_story.py.
"""

import io
from contextlib import redirect_stdout
from types import SimpleNamespace
from typing import NamedTuple, Self, cast

import pytest

from picoclaw_watchdog.core.model import Alert
from picoclaw_watchdog.core.reasons import Gravity, Ill, Topic
from picoclaw_watchdog.core.wording import letter
from picoclaw_watchdog.demo import night, story
from picoclaw_watchdog.demo.box import Box, Message
from picoclaw_watchdog.demo.screen import Screen
from picoclaw_watchdog.terminal.paint import Terminal
from tests.screens.snapshots import LANGUAGES, WIDTHS, Run, compare, fits
from tests.unit.letters import START, at

CYCLE = 0.4  # seconds that one takes


class Watch:
    """A time that only passes when somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Fault(NamedTuple):
    """What is broken, and how it is mended."""

    cause: Ill
    seen: str
    by: str = "restart_gateway"
    topic: Topic = Topic.MENDED

    @property
    def target(self) -> str:
        return self.cause.value.partition("_")[0]


KILLED = Fault(Ill.SERVICE_DOWN, "failed (failed), result signal")
HUNG = Fault(Ill.SERVICE_HUNG, "no answer within 1 s")
OFF = Fault(Ill.FUNNEL_OFF, "no Funnel leads to our ports", "recover_funnel")
DEAD = Fault(Ill.PEER_DOWN, "connection refused", "itself", Topic.ALL_CLEAR)


class PretendBox:
    """A host whose watchdog mends in its next cycle what can be mended."""

    def __init__(self, watch: Watch, language: str) -> None:
        self._watch = watch
        self._language = language
        self._fault: Fault | None = None
        self._tried = False
        self._line = True
        self._waiting: list[Alert] = []
        self._told: list[Message] = []
        self._log = ""
        self._starts = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, _: str) -> SimpleNamespace:
        """A cycle, which has ended when this returns."""
        self._watch.sleep(CYCLE)
        if self._fault is DEAD and not self._tried:
            self._try(DEAD)
        elif self._fault is not None and self._fault is not DEAD:
            self._mend(self._fault)
        if self._line:
            self._deliver()
        return SimpleNamespace(poll=lambda: 0, communicate=lambda: ("", None), returncode=0)

    def _try(self, fault: Fault) -> None:
        self._tried = True
        self._act(fault, "restart_gateway")
        self._tell(fault, Topic.OLLAMA_FAILING, attempts="1", detail=fault.seen)

    def _mend(self, fault: Fault) -> None:
        self._act(fault, fault.by)
        self._end(fault)

    def _act(self, fault: Fault, action: str) -> None:
        cause = f"cause={fault.cause.value}"
        self._write("ERROR", fault, "NG", "incident", f"incident=x {cause} {fault.seen}")
        self._write("WARN", fault, "NG", action, cause)
        self._write("INFO", fault, "OK", "verify", "verified after 0.38 s")
        self._starts += action == "restart_gateway"

    def _end(self, fault: Fault) -> None:
        ended = f"incident=x cause={fault.cause.value} lasted=0.5s by={fault.by}"
        self._write("INFO", fault, "OK", "resolved", ended)
        self._tell(fault, fault.topic, mended_by=fault.by, duration="0.5", took="0.4")
        self._fault = None

    def _write(self, level: str, fault: Fault, result: str, action: str, detail: str) -> None:
        target = fault.target if action != "notify" else "line"
        fields = f"level={level} target={target} result={result} action={action}"
        self._log += f'[2026-02-20 09:15:00 JST] {fields} detail="{detail}"\n'

    def _tell(self, fault: Fault, topic: Topic, **facts: str) -> None:
        known = (("since_wall", str(START)), *facts.items())
        gravity = Gravity.NOTICE if "mended_by" in facts else Gravity.CRITICAL
        key = fault.target
        self._waiting.append(
            Alert("x", key, topic, gravity, at(8), fault.target, fault.cause, "x", known)
        )
        if not self._line:
            self._write("ERROR", fault, "NG", "notify", "not_sent, tried again later: refused")

    def _deliver(self) -> None:
        for alert in self._waiting:
            text = letter(alert, "box", self._language)
            self._told.append(Message(0.0, "owner", text, ""))
            self._write("INFO", KILLED, "OK", "notify", f"sent: {alert.topic.value} (HTTP 200)")
        self._waiting.clear()

    def unit(self) -> SimpleNamespace:
        return SimpleNamespace(told_to_stop=False, main_pid=self._starts)

    def gateway_runs(self) -> bool:
        return self._fault is not KILLED

    def gateway_starts(self) -> int:
        return self._starts

    def messages(self) -> list[Message]:
        return list(self._told)

    def log(self) -> str:
        return self._log

    def is_reachable(self) -> bool:
        return self._fault is None

    def status(self, _: str, __: str) -> int:
        return 503 if self._fault is DEAD else 200

    def kill_gateway(self) -> None:
        self._fault = KILLED

    def hang_gateway(self) -> None:
        self._fault = HUNG

    def funnel_off(self) -> None:
        self._fault = OFF

    def kill_ollama(self) -> None:
        self._fault = DEAD

    def ollama_up(self) -> None:
        self._end(DEAD)

    def line_down(self) -> None:
        self._line = False

    def line_up(self) -> None:
        self._line = True


@pytest.mark.usefixtures("_tokyo")
def test_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {}
    for language in LANGUAGES:
        for columns in WIDTHS:
            for colour in (False, True):
                code, shown = told(monkeypatch, language, Terminal(columns, colour=colour))
                fits(shown.replace("\n", "\r\n"), columns)
                answers[Run(language, columns, colour)] = (code, shown)
    compare("demo", answers)


def told(monkeypatch: pytest.MonkeyPatch, language: str, on: Terminal) -> tuple[int, str]:
    """The exit status of the whole story, and what it prints on this terminal."""
    watch, out = Watch(), io.StringIO()
    box = cast("Box", PretendBox(watch, language))
    monkeypatch.setattr(story, "Box", lambda *_, **__: box)
    for module in (story, night):
        monkeypatch.setattr(module, "time", watch)
    with redirect_stdout(out):
        code = story.perform(language, screen=Screen(on))
    return code, out.getvalue()

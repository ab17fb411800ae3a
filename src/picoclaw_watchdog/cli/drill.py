"""`picoclaw-watchdog drill`: break it for real, and see that it is mended in time."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from picoclaw_watchdog.cli.arguments import Known, misused, typed_for
from picoclaw_watchdog.cli.drill_wording import HELP, SAY, WHY
from picoclaw_watchdog.cli.odd_files import ODD, say_odd
from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.reasons import Fault
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.drill import Stage, may_begin, perform, settle
from picoclaw_watchdog.engine.drill_rules import NOT_HERE, ORDER, Refused, Result
from picoclaw_watchdog.engine.wiring import build, store_of
from picoclaw_watchdog.store import drills
from picoclaw_watchdog.store.files import reason
from picoclaw_watchdog.terminal.blocks import Cell, table
from picoclaw_watchdog.terminal.paint import Style, Terminal, show, show_json, tell, terminal_of

PASSED = 0
NOT_PASSED = 1
REFUSED = 3
INTERRUPTED = 130

ALL = "all"
KNOWN = Known(flags=frozenset({"--yes", "--last", "--json"}), words=1)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Make one fault, or all of them in turn."""
    asked = typed_for("drill", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    settings, typed = asked
    language = settings.language
    on = terminal_of(sys.stdout, os.environ, typed.colour)
    if "--last" in typed.flags:
        return _last(settings, on, as_json="--json" in typed.flags)
    names = {fault.value: (fault,) for fault in ORDER} | {ALL: ORDER}
    wanted = names.get(typed.words[0]) if typed.words else None
    if wanted is None:
        return misused("drill", SAY["which"].say(language), HELP, language)
    stage = _stage(settings)
    refused = may_begin(stage, wanted)
    if refused is not None:
        return _refuse(settings, refused)
    if "--yes" not in typed.flags:
        if not sys.stdin.isatty():
            return misused("drill", SAY["nobody"].say(language), HELP, language)
        if not _agreed(settings, on, wanted):
            tell(SAY["not_done"].say(language))
            return REFUSED
    return _run(stage, on, wanted, as_json="--json" in typed.flags)


def _stage(settings: Settings) -> Stage:
    world = build(settings, os.environ)
    began = time.strftime("%Y%m%dT%H%M%S", time.localtime(world.clock.now().wall))

    def say(word: str, detail: str) -> None:
        text = SAY[word].say(settings.language, detail=detail, unit=detail)
        print(f"  {text}", file=sys.stderr, flush=True)

    def fresh() -> Any:
        return store_of(settings, os.environ)

    return Stage(settings, world, fresh, say, _undisturbed, f"{began}-{os.getpid()}")


def _refuse(settings: Settings, refused: Refused) -> int:
    text = WHY[refused.reason].say(
        settings.language,
        detail=refused.detail,
        until="" if refused.until is None else time.strftime("%H:%M:%S", _local(refused.until)),
    )
    tell(SAY["refused"].say(settings.language, why=text), sys.stderr)
    return REFUSED


def _local(wall: float) -> time.struct_time:
    return time.localtime(wall)


def _agreed(settings: Settings, on: Terminal, wanted: Sequence[Fault]) -> bool:
    """Say what will happen, and ask."""
    language = settings.language
    show(sys.stdout, on.text(SAY["warning"].say(language), Style.WARN))
    for fault in wanted:
        text = SAY[f"will_{fault.value}"].say(language, unit=settings.gateway_service)
        show(sys.stdout, on.text(text, indent=4, first="  - "))
    show(sys.stdout, on.text(SAY["undone_anyway"].say(language)))
    if settings.interval_sec > 60:  # noqa: PLR2004  # what the promise reckons with
        text = SAY["slow"].say(language, seconds=settings.interval_sec)
        show(sys.stdout, on.text(text, Style.WARN))
    try:
        answer = input(SAY["ask"].say(language) + " ")
    except EOFError:
        return False
    return answer.strip().lower() in ("yes", "はい")


def _run(stage: Stage, on: Terminal, wanted: Sequence[Fault], *, as_json: bool) -> int:
    language = stage.settings.language
    try:
        held = drills.hold(stage.settings.state_dir)
    except OSError as error:
        tell(f"{stage.settings.state_dir}/{drills.LOCK}: {reason(error)}", sys.stderr)
        return REFUSED
    if held is None:
        return _refuse(stage.settings, Refused("another"))
    results: list[Result] = []
    with held, _interruptible():
        try:
            for fault in wanted:
                name = SAY[f"name_{fault.value}"].say(language)
                print(SAY["begins"].say(language, name=name), file=sys.stderr, flush=True)
                settle(stage, fault)
                refused = may_begin(stage, (fault,))
                if refused is not None:
                    _refuse(stage.settings, refused)
                    results.append(_not_begun(stage, fault, refused))
                    continue
                results.append(perform(stage, fault))
        except KeyboardInterrupt:
            left = os.path.lexists(os.path.join(stage.settings.state_dir, drills.RECORD))
            tell(SAY["left_behind" if left else "interrupted"].say(language), sys.stderr)
            return NOT_PASSED if left else INTERRUPTED
    documents = [result._asdict() for result in results]
    if as_json:
        show_json(documents)
    else:
        show(sys.stdout, ["", *picture(on, documents, language)])
    absent = NOT_HERE if len(wanted) > 1 else frozenset[str]()
    good = all(result.passed or result.why in absent for result in results)
    return PASSED if good else NOT_PASSED


def _not_begun(stage: Stage, fault: Fault, refused: Refused) -> Result:
    now = stage.world.clock.now().wall
    return Result(stage.run, fault.value, "", round(now, 3), None, why=refused.reason)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP end a drill as Ctrl-C does: undone."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = [signal.signal(number, stop) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A signal waits until this is done: nobody's impatience leaves something half undone."""
    waiting: list[int] = []
    before = [signal.signal(number, lambda which, _: waiting.append(which)) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)
    if waiting:
        raise KeyboardInterrupt


def _last(settings: Settings, on: Terminal, *, as_json: bool) -> int:
    try:
        return _shown(settings, on, drills.results(settings.state_dir), as_json=as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        path = f"{settings.state_dir}/{drills.RESULTS}"
        tell(f"{path}: {reason(error)}", sys.stderr)
    except ODD as error:
        say_odd(settings, error, drills.RESULTS)
    return NOT_PASSED


def _shown(settings: Settings, on: Terminal, known: list[dict[str, Any]], *, as_json: bool) -> int:
    last = [each for each in known if each.get("run") == known[-1].get("run")] if known else []
    if as_json:
        show_json(last)
    elif not last:
        tell(SAY["never"].say(settings.language))
    else:
        began = time.strftime("%Y-%m-%d %H:%M", _local(float(last[0].get("at", 0))))
        show(sys.stdout, [SAY["of"].say(settings.language, at=began), ""])
        show(sys.stdout, picture(on, last, settings.language))
    return PASSED if all(each.get("passed") for each in last) else NOT_PASSED


def picture(on: Terminal, results: Sequence[Mapping[str, Any]], language: str) -> list[str]:
    """The table of some drills."""
    heads = [
        SAY[head].say(language)
        for head in ("drill", "found", "mended_in", "promised", "restarts", "messages", "result")
    ]
    rows = [_row(each, language) for each in results]
    lines = table(on, heads, rows, right=frozenset({1, 2, 3, 4, 5}), flexible=6)
    if any(each.get("how") == "override" for each in results):
        lines += ["", *on.text(SAY["override"].say(language), Style.DIM)]
    return lines


def _row(result: Mapping[str, Any], language: str) -> list[Cell | str]:
    is_ollama = result.get("fault") == Fault.OLLAMA.value
    passed = bool(result.get("passed"))
    text = SAY["passed"].say(language)
    if not passed:
        why = WHY.get(str(result.get("why")), WHY["late"])
        text = why.say(language, detail=printable(str(result.get("detail", ""))), until="")
    style = Style.GOOD if passed else Style.BAD
    if result.get("why") in NOT_HERE:
        style = Style.WARN
    promised = SAY["one_restart"].say(language) if is_ollama else _seconds(result.get("promised"))
    return [
        SAY[f"name_{result.get('fault')}"].say(language),
        _seconds(result.get("found")),
        "-" if is_ollama else _seconds(result.get("mended")),
        promised,
        str(result.get("restarts", "")),
        str(result.get("messages", "")),
        Cell(text, style),
    ]


def _seconds(value: object) -> str:
    return f"{value:.1f} s" if isinstance(value, (int, float)) else "-"

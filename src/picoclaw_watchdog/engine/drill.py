"""A drill: break one thing on this host for real, watch the watchdog mend it, measure, undo."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from picoclaw_watchdog.core.model import Drill, Moment, State, UnitFacts, seconds_between
from picoclaw_watchdog.core.reasons import Fault
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine import faults
from picoclaw_watchdog.engine.drill_rules import (
    PROMISED,
    Refused,
    Result,
    attempts_of,
    found_after,
    incident_of,
    is_suppressed,
    of_mended,
    of_suppressed,
    why_not,
)
from picoclaw_watchdog.engine.switches import in_window
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import Store, World
from picoclaw_watchdog.store import drills
from picoclaw_watchdog.store.files import reason

LOOK_EVERY = 0.2  # seconds
SLACK = 30.0  # seconds that a cycle may take beyond its interval
CYCLE_UNIT = "picoclaw-watchdog.service"
CYCLE_SEC = 120.0  # seconds a cycle may take
HOW = {Fault.GATEWAY: "stop", Fault.FUNNEL: "off", Fault.HANG: "freeze", Fault.OLLAMA: "override"}


class Stage(NamedTuple):
    """Everything a drill needs."""

    settings: Settings
    world: World
    fresh: Callable[[], Store]  # the disk as it is now
    say: Callable[[str, str], None]  # tells the owner how far it is: a word, and a detail
    undisturbed: Callable[[], AbstractContextManager[None]]  # signals wait for its end
    run: str  # what this run is called in the records


def may_begin(on: Stage, wanted: tuple[Fault, ...]) -> Refused | None:
    """Why there is no drill now."""
    now, store = on.world.clock.now(), on.fresh()
    state = _state(on, store, now)
    return why_not(on.settings, state, store.last_snapshot(), wanted, now)


def _state(on: Stage, store: Store, now: Moment) -> State:
    return in_window(on.settings, store.load(now), now)


def perform(on: Stage, fault: Fault) -> Result:
    """One drill. What it breaks is undone when this returns or raises.

    Raises:
        KeyboardInterrupt: it was interrupted; that is among the results.
    """
    limit = _limit(on.settings, fault)
    promised = None if fault is Fault.OLLAMA else PROMISED
    began = on.world.clock.now()
    result = Result(on.run, fault.value, HOW[fault], round(began.wall, 3), promised)
    try:
        drill = faults.prepare(on.settings, on.world, fault, began, limit + 2 * SLACK)
    except faults.NotPossibleError as error:
        why, detail = (*error.args, "")[:2]
        return _kept(on, result._replace(why=str(why), detail=str(detail)))
    if fault is Fault.OLLAMA and drill.unit:
        result = result._replace(how="stop")
    try:
        with on.undisturbed():  # half a command undone would take effect after that
            result = _made(on, drill, result)
        if not result.why:
            result = _watched(on, drill, result, limit)
    except KeyboardInterrupt:
        result = result._replace(why="interrupted")
        raise
    finally:
        with on.undisturbed():
            result = _undone(on, drill, result)
            _kept(on, result)
    return result


def _made(on: Stage, drill: Drill, result: Result) -> Result:
    """Write down what is to be broken, and break it; with the reason where that did not work."""
    try:
        drills.write(on.settings.state_dir, drill)
    except OSError as error:
        return result._replace(why="not_recordable", detail=reason(error))
    on.world.log.write("WARN", "drill", "OK", "begin", f"fault={result.fault} how={result.how}")
    on.say("make", drill.unit)
    failed = faults.make(on.settings, on.world, drill)
    return result._replace(why="not_made", detail=failed) if failed else result


def _limit(settings: Settings, fault: Fault) -> float:
    """How long it is watched at most."""
    if fault is not Fault.OLLAMA:
        return PROMISED
    # Found, restarted for, suppressed: three cycles, and what the first of them takes.
    cycles = 4 * settings.interval_sec + settings.ollama_retry_sec + settings.restart_verify_sec
    return cycles + SLACK


def _watched(on: Stage, drill: Drill, result: Result, limit: float) -> Result:
    """Measure until it is mended."""
    on.say("watch", "")
    if drill.fault is Fault.OLLAMA:
        return _suppressed(on, drill, result, limit)
    if _wait(on, drill.at, limit, lambda: faults.is_mended(on.settings, on.world, drill)):
        mended = round(seconds_between(drill.at, on.world.clock.now()), 1)
        result = result._replace(mended=mended)
        on.say("mended", f"{mended:.1f}")
        _wait_for_end(on, drill)
    return of_mended(_counted(on, drill, result))


def _suppressed(on: Stage, drill: Drill, result: Result, limit: float) -> Result:
    """Nothing of ours mends Ollama: one restart, then none, one message, and an all-clear.

    The watchdog finds it when its time comes. The cycles after that one are asked for at once:
    restarts without end would come all the sooner.
    """

    def is_found() -> bool:
        state = on.fresh().load(on.world.clock.now())
        return incident_of(state.incidents, drill.fault, drill.at) is not None

    def is_over() -> bool:
        _hurry(on)
        return is_suppressed(on.fresh().last_snapshot(), drill.at)

    seen = _wait(on, drill.at, limit, is_found) and _wait(on, drill.at, limit, is_over)
    on.say("undo", "")
    with on.undisturbed():
        left = _put_right(on, drill)
    if left:
        return result._replace(why="not_undone", detail=left)
    if seen:
        _wait_for_end(on, drill)
    return of_suppressed(_counted(on, drill, result), suppressed=seen)


def _hurry(on: Stage) -> None:
    """A cycle now, as the timer starts it; where there is no such unit, they come by themselves."""
    on.world.services.start(CYCLE_UNIT, CYCLE_SEC)


def _wait(on: Stage, since: Moment, limit: float, true: Callable[[], bool]) -> bool:
    while not true():
        if seconds_between(since, on.world.clock.now()) > limit:
            return False
        on.world.clock.sleep(LOOK_EVERY)
    return True


def _wait_for_end(on: Stage, drill: Drill) -> None:
    """Until the cycle has ended that found all well again: it writes down and tells.

    It is asked for: the time until all was well is measured by now.
    """
    began = on.world.clock.now()

    def is_closed() -> bool:
        store = on.fresh()
        at = store.last_snapshot().get("at")
        incident = incident_of(store.history().incidents, drill.fault, drill.at)
        # One that nobody has seen is waited for no longer than until the next cycle.
        over = began if incident is None else incident.closed
        return over is not None and isinstance(at, (int, float)) and at >= over.wall

    def is_over() -> bool:
        if not is_closed():
            _hurry(on)
        return is_closed()

    _wait(on, began, on.settings.interval_sec + SLACK, is_over)


def _counted(on: Stage, drill: Drill, result: Result) -> Result:
    """What the watchdog itself has written down about it."""
    past = on.fresh().history()
    incident = incident_of(past.incidents, drill.fault, drill.at)
    told = [] if incident is None else [a for a, _ in past.delivered if a.incident == incident.id]
    return result._replace(
        found=found_after(incident, drill.at),
        restarts=len(attempts_of(past.attempts, drill.fault, drill.at)),
        messages=len(told),
    )


def _undone(on: Stage, drill: Drill, result: Result) -> Result:
    """Whatever became of it: nothing stays broken, or the record stays for the next cycle."""
    left = _put_right(on, drill)
    level, said = ("ERROR", "NG") if left else ("INFO", "OK")
    detail = f"fault={drill.fault.value} passed={result.passed} {result.why} {left}"
    on.world.log.write(level, "drill", said, "end", detail.strip())
    return result._replace(passed=False, why="not_undone", detail=left) if left else result


def _put_right(on: Stage, drill: Drill) -> str:
    """Undo it and forget it; empty, or what is still wrong."""
    left = faults.undo(on.settings, on.world, drill)
    if left:
        return left
    try:
        drills.clear(on.settings.state_dir)
    except OSError as error:
        return reason(error)
    return ""


def _kept(on: Stage, result: Result) -> Result:
    try:
        drills.add_result(on.settings.state_dir, result._asdict())
    except OSError as error:
        on.say("not_kept", reason(error))
    return result


def settle(on: Stage, fault: Fault) -> None:
    """Wait until the gateway is well, and before it is frozen old enough to be judged."""
    began = on.world.clock.now()
    grace = on.settings.startup_grace_sec if fault is Fault.HANG else 0

    def is_settled() -> bool:
        facts = on.world.services.show(on.settings.gateway_service, faults.COMMAND_SEC)
        if not isinstance(facts, UnitFacts) or facts.started_ago is None:
            return False
        return facts.started_ago > grace and faults.is_well(on.settings, on.world)

    if not is_settled():
        on.say("settle", "")
        _wait(on, began, grace + on.settings.restart_verify_sec + SLACK, is_settled)

"""What the timer starts: one cycle with nobody at the keyboard. It must always run."""

import os
from collections.abc import Callable, Mapping

from picoclaw_watchdog.core.model import UnitFacts, seconds_between
from picoclaw_watchdog.core.reasons import Topic
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.cycle import SETTINGS_KEY, run
from picoclaw_watchdog.engine.report import News, Report
from picoclaw_watchdog.engine.wiring import build, spare_dir
from picoclaw_watchdog.kick import taken_beside
from picoclaw_watchdog.ports import World
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.store import lock

# How long a cycle waits for another one to end before it leaves the host to that one.
WAIT_FOR_OTHER = 5.0
# Cycles that one start may run, so that a flood of requests cannot keep it going.
MOST_CYCLES = 3
# Seconds after its start in which one may begin another cycle: its time limit counts all.
AGAIN_WITHIN = 30.0
# Seconds: in a cycle that took longer than a quiet one, the gateway may have failed meanwhile.
LONG_CYCLE = 1.0

OK = 0
OUR_OWN_BUG = 70  # sysexits.h: EX_SOFTWARE


def once(
    loaded: Loaded, environ: Mapping[str, str], echo: Callable[[str], None] | None = None
) -> int:
    """Run one cycle, whatever the settings look like.

    Returns:
        0, also where another cycle is running; 70 for an error of our own.
    """
    settings = loaded.settings
    world = build(settings, environ, echo)
    if not settings.enabled:
        world.log.write("INFO", "watchdog", "OK", "skip", "ENABLED is false: nothing is watched")
        return OK
    held = lock.acquire(
        settings.state_dir,
        spare_dir(environ),
        WAIT_FOR_OTHER,
        sleep=world.clock.sleep,
    )
    if held is None:
        world.log.write("INFO", "watchdog", "OK", "skip", "another cycle is running")
        return OK
    with held:
        return cycles(settings, world, mistakes_to_tell(loaded, world))


def cycles(settings: Settings, world: World, news: tuple[News, ...]) -> int:
    """One cycle, and another one for what happened meanwhile: systemd does not tell us again."""
    began = world.clock.now()
    for _ in range(MOST_CYCLES):
        waiting = request_stamp(settings.kick_file)
        left = os.path.lexists(taken_beside(settings.kick_file))
        try:
            report = cycle(settings, world, news)
        except Exception as error:  # noqa: BLE001  # the next cycle must run, whatever this was
            _log_own_bug(world, error)
            return OUR_OWN_BUG
        news = ()
        if report.beat:
            from picoclaw_watchdog.engine.heartbeat import beat

            beat(settings, world, report)
        if not _asked_again(settings, waiting, left=left) and not _fell_again(
            settings, world, report
        ):
            break
        if seconds_between(began, world.clock.now()) > AGAIN_WITHIN:
            break
    return OK


def _asked_again(settings: Settings, waiting: tuple[int, int] | None, *, left: bool) -> bool:
    """Whether requests came in meanwhile, or had to wait for those that a killed run left."""
    now = request_stamp(settings.kick_file)
    still = os.path.lexists(taken_beside(settings.kick_file))
    if left:
        return now is not None and not still
    return still or now not in (None, waiting)


def _fell_again(settings: Settings, world: World, report: Report) -> bool:
    """Whether the gateway has failed since the cycle looked at it last: told nobody but us."""
    lasted = seconds_between(report.began, world.clock.now())
    seen = report.look.unit
    if lasted < LONG_CYCLE or seen is None or seen.active == "failed":
        return False
    facts = world.services.show(settings.gateway_service, settings.local_timeout_sec)
    return isinstance(facts, UnitFacts) and facts.active == "failed"


def request_stamp(path: str) -> tuple[int, int] | None:
    """What tells one waiting request from another; None where none waits."""
    if not os.path.lexists(path):
        return None
    from picoclaw_watchdog.kick.place import stamp  # on most days nobody asks

    return stamp(path)


def cycle(settings: Settings, world: World, news: tuple[News, ...] = ()) -> Report:
    """One cycle with the requests that wait for it."""
    waits = os.path.lexists(settings.kick_file)
    if not waits and not os.path.lexists(taken_beside(settings.kick_file)):
        return run(settings, world, news=news)
    from picoclaw_watchdog.engine.kicks import answer_for, take_requests

    taken = take_requests(settings, world)
    return run(
        settings,
        world,
        taken.kicks,
        news + taken.news,
        taken.answered,
        lambda report: answer_for(settings, world, taken, report),
    )


def mistakes_to_tell(loaded: Loaded, world: World) -> tuple[News, ...]:
    """Log every mistake in the settings; the fatal ones are news for the owner."""
    for mistake in loaded.mistakes:
        level = "ERROR" if mistake.fatal else "WARN"
        world.log.write(level, "watchdog", "NG", "settings", mistake.line("en"))
    fatal = [mistake for mistake in loaded.mistakes if mistake.fatal]
    if not fatal:
        return ()
    first = fatal[0].line(loaded.settings.language)
    facts = (("error", first), ("attempts", str(len(fatal))))
    return (News(SETTINGS_KEY, Topic.SETTINGS_BROKEN, facts),)


def _log_own_bug(world: World, error: Exception) -> None:
    what = f"{type(error).__name__}: {error} {_place(error)}"
    world.log.write("ERROR", "watchdog", "NG", "cycle", f"internal error, please report it: {what}")


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"({trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})"

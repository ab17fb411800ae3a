"""The faults of a drill: how each is made on this host, how it is undone, and when it is over.

What was broken is undone by who broke it, however he is interrupted; and where he was killed, by
the next cycle, which finds the record of it (`store/drills.py`).
"""

from picoclaw_watchdog.core.model import (
    Drill,
    Entry,
    Moment,
    State,
    UnitFacts,
    seconds_between,
)
from picoclaw_watchdog.core.reasons import Fault, Phase, Probe, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import is_on
from picoclaw_watchdog.core.watched import is_remote
from picoclaw_watchdog.host import serve_config
from picoclaw_watchdog.ports import Funnel, Ran, Silence, Why, World
from picoclaw_watchdog.probes import PROBES
from picoclaw_watchdog.probes import funnel as funnel_probe
from picoclaw_watchdog.probes import webhook as webhook_probe
from picoclaw_watchdog.recoveries import funnel, serving
from picoclaw_watchdog.store import drills
from picoclaw_watchdog.store.files import reason

OLLAMA_UNIT = "ollama.service"
DEAD_OLLAMA = "http://127.0.0.1:9/v1/models"  # the discard port: no program of a user listens there
COMMAND_SEC = 5.0
STOP_SEC = 100.0  # systemd kills after 90 by default
LOOK_SEC = 0.5


class NotPossibleError(Exception):
    """This fault cannot be made here: a reason, and a detail."""


# ---- in a cycle


def during(settings: Settings, world: World, state: State) -> tuple[Settings, State]:
    """The settings and the state for a cycle that has found a drill's record.

    While it goes on, our own look at Ollama may be misled. One whose maker is gone is undone.
    """
    drill, now = state.drill, world.clock.now()
    if drill is None:
        return settings, state
    over = seconds_between(drill.at, now) > drill.limit
    if not over and drills.is_held(settings.state_dir):
        misled = drill.fault is Fault.OLLAMA and not drill.unit
        return (settings._replace(ollama_models_url=DEAD_OLLAMA) if misled else settings), state
    left = undo(settings, world, drill)
    if not left:
        try:
            drills.clear(settings.state_dir)
        except OSError as error:
            left = reason(error)
    level, result = ("ERROR", "NG") if left else ("WARN", "OK")
    detail = f"fault={drill.fault.value} was left behind; {left or 'undone'}"
    world.log.write(level, "drill", result, "undo", detail)
    return settings, state._replace(drill=None)


# ---- before, during and after


def prepare(settings: Settings, world: World, fault: Fault, now: Moment, limit: float) -> Drill:
    """What is to be broken, looked at and not yet touched.

    Raises:
        NotPossibleError: it cannot be broken here so that it can be undone.
    """
    drill = Drill(fault, now, limit)
    if fault is Fault.FUNNEL:
        return drill._replace(entry=_our_entry(settings, world))
    if fault is Fault.OLLAMA:
        return _of_ollama(settings, world, drill)
    facts = world.services.show(settings.gateway_service, settings.local_timeout_sec)
    if isinstance(facts, Silence) or facts.active != "active":
        detail = facts.detail if isinstance(facts, Silence) else facts.active
        raise NotPossibleError("not_running", detail)
    return drill._replace(unit=settings.gateway_service, instance=facts.instance)


def _of_ollama(settings: Settings, world: World, drill: Drill) -> Drill:
    """Stopped for real where it is the user's own unit; else only our own look is misled."""
    if not settings.ollama_models_url:
        raise NotPossibleError("no_ollama")
    if is_remote(settings.ollama_models_url):
        return drill
    facts = world.services.show(OLLAMA_UNIT, settings.local_timeout_sec)
    if isinstance(facts, Silence) or facts.active != "active":
        return drill
    return drill._replace(unit=OLLAMA_UNIT, instance=facts.instance)


def _our_entry(settings: Settings, world: World) -> Entry:
    """The entry that publishes the webhook, if it is alone on its public port."""
    seen = world.tailnet.funnel(settings.external_timeout_sec)
    if isinstance(seen, Silence):
        why = "no_tailscale" if seen.why is Why.MISSING else "tailscale_silent"
        raise NotPossibleError(why, seen.detail)
    entry = funnel_probe.published(seen, settings)
    if entry is None:
        raise NotPossibleError("funnel_off")
    others = serving.sharing(serve_config.parse(seen.raw) or {}, entry)
    if others or not seen.raw:
        raise NotPossibleError("funnel_shared", "; ".join(others))
    return entry


def make(settings: Settings, world: World, drill: Drill) -> str:
    """Break it; empty, or why that did not work. The record is on disk by now."""
    match drill.fault:
        case Fault.GATEWAY:
            return _complaint(world.services.stop(drill.unit, STOP_SEC))
        case Fault.HANG:
            failed = _complaint(world.services.signal(drill.unit, "SIGSTOP", COMMAND_SEC))
            return failed or ("it answers all the same" if is_well(settings, world) else "")
        case Fault.FUNNEL:
            done = funnel.withdraw(settings, world, drill.entry) if drill.entry else None
            if done is None or done.phase is not Phase.DONE:
                return done.detail if done else "no entry is known"
            return "it is published all the same" if is_published(settings, world) else ""
        case Fault.OLLAMA:
            return _complaint(world.services.stop(drill.unit, STOP_SEC)) if drill.unit else ""


def undo(settings: Settings, world: World, drill: Drill) -> str:
    """Put right what the drill has broken and nobody has mended; empty, or what is still wrong.

    It may be asked for twice, and long after: what somebody has changed since is his.
    """
    match drill.fault:
        case Fault.HANG:
            unit = drill.unit or settings.gateway_service
            ran = world.services.signal(unit, "SIGCONT", COMMAND_SEC)
            return "" if ran.ok or not _runs(world, unit) else _complaint(ran)
        case Fault.GATEWAY:
            if is_on(world.store.wishes(world.clock.now()).stopped, world.clock.now()):
                return ""  # meanwhile its owner wants it stopped
            return _start_again(world, drill)
        case Fault.OLLAMA:
            return _start_again(world, drill) if drill.unit else ""
        case Fault.FUNNEL:
            if drill.entry is None:
                return ""
            put_back = funnel.restore(settings, world, drill.entry)
            return "" if put_back.phase is Phase.DONE else put_back.detail or put_back.advice


def _runs(world: World, unit: str) -> bool:
    facts = world.services.show(unit, COMMAND_SEC)
    return isinstance(facts, Silence) or facts.active not in ("inactive", "failed")


def _start_again(world: World, drill: Drill) -> str:
    facts = world.services.show(drill.unit, COMMAND_SEC)
    if isinstance(facts, Silence):
        return facts.detail
    ours = facts.instance in ("", drill.instance)  # after a reboot it has none
    if facts.active not in ("inactive", "failed", "deactivating") or not ours:
        return ""
    return _complaint(world.services.start(drill.unit, COMMAND_SEC * 2))


def _complaint(ran: Ran) -> str:
    return "" if ran.ok else ("it did not end in time" if ran.timed_out else ran.complaint)


def is_mended(settings: Settings, world: World, drill: Drill) -> bool:
    """Whether it is over, as somebody outside of the watchdog sees it."""
    if drill.fault is Fault.FUNNEL:
        return is_published(settings, world) and _is_reachable(settings, world)
    facts = world.services.show(drill.unit, COMMAND_SEC)
    restarted = isinstance(facts, UnitFacts) and facts.instance != drill.instance
    return restarted and is_well(settings, world)


def is_well(settings: Settings, world: World) -> bool:
    """Whether the gateway answers at health and ready, right now."""
    asked = [probe for probe in (Probe.HEALTH, Probe.READY) if PROBES[probe].is_on(settings)]
    looks = (PROBES[probe].look(settings, world, LOOK_SEC) for probe in asked or [Probe.LISTEN])
    return all(_is_good(seen.verdict, seen.sight.value) for seen in looks)


def _is_good(verdict: Verdict, sight: str) -> bool:
    return verdict is Verdict.GOOD or sight == "ready_ollama"


def is_published(settings: Settings, world: World) -> bool:
    """Whether a Funnel leads to the webhook."""
    seen = world.tailnet.funnel(settings.external_timeout_sec)
    return not isinstance(seen, Silence) and bool(funnel_probe.public_url(seen, settings))


def _is_reachable(settings: Settings, world: World) -> bool:
    """Whether the public address answers; True where it is not known."""
    there = world.tailnet.funnel(settings.external_timeout_sec)
    url = settings.webhook_url
    if not url and isinstance(there, Funnel):
        url = funnel_probe.public_url(there, settings)
    seen = webhook_probe.look_public(settings, world, settings.external_timeout_sec, url)
    return seen.verdict is not Verdict.BAD

"""The owner's switches: a pause, his or a planned one, a gateway he stopped, what he knows of.

The commands and the kicks set them through these functions; a cycle asks them before it acts.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from picoclaw_watchdog.core.asked_pause import longer
from picoclaw_watchdog.core.model import Moment, Pause, State, Stop, Wishes
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import is_on
from picoclaw_watchdog.engine.report import shown_switch
from picoclaw_watchdog.host.clock import utc_offset
from picoclaw_watchdog.ports import Store
from picoclaw_watchdog.store.acks import write_acks
from picoclaw_watchdog.store.founding import write_pause, write_stop


def switch_pause(settings: Settings, pause: Pause | None) -> None:
    """Pause at the host, or go on (None): this outranks what requests have set.

    It counts at once, also for a cycle that is running.

    Raises:
        OSError: it is as it was.
    """
    write_pause(settings.state_dir, pause)


def switch_stop(settings: Settings, stop: Stop | None) -> None:
    """Leave the gateway alone while it does not run, or no longer (None).

    Raises:
        OSError: it is as it was.
    """
    write_stop(settings.state_dir, stop)


def acknowledge(settings: Settings, ids: Iterable[str], *, back: bool = False) -> None:
    """The owner knows of these incidents, or takes that back. No cycle can lose it (`acks.py`).

    Raises:
        OSError: it was not written down.
    """
    write_acks(settings.state_dir, ids, back=back)


def wishes_now(settings: Settings, store: Store, now: Moment) -> Wishes:
    """What the owner wants by now, planned windows included."""
    wishes = store.wishes(now)
    paused = longer(wishes.paused, window_at(settings, now))
    stopped = wishes.stopped if is_on(wishes.stopped, now) else None
    return wishes._replace(paused=paused, stopped=stopped)


def in_window(settings: Settings, state: State, now: Moment) -> State:
    """The state, paused where a planned window is on."""
    return state._replace(paused=longer(state.paused, window_at(settings, now)))


def window_at(settings: Settings, now: Moment) -> Pause | None:
    """The planned window that is on."""
    if not settings.pause_windows:
        return None
    from picoclaw_watchdog.settings.windows import on_at, read  # only where somebody has windows

    on = on_at(map(read, settings.pause_windows), now.wall, utc_offset)
    return Pause(on.until, "PAUSE_WINDOWS", on.text, planned=True) if on is not None else None


def overlaid(document: Mapping[str, Any], wishes: Wishes) -> dict[str, Any]:
    """A cycle's snapshot with what the owner has switched since."""
    incidents = [
        {**each, "acked": each["acked"] or each["id"] in wishes.acked}
        for each in document.get("incidents", ())
    ]
    return {
        **document,
        "paused": shown_switch(wishes.paused),
        "stopped": shown_switch(wishes.stopped),
        "incidents": incidents,
    }

"""A week that chance makes: faults, deeds of the owner, outages, kills, by rates of their own.

Everything is drawn from one seed, so the seed is the week. Faults are many more than a host has
in a week, most of them are short, and some last for hours, so that they meet each other.
"""

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import NamedTuple

from picoclaw_watchdog.core.couriers import addresses
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim.couriers import MODES as COURIER_MODES
from picoclaw_watchdog.sim.deeds import Value
from picoclaw_watchdog.sim.line import MODES
from picoclaw_watchdog.sim.story import Event

DAY = 86_400.0
WEEK = 7 * DAY
EVENTS = 14  # in a week, on average
MINUTE, HOUR = 60.0, 3600.0
# A clock that is set forward just before a boot, or while the host is off, cannot be told from
# time that has passed. So a cycle sees every such change before the next boot.
SEEN_WITHIN = 3 * MINUTE
FAR_OLLAMA = "http://100.83.207.6:11434/v1/models"
VERBS = ("restart_gateway", "recover_funnel", "check_ollama", "run_cycle", "status", "ack")

Draw = Callable[[Random], Mapping[str, Value]]


class Kind(NamedTuple):
    """A kind of event: how often in relation to the others, and how long."""

    weight: float
    deed: str
    arguments: Draw = lambda _: {}
    lasts: tuple[float, float] | None = None  # seconds; None: it has no end of its own


def _one(name: str, *values: Value) -> Draw:
    return lambda dice: {name: dice.choice(values)}


def _between(name: str, least: float, most: float) -> Draw:
    return lambda dice: {name: round(_log_uniform(dice, least, most), 3)}


def _edit(dice: Random) -> Mapping[str, Value]:
    edits: tuple[Mapping[str, Value], ...] = (
        {"file": "ollama_fail_count", "text": "2\n"},
        {"file": "health_fail_count", "text": "garbage"},
        {"file": "webhook_fail_count"},
        {"file": "restart_gateway_times.log", "text": "nonsense\n"},
        {"file": "alert_gateway.ts"},
        {"file": "status.json", "text": "{"},
    )
    return dice.choice(edits)


def _killed(dice: Random) -> Mapping[str, Value]:
    kind = dice.choice(("write", "effect"))
    number = dice.randint(1, 25) if kind == "write" else dice.randint(1, 3)
    return {"at": f"{dice.choice(('after', 'before'))} {kind} {number}"}


def _ask(dice: Random) -> Mapping[str, Value]:
    form = dice.choices(("signed", "plain", "wrong", "old"), (8, 2, 1, 1))[0]
    return {"verb": dice.choice(VERBS), "form": form}


def _set_clock(dice: Random) -> Mapping[str, Value]:
    return {"by": round(dice.uniform(-1, 1) * 10 ** dice.uniform(0, 5))}


def _stays(dice: Random) -> Mapping[str, Value]:
    return {"stays": dice.random() < 0.5}  # noqa: PLR2004


SHORT, LONG = (20.0, 20 * MINUTE), (MINUTE, 6 * HOUR)
_MODES = (*MODES, "500", "503", "400", "403", "429")

KINDS: tuple[Kind, ...] = (
    Kind(10, "gateway_crashes"),
    Kind(2, "gateway_ends"),
    Kind(4, "gateway_hung", _stays, LONG),
    Kind(2, "gateway_port_lost", _stays, SHORT),
    Kind(2, "gateway_webhook_dead", _stays, SHORT),
    Kind(2, "gateway_unhealthy", _stays, SHORT),
    Kind(2, "gateway_not_ready", _stays, SHORT),
    Kind(2, "gateway_port_taken", lambda _: {"stays": True}, SHORT),
    Kind(3, "gateway_dies_at_start", _between("after", 0.05, 90.0), LONG),
    Kind(2, "gateway_slow_to_start", _between("takes", 5.0, 240.0), (HOUR, DAY)),
    Kind(2, "gateway_slow_to_stop", _between("takes", 1.0, 90.0), (HOUR, DAY)),
    Kind(1, "gateway_slow", _between("by", 0.5, 10.0), SHORT),
    Kind(1, "unit_masked", lasts=SHORT),
    Kind(1, "unit_removed", lasts=SHORT),
    Kind(2, "stale_pid"),
    Kind(3, "bus_silent", lasts=SHORT),
    Kind(4, "peer_down", lasts=LONG),
    Kind(2, "ollama_hung", lasts=SHORT),
    Kind(1, "ollama_error", lasts=SHORT),
    Kind(1, "ollama_slow", _between("by", 0.5, 10.0), SHORT),
    Kind(4, "funnel_off"),
    Kind(3, "funnel_unreachable", lasts=LONG),
    Kind(2, "funnel_command", _one("is", "nothing", "blocks", "after_reset"), (HOUR, DAY)),
    Kind(1, "tailscale_logged_out", lasts=SHORT),
    Kind(1, "tailscale_stopped", lasts=SHORT),
    Kind(1, "tailscale_not_approved", lasts=SHORT),
    Kind(1, "tailscale_key_expired", lasts=SHORT),
    Kind(1, "tailscale_not_allowed", lasts=SHORT),
    Kind(2, "tailscale_hangs", lasts=SHORT),
    Kind(2, "tailscaled_down", lasts=SHORT),
    Kind(5, "network_down", lasts=LONG),
    Kind(2, "names_unknown", lasts=SHORT),
    Kind(7, "line", _one("is", *_MODES), (MINUTE, 10 * HOUR)),
    Kind(1, "line_token_revoked", lasts=LONG),
    Kind(1, "line_limit", _one("messages", 0, 3, 10), (HOUR, DAY)),
    Kind(3, "disk", _one("is", "full", "readonly", "broken"), LONG),
    Kind(3, "disk_fails", lambda dice: {"write": dice.randint(1, 20)}),
    Kind(3, "reboot", _between("off", 1.0, HOUR)),
    Kind(3, "power_cut", _between("off", 1.0, 8 * HOUR)),
    Kind(3, "suspend", _between("lasts", MINUTE, 8 * HOUR)),
    Kind(3, "clock_set", _set_clock),
    Kind(9, "watchdog_killed", _killed),
    Kind(1, "settings_broken", lasts=SHORT),
    Kind(2, "owner_stops_gateway"),
    Kind(2, "owner_restarts_gateway"),
    Kind(1, "owner_runs_it_by_hand", lasts=SHORT),
    Kind(2, "owner_pauses", _between("lasts", MINUTE, 3 * HOUR), LONG),
    Kind(1, "owner_resumes"),
    Kind(3, "owner_edits", _edit),
    Kind(1, "owner_removes_state"),
    Kind(9, "kick", _ask),
)
_WEIGHTS = tuple(kind.weight for kind in KINDS)
SOME_COURIERS = (
    ("warning>json://one.example/",),
    ("warning>json://one.example/", "critical>xml://two.example/"),
)
COURIER_FAULTS = 3  # in a week, on average
_FORWARD, _DOWN = ("clock_set",), ("reboot", "power_cut")


class Week(NamedTuple):
    """A week: the host that it happens to, and what happens."""

    seed: int
    settings: Settings
    events: tuple[Event, ...]
    lasts: float = WEEK


def draw(seed: int, settings: Settings, lasts: float = WEEK) -> Week:
    """The week of a seed; `lasts` seconds of it."""
    dice = Random(seed)
    if dice.random() < 0.5:  # noqa: PLR2004  # a coin
        settings = settings._replace(ollama_models_url=FAR_OLLAMA)
    number = _poisson(dice, EVENTS * lasts / WEEK)
    times = sorted(round(dice.uniform(MINUTE, lasts), 3) for _ in range(number))
    events = [*_host(dice), *(_event(dice, time) for time in times)]
    events = _with_doubt(Random(f"doubt {seed}"), events)
    # Draws of their own: a week without couriers is what it was before there were any.
    settings, faults = _couriers(Random(f"couriers {seed}"), settings, lasts)
    events = sorted([*events, *faults], key=lambda event: event.time)
    return Week(seed, settings, tuple(_kept(events)), lasts)


def _host(dice: Random) -> list[Event]:
    """What kind of host it is."""
    version = dice.choices(("fork", "stock", "shared"), (6, 2, 2))[0]
    found = [Event(0.0, "gateway_version", {"is": version}, None)]
    if dice.random() < 0.3:  # noqa: PLR2004
        pause = dice.choice((0.1, 5.0))
        found.append(Event(0.0, "gateway_restarts_itself", {"after": pause}, None))
    if dice.random() < 0.2:  # noqa: PLR2004
        found.append(Event(0.0, "gateway_notifies", {}, None))
    return found


def _event(dice: Random, time: float) -> Event:
    kind = dice.choices(KINDS, _WEIGHTS)[0]
    lasts = None if kind.lasts is None else round(_log_uniform(dice, *kind.lasts), 3)
    return Event(time, kind.deed, kind.arguments(dice), lasts)


def _couriers(dice: Random, settings: Settings, lasts: float) -> tuple[Settings, list[Event]]:
    """Some hosts tell their owner by other channels as well, and these have their own faults."""
    settings = settings._replace(apprise_urls=())
    if dice.random() < 0.6:  # noqa: PLR2004
        return settings, []
    settings = settings._replace(apprise_urls=dice.choice(SOME_COURIERS))
    names = [each.name for each in addresses(settings)]
    faults = []
    for _ in range(_poisson(dice, COURIER_FAULTS * lasts / WEEK)):
        how = {"is": dice.choice(COURIER_MODES[1:]), "name": dice.choice(names)}
        time = round(dice.uniform(MINUTE, lasts), 3)
        faults.append(Event(time, "courier", how, round(_log_uniform(dice, MINUTE, DAY), 3)))
    return settings, faults


def _with_doubt(dice: Random, events: list[Event]) -> list[Event]:
    """LINE's errors: of some it has accepted the message all the same."""
    return [
        each._replace(arguments={"is": "accept_error"})
        if each.arguments.get("is") in ("500", "503") and dice.random() < 0.5  # noqa: PLR2004
        else each
        for each in events
    ]


def _kept(events: list[Event]) -> list[Event]:
    """Without boots that come before a cycle can have seen that the clock was set forward."""
    kept: list[Event] = []
    set_at = -math.inf
    for event in events:
        if event.deed in _FORWARD:
            set_at = event.time
        if event.deed not in _DOWN or event.time - set_at > SEEN_WITHIN:
            kept.append(event)
    return kept


def _log_uniform(dice: Random, least: float, most: float) -> float:
    return math.exp(dice.uniform(math.log(least), math.log(most)))


def _poisson(dice: Random, mean: float) -> int:
    number, left = 0, dice.expovariate(1.0)
    while left < mean:
        number += 1
        left += dice.expovariate(1.0)
    return number

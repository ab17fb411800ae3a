"""Look at everything at the same time. Which looks are due, and how each is taken."""

from collections.abc import Callable, Collection

from picoclaw_watchdog.core.foreign import said
from picoclaw_watchdog.core.model import (
    Look,
    Moment,
    Observation,
    State,
    seconds_between,
)
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.core.outcome import outranked
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Funnel, World
from picoclaw_watchdog.probes import PROBES, Plain, fit
from picoclaw_watchdog.probes import funnel as funnel_probe
from picoclaw_watchdog.probes import node as node_probe
from picoclaw_watchdog.probes import unit as unit_probe
from picoclaw_watchdog.probes import webhook as webhook_probe
from picoclaw_watchdog.probes.listen import on_shared_port

# How rarely a look is taken that costs somebody something, in seconds.
RARELY = {Probe.LINE_TEST: 600.0, Probe.PUBLIC_DNS: 600.0, Probe.GENERATION: 600.0}
# What a deadline may be overrun by before a look is given up.
OVERRUN = 0.5

# Looks along the way to the public address: the first one says where that is.
THE_WAY = (Probe.FUNNEL, Probe.WEBHOOK_PUBLIC, Probe.PUBLIC_DNS)

# Looks that are taken only in doubt.
IN_DOUBT = (Probe.NODE, Probe.ROUTE, Probe.HOST)

PID_FILE = ".picoclaw.pid"


class Observer:
    """Takes the looks of one cycle."""

    def __init__(self, settings: Settings, world: World, known_url: str = "") -> None:
        """`known_url`: where the public webhook was seen, for when Tailscale cannot say."""
        self._settings = settings
        self._known_url = known_url
        self._world = world
        self._funnel: Funnel | None = None
        self._secrets = secrets_of(settings)

    def look(self, wanted: Collection[Probe]) -> Look:
        """Look at all that is wanted, at once; every probe gets its verdict in time."""
        settings = self._settings
        plain = [
            probe
            for probe in wanted
            if probe in PROBES and probe not in THE_WAY and PROBES[probe].is_on(settings)
        ]
        jobs: list[tuple[tuple[Probe, ...], Callable[[], Look]]] = [
            ((probe,), self._plain(PROBES[probe])) for probe in plain
        ]
        if Probe.UNIT in wanted:
            jobs.append(((Probe.UNIT,), self._unit))
        way = tuple(probe for probe in THE_WAY if probe in wanted)
        if settings.webhook_url or Probe.FUNNEL not in way:
            jobs.extend(((probe,), self._way((probe,))) for probe in way)
        elif way:
            jobs.append((way, self._way(way)))  # the address is what Tailscale says
        if Probe.NODE in wanted:
            jobs.append(((Probe.NODE,), self._node))
        look = self._together(jobs)
        if self._follow(look):
            again = self._together([((probe,), self._plain(PROBES[probe])) for probe in plain])
            look = outranked(look.updated(again)._replace(looks=look.looks))
        return self._with_stranger(look) if Probe.UNIT in wanted else look

    def _follow(self, look: Look) -> bool:
        """Whether the unit's environment puts the gateway elsewhere than we have looked."""
        unit = look.unit
        if unit is None or not unit.environment:
            return False
        said = dict(word.partition("=")[::2] for word in unit.environment)
        before, self._settings = self._settings, self._world.follow(self._settings, said)
        return before.health_url != self._settings.health_url

    @property
    def settings(self) -> Settings:
        """The settings, with what the gateway's own unit says of where it is."""
        return self._settings

    @property
    def funnel(self) -> Funnel | None:
        """What Tailscale said last in this cycle."""
        return self._funnel

    def _together(self, jobs: list[tuple[tuple[Probe, ...], Callable[[], Look]]]) -> Look:
        longest = max(self._settings.local_timeout_sec, self._settings.external_timeout_sec)
        calls = [self._guarded(probes, call) for probes, call in jobs]
        answers = self._world.host.together(calls, longest + OVERRUN)
        look = Look(())
        for (probes, _), answer in zip(jobs, answers, strict=True):
            look = look.updated(answer or self._unseen(probes))
        look = outranked(on_shared_port(self._settings, look))
        counted = tuple((seen.probe, 1) for seen in look.seen)
        return look._replace(looks=counted)

    def _unseen(self, probes: tuple[Probe, ...]) -> Look:
        """Why a look has not come to its end: this host may give us no more threads."""
        shortage = self._world.host.means().shortage
        if not shortage:
            return _broken(probes, "no verdict within its deadline")
        sight, detail = Sight.OUT_OF_PROCESSES, ", ".join(shortage)
        return Look(tuple(Observation(p, Verdict.UNKNOWN, sight, detail) for p in probes))

    def _guarded(self, probes: tuple[Probe, ...], call: Callable[[], Look]) -> Callable[[], Look]:
        def guarded() -> Look:
            began = self._world.clock.now()
            try:
                look = call()
            except Exception as error:  # noqa: BLE001  # our own bug must not blind the others
                return _broken(probes, said(f"{type(error).__name__}: {error}", self._secrets))
            took = seconds_between(began, self._world.clock.now())
            seen = tuple(self._without_secrets(each._replace(took=took)) for each in look.seen)
            return look._replace(seen=seen)

        return guarded

    def _without_secrets(self, seen: Observation) -> Observation:
        """The last door before the core: what is good says little, and is not worth a pattern."""
        if seen.verdict is Verdict.GOOD or not seen.detail:
            return seen
        return fit(seen, self._secrets)

    def _plain(self, kind: Plain) -> Callable[[], Look]:
        deadline = (
            self._settings.external_timeout_sec if kind.is_far else self._settings.local_timeout_sec
        )
        return lambda: Look((kind.look(self._settings, self._world, deadline),))

    def _unit(self) -> Look:
        deadline = self._settings.local_timeout_sec
        observation, facts = unit_probe.look(self._settings, self._world, deadline)
        stale = None
        if observation.verdict is Verdict.BAD:
            stale = self._world.host.stale_pid(f"{self._settings.pico_home}/{PID_FILE}")
        return Look((observation._replace(unit=facts, stale_pid=stale),))

    def _with_stranger(self, look: Look) -> Look:
        """Whose the port is that answers wrongly, or in the gateway's absence: asked when it is."""
        settings, unit = self._settings, look.unit
        listens = look.of(Probe.LISTEN)
        if unit is None or listens is None or listens.verdict is Verdict.UNKNOWN:
            return look
        if look.is_bad(Probe.UNIT) or look.is_bad(Probe.HEALTH):
            port = settings.gateway_port
        elif look.is_bad(Probe.WEBHOOK_LOCAL):
            port = settings.line_webhook_port
        else:
            return look
        if str(port) in listens.detail.split(", "):  # closed
            return look
        holder = self._world.host.stranger(port, settings.gateway_service, unit.main_pid)
        if holder is None:
            return look
        whose = f"{holder.program} (pid {holder.pid})"
        detail = f"port {port} is held by {whose}" + (f" of {holder.unit}" if holder.unit else "")
        taken = listens._replace(verdict=Verdict.BAD, sight=Sight.PORT_TAKEN, detail=detail)
        seen = tuple(taken if each is listens else each for each in look.seen)
        return look._replace(seen=seen)

    def _way(self, probes: tuple[Probe, ...]) -> Callable[[], Look]:
        """Tailscale's word first, then what can be asked only with it, in one deadline."""

        def look() -> Look:
            began = self._world.clock.now()
            return Look(tuple(self._along(probe, began) for probe in probes))

        return look

    def _along(self, probe: Probe, began: Moment) -> Observation:
        spent = seconds_between(began, self._world.clock.now())
        deadline = max(0.1, self._settings.external_timeout_sec - spent)
        if probe is Probe.FUNNEL:
            observation, self._funnel = funnel_probe.look(self._settings, self._world, deadline)
            return observation
        if probe is Probe.WEBHOOK_PUBLIC:
            return webhook_probe.look_public(self._settings, self._world, deadline, self._url())
        from picoclaw_watchdog.probes import public_dns

        return public_dns.look(self._settings, self._world, deadline, self._url())

    def _url(self) -> str:
        if self._settings.webhook_url:
            return self._settings.webhook_url
        if self._funnel is None:
            return self._known_url
        return funnel_probe.public_url(self._funnel, self._settings)

    def _node(self) -> Look:
        deadline = self._settings.external_timeout_sec
        return Look((node_probe.look(self._settings, self._world, deadline, self._funnel),))


def due_looks(settings: Settings, state: State, now: Moment) -> tuple[Probe, ...]:
    """The looks of a fresh cycle: the regular ones, and the rare ones whose time has come."""
    regular: list[Probe] = [
        probe for probe in Probe if probe not in IN_DOUBT and probe not in RARELY
    ]
    taken = dict(state.rare_looks)
    for probe, pause in RARELY.items():
        last = taken.get(probe.value)
        if PROBES[probe].is_on(settings) and (last is None or seconds_between(last, now) >= pause):
            regular.append(probe)
    return tuple(regular)


def _broken(probes: tuple[Probe, ...], why: str) -> Look:
    return Look(
        tuple(Observation(probe, Verdict.UNKNOWN, Sight.PROBE_BROKEN, why) for probe in probes)
    )

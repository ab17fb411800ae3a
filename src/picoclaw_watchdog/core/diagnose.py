"""What is wrong, and what only follows from it.

The targets are asked in the order of dependence (`watched`); an ill that something explains on
which its target depends is no finding of its own.
"""

from collections.abc import Mapping

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.baseline import start_patience
from picoclaw_watchdog.core.ills import rule_of
from picoclaw_watchdog.core.model import (
    Finding,
    Look,
    Moment,
    Observation,
    State,
    seconds_awake_between,
)
from picoclaw_watchdog.core.reasons import Ill, Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import leaves_alone, stop_is_over
from picoclaw_watchdog.core.targets import Kind, Target
from picoclaw_watchdog.core.watched import Watched, target_of, watched, without_verdict

Found = Mapping[Target, Finding]

_UNIT = {
    Sight.UNIT_MASKED: Ill.SERVICE_MASKED,
    Sight.UNIT_NOT_FOUND: Ill.SERVICE_NOT_FOUND,
    Sight.UNIT_CANNOT_START: Ill.SERVICE_CANNOT_START,
    Sight.UNIT_START_LIMIT: Ill.SERVICE_START_LIMIT,
    Sight.UNIT_FAILED: Ill.SERVICE_DOWN,
    Sight.UNIT_INACTIVE: Ill.SERVICE_DOWN,
    Sight.UNIT_CHANGING: Ill.SERVICE_STARTING,
    Sight.UNIT_AUTO_RESTART: Ill.SERVICE_STARTING,
}
_TAILNET = {
    Sight.LOGGED_OUT: Ill.TAILSCALE_LOGGED_OUT,
    Sight.KEY_EXPIRED: Ill.TAILSCALE_KEY_EXPIRED,
    Sight.NOT_APPROVED: Ill.TAILSCALE_NOT_APPROVED,
    Sight.TAILSCALE_STOPPED: Ill.TAILSCALE_STOPPED,
    Sight.TAILSCALED_DOWN: Ill.TAILSCALE_DOWN,
}
_HOST = {
    Sight.CLOCK_WRONG: Ill.HOST_CLOCK_WRONG,
    Sight.NO_CERTIFICATES: Ill.HOST_NO_CERTIFICATES,
    Sight.NO_RESOLVER: Ill.HOST_NO_RESOLVER,
    Sight.PROXY_NEEDED: Ill.HOST_PROXY_NEEDED,
    Sight.OUT_OF_PROCESSES: Ill.HOST_OUT_OF_PROCESSES,
}
# Any look that meets it has proved it: the call failed, and the store or the limit itself says why.
_OF_ITSELF = (Sight.NO_CERTIFICATES, Sight.OUT_OF_PROCESSES)
_PEER = {
    Sight.NEEDS_KEY: Ill.PEER_NEEDS_KEY,
    Sight.MOVED: Ill.PEER_MOVED,
    Sight.NOT_FOUND: Ill.PEER_NOT_FOUND,
    Sight.TOO_MANY: Ill.PEER_TOO_MANY,
    Sight.LOADING: Ill.PEER_LOADING,
    Sight.SAYS_ERROR: Ill.PEER_SAYS_ERROR,
    Sight.ANOTHER_PROGRAM: Ill.PEER_ANOTHER_PROGRAM,
    Sight.NOT_HTTP: Ill.PEER_ANOTHER_PROGRAM,
    Sight.NAME_UNKNOWN: Ill.PEER_NOT_REACHED,
    Sight.TLS_FAILED: Ill.PEER_NOT_REACHED,
    Sight.CERTIFICATE_REFUSED: Ill.PEER_NOT_REACHED,
    Sight.NO_CERTIFICATES: Ill.PEER_NOT_REACHED,
}
# Answers, but none that the thing we look for gives: configuration, whoever made it.
_OTHERWISE = frozenset(
    {
        *(Sight.NEEDS_KEY, Sight.MOVED, Sight.NOT_FOUND, Sight.TOO_MANY),
        *(Sight.SAYS_ERROR, Sight.ANOTHER_PROGRAM),
    }
)
_STILL_STARTING = frozenset({Sight.LOADING, Sight.READY_STARTING})
# What no start explains.
_NO_START = (Ill.SERVICE_STALE_PID, Ill.SERVICE_ADDRESS_DIFFERS, Ill.SERVICE_PORT_TAKEN)
_HUNG = (Sight.NO_ANSWER, Sight.NOT_HTTP)
_DOWN = (Ill.SERVICE_DOWN, Ill.SERVICE_START_LIMIT, Ill.SERVICE_CANNOT_START)
_STARTS = (Ill.SERVICE_STARTING, Ill.SERVICE_START_OVERDUE, Ill.SERVICE_CRASH_LOOP)


def diagnose(settings: Settings, state: State, look: Look, now: Moment) -> tuple[Finding, ...]:
    """Name the root causes of what was seen, each with the probes that merely follow."""
    every = watched(settings)
    found: dict[Target, Finding] = {}
    for each in every:
        ill = _ill(settings, state, look, each, found, now)
        if ill is not None and not _is_explained(ill, each, found):
            found[each.target] = Finding(each.target, ill)
    found = {
        target: _with_evidence(finding, every, found, look) for target, finding in found.items()
    }
    gateway = found.get(targets.GATEWAY)
    if gateway is not None and gateway.cause is Ill.SERVICE_ADDRESS_DIFFERS:
        own = f"{settings.own_address} ({settings.own_source})"
        found[targets.GATEWAY] = gateway._replace(detail=own)
    blind = _blind(settings, state, look, every, found)
    return (*found.values(), *((blind,) if blind is not None else ()))


def is_ill(look: Look) -> bool:
    """Whether the gateway itself fails health or ready."""
    health = look.is_bad(Probe.HEALTH) and look.sight(Probe.HEALTH) is not Sight.READY_OLLAMA
    return health or (look.is_bad(Probe.READY) and not ready_blames_ollama(look))


def ready_blames_ollama(look: Look) -> bool:
    """Whether the gateway is well but reports Ollama as ill, by ready or by health."""
    if look.sight(Probe.HEALTH) is Sight.READY_OLLAMA:
        return True
    return look.sight(Probe.READY) is Sight.READY_OLLAMA and not look.is_bad(Probe.HEALTH)


def is_starting(settings: Settings, state: State, look: Look) -> bool:
    """Whether the gateway runs, but for less time than its starts take.

    Whose health was seen good since it started has started: only the owner's grace counts then.
    """
    unit, baseline = look.unit, state.baseline(targets.GATEWAY)
    if unit is None or unit.active != "active" or unit.started_ago is None:
        return False
    was_well = baseline is not None and baseline.instance == unit.instance
    if was_well and look.is_bad(Probe.HEALTH):
        return unit.started_ago < settings.startup_grace_sec
    return unit.started_ago < start_patience(settings, baseline)


def _ill(
    settings: Settings, state: State, look: Look, each: Watched, found: Found, now: Moment
) -> Ill | None:
    match each.target.kind:
        case Kind.MANAGER:
            silent = look.sight(Probe.UNIT) is Sight.BUS_SILENT
            return Ill.BUS_SILENT if silent else None
        case Kind.HOST:
            return _host(look)
        case Kind.NETWORK:
            return _network(look)
        case Kind.SERVICE:
            return _service(settings, state, look, now)
        case Kind.EXPOSURE:
            return _exposure(state, look, found)
        case Kind.PEER:
            return _peer(look)
        case Kind.AGENT:
            return None  # found by what is missing: `_blind`


def _is_explained(ill: Ill, each: Watched, found: Found) -> bool:
    kinds = rule_of(ill).explained_by
    return any(need in found and need.kind in kinds for need in each.needs)


def _with_evidence(
    finding: Finding, every: tuple[Watched, ...], found: Found, look: Look
) -> Finding:
    """The finding with what shows it: its own bad looks, and those of what depends on it."""
    behind = {finding.target} | {
        each.target for each in every if finding.target in each.needs and each.target not in found
    }
    if finding.target == targets.SYSTEMD:
        behind.add(targets.GATEWAY)
    bad = [s for s in look.seen if s.verdict is Verdict.BAD and target_of(s) in behind]
    shown = _shown(finding, every, bad, look)
    return finding._replace(
        followers=tuple(seen.probe for seen in bad),
        detail=shown.detail if shown is not None else "",
        asked=shown.asked if shown is not None else "",
        instance=look.unit.instance if look.unit is not None else "",
    )


def _shown(
    finding: Finding, every: tuple[Watched, ...], bad: list[Observation], look: Look
) -> Observation | None:
    """The look that shows it best: of the unit, the culprit, what decides, what has an address."""
    if finding.cause is Ill.BUS_SILENT:
        return look.of(Probe.UNIT)
    taken = [seen for seen in bad if seen.sight is Sight.PORT_TAKEN]
    unit = [seen for seen in bad if seen.probe is Probe.UNIT and finding.cause in _UNIT.values()]
    decisive = {probe for each in every if each.target == finding.target for probe in each.decisive}
    first = [seen for seen in bad if seen.probe in decisive]
    own = [seen for seen in bad if target_of(seen) == finding.target]
    own.sort(key=lambda seen: not seen.asked)
    ordered = (*unit, *taken, *first, *own, *bad)
    return next((seen for seen in ordered if seen.detail), next(iter(ordered), None))


def _blind(
    settings: Settings, state: State, look: Look, every: tuple[Watched, ...], found: Found
) -> Finding | None:
    """What nobody could look at, two cycles in a row: our own blindness is not health."""
    before = dict(state.unseen)
    dark = [
        each
        for each in every
        if each.target in without_verdict(settings, state, look)
        and each.target not in found
        and not any(need in found for need in each.needs)
        and before.get(each.target.name, 0) > 0
    ]
    if not dark:
        return None
    seen = [one for each in dark for p in each.decisive if (one := look.of(p)) is not None]
    return Finding(
        *(targets.WATCHDOG, Ill.WATCHDOG_BLIND),
        followers=tuple(one.probe for one in seen),
        detail="; ".join(dict.fromkeys(one.detail for one in seen if one.detail)),
        asked=", ".join(each.target.name for each in dark),
    )


def _host(look: Look) -> Ill | None:
    sights = [look.sight(Probe.HOST)] if look.is_bad(Probe.HOST) else []
    sights += [seen.sight for seen in look.seen if seen.sight in _OF_ITSELF]
    return next((_HOST[sight] for sight in sights if sight in _HOST), None)


def _network(look: Look) -> Ill | None:
    """The way out. With the outside in reach or the node online it is not down."""
    if look.is_good(Probe.WEBHOOK_PUBLIC) and not look.is_bad(Probe.OLLAMA):
        return None
    for probe in (Probe.NODE, Probe.FUNNEL):
        sight = look.sight(probe)
        if sight in _TAILNET and not (look.is_bad(Probe.ROUTE) and sight is Sight.TAILSCALED_DOWN):
            return _TAILNET[sight]
    if look.is_bad(Probe.ROUTE) and not look.is_good(Probe.NODE):
        return Ill.NETWORK_DOWN
    return None


def _service(settings: Settings, state: State, look: Look, now: Moment) -> Ill | None:
    ill = _of_unit(look) or _of_answers(settings, look)
    if ill is None:
        return None
    own = ill not in _UNIT.values() and ill not in _NO_START
    if own and is_starting(settings, state, look):
        ill = Ill.SERVICE_STARTING
    stop = state.stopped
    if stop is not None:
        ended = ill is Ill.SERVICE_DOWN and not stop_is_over(stop, look.unit, now)
        if ended or leaves_alone(stop, look.unit, now):
            return Ill.SERVICE_STOPPED
    return _overdue(settings, state, look, now) if ill is Ill.SERVICE_STARTING else ill


def _overdue(settings: Settings, state: State, look: Look, now: Moment) -> Ill:
    """A start that never comes to an end is no start.

    Only one that was nothing else before, by the time in which the host could start it. That
    it crashes takes a second witness: systemd itself says that it starts it again and again.
    """
    incident = state.incident(targets.GATEWAY)
    if incident is None or incident.cause not in _STARTS or look.is_good(Probe.HEALTH):
        return Ill.SERVICE_STARTING
    patience = start_patience(settings, state.baseline(targets.GATEWAY))
    again = look.sight(Probe.UNIT) is Sight.UNIT_AUTO_RESTART
    if again:
        patience = float(settings.startup_grace_sec)
    elif look.unit is not None and look.unit.restarts > 1:
        again = True
    if seconds_awake_between(incident.opened, now) <= patience + settings.restart_verify_sec:
        return Ill.SERVICE_STARTING
    return Ill.SERVICE_CRASH_LOOP if again else Ill.SERVICE_START_OVERDUE


def _of_unit(look: Look) -> Ill | None:
    unit = look.of(Probe.UNIT)
    if unit is None or unit.verdict is Verdict.GOOD:
        return None
    if unit.sight is Sight.UNIT_OF_THE_SYSTEM:
        return None if look.is_good(Probe.HEALTH) else Ill.SERVICE_OF_THE_SYSTEM
    ill = _UNIT.get(unit.sight)
    if ill is None or ill in (Ill.SERVICE_MASKED, Ill.SERVICE_NOT_FOUND):
        return ill
    if unit.stale_pid is not None and unit.sight is not Sight.UNIT_CHANGING:
        return Ill.SERVICE_STALE_PID
    if ill in _DOWN and look.is_good(Probe.HEALTH):
        return Ill.SERVICE_ELSEWHERE  # our own start would only fight for the port
    down = (Ill.SERVICE_DOWN, Ill.SERVICE_START_LIMIT)
    if ill in down and look.sight(Probe.LISTEN) is Sight.PORT_TAKEN:
        return Ill.SERVICE_PORT_TAKEN
    return ill


def _of_answers(settings: Settings, look: Look) -> Ill | None:
    of_the_system = look.sight(Probe.UNIT) is Sight.UNIT_OF_THE_SYSTEM
    ill = is_ill(look)
    fails = ill or look.is_bad(Probe.WEBHOOK_LOCAL)
    if fails and look.sight(Probe.LISTEN) is Sight.PORT_TAKEN:
        return Ill.SERVICE_PORT_TAKEN
    if ill and of_the_system:
        return Ill.SERVICE_OF_THE_SYSTEM
    if ill:
        return _of_health(settings, look)
    if look.is_bad(Probe.WEBHOOK_LOCAL):
        return Ill.WEBHOOK_DEAD
    if look.of(Probe.HEALTH) is None and look.is_bad(Probe.LISTEN):
        return Ill.SERVICE_PORT_LOST  # health is switched off: the ports are all there is
    if look.is_bad(Probe.SIGNATURE):
        refused = look.sight(Probe.SIGNATURE) is Sight.SIGNATURE_REFUSED
        return Ill.WEBHOOK_SIGNATURE_REFUSED if refused else Ill.WEBHOOK_DEAD
    return None


def _of_health(settings: Settings, look: Look) -> Ill:
    sights = {look.sight(probe) for probe in (Probe.HEALTH, Probe.READY) if look.is_bad(probe)}
    if look.is_bad(Probe.HEALTH) and _differs(settings):
        return Ill.SERVICE_ADDRESS_DIFFERS
    if sights & _STILL_STARTING:
        return Ill.SERVICE_STARTING
    if any(sight in _HUNG for sight in sights):
        return Ill.SERVICE_HUNG
    if Sight.REFUSED in sights:
        return Ill.SERVICE_PORT_LOST
    if sights <= _OTHERWISE:
        return Ill.SERVICE_ANSWERS_OTHERWISE
    return Ill.SERVICE_UNHEALTHY


def _differs(settings: Settings) -> bool:
    """Whether the owner has set us to another address than PicoClaw's own settings name."""
    asked, own = settings.health_url, settings.own_address
    return settings.address_set and bool(own) and not f"{asked}/".startswith(f"{own}/")


def _exposure(state: State, look: Look, found: Found) -> Ill | None:
    line_is_off = look.sight(Probe.LINE_TEST) is Sight.WEBHOOK_SWITCHED_OFF
    public = look.of(Probe.WEBHOOK_PUBLIC)
    well = public is not None and public.verdict is Verdict.GOOD
    # Who loses the permission keeps the configuration: the Funnel is on, nothing comes of it.
    not_allowed = look.sight(Probe.NODE) is Sight.NOT_ALLOWED
    if look.is_bad(Probe.FUNNEL) and not _is_intact(state, look):
        return Ill.FUNNEL_NOT_ALLOWED if not_allowed else Ill.FUNNEL_OFF
    if targets.GATEWAY in found and not look.is_good(Probe.WEBHOOK_LOCAL) and not well:
        return None  # through a dead gateway nobody sees the way to it
    if line_is_off:
        return Ill.LINE_WEBHOOK_OFF
    if public is not None and look.is_bad(Probe.WEBHOOK_PUBLIC):
        return Ill.FUNNEL_NOT_ALLOWED if not_allowed else _of_outside(state, look, public)
    if look.is_bad(Probe.PUBLIC_DNS):
        unknown = look.sight(Probe.PUBLIC_DNS) is Sight.NAME_UNKNOWN
        return Ill.PUBLIC_NAME_UNKNOWN if unknown else Ill.FUNNEL_UNREACHABLE
    return Ill.FUNNEL_UNREACHABLE if look.is_bad(Probe.LINE_TEST) else None


def _is_intact(state: State, look: Look) -> bool:
    """Whether what was seen publishing the webhook is still there, wherever it leads."""
    baseline, funnel = state.baseline(targets.FUNNEL), look.of(Probe.FUNNEL)
    entry = funnel.entry if funnel is not None else None
    return baseline is not None and entry is not None and entry == baseline.entry


def _of_outside(state: State, look: Look, public: Observation) -> Ill | None:
    if public.sight is Sight.NAME_UNKNOWN:
        return Ill.PUBLIC_NAME_UNKNOWN
    if public.sight is Sight.CERTIFICATE_REFUSED:
        return Ill.PUBLIC_CERTIFICATE
    if public.sight is Sight.NO_CERTIFICATES:
        return None  # this host cannot tell
    between = look.is_bad(Probe.FUNNEL) or look.of(Probe.FUNNEL) is None
    answered = public.sight in _OTHERWISE or public.sight is Sight.LOADING
    if answered or (between and _is_intact(state, look)):
        return Ill.PUBLIC_ANSWERS_OTHERWISE
    return Ill.FUNNEL_UNREACHABLE


def _peer(look: Look) -> Ill | None:
    if look.is_bad(Probe.OLLAMA):
        sight = look.sight(Probe.OLLAMA)
        return _PEER.get(sight, Ill.PEER_DOWN) if sight is not None else Ill.PEER_DOWN
    if ready_blames_ollama(look):
        return Ill.PEER_NOT_READY if look.is_good(Probe.OLLAMA) else Ill.PEER_DOWN
    if look.is_bad(Probe.MODELS):
        return Ill.PEER_MODELS_MISSING
    return Ill.PEER_STUCK if look.is_bad(Probe.GENERATION) else None

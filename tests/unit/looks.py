"""Looks and moments for the tests of the core."""

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import (
    Baseline,
    Entry,
    Look,
    Moment,
    Observation,
    PidFile,
    State,
    UnitFacts,
)
from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings

SETTINGS = Settings(language="en")
START = 1_700_000_000.0
UP = 100_000.0  # the host has been up for a day

REGULAR = (
    Probe.UNIT,
    Probe.LISTEN,
    Probe.HEALTH,
    Probe.READY,
    Probe.WEBHOOK_LOCAL,
    Probe.FUNNEL,
    Probe.WEBHOOK_PUBLIC,
    Probe.OLLAMA,
)
RUNNING = UnitFacts("loaded", "active", "running", "success", "i-1", 100, 5_000.0)
FAILED = UnitFacts("loaded", "failed", "failed", "signal", "i-1", 0, None)
UNIT_DOWN = {
    Probe.UNIT: Sight.UNIT_FAILED,
    Probe.LISTEN: Sight.PORT_CLOSED,
    Probe.HEALTH: Sight.REFUSED,
    Probe.READY: Sight.REFUSED,
    Probe.WEBHOOK_LOCAL: Sight.REFUSED,
    Probe.WEBHOOK_PUBLIC: Sight.WRONG_STATUS,
}
HUNG = {
    Probe.HEALTH: Sight.NO_ANSWER,
    Probe.READY: Sight.NO_ANSWER,
    Probe.WEBHOOK_LOCAL: Sight.NO_ANSWER,
    Probe.WEBHOOK_PUBLIC: Sight.NO_ANSWER,
}
ENTRY = Entry("box.tail.ts.net", 443, "/", "http://127.0.0.1:18791")
ASKED = {
    Probe.HEALTH: SETTINGS.health_url,
    Probe.WEBHOOK_LOCAL: "http://127.0.0.1:18791/webhook/line",
    Probe.WEBHOOK_PUBLIC: "https://box.tail.ts.net/webhook/line",
    Probe.OLLAMA: SETTINGS.ollama_models_url,
}
# What a first good look leaves: a host that has been watched for a while, starts quickly.
KNOWN = (
    Baseline(
        *(targets.GATEWAY, START - 3600.0),
        address=SETTINGS.health_url,
        unit=SETTINGS.gateway_service,
        port=18791,
        starts=(0.5,),
    ),
    Baseline(targets.FUNNEL, START - 3600.0, ASKED[Probe.WEBHOOK_PUBLIC], entry=ENTRY),
    Baseline(targets.OLLAMA, START - 3600.0, SETTINGS.ollama_models_url),
)
WATCHED = State(baselines=KNOWN)
UNKNOWN = (
    Sight.BUS_SILENT,
    Sight.TAILSCALE_MISSING,
    Sight.TAILSCALE_SILENT,
    Sight.NO_ADDRESS,
    Sight.NODE_OFFLINE,
    Sight.TAILSCALE_DENIED,
    Sight.UNIT_WAITS_FOR_READY,
    Sight.NOT_DUE,
    Sight.PROBE_BROKEN,
)
GOOD = (Sight.AS_EXPECTED, Sight.READY_STOCK, Sight.SHARED_PORT)


def at(seconds: float, *, up: float = UP, boot_id: str = "boot-1") -> Moment:
    """A moment so many seconds after the start of the test's time."""
    return Moment(START + seconds, up + seconds, up + seconds, boot_id)


def verdict_of(sight: Sight) -> Verdict:
    if sight in GOOD:
        return Verdict.GOOD
    return Verdict.UNKNOWN if sight in UNKNOWN else Verdict.BAD


def look(
    faults: dict[Probe, Sight] | None = None,
    *,
    unit: UnitFacts | None = RUNNING,
    times: int = 2,
    without: tuple[Probe, ...] = (),
) -> Look:
    """Everything good but for the faults; each probe looked at `times` times."""
    sights = {probe: Sight.AS_EXPECTED for probe in REGULAR if probe not in without}
    sights.update(faults or {})
    seen = tuple(
        Observation(
            *(probe, verdict_of(sight), sight),
            asked=ASKED.get(probe, ""),
            unit=unit if probe is Probe.UNIT else None,
            entry=ENTRY if probe is Probe.FUNNEL and sight is Sight.AS_EXPECTED else None,
        )
        for probe, sight in sights.items()
    )
    return Look(seen, looks=tuple((probe, times) for probe in sights))


def with_stale_pid(seen: Look, pid_file: PidFile) -> Look:
    """The look, where systemd's unit cannot start for a stale pid file."""
    return seen._replace(
        seen=tuple(
            each._replace(stale_pid=pid_file) if each.probe is Probe.UNIT else each
            for each in seen.seen
        )
    )

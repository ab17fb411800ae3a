"""The outcome outranks the configuration: what works is well, whatever stands in between."""

from picoclaw_watchdog.core.model import Look, Observation
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict

# A unit that systemd has not declared started, and that may serve all the same.
_NOT_YET = (Sight.UNIT_CHANGING, Sight.UNIT_WAITS_FOR_READY)
_COMING = ("activating", "reloading", "refreshing")


def outranked(look: Look) -> Look:
    """The look, with what the outcome proves wrong judged as good; its sight stays.

    A Funnel that leads elsewhere is well while the webhook answers from outside: something of
    the owner's lies in between. A unit that systemd still waits for is well while it serves.
    """
    public, health = look.of(Probe.WEBHOOK_PUBLIC), look.of(Probe.HEALTH)
    works = set()
    if public is not None and public.verdict is Verdict.GOOD and not public.from_tailnet:
        works.add(Probe.FUNNEL)
    unit = look.of(Probe.UNIT)
    serves = health is not None and health.verdict is Verdict.GOOD
    if serves and unit is not None and unit.sight in _NOT_YET and _is_coming(unit):
        works.add(Probe.UNIT)
    if not any(each.probe in works and each.verdict is not Verdict.GOOD for each in look.seen):
        return look
    return look._replace(
        seen=tuple(
            each._replace(verdict=Verdict.GOOD) if each.probe in works else each
            for each in look.seen
        )
    )


def _is_coming(seen: Observation) -> bool:
    return seen.unit is not None and seen.unit.active in _COMING

"""Letters to the owner, and the moments at which they are made."""

from picoclaw_watchdog.core.model import Alert, Moment, State
from picoclaw_watchdog.core.reasons import Gravity, Ill, Topic

CURRENT = "0123456789abcdef"  # the fingerprint of the settings
RESERVE = 20  # messages kept for the gravest
START = 1_771_000_000.0


def at(seconds: float) -> Moment:
    return Moment(START + seconds, 1000.0 + seconds, 1000.0 + seconds, "boot")


def a_letter(
    name: str,
    made: float = 0.0,
    gravity: Gravity = Gravity.CRITICAL,
    topic: Topic = Topic.RESTART_FAILED,
    incident: str = "",
) -> Alert:
    return Alert(name, f"key {name}", topic, gravity, at(made), "gateway", None, incident)


def a_fault(
    name: str, seconds: float = 0, gravity: Gravity = Gravity.CRITICAL, **facts: str
) -> Alert:
    return Alert(
        id=f"{name} broke",
        key=name,
        topic=Topic.RESTART_FAILED,
        gravity=gravity,
        made=at(seconds),
        target="gateway",
        cause=Ill.SERVICE_DOWN,
        incident=name,
        facts=(("since_wall", str(START + seconds)), *facts.items()),
    )


def its_end(name: str, seconds: float) -> Alert:
    fault = a_fault(name, seconds, Gravity.NOTICE, duration="60", mended_by="restart_gateway")
    return fault._replace(id=f"{name} ended", topic=Topic.ALL_CLEAR)


def waiting(state: State) -> list[str]:
    return [letter.id for letter in state.outbox]

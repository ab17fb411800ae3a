"""What must hold for whatever `systemctl show` prints; `check` takes the fuzzer's bytes.

The first byte chooses what they are, the others are it.
"""

from collections.abc import Iterator
from typing import cast

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import Observation, UnitFacts
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.systemd import UserSystemd, read_facts
from picoclaw_watchdog.ports import Services, Silence, Why
from picoclaw_watchdog.probes import unit
from tests.fuzz.programs import printing
from tests.unit.probing import world

TEXT, PRINTED = map(bytes, zip(range(2), strict=True))
NOW = 5000.0  # seconds since boot
DEADLINE = 30.0

_CHANGING = {"activating", "deactivating", "reloading", "refreshing", "maintenance"}
_HELPLESS = {"masked": Sight.UNIT_MASKED, "not-found": Sight.UNIT_NOT_FOUND}


def check(data: bytes) -> None:
    """One run of the fuzzer."""
    if data:
        kinds = (_text, _printed)
        kinds[data[0] % len(kinds)](data[1:])


def _text(data: bytes) -> None:
    """The text alone."""
    text = data.decode("utf-8", "replace")
    facts = read_facts(text, NOW)
    _judged(text, facts if facts is not None else Silence("systemctl named no state"))


def _printed(data: bytes) -> None:
    """Exit status, standard output and standard error of a real child process."""
    if not data:
        return
    code = data[0]
    out, _, err = data[1:].partition(b"\0")
    with printing("systemd", "systemctl", out, err, code):
        facts = UserSystemd().show("picoclaw-gateway.service", DEADLINE)
    text = out.decode("utf-8", "replace")
    if isinstance(facts, Silence):
        assert facts.detail
        assert "\n" not in facts.detail
        assert len(facts.detail) <= 300
        assert facts.why is not Why.TIMED_OUT
        assert (facts.why is Why.MISSING) == (code == 127)
    if code != 127:
        _judged(text, facts)


def _judged(text: str, facts: UnitFacts | Silence) -> None:
    """The facts are those of the text, and the verdict is no worse than they are."""
    said = _second_reading(text)
    seen = _seen(facts)
    if not printable(said.get("ActiveState", "")):
        assert isinstance(facts, Silence)
        assert (seen.verdict, seen.sight) == (Verdict.UNKNOWN, Sight.BUS_SILENT)
        return
    assert isinstance(facts, UnitFacts)
    assert facts[:5] == tuple(
        printable(said.get(name, ""))
        for name in ("LoadState", "ActiveState", "SubState", "Result", "InvocationID")
    )
    assert 0 <= facts.main_pid < 10**20
    assert 0 <= facts.restarts < 10**20
    assert facts.started_ago is None or facts.started_ago >= 0
    assert (seen.verdict, seen.sight) in _allowed(facts)


def _allowed(facts: UnitFacts) -> set[tuple[Verdict, Sight]]:
    """A second judgement."""
    if facts.active == "active":
        return {(Verdict.GOOD, Sight.AS_EXPECTED)}
    if facts.active in _CHANGING:
        again = facts.active == "activating" and facts.sub.startswith("auto-restart")
        return {(Verdict.BAD, Sight.UNIT_AUTO_RESTART if again else Sight.UNIT_CHANGING)}
    if facts.active not in {"inactive", "failed"}:
        return {(Verdict.UNKNOWN, Sight.BUS_SILENT)}
    if facts.load in _HELPLESS:
        return {(Verdict.BAD, _HELPLESS[facts.load])}
    if facts.active == "inactive":
        return {(Verdict.BAD, Sight.UNIT_INACTIVE)}
    limited = facts.result == "start-limit-hit"
    return {(Verdict.BAD, Sight.UNIT_START_LIMIT if limited else Sight.UNIT_FAILED)}


class _Said:
    """`ports.Services`, of which the probe asks one thing."""

    def __init__(self, facts: UnitFacts | Silence) -> None:
        self._facts = facts

    def show(self, unit: str, deadline: float) -> UnitFacts | Silence:
        del unit, deadline
        return self._facts


def _seen(facts: UnitFacts | Silence) -> Observation:
    where = world()._replace(services=cast("Services", _Said(facts)))
    seen, handed_on = unit.look(Settings(), where, DEADLINE)
    assert seen.probe is Probe.UNIT
    assert handed_on is (None if isinstance(facts, Silence) else facts)
    return seen


def _second_reading(text: str) -> dict[str, str]:
    """KEY=VALUE up to the first empty line; the last of two wins."""
    said: dict[str, str] = {}
    for line in text.strip().splitlines():
        if not line or line.isspace():
            break
        key, _, value = line.partition("=")
        said[key.strip()] = value.strip()
    return said


def seeds() -> Iterator[tuple[str, bytes]]:
    """One input for each way through the code."""

    def show(**properties: object) -> bytes:
        known: dict[str, object] = {"LoadState": "loaded", "ActiveState": "active"}
        known |= {"SubState": "running", "Result": "success", "InvocationID": "ab12"}
        known |= {"MainPID": 7, "ExecMainStartTimestampMonotonic": 4_000_000_000, "NRestarts": 0}
        return "".join(f"{key}={value}\n" for key, value in (known | properties).items()).encode()

    yield "active", TEXT + show()
    for state in sorted(_CHANGING | {"inactive", "failed", "unheard-of", ""}):
        yield f"state-{state or 'none'}", TEXT + show(ActiveState=state)
    yield "auto-restart", TEXT + show(ActiveState="activating", SubState="auto-restart-queued")
    yield "start-limit", TEXT + show(ActiveState="failed", Result="start-limit-hit")
    yield "masked", TEXT + show(ActiveState="inactive", LoadState="masked")
    yield "not-found", TEXT + show(ActiveState="inactive", LoadState="not-found")
    yield "not-set", TEXT + show(MainPID="[not set]", NRestarts=2**64 - 1)
    yield "future", TEXT + show(ExecMainStartTimestampMonotonic=2**64 - 1)
    yield "second-unit", TEXT + show() + b"\n" + show(ActiveState="failed")
    yield "empty", TEXT
    yield "printed", PRINTED + b"\0" + show()
    yield "printed-silent", PRINTED + b"\1\0Failed to connect to bus: No medium found\n"
    yield "printed-missing", PRINTED + b"\x7f\0sh: 1: systemctl: not found\n"
    yield "printed-both", PRINTED + b"\4" + show(ActiveState="failed") + b"\0warning\n"

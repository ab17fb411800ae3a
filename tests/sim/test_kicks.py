"""Requests through the real engine on the pretend host, with kills in between."""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from picoclaw_watchdog.engine.unattended import cycle
from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.kick.inbox import add
from picoclaw_watchdog.kick.requests import plain, sign
from picoclaw_watchdog.sim.host import Killed
from picoclaw_watchdog.sim.life import KICK_TOKEN
from tests.sim.night import Night, most_in_any_window


def night_of(folder: Path, **changes: object) -> Night:
    return Night(folder, **changes)


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return night_of(tmp_path)


def ask(night: Night, *actions: str, source: str = "line:U1") -> None:
    for action in actions:
        line = sign(action, KICK_TOKEN, source, night.host.moment().wall, os.urandom(16).hex())
        add(night.settings.kick_file, line)


def serve(night: Night) -> None:
    night.serve()


def events(night: Night) -> list[audit.Event]:
    return [line.event for line in audit.lines(night.settings.state_dir)]


def outcomes(night: Night) -> list[tuple[str, str]]:
    return [(each.outcome, each.detail) for each in events(night) if each.event == audit.SERVED]


def waiting(night: Night) -> list[str]:
    return sorted(path.name for path in Path(night.settings.state_dir).glob("kick_*"))


def killed_cycle(night: Night) -> None:
    assert night.serve_once() is None


def test_one_attempt_serves_all_who_asked_for_it(night: Night) -> None:
    ask(night, "restart_gateway", "restart_gateway", "recover_funnel", "restart_gateway")
    serve(night)
    assert len(night.restarts) == 1
    assert len(night.funnel_commands) == 1
    assert [each for each, _ in outcomes(night)] == ["mended"] * 4
    assert waiting(night) == []


def test_a_fault_and_a_kick_are_one_restart_and_both_are_answered(night: Night) -> None:
    night.do("gateway_crashes")
    ask(night, "restart_gateway")
    serve(night)
    assert len(night.restarts) == 1
    assert [each for each, _ in outcomes(night)] == ["mended"]


def test_a_restart_that_does_not_help_has_failed(night: Night) -> None:
    night.do("gateway_dies_at_start", after=0.1)
    ask(night, "restart_gateway")
    night.serve_once()
    assert [each for each, _ in outcomes(night)] == ["failed"]


def test_a_run_that_was_killed_at_it_is_answered_for_and_not_repeated(night: Night) -> None:
    ask(night, "restart_gateway", "check_ollama")
    night.kill("effect", 1)
    killed_cycle(night)
    assert waiting(night) == ["kick_taken"]
    ask(night, "run_cycle")
    serve(night)
    assert len(night.restarts) == 1
    assert Counter(each for each, _ in outcomes(night)) == {"interrupted": 1, "done": 2}
    assert waiting(night) == []


def test_what_was_accepted_and_not_begun_is_served_by_the_next(night: Night) -> None:
    ask(night, "restart_gateway")
    world = night.world()

    def together(_calls: Any, _deadline: float) -> Any:
        raise Killed

    dying = world._replace(host=type("Dying", (), {"together": staticmethod(together)})())
    with pytest.raises(Killed):
        cycle(night.settings, dying)
    assert [each.event for each in events(night)] == [audit.ACCEPTED]
    serve(night)
    assert len(night.restarts) == 1
    assert [each.event for each in events(night)] == [audit.ACCEPTED, audit.SERVED]


def test_what_was_accepted_long_ago_is_not_done_out_of_the_blue(night: Night) -> None:
    test_what_was_accepted_and_not_begun_is_served_by_the_next(night)
    taken = Path(night.settings.state_dir) / "kick_taken"
    line = plain("restart_gateway", KICK_TOKEN, "line:U1", night.host.moment().wall)
    taken.write_text(f"{line}\n")
    accepted = audit.Event(0.0, audit_name(line), "line:U1", "restart_gateway", audit.ACCEPTED)
    audit.Audit(night.settings.state_dir).append([accepted])
    night.pass_(3600)
    serve(night)
    assert len(night.restarts) == 1
    assert outcomes(night)[-1] == ("interrupted", "found_too_late")


def audit_name(line: str) -> str:
    from picoclaw_watchdog.kick.requests import identify

    return identify(line, 0)


def test_what_was_answered_before_the_kill_is_not_served_again(night: Night) -> None:
    ask(night, "restart_gateway")
    request = Path(night.settings.kick_file)
    line = request.read_text()
    serve(night)
    (request.parent / "kick_taken").write_text(line)
    serve(night)
    assert len(night.restarts) == 1
    assert len(outcomes(night)) == 1
    assert waiting(night) == []


def test_a_replayed_line_is_refused_in_the_same_file_and_later(night: Night) -> None:
    ask(night, "restart_gateway")
    request = Path(night.settings.kick_file)
    line = request.read_text()
    request.write_text(line * 2)
    serve(night)
    request.write_text(line)
    serve(night)
    assert len(night.restarts) == 1
    assert [each.verdict for each in events(night)] == [
        "accepted",
        "replayed",
        "accepted",
        "replayed",
    ]


def test_a_plain_line_that_was_served_is_not_served_again(night: Night) -> None:
    request = Path(night.settings.kick_file)
    line = plain("restart_gateway", KICK_TOKEN, "line:U1", night.host.moment().wall)
    request.write_text(f"{line}\n{line}\n")  # two of the same second, taken together
    serve(night)
    assert [each for each, _ in outcomes(night)] == ["mended", "mended"]
    night.host.seconds += 30
    request.write_text(f"{line}\n")
    serve(night)
    assert len(night.restarts) == 1
    assert events(night)[-1].verdict == "replayed"
    assert waiting(night) == []


def test_nothing_is_done_that_cannot_be_written_down_and_it_waits(night: Night) -> None:
    blocked = Path(night.settings.state_dir) / audit.NAME
    blocked.mkdir()
    ask(night, "restart_gateway", "pause=1h")
    serve(night)
    assert night.restarts == []
    assert waiting(night) == ["kick_taken"]
    assert any("audit.log cannot be written" in line for line in night.said.lines)
    blocked.rmdir()
    night.pass_(60)
    serve(night)
    assert waiting(night) == []
    assert [each for each, _ in outcomes(night)] == ["done", "withheld"]
    assert outcomes(night)[1][1].startswith("paused until=")


def test_a_pause_ends_by_itself_and_resume_ends_it_at_once(night: Night) -> None:
    ask(night, "pause=30m")
    serve(night)
    night.do("gateway_crashes")
    night.cycles(3)
    assert night.restarts == []
    ask(night, "resume")
    serve(night)
    assert len(night.restarts) == 1
    ask(night, "pause=90s")
    serve(night)
    night.do("gateway_crashes")
    night.cycles(4)
    assert len(night.restarts) == 2


def test_an_acknowledged_incident_is_told_no_more(night: Night) -> None:
    night.settings = night.settings._replace(restart_max_count=0, alert_cooldown_sec=0)
    night.do("gateway_crashes")
    ask(night, "ack=gateway-1")
    night.cycles(1)
    told = len(night.sent)
    assert told
    serve(night)
    assert outcomes(night)[-1] == ("failed", "no_such_incident")
    ask(night, "ack")
    serve(night)
    assert outcomes(night)[-1][0] == "done"
    told = len(night.sent)
    night.cycles(3)
    assert len(night.sent) == told


def test_a_cycle_that_is_asked_for_says_what_it_found(night: Night) -> None:
    night.settings = night.settings._replace(restart_max_count=0)
    ask(night, "run_cycle", "check_ollama")
    serve(night)
    assert outcomes(night) == [("done", "healthy")] * 2
    night.do("gateway_crashes")
    night.do("peer_down")
    ask(night, "run_cycle", "check_ollama", "status")
    serve(night)
    causes, ollama, screen = outcomes(night)[2:]
    assert causes[1].startswith("service_down")
    assert ollama == ("done", "peer_down")
    assert "NOT healthy" in screen[1]


def test_a_refusal_is_told_with_the_source_that_it_names_and_never_the_token(night: Night) -> None:
    add(night.settings.kick_file, f"status|wrong|line:U7|{night.host.moment().wall:.0f}")
    serve(night)
    assert "line:U7" in night.sent[0]
    night.pass_(3600)
    add(night.settings.kick_file, f"status|wrong|{KICK_TOKEN}|{night.host.moment().wall:.0f}")
    serve(night)
    assert len(night.sent) == 2
    assert KICK_TOKEN not in "".join([*night.sent, *night.said.lines, repr(events(night))])


LIVES = 60
APART = 4.0  # seconds: on a slow machine no life may come to anything, and none may be stale


def test_each_request_is_served_once_wherever_the_watchdog_is_killed(tmp_path: Path) -> None:
    dice = random.Random(11)
    restarts: list[float] = []
    for life in range(LIVES):
        night = night_of(tmp_path)
        night.pass_(APART * life)
        for number in range(3):
            action = dice.choice(["restart_gateway", "check_ollama", "recover_funnel", "ack"])
            ask(night, action, source=f"line:{life}-{number}")
        restarts += killed_life(night, dice.uniform(0.002, 0.06))
    night = night_of(tmp_path)
    night.pass_(APART * LIVES)
    serve(night)
    serve(night)
    restarts += night.restarts
    night.life.records.struck.clear()
    everybody = {f"line:{life}-{number}": 1 for life in range(LIVES) for number in range(3)}
    told = events(night)
    assert waiting(night) == []
    assert Counter(each.source for each in told if each.event == audit.ACCEPTED) == everybody
    assert Counter(each.source for each in told if each.event == audit.SERVED) == everybody
    assert audit.verify(night.settings.state_dir) == []
    assert most_in_any_window(restarts, night.settings.restart_window_sec) <= 3
    night.pass_(night.settings.restart_window_sec)  # every attempt may have been cut short
    ask(night, "restart_gateway")
    serve(night)
    assert night.restarts


def tell_restarts(night: Night, writer: int) -> None:
    told = night.restarts
    night.life.records.struck.clear()
    os.write(writer, "".join(f"{at}\n" for at in told).encode())


def killed_life(night: Night, lives: float) -> list[float]:
    """Cycles in a child that is killed; when it restarted the gateway."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, b"\n")
            night.host.after = lambda kind: tell_restarts(night, writer)  # type: ignore[method-assign]  # noqa: ARG005
            while True:
                serve(night)
                night.pass_(0.01)
        finally:
            os._exit(1)
    os.close(writer)
    os.read(reader, 1)  # it has begun
    time.sleep(lives)
    os.kill(pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    with os.fdopen(reader) as said:
        return [float(line) for line in said if line.strip()]


def test_a_flood_cycle_after_cycle_costs_bounded_disk_and_one_message_a_cooldown(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MAX_BYTES", 30_000)  # instead of a million
    request = Path(night.settings.kick_file)
    sizes = []
    for number in range(30):
        bad = f"restart_gateway|wrong-{number}|line:U1|{night.host.moment().wall:.0f}\n"
        request.write_text(bad * 3000)
        request.chmod(0o600)
        night.serve_once()
        sizes.append(sum(path.stat().st_size for path in night.state.rglob("*") if path.is_file()))
        night.pass_(60)
    assert max(sizes[15:]) < max(sizes[:15]) * 1.1, "it has stopped growing"
    assert len(events(night)) <= 30 * 201
    assert night.restarts == []
    assert len(night.sent) == 30 * 60 // night.settings.alert_cooldown_sec
    assert audit.verify(night.settings.state_dir) == []
    assert waiting(night) == []

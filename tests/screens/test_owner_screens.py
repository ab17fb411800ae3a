"""What the owner's own commands and switches look like."""

import re
from pathlib import Path

from picoclaw_watchdog.cli.kick import answered
from picoclaw_watchdog.core.model import Pause, Stop
from picoclaw_watchdog.engine.drill_rules import Result
from picoclaw_watchdog.kick.audit import ACCEPTED, REFUSED, SERVED, Audit, Event
from picoclaw_watchdog.store import drills
from picoclaw_watchdog.store.founding import write_pause, write_stop
from picoclaw_watchdog.terminal.paint import Terminal
from tests.screens.snapshots import LANGUAGES, WIDTHS, Run, check, compare, fits, typed
from tests.sim.night import Night
from tests.unit.line_server import OWNER, TOKEN, LineServer
from tests.unit.servers import Server, response, says

AT = 1_700_000_000.0
USAGE = 2


def test_a_gateway_stopped_on_purpose(night: Night) -> None:
    night.cycles(1)
    until = night.host.moment().wall + 7200
    write_stop(night.settings.state_dir, Stop(until, "taro", "upgrade"))
    night.host.gateway.stop()
    night.cycles(3)
    wall = night.host.moment().wall - 60 + 12
    check(night.folder, "status-stopped", "status", wall=wall, status=0)


def test_the_table_of_the_last_drills(tmp_path: Path) -> None:
    folder = str(tmp_path / ".picoclaw" / "state" / "watchdog")
    gateway = Result("r", "gateway", "stop", AT, 120.0, 31.2, 33.9, 1, 1, passed=True)
    rows = (
        gateway._replace(run="before", passed=False, why="late"),
        gateway,
        gateway._replace(fault="funnel", how="off", found=12.0, mended=13.5),
        gateway._replace(fault="ollama", how="override", promised=None, mended=None, messages=2),
        gateway._replace(
            fault="hang", how="freeze", mended=None, passed=False, why="late", messages=0
        ),
    )
    for row in rows:
        drills.add_result(folder, row._asdict())
    check(tmp_path, "drill-last", "drill", "--last", wall=AT, status=1)


def test_no_drill_yet(tmp_path: Path) -> None:
    check(tmp_path, "drill-never", "drill", "--last", wall=AT)
    check(tmp_path, "drill-refused", "drill", "all", wall=AT, status=3)


def _systemctl(folder: Path, answer: str) -> dict[str, str]:
    """A systemd that knows a unit that runs, and does what it is told, or complains."""
    folder.mkdir()
    script = folder / "systemctl"
    script.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        "*show*) echo LoadState=loaded; echo ActiveState=active;;\n"
        f"*) {answer};;\n"
        "esac\n"
    )
    script.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_a_gateway_that_its_owner_stops_and_starts(tmp_path: Path) -> None:
    home, stop = tmp_path / "home", ("stop-gateway", "2h", "--reason", "upgrade")
    willing = _systemctl(tmp_path / "willing", "exit 0")
    unwilling = _systemctl(tmp_path / "unwilling", "echo 'Access denied' >&2; exit 1")
    home.mkdir()
    check(home, "stop-gateway", *stop, wall=AT, more=willing, afresh=True)
    forever = ("stop-gateway", "forever")
    check(home, "stop-gateway-forever", *forever, wall=AT, more=willing, afresh=True)
    check(home, "stop-gateway-denied", *stop, wall=AT, status=1, more=unwilling, afresh=True)
    with Server(says(response(200, b'{"status": "ok"}'))) as gateway:
        healthy = {**willing, "PICOCLAW_WATCHDOG_GATEWAY_PORT": str(gateway.port)}
        check(home, "start-gateway", "start-gateway", wall=AT, more=healthy, afresh=True)
    denied = ("start-gateway-denied", "start-gateway")
    check(home, *denied, wall=AT, status=1, more=unwilling, afresh=True)


def test_nothing_to_acknowledge(tmp_path: Path) -> None:
    check(tmp_path, "ack-nothing", "ack", wall=AT)


def test_a_pause(night: Night) -> None:
    wall = night.host.moment().wall
    check(night.folder, "pause", "pause", "30m", "--reason", "upgrade", wall=wall, afresh=True)
    check(night.folder, "pause-unclear", "pause", "30x", wall=wall, status=2)
    check(night.folder, "resume-nothing", "resume", wall=wall, afresh=True)
    write_pause(night.settings.state_dir, Pause(wall + 600, "taro", "upgrade"))
    check(night.folder, "pause-forever", "pause", "forever", wall=wall, afresh=True)
    check(night.folder, "resume", "resume", wall=wall, afresh=True)
    window = {"PICOCLAW_WATCHDOG_PAUSE_WINDOWS": "*-*-* 09:00 2h"}
    check(night.folder, "resume-window", "resume", wall=wall, afresh=True, more=window)


def test_incidents_that_are_acknowledged(night: Night) -> None:
    night.do("peer_down")
    night.cycles(5)
    wall = night.host.moment().wall
    check(night.folder, "ack", "ack", wall=wall, afresh=True)
    check(night.folder, "ack-unknown", "ack", "funnel-1", wall=wall, status=1)


def test_who_asked_for_what(tmp_path: Path) -> None:
    state = tmp_path / ".picoclaw" / "state" / "watchdog"
    state.mkdir(parents=True, mode=0o700)
    asked = Event(AT, "k-1", "line:U4af4980629", "restart_gateway", ACCEPTED)
    held = asked._replace(at=AT + 60, id="k-2", event=SERVED, outcome="withheld")
    Audit(str(state)).append(
        [
            asked,
            asked._replace(at=AT + 4, event=SERVED, outcome="done", took=3.2),
            asked._replace(at=AT + 9, id="k-3", event=REFUSED, verdict="wrong_token"),
            held._replace(detail="budget_spent until=1700040100"),
        ]
    )
    check(tmp_path, "audit", "audit", wall=AT)
    check(tmp_path, "audit-verify", "audit", "--verify", wall=AT)
    log = state / "audit.log"
    log.write_text(log.read_text().replace("wrong_token", "other_token"))
    check(tmp_path, "audit-changed", "audit", "--verify", wall=AT, status=1)


KICKS = {
    "PICOCLAW_WATCHDOG_KICK_ENABLED": "true",
    "PICOCLAW_WATCHDOG_KICK_TOKEN": "a-kick-token-0123456789-0123456789",
}


def test_a_kick(tmp_path: Path) -> None:
    check(tmp_path, "kick", "kick", "restart_gateway", wall=AT, more=KICKS)
    check(tmp_path, "kick-off", "kick", "restart_gateway", wall=AT, status=3)
    check(tmp_path, "kick-unknown", "kick", "dance", wall=AT, status=2, more=KICKS)
    waits = ("kick", "status", "--wait", "0.1")
    check(tmp_path, "kick-no-answer", *waits, wall=AT, status=6, more=KICKS)


def test_what_became_of_a_kick() -> None:
    done = Event(AT, "k-1", "cli", "restart_gateway", SERVED, outcome="done", took=3.2)
    outcomes = (
        done,
        done._replace(outcome="failed", detail="not healthy after 90 s"),
        done._replace(outcome="withheld", detail="paused"),
        done._replace(event=REFUSED, outcome="", verdict="wrong_token", took=0.0),
    )
    answers = {}
    for language in LANGUAGES:
        for columns in WIDTHS:
            told = [answered("restart_gateway", each, 3.4, language) for each in outcomes]
            lines = [line for text in told for line in Terminal(columns).text(text)]
            fits("\r\n".join(lines), columns)
            answers[Run(language, columns, colour=False)] = (0, "\n".join([*lines, ""]))
    compare("kick-wait", answers)


def test_a_message_through_every_channel(tmp_path: Path) -> None:
    check(tmp_path, "notify-test-nobody", "notify-test", wall=AT, status=3)
    line = LineServer(tmp_path)
    channels = {
        "PICOCLAW_WATCHDOG_LINE_NOTIFY_ENABLED": "true",
        "PICOCLAW_WATCHDOG_LINE_NOTIFY_TO": OWNER,
        "PICOCLAW_WATCHDOG_LINE_PUSH_ENDPOINT": line.endpoint,
        "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN": TOKEN,
        "PICOCLAW_WATCHDOG_HEARTBEAT_URL": "http://127.0.0.1:9/ping/1",
    }
    argv = ("notify-test", "notify-test")
    check(tmp_path, *argv, wall=AT, status=1, more=channels, tidy=_without_numbers)
    line.close()


def _without_numbers(shown: str) -> str:
    """LINE's request ids."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "0" * 36, shown)


def test_a_rehearsal(tmp_path: Path) -> None:
    check(tmp_path, "rehearse", "rehearse", "gateway-killed", wall=AT, tidy=_without_cost)


def _without_cost(shown: str) -> str:
    return re.sub(r"[0-9.]+(?= s:)|[0-9.]+(?= 秒で)", "#.#", shown)


def test_mistakes_in_the_settings(tmp_path: Path) -> None:
    check(tmp_path, "config-check", "config", "check", wall=AT)
    wrong = {"PICOCLAW_WATCHDOG_INTERVAL_SEC": "often", "PICOCLAW_WATCHDOG_GATEWAY_PROT": "1"}
    check(tmp_path, "config-mistakes", "config", "check", wall=AT, status=2, more=wrong)


def test_the_settings() -> None:
    """Paths among them are the home's: here it always has the same name."""
    home = Path("/nowhere/taro")
    few = {"PICOCLAW_WATCHDOG_KICK_TOKEN": TOKEN, "PICOCLAW_WATCHDOG_INTERVAL_SEC": "30"}
    check(home, "config-show", "config", "show", wall=AT, more=few)


def test_things_that_were_moved_on_purpose(night: Night) -> None:
    night.cycles(2)
    tailscale = night.folder / "bin" / "tailscale"
    more = {
        **_systemctl(tailscale.parent, "exit 0"),
        "PICOCLAW_WATCHDOG_OLLAMA_MODELS_URL": "http://127.0.0.1:1/v1/models",
    }
    tailscale.write_text("#!/bin/sh\necho 'tailscaled is not running' >&2; exit 1\n")
    tailscale.chmod(0o755)
    with Server(says(response(200, b'{"status": "ok"}'))) as gateway:
        more["PICOCLAW_WATCHDOG_GATEWAY_PORT"] = str(gateway.port)
        check(
            *(night.folder, "accept", "accept", "--yes"),
            wall=night.host.moment().wall,
            more=more,
            afresh=True,
            tidy=lambda shown: shown.replace(str(gateway.port), "54321"),
        )
    assert typed(night.folder, "accept").returncode == USAGE, "nobody is there to be asked"
    assert typed(night.folder, "accept", "nginx", "--yes").returncode == USAGE

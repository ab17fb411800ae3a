import json
import os
import time
from pathlib import Path

import pytest

from picoclaw_watchdog.demo.box import Box
from picoclaw_watchdog.kick.requests import sign
from tests.mock.conftest import MakeHost
from tests.mock.cycles import cycle, own_writing, spend_budget

TOKEN = "a-long-enough-kick-token-0123456789"
KICKS = {"KICK_ENABLED": "true", "KICK_TOKEN": TOKEN}


def kick(host: Box, action: str, token: str = TOKEN) -> None:
    own_writing(host, "kick_request", f"{action}|{token}|line:U1|{time.time():.0f}\n")


def ask(host: Box, *words: str, **environ: str) -> tuple[int, str]:
    """The command with --wait, and the cycle that the `.path` unit would start."""
    asking = host.begin("kick", *words, "--source", "line:U1", "--wait", "20", **environ)
    request = host.state_dir / "kick_request"
    until = time.monotonic() + 10
    while not request.exists() and asking.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    if asking.poll() is None:
        cycle(host)
    printed, _ = asking.communicate(timeout=30)
    assert TOKEN not in printed
    return asking.returncode, printed


def audited(host: Box) -> list[dict[str, object]]:
    lines = (host.state_dir / "audit.log").read_text().splitlines()
    return [json.loads(line) for line in lines]


def outcomes(host: Box) -> list[object]:
    return [line["outcome"] for line in audited(host) if line["event"] == "served"]


def test_a_kick_restarts_a_healthy_gateway_once(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    kick(host, "restart_gateway")
    cycle(host, 2)
    assert host.gateway_starts() == 2
    assert host.is_healthy()
    assert not (host.state_dir / "kick_request").exists()
    assert not (host.state_dir / "kick_taken").exists()
    assert [line["event"] for line in audited(host)] == ["accepted", "served"]
    assert outcomes(host) == ["mended"]
    (told,) = host.messages()
    assert "Restart of the gateway: done as requested" in told.text
    assert "line:U1" in told.text
    assert TOKEN not in (host.state_dir / "audit.log").read_text() + host.log()


def test_a_kick_with_a_wrong_token_is_refused_and_told(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    kick(host, "restart_gateway", "wrong-token-wrong-token-wrong-token")
    cycle(host, 2)
    assert host.gateway_starts() == 1
    assert len(host.messages()) == 1
    assert "line:U1" in host.messages()[0].text
    assert not (host.state_dir / "kick_request").exists()


def test_a_kick_is_not_served_while_kicks_are_off(host: Box) -> None:
    kick(host, "restart_gateway")
    cycle(host, 2)
    assert host.gateway_starts() == 1


def test_a_kick_obeys_the_budget(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    spend_budget(host, 300, 200, 100)
    code, printed = ask(host, "restart_gateway")
    assert code == 4
    assert "used up; possible from" in printed
    assert host.gateway_starts() == 1


def test_a_kick_publishes_the_funnel(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    kick(host, "recover_funnel")
    cycle(host)
    assert host.tailscale_commands()[:1] == [f"funnel --bg {host.ports.webhook}"]
    assert host.is_reachable()


def test_a_signed_kick_is_waited_for_and_cannot_be_replayed(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    code, printed = ask(host, "check_ollama")
    assert code == 0, printed
    assert "check_ollama: done in" in printed
    line = sign("restart_gateway", TOKEN, "line:U1", time.time(), "ab" * 16)
    for _ in range(2):
        own_writing(host, "kick_request", f"{line}\n{line}\n")
        cycle(host)
    assert host.gateway_starts() == 2
    assert [each["verdict"] for each in audited(host) if each["event"] == "refused"] == (
        ["replayed"] * 3
    )


def test_requests_made_at_once_are_one_attempt_and_each_has_its_outcome(
    make_host: MakeHost,
) -> None:
    host = make_host(KICKS)
    lines = [sign("restart_gateway", TOKEN, f"line:U{n}", time.time(), f"{n:032x}") for n in (1, 2)]
    own_writing(host, "kick_request", "\n".join(lines))
    cycle(host)
    assert host.gateway_starts() == 2
    assert outcomes(host) == ["mended", "mended"]


def test_the_owner_asks_for_the_state_pauses_and_goes_on(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    code, printed = ask(host, "status")
    assert code == 0
    assert "all is well" in printed
    code, printed = ask(host, "pause=30m")
    assert code == 0, printed
    assert not (host.state_dir / "paused").exists(), "the owner's own switch"
    assert "(by line:U1)" in host.run("status")[1]
    code, printed = ask(host, "restart_gateway")
    assert code == 4
    assert "paused; possible from" in printed
    assert ask(host, "resume")[0] == 0
    code, printed = ask(host, "run_cycle")
    assert code == 0
    assert printed.startswith("run_cycle: done in")
    assert printed.endswith(": all is well\n")
    assert host.gateway_starts() == 1


def test_an_incident_that_the_owner_knows_is_told_no_more(make_host: MakeHost) -> None:
    host = make_host({**KICKS, "RESTART_MAX_COUNT": "0", "ALERT_COOLDOWN_SEC": "0"})
    host.kill_gateway()
    cycle(host)
    told = len(host.messages())
    assert told
    code, printed = ask(host, "ack")
    assert code == 0
    assert "gateway-" in printed
    cycle(host, 2)
    assert [each.text.splitlines()[0] for each in host.messages()[told:]] == [
        f"[vm] By request: acknowledged {printed.split()[-1]}"
    ]


def test_a_source_gets_what_it_is_allowed(make_host: MakeHost) -> None:
    host = make_host({**KICKS, "KICK_ALLOWED_SOURCES": "line:U*=status,cli"})
    code, printed = ask(host, "restart_gateway")
    assert code == 3
    assert "refused" in printed
    assert "action not allowed" in printed
    assert ask(host, "status")[0] == 0
    assert host.gateway_starts() == 1


def test_a_token_that_is_not_ours_is_refused_also_when_signed_with(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    wrong = "another-long-enough-token-987654321"
    code, printed = ask(host, "restart_gateway", PICOCLAW_WATCHDOG_KICK_TOKEN=wrong)
    assert code == 3
    assert "wrong token" in printed
    assert host.gateway_starts() == 1


def test_a_token_on_the_command_line_works_and_is_warned_of(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    code, printed = host.run("kick", "restart_gateway", "line:U1", TOKEN)
    assert code == 0
    assert "other users can read" in printed
    assert TOKEN not in (host.state_dir / "kick_request").read_text()
    cycle(host)
    assert host.gateway_starts() == 2


def test_nobody_answers_while_no_cycle_runs(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    code, printed = host.run("kick", "check_ollama", "--wait", "0.3", "--plain")
    assert code == 6
    assert "is the watchdog enabled?" in printed


def test_what_a_killed_run_left_is_served_and_then_what_came_later(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    own_writing(host, "kick_taken", f"restart_gateway|{TOKEN}|line:U1|{time.time():.0f}\n")
    kick(host, "check_ollama")
    cycle(host)
    assert host.gateway_starts() == 2
    assert outcomes(host) == ["mended", "done"]
    assert not list(host.state_dir.glob("kick_*"))


ANOTHER = pytest.param(
    "another's file",
    marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away"),
)


@pytest.mark.parametrize("what", ["link", "folder", "full folder", "fifo", ANOTHER])
def test_what_is_no_request_is_refused_and_not_followed(make_host: MakeHost, what: str) -> None:
    host = make_host(KICKS)
    request, secret = host.state_dir / "kick_request", Path(host.folder) / "elsewhere"
    host.state_dir.mkdir(parents=True, exist_ok=True)
    secret.write_text(f"restart_gateway|{TOKEN}|line:U1|{time.time():.0f}\n")
    if what == "link":
        request.symlink_to(secret)
    elif what == "fifo":
        os.mkfifo(request)
    elif what == "another's file":
        request.write_text(secret.read_text())
        os.chown(request, 12_345, 12_345)
    else:
        request.mkdir()
        if what == "full folder":
            (request / "kick_request").write_text(secret.read_text())
    before = request.lstat()
    cycle(host, 2)
    assert host.gateway_starts() == 1
    assert secret.exists()
    after = request.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert [line["verdict"] for line in audited(host)] == ["not_a_file"]
    assert len(host.messages()) == 1
    request.rename(host.state_dir / "moved away")
    kick(host, "restart_gateway")
    cycle(host)
    assert host.gateway_starts() == 2


def test_each_kind_of_bad_line_is_refused_by_its_name_and_none_is_served(
    make_host: MakeHost,
) -> None:
    host = make_host(KICKS | {"KICK_ALLOWED_SOURCES": "line:U*=restart_gateway"})
    now = time.time()
    lines = {
        "malformed": b"\x00\xff\xfe|\x80 binary rubbish |\x1b[2J",
        "too_long": f"restart_gateway|{TOKEN}|line:U1|{'0' * 1024}{now:.0f}".encode(),
        "wrong_token": f"restart_gateway|{TOKEN}x|line:U1|{now:.0f}".encode(),
        "unknown_action": f"reboot|{TOKEN}|line:U1|{now:.0f}".encode(),
        "bad_source": f"restart_gateway|{TOKEN}|line:U1;x|{now:.0f}".encode(),
        "source_not_allowed": f"restart_gateway|{TOKEN}|line:C1|{now:.0f}".encode(),
        "action_not_allowed": f"status|{TOKEN}|line:U1|{now:.0f}".encode(),
        "stale": f"restart_gateway|{TOKEN}|line:U1|{now - 400:.0f}".encode(),
    }
    host.state_dir.mkdir(parents=True, exist_ok=True)
    request = host.state_dir / "kick_request"
    request.write_bytes(b"\n".join(lines.values()))
    request.chmod(0o600)
    cycle(host, 2)
    assert [line["verdict"] for line in audited(host)] == list(lines)
    assert host.gateway_starts() == 1
    assert len(host.messages()) == 1
    assert not list(host.state_dir.glob("kick_*"))
    assert host.run("audit", "--verify")[0] == 0


def test_a_flood_is_refused_in_one_line(make_host: MakeHost) -> None:
    host = make_host(KICKS)
    own_writing(host, "kick_request", "rubbish\n" * 20_000)
    cycle(host)
    last = audited(host)[-1]
    assert (last["verdict"], last["detail"]) == ("flood", "19800 requests, refused unread")
    assert len(audited(host)) == 201
    assert host.run("audit", "--verify")[0] == 0

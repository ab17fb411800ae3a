"""200 kicks from 20 processes at once, into cycles that are killed at random."""

import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack

import pytest

from picoclaw_watchdog.demo.box import Box
from picoclaw_watchdog.kick import audit, inbox
from tests.mock.conftest import MakeHost
from tests.mock.cycles import cycle, spend_budget

TOKEN = "a-long-enough-kick-token-0123456789"
WRITERS, EACH = 20, 10
STORM_SECONDS = 12.0
LONGEST_LIFE = 0.6  # seconds that a cycle gets before it is killed, at most
LEFT = 1  # restart of the budget: a second one would wait for its backoff of 10 s, a third 30 s
NAMES = "ab"  # of writers; 100 lines each, so that a taker who sleeps sees no flood
SETTINGS = {"KICK_ENABLED": "true", "KICK_TOKEN": TOKEN, "KICK_PLAIN_ALLOWED": "false"}

# As the command writes them, without the start of a whole program for each.
WRITER = """
import random, secrets, sys, time
from picoclaw_watchdog.kick.inbox import add
from picoclaw_watchdog.kick.requests import sign
path, writer, each, seconds, *actions = sys.argv[1:]
token = sys.stdin.readline().strip()
chance = random.Random(int(writer))
for number in range(int(each)):
    time.sleep(chance.uniform(0, 2 * float(seconds) / int(each)))
    source = f"line:U{int(writer):016x}{number:016x}"
    first = writer == "0" and number == 0
    action = "recover_funnel" if first else chance.choice(actions)
    line = sign(action, token, source, time.time(), secrets.token_hex(16))
    add(path, line)
    print(source, line, flush=True)
"""
# One of the 200 asks for the Funnel: the backoff of a second one holds a cycle for 10 s.
ACTIONS = ("restart_gateway", "check_ollama", "run_cycle", "status", "ack")


def writers(host: Box, running: ExitStack) -> list[subprocess.Popen[str]]:
    started = []
    for number in range(WRITERS):
        words = [str(host.state_dir / "kick_request"), number, EACH, STORM_SECONDS * 0.7, *ACTIONS]
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, *map(str, words)],
            env=host.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.enter_context(writer)
        assert writer.stdin
        writer.stdin.write(TOKEN + "\n")
        writer.stdin.flush()
        started.append(writer)
    return started


def killed_cycles(host: Box, chance: random.Random) -> int:
    """Cycle after cycle, most of them killed somewhere; how many were."""
    killed = 0
    until = time.monotonic() + STORM_SECONDS
    while time.monotonic() < until:
        watchdog = host.begin("once")
        if chance.random() < 0.5:
            wait_for_a_line(host, watchdog)
        try:
            watchdog.wait(chance.uniform(0, chance.choice((0.005, LONGEST_LIFE))))
        except subprocess.TimeoutExpired:
            watchdog.kill()
            killed += 1
        printed = watchdog.communicate()[0]
        assert "Traceback" not in printed, printed
    return killed


def wait_for_a_line(host: Box, watchdog: subprocess.Popen[str]) -> None:
    """Until it has just written into audit.log, the second time if it lives that long."""
    log = host.state_dir / "audit.log"
    for _ in range(2):
        size = log.stat().st_size if log.exists() else 0
        until = time.monotonic() + LONGEST_LIFE
        while watchdog.poll() is None and time.monotonic() < until:
            if log.exists() and log.stat().st_size > size:
                break
            time.sleep(0.0005)


def drain(host: Box) -> None:
    left: list[str] = []
    for _ in range(10):
        cycle(host)
        left = [each for each in ("kick_request", "kick_taken") if (host.state_dir / each).exists()]
        if not left:
            return
    pytest.fail(f"still there after ten whole cycles: {left}")


@pytest.mark.timeout(120)
def test_a_storm_of_kicks_into_dying_cycles_serves_each_exactly_once(
    make_host: MakeHost, request: pytest.FixtureRequest
) -> None:
    host = make_host(SETTINGS)
    spend_budget(host, 300)  # of what is left, one is kept for faults
    chance = random.Random(request.node.nodeid)  # noqa: S311  # to be repeatable
    with ExitStack() as running:
        asking = writers(host, running)
        killed = killed_cycles(host, chance)
        written = "".join(each.communicate(timeout=30)[0] for each in asking).splitlines()
        assert [each.returncode for each in asking] == [0] * WRITERS
    said = [line.split()[0] for line in written]
    assert len(set(said)) == len(said) == WRITERS * EACH
    assert killed > 10, "hardly anything was killed"
    drain(host)
    # Somebody kept some of them and tries again.
    kept = [line.split()[1] for line in chance.sample(written, 30)]
    for line in kept:
        inbox.add(str(host.state_dir / "kick_request"), line)
    drain(host)

    events = [line.event for line in audit.lines(str(host.state_dir))]
    accepted = Counter(each.source for each in events if each.event == audit.ACCEPTED)
    served = Counter(each.source for each in events if each.event == audit.SERVED)
    assert accepted == Counter(said), "every request is accepted, once"
    assert served == Counter(said), "and served, once"
    again = [each for each in events if each.event == audit.REFUSED]
    assert Counter(each.verdict for each in again) == {"replayed": len(kept)}
    outcomes = Counter(each.outcome for each in events if each.event == audit.SERVED)
    assert set(outcomes) <= {"mended", "done", "withheld", "failed", "interrupted"}, outcomes
    assert outcomes["done"] > WRITERS, outcomes
    assert audit.verify(str(host.state_dir)) == []
    assert host.run("audit", "--verify")[0] == 0

    restarts = host.gateway_starts() - 1
    tried = [
        each
        for each in events
        if each.action == "restart_gateway" and each.outcome in ("mended", "failed", "interrupted")
    ]
    assert restarts == LEFT
    assert tried, "a restart that nobody asked for"
    assert host.is_healthy()
    funnels = [each for each in host.tailscale_commands() if each.startswith("funnel --bg")]
    assert len(funnels) <= 1


def test_what_was_served_and_not_yet_let_go_of_is_not_served_again(make_host: MakeHost) -> None:
    """Killed between the last line of the audit and the end: kick_taken is still there."""
    host = make_host(SETTINGS)
    for action in ("restart_gateway", "ack"):
        assert host.run("kick", action, "--source", "line:U1")[0] == 0
    waiting = (host.state_dir / "kick_request").read_bytes()
    cycle(host)
    before = (host.state_dir / "audit.log").read_bytes()
    assert host.gateway_starts() == 2
    (host.state_dir / "kick_taken").write_bytes(waiting)
    cycle(host, 2)
    assert host.gateway_starts() == 2
    assert (host.state_dir / "audit.log").read_bytes() == before
    assert not (host.state_dir / "kick_taken").exists()


def test_two_writers_and_a_taker_lose_no_line(make_host: MakeHost) -> None:
    """The same without killing, and faster: nothing falls between append and rename."""
    host = make_host(SETTINGS)
    path, taken = str(host.state_dir / "kick_request"), str(host.state_dir / "kick_taken")
    code = (
        "import sys\nfrom picoclaw_watchdog.kick.inbox import add\n"
        "for n in range(100): add(sys.argv[1], f'{sys.argv[2]}-{n}')\n"
    )
    with ExitStack() as running:
        asking = [
            running.enter_context(
                subprocess.Popen([sys.executable, "-c", code, path, name], env=host.environ)
            )
            for name in NAMES
        ]
        found: list[str] = []
        while (
            any(each.poll() is None for each in asking)
            or host.state_dir.joinpath("kick_request").exists()
        ):
            batch = inbox.take(path, taken, time.sleep)
            found += [line for _, line in batch.lines]
            assert not batch.again
            assert inbox.finish(taken, batch)
    assert sorted(found) == sorted(f"{name}-{number}" for name in NAMES for number in range(100))

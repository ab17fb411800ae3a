"""The watchdog and the gateway killed with SIGKILL, wherever they are."""

import random
import time

import pytest

from tests.lab.host import TOKEN, WATCHDOG, Host
from tests.lab.tools import Tools
from tests.lab.witness import LINE_SETTINGS, QUICK, Witness

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

POINTS = [
    ("before", "show", "systemctl"),
    ("before", "restart", "systemctl"),
    ("while", "restart", "systemctl"),
    ("after", "restart", "systemctl"),
]


ROUNDS = 3
SEED = 4


def two_cycles(host: Host) -> None:
    """The one that mends, or waits for a start that is on its way; and the one that sees it."""
    host.cycle()
    host.wait_until_healthy()
    host.cycle()


def proven(host: Host, witness: Witness) -> None:
    """What must hold whatever happened."""
    assert host.is_healthy()
    assert "internal error" not in host.log()
    assert witness.processes() == []
    said = host.command("status", "--json")
    assert said.code == 0, said.out + said.err
    verified = host.command("audit", "--verify")
    assert verified, verified.out + verified.err


def test_killed_at_each_point_of_a_restart_it_mends_once_and_tells_once(host: Host) -> None:
    witness, tools = Witness(host), Tools(host)
    host.watch_at_once(**QUICK, **LINE_SETTINGS, ALERT_COOLDOWN_SEC=0)
    for point, word, tool in POINTS:
        host.give_budget_back()
        before, told = len(witness.starts()), len(witness.messages())
        tools.kill_watchdog(point, word, tool)
        host.kill_gateway()  # OnFailure= starts the cycle that is killed
        host.lab.wait_for(tools.seen, 10, f"{point} {word}")
        host.wait_for_rest()
        assert tools.seen() == [point]
        assert host.lab.show(WATCHDOG, "Result") == "signal", (point, word)
        host.lab.systemctl("reset-failed", WATCHDOG)
        two_cycles(host)
        tools.behave()
        assert 1 <= len(witness.starts()) - before <= 2, (point, word, host.log())
        assert len(witness.messages()) - told == 1, (point, word, witness.messages()[told:])
        proven(host, witness)


def test_killed_at_random_moments_it_mends_and_serves_a_kick_once(host: Host) -> None:
    witness, tools = Witness(host), Tools(host)
    dice = random.Random(SEED)  # noqa: S311  # seeded
    settings = {**QUICK, **LINE_SETTINGS, "KICK_ENABLED": "true", "KICK_TOKEN": TOKEN}
    host.watch_at_once(**settings, ALERT_COOLDOWN_SEC=0)
    for _ in range(ROUNDS):
        host.give_budget_back()
        before, told = len(witness.starts()), len(witness.messages())
        host.kill_gateway()
        time.sleep(dice.uniform(0.0, 1.0))
        host.lab.run("systemctl", "--user", "kill", "-s", "KILL", WATCHDOG)
        host.wait_for_rest()
        two_cycles(host)
        assert 1 <= len(witness.starts()) - before <= 2, host.log()
        assert len(witness.messages()) - told == 1, witness.messages()[told:]
        proven(host, witness)

    host.give_budget_back()
    before = len(witness.starts())
    tools.kill_watchdog("after", "restart")
    assert host.command("kick", "restart_gateway", "--source", "line:U123")
    host.lab.wait_for(lambda: tools.seen() == ["after"], 10, "a watchdog killed at its kick")
    host.wait_for_rest()
    host.wait_until_healthy()
    for _ in range(2):
        host.cycle()
    assert len(witness.starts()) == before + 1, "asked for once, restarted once"
    served = [line for line in host.command("audit").out.splitlines() if " served " in line]
    assert len(served) == 1, served
    proven(host, witness)

"""Drills on a real host in a box, with the resident form as its watchdog."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from picoclaw_watchdog.demo.box import Box
from tests.mock.conftest import MakeHost
from tests.mock.cycles import cycle, own_writing, spend_budget
from tests.waiting import wait_for

EVERY_SECOND = {"INTERVAL_SEC": "1", "RESTART_WINDOW_SEC": "600"}
FAULTS = ("gateway", "hang", "funnel", "ollama")


@contextmanager
def watched(host: Box) -> Iterator[None]:
    """With a watchdog that runs by itself, as the timer's would."""
    loop = host.begin("loop")
    try:
        wait_for((host.state_dir / "status.json").exists, "the first cycle")
        yield
    finally:
        loop.send_signal(signal.SIGTERM)
        loop.communicate(timeout=30)


def results(host: Box) -> list[dict[str, object]]:
    lines = (host.state_dir / "drills.log").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


def is_frozen(host: Box) -> bool:
    try:
        text = Path(f"/proc/{host.unit().main_pid}/stat").read_text("utf-8")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] == "T"


def is_broken(host: Box, fault: str) -> bool:
    """Whether the fault is there now, whoever made it."""
    if fault == "gateway":
        return not host.gateway_runs()
    if fault == "hang":
        return is_frozen(host)
    if fault == "funnel":
        return not host.published()
    return (host.state_dir / "drill.json").exists()


@pytest.mark.parametrize("fault", ["gateway", "hang", "funnel"])
def test_a_drill_breaks_it_and_measures_the_mending(make_host: MakeHost, fault: str) -> None:
    host = make_host(EVERY_SECOND)
    with watched(host):
        code, printed = host.run("drill", fault, "--yes")
    assert code == 0, printed + host.log()
    assert "as promised" in printed
    [result] = results(host)
    assert result["passed"] is True
    assert isinstance(result["mended"], float)
    assert isinstance(result["found"], float)
    assert result["found"] <= result["mended"] < 120
    assert result["restarts"] == 1
    assert result["messages"] == 1
    [message] = host.messages()
    assert "Drill: " in message.text
    assert not (host.state_dir / "drill.json").exists()
    assert "as promised" in host.run("drill", "--last")[1]


def test_a_drill_of_ollama_sees_one_restart_and_then_none(make_host: MakeHost) -> None:
    host = make_host(EVERY_SECOND)
    with watched(host):
        code, printed = host.run("drill", "ollama", "--yes")
        assert code == 0, printed + host.log()
        assert host.gateway_starts() == 2
    [result] = results(host)
    assert (result["how"], result["restarts"], result["messages"]) == ("override", 1, 2)
    assert "Ollama itself was not touched" in " ".join(printed.split())
    assert [message.text.count("Drill: ") for message in host.messages()] == [1, 1]


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        ("gateway", signal.SIGINT),
        ("hang", signal.SIGTERM),
        ("funnel", signal.SIGHUP),
        ("ollama", signal.SIGINT),
    ],
)
def test_an_interrupted_drill_undoes_what_it_did(
    make_host: MakeHost, fault: str, number: int
) -> None:
    host = make_host({"INTERVAL_SEC": "3600"})
    cycle(host)
    drill = host.begin("drill", fault, "--yes")
    wait_for(lambda: is_broken(host, fault), "a fault")
    drill.send_signal(number)
    printed, _ = drill.communicate(timeout=30)
    assert drill.returncode == 130, printed
    assert "undone" in printed
    assert not is_broken(host, fault), printed + host.log()
    assert not (host.state_dir / "drill.json").exists()
    assert results(host)[-1]["why"] == "interrupted"
    wait_for(host.is_healthy, "a healthy gateway")
    cycle(host)
    assert host.gateway_starts() == (2 if fault == "gateway" else 1)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_killed_drill_leaves_no_fault_behind_after_the_next_cycle(
    make_host: MakeHost, fault: str
) -> None:
    host = make_host({"INTERVAL_SEC": "3600", "STARTUP_GRACE_SEC": "2"})
    cycle(host)
    before = host.published()
    drill = host.begin("drill", fault, "--yes")
    wait_for(lambda: is_broken(host, fault), "a fault")
    drill.kill()
    drill.communicate()
    assert is_broken(host, fault), "nobody has undone it yet"
    cycle(host)
    assert not is_broken(host, fault)
    assert not (host.state_dir / "drill.json").exists()
    assert host.published() == before
    wait_for(host.is_healthy, "a healthy gateway")
    assert "was left behind; undone" in host.log()
    assert host.gateway_starts() == (2 if fault == "gateway" else 1), "undone, not mended"


def test_a_fault_is_undone_also_while_paused_but_not_what_the_owner_did(host: Box) -> None:
    cycle(host)
    drill = host.begin("drill", "gateway", "--yes")
    wait_for(lambda: is_broken(host, "gateway"), "a fault")
    drill.kill()
    drill.communicate()
    host.run("pause", "1h")
    cycle(host)
    assert host.gateway_runs()
    host.run("resume")
    wait_for(host.is_healthy, "a healthy gateway")
    cycle(host)

    drill = host.begin("drill", "gateway", "--yes")
    wait_for(lambda: is_broken(host, "gateway"), "a fault")
    drill.kill()
    drill.communicate()
    host.run("stop-gateway", "1h")
    cycle(host)
    assert not host.gateway_runs()
    assert not (host.state_dir / "drill.json").exists()


def test_a_damaged_record_lets_go_what_it_may_have_frozen(host: Box) -> None:
    cycle(host)
    host.hang_gateway()
    own_writing(host, "drill.json", '{"fault": "ha')
    cycle(host)
    assert not is_frozen(host)
    assert not (host.state_dir / "drill.json").exists()
    assert host.gateway_starts() == 1


def refused(host: Box, what: str = "gateway") -> str:
    code, printed = host.run("drill", what, "--yes")
    assert code == 3, printed
    assert host.gateway_runs()
    assert not (host.state_dir / "drill.json").exists()
    return printed


def test_no_drill_where_nobody_looks_or_nobody_should(make_host: MakeHost) -> None:
    host = make_host(fresh=True)
    assert "no cycle has run" in refused(host)
    cycle(host)
    host.run("pause", "1h")
    assert "resume" in refused(host)
    host.run("resume")
    spend_budget(host, 300, 200)
    assert "too few attempts" in refused(host, "all")
    spend_budget(host, 300, 200, 100)
    assert "too few attempts" in refused(host)
    spend_budget(host)
    host.kill_ollama()
    cycle(host)
    assert "something is wrong already" in refused(host)


def test_no_drill_while_the_gateway_is_stopped_or_another_drill_is_at_work(host: Box) -> None:
    cycle(host)
    drill = host.begin("drill", "funnel", "--yes")
    wait_for(lambda: is_broken(host, "funnel"), "a fault")
    code, printed = host.run("drill", "gateway", "--yes")
    assert code == 3
    assert "another drill" in printed
    assert host.gateway_runs()
    drill.send_signal(signal.SIGINT)
    drill.communicate(timeout=30)
    host.run("stop-gateway", "1h")
    code, printed = host.run("drill", "gateway", "--yes")
    assert code == 3
    assert "start-gateway" in printed


def test_no_drill_without_a_yes(host: Box) -> None:
    cycle(host)
    code, printed = host.run("drill", "gateway")
    assert code == 2
    assert "--yes" in printed
    assert host.run("drill")[0] == 2
    assert host.run("drill", "everything")[0] == 2
    assert host.gateway_starts() == 1
    assert "no drill yet" in host.run("drill", "--last")[1]


def test_the_question_is_asked_and_its_answer_obeyed(host: Box) -> None:
    cycle(host)
    pty, end = os.openpty()
    asked = subprocess.Popen(
        [sys.executable, "-m", "picoclaw_watchdog", "drill", "gateway"],
        env=host.environ,
        stdin=end,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.write(pty, b"no\n")
    printed, _ = asked.communicate(timeout=30)
    os.close(pty)
    os.close(end)
    assert asked.returncode == 3
    assert "is stopped" in printed
    assert "Nothing was done" in printed
    assert host.gateway_runs()


def test_a_funnel_that_the_watchdog_would_make_differently_is_not_touched(host: Box) -> None:
    cycle(host)
    before = host.published()
    assert before is not None
    serve = json.loads(json.dumps(before))
    [web] = serve["Web"].values()
    web["Handlers"]["/other"] = {"Text": "hello"}
    host.set_tailnet(serve=serve)
    cycle(host)
    code, printed = host.run("drill", "funnel", "--yes")
    assert code == 1
    assert "other text hello" in printed
    assert host.published() == serve


def test_impatience_does_not_keep_a_drill_from_undoing(host: Box) -> None:
    cycle(host)
    drill = host.begin("drill", "hang", "--yes")
    wait_for(lambda: is_broken(host, "hang"), "a fault")
    for _ in range(3):
        drill.send_signal(signal.SIGTERM)
    drill.communicate(timeout=30)
    assert not is_frozen(host)
    assert not (host.state_dir / "drill.json").exists()


def test_what_is_not_on_this_host_need_not_pass(make_host: MakeHost) -> None:
    host = make_host({**EVERY_SECOND, "OLLAMA_MODELS_URL": "", "READY_URL": ""})
    host.remove_program("tailscale")
    with watched(host):
        assert host.run("drill", "ollama", "--yes")[0] == 1
        code, printed = host.run("drill", "all", "--yes", timeout=100)
    assert code == 0, printed
    assert "Tailscale is not installed" in " ".join(printed.split())


def test_the_table_speaks_japanese(make_host: MakeHost) -> None:
    host = make_host({**EVERY_SECOND, "LANGUAGE": "ja"})
    with watched(host):
        code, printed = host.run("drill", "gateway", "--yes")
    assert code == 0, printed
    assert "約束どおり" in printed
    [message] = host.messages()
    assert "（訓練）" in message.text

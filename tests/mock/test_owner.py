"""The owner's own switches, on a real host in a box."""

import json
import re
import time

import pytest

from picoclaw_watchdog.demo.box import UNIT, Box
from tests.mock.conftest import MakeHost
from tests.mock.cycles import cycle, own_writing, status


def starts(host: Box) -> int:
    return host.gateway_starts()


def test_a_pause_stops_mending_and_telling_and_resume_ends_it(host: Box) -> None:
    cycle(host)
    code, printed = host.run("pause", "30m", "--reason", "new disk")
    assert code == 0, printed
    assert re.search(r"until \d\d:\d\d:\d\d: new disk", printed.replace("\n", " ")), printed
    assert "picoclaw-watchdog resume" in printed
    host.kill_gateway()
    cycle(host)
    assert not host.gateway_runs()
    assert host.messages() == []
    code, printed = host.run("status")
    assert "PAUSED" in printed
    assert "new disk" in printed
    code, printed = host.run("resume")
    assert code == 0, printed
    cycle(host)
    assert host.is_healthy()
    assert "action=pause" in host.log()
    assert "action=resume" in host.log()


def test_status_shows_a_pause_before_the_next_cycle(host: Box) -> None:
    cycle(host)
    host.run("pause", "forever")
    assert "PAUSED until resumed" in host.run("status")[1]
    assert json.loads(host.run("status", "--json")[1])["paused"]["until"] is None
    host.run("resume")
    assert "PAUSED" not in host.run("status")[1]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("30",),
        ("30x",),
        ("32d",),
        ("30m", "1h"),
        ("--until", "25:00"),
        ("--until", "2020-01-01 10:00"),
        ("--until", "2027-02-30 10:00"),
        ("30m", "--until", "18:00"),
        ("30m", "--because", "x"),
        ("30m", "--reason"),
    ],
)
def test_a_pause_needs_an_end_that_can_be_understood(host: Box, words: tuple[str, ...]) -> None:
    code, printed = host.run("pause", *words)
    assert code == 2
    assert printed.startswith("picoclaw-watchdog pause: ")
    assert not (host.state_dir / "paused").exists()


def test_until_a_time_is_the_next_time_the_clock_shows_it(host: Box) -> None:
    code, _ = host.run("pause", "--until", "18:00")
    assert code == 0
    until = float((host.state_dir / "paused").read_text().splitlines()[0])
    assert 0 < until - time.time() <= 90_000
    assert time.localtime(until)[3:6] == (18, 0, 0)


def test_a_mistake_elsewhere_in_the_settings_does_not_keep_the_owner_from_his_switch(
    make_host: MakeHost,
) -> None:
    host = make_host({"GATEWAY_PORT": "many"})
    code, printed = host.run("pause", "1h")
    assert code == 0
    assert "GATEWAY_PORT" in printed
    assert (host.state_dir / "paused").exists()


def test_an_acknowledged_incident_is_told_no_more_until_its_all_clear(make_host: MakeHost) -> None:
    host = make_host({"ALERT_COOLDOWN_SEC": "0"})
    own_writing(host, "ollama_fail_count", "2\n")
    host.kill_ollama()
    cycle(host, 2)
    assert len(host.messages()) == 2, "a reminder for each cycle"
    code, printed = host.run("ack")
    assert code == 0
    assert "noted" in printed
    assert json.loads(host.run("status", "--json")[1])["incidents"][0]["acked"] is True
    cycle(host, 2)
    assert len(host.messages()) == 2
    assert "noted before" in host.run("ack")[1]
    assert "reminders are on again" in host.run("ack", "--undo")[1]
    cycle(host)
    assert len(host.messages()) == 3
    assert host.run("ack")[0] == 0
    cycle(host)
    assert len(host.messages()) == 3
    host.ollama_up()
    host.order("gateway")
    for _ in range(40):
        cycle(host)
        if status(host)["healthy"]:
            break
        time.sleep(0.2)
    assert host.messages()[-1].text.count("All clear") == 1
    assert not (host.state_dir / "acked").exists()
    assert "No incident is open" in host.run("ack")[1]


def test_an_ack_counts_at_once_also_for_a_cycle_that_is_running(make_host: MakeHost) -> None:
    host = make_host({"ALERT_COOLDOWN_SEC": "0", "EXTERNAL_TIMEOUT_SEC": "5"})
    own_writing(host, "ollama_fail_count", "2\n")
    host.kill_ollama()
    cycle(host)
    assert len(host.messages()) == 1
    host.set_tailnet(hang="all")  # the cycle waits for it
    running = host.begin("once")
    time.sleep(0.5)
    code, printed = host.run("ack")
    assert code == 0, printed
    assert running.poll() is None, "it has ended already: this shows nothing"
    running.communicate(timeout=30)
    assert len(host.messages()) == 1, "it has reminded all the same"
    incidents = status(host)["incidents"]
    assert isinstance(incidents, list)
    assert [each["acked"] for each in incidents if each["target"] == "ollama"] == [True]


def test_a_pause_counts_at_once_also_for_a_cycle_that_is_running(make_host: MakeHost) -> None:
    host = make_host({"EXTERNAL_TIMEOUT_SEC": "5"})
    cycle(host)
    host.set_tailnet(hang="all")
    host.hang_gateway()
    running = host.begin("once")
    time.sleep(0.5)
    assert host.run("pause", "1h")[0] == 0
    assert running.poll() is None, "it has ended already: this shows nothing"
    running.communicate(timeout=30)
    assert host.gateway_starts() == 1
    assert host.messages() == []


def test_an_ack_of_something_else_says_what_is_open(host: Box) -> None:
    own_writing(host, "ollama_fail_count", "2\n")
    host.kill_ollama()
    cycle(host)
    code, printed = host.run("ack", "gateway-17")
    assert code == 1
    assert "no such open incident" in printed
    assert "Open: ollama-" in printed


def test_a_stopped_gateway_is_left_alone_and_started_when_its_time_is_over(host: Box) -> None:
    cycle(host)
    code, printed = host.run("stop-gateway", "2h", "--reason", "upgrade")
    assert code == 0, printed
    assert not host.gateway_runs()
    cycle(host, 3)
    assert not host.gateway_runs()
    assert host.messages() == []
    assert status(host)["incidents"] == []
    assert "STOPPED" in host.run("status")[1]
    assert "stopped on purpose" in host.run("why")[1]

    path = host.state_dir / "gateway_stopped"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([str(time.time() - 1), *lines[1:]]) + "\n")
    cycle(host)
    assert host.is_healthy()
    assert not path.exists()
    [message] = host.messages()
    assert "planned stop is over" in message.text


def test_starting_it_by_hand_ends_the_stop(host: Box) -> None:
    cycle(host)
    host.run("stop-gateway", "2h")
    host.systemctl("start", UNIT)
    host.run("once")
    assert not (host.state_dir / "gateway_stopped").exists()
    host.kill_gateway()
    cycle(host)
    assert host.is_healthy()


def test_start_gateway_starts_it_and_says_when_it_is_healthy(host: Box) -> None:
    cycle(host)
    host.run("stop-gateway", "forever")
    code, printed = host.run("start-gateway")
    assert code == 0, printed
    assert "is healthy" in printed
    assert host.is_healthy()
    assert not (host.state_dir / "gateway_stopped").exists()


def test_a_gateway_that_cannot_be_stopped_is_not_called_stopped(host: Box) -> None:
    host.set_unit(load="not-found")
    code, printed = host.run("stop-gateway", "2h")
    assert code == 1
    assert "could not be stopped" in printed
    assert not (host.state_dir / "gateway_stopped").exists()


def test_a_dead_gateway_is_no_reason_to_reset_the_funnel(host: Box) -> None:
    """Its public address cannot answer, whatever the Funnel does."""
    cycle(host)
    host.run("stop-gateway", "2h")
    host.funnel_off()
    cycle(host)
    commands = host.tailscale_commands()
    assert any(command.startswith("funnel --bg") for command in commands)
    assert "funnel reset" not in commands


def test_in_a_planned_window_nothing_is_mended_and_afterwards_it_is(make_host: MakeHost) -> None:
    host = make_host({"PAUSE_WINDOWS": '"*-*-* 00:00 1d"'})
    host.kill_gateway()
    cycle(host)
    assert not host.gateway_runs()
    assert host.messages() == []
    printed = host.run("status")[1]
    assert "as planned" in printed
    assert "*-*-* 00:00 1d" in printed
    assert not (host.state_dir / "paused").exists()
    assert "planned window" in host.run("resume")[1]
    host.run("once", PICOCLAW_WATCHDOG_PAUSE_WINDOWS="*-02-30 00:00 1m")
    assert host.is_healthy()


def test_the_switches_speak_japanese(make_host: MakeHost) -> None:
    host = make_host({"LANGUAGE": "ja"})
    cycle(host)
    assert "一時停止します" in host.run("pause", "1h", "--reason", "ディスク交換")[1]
    assert "ディスク交換" in host.run("status")[1]
    assert "再開しました" in host.run("resume")[1]
    assert "停止します" in host.run("stop-gateway", "1h")[1]
    assert "正常になりました" in host.run("start-gateway")[1]

"""What the owner types, on a real host in a box."""

import json

from picoclaw_watchdog.demo.box import Box
from tests.mock.conftest import MakeHost
from tests.mock.cycles import cycle, own_writing


def test_status_before_the_first_cycle_says_what_to_do(make_host: MakeHost) -> None:
    host = make_host(fresh=True)
    code, printed = host.run("status")
    assert code == 3
    assert "picoclaw-watchdog once" in printed


def test_status_of_a_healthy_host(host: Box) -> None:
    cycle(host)
    code, printed = host.run("status")
    assert code == 0
    assert "all is well" in printed
    assert "gateway 3 of 3" in printed


def test_a_dead_ollama_leaves_the_gateway_good_in_status(host: Box) -> None:
    host.kill_ollama()
    cycle(host, 2)
    code, printed = host.run("status")
    assert code == 1
    assert "gateway  good" in printed
    assert "Ollama   BAD" in printed
    assert "gateway 2 of 3" in printed
    assert "1 waiting" not in printed


def test_status_says_when_nobody_looks(make_host: MakeHost) -> None:
    host = make_host({"INTERVAL_SEC": "1"})
    cycle(host)
    path = host.state_dir / "status.json"
    document = json.loads(path.read_text())
    document["at"] -= 60
    path.write_text(json.dumps(document))
    code, printed = host.run("status")
    assert code == 1
    assert "NOT RUNNING" in printed


def test_status_for_programs_is_json_without_our_own_bookkeeping(host: Box) -> None:
    cycle(host)
    code, printed = host.run("status", "--json")
    document = json.loads(printed)
    assert code == 0
    assert document["healthy"] is True
    assert document["budgets"]["restart_gateway"]["left"] == 3
    assert "store" not in document


def test_why_tells_what_was_done_and_what_was_not(host: Box) -> None:
    assert "no decisions yet" in host.run("why")[1]
    host.kill_gateway()
    cycle(host)
    own_writing(host, "ollama_fail_count", "2\n")
    host.kill_ollama()
    cycle(host)
    code, printed = host.run("why")
    assert code == 0
    assert "did: restart of the gateway" in printed
    assert "withheld: restart of the gateway" in printed
    decisions = json.loads(host.run("why", "--json")[1])
    assert decisions[-1]["did"][0]["cause"] == "service_down"
    assert decisions[0]["withheld"][0]["hold"] == "suppressed"


def test_both_speak_japanese(make_host: MakeHost) -> None:
    host = make_host({"LANGUAGE": "ja"})
    host.kill_gateway()
    cycle(host)
    assert "すべて正常です" in host.run("status")[1]
    assert "ゲートウェイの再起動" in host.run("why")[1]


def test_a_mistake_in_the_settings_stops_a_command_with_one_line(make_host: MakeHost) -> None:
    host = make_host({"GATEWAY_PORT": "many"})
    code, printed = host.run("status")
    assert code == 2
    assert "GATEWAY_PORT" in printed
    assert "Traceback" not in printed


def test_an_unknown_command_says_where_help_is(host: Box) -> None:
    code, printed = host.run("zzz")
    assert code == 2
    assert "--help" in printed

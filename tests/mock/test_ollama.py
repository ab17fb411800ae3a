from picoclaw_watchdog.demo.box import Box
from tests.mock.conftest import MakeHost
from tests.mock.cycles import bring_back_ollama, cycle, own_writing


def test_the_third_consecutive_failure_restarts_nothing_and_is_told_once(host: Box) -> None:
    own_writing(host, "ollama_fail_count", "2\n")
    host.kill_ollama()
    cycle(host, 3)
    assert host.gateway_starts() == 1
    assert len(host.messages()) == 1
    assert "ollama" in host.messages()[0].text.lower()


def test_twenty_cycles_of_a_dead_ollama_cost_one_restart_and_one_message(host: Box) -> None:
    host.kill_ollama()
    cycle(host, 20)
    assert host.status("gateway", "/ready") == 503
    assert host.gateway_starts() == 2
    assert len(host.messages()) == 1


def test_a_reminder_comes_once_per_cooldown(make_host: MakeHost) -> None:
    host = make_host({"ALERT_COOLDOWN_SEC": "3600"})
    own_writing(host, "ollama_fail_count", "2\n")
    host.kill_ollama()
    cycle(host)
    cooldown = next(host.state_dir.glob("alert_ollama*.ts"))
    assert cooldown.read_text().strip().isdigit()
    cooldown.write_text(f"{int(cooldown.read_text()) - 4000}\n")
    cycle(host, 2)
    assert len(host.messages()) == 2


def test_an_ollama_that_comes_back_is_told_when_its_end_was(host: Box) -> None:
    own_writing(host, "ollama_fail_count", "2\n")
    host.kill_ollama()
    cycle(host)
    bring_back_ollama(host)
    cycle(host, 2)
    assert len(host.messages()) == 2
    assert (host.state_dir / "ollama_fail_count").read_text().strip() in {"0", ""}


def test_a_gateway_killed_while_ollama_is_dead_is_still_restarted(host: Box) -> None:
    own_writing(host, "ollama_fail_count", "5\n")
    host.kill_ollama()
    host.kill_gateway()
    cycle(host)
    assert host.gateway_starts() == 2
    assert host.is_healthy()

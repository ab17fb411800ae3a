import shutil
import time

from picoclaw_watchdog.demo.box import Box
from tests.mock.conftest import MakeHost
from tests.mock.cycles import cycle, looks, own_writing, status

STATE_FILES = (
    "restart_gateway_times.log",
    "health_fail_count",
    "ollama_fail_count",
    "webhook_fail_count",
    "alert_gateway.ts",
    "watchdog.db",
    "status.json",
    "paused",
)


def test_garbage_in_every_state_file_leaves_the_gateway_watched(host: Box) -> None:
    for name in STATE_FILES:
        if name != "paused":
            own_writing(host, name, "\0garbage \ud7ff no number\n{{{")
    host.kill_gateway()
    cycle(host, 2)
    assert host.gateway_starts() == 2
    assert host.is_healthy()


def test_a_bad_value_falls_back_to_its_default_and_is_told_once(make_host: MakeHost) -> None:
    host = make_host({"RESTART_MAX_COUNT": "many"})
    host.kill_gateway()
    cycle(host, 2)
    assert host.gateway_starts() == 2
    assert len([each for each in host.messages() if "settings" in each.text]) == 1
    assert "RESTART_MAX_COUNT" in host.log()


def test_a_bad_value_stops_a_run_that_somebody_watches(make_host: MakeHost) -> None:
    host = make_host({"RESTART_MAX_COUNT": "many"})
    host.kill_gateway()
    code, printed = host.run("once", "--attended")
    assert code == 2
    assert "RESTART_MAX_COUNT" in printed
    assert host.gateway_starts() == 1


def test_black_holes_everywhere_cost_one_timeout_and_not_their_sum(make_host: MakeHost) -> None:
    longest = 0.8
    host = make_host({"LOCAL_TIMEOUT_SEC": "0.5", "EXTERNAL_TIMEOUT_SEC": str(longest)})
    for name in ("gateway", "ollama"):
        host.order(name, hang=True)
    host.order("line", mode="blackhole")
    host.set_tailnet(hang="all")
    host.set_bus(hang=True)
    began = time.monotonic()
    cycle(host)
    assert time.monotonic() - began < 30
    for probe, look in looks(host).items():
        took = look["took"]
        assert isinstance(took, float)
        assert took < longest + 1, probe
    assert host.gateway_starts() == 1


def test_two_cycles_at_once_make_one_restart(host: Box) -> None:
    host.kill_gateway()
    both = [host.begin("once"), host.begin("once")]
    for watchdog in both:
        printed, _ = watchdog.communicate(timeout=30)
        assert watchdog.returncode == 0, printed
    assert host.gateway_starts() == 2


def test_a_state_folder_that_is_a_file_leaves_the_gateway_watched(host: Box) -> None:
    shutil.rmtree(host.state_dir)
    host.state_dir.write_text("no folder")
    code, printed = host.run("once")
    assert code == 0, printed
    assert "internal error" not in host.log()
    assert host.gateway_starts() == 1


def test_a_watchdog_that_is_switched_off_does_nothing(make_host: MakeHost) -> None:
    host = make_host({"ENABLED": "false"})
    host.kill_gateway()
    cycle(host)
    assert host.gateway_starts() == 1


def test_a_snapshot_is_left_for_readers(host: Box) -> None:
    cycle(host)
    document = status(host)
    assert document["healthy"] is True
    assert document["waiting_messages"] == 0


def test_nothing_is_restarted_through_a_bus_that_is_silent(host: Box) -> None:
    host.set_bus(up=False)
    host.kill_ollama()
    cycle(host, 3)
    assert "action=restart_gateway detail" not in host.log()
    assert host.gateway_starts() == 1

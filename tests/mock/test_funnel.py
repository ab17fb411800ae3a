import subprocess
import sys

import pytest

from picoclaw_watchdog.demo.box import Box
from tests.mock.conftest import prefix_for_an_ordinary_user
from tests.mock.cycles import cycle, looks


def test_a_funnel_that_is_off_is_published_again(host: Box) -> None:
    host.funnel_off()
    cycle(host)
    assert host.is_reachable()
    assert host.tailscale_commands() == [f"funnel --bg {host.ports.webhook}"]
    assert host.gateway_starts() == 1


def test_a_funnel_that_stays_off_is_told_and_not_hammered(host: Box) -> None:
    host.funnel_off()
    host.set_tailnet(publish="nothing")
    cycle(host, 4)
    assert len(host.messages()) == 1
    assert 1 <= len(host.tailscale_commands()) <= 9
    assert host.gateway_starts() == 1


def test_other_published_things_survive_a_reset(host: Box) -> None:
    host.funnel_off()
    run_tailscale(host, "serve", "--bg", "--https=8443", "--set-path=/notes", "3000")
    host.set_tailnet(publish="nothing")
    cycle(host)
    host.set_tailnet(publish="")
    served = host.published() or {}
    message = "\n".join(each.text for each in host.messages())
    put_back = f"{HOST}:8443" in served.get("Web", {})
    assert put_back or "8443" in message


def test_a_logged_out_node_is_told_and_no_command_is_run(host: Box) -> None:
    host.set_tailnet(backend="NeedsLogin", online=False)
    cycle(host, 3)
    assert host.tailscale_commands() == []
    assert len(host.messages()) == 1
    assert host.gateway_starts() == 1


def test_a_missing_capability_is_told_and_no_command_is_run(host: Box) -> None:
    host.funnel_off()
    host.set_tailnet(capable=False)
    cycle(host, 2)
    assert host.tailscale_commands() == []
    assert len(host.messages()) == 1


def test_a_daemon_that_does_not_run_restarts_nothing(host: Box) -> None:
    host.set_tailnet(daemon=False)
    cycle(host, 2)
    assert host.tailscale_commands() == []
    assert host.gateway_starts() == 1


def test_a_missing_tailscale_leaves_the_gateway_watched(host: Box) -> None:
    host.remove_program("tailscale")
    host.kill_gateway()
    cycle(host)
    assert looks(host)["funnel"]["sight"] == "tailscale_missing"
    assert host.gateway_starts() == 2
    assert host.is_healthy()


def test_a_tailscale_that_blocks_for_ever_is_given_up(host: Box) -> None:
    host.set_tailnet(hang="all")
    cycle(host)
    assert looks(host)["funnel"]["sight"] == "tailscale_silent"
    assert host.gateway_starts() == 1


def test_a_sudo_that_wants_a_password_is_told_with_its_remedy(host: Box) -> None:
    prefix = prefix_for_an_ordinary_user()
    if prefix is None:
        pytest.skip("runs as root and cannot become an ordinary user: no user namespaces here")
    host.funnel_off()
    host.sudo_wants_password()
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "picoclaw_watchdog", "once"],
        env=host.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(host.messages()) == 1
    assert "operator" in host.messages()[0].text + host.log()
    assert host.gateway_starts() == 1


HOST = "box.tail1234.ts.net"


def run_tailscale(host: Box, *arguments: str) -> None:
    subprocess.run(
        [host.folder / "bin" / "sudo", "-n", "tailscale", *arguments],
        env=host.environ,
        check=True,
        capture_output=True,
    )

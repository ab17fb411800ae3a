import subprocess
import sys

import pytest

from picoclaw_watchdog.demo.box import Box
from tests.mock.conftest import MakeHost, prefix_for_an_ordinary_user
from tests.mock.cycles import cycle, looks

HOST = "box.tail1234.ts.net"


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


PRIVATE = {
    "TCP": {"443": {"HTTPS": True}},
    "Web": {
        f"{HOST}:443": {
            "Handlers": {
                "/": {"Proxy": "http://127.0.0.1:8123"},
                "/bar": {"Path": "/srv/private/file.html"},
                "/notes": {"Proxy": "http://127.0.0.1:3000"},
            }
        }
    },
}
PRIVATE_BESIDE = {
    "TCP": {"443": {"HTTPS": True}},
    "Web": {f"{HOST}:443": {"Handlers": {"/notes": {"Proxy": "http://127.0.0.1:3000"}}}},
}
FORWARD = {"TCP": {"443": {"TCPForward": "127.0.0.1:22"}}}


@pytest.mark.parametrize("serve", [PRIVATE, PRIVATE_BESIDE, FORWARD])
@pytest.mark.parametrize("local_api", [True, False])
def test_what_others_serve_is_neither_published_nor_replaced(
    make_host: MakeHost, serve: dict[str, object], *, local_api: bool
) -> None:
    host = make_host(local_api=local_api)
    cycle(host)
    host.set_tailnet(serve=serve)
    cycle(host, 3)
    assert host.published() == serve
    assert host.tailscale_commands() == []
    assert len(host.messages()) == 1


@pytest.mark.parametrize("path", ["/", "/webhook"])
def test_a_proxy_between_funnel_and_gateway_is_well(make_host: MakeHost, path: str) -> None:
    host = make_host()
    target = f"http://localhost:{host.ports.webhook}" + path.rstrip("/")
    serve = {
        "TCP": {"443": {"HTTPS": True}},
        "Web": {f"{HOST}:443": {"Handlers": {path: {"Proxy": target}}}},
        "AllowFunnel": {f"{HOST}:443": True},
    }
    host.set_tailnet(serve=serve)
    assert host.is_reachable()
    cycle(host, 3)
    assert (host.published(), host.messages()) == (serve, [])


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


@pytest.mark.parametrize("socket", ["denied", "eof"])
def test_a_tailscale_that_may_not_be_asked_is_told_apart_and_nothing_is_done(
    host: Box, socket: str
) -> None:
    host.set_tailnet(socket=socket, ordinary=True)
    cycle(host, 2)
    sights = {"denied": "tailscale_denied", "eof": "tailscale_silent"}
    assert looks(host)["funnel"]["sight"] == sights[socket]
    assert host.tailscale_commands() == []
    assert host.gateway_starts() == 1

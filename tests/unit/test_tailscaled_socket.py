"""Tailscale is asked and changed at tailscaled's own socket."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import picoclaw_watchdog
from picoclaw_watchdog.core.model import Entry
from picoclaw_watchdog.core.reasons import Phase, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.demo.localapi import LocalApi
from picoclaw_watchdog.demo.serving import Server
from picoclaw_watchdog.demo.tailnet import STATE_VARIABLE, change, load
from picoclaw_watchdog.host import node as host_node
from picoclaw_watchdog.host.tailscale import HostTailnet
from picoclaw_watchdog.ports import Fit, Funnel, Node, Silence, Why
from picoclaw_watchdog.recoveries import funnel as recovery
from tests.unit.standins import Bin
from tests.unit.standins.world import a_world
from tests.unit.tailnet import (
    HOST,
    OURS,
    config,
    unprivileged,
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    return unprivileged(tmp_path, monkeypatch)


def funnel(tailnet: HostTailnet | None = None, deadline: float = 10.0) -> Funnel | Silence:
    return (tailnet or HostTailnet()).funnel(deadline)


class Daemon:
    """The pretended tailscaled at a socket of its own, and its command on PATH."""

    def __init__(self, folder: Path, path: Bin, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state = folder / "tailscale.json"
        self.socket = str(folder / "tailscaled.sock")
        self.path = path
        monkeypatch.setenv(STATE_VARIABLE, str(self.state))
        source = Path(picoclaw_watchdog.__file__).parents[1]
        run = f'exec "{sys.executable}" -m picoclaw_watchdog.demo.tailscale "$@"'
        root = '[ -n "$AS_ROOT" ] && export PICOCLAW_DEMO_ROOT=1'
        path.program("tailscale", f'export PYTHONPATH="{source}"\n{root}\n{run}')
        self.set(ordinary=True, operator=True)
        self.server = Server(self.socket, LocalApi(self.state).answer)
        self.server.open()

    def set(self, **fields: object) -> None:
        change(self.state, lambda node: node._replace(**fields))  # type: ignore[arg-type]

    @property
    def serve(self) -> object:
        return load(self.state).serve

    @property
    def tailnet(self) -> HostTailnet:
        return HostTailnet([self.socket])

    def mended(self, entry: Entry) -> Phase:
        world = a_world(tailnet=self.tailnet)
        return recovery.mend(Settings(), world, entry, lambda: Verdict.GOOD).phase


@pytest.fixture
def daemon(tmp_path: Path, path: Bin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, path, monkeypatch)
    yield daemon
    daemon.server.close()


def test_tailscaled_is_asked_itself_where_its_socket_is(daemon: Daemon) -> None:
    daemon.set(serve=config(OURS))
    found = funnel(daemon.tailnet)
    assert isinstance(found, Funnel)
    assert json.loads(found.raw) == config(OURS)
    assert found.etag
    there = daemon.tailnet.node(10.0)
    assert isinstance(there, Node)
    assert (there.state, there.dns_name) == ("Running", HOST)
    assert daemon.path.calls() == []


def test_the_first_socket_that_is_there_is_asked(daemon: Daemon, tmp_path: Path) -> None:
    tailnet = HostTailnet([str(tmp_path / "none.sock"), daemon.socket])
    assert isinstance(tailnet.node(10.0), Node)
    assert daemon.path.calls() == []


def test_what_is_not_known_is_carried_as_it_is(daemon: Daemon) -> None:
    serve = {
        **config({"/": {"Proxy": "http://127.0.0.1:1"}}, port=8443),
        "Services": {"svc:db": {"TCP": {"5432": {"HTTPS": True}}}},
        "Foreground": {"0123": config({"/": {"Text": "x"}}, port=10000)},
        "Future": {"a": [1, None]},
    }
    daemon.set(serve=serve)
    assert daemon.mended(Entry(HOST, 443, "/", "http://127.0.0.1:18791")) is Phase.DONE
    now = daemon.serve
    assert isinstance(now, dict)
    for part, value in serve.items():
        assert isinstance(value, dict)
        assert {key: now[part][key] for key in value} == value
    assert daemon.path.calls() == []


@pytest.mark.parametrize("state", ["NoState", "Starting"])
@pytest.mark.parametrize("socket", [True, False])
def test_an_empty_configuration_before_the_netmap_is_not_a_lost_one(
    daemon: Daemon, state: str, *, socket: bool
) -> None:
    daemon.set(serve=config(OURS), backend=state)
    found = funnel(daemon.tailnet if socket else None)
    assert isinstance(found, Funnel)
    assert (found.entries, found.trouble) == ((), Sight.TAILSCALE_STARTING)


def test_an_empty_configuration_of_a_logged_out_node_says_so(daemon: Daemon) -> None:
    daemon.set(serve=config(OURS), backend="NeedsLogin")
    found = funnel(daemon.tailnet)
    assert isinstance(found, Funnel)
    assert (found.entries, found.trouble) == ((), Sight.LOGGED_OUT)


def test_an_empty_configuration_of_a_node_that_runs_is_empty(daemon: Daemon) -> None:
    daemon.set(serve={})
    found = funnel(daemon.tailnet)
    assert isinstance(found, Funnel)
    assert (found.entries, found.trouble, found.name) == ((), None, HOST)


def test_the_nodes_name_is_asked_for_where_the_configuration_knows_several(daemon: Daemon) -> None:
    old = config(OURS, host="old.tail1234.ts.net")
    new = config(OURS)
    for part in ("Web", "AllowFunnel"):
        old[part] = {**old[part], **new[part]}  # type: ignore[dict-item]
    daemon.set(serve=old)
    found = funnel(daemon.tailnet)
    assert isinstance(found, Funnel)
    assert found.name == HOST


@pytest.mark.parametrize("trouble", ["eof", "denied"])
def test_what_the_socket_does_not_say_is_asked_of_the_command(daemon: Daemon, trouble: str) -> None:
    daemon.set(serve=config(OURS), socket=trouble)
    if trouble == "denied":
        daemon.server.close()
        os.unlink(daemon.socket)
    silence = funnel(daemon.tailnet)
    assert isinstance(silence, Silence)
    sights = {"eof": Sight.TAILSCALE_SILENT, "denied": Sight.TAILSCALE_DENIED}
    assert host_node.meaning_of(silence) == (Verdict.UNKNOWN, sights[trouble])
    assert len(daemon.path.calls()) == 1


def test_a_socket_that_hangs_is_silence_within_the_deadline(daemon: Daemon) -> None:
    daemon.set(hang="all")
    silence = funnel(daemon.tailnet, 0.2)
    assert isinstance(silence, Silence)
    assert silence.why is Why.TIMED_OUT
    assert daemon.path.calls() == []


def test_a_change_is_bound_to_what_was_read(daemon: Daemon) -> None:
    daemon.set(serve=config(OURS))
    before = funnel(daemon.tailnet)
    assert isinstance(before, Funnel)
    daemon.set(serve={})
    assert daemon.tailnet.write(before.raw, before.etag, 10.0).fit is Fit.CHANGED
    assert daemon.tailnet.write(before.raw, "", 10.0).fit is Fit.CHANGED
    assert daemon.serve == {}
    now = funnel(daemon.tailnet)
    assert isinstance(now, Funnel)
    assert daemon.tailnet.write(before.raw, now.etag, 10.0).fit is Fit.DONE
    assert daemon.serve == config(OURS)


def test_who_may_not_change_anything_is_told_so(daemon: Daemon) -> None:
    daemon.set(operator=False)
    now = funnel(daemon.tailnet)
    assert isinstance(now, Funnel)
    assert daemon.tailnet.write("{}", now.etag, 10.0).fit is Fit.DENIED


def test_a_path_of_roots_is_told_apart(daemon: Daemon) -> None:
    serve = config({"/": {"Path": "/srv"}})
    daemon.set(serve=serve)
    now = funnel(daemon.tailnet)
    assert isinstance(now, Funnel)
    assert daemon.tailnet.write(json.dumps(serve), now.etag, 10.0).fit is Fit.PATHS_OF_ROOT


@pytest.mark.parametrize("socket", [True, False])
@pytest.mark.parametrize("operator", [True, False])
def test_an_entry_comes_back_through_whatever_is_allowed(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, *, socket: bool, operator: bool
) -> None:
    command = "tailscale funnel --bg --https=8443 --set-path=/hook http://127.0.0.1:18790/hook"
    daemon.path.sudo(command)
    daemon.set(operator=operator, serve=config({"/": {"Text": "x"}}, public=False))
    entry = Entry(HOST, 8443, "/hook", "http://127.0.0.1:18790/hook")
    if not socket:
        monkeypatch.setattr(daemon, "socket", f"{daemon.socket}.none")
    monkeypatch.setenv("PATH", f"{daemon.path.folder}:/usr/bin:/bin")
    assert daemon.mended(entry) is Phase.DONE
    served = daemon.serve
    assert isinstance(served, dict)
    assert served["AllowFunnel"] == {f"{HOST}:8443": True}
    assert set(served["Web"]) == {f"{HOST}:443", f"{HOST}:8443"}
    used = [call for call in daemon.path.calls() if "--bg" in call]
    assert bool(used) != (socket and operator)
    assert any(call.startswith("sudo -n tailscale") for call in used) != operator

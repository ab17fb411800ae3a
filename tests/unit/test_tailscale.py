"""Tailscale is asked and changed through its command."""

import json
from pathlib import Path

import pytest

from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.host import node as host_node
from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.host.tailscale import HostTailnet
from picoclaw_watchdog.ports import Funnel, Node, Silence, Why
from tests.unit.standins import Bin, said
from tests.unit.tailnet import (
    DENIED,
    HOST,
    NO_SOCKET,
    ON,
    OURS,
    USAGE,
    config,
    unprivileged,
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    return unprivileged(tmp_path, monkeypatch)


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """The processes of a host on which nothing runs."""
    (tmp_path / "proc").mkdir()
    return tmp_path / "proc"


def funnel(tailnet: HostTailnet | None = None, deadline: float = 10.0) -> Funnel | Silence:
    return (tailnet or HostTailnet()).funnel(deadline)


# --- asking the command


def test_json_is_asked_for_first_and_is_enough(path: Bin) -> None:
    path.says("tailscale", json.dumps(config(OURS)))
    found = funnel()
    assert isinstance(found, Funnel)
    assert [each.host for each in found.entries] == [HOST]
    assert (json.loads(found.raw), found.etag) == (config(OURS), "")
    assert path.calls() == ["tailscale funnel status --json"]


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_cli_without_json_is_asked_for_text(path: Bin, code: int) -> None:
    old = said(err=USAGE, code=code)
    path.answers("tailscale", {"funnel status --json": old, "funnel status": said(ON)})
    found = funnel()
    assert isinstance(found, Funnel)
    assert [each.public for each in found.entries] == [True]
    assert found.raw == ""


def test_a_warning_about_versions_is_no_failure(path: Bin) -> None:
    warning = 'Warning: client version "1.98.4-t0123" != tailscaled server version "1.80.2-t4567"\n'
    path.says("tailscale", json.dumps(config(OURS)), err=warning)
    assert isinstance(funnel(), Funnel)


EOF = (
    "failed to connect to local tailscaled (which appears to be running as tailscaled, "
    'pid 1276). Got error: Get "http://local-tailscaled.sock/localapi/v0/status": EOF\n'
)
NOT_RUNNING = (
    "failed to connect to local tailscaled; it doesn't appear to be running "
    "(sudo systemctl start tailscaled ?)\n"
)
CANNOT = "Failed to connect to local Tailscale daemon for /localapi/v0/serve-config; not running? "


@pytest.mark.parametrize(
    ("err", "sight", "words"),
    [
        ("Error response from daemon: container 3f1c is not running\n", "silent", "is not running"),
        ("Error response from daemon: No such container: tailscale\n", "silent", "No such"),
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.\n",
            "silent",
            "Docker",
        ),
        (f"{CANNOT}Error: dial unix /x.sock: connect: permission denied\n", "denied", "denied"),
        (
            "permission denied while trying to connect to the Docker daemon socket\n",
            "denied",
            "Docker",
        ),
        (
            EOF,
            "silent",
            "EOF",
        ),
        ("flatpak: error: app/x not installed\n", "silent", "flatpak"),
        ("\x1b[31mboom\u202e\n", "silent", "boom"),
    ],
)
def test_a_command_that_cannot_answer_is_told_for_what_it_is(
    path: Bin, proc: Path, err: str, sight: str, words: str
) -> None:
    path.says("tailscale", err=err, code=1)
    tailnet = HostTailnet(proc=str(proc))
    for silence in (tailnet.funnel(10.0), tailnet.node(10.0)):
        assert isinstance(silence, Silence)
        meaning = host_node.meaning_of(silence)
        assert meaning == (Verdict.UNKNOWN, Sight(f"tailscale_{sight}"))
        assert words in silence.detail
        assert silence.detail.isprintable()
    assert len(path.calls()) == 2


DOWN = (
    NO_SOCKET,
    f"{CANNOT}Error: dial unix /var/run/tailscale/tailscaled.sock: connect: connection refused\n",
    NOT_RUNNING,
)


@pytest.mark.parametrize("err", DOWN)
def test_a_daemon_that_does_not_run_is_told_apart(path: Bin, proc: Path, err: str) -> None:
    path.says("tailscale", err=err, code=1)
    silence = funnel(HostTailnet(proc=str(proc)))
    assert isinstance(silence, Silence)
    assert host_node.meaning_of(silence) == (Verdict.BAD, Sight.TAILSCALED_DOWN)
    assert len(path.calls()) == 1


@pytest.mark.parametrize("err", DOWN)
def test_a_daemon_whose_socket_is_elsewhere_is_not_said_to_be_down(
    path: Bin, proc: Path, err: str
) -> None:
    path.says("tailscale", err=err, code=1)
    (proc / "4711").mkdir()
    (proc / "4711/comm").write_text("tailscaled\n")
    silence = funnel(HostTailnet(proc=str(proc)))
    assert isinstance(silence, Silence)
    assert host_node.meaning_of(silence) == (Verdict.UNKNOWN, Sight.TAILSCALE_SILENT)


@pytest.mark.usefixtures("path")
def test_no_tailscale_is_told_apart() -> None:
    for silence in (HostTailnet().funnel(1.0), HostTailnet().node(1.0)):
        assert isinstance(silence, Silence)
        assert silence.why is Why.MISSING
        assert host_node.meaning_of(silence) == (Verdict.UNKNOWN, Sight.TAILSCALE_MISSING)


def test_a_tailscale_that_hangs_is_silence_within_the_deadline(path: Bin) -> None:
    path.says("tailscale", sleep=30)
    began = monotonic()
    silence = funnel(deadline=0.2)
    assert isinstance(silence, Silence)
    assert silence.why is Why.TIMED_OUT
    assert monotonic() - began < 10


def test_a_slow_first_answer_leaves_less_for_the_second(path: Bin) -> None:
    table = {
        "funnel status --json": said(err=USAGE, code=1, sleep=0.2),
        "funnel status": said(ON, sleep=30),
    }
    path.answers("tailscale", table)
    began = monotonic()
    assert isinstance(funnel(deadline=0.5), Silence)
    assert monotonic() - began < 10


@pytest.mark.parametrize("site", ["https://login.tailscale.com/a", "https://hs.example/register"])
@pytest.mark.parametrize("before", ["", "To log in, visit: ", "\n"])
def test_the_address_to_log_in_at_stays_out_of_every_complaint(
    path: Bin, site: str, before: str
) -> None:
    path.says("tailscale", err=f"not now\n{before}{site}/1b2c\n", code=1)
    for answer in (HostTailnet().funnel(10), HostTailnet().node(10)):
        assert isinstance(answer, Silence)
        assert answer.detail
        assert "1b2c" not in answer.detail


# --- commands


def test_an_operator_needs_no_sudo(path: Bin) -> None:
    path.says("tailscale", "Available on the internet:\n")
    path.sudo("tailscale funnel --bg 18791")
    done = HostTailnet().command(("funnel", "--bg", "18791"), 10.0)
    assert (done.ran.ok, done.denied, done.as_root) == (True, False, False)
    assert path.calls() == ["tailscale funnel --bg 18791"]


def test_sudo_is_asked_before_it_is_used(path: Bin) -> None:
    denied = said(err=DENIED, code=1).replace("\n", "\n  ")
    path.program("tailscale", f'if [ -z "$AS_ROOT" ]; then\n{denied}\nfi')
    path.sudo("tailscale funnel --bg 18791")
    done = HostTailnet().command(("funnel", "--bg", "18791"), 10.0)
    assert (done.ran.ok, done.denied, done.as_root) == (True, False, True)
    refused = HostTailnet().command(("funnel", "reset"), 10.0)
    assert (refused.ran.ok, refused.denied, refused.as_root) == (False, True, False)
    assert path.calls() == [
        "tailscale funnel --bg 18791",
        "sudo -n -l tailscale funnel --bg 18791",
        "sudo -n tailscale funnel --bg 18791",
        "tailscale funnel --bg 18791",
        "tailscale funnel reset",
        "sudo -n -l tailscale funnel reset",
    ]


def test_without_sudo_it_is_simply_denied(path: Bin) -> None:
    path.says("tailscale", err=DENIED, code=1)
    assert HostTailnet().command(("funnel", "--bg", "18791"), 10.0).denied


def test_other_errors_are_not_tried_again_as_root(path: Bin) -> None:
    path.says("tailscale", err="netMap is nil\n", code=1)
    path.sudo("tailscale funnel --bg 18791")
    done = HostTailnet().command(("funnel", "--bg", "18791"), 10.0)
    assert (done.denied, done.ran.complaint) == (False, "netMap is nil")
    assert len(path.calls()) == 1


def test_a_command_that_waits_for_ever_ends_at_the_deadline(path: Bin) -> None:
    path.says("tailscale", sleep=30)
    path.sudo("tailscale funnel --bg 18791")
    assert HostTailnet().command(("funnel", "--bg", "18791"), 0.2).ran.timed_out
    assert len(path.calls()) == 1


# --- the node


def status(**own: object) -> str:
    capabilities = {"funnel": None, "https": None}
    self_ = {"DNSName": f"{HOST}.", "Online": True, "CapMap": capabilities, **own}
    return json.dumps({"BackendState": "Running", "Version": "1.98.4", "Self": self_})


def test_the_node_is_read(path: Bin) -> None:
    path.says("tailscale", status(KeyExpiry="2027-01-01T00:00:00Z"))
    node = HostTailnet().node(5.0)
    assert node == Node(
        state="Running",
        key_expiry="2027-01-01T00:00:00Z",
        dns_name=HOST,
        can_funnel=True,
        can_https=True,
        version="1.98.4",
    )
    assert path.calls() == ["tailscale status --json --peers=false"]


def test_capabilities_that_are_not_told_are_unknown() -> None:
    node = host_node.read(status(CapMap=None))
    assert node is not None
    assert (node.can_funnel, node.can_https) == (None, None)


def test_capabilities_in_their_old_form_count() -> None:
    old = ["https://tailscale.com/cap/funnel-ports?ports=443,8443,10000"]
    node = host_node.read(status(CapMap=None, Capabilities=old))
    assert node is not None
    assert (node.can_funnel, node.can_https) == (True, False)


@pytest.mark.parametrize(
    ("state", "sight"),
    [
        ("Running", Sight.AS_EXPECTED),
        ("NeedsLogin", Sight.LOGGED_OUT),
        ("NeedsMachineAuth", Sight.NOT_APPROVED),
        ("Stopped", Sight.TAILSCALE_STOPPED),
        ("Starting", Sight.TAILSCALE_STARTING),
        ("NoState", Sight.TAILSCALE_STARTING),
        ("InUseOtherUser", Sight.TAILSCALE_SILENT),
    ],
)
def test_each_state_has_its_meaning(state: str, sight: Sight) -> None:
    assert host_node.sight_of(Node(state)) is sight


def test_an_unreadable_node_is_silence(path: Bin) -> None:
    path.says("tailscale", "# Health check:\n")
    assert isinstance(HostTailnet().node(5.0), Silence)


def test_the_commands_own_version_is_its_first_word(path: Bin) -> None:
    path.says("tailscale", "1.98.4\n  tailscale commit: 0123\n  go version: go1.24\n")
    assert HostTailnet().client_version(5.0) == "1.98.4"

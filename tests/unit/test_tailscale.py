"""Tailscale is asked: for the funnel, and for the node."""

import json
from pathlib import Path

import pytest

from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.host import tailscale
from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.host.tailscale import HostTailnet
from picoclaw_watchdog.ports import Funnel, Node, Silence
from tests.unit.standins import Bin, said
from tests.unit.tailnet import DAEMON, HOST, ON, OURS, PORTS, USAGE, config, unprivileged


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    return unprivileged(tmp_path, monkeypatch)


# --- asking the command


def test_json_is_asked_for_first_and_is_enough(path: Bin) -> None:
    path.says("tailscale", json.dumps(config(OURS)))
    found = HostTailnet().funnel(PORTS, 5.0)
    assert isinstance(found, Funnel)
    assert found.hosts == (HOST,)
    assert json.loads(found.raw) == config(OURS)
    assert path.calls() == ["tailscale funnel status --json"]


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_cli_without_json_is_asked_for_text(path: Bin, code: int) -> None:
    old = said(err=USAGE, code=code)
    path.answers("tailscale", {"funnel status --json": old, "funnel status": said(ON)})
    found = HostTailnet().funnel(PORTS, 5.0)
    assert isinstance(found, Funnel)
    assert found.hosts == (HOST,)


def test_a_daemon_that_does_not_run_is_told_apart(path: Bin) -> None:
    path.says("tailscale", err=DAEMON, code=1)
    silence = HostTailnet().funnel(PORTS, 5.0)
    assert isinstance(silence, Silence)
    assert tailscale.sight_of_silence(silence) == (Verdict.BAD, Sight.TAILSCALED_DOWN)
    assert len(path.calls()) == 1


@pytest.mark.usefixtures("path")
def test_no_tailscale_is_told_apart() -> None:
    for silence in (HostTailnet().funnel(PORTS, 1.0), HostTailnet().node(1.0)):
        assert isinstance(silence, Silence)
        assert silence.missing
        assert tailscale.sight_of_silence(silence) == (Verdict.UNKNOWN, Sight.TAILSCALE_MISSING)


def test_a_tailscale_that_hangs_is_silence_within_the_deadline(path: Bin) -> None:
    path.says("tailscale", sleep=30)
    began = monotonic()
    silence = HostTailnet().funnel(PORTS, 0.2)
    assert isinstance(silence, Silence)
    assert silence.timed_out
    assert tailscale.sight_of_silence(silence) == (Verdict.UNKNOWN, Sight.TAILSCALE_SILENT)
    assert monotonic() - began < 10


def test_a_slow_first_answer_leaves_less_for_the_second(path: Bin) -> None:
    table = {
        "funnel status --json": said(err=USAGE, code=1, sleep=0.2),
        "funnel status": said(ON, sleep=30),
    }
    path.answers("tailscale", table)
    began = monotonic()
    assert isinstance(HostTailnet().funnel(PORTS, 0.5), Silence)
    assert monotonic() - began < 10


@pytest.mark.parametrize("site", ["https://login.tailscale.com/a", "https://hs.example/register"])
@pytest.mark.parametrize("before", ["", "To log in, visit: ", "\n"])
def test_the_address_to_log_in_at_stays_out_of_every_complaint(
    path: Bin, site: str, before: str
) -> None:
    path.says("tailscale", err=f"not now\n{before}{site}/1b2c\n", code=1)
    for answer in (HostTailnet().funnel(PORTS, 10), HostTailnet().node(10)):
        assert isinstance(answer, Silence)
        assert answer.detail
        assert "1b2c" not in answer.detail


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
    node = tailscale.read_node(status(CapMap=None))
    assert node is not None
    assert (node.can_funnel, node.can_https) == (None, None)


def test_capabilities_in_their_old_form_count() -> None:
    old = ["https://tailscale.com/cap/funnel-ports?ports=443,8443,10000"]
    node = tailscale.read_node(status(CapMap=None, Capabilities=old))
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
    assert tailscale.sight_of_node(Node(state)) is sight


def test_an_unreadable_node_is_silence(path: Bin) -> None:
    path.says("tailscale", "# Health check:\n")
    assert isinstance(HostTailnet().node(5.0), Silence)

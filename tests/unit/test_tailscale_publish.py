"""What is served is changed, and put back."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import picoclaw_watchdog
from picoclaw_watchdog.demo import tailnet as pretended
from picoclaw_watchdog.host import serve_config, tailscale
from picoclaw_watchdog.host.tailscale import HostTailnet
from picoclaw_watchdog.ports import Funnel
from tests.unit.standins import Bin, said
from tests.unit.tailnet import DAEMON, DENIED, HOST, PORTS, config, from_json, unprivileged


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    return unprivileged(tmp_path, monkeypatch)


# --- changing something


def test_an_operator_needs_no_sudo(path: Bin) -> None:
    path.says("tailscale", "Available on the internet:\n")
    path.sudo()
    assert HostTailnet().publish(18791, 5.0).ok
    assert path.calls() == ["tailscale funnel --bg 18791"]


def test_who_is_not_operator_goes_through_sudo(path: Bin) -> None:
    denied = said(err=DENIED, code=1).replace("\n", "\n  ")
    path.program("tailscale", f'if [ -z "$AS_ROOT" ]; then\n{denied}\nfi')
    path.sudo()
    assert HostTailnet().publish(18791, 5.0).ok
    assert HostTailnet().reset(5.0).ok
    assert path.calls() == [
        "tailscale funnel --bg 18791",
        "sudo -n tailscale funnel --bg 18791",
        "tailscale funnel --bg 18791",
        "tailscale funnel reset",
        "sudo -n tailscale funnel reset",
        "tailscale funnel reset",
    ]


@pytest.mark.parametrize(
    "refusal",
    [
        "sudo: a password is required",
        'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.',
        "Sorry, user pico is not allowed to execute '/usr/bin/tailscale' as root on box.",
        "pico is not in the sudoers file.",
    ],
)
def test_without_any_right_the_complaint_names_both_and_the_remedy(path: Bin, refusal: str) -> None:
    path.says("tailscale", err=DENIED, code=1)
    path.says("sudo", err=refusal + "\n", code=1)
    ran = HostTailnet().publish(18791, 5.0)
    assert not ran.ok
    assert tailscale.was_denied(ran)
    for part in ("access denied", refusal, "--operator=$USER", "sudoers"):
        assert part in ran.complaint


def test_a_missing_sudo_is_named(path: Bin) -> None:
    path.says("tailscale", err=DENIED, code=1)
    assert "sudo is not installed" in HostTailnet().publish(18791, 5.0).complaint


def test_other_errors_are_not_tried_again_as_root(path: Bin) -> None:
    path.says("tailscale", err="netMap is nil\n", code=1)
    path.sudo()
    assert HostTailnet().publish(18791, 5.0).complaint == "netMap is nil"
    assert len(path.calls()) == 1


def test_a_publish_that_waits_for_ever_ends_at_the_deadline(path: Bin) -> None:
    path.says("tailscale", sleep=30)
    path.sudo()
    assert HostTailnet().publish(18791, 0.2).timed_out
    assert len(path.calls()) == 1


# --- putting back, with the demo's stand-in that keeps a configuration


Pretend = Callable[[pretended.ServeConfig | None], Path]


@pytest.fixture
def pretend(path: Bin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretend:
    state = tmp_path / "tailscale.json"
    monkeypatch.setenv(pretended.STATE_VARIABLE, str(state))
    source = Path(picoclaw_watchdog.__file__).parents[1]
    run = f'exec "{sys.executable}" -m picoclaw_watchdog.demo.tailscale "$@"'
    path.program("tailscale", f'export PYTHONPATH="{source}"\n{run}')

    def having(serve: pretended.ServeConfig | None) -> Path:
        pretended.change(state, lambda old: old._replace(serve=serve, operator=True))
        return state

    return having


def everything() -> pretended.ServeConfig:
    return {
        "TCP": {
            "443": {"HTTPS": True},
            "8443": {"HTTPS": True},
            "8022": {"TCPForward": "127.0.0.1:22"},
        },
        "Web": {
            f"{HOST}:443": {
                "Handlers": {
                    "/": {"Proxy": "http://127.0.0.1:18791"},
                    "/blog": {"Proxy": "http://127.0.0.1:4000"},
                    "/hello": {"Text": "hello"},
                }
            },
            f"{HOST}:8443": {"Handlers": {"/": {"Proxy": "http://127.0.0.1:3000"}}},
        },
        "AllowFunnel": {f"{HOST}:443": True},
    }


def lost_by_a_reset() -> tuple[str, ...]:
    """Reset, publish ours, put back what was there: what did not come back."""
    tailnet = HostTailnet()
    before = tailnet.funnel(PORTS, 10.0)
    assert isinstance(before, Funnel)
    tailnet.reset(10.0)
    tailnet.publish(18791, 10.0)
    return tailnet.put_back(before, 30.0)


def test_what_a_reset_dropped_is_put_back(pretend: Pretend) -> None:
    state = pretend(everything())
    tailnet = HostTailnet()
    before = tailnet.funnel(PORTS, 10.0)
    assert isinstance(before, Funnel)
    assert tailnet.reset(10.0).ok
    assert pretended.load(state).serve == {}
    assert tailnet.publish(18791, 10.0).ok
    assert tailnet.put_back(before, 30.0) == ()
    assert pretended.load(state).serve == everything()


def test_what_cannot_be_put_back_is_named(pretend: Pretend) -> None:
    serve = everything()
    serve["Foreground"] = {"01": config({"/": {"Proxy": "http://127.0.0.1:9"}}, port=10000)}
    pretend(serve)
    lost = lost_by_a_reset()
    assert lost == (f"https://{HOST}:10000/ proxy http://127.0.0.1:9 (Funnel on)",)


def test_nothing_private_becomes_public_by_putting_it_back(pretend: Pretend) -> None:
    serve = everything()
    serve["AllowFunnel"] = {}
    state = pretend(serve)
    lost = lost_by_a_reset()
    assert [line.split()[0] for line in lost] == [f"https://{HOST}/blog", f"https://{HOST}/hello"]
    now = pretended.load(state).serve
    assert now is not None
    assert now["AllowFunnel"] == {f"{HOST}:443": True}
    assert set(now["Web"][f"{HOST}:443"]["Handlers"]) == {"/"}
    assert set(now["Web"]) == {f"{HOST}:443", f"{HOST}:8443"}


def test_our_own_entry_on_another_port_is_put_back_too(pretend: Pretend) -> None:
    serve = pretended.publish(
        None, f"{HOST}:8443", "/", {"Proxy": "http://127.0.0.1:18791"}, funnel=True
    )
    pretend(serve)
    tailnet = HostTailnet()
    before = tailnet.funnel(PORTS, 10.0)
    assert isinstance(before, Funnel)
    tailnet.reset(10.0)
    assert tailnet.put_back(before, 30.0) == ()
    after = tailnet.funnel(PORTS, 10.0)
    assert isinstance(after, Funnel)
    assert after.hosts == (f"{HOST}:8443",)


def test_a_silent_daemon_leaves_everything_lost(path: Bin) -> None:
    path.says("tailscale", err=DAEMON, code=1)
    before = from_json(config({"/": {"Proxy": "http://127.0.0.1:3000"}}))
    (line,) = HostTailnet().put_back(before, 5.0)
    assert line.startswith(f"https://{HOST}/ proxy http://127.0.0.1:3000 (Funnel on): tailscaled")


@pytest.mark.parametrize(
    ("entry", "arguments"),
    [
        (
            serve_config.Entry(8443, "https", "proxy", "http://127.0.0.1:1", HOST, "/a"),
            "serve --bg --https=8443 --set-path=/a http://127.0.0.1:1",
        ),
        (
            serve_config.Entry(443, "https", "path", "/srv", HOST, "/", public=True),
            "funnel --bg --https=443 /srv",
        ),
        (
            serve_config.Entry(80, "http", "text", "hi", HOST, "/"),
            "serve --bg --http=80 text:hi",
        ),
        (
            serve_config.Entry(
                443, "tls-terminated-tcp", "forward", "tcp://127.0.0.1:1", public=True
            ),
            "funnel --bg --tls-terminated-tcp=443 tcp://127.0.0.1:1",
        ),
        (
            serve_config.Entry(22, "tcp", "forward", "tcp://127.0.0.1:22", proxy_protocol=2),
            "serve --bg --tcp=22 --proxy-protocol=2 tcp://127.0.0.1:22",
        ),
        (
            serve_config.Entry(443, "https", "proxy", "http://127.0.0.1:1", service="svc:db"),
            "serve --service=svc:db --bg --https=443 http://127.0.0.1:1",
        ),
        (serve_config.Entry(443, "https", "redirect", "https://x", HOST, "/"), ""),
        (serve_config.Entry(443, "https", "proxy", "--help", HOST, "/"), ""),
        (serve_config.Entry(443, "https", "excerpt", '"he..."', HOST, "/"), ""),
    ],
)
def test_each_kind_of_entry_has_its_command(entry: serve_config.Entry, arguments: str) -> None:
    assert " ".join(serve_config.restoring(entry)) == arguments

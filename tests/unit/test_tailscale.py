import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import picoclaw_watchdog
from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.demo import tailnet as pretended
from picoclaw_watchdog.host import serve_config, tailscale
from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.host.tailscale import HostTailnet
from picoclaw_watchdog.ports import Funnel, Node, Ran, Silence
from tests.unit.standins import Bin, said

PORTS = (18791, 18790)
HOST = "box.tail1234.ts.net"
DENIED = (
    "sending serve config: Access denied: serve config denied\n\n"
    "Use 'sudo tailscale funnel --bg 18791'.\n"
    "To not require root, use 'sudo tailscale set --operator=$USER' once.\n"
)
DAEMON = (
    "Failed to connect to local Tailscale daemon for /localapi/v0/serve-config; not running? "
    "Error: dial unix /var/run/tailscale/tailscaled.sock: connect: no such file or directory\n"
)
USAGE = "flag provided but not defined: -json\n"


def config(
    mounts: dict[str, dict[str, str]], *, port: int = 443, public: bool = True, host: str = HOST
) -> dict[str, object]:
    site = f"{host}:{port}"
    served: dict[str, object] = {
        "TCP": {str(port): {"HTTPS": True}},
        "Web": {site: {"Handlers": mounts}},
    }
    return {**served, "AllowFunnel": {site: True}} if public else served


OURS = {"/": {"Proxy": "http://127.0.0.1:18791"}}
ON = f"""
# Funnel on:
#     - https://{HOST}

https://{HOST} (Funnel on)
|-- / proxy http://127.0.0.1:18791

"""


def from_json(document: object, ports: tuple[int, ...] = PORTS) -> Funnel:
    text = json.dumps(document)
    entries = serve_config.read_json(text)
    assert entries is not None
    return serve_config.summarise(entries, ports, raw=text)


def from_text(out: str, err: str = "", code: int = 0) -> Funnel | Silence:
    return tailscale.read_status_text(Ran(code, out, err), PORTS)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    monkeypatch.setattr(os, "getuid", lambda: 1000)  # the suite may run as root
    folder = tmp_path / "bin"
    folder.mkdir()
    return Bin(folder, monkeypatch)


# --- the JSON form


@pytest.mark.parametrize("document", [None, {}, {"TCP": {}}])
def test_nothing_published_is_an_answer(document: object) -> None:
    found = from_json(document)
    assert (found.hosts, found.elsewhere, found.others, found.trouble) == ((), (), (), "")


def test_a_public_handler_of_our_port_counts() -> None:
    found = from_json(config(OURS))
    assert found.hosts == (HOST,)
    assert found.mounts == ("/",)
    assert found.others == ()


@pytest.mark.parametrize(
    "target", ["http://localhost:18791", "127.0.0.1:18791", "18791", "http://127.0.0.1:18791/"]
)
def test_every_way_to_write_the_target_counts(target: str) -> None:
    assert from_json(config({"/": {"Proxy": target}})).hosts == (HOST,)


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:118791",
        "http://192.168.1.2:18791",
        "https+insecure://127.0.0.1:18791",
        "unix:/run/x.sock",
        "http://127.0.0.1:8791",
        "",
        "http://127.0.0.1:x18791",
    ],
)
def test_other_targets_do_not_count(target: str) -> None:
    assert from_json(config({"/": {"Proxy": target}})).hosts == ()


def test_the_port_of_newer_releases_counts_after_the_webhooks_own() -> None:
    both = {"/a": {"Proxy": "http://127.0.0.1:18790"}, "/b": {"Proxy": "http://127.0.0.1:18791"}}
    assert from_json(config(both)).mounts == ("/b", "/a")


def test_another_public_port_is_part_of_the_name() -> None:
    assert from_json(config(OURS, port=8443)).hosts == (f"{HOST}:8443",)


def test_a_handler_in_the_tailnet_only_is_off() -> None:
    found = from_json(config(OURS, public=False))
    assert (found.hosts, found.elsewhere) == ((), ())


def test_a_handler_without_its_listener_is_off() -> None:
    document = {**config(OURS), "TCP": {}}
    found = from_json(document)
    assert (found.hosts, found.elsewhere) == ((), ())


def test_a_funnel_to_another_service_is_elsewhere() -> None:
    found = from_json(config({"/": {"Proxy": "http://127.0.0.1:3000"}}))
    assert found.hosts == ()
    assert found.elsewhere == (HOST,)
    assert found.others == (f"https://{HOST}/ proxy http://127.0.0.1:3000 (Funnel on)",)


def test_a_funnel_in_the_foreground_is_neither_on_nor_off() -> None:
    found = from_json({"Foreground": {"0123": config(OURS)}})
    assert found.hosts == ()
    assert found.elsewhere == (HOST,)
    assert found.trouble == serve_config.FOREGROUND


def test_a_background_funnel_counts_beside_one_in_the_foreground() -> None:
    found = from_json({**config(OURS), "Foreground": {"0123": config(OURS, port=8443)}})
    assert (found.hosts, found.trouble) == ((HOST,), "")


def test_a_tls_terminated_forward_to_our_port_serves_the_webhook_too() -> None:
    forward = {"TCPForward": "127.0.0.1:18791", "TerminateTLS": HOST}
    document = {"TCP": {"443": forward}, "AllowFunnel": {f"{HOST}:443": True}}
    assert from_json(document).hosts == (HOST,)


def test_every_other_entry_is_named() -> None:
    document = {
        "TCP": {
            "443": {"HTTPS": True},
            "8022": {"TCPForward": "127.0.0.1:22", "TerminateTLS": HOST},
        },
        "Web": {
            f"{HOST}:443": {
                "Handlers": {
                    "/": {"Proxy": "http://127.0.0.1:18791"},
                    "/files": {"Path": "/srv/files"},
                    "/hello": {"Text": "hello"},
                    "/grafana": {"Proxy": "http://me:secret@127.0.0.1:3000"},
                }
            }
        },
        "AllowFunnel": {f"{HOST}:443": True, f"{HOST}:10000": True},
        "Services": {"svc:vpn": {"Tun": True}},
    }
    found = from_json(document)
    assert found.hosts == (HOST,)
    assert found.others == (
        f"https://{HOST}/files path /srv/files (Funnel on)",
        f"https://{HOST}/hello text hello (Funnel on)",
        f"https://{HOST}/grafana proxy http://127.0.0.1:3000 (Funnel on)",
        f"tcp://{HOST}:8022 forward tcp://127.0.0.1:22 (tailnet only)",
        f"https://{HOST}:10000 leads nowhere (Funnel on)",
        "tun://:0 forward L3 (tailnet only, svc:vpn)",
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*sorted(serve_config.KEYS), "Handlers", "Proxy", "443", f"{HOST}:443"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(sorted(serve_config.KEYS)), JSON))
def test_any_json_is_survived(document: dict[str, object]) -> None:
    text = json.dumps(document)
    found = serve_config.summarise(serve_config.read_json(text) or (), PORTS, raw=text)
    assert len(found.hosts) == len(found.mounts)
    for entry in serve_config.read(text):
        serve_config.restoring(entry)
    assert serve_config.gone(found, found) == ()


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    serve_config.read(text)
    tailscale.read_node(text)


# --- the text form, row by row


def test_text_no_config() -> None:
    assert from_text("No serve config\n") == Funnel(raw="No serve config")


def test_text_serve_only() -> None:
    found = from_text(f"https://{HOST} (tailnet only)\n|-- / proxy http://127.0.0.1:18791\n\n")
    assert isinstance(found, Funnel)
    assert (found.hosts, found.elsewhere) == ((), ())


def test_text_funnel_on() -> None:
    found = from_text(ON)
    assert isinstance(found, Funnel)
    assert (found.hosts, found.mounts) == ((HOST,), ("/",))


def test_text_on_for_one_address_is_not_on_for_another() -> None:
    out = f"""
# Funnel on:
#     - https://{HOST}:8443

https://{HOST} (tailnet only)
|-- / proxy http://127.0.0.1:18791

https://{HOST}:8443 (Funnel on)
|-- / proxy http://127.0.0.1:3000

"""
    found = from_text(out)
    assert isinstance(found, Funnel)
    assert found.hosts == ()
    assert found.elsewhere == (f"{HOST}:8443",)


def test_text_another_port() -> None:
    found = from_text(ON.replace(HOST, f"{HOST}:8443"))
    assert isinstance(found, Funnel)
    assert found.hosts == (f"{HOST}:8443",)


def test_text_padded_mounts() -> None:
    out = f"""https://{HOST} (Funnel on)
|-- /             proxy http://127.0.0.1:3000
|-- /docs         path  /srv/docs
|-- /hello        text  "hello world, hello..."
|-- /webhook/line proxy http://127.0.0.1:18791/webhook/line

"""
    found = from_text(out)
    assert isinstance(found, Funnel)
    assert (found.hosts, found.mounts) == ((HOST,), ("/webhook/line -> /webhook/line",))
    assert [line.split()[1] for line in found.others] == ["proxy", "path", "excerpt"]


@pytest.mark.parametrize(
    ("status", "kind", "public"),
    [
        ("TLS over TCP, Funnel on", "tcp", True),
        ("TLS terminated, Funnel on", "tls-terminated-tcp", True),
        ("TLS terminated, tailnet only", "tls-terminated-tcp", False),
        ("Funnel on", "tcp", True),
        ("tailnet only", "tcp", False),
        ("TLS-terminated TCP, Funnel on", "tls-terminated-tcp", True),
    ],
)
def test_text_tcp_forward(status: str, kind: str, *, public: bool) -> None:
    out = f"""
|-- tcp://{HOST}:10000 ({status})
|-- tcp://100.101.102.103:10000
|-- tcp://[fd7a:115c:a1e0::1]:10000
|--> tcp://127.0.0.1:22

"""
    (entry,) = serve_config.read_text(out)
    assert entry == serve_config.Entry(
        10000, kind, "forward", "tcp://127.0.0.1:22", HOST, public=public
    )


def test_text_http_is_shown_twice_and_counts_once() -> None:
    out = f"""http://box (tailnet only)
http://{HOST} (tailnet only)
|-- / proxy http://127.0.0.1:3000

"""
    (entry,) = serve_config.read_text(out)
    assert (entry.host, entry.port, entry.kind) == (HOST, 80, "http")


def test_text_services() -> None:
    out = """https://db.tail1234.ts.net (tailnet only) (svc:db)
|-- / proxy http://127.0.0.1:5000

tun (L3 forwarding) (svc:vpn)
"""
    assert [entry.service for entry in serve_config.read_text(out)] == ["svc:db", "svc:vpn"]


def test_text_foreground_only() -> None:
    found = from_text("\n# Funnel on:\n\nNo serve config\n")
    assert isinstance(found, Funnel)
    assert (found.hosts, found.trouble) == ((), serve_config.FOREGROUND)


def test_text_allowed_without_a_handler() -> None:
    warning = f"Warning: funnel=on for {HOST}:443, but no serve config\n"
    found = from_text(f"\n# Funnel on:\n#     - https://{HOST}\n\nNo serve config\n", warning)
    assert isinstance(found, Funnel)
    assert (found.hosts, found.elsewhere, found.trouble) == ((), (), "")


@pytest.mark.parametrize(
    ("err", "sight"),
    [
        ("Tailscale is stopped.\n", Sight.TAILSCALE_STOPPED),
        ("Logged out.\nLog in at: https://login.tailscale.com/a/1\n", Sight.LOGGED_OUT),
        ("Machine is not yet approved by tailnet admin.\n", Sight.NOT_APPROVED),
        ("unexpected state: NoState\n", Sight.TAILSCALE_STARTING),
    ],
)
def test_text_not_running(err: str, sight: Sight) -> None:
    found = from_text(f"\n# Funnel on:\n#     - https://{HOST}\n\n", err, 1)
    assert isinstance(found, Funnel)
    assert found.hosts == ()
    assert found.trouble == err.splitlines()[0]
    assert tailscale.sight_of_trouble(found.trouble) is sight


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
    assert monotonic() - began < 2.0


def test_a_slow_first_answer_leaves_less_for_the_second(path: Bin) -> None:
    table = {
        "funnel status --json": said(err=USAGE, code=1, sleep=0.2),
        "funnel status": said(ON, sleep=30),
    }
    path.answers("tailscale", table)
    began = monotonic()
    assert isinstance(HostTailnet().funnel(PORTS, 0.5), Silence)
    assert monotonic() - began < 2.5


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
    tailnet = HostTailnet()
    before = tailnet.funnel(PORTS, 10.0)
    assert isinstance(before, Funnel)
    tailnet.reset(10.0)
    tailnet.publish(18791, 10.0)
    lost = tailnet.put_back(before, 30.0)
    assert lost == (f"https://{HOST}:10000/ proxy http://127.0.0.1:9 (Funnel on)",)


def test_nothing_private_becomes_public_by_putting_it_back(pretend: Pretend) -> None:
    serve = everything()
    serve["AllowFunnel"] = {}
    state = pretend(serve)
    tailnet = HostTailnet()
    before = tailnet.funnel(PORTS, 10.0)
    assert isinstance(before, Funnel)
    tailnet.reset(10.0)
    tailnet.publish(18791, 10.0)
    lost = tailnet.put_back(before, 30.0)
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

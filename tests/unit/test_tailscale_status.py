"""`tailscale funnel status`, as JSON and as text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.core.reasons import Sight
from picoclaw_watchdog.host import serve_config, tailscale
from picoclaw_watchdog.ports import Funnel
from tests.unit.tailnet import HOST, ON, OURS, PORTS, config, from_json, from_text

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
        f"https://{HOST}/grafana proxy http://***@127.0.0.1:3000 (Funnel on)",
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

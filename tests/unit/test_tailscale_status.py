"""`tailscale funnel status`, as JSON and as text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.core.reasons import Sight
from picoclaw_watchdog.host import node, serve_config, serve_text
from picoclaw_watchdog.host.serve_config import line_of, same_target
from picoclaw_watchdog.ports import Funnel, Ran, Served
from tests.unit.tailnet import HOST, ON, OURS, config, from_json, from_text

# --- the JSON form


@pytest.mark.parametrize("document", [None, {}, {"TCP": {}}])
def test_nothing_published_is_an_answer(document: object) -> None:
    assert from_json(document).entries == ()


def test_a_public_handler_is_read() -> None:
    (entry,) = from_json(config(OURS)).entries
    target = "http://127.0.0.1:18791"
    assert entry == Served(443, "https", "proxy", target, HOST, "/", public=True)


@pytest.mark.parametrize(
    ("document", "public", "live", "foreground"),
    [
        (config(OURS), True, True, False),
        (config(OURS, public=False), False, True, False),
        ({**config(OURS), "AllowFunnel": {f"{HOST}:443": False}}, False, True, False),
        ({**config(OURS), "AllowFunnel": {f"{HOST}:8443": True}}, False, True, False),
        ({**config(OURS), "TCP": {}}, True, False, False),
        ({"Foreground": {"0123": config(OURS)}}, True, True, True),
    ],
)
def test_who_reaches_a_handler_is_read(
    document: object, *, public: bool, live: bool, foreground: bool
) -> None:
    entry = from_json(document).entries[0]
    assert (entry.public, entry.live, entry.foreground) == (public, live, foreground)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://localhost:18791", "http://127.0.0.1:18791", True),
        ("127.0.0.1:18791", "18791", True),
        ("http://127.0.0.1:18791/", "http://127.0.0.1:18791", True),
        ("http://[::1]:18791", "HTTP://127.0.0.1:18791", True),
        ("http://127.0.0.1:18791/a", "http://127.0.0.1:18791", False),
        ("http://127.0.0.1:118791", "http://127.0.0.1:18791", False),
        ("http://192.168.1.2:18791", "http://127.0.0.1:18791", False),
        ("https+insecure://127.0.0.1:18791", "http://127.0.0.1:18791", False),
        ("unix:/run/x.sock", "unix:/run/x.sock", True),
        ("unix:/run/x.sock", "unix:/run/y.sock", False),
        ("", "http://127.0.0.1:18791", False),
    ],
)
def test_targets_are_compared_by_where_they_lead(one: str, other: str, *, same: bool) -> None:
    assert same_target(one, other) == same
    assert same_target(other, one) == same


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
    assert tuple(map(line_of, from_json(document).entries)) == (
        f"https://{HOST}/ proxy http://127.0.0.1:18791 (Funnel on)",
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
    config = serve_config.parse(json.dumps(document))
    assert config == document
    for entry in serve_config.entries_of(document):
        assert line_of(entry).isprintable()


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    serve_config.parse(text)
    serve_text.read(Ran(0, text, text))
    node.read(text)


# --- the text form, row by row


def test_text_no_config() -> None:
    assert from_text("No serve config\n") == Funnel()


def test_text_serve_only() -> None:
    (entry,) = from_text(
        f"https://{HOST} (tailnet only)\n|-- / proxy http://127.0.0.1:18791\n\n"
    ).entries
    assert not entry.public


def test_text_funnel_on() -> None:
    assert from_text(ON).entries == from_json(config(OURS)).entries


def test_text_on_for_one_address_is_not_on_for_another() -> None:
    out = f"""
# Funnel on:
#     - https://{HOST}:8443

https://{HOST} (tailnet only)
|-- / proxy http://127.0.0.1:18791

https://{HOST}:8443 (Funnel on)
|-- / proxy http://127.0.0.1:3000

"""
    assert [(each.port, each.public) for each in from_text(out).entries] == [
        (443, False),
        (8443, True),
    ]


def test_text_padded_mounts() -> None:
    out = f"""https://{HOST} (Funnel on)
|-- /             proxy http://127.0.0.1:3000
|-- /docs         path  /srv/docs
|-- /hello        text  "hello world, hello..."
|-- /webhook/line proxy http://127.0.0.1:18791/webhook/line

"""
    assert [(each.mount, each.what) for each in from_text(out).entries] == [
        ("/", "proxy"),
        ("/docs", "path"),
        ("/hello", "text"),
        ("/webhook/line", "proxy"),
    ]


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
    (entry,) = serve_text.entries_of(out)
    assert entry == Served(10000, kind, "forward", "tcp://127.0.0.1:22", HOST, public=public)


def test_text_http_is_shown_twice_and_counts_once() -> None:
    out = f"""http://box (tailnet only)
http://{HOST} (tailnet only)
|-- / proxy http://127.0.0.1:3000

"""
    (entry,) = serve_text.entries_of(out)
    assert (entry.host, entry.port, entry.kind) == (HOST, 80, "http")


def test_text_services() -> None:
    out = """https://db.tail1234.ts.net (tailnet only) (svc:db)
|-- / proxy http://127.0.0.1:5000

tun (L3 forwarding) (svc:vpn)
"""
    assert [entry.service for entry in serve_text.entries_of(out)] == ["svc:db", "svc:vpn"]


def test_text_foreground_only() -> None:
    (entry,) = from_text("\n# Funnel on:\n\nNo serve config\n").entries
    assert (entry.public, entry.foreground) == (True, True)


def test_text_allowed_without_a_handler() -> None:
    warning = f"Warning: funnel=on for {HOST}:443, but no serve config\n"
    found = from_text(f"\n# Funnel on:\n#     - https://{HOST}\n\nNo serve config\n", warning)
    assert (found.entries, found.trouble) == ((), None)


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
    assert (found.entries, found.trouble) == ((), sight)

"""Which way from outside leads to the webhook, and through which entry."""

import pytest

from picoclaw_watchdog.core.model import Entry
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Funnel, Silence, Why
from picoclaw_watchdog.probes import funnel
from tests.unit.standins.world import ScriptedTailnet, a_world
from tests.unit.tailnet import HOST, OURS, config, from_json

HOOK = "/webhook/line"
TO_US, TO_GATEWAY = "http://127.0.0.1:18791", "http://127.0.0.1:18790"
TO_NGINX = "http://127.0.0.1:8080"
OLD = "box.fun-name1.ts.net"


def to(target: str, mount: str = "/", *, port: int = 443, host: str = HOST) -> dict[str, object]:
    return config({mount: {"Proxy": target}}, port=port, host=host)


def merged(*parts: dict[str, object]) -> dict[str, object]:
    whole: dict[str, object] = {}
    for part in parts:
        for key, value in part.items():
            known = whole.get(key, {})
            assert isinstance(known, dict)
            assert isinstance(value, dict)
            whole[key] = {**known, **value}
    return whole


@pytest.mark.parametrize(
    ("seen", "verdict", "sight"),
    [
        (from_json(config(OURS)), Verdict.GOOD, Sight.AS_EXPECTED),
        (from_json(to(TO_GATEWAY)), Verdict.GOOD, Sight.AS_EXPECTED),
        (from_json(to(TO_NGINX)), Verdict.GOOD, Sight.FUNNEL_ELSEWHERE),
        (from_json({"Foreground": {"1": config(OURS)}}), Verdict.GOOD, Sight.FUNNEL_ELSEWHERE),
        (Funnel(), Verdict.BAD, Sight.FUNNEL_OFF),
        (from_json(config(OURS, public=False)), Verdict.BAD, Sight.FUNNEL_OFF),
        (from_json({**config(OURS), "TCP": {}}), Verdict.BAD, Sight.FUNNEL_ELSEWHERE),
        (from_json(to(TO_NGINX, "/photos")), Verdict.BAD, Sight.FUNNEL_ELSEWHERE),
        (from_json(config({"/": {"Text": "hi"}})), Verdict.BAD, Sight.FUNNEL_ELSEWHERE),
        (Funnel(trouble=Sight.LOGGED_OUT), Verdict.BAD, Sight.LOGGED_OUT),
        (Funnel(trouble=Sight.TAILSCALE_STOPPED), Verdict.BAD, Sight.TAILSCALE_STOPPED),
        (Funnel(trouble=Sight.TAILSCALE_STARTING), Verdict.UNKNOWN, Sight.TAILSCALE_STARTING),
        (Silence("none", Why.MISSING), Verdict.UNKNOWN, Sight.TAILSCALE_MISSING),
        (Silence("hangs", Why.TIMED_OUT), Verdict.UNKNOWN, Sight.TAILSCALE_SILENT),
        (Silence("what?"), Verdict.UNKNOWN, Sight.TAILSCALE_SILENT),
        (Silence("no", Why.DENIED), Verdict.UNKNOWN, Sight.TAILSCALE_DENIED),
        (Silence("no socket", Why.DOWN), Verdict.BAD, Sight.TAILSCALED_DOWN),
    ],
)
def test_each_answer_has_its_meaning(
    seen: Funnel | Silence, verdict: Verdict, sight: Sight
) -> None:
    observation, told = funnel.look(Settings(), a_world(tailnet=ScriptedTailnet(seen)), 5.0)
    assert observation.probe is Probe.FUNNEL
    assert (observation.verdict, observation.sight) == (verdict, sight)
    assert told == (seen if isinstance(seen, Funnel) else None)
    assert observation.detail


@pytest.mark.parametrize(
    ("serve", "url", "entry"),
    [
        (config(OURS), f"{HOST}{HOOK}", Entry(HOST, 443, "/", TO_US)),
        (to(TO_US, port=8443), f"{HOST}:8443{HOOK}", Entry(HOST, 8443, "/", TO_US)),
        (to(TO_US, "/pico"), f"{HOST}/pico{HOOK}", Entry(HOST, 443, "/pico", TO_US)),
        (to(TO_US, "/pico/"), f"{HOST}/pico{HOOK}", Entry(HOST, 443, "/pico/", TO_US)),
        (to(TO_US + HOOK, HOOK), f"{HOST}{HOOK}", Entry(HOST, 443, HOOK, TO_US + HOOK)),
        (to(TO_US + HOOK, "/line"), f"{HOST}/line", Entry(HOST, 443, "/line", TO_US + HOOK)),
        (
            to(f"{TO_US}/webhook", "/hooks"),
            f"{HOST}/hooks/line",
            Entry(HOST, 443, "/hooks", f"{TO_US}/webhook"),
        ),
        (to(TO_NGINX), f"{HOST}{HOOK}", Entry(HOST, 443, "/", TO_NGINX)),
        (to(TO_NGINX, "/webhook"), f"{HOST}{HOOK}", Entry(HOST, 443, "/webhook", TO_NGINX)),
        (
            to("unix:/run/nginx.sock"),
            f"{HOST}{HOOK}",
            Entry(HOST, 443, "/", "unix:/run/nginx.sock"),
        ),
        (to("http://nas:80"), f"{HOST}{HOOK}", Entry(HOST, 443, "/", "http://nas:80")),
    ],
)
def test_the_address_follows_mount_and_target(
    serve: dict[str, object], url: str, entry: Entry
) -> None:
    assert funnel.public_url(from_json(serve), Settings()) == f"https://{url}"
    assert funnel.published(from_json(serve), Settings()) == entry


@pytest.mark.parametrize(
    "serve",
    [
        {},
        config(OURS, public=False),
        to(TO_NGINX, "/photos"),
        to(TO_NGINX, "/web"),
        config({"/": {"Path": "/srv"}}),
        config({"/": {"Proxy": TO_US}, "/webhook": {"Path": "/srv"}}),
        {"Services": {"svc:db": config(OURS)}},
    ],
)
def test_where_nothing_leads_to_the_webhook_there_is_no_address(serve: dict[str, object]) -> None:
    assert funnel.public_url(from_json(serve), Settings()) == ""
    assert funnel.published(from_json(serve), Settings()) is None


def test_of_two_names_the_one_that_the_node_has_now_is_taken() -> None:
    for names in ((OLD, HOST), (HOST, OLD)):
        serve = merged(*(to(TO_US, host=name) for name in names))
        there = from_json(serve, name=HOST)
        assert funnel.public_url(there, Settings()) == f"https://{HOST}{HOOK}"
        assert funnel.published(there, Settings()) == Entry(HOST, 443, "/", TO_US)


def test_the_new_name_is_taken_also_where_it_leads_through_a_proxy_and_another_port() -> None:
    serve = merged(to(TO_US, host=OLD), to(TO_NGINX, port=8443))
    assert (
        funnel.public_url(from_json(serve, name=HOST), Settings()) == f"https://{HOST}:8443{HOOK}"
    )


def test_the_address_that_the_owner_named_says_which_entry_it_is() -> None:
    serve = merged(to(TO_US), to(TO_NGINX, port=8443))
    named = Settings(webhook_url=f"https://{HOST}:8443/hook/in")
    assert funnel.published(from_json(serve), named) == Entry(HOST, 8443, "/", TO_NGINX)
    elsewhere = Settings(webhook_url="https://example.org/hook")
    assert funnel.published(from_json(serve), elsewhere) == Entry(HOST, 443, "/", TO_US)


def test_a_direct_way_goes_before_one_through_a_proxy() -> None:
    serve = merged(to(TO_NGINX), to(TO_US, port=8443))
    assert funnel.published(from_json(serve), Settings()) == Entry(HOST, 8443, "/", TO_US)


def test_the_webhooks_own_port_goes_before_the_gateways() -> None:
    serve = merged(to(TO_GATEWAY), to(TO_US, port=8443))
    assert funnel.published(from_json(serve), Settings()) == Entry(HOST, 8443, "/", TO_US)


def test_what_ends_with_a_terminal_is_an_address_and_nothing_to_bring_back() -> None:
    there = from_json({"Foreground": {"1": config(OURS)}})
    assert funnel.public_url(there, Settings()) == f"https://{HOST}{HOOK}"
    assert funnel.published(there, Settings()) is None


def test_a_forward_that_tailscale_ends_tls_for_is_an_address() -> None:
    forward = {"TCPForward": "127.0.0.1:18791", "TerminateTLS": HOST}
    there = from_json({"TCP": {"443": forward}, "AllowFunnel": {f"{HOST}:443": True}})
    assert funnel.public_url(there, Settings()) == f"https://{HOST}{HOOK}"
    assert funnel.published(there, Settings()) is None

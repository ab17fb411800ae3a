import pytest

from picoclaw_watchdog.core.reasons import (
    Probe,
    Sight,
    Verdict,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.serve_config import FOREGROUND
from picoclaw_watchdog.host.tailscale import DAEMON_DOWN
from picoclaw_watchdog.ports import Funnel, Silence
from picoclaw_watchdog.probes import funnel
from tests.unit.standins.world import ScriptedTailnet, a_world

HOST = "box.tail1234.ts.net"


@pytest.mark.parametrize(
    ("seen", "verdict", "sight"),
    [
        (Funnel((HOST,), ("/",)), Verdict.GOOD, Sight.AS_EXPECTED),
        (Funnel(), Verdict.BAD, Sight.FUNNEL_OFF),
        (Funnel(elsewhere=(HOST,)), Verdict.BAD, Sight.FUNNEL_ELSEWHERE),
        (Funnel(trouble="Logged out."), Verdict.BAD, Sight.LOGGED_OUT),
        (Funnel(trouble="Tailscale is stopped."), Verdict.BAD, Sight.TAILSCALE_STOPPED),
        (
            Funnel(trouble="Machine is not yet approved by tailnet admin."),
            Verdict.BAD,
            Sight.NOT_APPROVED,
        ),
        (
            Funnel(elsewhere=(HOST,), trouble=FOREGROUND),
            Verdict.UNKNOWN,
            Sight.FUNNEL_ELSEWHERE,
        ),
        (Silence("no tailscale", missing=True), Verdict.UNKNOWN, Sight.TAILSCALE_MISSING),
        (Silence("hangs", timed_out=True), Verdict.UNKNOWN, Sight.TAILSCALE_SILENT),
        (Silence("Access denied"), Verdict.UNKNOWN, Sight.TAILSCALE_SILENT),
        (Silence(f"{DAEMON_DOWN}: no socket"), Verdict.BAD, Sight.TAILSCALED_DOWN),
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


def test_the_webhooks_own_port_is_preferred_to_the_gateways() -> None:
    tailnet = ScriptedTailnet(Funnel())
    funnel.look(Settings(line_webhook_port=7, gateway_port=8), a_world(tailnet=tailnet), 5.0)
    assert tailnet.calls == ["funnel (7, 8)"]


def test_one_shared_port_is_asked_for_once() -> None:
    tailnet = ScriptedTailnet(Funnel())
    funnel.look(Settings(line_webhook_port=8, gateway_port=8), a_world(tailnet=tailnet), 5.0)
    assert tailnet.calls == ["funnel (8,)"]


@pytest.mark.parametrize(
    ("host", "mount", "url"),
    [
        (HOST, "/", f"https://{HOST}/webhook/line"),
        (f"{HOST}:8443", "/", f"https://{HOST}:8443/webhook/line"),
        (HOST, "/pico", f"https://{HOST}/pico/webhook/line"),
        (HOST, "/pico/", f"https://{HOST}/pico/webhook/line"),
        (HOST, "/webhook/line -> /webhook/line", f"https://{HOST}/webhook/line"),
        (HOST, "/line -> /webhook/line", f"https://{HOST}/line"),
        (HOST, "/hooks -> /webhook", f"https://{HOST}/hooks/line"),
        (HOST, "/ -> /web", ""),
        (HOST, "/ -> /elsewhere", ""),
    ],
)
def test_the_public_address_follows_mount_and_target(host: str, mount: str, url: str) -> None:
    assert funnel.public_url(Funnel((host,), (mount,)), Settings()) == url


def test_the_first_host_that_leads_to_the_webhook_is_taken() -> None:
    both = Funnel((HOST, f"{HOST}:8443"), ("/ -> /elsewhere", "/"))
    assert funnel.public_url(both, Settings()) == f"https://{HOST}:8443/webhook/line"


def test_without_a_funnel_there_is_no_address() -> None:
    assert funnel.public_url(Funnel(), Settings()) == ""

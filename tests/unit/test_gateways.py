"""Every gateway there is, and all that stands in Ollama's place, as the probes see them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.demo import serving
from picoclaw_watchdog.demo.gateway import RELEASES, Gateway, OllamaChecks
from picoclaw_watchdog.demo.in_its_place import IN_ITS_PLACE
from picoclaw_watchdog.demo.ollama import Ollama
from picoclaw_watchdog.probes import PROBES
from tests.unit.probing import GOOD, SECRET, WORLD, bad, seen
from tests.unit.servers import closed_port

STOCK = (Verdict.GOOD, Sight.READY_STOCK)
OLLAMA = bad(Sight.READY_OLLAMA)
SHARED = (Verdict.GOOD, Sight.SHARED_PORT)
PATHS = {"parity": "/webhook"}


@contextmanager
def gateway(release: str, folder: Path, **faults: object) -> Iterator[Settings]:
    """A gateway of this release on ports of its own, and the settings that lead to it."""
    control = folder / "control.json"
    control.write_text(json.dumps(faults))
    made = Gateway(RELEASES[release], SECRET, str(control), OllamaChecks("", 1))
    port, webhook = closed_port(), closed_port()
    servers = [serving.Server(port, made.answer_health)]
    if not RELEASES[release].shared_port:
        servers.append(serving.Server(webhook, made.answer_webhook))
    for server in servers:
        server.open()
    base = f"http://127.0.0.1:{port}"
    try:
        yield Settings(
            gateway_port=port,
            line_webhook_port=webhook,
            health_url=f"{base}/health",
            ready_url=f"{base}/ready",
            webhook_path=PATHS.get(release, "/webhook/line"),
            line_channel_secret=SECRET,
        )
    finally:
        for server in servers:
            server.close()


def look(probe: Probe, settings: Settings) -> Observation:
    return PROBES[probe].look(settings, WORLD, 5)


@pytest.mark.parametrize(
    ("release", "ready", "webhook"),
    [
        ("fork", GOOD, GOOD),
        ("v0.1.2", GOOD, GOOD),
        ("v0.2.0", STOCK, SHARED),
        ("v0.2.5", STOCK, SHARED),
        ("main", GOOD, SHARED),
        ("parity", GOOD, SHARED),
        ("rencrow", GOOD, SHARED),
    ],
)
def test_a_healthy_gateway_is_healthy_whichever_it_is(
    tmp_path: Path,
    release: str,
    ready: tuple[Verdict, Sight],
    webhook: tuple[Verdict, Sight],
) -> None:
    with gateway(release, tmp_path) as settings:
        assert seen(look(Probe.HEALTH, settings)) == GOOD
        assert seen(look(Probe.READY, settings)) == ready
        assert seen(look(Probe.WEBHOOK_LOCAL, settings)) == webhook
        assert seen(look(Probe.SIGNATURE, settings)) == GOOD


@pytest.mark.parametrize(
    ("release", "health", "ready"),
    [("fork", GOOD, OLLAMA), ("parity", OLLAMA, STOCK), ("rencrow", OLLAMA, STOCK)],
)
def test_an_ollama_that_is_down_is_never_the_gateways_fault(
    tmp_path: Path, release: str, health: tuple[Verdict, Sight], ready: tuple[Verdict, Sight]
) -> None:
    with gateway(release, tmp_path, ready="ollama") as settings:
        assert seen(look(Probe.HEALTH, settings)) == health
        assert seen(look(Probe.READY, settings)) == ready


def test_openclaw_says_what_is_still_starting_and_serves_a_page_to_any_path(
    tmp_path: Path,
) -> None:
    with gateway("openclaw", tmp_path, ready="starting") as settings:
        assert seen(look(Probe.HEALTH, settings)) == GOOD
        starting = look(Probe.READY, settings)
        assert seen(starting) == bad(Sight.READY_STARTING)
        assert starting.detail == "startup-sidecars"
        # Its web app answers 200 to the path of PicoClaw's webhook: that proves nothing.
        assert seen(look(Probe.WEBHOOK_LOCAL, settings)) != GOOD
        elsewhere = settings._replace(health_url=settings.health_url + "check")
        assert seen(look(Probe.HEALTH, elsewhere)) == bad(Sight.ANOTHER_PROGRAM)
    with gateway("openclaw", tmp_path) as settings:
        assert seen(look(Probe.READY, settings)) == GOOD


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("litellm", bad(Sight.NEEDS_KEY)),
        ("llama.cpp", bad(Sight.LOADING)),
        ("ollama loading", bad(Sight.LOADING)),
        ("tgi", bad(Sight.LOADING)),
        ("busy", bad(Sight.TOO_MANY)),
        ("lm studio", GOOD),
        ("error in 200", bad(Sight.SAYS_ERROR)),
        ("moved", bad(Sight.MOVED)),
        ("too many", bad(Sight.TOO_MANY)),
        ("gone", bad(Sight.NOT_FOUND)),
        ("portal", bad(Sight.ANOTHER_PROGRAM)),
        ("maintenance", bad(Sight.WRONG_STATUS)),
        ("", GOOD),
    ],
)
def test_whoever_answers_in_ollamas_place_is_known_by_the_answer(
    tmp_path: Path, name: str, expected: tuple[Verdict, Sight]
) -> None:
    assert not name or name in IN_ITS_PLACE
    control = tmp_path / "control.json"
    control.write_text(json.dumps({"place": name}))
    port = closed_port()
    server = serving.Server(port, Ollama(["chat:latest"], str(control)).answer)
    server.open()
    try:
        settings = Settings(ollama_models_url=f"http://127.0.0.1:{port}/v1/models")
        observation = look(Probe.OLLAMA, settings)
    finally:
        server.close()
    assert seen(observation) == expected
    assert "user" not in observation.detail, "credentials of an address"

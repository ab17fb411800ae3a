import pytest

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.diagnose import diagnose
from picoclaw_watchdog.core.model import Look, PidFile
from picoclaw_watchdog.core.reasons import Ill, Probe, Sight
from picoclaw_watchdog.core.watched import is_remote
from tests.unit.looks import (
    FAILED,
    HUNG,
    RUNNING,
    SETTINGS,
    UNIT_DOWN,
    WATCHED,
    at,
    look,
    with_stale_pid,
)

ASKED_THE_WAY = {Probe.NODE: Sight.AS_EXPECTED, Probe.ROUTE: Sight.AS_EXPECTED}


def causes(seen: Look) -> list[Ill]:
    return [finding.cause for finding in diagnose(SETTINGS, WATCHED, seen, at(1000))]


def test_nothing_is_blamed_when_all_is_well() -> None:
    assert causes(look()) == []


ONE_FAULT_ONE_CAUSE = {
    "dead gateway": (UNIT_DOWN, Ill.SERVICE_DOWN),
    "stopped gateway": ({**UNIT_DOWN, Probe.UNIT: Sight.UNIT_INACTIVE}, Ill.SERVICE_DOWN),
    "start limit": ({**UNIT_DOWN, Probe.UNIT: Sight.UNIT_START_LIMIT}, Ill.SERVICE_START_LIMIT),
    "masked": ({**UNIT_DOWN, Probe.UNIT: Sight.UNIT_MASKED}, Ill.SERVICE_MASKED),
    "not found": ({**UNIT_DOWN, Probe.UNIT: Sight.UNIT_NOT_FOUND}, Ill.SERVICE_NOT_FOUND),
    "restarting by itself": (
        {**UNIT_DOWN, Probe.UNIT: Sight.UNIT_AUTO_RESTART},
        Ill.SERVICE_STARTING,
    ),
    "being stopped": ({**UNIT_DOWN, Probe.UNIT: Sight.UNIT_CHANGING}, Ill.SERVICE_STARTING),
    "hung gateway": (HUNG, Ill.SERVICE_HUNG),
    "listener lost": (
        {
            Probe.LISTEN: Sight.PORT_CLOSED,
            Probe.HEALTH: Sight.REFUSED,
            Probe.READY: Sight.REFUSED,
            Probe.WEBHOOK_LOCAL: Sight.REFUSED,
            Probe.WEBHOOK_PUBLIC: Sight.WRONG_STATUS,
        },
        Ill.SERVICE_PORT_LOST,
    ),
    "ill by its own word": ({Probe.READY: Sight.READY_FAILING}, Ill.SERVICE_UNHEALTHY),
    "webhook listener dead": (
        {
            Probe.LISTEN: Sight.PORT_CLOSED,
            Probe.WEBHOOK_LOCAL: Sight.REFUSED,
            Probe.WEBHOOK_PUBLIC: Sight.WRONG_STATUS,
        },
        Ill.WEBHOOK_DEAD,
    ),
    "Ollama dead, and /ready says so": (
        {Probe.OLLAMA: Sight.REFUSED, Probe.READY: Sight.READY_OLLAMA},
        Ill.PEER_DOWN,
    ),
    "Ollama ill in the gateway's view only": (
        {Probe.READY: Sight.READY_OLLAMA},
        Ill.PEER_NOT_READY,
    ),
    "public address dead": (
        {Probe.WEBHOOK_PUBLIC: Sight.NO_ANSWER, **ASKED_THE_WAY},
        Ill.FUNNEL_UNREACHABLE,
    ),
    "Funnel off": (
        {Probe.FUNNEL: Sight.FUNNEL_OFF, Probe.WEBHOOK_PUBLIC: Sight.NO_ANSWER, **ASKED_THE_WAY},
        Ill.FUNNEL_OFF,
    ),
    "Funnel forbidden": (
        {Probe.FUNNEL: Sight.FUNNEL_OFF, **ASKED_THE_WAY, Probe.NODE: Sight.NOT_ALLOWED},
        Ill.FUNNEL_NOT_ALLOWED,
    ),
    "Funnel forbidden, and still configured": (
        {
            Probe.WEBHOOK_PUBLIC: Sight.NO_ANSWER,
            **ASKED_THE_WAY,
            Probe.NODE: Sight.NOT_ALLOWED,
        },
        Ill.FUNNEL_NOT_ALLOWED,
    ),
    "logged out": (
        {Probe.WEBHOOK_PUBLIC: Sight.NO_ANSWER, **ASKED_THE_WAY, Probe.NODE: Sight.LOGGED_OUT},
        Ill.TAILSCALE_LOGGED_OUT,
    ),
    "key expired": (
        {Probe.WEBHOOK_PUBLIC: Sight.TLS_FAILED, **ASKED_THE_WAY, Probe.NODE: Sight.KEY_EXPIRED},
        Ill.TAILSCALE_KEY_EXPIRED,
    ),
    "tailscaled dead": (
        {Probe.FUNNEL: Sight.TAILSCALED_DOWN, Probe.WEBHOOK_PUBLIC: Sight.NO_ADDRESS},
        Ill.TAILSCALE_DOWN,
    ),
    "no network": (
        {
            Probe.WEBHOOK_PUBLIC: Sight.NAME_UNKNOWN,
            Probe.NODE: Sight.NODE_OFFLINE,
            Probe.ROUTE: Sight.NO_ROUTE,
        },
        Ill.NETWORK_DOWN,
    ),
    "public name gone": (
        {Probe.WEBHOOK_PUBLIC: Sight.NAME_UNKNOWN, **ASKED_THE_WAY},
        Ill.PUBLIC_NAME_UNKNOWN,
    ),
    "another program on the port, the gateway beside it": (
        {Probe.LISTEN: Sight.PORT_TAKEN, Probe.HEALTH: Sight.WRONG_STATUS},
        Ill.SERVICE_PORT_TAKEN,
    ),
    "another program on the port, the gateway dead": (
        {**UNIT_DOWN, Probe.LISTEN: Sight.PORT_TAKEN, Probe.HEALTH: Sight.WRONG_STATUS},
        Ill.SERVICE_PORT_TAKEN,
    ),
    "another program on the webhook's port": (
        {Probe.LISTEN: Sight.PORT_TAKEN, Probe.WEBHOOK_LOCAL: Sight.WRONG_STATUS},
        Ill.SERVICE_PORT_TAKEN,
    ),
    "no CA certificates, and nobody outside to ask": (
        {Probe.WEBHOOK_PUBLIC: Sight.NO_CERTIFICATES, **ASKED_THE_WAY},
        Ill.HOST_NO_CERTIFICATES,
    ),
    "bus silent": ({Probe.UNIT: Sight.BUS_SILENT}, Ill.BUS_SILENT),
    "bus silent and gateway dead": (
        {**UNIT_DOWN, Probe.UNIT: Sight.BUS_SILENT},
        Ill.BUS_SILENT,
    ),
    "models missing": ({Probe.MODELS: Sight.MODELS_MISSING}, Ill.PEER_MODELS_MISSING),
    "generation stuck": ({Probe.GENERATION: Sight.GENERATION_STUCK}, Ill.PEER_STUCK),
    "switched off at LINE": (
        {Probe.LINE_TEST: Sight.WEBHOOK_SWITCHED_OFF},
        Ill.LINE_WEBHOOK_OFF,
    ),
    "wrong channel secret": (
        {Probe.SIGNATURE: Sight.SIGNATURE_REFUSED},
        Ill.WEBHOOK_SIGNATURE_REFUSED,
    ),
}


@pytest.mark.parametrize("name", ONE_FAULT_ONE_CAUSE)
def test_one_fault_has_one_cause(name: str) -> None:
    faults, cause = ONE_FAULT_ONE_CAUSE[name]
    unit = FAILED if faults.get(Probe.UNIT, Sight.AS_EXPECTED) is not Sight.AS_EXPECTED else RUNNING
    assert causes(look(faults, unit=unit)) == [cause]


@pytest.mark.parametrize(
    "faults",
    [
        {Probe.READY: Sight.READY_STOCK},
        {
            Probe.READY: Sight.READY_STOCK,
            Probe.LISTEN: Sight.PORT_CLOSED,
            Probe.WEBHOOK_LOCAL: Sight.SHARED_PORT,
        },
        {Probe.FUNNEL: Sight.TAILSCALE_MISSING, Probe.WEBHOOK_PUBLIC: Sight.NO_ADDRESS},
        {Probe.FUNNEL: Sight.TAILSCALE_SILENT, Probe.WEBHOOK_PUBLIC: Sight.NO_ADDRESS},
        {Probe.HEALTH: Sight.PROBE_BROKEN},
    ],
    ids=["stock /ready", "stock release without 18791", "no tailscale", "silent tailscale", "bug"],
)
def test_what_only_looks_like_a_fault_is_blamed_on_nothing(faults: dict[Probe, Sight]) -> None:
    assert causes(look(faults)) == []


def test_a_gateway_within_its_grace_is_starting_not_ill() -> None:
    young = RUNNING._replace(started_ago=10.0)
    assert causes(look(HUNG, unit=young)) == [Ill.SERVICE_STARTING]


def test_a_stale_pid_file_explains_a_gateway_that_will_not_start() -> None:
    seen = with_stale_pid(look(UNIT_DOWN, unit=FAILED), PidFile("/x", 1, "resolved"))
    assert causes(seen) == [Ill.SERVICE_STALE_PID]


def test_a_gateway_that_answers_outside_its_unit_is_not_started_a_second_time() -> None:
    seen = look({Probe.UNIT: Sight.UNIT_INACTIVE}, unit=FAILED)
    assert causes(seen) == [Ill.SERVICE_ELSEWHERE]


def test_two_faults_that_have_nothing_to_do_with_each_other_are_two_findings() -> None:
    seen = look({**UNIT_DOWN, Probe.OLLAMA: Sight.REFUSED}, unit=FAILED)
    assert causes(seen) == [Ill.SERVICE_DOWN, Ill.PEER_DOWN]


def test_a_far_ollama_behind_a_dead_network_is_not_blamed() -> None:
    far = SETTINGS._replace(ollama_models_url="http://100.83.207.6:11434/v1/models")
    seen = look({Probe.OLLAMA: Sight.NO_ROUTE, Probe.ROUTE: Sight.NO_ROUTE})
    assert [finding.cause for finding in diagnose(far, WATCHED, seen, at(1000))] == [
        Ill.NETWORK_DOWN
    ]
    assert Ill.PEER_DOWN in causes(seen)  # a near one is blamed all the same


@pytest.mark.parametrize(
    ("sight", "ill"),
    [
        (Sight.NO_CERTIFICATES, Ill.HOST_NO_CERTIFICATES),
        (Sight.NAME_UNKNOWN, Ill.HOST_NO_RESOLVER),
    ],
)
def test_a_far_ollama_is_not_blamed_for_what_this_host_lacks(sight: Sight, ill: Ill) -> None:
    far = SETTINGS._replace(ollama_models_url="https://ollama.example/v1/models")
    host = Sight.NO_RESOLVER if sight is Sight.NAME_UNKNOWN else Sight.AS_EXPECTED
    seen = look({Probe.OLLAMA: sight, **ASKED_THE_WAY, Probe.HOST: host})
    (finding,) = diagnose(far, WATCHED, seen, at(1000))
    assert finding.cause is ill
    assert Probe.OLLAMA in finding.followers


def test_a_silent_bus_is_described_by_its_own_words_and_not_by_what_follows() -> None:
    seen = look({**UNIT_DOWN, Probe.UNIT: Sight.BUS_SILENT}, unit=None)
    said = tuple(
        each._replace(detail="No medium found" if each.probe is Probe.UNIT else "18790, 18791")
        for each in seen.seen
    )
    (finding,) = diagnose(SETTINGS, WATCHED, seen._replace(seen=said), at(1000))
    assert finding.detail == "No medium found"
    assert Probe.HEALTH in finding.followers


def test_a_dead_webhook_is_shown_by_where_it_was_asked_and_not_by_a_port() -> None:
    faults, _ = ONE_FAULT_ONE_CAUSE["webhook listener dead"]
    seen = look(faults)
    said = tuple(each._replace(detail=each.sight.value) for each in seen.seen)
    (finding,) = diagnose(SETTINGS, WATCHED, seen._replace(seen=said), at(1000))
    assert finding.asked == "http://127.0.0.1:18791/webhook/line"
    assert finding.detail == "refused"


def test_followers_of_a_dead_gateway_are_named() -> None:
    (finding,) = diagnose(SETTINGS, WATCHED, look(UNIT_DOWN, unit=FAILED), at(1000))
    assert finding.target == targets.GATEWAY
    assert set(finding.followers) == set(UNIT_DOWN)


@pytest.mark.parametrize(
    ("url", "far"),
    [
        ("http://127.0.0.1:11434/v1/models", False),
        ("http://localhost:11434/v1/models", False),
        ("http://[::1]:11434/", False),
        ("http://user:pw@127.0.0.1:1/", False),
        ("http://127.0.0.2:11434/", False),
        ("http://LocalHost:11434/", False),
        ("http://0.0.0.0:11434/", False),
        ("localhost:11434", False),
        ("http://100.83.207.6:11434/v1/models", True),
        ("http://localhost.example:11434/", True),
        ("http://localhost-2:11434/", True),
        ("http://127.example/", True),
        ("http://127.0.0.1.example/", True),
        ("http://127.0.0.1@ollama.example/", True),
        ("http://ollama.example/?at=localhost", True),
        ("https://ollama.example/v1/models", True),
    ],
)
def test_a_url_leads_off_this_machine_or_not(url: str, far: bool) -> None:  # noqa: FBT001
    assert is_remote(url) is far

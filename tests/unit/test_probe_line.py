"""The probes `signature` and `line_test`: the webhook as LINE finds it."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Mapping

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.probes import line_test, signature
from tests.unit.probing import (
    DEADLINE,
    GOOD,
    SECRET,
    TOKEN,
    WORLD,
    FakeNetwork,
    bad,
    seen,
    unknown,
    world,
)
from tests.unit.servers import Reply, Script, Server, closed_port, response, site

# Signature


def picoclaw(secret: str) -> Script:
    """The webhook as PicoClaw serves it."""

    def script(connection: socket.socket, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        mac = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        if not head.startswith(b"POST /webhook/line "):
            status = 405
        elif b"\r\nX-Line-Signature: " + mac + b"\r\n" not in head:
            status = 403
        else:
            document = json.loads(body)
            status = 200 if document["events"] == [] and len(document["destination"]) == 33 else 400
        connection.sendall(response(status))

    return script


def look_signature(settings: Settings, script: Script) -> Observation:
    with Server(script) as server:
        return signature.look(settings._replace(line_webhook_port=server.port), WORLD, DEADLINE)


def test_a_webhook_with_our_secret_takes_an_empty_delivery() -> None:
    settings = Settings(line_channel_secret=SECRET)
    assert seen(look_signature(settings, picoclaw(SECRET))) == GOOD


def test_a_webhook_with_another_secret_refuses_it() -> None:
    settings = Settings(line_channel_secret=SECRET)
    assert seen(look_signature(settings, picoclaw("other"))) == bad(Sight.SIGNATURE_REFUSED)


def test_a_successors_webhook_with_another_secret_says_401() -> None:
    settings = Settings(line_channel_secret=SECRET)
    script = site({"POST /webhook/line": (401, {"error": "invalid signature"})})
    assert seen(look_signature(settings, script)) == bad(Sight.SIGNATURE_REFUSED)


def test_a_webhook_that_is_not_there_is_not_found() -> None:
    settings = Settings(line_channel_secret=SECRET)
    assert seen(look_signature(settings, site({}))) == bad(Sight.NOT_FOUND)


def test_the_gateways_port_is_asked_where_the_webhooks_is_closed() -> None:
    own = closed_port()
    for secret, expected in ((SECRET, GOOD), ("other", bad(Sight.SIGNATURE_REFUSED))):
        with Server(picoclaw(secret)) as server:
            settings = Settings(
                line_channel_secret=SECRET, gateway_port=server.port, line_webhook_port=own
            )
            assert seen(signature.look(settings, WORLD, DEADLINE)) == expected
    with Server(site({})) as server:
        settings = settings._replace(gateway_port=server.port)
        assert seen(signature.look(settings, WORLD, DEADLINE)) == bad(Sight.REFUSED)


def test_without_a_secret_nothing_is_sent() -> None:
    network = FakeNetwork()
    observation = signature.look(Settings(), world(network), 1)
    assert seen(observation) == unknown(Sight.NO_ADDRESS)
    assert network.asked == []


# LINE's own test

ENDPOINT = "GET /v2/bot/channel/webhook/endpoint"
TEST = "POST /v2/bot/channel/webhook/test"
ACTIVE: Reply = (200, {"endpoint": "https://x/webhook/line", "active": True})


def look_line(pages: Mapping[str, Reply], deadline: float = DEADLINE) -> Observation:
    with Server(site(pages)) as server:
        settings = Settings(
            line_push_endpoint=f"{server.url}/v2/bot/message/push",
            line_channel_access_token=TOKEN,
        )
        observation = line_test.look(settings, WORLD, deadline)
    for request in server.requests:
        assert b"\r\nAuthorization: Bearer channel-token\r\n" in request
        assert b"retry-key" not in request.lower()
    return observation


def test_line_reaches_the_webhook() -> None:
    success = (200, {"success": True, "timestamp": "t", "statusCode": 200, "reason": "OK"})
    assert seen(look_line({ENDPOINT: ACTIVE, TEST: success})) == GOOD


def test_a_webhook_that_is_switched_off_at_line_is_bad_and_not_tested() -> None:
    observation = look_line({ENDPOINT: (200, {"endpoint": "x", "active": False}), TEST: (500, b"")})
    assert seen(observation) == bad(Sight.WEBHOOK_SWITCHED_OFF)


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (
            {"success": False, "statusCode": 502, "reason": "ERROR_STATUS_CODE"},
            "ERROR_STATUS_CODE 502",
        ),
        ({"success": False, "statusCode": 0, "reason": "COULD_NOT_CONNECT"}, "COULD_NOT_CONNECT 0"),
        ({"success": False}, "no reason given"),
        ({"success": False, "statusCode": 0, "reason": ""}, "no reason given 0"),
        ({"statusCode": -1, "reason": "REQUEST_TIMEOUT"}, "REQUEST_TIMEOUT -1"),
    ],
)
def test_what_line_cannot_reach_is_bad_with_lines_reason(
    said: dict[str, object], detail: str
) -> None:
    observation = look_line({ENDPOINT: ACTIVE, TEST: (200, said)})
    assert seen(observation) == bad(Sight.LINE_CANNOT_REACH)
    assert observation.detail == detail


def test_success_may_be_left_out() -> None:
    assert seen(look_line({ENDPOINT: ACTIVE, TEST: (200, {"statusCode": 200})})) == GOOD


@pytest.mark.parametrize(
    ("status", "sight"),
    [
        (401, Sight.NEEDS_KEY),
        (403, Sight.NEEDS_KEY),
        (429, Sight.TOO_MANY),
        (500, Sight.WRONG_STATUS),
    ],
)
def test_line_that_refuses_to_say_is_no_verdict(status: int, sight: Sight) -> None:
    refusal = (status, {"message": "no"})
    assert seen(look_line({ENDPOINT: refusal})) == unknown(sight)
    assert seen(look_line({ENDPOINT: ACTIVE, TEST: refusal})) == unknown(sight)


def test_line_that_says_no_json_is_no_verdict() -> None:
    assert seen(look_line({ENDPOINT: (200, b"<html>")})) == unknown(Sight.ANOTHER_PROGRAM)


def test_without_token_or_network_line_is_not_asked() -> None:
    network = FakeNetwork()
    assert seen(line_test.look(Settings(), world(network), 1)) == unknown(Sight.NO_ADDRESS)
    assert network.asked == []
    offline = Settings(line_channel_access_token=TOKEN)
    assert seen(line_test.look(offline, world(network), 1)) == unknown(Sight.REFUSED)

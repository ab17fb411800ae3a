"""The deeper looks: signature, line_test, public_dns, models, generation."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Mapping
from functools import partial

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request
from picoclaw_watchdog.probes import generation, line_test, models, public_dns, signature
from tests.unit.probing import FakeNetwork, world
from tests.unit.servers import Reply, Script, Server, closed_port, response, says, silent, site

WORLD = world()
DEADLINE = 10.0
SECRET = "channel-secret"
TOKEN = "channel-token"

GOOD = (Verdict.GOOD, Sight.AS_EXPECTED)


def seen(observation: Observation) -> tuple[Verdict, Sight]:
    assert SECRET not in repr(observation)
    assert TOKEN not in repr(observation)
    return observation.verdict, observation.sight


def bad(sight: Sight) -> tuple[Verdict, Sight]:
    return Verdict.BAD, sight


def unknown(sight: Sight) -> tuple[Verdict, Sight]:
    return Verdict.UNKNOWN, sight


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


def test_a_webhook_that_is_not_there_is_a_wrong_status() -> None:
    settings = Settings(line_channel_secret=SECRET)
    assert seen(look_signature(settings, site({}))) == bad(Sight.WRONG_STATUS)


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


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_line_that_refuses_to_say_is_no_verdict(status: int) -> None:
    refusal = (status, {"message": "no"})
    assert seen(look_line({ENDPOINT: refusal})) == unknown(Sight.WRONG_STATUS)
    assert seen(look_line({ENDPOINT: ACTIVE, TEST: refusal})) == unknown(Sight.WRONG_STATUS)


def test_line_that_says_no_json_is_no_verdict() -> None:
    assert seen(look_line({ENDPOINT: (200, b"<html>")})) == unknown(Sight.WRONG_STATUS)


def test_without_token_or_network_line_is_not_asked() -> None:
    network = FakeNetwork()
    assert seen(line_test.look(Settings(), world(network), 1)) == unknown(Sight.NO_ADDRESS)
    assert network.asked == []
    offline = Settings(line_channel_access_token=TOKEN)
    assert seen(line_test.look(offline, world(network), 1)) == unknown(Sight.NO_ANSWER)


# Public DNS


def dns(*records: tuple[int, str], status: int = 0) -> Reply:
    answer = [{"name": "x.", "type": kind, "TTL": 60, "data": data} for kind, data in records]
    return 200, {"Status": status, "Answer": answer} if answer else {"Status": status}


def look_dns(reply: Reply, deadline: float = DEADLINE) -> tuple[Observation, Server, Server]:
    webhook = site({"GET /webhook/line": (405, b"")})
    with Server(webhook) as ingress, Server(site({"GET /resolve": reply})) as resolver:
        url = f"http://host.example:{ingress.port}/webhook/line"
        observation = public_dns.look(
            Settings(webhook_url=url), WORLD, deadline, resolver=f"{resolver.url}/resolve"
        )
    return observation, ingress, resolver


def test_the_webhook_is_asked_for_at_the_address_the_world_sees() -> None:
    observation, ingress, resolver = look_dns(dns((5, "alias.example."), (1, "127.0.0.1")))
    assert seen(observation) == GOOD
    assert b"Host: host.example:" in ingress.requests[0]
    assert resolver.paths() == ["/resolve?name=host.example&type=A"]


def test_an_address_that_is_dead_is_followed_by_the_next() -> None:
    observation, ingress, _ = look_dns(dns((1, "127.0.0.2"), (1, "127.0.0.1")))
    assert seen(observation) == GOOD
    assert len(ingress.requests) == 1


def test_an_address_that_answers_is_asked_once() -> None:
    _, ingress, _ = look_dns(dns((1, "127.0.0.1"), (1, "127.0.0.1")))
    assert len(ingress.requests) == 1


def test_an_address_that_serves_nothing_is_bad() -> None:
    observation, _, _ = look_dns(dns((1, "127.0.0.2")))
    assert seen(observation) == bad(Sight.REFUSED)


@pytest.mark.parametrize("reply", [dns(status=3), dns(), dns((5, "alias.example."))])
def test_a_name_the_world_does_not_know_is_bad(reply: Reply) -> None:
    observation, _, resolver = look_dns(reply)
    assert seen(observation) == bad(Sight.NAME_UNKNOWN)
    assert observation.detail == "host.example"
    assert [path[-2:] for path in resolver.paths()] == ["=A", "AA"], "IPv6 is asked for as well"


@pytest.mark.parametrize("ip", ["100.64.0.1", "100.127.255.254"])
def test_an_answer_from_the_tailnet_tells_nothing(ip: str) -> None:
    observation, ingress, _ = look_dns(dns((1, ip)))
    assert seen(observation) == unknown(Sight.NO_ADDRESS)
    assert ingress.requests == []


def test_an_ipv6_answer_from_the_tailnet_tells_nothing_either() -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        reply = dns((28, "fd7a:115c:a1e0::1")) if b"type=AAAA" in request else dns()
        connection.sendall(response(200, json.dumps(reply[1]).encode()))

    with Server(script) as resolver:
        settings = Settings(webhook_url="https://host.example/webhook/line")
        observation = public_dns.look(settings, WORLD, DEADLINE, resolver=resolver.url)
    assert seen(observation) == unknown(Sight.NO_ADDRESS)


@pytest.mark.parametrize("reply", [(500, b""), (200, b"<html>"), dns(status=2), (200, {})])
def test_a_resolver_that_does_not_say_is_no_verdict(reply: Reply) -> None:
    assert seen(look_dns(reply)[0]) == unknown(Sight.NO_ANSWER)


@pytest.mark.parametrize("data", ["no address", "::1", "1.2.3", None])
def test_a_resolver_that_names_no_address_is_no_verdict(data: object) -> None:
    observation, ingress, _ = look_dns((200, {"Status": 0, "Answer": [{"type": 1, "data": data}]}))
    assert (observation.verdict, observation.sight) == (Verdict.UNKNOWN, Sight.NO_ANSWER)
    assert ingress.requests == []


def test_the_tailnets_own_address_is_known_in_every_form() -> None:
    mapped = {"Status": 0, "Answer": [{"type": 28, "data": "::ffff:100.100.1.2"}]}
    observation, ingress, _ = look_dns((200, mapped))
    assert (observation.verdict, observation.sight) == (Verdict.UNKNOWN, Sight.NO_ADDRESS)
    assert ingress.requests == []


def test_a_resolver_that_cannot_be_reached_is_no_verdict() -> None:
    settings = Settings(webhook_url="https://host.example/")
    resolver = f"http://127.0.0.1:{closed_port()}/"
    observation = public_dns.look(settings, WORLD, DEADLINE, resolver=resolver)
    assert seen(observation) == unknown(Sight.NO_ANSWER)


def test_without_a_public_address_nobody_is_asked() -> None:
    network = FakeNetwork()
    assert seen(public_dns.look(Settings(), world(network), 1)) == unknown(Sight.NO_ADDRESS)
    assert network.asked == []
    public_dns.look(Settings(), world(network), 1, "https://said.by.tailscale/webhook/line")
    assert network.asked[0].url.startswith("https://dns.google/resolve?name=said.by.tailscale&")


# Models


def look_models(required: tuple[str, ...], reply: Reply) -> Observation:
    with Server(site({"GET /api/tags": reply})) as server:
        settings = Settings(
            ollama_models_url=f"{server.url}/v1/models", ollama_required_models=required
        )
        return models.look(settings, WORLD, DEADLINE)


def listed(*names: str) -> Reply:
    return 200, {"models": [{"name": name, "model": name, "size": 1} for name in names]}


def test_models_that_are_there_are_good() -> None:
    reply = listed("chat-v1:latest", "worker:7b", "host:5000/own:latest")
    assert seen(look_models(("chat-v1", "worker:7b", "host:5000/own"), reply)) == GOOD


@pytest.mark.parametrize("models", [{"name": "chat-v1"}, "chat-v1", 7, False])
def test_something_else_than_a_list_of_models_is_no_verdict(models: object) -> None:
    observation = look_models(("chat-v1",), (200, {"models": models}))
    assert seen(observation) == unknown(Sight.NO_ANSWER)


def test_models_that_are_missing_are_named() -> None:
    observation = look_models(("chat-v1", "worker", "worker:7b"), listed("worker:7b"))
    assert seen(observation) == bad(Sight.MODELS_MISSING)
    assert observation.detail == "chat-v1, worker"


def test_an_empty_store_misses_everything() -> None:
    assert seen(look_models(("chat-v1",), (200, {"models": None}))) == bad(Sight.MODELS_MISSING)


@pytest.mark.parametrize("reply", [(500, b""), (200, b"<html>"), (200, {"error": "x"}), (404, {})])
def test_a_store_that_cannot_be_read_is_no_verdict(reply: Reply) -> None:
    assert seen(look_models(("chat-v1",), reply)) == unknown(Sight.NO_ANSWER)


def test_with_nothing_required_nobody_is_asked() -> None:
    network = FakeNetwork()
    assert seen(models.look(Settings(), world(network), 1)) == unknown(Sight.NO_ADDRESS)
    assert network.asked == []


# Generation

DONE: Reply = (200, {"model": "m", "response": "", "thinking": "x", "done": True, "eval_count": 1})


def look_generation(
    loaded: Reply, generated: Reply, required: tuple[str, ...] = ()
) -> tuple[Observation, list[dict[str, object]]]:
    pages = {"GET /api/ps": loaded, "POST /api/generate": generated}
    with Server(site(pages)) as server:
        settings = Settings(
            ollama_models_url=f"{server.url}/v1/models", ollama_required_models=required
        )
        observation = generation.look(settings, WORLD, DEADLINE)
    bodies = [request.partition(b"\r\n\r\n")[2] for request in server.requests[1:]]
    return observation, [json.loads(body) for body in bodies]


def test_one_token_from_a_loaded_model_is_good() -> None:
    observation, asked = look_generation(listed("m:latest"), DONE)
    assert seen(observation) == GOOD
    assert asked == [
        {"model": "m:latest", "prompt": "ok", "stream": False, "options": {"num_predict": 1}}
    ]


def test_a_required_model_is_asked_rather_than_another() -> None:
    _, asked = look_generation(listed("a:latest", "chat:latest"), DONE, ("x", "chat"))
    assert [each["model"] for each in asked] == ["chat:latest"]


def test_no_loaded_model_means_not_now() -> None:
    for loaded in (listed(), (200, {"models": None}), (200, {})):
        observation, asked = look_generation(loaded, DONE, ("chat",))
        assert seen(observation) == unknown(Sight.NOT_DUE)
        assert asked == [], "asking would load one"


@pytest.mark.parametrize(
    "reply",
    [
        (200, {"done": False, "eval_count": 1}),
        (200, {"done": True, "eval_count": 0}),
        (200, {"done": True}),
        (200, b"not json"),
    ],
)
def test_an_answer_without_a_token_is_stuck(reply: Reply) -> None:
    assert seen(look_generation(listed("m"), reply)[0]) == bad(Sight.GENERATION_STUCK)


def test_a_runner_that_breaks_is_bad_with_its_reason() -> None:
    observation, _ = look_generation(listed("m"), (500, {"error": "CUDA error\nat line 1"}))
    assert seen(observation) == bad(Sight.WRONG_STATUS)
    assert observation.detail == "500 CUDA error at line 1"


@pytest.mark.parametrize("status", [503, 400, 404])
def test_a_busy_ollama_or_a_model_that_only_embeds_is_no_verdict(status: int) -> None:
    observation, _ = look_generation(listed("m"), (status, {"error": "server busy"}))
    assert seen(observation) == unknown(Sight.WRONG_STATUS)


def test_a_generation_that_does_not_end_is_stuck() -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        if request.startswith(b"GET"):
            site({"GET /api/ps": listed("m")})(connection, request)
        else:
            silent(connection, request)

    with Server(script) as server:
        settings = Settings(ollama_models_url=f"{server.url}/v1/models")
        observation = generation.look(settings, WORLD, 0.5)
    assert seen(observation) == bad(Sight.GENERATION_STUCK)


def test_a_generation_that_was_never_asked_for_is_not_stuck() -> None:
    def lost(request: Request, *, sent: bool) -> Answer:
        if request.method == "GET":
            return Answer(HttpFate.ANSWERED, 200, body=b'{"models":[{"name":"m"}]}')
        return Answer(HttpFate.NO_ANSWER, sent=sent)

    for sent, expected in (
        (False, unknown(Sight.NO_ANSWER)),
        (True, bad(Sight.GENERATION_STUCK)),
    ):
        network = FakeNetwork(partial(lost, sent=sent))
        assert seen(generation.look(Settings(), world(network), 1)) == expected


def test_an_ollama_that_is_down_is_another_probes_business() -> None:
    settings = Settings(ollama_models_url=f"http://127.0.0.1:{closed_port()}/v1/models")
    assert seen(generation.look(settings, WORLD, 5)) == unknown(Sight.NO_ANSWER)
    with Server(says(b"")) as server:
        settings = Settings(ollama_models_url=f"{server.url}/v1/models")
        assert seen(generation.look(settings, WORLD, 5)) == unknown(Sight.NO_ANSWER)

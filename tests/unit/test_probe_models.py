"""The probes `models` and `generation`: what Ollama has, and whether it speaks."""

import json
import socket
from functools import partial

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request
from picoclaw_watchdog.probes import generation, models, ollama
from tests.unit.probing import DEADLINE, GOOD, WORLD, FakeNetwork, bad, seen, unknown, world
from tests.unit.servers import Reply, Server, closed_port, response, says, silent, site

# Models


def look_models(
    required: tuple[str, ...], listed: Reply, tags: Reply = (404, b"")
) -> tuple[Observation, list[str]]:
    with Server(site({"GET /v1/models": listed, "GET /api/tags": tags})) as server:
        settings = Settings(
            ollama_models_url=f"{server.url}/v1/models", ollama_required_models=required
        )
        return models.look(settings, WORLD, DEADLINE), server.paths()


def listed(*names: str) -> Reply:
    return 200, {"models": [{"name": name, "model": name, "size": 1} for name in names]}


def ids(*names: str) -> Reply:
    return 200, {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}


def test_models_that_are_there_are_good_and_asked_for_once() -> None:
    reply = ids("chat-v1:latest", "worker:7b", "host:5000/own:latest")
    observation, asked = look_models(("chat-v1", "worker:7b", "host:5000/own"), reply)
    assert seen(observation) == GOOD
    assert asked == ["/v1/models"]


def test_other_servers_name_their_models_otherwise() -> None:
    observation, asked = look_models(("gpt-4o", "qwen2.5-7b"), ids("gpt-4o", "qwen2.5-7b"))
    assert seen(observation) == GOOD
    assert asked == ["/v1/models"]


def test_what_is_not_in_the_list_is_looked_for_in_ollamas_own() -> None:
    observation, asked = look_models(("own",), ids("alias"), listed("own:latest"))
    assert seen(observation) == GOOD
    assert asked == ["/v1/models", "/api/tags"]


def test_models_that_are_missing_are_named() -> None:
    for tags in (listed("worker:7b"), (404, b""), (401, {"error": "no key"})):
        observation, _ = look_models(("chat-v1", "worker", "worker:7b"), ids("worker:7b"), tags)
        assert seen(observation) == bad(Sight.MODELS_MISSING)
        assert observation.detail == "chat-v1, worker"


@pytest.mark.parametrize("content", [{"data": None}, {"data": []}, {"models": None}])
def test_an_empty_store_misses_everything(content: object) -> None:
    assert seen(look_models(("chat-v1",), (200, content))[0]) == bad(Sight.MODELS_MISSING)


@pytest.mark.parametrize("names", [{"name": "chat-v1"}, "chat-v1", 7, False])
def test_something_else_than_a_list_of_models_is_no_verdict(names: object) -> None:
    observation, _ = look_models(("chat-v1",), (200, {"data": names}))
    assert seen(observation) == unknown(Sight.ANOTHER_PROGRAM)


@pytest.mark.parametrize(
    ("reply", "sight"),
    [
        ((500, b""), Sight.WRONG_STATUS),
        ((401, {"error": "key"}), Sight.NEEDS_KEY),
        ((200, b"<html>"), Sight.ANOTHER_PROGRAM),
        ((200, {"error": "x"}), Sight.SAYS_ERROR),
        ((404, {}), Sight.NOT_FOUND),
        ((200, b'{"data":[{"id":"a"},{"id'), Sight.NO_ANSWER),
    ],
)
def test_a_store_that_cannot_be_read_is_no_verdict(reply: Reply, sight: Sight) -> None:
    assert seen(look_models(("chat-v1",), reply)[0]) == unknown(sight)


# The key


@pytest.mark.parametrize("key", ["", "sk-secret"])
def test_the_key_goes_to_the_peer_and_only_where_there_is_one(key: str) -> None:
    moved = says(response(307, b"", [("Location", "http://127.0.0.1:1/v1/models")]))
    with Server(moved) as server:
        settings = Settings(
            ollama_models_url=f"{server.url}/v1/models",
            ollama_required_models=("a",),
            ollama_api_key=key,
        )
        for probe in (ollama, models, generation):
            observation = probe.look(settings, WORLD, DEADLINE)
            assert observation.sight is Sight.MOVED
            assert "secret" not in repr(observation)
    assert len(server.requests) == 4
    for request in server.requests:
        assert (b"\r\nAuthorization: Bearer sk-secret\r\n" in request) is bool(key)


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("/v1/models", {"object": "list", "data": None}, GOOD),
        ("/proxy/v1/models", {"data": [{"id": "a"}]}, GOOD),
        ("/api/tags", {"models": []}, GOOD),
        ("/", b"Ollama is running", GOOD),
        ("/health", {"status": "ok"}, GOOD),
        ("/v1/models", {"status": "ok"}, bad(Sight.ANOTHER_PROGRAM)),
        ("/", b"<!doctype html>", bad(Sight.ANOTHER_PROGRAM)),
    ],
)
def test_ollama_is_good_when_it_answers_as_its_address_should(
    path: str, content: object, expected: tuple[Verdict, Sight]
) -> None:
    with Server(site({f"GET {path}": (200, content)})) as server:
        settings = Settings(ollama_models_url=f"{server.url}{path}")
        assert seen(ollama.look(settings, WORLD, DEADLINE)) == expected
    assert seen(ollama.look(settings, WORLD, DEADLINE)) == bad(Sight.REFUSED)


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


@pytest.mark.parametrize(
    ("status", "sight"),
    [
        (503, Sight.TOO_MANY),
        (400, Sight.ANOTHER_PROGRAM),
        (404, Sight.NOT_FOUND),
        (401, Sight.NEEDS_KEY),
        (429, Sight.TOO_MANY),
    ],
)
def test_a_busy_ollama_or_a_model_that_only_embeds_is_no_verdict(status: int, sight: Sight) -> None:
    observation, _ = look_generation(listed("m"), (status, {"error": "server busy"}))
    assert seen(observation) == unknown(sight)


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
    assert seen(generation.look(settings, WORLD, 5)) == unknown(Sight.REFUSED)
    with Server(says(b"")) as server:
        settings = Settings(ollama_models_url=f"{server.url}/v1/models")
        assert seen(generation.look(settings, WORLD, 5)) == unknown(Sight.NO_ANSWER)

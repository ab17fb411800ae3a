"""The probes `models` and `generation`: what Ollama has, and whether it speaks."""

import json
import socket
from functools import partial

import pytest

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request
from picoclaw_watchdog.probes import generation, models
from tests.unit.probing import DEADLINE, GOOD, WORLD, FakeNetwork, bad, seen, unknown, world
from tests.unit.servers import Reply, Server, closed_port, says, silent, site

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

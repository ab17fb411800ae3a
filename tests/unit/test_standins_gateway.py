import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.demo.gateway import RELEASES, Gateway, OllamaChecks, go_duration
from picoclaw_watchdog.demo.layout import free_ports
from picoclaw_watchdog.demo.ollama import Ollama
from picoclaw_watchdog.demo.serving import Asked, Reply, Rude, Server, status_of
from tests.waiting import wait_for

SECRET = "channel-secret"
NO_CHECKS = OllamaChecks("", 1.0)


def gateway(release: str, tmp_path: Path, **faults: object) -> Gateway:
    control = tmp_path / "control.json"
    control.write_text(json.dumps(faults))
    return Gateway(RELEASES[release], SECRET, str(control), NO_CHECKS)


def get(answer: Callable[[Asked], Reply | Rude], path: str) -> Reply:
    reply = answer(Asked("GET", path, {}, b""))
    assert isinstance(reply, Reply)
    return reply


@pytest.mark.parametrize(
    ("release", "ready", "tells_pid"),
    [
        ("fork", 200, False),
        ("v0.1.2", 200, False),
        ("v0.2.0", 503, False),
        ("v0.2.5", 503, True),
        ("main", 200, True),
    ],
)
def test_each_release_answers_as_it_does(
    release: str,
    ready: int,
    tells_pid: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    made = gateway(release, tmp_path)
    health = get(made.answer_health, "/health")
    assert health.status == 200
    assert ("pid" in json.loads(health.body)) is tells_pid
    answer = get(made.answer_health, "/ready")
    assert answer.status == ready
    assert "checks" not in json.loads(answer.body)


def test_from_v0_2_0_on_the_webhook_shares_the_port_of_health(tmp_path: Path) -> None:
    shared = gateway("v0.2.0", tmp_path)
    assert get(shared.answer_health, "/webhook/line").status == 405
    separate = gateway("fork", tmp_path)
    assert get(separate.answer_health, "/webhook/line").status == 404
    assert get(separate.answer_webhook, "/webhook/line") == Reply(405, b"Method not allowed\n")


def test_a_webhook_post_needs_its_signature(tmp_path: Path) -> None:
    made = gateway("fork", tmp_path)

    def post(body: bytes, signature: str) -> int:
        reply = made.answer_webhook(
            Asked("POST", "/webhook/line", {"x-line-signature": signature}, body)
        )
        assert isinstance(reply, Reply)
        return reply.status

    def signed(body: bytes) -> str:
        return base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()

    body = b'{"destination":"U0","events":[]}'
    assert post(body, signed(body)) == 200
    assert post(body, "wrong") == 403
    assert post(b"no json", signed(b"no json")) == 400


def test_faults_can_be_ordered(tmp_path: Path) -> None:
    hung = gateway("fork", tmp_path, hang=True)
    assert hung.answer_health(Asked("GET", "/health", {}, b"")) is Rude.HANG
    assert get(gateway("fork", tmp_path, health_status=500).answer_health, "/health").status == 500
    failing = get(gateway("fork", tmp_path, ready="failing").answer_health, "/ready")
    assert failing.status == 503
    assert json.loads(failing.body)["checks"]["agent"]["status"] == "fail"
    stock = get(gateway("fork", tmp_path, ready="stock").answer_health, "/ready")
    assert json.loads(stock.body) == {"status": "not ready", "uptime": ""}


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.5, "0.5s"), (275.4, "4m35.4s"), (3600.0, "1h0m0s")]
)
def test_uptime_is_written_as_go_writes_it(seconds: float, shown: str) -> None:
    assert go_duration(seconds) == shown


@pytest.fixture
def port() -> int:
    return free_ports().gateway


@pytest.fixture
def ollama(port: int, tmp_path: Path) -> Iterator[Server]:
    server = Server(port, Ollama(["chat-v1:latest"], str(tmp_path / "ollama.json")).answer)
    server.open()
    yield server
    server.close()


def test_ready_names_ollama_when_ollama_is_gone(port: int, ollama: Server, tmp_path: Path) -> None:
    checks = OllamaChecks(f"http://127.0.0.1:{port}", 0.05)
    checks.start()
    made = Gateway(RELEASES["fork"], SECRET, str(tmp_path / "none.json"), checks)
    assert get(made.answer_health, "/ready").status == 200
    ollama.close()
    wait_for(lambda: get(made.answer_health, "/ready").status == 503, "it is not ready", 5)
    answer = json.loads(get(made.answer_health, "/ready").body)
    assert answer["status"] == "not ready"
    assert answer["uptime"] == ""
    failing = [name for name, each in answer["checks"].items() if each["status"] == "fail"]
    assert sorted(failing) == ["ollama", "ollama_models"]
    assert answer["checks"]["ollama"]["message"].startswith("unreachable: ")


def test_a_server_can_stop_listening_and_begin_again(port: int, ollama: Server) -> None:
    assert status_of(f"http://127.0.0.1:{port}/v1/models", 2.0) == 200
    ollama.close()
    with pytest.raises(ConnectionRefusedError):
        status_of(f"http://127.0.0.1:{port}/", 2.0)
    ollama.open()
    assert status_of(f"http://127.0.0.1:{port}/api/version", 2.0) == 200


def test_two_requests_can_share_a_connection(port: int, ollama: Server) -> None:
    assert ollama is not None
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        reader = client.makefile("rb")
        for _ in range(2):
            client.sendall(b"GET /api/version HTTP/1.1\r\nHost: x\r\n\r\n")
            assert reader.readline() == b"HTTP/1.1 200 OK\r\n"
            length = 0
            while (line := reader.readline()) != b"\r\n":
                if line.startswith(b"Content-Length"):
                    length = int(line.split()[1])
            assert b"version" in reader.read(length)
        reader.close()


def test_a_hanging_answer_ends_when_the_server_does(port: int, tmp_path: Path) -> None:
    control = tmp_path / "ollama.json"
    control.write_text('{"hang": true}')
    ollama, asked = Ollama([], str(control)), threading.Event()

    def answer(what: Asked) -> Reply | Rude:
        asked.set()
        return ollama.answer(what)

    server = Server(port, answer)
    server.open()
    with pytest.raises(TimeoutError):
        status_of(f"http://127.0.0.1:{port}/", 0.2)

    def wait_for_an_answer() -> None:
        with pytest.raises(ValueError, match="no HTTP"):
            status_of(f"http://127.0.0.1:{port}/", 20.0)

    waiting = threading.Thread(target=wait_for_an_answer)
    asked.clear()
    waiting.start()
    assert asked.wait(10)
    server.close()
    waiting.join(10)
    assert not waiting.is_alive()


def ask_ollama(tmp_path: Path, path: str, body: object = None, **faults: object) -> Reply | Rude:
    control = tmp_path / "ollama.json"
    control.write_text(json.dumps(faults))
    made = Ollama(["chat-v1:latest"], str(control))
    method = "GET" if body is None else "POST"
    return made.answer(Asked(method, path, {}, json.dumps(body).encode()))


def test_ollama_lists_its_models_and_null_when_there_are_none(tmp_path: Path) -> None:
    listed = ask_ollama(tmp_path, "/v1/models")
    assert isinstance(listed, Reply)
    assert json.loads(listed.body)["data"][0]["id"] == "chat-v1:latest"
    empty = ask_ollama(tmp_path, "/v1/models", models=[])
    assert isinstance(empty, Reply)
    assert json.loads(empty.body) == {"object": "list", "data": None}


def test_inference_can_hang_while_everything_else_answers(tmp_path: Path) -> None:
    asked = {"model": "chat-v1", "prompt": "ok", "options": {"num_predict": 1}}
    fine = ask_ollama(tmp_path, "/api/generate", asked)
    assert isinstance(fine, Reply)
    assert json.loads(fine.body)["eval_count"] == 1
    assert ask_ollama(tmp_path, "/api/generate", asked, generate="hang") is Rude.HANG
    version = ask_ollama(tmp_path, "/api/version", generate="hang")
    assert isinstance(version, Reply)
    assert version.status == 200
    unknown = ask_ollama(tmp_path, "/api/generate", {"model": "other", "prompt": "ok"})
    assert isinstance(unknown, Reply)
    assert unknown.status == 404

"""A stand-in for an Ollama server: what a watchdog may ask of it, and how it fails."""

import argparse
import json
import sys
import threading
from datetime import UTC, datetime, timedelta

from picoclaw_watchdog.demo.in_its_place import IN_ITS_PLACE
from picoclaw_watchdog.demo.serving import (
    Asked,
    Reply,
    Rude,
    Server,
    json_reply,
    read_control,
    run,
)

_VERSION = "0.12.6"
_SIZE = 2_019_393_189


class Ollama:
    """The answers of one Ollama server.

    Control: {"hang": true} never answers anything; {"generate": "hang" | "busy" | "error"}
    breaks inference only, as a stuck runner does; {"status": N} answers N to everything;
    {"models": [...]} and {"loaded": [...]} replace what is stored and what is in memory;
    {"place": NAME} lets somebody else answer, see `in_its_place.py`.
    """

    def __init__(self, models: list[str], control: str) -> None:
        self._models = models
        self._control = control
        self._lock = threading.Lock()
        self._loaded = list(models)

    def answer(self, asked: Asked) -> Reply | Rude:
        """One answer."""
        control = read_control(self._control)
        if control.get("hang"):
            return Rude.HANG
        status = control.get("status")
        if isinstance(status, int):
            return json_reply(status, {"error": "stand-in was told to fail"})
        other = IN_ITS_PLACE.get(str(control.get("place")))
        if other is not None:
            return other
        stored = _names(control.get("models"), self._models)
        if asked.path == "/api/generate" and asked.method == "POST":
            return self._generate(asked, stored, str(control.get("generate") or ""))
        if asked.method not in {"GET", "HEAD"}:
            return Reply(405, b"405 method not allowed")
        return self._look(asked.path, stored, _names(control.get("loaded"), self._loaded))

    def _look(self, path: str, stored: list[str], loaded: list[str]) -> Reply:
        if path == "/":
            return Reply(200, b"Ollama is running")
        if path == "/api/version":
            return json_reply(200, {"version": _VERSION})
        if path == "/v1/models":
            data = [
                {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "library"}
                for name in stored
            ]
            return json_reply(200, {"object": "list", "data": data or None})
        if path == "/api/tags":
            return json_reply(200, {"models": [_tag(name) for name in stored]})
        if path == "/api/ps":
            return json_reply(200, {"models": [_running(name) for name in loaded]})
        return Reply(404, b"404 page not found")

    def _generate(self, asked: Asked, stored: list[str], fault: str) -> Reply | Rude:
        try:
            body = json.loads(asked.body)
            model = body["model"]
        except (ValueError, TypeError, KeyError):
            return json_reply(400, {"error": "missing request body"})
        model = _full(str(model))
        if model not in stored:
            return json_reply(404, {"error": f"model '{model}' not found"})
        if fault == "hang":
            return Rude.HANG
        if fault == "busy":
            problem = "server busy, please try again. maximum pending requests exceeded"
            return json_reply(503, {"error": problem})
        if fault == "error":
            return json_reply(500, {"error": "llama runner process has terminated: exit status 2"})
        return self._generated(model, body)

    def _generated(self, model: str, body: dict[str, object]) -> Reply:
        said: dict[str, object] = {"model": model, "created_at": _now(0), "done": True}
        prompt = body.get("prompt")
        unload = not prompt and body.get("keep_alive") == 0
        with self._lock:
            if unload and model in self._loaded:
                self._loaded.remove(model)
            elif not unload and model not in self._loaded:
                self._loaded.append(model)
        if not prompt:
            return json_reply(
                200, {**said, "response": "", "done_reason": "unload" if unload else "load"}
            )
        said |= {"response": "OK", "done_reason": "length", "total_duration": 120_000_000}
        return json_reply(200, {**said, "prompt_eval_count": 1, "eval_count": 1})


def _full(name: str) -> str:
    """A bare model name means its `latest`."""
    return name if ":" in name else f"{name}:latest"


def _names(ordered: object, otherwise: list[str]) -> list[str]:
    if isinstance(ordered, list):
        return [_full(str(name)) for name in ordered]
    return list(otherwise)


def _now(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def _tag(name: str) -> dict[str, object]:
    return {
        "name": name,
        "model": name,
        "modified_at": _now(-60),
        "size": _SIZE,
        "digest": "0" * 64,
        "details": {"format": "gguf", "family": "llama", "parameter_size": "3.2B"},
    }


def _running(name: str) -> dict[str, object]:
    return {
        "name": name,
        "model": name,
        "size": _SIZE,
        "size_vram": _SIZE,
        "digest": "0" * 64,
        "details": {"format": "gguf", "family": "llama", "parameter_size": "3.2B"},
        "expires_at": _now(5),
        "context_length": 8192,
    }


def main(arguments: list[str] | None = None) -> int:
    """Run until told to end."""
    parser = argparse.ArgumentParser(prog="ollama serve", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--models", default="chat-v1:latest", metavar="A,B")
    parser.add_argument("--control", default="", metavar="FILE")
    options = parser.parse_args(arguments)
    models = [_full(name) for name in options.models.split(",") if name]
    Server(options.port, Ollama(models, options.control).answer).open()
    return run()


if __name__ == "__main__":
    sys.exit(main())

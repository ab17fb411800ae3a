"""The pretend Ollama: here or on another machine of the tailnet."""

import json
from typing import TYPE_CHECKING

from picoclaw_watchdog.core.watched import is_remote
from picoclaw_watchdog.ports import Answer, HttpFate, Request

if TYPE_CHECKING:
    from picoclaw_watchdog.sim.host import PretendHost

NEAR, FAR = 0.003, 0.08  # seconds an answer takes
OK = 200


class Ollama:
    """What Ollama would answer now."""

    def __init__(self, host: "PretendHost") -> None:
        self._host = host
        self.state = "up"  # up, refused, hung, error
        self.models: tuple[str, ...] = tuple(host.settings.ollama_required_models) or ("llama3",)
        self.loaded = True  # into memory: what the gateway's /ready asks for
        self.generates = True
        self.slow = 0.0  # seconds more that an answer takes

    @property
    def is_far(self) -> bool:
        """Whether it runs on another machine."""
        return is_remote(self._host.settings.ollama_models_url)

    def is_reachable(self) -> bool:
        """Whether it answers whoever asks from this host."""
        way = not self.is_far or (self._host.route and self._host.tailnet.is_connected)
        return way and self.state == "up"

    @property
    def is_well(self) -> bool:
        """Whether whoever asks now gets a good answer."""
        models = self.loaded and bool(self.models) and self.generates
        return self.is_reachable() and not self.slow and models

    def is_owner(self, url: str) -> bool:
        """Whether a URL leads here."""
        base = self._host.settings.ollama_models_url.split("/v1/")[0]
        return bool(base) and url.startswith(base)

    def answer(self, request: Request, deadline: float) -> Answer:
        """Answer a request."""
        host = self._host
        if self.is_far and not (host.route and host.tailnet.is_connected):
            host.spend(deadline)
            return Answer(HttpFate.NO_ANSWER)
        took = (FAR if self.is_far else NEAR) + self.slow
        stuck = self.state == "hung" or (request.method == "POST" and not self.generates)
        if stuck or took > deadline:
            host.spend(deadline)
            return Answer(HttpFate.NO_ANSWER, sent=True)
        host.spend(took)
        if self.state == "refused":
            return Answer(HttpFate.REFUSED, detail="connection refused")
        if self.state == "error":
            return Answer(HttpFate.ANSWERED, 500, body=b'{"error":"runner"}', sent=True)
        return Answer(HttpFate.ANSWERED, OK, body=self._body(request.url), sent=True)

    def _body(self, url: str) -> bytes:
        if url.endswith("/api/ps"):
            names = self.models if self.loaded else ()
            document: object = {"models": [{"name": name, "model": name} for name in names]}
        elif url.endswith("/api/generate"):
            document = {"done": True, "eval_count": 1}
        elif url.endswith("/api/tags"):
            document = {"models": [{"name": name, "model": name} for name in self.models]}
        else:
            document = {"object": "list", "data": [{"id": name} for name in self.models]}
        return json.dumps(document).encode()

"""LINE on loopback for the tests: the demo's stand-in, every request kept, more faults."""

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.demo.line import Line
from picoclaw_watchdog.demo.serving import Asked, Reply, Rude, Server

PUSH = "/v2/bot/message/push"
TOKEN = "channel+access/token="
SECRET = "channel-secret-0123456789"
OWNER = "U" + "0123456789abcdef" * 2


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class LineServer:
    """A LINE that can be told to misbehave; see `Line` for the modes."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.asked: list[Asked] = []
        self.instead: Callable[[Asked, Reply | Rude], Reply | Rude] = lambda _, reply: reply
        self._keep = folder / "line.jsonl"
        self._control = folder / "line.json"
        self._line = Line(str(self._keep), str(self._control))
        self._server = Server(self.port, self._answer)
        self.behave(token=TOKEN)
        self.open()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}{PUSH}"

    def settings(self, **others: object) -> Settings:
        known = Settings(
            line_notify_enabled=True,
            line_notify_to=OWNER,
            line_push_endpoint=self.endpoint,
            line_channel_access_token=TOKEN,
            line_channel_secret=SECRET,
            external_timeout_sec=1.0,
        )
        return known._replace(**others)  # type: ignore[arg-type]  # names are checked at run time

    def behave(self, mode: str = "ok", **control: object) -> None:
        """Order a mode and other answers from now on."""
        self._control.write_text(json.dumps({"mode": mode, **control}), "utf-8")
        self.instead = lambda _, reply: reply

    def accept_but_say(self, status: int) -> None:
        """Deliver each push and answer with an error all the same."""
        self.behave()
        self.instead = lambda asked, reply: Reply(status) if asked.path == PUSH else reply

    def accept_and_drop(self) -> None:
        """Deliver each push the first time, and hang up on all of them."""
        self.behave()
        self.instead = lambda asked, reply: Rude.DROP if asked.path == PUSH else reply

    def open(self) -> None:
        self._server.open()

    def close(self) -> None:
        self._server.close()

    def pushes(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == PUSH]

    def texts(self) -> list[str]:
        """The messages that reached the owner."""
        if not self._keep.exists():
            return []
        return [json.loads(line)["text"] for line in self._keep.read_text("utf-8").splitlines()]

    def _answer(self, asked: Asked) -> Reply | Rude:
        self.asked.append(asked)
        return self.instead(asked, self._line.answer(asked))


def assert_fits_the_contract(push: Asked) -> None:
    """What LINE's published description of a push demands."""
    assert push.method == "POST"
    assert push.headers["content-type"].startswith("application/json")
    assert push.headers["authorization"] == f"Bearer {TOKEN}"
    uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(uuid, push.headers["x-line-retry-key"])
    body = json.loads(push.body.decode("utf-8"))
    assert set(body) == {"to", "messages"}
    assert re.fullmatch("[UCR][0-9a-f]{32}", body["to"])
    assert 1 <= len(body["messages"]) <= 5
    for message in body["messages"]:
        assert set(message) == {"type", "text"}
        assert message["type"] == "text"
        assert 1 <= len(message["text"].encode("utf-16-le")) // 2 <= 5000

"""Running cycles in a box, and reading what they left."""

import json
import time

from picoclaw_watchdog.demo.box import Box
from picoclaw_watchdog.demo.serving import status_of
from tests.waiting import wait_for


def cycle(host: Box, times: int = 1) -> None:
    """One cycle after the other; each must end with status 0 and print nothing alarming."""
    for _ in range(times):
        code, printed = host.run("once")
        assert code == 0, printed
        assert "Traceback" not in printed
        assert "internal error" not in host.log(), host.log()


def status(host: Box) -> dict[str, object]:
    document = json.loads((host.state_dir / "status.json").read_text("utf-8"))
    assert isinstance(document, dict)
    return document


def looks(host: Box) -> dict[str, dict[str, object]]:
    found = status(host)["looks"]
    assert isinstance(found, list)
    return {look["probe"]: look for look in found}


def own_writing(host: Box, name: str, text: str) -> None:
    """Put a file into the state folder, as the owner may."""
    host.state_dir.mkdir(parents=True, exist_ok=True)
    (host.state_dir / name).write_text(text)


def spend_budget(host: Box, *seconds_ago: float) -> None:
    """Restarts that were made before, in the founding document's file."""
    now = time.time()
    lines = [f"{now - each:.0f}\n" for each in seconds_ago]
    own_writing(host, "restart_gateway_times.log", "".join(lines))


def bring_back_ollama(host: Box) -> None:
    """And wait until the gateway says so too, which it does a moment later."""
    host.ollama_up()
    ready = host.url("gateway", "/ready")
    wait_for(lambda: status_of(ready, 5) == 200, "Ollama is back, and /ready does not say so", 20)

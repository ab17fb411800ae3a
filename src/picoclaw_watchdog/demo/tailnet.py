"""The pretended node on disk: one file, changed under a lock by all who change it."""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path

from picoclaw_watchdog.demo.printed import json_text, node_document, status_text
from picoclaw_watchdog.demo.tailscaled import Tailnet, shown

STATE_VARIABLE = "PICOCLAW_DEMO_TAILSCALE"


def load(path: Path) -> Tailnet:
    """The state; the default one where the file is not there yet."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Tailnet()
    return Tailnet(**{**document, "health": tuple(document.get("health", ()))})


def change(path: Path, changed: Callable[[Tailnet], Tailnet]) -> Tailnet:
    """Change the state under a lock, and prepare what the read commands print."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = changed(load(path))
        _replace(path, json.dumps(state._asdict(), indent=1))
        _prepare(path, state)
    return state


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def _prepare(path: Path, state: Tailnet) -> None:
    """Lay out the answers of the read commands for the shell to `cat`.

    Only answers with exit status 0 and nothing on stderr are prepared; for the rest the
    program itself runs.
    """
    folder = path.with_name(f"{path.name}.d")
    folder.mkdir(exist_ok=True)
    plain = state.socket == "open" and state.client in ("", state.version)
    reads = state.daemon and plain and state.hang not in {"all", "status"}
    answers = {
        "funnel-status.txt": status_text(state) if reads else None,
        "funnel-status.json": json_text(shown(state) or {}) if reads else None,
        "status.json": json_text(node_document(state)) if reads else None,
    }
    for name, text in answers.items():
        if text is None:
            (folder / name).unlink(missing_ok=True)
        else:
            _replace(folder / name, text)

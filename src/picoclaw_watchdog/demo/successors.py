"""How the gateways answer that came after PicoClaw, or beside it: their health, ready, webhook.

parity (a branch of the fork): /health 503 while Ollama is down, its checks a list, asked live.
rencrow: /health 503 on a dependency without naming it, /health/live free of them.
openclaw: names what is still starting; any unknown path is its web app's page.
"""

import json
from collections.abc import Callable, Mapping

from picoclaw_watchdog.demo.serving import Asked, Reply, json_reply

Checks = Mapping[str, Mapping[str, str]]
NOT_FOUND = Reply(404, b"404 page not found\n")
PAGE = b'<!doctype html>\n<html lang="en"><head><title>OpenClaw Control</title></head></html>\n'
WEBHOOKS = {"parity": "/webhook", "rencrow": "/webhook/line"}


def parity(asked: Asked, checks: Checks, *, starting: bool) -> Reply:
    """The branch `integration/openclaw-parity`."""
    del starting
    well = all(check["status"] == "ok" for check in checks.values())
    if asked.path == "/health":
        status = "ok" if well else "degraded"
        body = {"status": status, "checks": [dict(check) for check in checks.values()]}
        return json_reply(200 if well else 503, body)
    if asked.path == "/ready":
        return json_reply(200 if well else 503, {"ready": well})
    return NOT_FOUND


def rencrow(asked: Asked, checks: Checks, *, starting: bool) -> Reply:
    """RenCrow_CORE."""
    well = all(check["status"] == "ok" for check in checks.values()) and not starting
    if asked.path == "/health/live":
        return json_reply(200, {"status": "ok"})
    if asked.path == "/health":
        return json_reply(200 if well else 503, {"status": "ok" if well else "unavailable"})
    if asked.path == "/ready":
        return json_reply(200 if well else 503, {"status": "ready" if well else "not ready"})
    return NOT_FOUND


def openclaw(asked: Asked, checks: Checks, *, starting: bool) -> Reply:
    """OpenClaw, as 2026.9 answers."""
    del checks
    if asked.path in {"/health", "/healthz"}:
        return json_reply(200, {"ok": True, "status": "live"})
    if asked.path in {"/ready", "/readyz"}:
        failing = ["startup-sidecars"] if starting else []
        body = {"ready": not failing, "failing": failing, "uptimeMs": 1234, "eventLoop": {}}
        return json_reply(503 if failing else 200, body)
    if asked.method not in {"GET", "HEAD"}:
        return NOT_FOUND
    return Reply(200, PAGE, "text/html; charset=utf-8")


SUCCESSORS: Mapping[str, Callable[..., Reply]] = {
    "parity": parity,
    "rencrow": rencrow,
    "openclaw": openclaw,
}


def unsigned(asked: Asked) -> Reply:
    """Their webhook, which knows only POST, to whoever has not signed."""
    if asked.method != "POST":
        return NOT_FOUND
    return Reply(401, json.dumps({"error": "invalid signature"}).encode(), "application/json")

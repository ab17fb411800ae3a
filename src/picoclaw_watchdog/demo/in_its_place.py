"""What else answers where Ollama is expected: proxies, other servers, portals, their bad days."""

from collections.abc import Mapping

from picoclaw_watchdog.demo.serving import Reply, json_reply

_PORTAL = b"<!DOCTYPE html>\n<html><head><title>Wi-Fi login</title></head><body>...</body></html>\n"
_LISTED = {"object": "list", "data": [{"id": "qwen2.5-7b-instruct", "object": "model"}]}

IN_ITS_PLACE: Mapping[str, Reply] = {
    "litellm": json_reply(
        401,
        {
            "error": {
                "message": "Authentication Error, No api key passed in.",
                "type": "auth_error",
                "code": "401",
            }
        },
    ),
    "llama.cpp": json_reply(
        503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
    ),
    "ollama loading": json_reply(503, {"error": "llm server loading model"}),
    "tgi": json_reply(503, {"error": "Model is not ready"}, (("Retry-After", "20"),)),
    "busy": json_reply(
        503, {"error": "server busy, please try again. maximum pending requests exceeded"}
    ),
    "lm studio": json_reply(200, _LISTED),
    "error in 200": json_reply(200, {"error": "Unexpected endpoint or method. (GET /v1/models)"}),
    "moved": Reply(307, b"", headers=(("Location", "https://user:pass@ai.example/v1/models?k=1"),)),
    "too many": json_reply(429, {"error": {"message": "Rate limit reached"}}),
    "gone": json_reply(404, {"detail": "Not Found"}),
    "portal": Reply(200, _PORTAL, "text/html"),
    "maintenance": Reply(503, b"<html><title>503 Service Unavailable</title></html>", "text/html"),
}

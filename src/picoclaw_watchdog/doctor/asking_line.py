"""Ask LINE about the token, the recipient, the quota and the webhook. Sends no message."""

from collections.abc import Callable

from picoclaw_watchdog.channels.line import PUSH_PATH, QUOTA_PATH
from picoclaw_watchdog.doctor.seen import LineFacts, Seen
from picoclaw_watchdog.ports import Answer, Request, World
from picoclaw_watchdog.probes.http_sights import beside
from picoclaw_watchdog.probes.line_test import ENDPOINT, TEST

INFO_PATH = "/v2/bot/info"
DEADLINE = 5.0  # seconds for one question
TEST_DEADLINE = 12.0  # LINE itself waits for the webhook before it answers
# LINE shows the profile only of a friend, and a group only to a member: LINE's reference,
# "Get profile" and "Get group chat summary". IDs of another provider are strangers as well.
WHO = {
    "U": "/v2/bot/profile/{id}",
    "C": "/v2/bot/group/{id}/summary",
    "R": "/v2/bot/room/{id}/members/count",
}


def ask(
    world: World, endpoint: str, token: str, path: str, *, method: str = "GET", deadline: float
) -> Answer:
    """One call of LINE's API beside the push endpoint."""
    headers = [("Authorization", f"Bearer {token}")]
    if method == "POST":
        headers.append(("Content-Type", "application/json"))
    body = b"{}" if method == "POST" else b""
    url = beside(endpoint, PUSH_PATH, path)
    return world.network.ask(Request(url, method, tuple(headers), body), deadline)


def look_at_line(seen: Seen, world: World) -> None:
    """Everything that can be asked with the token, at once."""
    settings = seen.settings
    token, to = settings.line_channel_access_token, settings.line_notify_to
    if not token:
        return
    paths = {
        "info": INFO_PATH,
        "quota": QUOTA_PATH,
        "used": f"{QUOTA_PATH}/consumption",
        "endpoint": ENDPOINT,
    }
    if to[:1] in WHO:
        paths["recipient"] = WHO[to[:1]].format(id=to)

    if seen.case.webhook_test:
        paths["test"] = TEST

    def asking(name: str) -> Callable[[], tuple[str, Answer]]:
        method, deadline = ("POST", TEST_DEADLINE) if name == "test" else ("GET", DEADLINE)
        endpoint, path = settings.line_push_endpoint, paths[name]
        return lambda: (
            name,
            ask(world, endpoint, token, path, method=method, deadline=deadline),
        )

    answers = world.host.together([asking(name) for name in paths], TEST_DEADLINE + 1)
    seen.line = LineFacts(**dict(filter(None, answers)))

"""Sends one message by the Apprise library, in a process of its own: run as a file.

Reads `{"url", "title", "body", "kind"}` as JSON from standard input, so that no secret stands on
a command line, and prints `{"fate", "said"}`. A library that hangs, crashes or eats memory does
it here, and the cycle goes on.
"""

import json
import logging
import re
import resource
import sys

MOST_MEMORY = 1 << 30  # bytes of address space
LOST = ("timed out", "Connection aborted", "RemoteDisconnected", "ConnectionReset", "reset by peer")
NEVER_LEFT = ("NewConnectionError", "ConnectTimeout", "NameResolution", "Connection refused")
FAR = frozenset({408, 425, 429})


class Ear(logging.Handler):
    """Keeps what the library says, short."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[int, str]] = []

    # typing.override is of Python 3.12
    def emit(self, record: logging.LogRecord) -> None:  # type: ignore[explicit-override]
        """Keep one line."""
        self.said.append((record.levelno, record.getMessage()[:1000]))


def fate_of(said: list[tuple[int, str]]) -> tuple[str, str]:
    """What a failed try means, and why, from what the library said about it."""
    complaints = [text for level, text in said if level >= logging.WARNING]
    why = complaints[-1] if complaints else "no reason given"
    socket_said = " ".join(text for _, text in said if "Exception: " in text)
    status = re.search(r"error=(\d{3})", why)
    if status is not None:
        refused = status[1].startswith("4") and int(status[1]) not in FAR
        return ("refused" if refused else "try_later"), why
    smtp = re.search(r"\((5\d\d), b", socket_said)
    if smtp is not None:  # RFC 5321: permanent; 535: the password, 550: the recipient
        return "refused", f"{why} SMTP {smtp[1]}"
    if any(word in socket_said for word in LOST):
        return "silent", f"{why} (no answer)"
    if any(word in socket_said for word in NEVER_LEFT):
        return "not_sent", f"{why} (not reached)"
    return "try_later", why


def send(order: dict[str, str]) -> dict[str, str]:
    """Send it and say what came of it."""
    try:
        import apprise
    except ImportError:
        return {"fate": "refused", "said": "missing"}
    ear = Ear()
    known = logging.getLogger("apprise")
    known.addHandler(ear)
    known.setLevel(logging.DEBUG)
    known.propagate = False
    asset = apprise.AppriseAsset(async_mode=False, secure_logging=True)
    sender = apprise.Apprise(asset=asset)
    if not sender.add(order["url"]):
        return {"fate": "refused", "said": "Apprise does not know this kind of address"}
    sent = sender.notify(
        body=order["body"],
        title=order["title"],
        notify_type=apprise.NotifyType(order["kind"]),
        body_format=apprise.NotifyFormat.TEXT,
    )
    if sent:
        return {"fate": "sent", "said": ""}
    fate, said = fate_of(ear.said)
    return {"fate": fate, "said": said}


def main() -> int:
    """Read the order, send it, print what came of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    order = json.load(sys.stdin)
    sys.stdout.write(json.dumps(send(order)))
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

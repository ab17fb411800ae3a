"""The LINE account: is the token good, does LINE know the recipient?"""

from typing import NamedTuple

from picoclaw_watchdog.doctor import line
from picoclaw_watchdog.doctor.asking_line import look_at_line
from picoclaw_watchdog.doctor.finding import Finding, State
from picoclaw_watchdog.doctor.seen import Case, Seen
from picoclaw_watchdog.engine.wiring import build


class Account(NamedTuple):
    """What LINE says of a token and a recipient."""

    token: Finding
    recipient: Finding | None  # None: not asked

    @property
    def is_refused(self) -> bool:
        """Whether the token is no good; one that LINE did not answer for may be."""
        return self.token.state is State.BAD


def ask_line(seen: Seen, token: str, to: str) -> Account:
    """Ask LINE itself. It costs no message."""
    settings = seen.settings._replace(
        line_notify_enabled=True, line_channel_access_token=token, line_notify_to=to
    )
    case: Case = seen.case._replace(loaded=seen.case.loaded._replace(settings=settings))
    fresh = Seen(case, seen.now)
    look_at_line(fresh, build(settings, case.environ))
    known = line.recipient(fresh) if to else ()
    return Account(line.token(fresh)[0], known[0] if known else None)

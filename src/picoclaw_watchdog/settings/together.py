"""What is wrong only together with another setting."""

import re
from collections.abc import Iterable, Iterator

from picoclaw_watchdog.light import Any, NamedTuple
from picoclaw_watchdog.settings.mistakes import DEFAULT, Flaw, Mistake, Origin, shown
from picoclaw_watchdog.settings.schema import BY_FIELD, OF_LINE
from picoclaw_watchdog.settings.values import (
    EXAMPLE_HEARTBEAT,
    EXAMPLE_URL,
    host_of,
    is_recipient,
    path_of,
)

_SHORTEST_KICK_TOKEN = 16
_STAND_INS = ("YOUR_", "replace_with", "xxxxxxxx")  # of example files: known to everybody
NOBODY = ("|",)  # a pattern that no source fits: it parts the fields of a request
_DOORS = {"kick_allowed_sources": NOBODY, "kick_plain_allowed": False}  # when shut
_LOOPBACK = r"127(\.[0-9]{1,3}){3}|localhost\.?|\[::1\]"
# switch -> what it cannot work without, and whether people's commands stop at it
_NEEDS = (
    ("line_notify_enabled", "line_notify_to", True),
    ("line_notify_enabled", "line_channel_access_token", True),
    ("kick_enabled", "kick_token", False),
    ("probe_webhook_signature", "line_channel_secret", False),
    ("probe_line_webhook_test", "line_channel_access_token", False),
)


class Draft(NamedTuple):
    """The settings while they are being put together; all by field."""

    values: dict[str, Any]
    origins: dict[str, Origin]
    keys: dict[str, str]  # what each is called where it was written
    refused: set[str]  # written, and not accepted
    owned: set[str]  # written by the owner, in a place of ours, and accepted

    def refuse(self, field: str, flaw: Flaw, found: str = "", right: str = "") -> Mistake:
        """Put the setting back to its default and say why."""
        mistake = self.complain(field, flaw, found, right)
        self.values[field] = BY_FIELD[field].default
        self.origins[field] = DEFAULT
        self.refused.add(field)
        return mistake

    def complain(self, field: str, flaw: Flaw, found: str = "", right: str = "") -> Mistake:
        """Say what is wrong with an accepted setting."""
        key = self.keys.get(field, BY_FIELD[field].name)
        return Mistake(self.origins[field], key, flaw, found, right)


class Looked(NamedTuple):
    """Where the LINE token and secret were looked for."""

    places: str = ""
    hints: tuple[Mistake, ...] = ()  # why they could not be taken from where they may be


def check_together(draft: Draft, looked: Looked) -> Iterator[Mistake]:
    """Yield what is wrong; what must not be used is put back to its default."""
    values = draft.values
    if values["line_notify_enabled"]:
        yield from _stand_in(draft, "line_notify_to")
        yield from _stand_in(draft, "line_channel_access_token")
        if values["line_notify_to"] and not is_recipient(values["line_notify_to"]):
            yield draft.refuse("line_notify_to", Flaw.NOT_A_RECIPIENT)
    if values["kick_enabled"]:
        yield from _stand_in(draft, "kick_token")
        if 0 < len(values["kick_token"]) < _SHORTEST_KICK_TOKEN:
            right = str(_SHORTEST_KICK_TOKEN)
            yield draft.refuse("kick_token", Flaw.SHORT_TOKEN, right=right)
    if values["kick_file"]:
        yield from _place_of_kicks(draft)
    yield from _addresses(draft)
    yield from _needs(draft, looked)


def _needs(draft: Draft, looked: Looked) -> Iterator[Mistake]:
    values = draft.values
    for switch, needed, fatal in _NEEDS:
        if values[switch] and not values[needed] and needed not in draft.refused:
            right = BY_FIELD[needed].name
            found = looked.places if needed in OF_LINE else ""
            flaw = Flaw.NOT_FOUND if found else Flaw.NEEDS_ANOTHER
            yield draft.complain(switch, flaw, found, right)._replace(fatal=fatal)
            if found:
                yield from looked.hints
                looked = looked._replace(hints=())


def close_doors(draft: Draft, mistakes: Iterable[Mistake]) -> None:
    """What was meant to shut somebody out does not open by a typing error.

    Nor does it by one in the key or in its quotes, for which it counts as not set, or by one for
    which a whole file is not used: it may have been shut in there.
    """
    mistakes = [each for each in mistakes if each.fatal]
    wrong = {name for each in mistakes for name in (each.key, each.right)}
    lost = any(not each.key for each in mistakes)
    for field, shut in _DOORS.items():
        names = {BY_FIELD[field].name, field, f"watchdog.{field}"}
        if draft.origins[field] is DEFAULT and (lost or wrong & names):
            draft.refused.add(field)
            draft.values[field] = shut


def _stand_in(draft: Draft, field: str) -> Iterator[Mistake]:
    if any(word in draft.values[field] for word in _STAND_INS):
        yield draft.refuse(field, Flaw.PLACEHOLDER)


def _place_of_kicks(draft: Draft) -> Iterator[Mistake]:
    """A request is renamed and removed: no other file may stand in its place."""
    from picoclaw_watchdog.kick.place import is_place  # only where somebody moves it

    values, path = draft.values, draft.values["kick_file"]
    home = values["pico_home"]
    state = values["state_dir"] or f"{home}/state/watchdog"
    logs = values["log_dir"] or f"{home}/logs"
    log = values["log_file"] or f"{logs}/ops-watchdog.log"
    if not is_place(path, home, state, (logs, log)):
        yield draft.refuse("kick_file", Flaw.PLACE_IN_USE, shown(path), f"{state}/kick_request")


def _addresses(draft: Draft) -> Iterator[Mistake]:
    endpoint = draft.values["line_push_endpoint"]
    if endpoint.startswith("http://") and not re.fullmatch(_LOOPBACK, host_of(endpoint)):
        right = str(BY_FIELD["line_push_endpoint"].default)
        yield draft.refuse("line_push_endpoint", Flaw.SENT_IN_CLEAR, shown(endpoint), right)
    beats = draft.values["heartbeat_url"]
    if beats.startswith("http://") and not re.fullmatch(_LOOPBACK, host_of(beats)):
        mistake = draft.complain("heartbeat_url", Flaw.BEATS_IN_CLEAR, right=EXAMPLE_HEARTBEAT)
        yield mistake._replace(fatal=False)
    public = draft.values["webhook_url"]
    if public and path_of(public) in {"", "/"}:
        flaw = Flaw.NO_URL_PATH
        mistake = draft.complain("webhook_url", flaw, shown(public), EXAMPLE_URL)
        yield mistake._replace(fatal=False)

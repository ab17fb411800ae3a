"""Which settings to write: what the host says, and what its owner answers."""

import re
from typing import NamedTuple

from picoclaw_watchdog.core.commands import command, word
from picoclaw_watchdog.doctor import line, tailscale
from picoclaw_watchdog.doctor.finding import State
from picoclaw_watchdog.doctor.looking import examine
from picoclaw_watchdog.doctor.seen import Case, Seen
from picoclaw_watchdog.init import wording
from picoclaw_watchdog.init.finding_out import (
    Change,
    gateway_units,
    likely_recipient,
    of_environment,
    of_sight,
    with_changes,
)
from picoclaw_watchdog.init.line_account import Account, ask_line
from picoclaw_watchdog.init.talk import Talk
from picoclaw_watchdog.install import manager
from picoclaw_watchdog.ports import Funnel, Node
from picoclaw_watchdog.settings.mistakes import DEFAULT
from picoclaw_watchdog.settings.values import is_recipient

TRIES = 3
_TOKEN = re.compile(r"[!-~]+")


class Wishes(NamedTuple):
    """What was said on the command line."""

    yes: bool = False  # ask nothing
    token: str = ""  # from standard input
    to: str = ""
    language: str = ""
    test: bool = True  # send a test message


class Refused(Exception):  # noqa: N818  # LINE's no, not an error of ours
    """LINE refuses the token, and there is nobody to give another one."""


def decide(talk: Talk, case: Case, wishes: Wishes) -> list[Change]:
    """Look around, ask what is left.

    Raises:
        NobodyThere: a question was to be asked, and the input has ended.
        Refused: the token is no good.
    """
    talk.say(wording.LOOKING)
    changes = of_environment(case.loaded, case.environ)
    changes += _gateway(talk, case, wishes)
    if wishes.language and wishes.language != case.settings.language:
        changes.append(Change("language", wishes.language, wording.OF_OWNER))
    seen = examine(case._replace(loaded=with_changes(case.loaded, changes)))
    changes += of_sight(seen)
    _show(talk, seen, changes)
    changes += _Line(talk, seen, wishes).changes()
    last = {change.field: change for change in changes}
    return [change for change in last.values() if _is_news(case, change)]


def _is_news(case: Case, change: Change) -> bool:
    """Whether it is not so in `.env` already."""
    origin = case.loaded.origins[change.field]
    known = with_changes(case.loaded, [change]).settings
    same = getattr(known, change.field) == getattr(case.settings, change.field)
    return not (same and origin.where == case.env_file) and not (same and origin is DEFAULT)


def _gateway(talk: Talk, case: Case, wishes: Wishes) -> list[Change]:
    configured = case.settings.gateway_service
    if manager.load_state(configured) == "not-found" and manager.is_the_systems(configured):
        talk.warn(
            wording.FOUND_SYSTEMS_UNIT.say(talk.language, unit=configured, word=word(configured))
        )
        return []
    units = gateway_units(configured)
    if units is None:
        return []
    if units == (configured,):
        talk.good(wording.FOUND_UNIT, unit=configured)
        return []
    if not units:
        talk.bad(wording.FOUND_NO_UNIT)
        return []
    if len(units) == 1:
        return [Change("gateway_service", units[0], wording.OF_UNITS)]
    return _chosen(talk, units, wishes)


def _chosen(talk: Talk, units: tuple[str, ...], wishes: Wishes) -> list[Change]:
    if wishes.yes:
        talk.bad(wording.FOUND_NO_UNIT)
        return []
    for _ in range(TRIES):
        chosen = talk.ask(wording.ASK_UNIT, units[0], units=", ".join(units))
        if chosen in units:
            return [Change("gateway_service", chosen, wording.OF_OWNER)]
    return []


def _show(talk: Talk, seen: Seen, changes: list[Change]) -> None:
    if isinstance(seen.node, Node) and seen.node.dns_name:
        talk.good(wording.FOUND_TAILSCALE, name=seen.node.dns_name)
    if seen.public is not None and seen.public.url:
        talk.good(wording.FOUND_FUNNEL, url=seen.public.url)
    elif isinstance(seen.node, Node) and seen.node.dns_name and isinstance(seen.funnel, Funnel):
        _offer_funnel(talk, seen, seen.node.dns_name, seen.funnel)
    for change in changes:
        value = "********" if change.is_secret else change.value
        why = change.why.say(talk.language)
        talk.good(wording.FOUND_SETTING, key=change.key, value=value, why=why)


def _offer_funnel(talk: Talk, seen: Seen, name: str, funnel: Funnel) -> None:
    """What would publish the webhook, and what else it would change; it is not run here."""
    talk.bad(wording.NO_FUNNEL)
    talk.command(command(*tailscale.publishing(seen)))
    port = tailscale.local_port(seen)
    talk.warn(wording.WOULD_PUBLISH.say(talk.language, name=name, port=port))
    others = tailscale.in_the_way(funnel, seen)
    if others:
        talk.warn(wording.WOULD_CHANGE.say(talk.language, others="; ".join(others)))


class _Line:
    """Token and recipient, each checked with LINE before it is written."""

    def __init__(self, talk: Talk, seen: Seen, wishes: Wishes) -> None:
        self._talk, self._seen, self._wishes = talk, seen, wishes

    def changes(self) -> list[Change]:
        """What is to be written; without LINE, that it is off."""
        known = self._seen.settings
        token, typed = self._token()
        to = self._recipient(token) if token else ""
        found = []
        if typed and token:
            found.append(Change("line_channel_access_token", token, wording.OF_OWNER))
        if to and to != known.line_notify_to:
            found.append(Change("line_notify_to", to, wording.OF_OWNER))
        if bool(to) != known.line_notify_enabled:
            state = "true" if to else "false"
            found.append(Change("line_notify_enabled", state, wording.OF_OWNER))
        return found

    def _token(self) -> tuple[str, bool]:
        """The token, and whether it came just now; empty: without LINE."""
        known = self._seen.settings.line_channel_access_token
        if self._wishes.token:
            return self._checked(self._wishes.token, typed=True)
        if known:
            where = self._seen.case.loaded.origins["line_channel_access_token"].where
            self._talk.good(wording.FOUND_TOKEN, where=self._seen.case.short(where))
            return self._checked(known, typed=False)
        return ("", False) if self._wishes.yes else self._asked()

    def _checked(self, token: str, *, typed: bool) -> tuple[str, bool]:
        if self._is_good(token):
            return token, typed
        if self._wishes.yes:
            raise Refused
        return self._asked()

    def _asked(self) -> tuple[str, bool]:
        self._talk.say(wording.WHERE_TOKEN)
        for _ in range(TRIES):
            token = self._talk.secret(wording.ASK_TOKEN)
            if not token or self._is_good(token):
                return token, True
        raise Refused

    def _is_good(self, token: str) -> bool:
        if not _TOKEN.fullmatch(token):
            self._talk.bad(wording.TOKEN_MALFORMED)
            return False
        account = ask_line(self._seen, token, "")
        self._say(account)
        return not account.is_refused

    def _recipient(self, token: str) -> str:
        talk, wishes = self._talk, self._wishes
        given = wishes.to or self._seen.settings.line_notify_to
        if given and self._reaches(token, given):
            return given
        default = given or likely_recipient(self._seen.picoclaw)
        if wishes.yes:
            # LINE's doubts are shown; what has the form of an ID is written all the same.
            if default and default != given:
                self._reaches(token, default)
            return default if is_recipient(default) else ""
        talk.say(wording.WHERE_TO)
        doubted = given
        for _ in range(TRIES):
            question = wording.KEEP_TO if doubted else wording.ASK_TO
            answer = talk.ask(question, doubted or default)
            if not answer or (doubted and answer == doubted):
                return answer
            if self._reaches(token, answer):
                return answer
            doubted = answer if is_recipient(answer) else ""
        return doubted

    def _reaches(self, token: str, to: str) -> bool:
        """Whether nothing speaks against this recipient."""
        if not is_recipient(to):
            self._talk.bad(wording.NOT_AN_ID, length=len(to))
            return False
        account = ask_line(self._seen, token, to)
        found = account.recipient
        if found is None or found.state is not State.BAD:
            self._say(account._replace(token=found or account.token))
            return True
        self._talk.bad(wording.PLAIN, said=found.says(self._talk.language))
        return False

    def _say(self, account: Account) -> None:
        finding = account.token
        words = finding.says(self._talk.language)
        if finding.state is State.OK:
            self._talk.good(wording.PLAIN, said=words)
        elif finding.state is State.BAD:
            self._talk.bad(wording.PLAIN, said=words)
        elif finding.words is not line.RECIPIENT_UNSEEN:
            self._talk.warn(words)

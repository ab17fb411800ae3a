"""Reasons as sentences. A language is loaded when something has to be said in it."""

from typing import Protocol

from picoclaw_watchdog.core.model import Alert
from picoclaw_watchdog.core.reasons import Hold, Ill, Sight, Topic
from picoclaw_watchdog.core.targets import Action, Target
from picoclaw_watchdog.core.wording.facts import Matter


class Words(Protocol):
    """The reasons in a language."""

    def cause(self, cause: Ill, /) -> str:
        """What is wrong, as a clause."""

    def hold(self, hold: Hold, /) -> str:
        """Why nothing is done."""

    def sight(self, sight: Sight, /) -> str:
        """What a look found."""

    def action(self, action: Action, /) -> str:
        """What is done."""

    def target(self, target: Target, /) -> str:
        """What it is about."""

    def topic(self, topic: Topic, /) -> str:
        """What kind of message it is."""

    def remedy(self, cause: Ill, unit: str, models: tuple[str, ...], /) -> list[str]:
        """What the owner can do about it."""

    def ways_out(self, target: Target, cause: Ill, unit: str, /) -> list[str]:
        """What can be meant where something was never seen working."""


class Letters(Protocol):
    """The messages in a language."""

    def letter(self, alert: Alert, host: str, waited: float, /) -> str:
        """One message."""

    def digest(self, about: tuple[Matter, ...], host: str, waited: float, /) -> str:
        """Several matters in one message."""


def _words(language: str) -> Words:
    if _is_japanese(language):
        from picoclaw_watchdog.core.wording import ja

        return ja
    from picoclaw_watchdog.core.wording import en

    return en


def _letters(language: str) -> Letters:
    if _is_japanese(language):
        from picoclaw_watchdog.core.wording import ja_letters

        return ja_letters
    from picoclaw_watchdog.core.wording import en_letters

    return en_letters


def _is_japanese(language: str) -> bool:
    return language.lower().startswith("ja")


def letter(alert: Alert, host: str, language: str, waited: float = 0.0) -> str:
    """The message for one alert; `waited`: seconds since it could have been sent."""
    return _letters(language).letter(alert, host, waited)


def digest(alerts: tuple[Alert, ...], host: str, language: str, waited: float = 0.0) -> str:
    """One message for several alerts, a line for each matter; `waited` as the oldest has."""
    from picoclaw_watchdog.core.wording.facts import matters

    about = matters(alerts)
    words = _letters(language)
    if len(about) == 1 and not about[0].more:
        return words.letter(_whole(about[0]), host, waited)
    return words.digest(about, host, waited)


def _whole(matter: Matter) -> Alert:
    """The letter that stands for its whole matter, with what only the others know."""
    known = {name: text for each in matter.letters for name, text in each.facts}
    ours = dict(matter.last.facts)
    lent = {name: known[name] for name in ("since", "suppressed") if name in known}
    return matter.last._replace(facts=tuple((lent | ours).items()))


def cause_words(cause: Ill, language: str) -> str:
    """What is wrong, as a clause: "the gateway is not running"."""
    return _words(language).cause(cause)


def hold_words(hold: Hold, language: str) -> str:
    """Why an action is withheld."""
    return _words(language).hold(hold)


def sight_words(sight: Sight, language: str) -> str:
    """What a look found."""
    return _words(language).sight(sight)


def action_words(action: Action | None, language: str) -> str:
    """What is done: "restart of the gateway"."""
    return _words(language).action(action) if action is not None else "?"


def target_words(target: Target, language: str) -> str:
    """What an incident is about."""
    return _words(language).target(target)


def topic_words(topic: Topic, language: str) -> str:
    """What kind of message it is, for lists."""
    return _words(language).topic(topic)


def remedy_words(cause: Ill, unit: str, models: tuple[str, ...], language: str) -> list[str]:
    """The exact things that the owner can do about it: mostly commands."""
    return _words(language).remedy(cause, unit, models)


def ways_out_words(target: Target, cause: Ill, unit: str, language: str) -> list[str]:
    """What the owner can do about something that was never seen working here."""
    return _words(language).ways_out(target, cause, unit)

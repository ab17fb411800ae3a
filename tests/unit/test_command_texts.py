"""What commands say exists in both languages, with the same facts in it."""

import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from picoclaw_watchdog.cli import audit, kick_wording
from picoclaw_watchdog.core.reasons import Hold, Ill, Sight
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.core.wording import requests
from picoclaw_watchdog.core.wording.requests import request_reason
from picoclaw_watchdog.install import wording
from picoclaw_watchdog.kick import verify
from picoclaw_watchdog.kick.requests import Refusal

MODULES = (audit, kick_wording, verify, wording)
FACT = re.compile(r"\{(\w+)[^}]*\}")
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


def texts(module: ModuleType) -> Iterator[Text]:
    for value in vars(module).values():
        if isinstance(value, Text):
            yield value
        elif isinstance(value, dict):
            yield from (each for each in value.values() if isinstance(each, Text))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_text_has_the_same_facts_in_both_languages(module: ModuleType) -> None:
    found = list(texts(module))
    assert found
    for text in found:
        facts = dict.fromkeys(FACT.findall(text.en), 1)
        assert set(FACT.findall(text.ja)) == set(facts), text
        bare = FACT.sub("", text.en).strip(" :")
        assert JAPANESE.search(text.ja) or not bare, text
        assert text.say("ja_JP", **facts) != text.say("en", **facts) or not bare


@pytest.mark.parametrize("kind", [Refusal, Hold, Ill, Sight])
def test_every_reason_that_the_audit_may_hold_has_words(
    kind: type[Refusal | Hold | Ill | Sight],
) -> None:
    for reason in kind:
        english, japanese = (request_reason(reason.value, each) for each in ("en", "ja"))
        assert "_" not in english
        assert JAPANESE.search(japanese), reason


def test_no_code_has_two_meanings() -> None:
    """Holds, causes and sights share the log with these; those of one name mean the same."""
    ours = set(requests._REASONS)
    assert not ours & {each.value for each in (*Hold, *Ill, *Sight)}


def test_a_text_that_is_none_of_ours_stays_as_it_is() -> None:
    assert request_reason("exit status 3, and more", "ja") == "exit status 3, and more"

import pytest

from picoclaw_watchdog.demo.narration import EN, JA, LANGUAGES
from picoclaw_watchdog.demo.screen import COLUMNS, Screen
from picoclaw_watchdog.terminal.columns import width
from picoclaw_watchdog.terminal.paint import Terminal


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_said_fits_80_columns(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = LANGUAGES[language]
    screen = Screen(Terminal(colour=False))
    screen.say(words.intro.format(interval=2.0))
    screen.say(words.clocks.format(window=10, retry=1, start=1.0, backoff=10.0))
    screen.table([words.heads, *[(words.line.short, "10.0 s", "10.0 s", "1", "1", words.not_ok)]])
    screen.letter("LINE", "障害 " * 60)
    screen.event(12.3, words.hung.fault * 3, "red")
    for chapter in (words.killed, words.hung, words.funnel, words.ollama, words.line):
        screen.rule(chapter.title)
        assert width(chapter.fault) <= COLUMNS - 11
    assert max(width(line) for line in capsys.readouterr().out.splitlines()) <= COLUMNS


def test_colour_is_used_only_where_there_is_any(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().say("plain", "red")
    Screen(Terminal(colour=True)).say("painted", "red")
    plain, painted = capsys.readouterr().out.splitlines()
    assert plain == "plain"
    assert painted == "\033[31;1mpainted\033[0m"


def test_both_languages_have_the_same_placeholders() -> None:
    for field, english, japanese in zip(EN._fields, EN, JA, strict=True):
        if isinstance(english, str):
            assert isinstance(japanese, str)
            assert english.count("{") == japanese.count("{"), field

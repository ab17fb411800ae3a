import pytest

from picoclaw_watchdog.demo.narration import EN, JA, LANGUAGES
from picoclaw_watchdog.demo.screen import COLUMNS, Screen, padded, shortened, width, wrapped


def test_a_wide_character_takes_two_columns() -> None:
    assert width("abc") == 3
    assert width("障害") == 4
    assert width(padded("障害", 6)) == 6


def test_a_long_line_is_cut_to_its_width() -> None:
    assert shortened("short", 10) == "short"
    assert shortened("a much longer line", 10) == "a much ..."
    assert width(shortened("障" * 50, 11)) <= 11


@pytest.mark.parametrize(
    "text", ["word " * 60, "障害が起きました。" * 20, "Gateway を 再起動 " * 20]
)
def test_wrapped_text_keeps_its_width_and_all_its_words(text: str) -> None:
    lines = wrapped(text, 40)
    assert all(width(line) <= 40 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_a_line_does_not_begin_with_a_full_stop() -> None:
    assert not any(line.startswith(("、", "。")) for line in wrapped("障害。" * 40, 11))


def test_an_address_is_never_broken() -> None:
    address = "https://box.tail1234.ts.net/webhook/line"
    assert address in wrapped(f"see also the following address: {address}", 45)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_said_fits_80_columns(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = LANGUAGES[language]
    screen = Screen(colour=False)
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
    Screen(colour=True).say("painted", "red")
    plain, painted = capsys.readouterr().out.splitlines()
    assert plain == "plain"
    assert painted == "\033[31mpainted\033[0m"


def test_both_languages_have_the_same_placeholders() -> None:
    for field, english, japanese in zip(EN._fields, EN, JA, strict=True):
        if isinstance(english, str):
            assert isinstance(japanese, str)
            assert english.count("{") == japanese.count("{"), field

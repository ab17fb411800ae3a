"""A value that was meant to be filled in is refused: neither sent nor accepted as a secret."""

from pathlib import Path

import pytest

from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.mistakes import DEFAULT, Flaw, Origin
from picoclaw_watchdog.settings.schema import BY_FIELD, SETTINGS, Setting
from tests.unit.settings_home import SECRET, TOKEN, Home, P, flaws

KICK = f"{P}KICK_TOKEN"
REFERENCES = (Flaw.REFERENCE, Flaw.REFERENCE_OR_SECRET)
SOMEBODY = "U" + "0123456789abcdef" * 2


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def refused(loaded: Loaded) -> list[str]:
    """The keys whose values were meant to be filled in."""
    return [each.key for each in loaded.mistakes if each.flaw in REFERENCES]


MEANT = [
    "${X}",
    "$X",
    '"$X"',
    '"${X}"',
    "'${X}'",
    "'$KICK_TOKEN'",
    "${X:-default-of-hunter2}",
    "'${X:-default-of-hunter2}'",
    "${X-${Y}}",
    "${#X}",
    "${1}",
    "before-${X}",
    "'before-${X}-after'",
    "before$X",
    "$_x",
    "$(cat ~/secret)",
    '"$(cat ~/secret)"',
    "'$(cat ~/secret)'",
    "$((1 + 2))",
    "`cat ~/secret`",
    '"before `cat ~/secret`"',
    "'`cat ~/secret`'",
    "$'hunter2'",
    '$"hunter2"',
    '"\\$X $Y"',
    "$$$X",
]


@pytest.mark.parametrize("written", MEANT)
@pytest.mark.parametrize("key", [KICK, f"export {KICK}"])
def test_a_secret_that_was_meant_to_be_filled_in_counts_as_not_set(
    home: Home, key: str, written: str
) -> None:
    loaded = home.with_env(f"{P}KICK_ENABLED=true\n{key}={written}\r\n").load()
    assert refused(loaded) == [KICK]
    assert loaded.fatal
    assert loaded.settings.kick_token == ""
    assert loaded.origins["kick_token"] is DEFAULT
    (mistake,) = loaded.mistakes
    assert mistake.origin == Origin(str(home.env), 2)
    for language in ("en", "ja"):
        assert "hunter2" not in mistake.line(language)
        assert f"{KICK}='...'" in mistake.line(language)


LITERAL = [
    ("pa$$word-long-enough", "pa$$word-long-enough"),
    ("'pa$$word-long-enough'", "pa$$word-long-enough"),
    ('"pa$$word-long-enough"', "pa$$word-long-enough"),
    ("cost-is-$1-or-more-$", "cost-is-$1-or-more-$"),
    ("'$1-and-a-long-rest'", "$1-and-a-long-rest"),
    ("long-enough-to-work-$", "long-enough-to-work-$"),
    ("'long-enough-$word-'", "long-enough-$word-"),
    ("'long-enough-pa$WORD'", "long-enough-pa$WORD"),
    ("'$hunter2-long-enough'", "$hunter2-long-enough"),
    ('"long-enough-\\$word"', "long-enough-$word"),
    ('"long-enough-\\`word\\`"', "long-enough-`word`"),
    ("'one-`-is-no-command'", "one-`-is-no-command"),
    ("one-`-is-no-command", "one-`-is-no-command"),
    ("'a-{brace}-and-$-(x)'", "a-{brace}-and-$-(x)"),
    ("long-enough-$.-$%-$,-", "long-enough-$.-$%-$,-"),
]


@pytest.mark.parametrize(("written", "value"), LITERAL)
def test_what_cannot_be_a_reference_works_as_a_secret(home: Home, written: str, value: str) -> None:
    loaded = home.with_env(f"{P}KICK_ENABLED=true\n{KICK}={written}\n").load()
    assert loaded.mistakes == ()
    assert loaded.settings.kick_token == value


@pytest.mark.parametrize("value", ["${X}", "$(cat x)", "$KICK_TOKEN", "a ${X:-hunter2} b"])
def test_the_environment_and_config_json_are_not_expanded_either(home: Home, value: str) -> None:
    loaded = home.load(**{KICK: value})
    assert refused(loaded) == [KICK]
    assert loaded.settings.kick_token == ""
    home.with_config({"watchdog": {"kick_token": value}})
    loaded = home.load()
    assert refused(loaded) == ["watchdog.kick_token"]
    assert loaded.settings.kick_token == ""
    plain = home.load(**{KICK: "pa$word-pa$WORD-$"})
    assert plain.settings.kick_token == "pa$word-pa$WORD-$"


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.field != "pico_home"])
@pytest.mark.parametrize("value", ["${hunter2}", "'${hunter2}'", '"x$(hunter2)"'])
def test_every_key_of_ours_is_looked_at(home: Home, setting: Setting, value: str) -> None:
    loaded = home.with_env(f"{setting.name}={value}\n").load()
    assert refused(loaded) == [setting.name]
    assert getattr(loaded.settings, setting.field) in (
        getattr(home.with_env("").load().settings, setting.field),
        ("|",),  # a door that is shut
        False,
    )
    assert "hunter2" not in "".join(each.line() for each in loaded.mistakes)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state_dir", "'/srv/$USER/state'"),
        ("health_url", "'http://127.0.0.1/$x'"),
        ("gateway_service", "'$unit.service'"),
        ("apprise_urls", "'tgram://$BOT/$CHAT'"),
        ("heartbeat_url", "'https://hc-ping.com/$UUID'"),
        ("webhook_url", "https://${HOST}/webhook/line"),
    ],
)
def test_where_no_such_sign_belongs_single_quotes_do_not_help(
    home: Home, field: str, value: str
) -> None:
    assert refused(home.with_env(f"{BY_FIELD[field].name}={value}\n").load()) == [
        BY_FIELD[field].name
    ]


@pytest.mark.parametrize(
    "line", ["OTHER=${X}", "PICOCLAW_GATEWAY_PORT=${PORT}", "PICOCLAW_HOME=$HOME/x", "A=`id`"]
)
def test_of_keys_that_are_not_ours_nothing_is_said(home: Home, line: str) -> None:
    loaded = home.with_env(f"{line}\n").load()
    assert loaded.mistakes == ()
    assert loaded.settings == home.with_env("").load().settings


def test_a_value_that_counts_as_not_set_lets_the_next_place_speak(home: Home) -> None:
    home.with_config({"channels": {"line": {"channel_access_token": "the-real-one"}}})
    loaded = home.with_env(
        f"{TOKEN}=${{LINE_TOKEN}}\n{P}LINE_NOTIFY_ENABLED=true\n{P}LINE_NOTIFY_TO={SOMEBODY}\n"
    ).load()
    assert loaded.settings.line_channel_access_token == "the-real-one"
    assert refused(loaded) == [TOKEN]


def test_the_last_line_of_a_key_counts_also_where_it_was_meant_to_be_filled_in(home: Home) -> None:
    loaded = home.with_env(f"{KICK}=0123456789abcdef\n{KICK}=${{X}}\n").load()
    assert loaded.settings.kick_token == ""


def test_each_key_gets_its_line_and_nothing_follows_from_it(home: Home) -> None:
    loaded = home.with_env(
        f"{TOKEN}=${{A}}\n{SECRET}=$B\n{P}LINE_NOTIFY_ENABLED=true\n{P}LINE_NOTIFY_TO=${{C}}\n"
        f"{P}KICK_ENABLED=true\n{KICK}=${{D:-change-me-please}}\n"
        f"{P}PROBE_WEBHOOK_SIGNATURE=true\n"
    ).load()
    assert refused(loaded) == [TOKEN, SECRET, f"{P}LINE_NOTIFY_TO", KICK]
    assert len(loaded.mistakes) == 4


def test_what_stands_in_picoclaws_own_config_unfilled_is_no_token_and_no_mistake(
    home: Home,
) -> None:
    line = {"channel_access_token": "${LINE_TOKEN}", "channel_secret": "$LINE_SECRET"}
    loaded = home.with_config({"channels": {"line": line}}).load()
    assert loaded.settings.line_channel_access_token == ""
    assert loaded.settings.line_channel_secret == ""
    assert loaded.mistakes == ()


def test_an_unfilled_list_of_who_may_ask_lets_nobody_in(home: Home) -> None:
    loaded = home.with_env(f"{P}KICK_ALLOWED_SOURCES=${{FRIENDS}}\n").load()
    assert loaded.settings.kick_allowed_sources == ("|",)
    assert flaws(loaded) == [Flaw.REFERENCE]

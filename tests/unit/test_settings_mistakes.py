import os
from pathlib import Path

import pytest

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.kick.requests import allowed_actions
from picoclaw_watchdog.settings.load import load
from picoclaw_watchdog.settings.mistakes import Flaw, Mistake, Origin
from picoclaw_watchdog.settings.schema import BY_FIELD, SETTINGS, Setting
from picoclaw_watchdog.settings.wording import SENTENCES
from tests.unit.settings_home import TOKEN, Home, P, flaws

BAD = Path(__file__).parent / "bad_settings"
SOMEBODY = "U" + "0123456789abcdef" * 2


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.mark.parametrize(
    "name",
    [
        "PICOCLAW_HOME",
        "PICOCLAW_GATEWAY_HOST",
        "PICOCLAW_CHANNELS_LINE_ENABLED",
        "PICOCLAW_CHANNELS_LINE_WEBHOOK_PORT",
        "PICOCLAW_CHANNELS_TELEGRAM_TOKEN",
        "PICOCLAW_CHANNELS_SLACK_APP_TOKEN",
        "PICOCLAW_PROVIDERS_OPENAI_API_KEY",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "DATADOG_API_KEY",
        "LINE_CHANNEL_ACCESS_TOKEN",
        "TOPICS",
    ],
)
def test_a_key_of_somebody_else_is_none_of_our_business(home: Home, name: str) -> None:
    assert home.with_env(f"{name}=x\n").load(**{name: "x"}).mistakes == ()


# ---- mistakes


@pytest.mark.parametrize(
    "bad",
    sorted(path for path in BAD.iterdir() if path.suffix != ".expected"),
    ids=lambda p: p.name,
)
def test_a_bad_file_is_told_as_expected(home: Home, bad: Path) -> None:
    target = home.env if bad.suffix == ".env" else home.config
    target.write_bytes(bad.read_bytes())
    target.chmod(0o600)
    loaded = home.load()
    told = [
        ("fatal   " if mistake.fatal else "warning ")
        + mistake.line().replace(str(target), "FILE").replace(str(home.folder), "HOME")
        for mistake in loaded.mistakes
    ]
    assert told == bad.with_suffix(".expected").read_text().splitlines()
    assert "hunter2" not in repr(loaded.mistakes)
    assert "hunter2" not in "".join(mistake.line("ja") for mistake in loaded.mistakes)


def test_the_folder_of_bad_files_shows_every_flaw_that_a_text_can_have() -> None:
    of_files = {
        Flaw.OPEN_TO_OTHERS,
        Flaw.NOT_PRIVATE,
        Flaw.WRITABLE,
        Flaw.OF_ANOTHER_USER,
        Flaw.FOLDER_WRITABLE,
        Flaw.FOLDER_OF_ANOTHER_USER,
        Flaw.NOT_PLAIN,
        Flaw.UNREADABLE,
        Flaw.NOT_A_FILE,
        Flaw.TOO_LARGE,
    }
    told = "".join(path.read_text() for path in BAD.glob("*.expected"))
    unseen = {
        flaw
        for flaw, (wrong, _) in SENTENCES["en"].items()
        if max(wrong.replace("}", "{").split("{"), key=len) not in told
    }
    assert unseen <= of_files


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("flaw", list(Flaw))
def test_every_flaw_has_its_sentence(flaw: Flaw, language: str) -> None:
    mistake = Mistake(Origin("/f", 3), "KEY", flaw, "found", "1..2", "seconds")
    line = mistake.line(language)
    assert line.startswith("/f:3: KEY: ")
    assert "{" not in line.replace('{"watchdog": {...}}', "").replace("${NAME}", "")
    assert "\n" not in line


def test_a_japanese_mistake_is_told_in_japanese(home: Home) -> None:
    loaded = home.load(**{P + "INTERVAL_SEC": "0"})
    assert loaded.mistakes[0].line("ja") == (
        "環境変数: PICOCLAW_WATCHDOG_INTERVAL_SEC: 「0」は範囲外です。"
        "1 から 86400 まで(秒)で書いてください"
    )


def test_a_bad_value_counts_as_its_default_and_stops_people(home: Home) -> None:
    loaded = home.with_env(f"{P}INTERVAL_SEC=soon\n{P}LOG_KEEP=3\n").load()
    assert loaded.settings.interval_sec == 60
    assert loaded.settings.log_keep == 3
    assert loaded.origins["interval_sec"] == Origin("default")
    assert loaded.fatal


def test_a_warning_stops_nobody(home: Home) -> None:
    loaded = home.with_env(f"{P}LOG_KEEP=3\n{P}LOG_KEEP=4\n").load()
    assert loaded.settings.log_keep == 4
    assert flaws(loaded) == [Flaw.REPEATED_KEY]
    assert not loaded.fatal


def test_a_misspelt_key_in_the_environment_is_told(home: Home) -> None:
    loaded = home.load(PICOCLAW_WATCHDOG_ENABLD="false")
    assert loaded.mistakes[0].line() == (
        "environment: PICOCLAW_WATCHDOG_ENABLD: there is no such setting; "
        "did you mean PICOCLAW_WATCHDOG_ENABLED?"
    )


def test_a_refused_recipient_is_told_once(home: Home) -> None:
    loaded = home.load(
        **{P + "LINE_NOTIFY_ENABLED": "true", P + "LINE_NOTIFY_TO": "me", TOKEN: "t"}
    )
    assert flaws(loaded) == [Flaw.NOT_A_RECIPIENT]
    assert loaded.settings.line_notify_to == ""
    assert loaded.origins["line_notify_to"] == Origin("default")


def test_complete_messages_settings_are_clean(home: Home) -> None:
    loaded = home.load(
        **{P + "LINE_NOTIFY_ENABLED": "true", P + "LINE_NOTIFY_TO": SOMEBODY, TOKEN: "ab+/=" * 20}
    )
    assert loaded.mistakes == ()
    assert loaded.settings.line_notify_to == SOMEBODY


@pytest.mark.parametrize(
    "bad", ["line:U*=restart", "line U(*)", "=status", "cli,a|b", ",", "'  '", '"\t"', ", ,"]
)
def test_a_mistake_in_who_may_ask_lets_nobody_in(home: Home, bad: str) -> None:
    loaded = home.with_env(f"{P}KICK_ALLOWED_SOURCES={bad}\n{P}KICK_PLAIN_ALLOWED=maybe\n").load()
    assert loaded.fatal
    assert not loaded.settings.kick_plain_allowed
    allowed = loaded.settings.kick_allowed_sources
    assert allowed_actions(allowed, "cli") is None
    assert allowed_actions(allowed, "line:U1") is None


@pytest.mark.parametrize("written", [" ", ",", "\t", " , "])
def test_blanks_in_the_environment_let_nobody_in(home: Home, written: str) -> None:
    loaded = home.load(**{f"{P}KICK_ALLOWED_SOURCES": written})
    assert loaded.fatal
    assert allowed_actions(loaded.settings.kick_allowed_sources, "cli") is None


@pytest.mark.parametrize("written", ["[]", '""', '" "', '[""]', '[" ", ","]', '","'])
def test_a_list_of_nobody_in_the_configuration_lets_nobody_in(home: Home, written: str) -> None:
    home.config.write_text(f'{{"watchdog": {{"kick_allowed_sources": {written}}}}}')
    allowed = home.load().settings.kick_allowed_sources
    assert (allowed_actions(allowed, "cli") is None) == (written != '""'), "empty: not set"


@pytest.mark.parametrize("token", ["x", "hunter2", "fifteen-letters"])
def test_a_short_token_opens_nothing(home: Home, token: str) -> None:
    loaded = home.with_env(f"{P}KICK_ENABLED=true\n{P}KICK_TOKEN={token}\n").load()
    assert loaded.fatal
    assert loaded.settings.kick_token == ""
    assert token not in repr(loaded.mistakes)


@pytest.mark.parametrize(
    "line",
    [
        "KICK_ALLOWED_SOURCES='line:U1",
        "KICK_ALLOWED_SOURCES='line:U1' cli",
        "KICK_ALLOWED_SOURCES line:U1",
        "KICK_ALLOWED_SOURCE=line:U1",
    ],
)
def test_a_slip_in_the_line_that_says_who_may_ask_lets_nobody_in(home: Home, line: str) -> None:
    loaded = home.with_env(f"{P}{line}\n").load()
    assert loaded.fatal
    assert allowed_actions(loaded.settings.kick_allowed_sources, "line:U1") is None
    meant = home.load(**{f"{P}KICK_ALLOWED_SOURCES": "cli"}).settings
    assert meant.kick_allowed_sources == ("cli",), "what the environment says clearly counts"


@pytest.mark.parametrize("value", [{"line:U1": True}, [1], 7])
def test_who_may_ask_written_as_another_kind_of_json_lets_nobody_in(
    home: Home, value: object
) -> None:
    document = {"watchdog": {"kick_allowed_sources": value, "kick_plain_allowed": {}}}
    settings = home.with_config(document).load().settings
    assert settings.kick_plain_allowed is False
    # A number is no mistake of form: it is a source that nobody is.
    assert allowed_actions(settings.kick_allowed_sources, "line:U1") is None


@pytest.mark.parametrize("text", [",", " , ,", "   ", "\t", "\u3000,", "\u3001"])
@pytest.mark.parametrize("where", ["environment", "env file", "config.json", "list"])
def test_a_list_of_nobody_lets_nobody_in(home: Home, text: str, where: str) -> None:
    key = f"{P}KICK_ALLOWED_SOURCES"
    if where == "environment":
        loaded = home.load(**{key: text})
    elif where == "env file":
        loaded = home.with_env(f"{key}='{text}'\n").load()
    else:
        written = text if where == "config.json" else [text]
        loaded = home.with_config({"watchdog": {"kick_allowed_sources": written}}).load()
    assert flaws(loaded) == [Flaw.NOT_SOURCES]
    assert loaded.fatal
    for source in ("cli", "line:U1", ""):
        assert allowed_actions(loaded.settings.kick_allowed_sources, source) is None


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("http://hc-ping.com/uuid", True),
        ("HTTP://192.168.1.5:3001/api/push/x", True),
        ("http://kuma.lan", True),
        ("http://localhost.example.com/x", True),
        ("http://[fd00::1]/x", True),
        ("https://hc-ping.com/uuid", False),
        ("http://127.0.0.1:3001/api/push/x", False),
        ("http://localhost:3001/api/push/x", False),
        ("http://[::1]:3001/x", False),
    ],
)
def test_a_dead_mans_switch_in_clear_is_used_and_warned_of(
    home: Home, address: str, *, warned: bool
) -> None:
    loaded = home.load(**{f"{P}HEARTBEAT_URL": address})
    assert loaded.settings.heartbeat_url.endswith(address[4:])
    assert flaws(loaded) == ([Flaw.BEATS_IN_CLEAR] if warned else [])
    assert not loaded.fatal
    assert "/uuid" not in "".join(each.line() for each in loaded.mistakes)


@pytest.mark.parametrize("key", ["sk-1234", "a.b-c_d~e+f/g=", "'pa$word'"])
def test_a_key_for_what_stands_in_ollamas_place_is_a_secret(home: Home, key: str) -> None:
    loaded = home.with_env(f"{P}OLLAMA_API_KEY={key}\n").load()
    assert loaded.settings.ollama_api_key == key.strip("'")
    assert BY_FIELD["ollama_api_key"].secret
    assert loaded.mistakes == ()


@pytest.mark.parametrize(
    "address",
    ["https://me:hunter2@host/ x", "https://me:hun/hunter2@host/", "http://a#b://me:hunter2@h x"],
)
def test_a_bad_address_is_told_without_its_password(home: Home, address: str) -> None:
    loaded = home.load(**{f"{P}WEBHOOK_URL": address})
    assert loaded.fatal
    assert "hunter2" not in "".join(mistake.line() for mistake in loaded.mistakes)


def test_a_mistake_in_a_channel_with_a_strange_name_is_one_line(home: Home) -> None:
    channel = {"type": "line", "channel_secret": "a b"}
    loaded = home.with_config({"channels": {"x\n\x1b[2J" + "y" * 200: channel}}).load()
    (mistake,) = loaded.mistakes
    assert mistake.line().isprintable()
    assert len(mistake.key) < 100


@pytest.mark.parametrize("between", [",", " ", ", "])
def test_who_may_ask_is_a_list(home: Home, between: str) -> None:
    text = between.join(["line:U*=restart_gateway+status", "cli", "cli"])
    settings = home.with_env(f"{P}KICK_ALLOWED_SOURCES='{text}'\n").load().settings
    assert settings.kick_allowed_sources == ("line:U*=restart_gateway+status", "cli")


def test_an_examples_kick_token_opens_nothing(home: Home) -> None:
    loaded = home.load(
        **{P + "KICK_ENABLED": "true", P + "KICK_TOKEN": "replace_with_long_random_string"}
    )
    assert loaded.settings.kick_token == ""
    assert loaded.fatal


def test_a_token_is_never_sent_to_an_unencrypted_endpoint(home: Home) -> None:
    loaded = home.load(**{P + "LINE_PUSH_ENDPOINT": "http://localhost.example.com/push"})
    assert flaws(loaded) == [Flaw.SENT_IN_CLEAR]
    assert loaded.settings.line_push_endpoint == Settings().line_push_endpoint


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.secret], ids=lambda s: s.field)
@pytest.mark.parametrize("value", ["hunter2 hunter2|", "hunter2\nhunter2", "hunter2\udcff"])
def test_the_value_of_a_secret_is_in_no_mistake(home: Home, setting: Setting, value: str) -> None:
    loaded = home.load(**{setting.name: value, P + "KICK_ENABLED": "1"})
    assert loaded.fatal
    assert "hunter2" not in repr(loaded.mistakes)


# ---- files


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o611])
def test_an_env_file_that_others_may_open_is_a_warning_with_its_remedy(
    home: Home, mode: int
) -> None:
    home.with_env(f"{P}LOG_KEEP=3\n").env.chmod(mode)
    loaded = home.load()
    assert loaded.settings.log_keep == 3
    assert flaws(loaded) == [Flaw.OPEN_TO_OTHERS]
    assert loaded.mistakes[0].line().endswith(f"run: chmod 600 {home.env}")
    assert not loaded.fatal


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_env_file_without_permission_is_a_mistake(home: Home) -> None:
    home.with_env(f"{P}LOG_KEEP=3\n").env.chmod(0)
    assert flaws(home.load()) == [Flaw.UNREADABLE]


def test_a_home_that_is_a_file_is_a_mistake_for_both_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    loaded = load({"PICO_HOME": str(tmp_path / "file")}, "/nonexistent")
    assert flaws(loaded) == [Flaw.UNREADABLE, Flaw.UNREADABLE]
    assert loaded.fatal


def test_a_relative_home_is_refused(home: Home) -> None:
    loaded = home.load(PICO_HOME="picoclaw")
    assert flaws(loaded) == [Flaw.NOT_ABSOLUTE]
    assert loaded.settings.pico_home == str(home.folder)


def test_a_folder_in_the_place_of_the_env_file_is_a_mistake(home: Home) -> None:
    home.env.mkdir()
    home.config.mkdir()
    loaded = home.load()
    assert flaws(loaded) == [Flaw.NOT_A_FILE, Flaw.NOT_A_FILE]
    assert loaded.settings.interval_sec == 60


def test_a_named_pipe_in_the_place_of_the_env_file_holds_nobody_up(home: Home) -> None:
    os.mkfifo(home.env, 0o600)
    assert flaws(home.load()) == [Flaw.NOT_A_FILE]


def test_a_huge_env_file_is_a_mistake(home: Home) -> None:
    at_limit = f"{P}LOG_KEEP=3\n".ljust(256 * 1024, "#")
    assert home.with_env(at_limit).load().settings.log_keep == 3
    loaded = home.with_env(at_limit + "#").load()
    assert flaws(loaded) == [Flaw.TOO_LARGE]
    assert loaded.settings.log_keep == 5


def test_carriage_returns_and_a_byte_order_mark_do_not_disturb(home: Home) -> None:
    text = f'{P}LOG_KEEP=3\r\n{P}GATEWAY_SERVICE="a.service"\r\n{P}ENABLED=no # off\r\n'
    loaded = home.with_env(b"\xef\xbb\xbf" + text.encode()).load()
    assert loaded.mistakes == ()
    assert loaded.settings.log_keep == 3
    assert loaded.settings.gateway_service == "a.service"
    assert loaded.settings.enabled is False


def test_wrong_bytes_elsewhere_spoil_no_setting(home: Home) -> None:
    loaded = home.with_env(f"# {P}\n".encode() + b"NAME=\xff\n" + f"{P}LOG_KEEP=3".encode()).load()
    assert loaded.settings.log_keep == 3
    assert flaws(loaded) == [Flaw.NOT_UTF8]
    assert not loaded.fatal


def test_an_empty_config_is_no_mistake(home: Home) -> None:
    home.config.write_text("\n")
    assert home.load().mistakes == ()

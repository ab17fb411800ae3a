from pathlib import Path

import pytest

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.settings.load import language_of, load
from picoclaw_watchdog.settings.mistakes import Origin
from picoclaw_watchdog.settings.schema import BY_FIELD, BY_NAME, SETTINGS, Kind
from tests.unit.settings_home import SECRET, TOKEN, Home, P

# What nobody sets.
FOUND_OUT = ("gateway_host", "address_set", "own_address", "own_source")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


# ---- the schema


def test_the_schema_covers_every_setting_once() -> None:
    fields = [setting.field for setting in SETTINGS]
    assert sorted([*fields, *FOUND_OUT]) == sorted(Settings._fields)
    assert len(set(fields)) == len(fields)


def test_the_schemas_defaults_are_those_of_the_settings() -> None:
    defaults = {setting.field: setting.default for setting in SETTINGS}
    found_out = {field: getattr(Settings(), field) for field in FOUND_OUT}
    assert defaults | found_out == Settings()._asdict()


def test_every_default_fits_its_own_kind_and_bounds() -> None:
    for setting in SETTINGS:
        if setting.high:
            assert isinstance(setting.default, int | float)
            assert setting.low <= setting.default <= setting.high
            assert type(setting.default) is (float if setting.kind is Kind.NUMBER else int)


def test_the_keys_are_the_documented_ones() -> None:
    assert BY_FIELD["interval_sec"].name == "PICOCLAW_WATCHDOG_INTERVAL_SEC"
    assert BY_FIELD["line_channel_access_token"].name == TOKEN
    assert BY_FIELD["line_channel_secret"].name == SECRET
    assert BY_FIELD["pico_home"].name == "PICO_HOME"
    assert len(BY_NAME) == len(SETTINGS)


# ---- where values come from


def test_with_nothing_set_everything_is_default(home: Home) -> None:
    loaded = home.load()
    folder = str(home.folder)
    assert loaded.mistakes == ()
    assert loaded.settings == Settings(
        pico_home=folder,
        state_dir=f"{folder}/state/watchdog",
        log_dir=f"{folder}/logs",
        log_file=f"{folder}/logs/ops-watchdog.log",
        kick_file=f"{folder}/state/watchdog/kick_request",
    )
    assert set(loaded.origins) == set(Settings._fields)
    assert {origin.where for origin in loaded.origins.values()} == {"default"}


def test_environment_comes_before_env_file_before_config_before_default(home: Home) -> None:
    home.with_config({"watchdog": {"interval_sec": 10, "restart_max_count": 1, "log_keep": 9}})
    home.with_env(f"\n{P}INTERVAL_SEC=20\n{P}RESTART_MAX_COUNT=2\n")
    loaded = home.load(**{P + "INTERVAL_SEC": "30"})
    settings, origins = loaded.settings, loaded.origins
    assert (settings.interval_sec, origins["interval_sec"]) == (30, Origin("environment"))
    assert (settings.restart_max_count, origins["restart_max_count"]) == (
        2,
        Origin(str(home.env), 3),
    )
    assert (settings.log_keep, origins["log_keep"]) == (9, Origin(str(home.config), 5))
    assert (settings.captures_keep, origins["captures_keep"]) == (20, Origin("default"))
    assert loaded.mistakes == ()


def test_a_key_set_to_nothing_lets_the_next_place_speak(home: Home) -> None:
    home.with_config({"watchdog": {"interval_sec": 10}, "channels": {"line": {}}})
    loaded = home.with_env(f"{P}INTERVAL_SEC=\n").load(**{P + "INTERVAL_SEC": "  "})
    assert loaded.settings.interval_sec == 10


@pytest.mark.parametrize("field", ["health_url", "ready_url", "ollama_models_url"])
def test_an_address_set_to_nothing_switches_its_probe_off(home: Home, field: str) -> None:
    loaded = home.with_env(f'{P}{field.upper()}=""\n').load()
    assert getattr(loaded.settings, field) == ""
    assert loaded.origins[field] == Origin(str(home.env), 1)
    assert home.with_env("").load(**{P + field.upper(): ""}).settings._asdict()[field] == ""
    assert home.with_config({"watchdog": {field: ""}}).load().settings._asdict()[field] == ""
    assert home.with_config({"watchdog": {field: None}}).load().settings._asdict()[field] != ""


@pytest.mark.parametrize("field", ["line_push_endpoint", "webhook_path", "gateway_service"])
def test_other_keys_set_to_nothing_keep_their_default(home: Home, field: str) -> None:
    loaded = home.with_env(f"{P}{field.upper()}=\n").load()
    assert getattr(loaded.settings, field) == BY_FIELD[field].default


def test_pico_home_moves_everything(home: Home, tmp_path: Path) -> None:
    elsewhere = Home(tmp_path / "elsewhere")
    elsewhere.with_env(f"{P}LOG_KEEP=7\n")
    loaded = home.with_env(f"{P}LOG_KEEP=3\n").load(PICO_HOME=str(elsewhere.folder))
    assert loaded.settings.log_keep == 7
    assert loaded.settings.state_dir == f"{elsewhere.folder}/state/watchdog"
    assert loaded.origins["pico_home"] == Origin("environment")
    assert load({"PICO_HOME": "~/.picoclaw"}, str(elsewhere.path)).settings.log_keep == 7


def test_paths_follow_the_folder_they_are_in(home: Home) -> None:
    settings = home.load(**{P + "STATE_DIR": "~/s/", P + "LOG_DIR": "/var/l"}).settings
    assert settings.kick_file == f"{home.path}/s/kick_request"
    assert settings.log_file == "/var/l/ops-watchdog.log"
    assert settings.state_dir == f"{home.path}/s"


def test_the_health_addresses_follow_the_gateways_port_unless_they_are_set(home: Home) -> None:
    loaded = home.load(**{P + "GATEWAY_PORT": "19000", P + "READY_URL": ""})
    assert loaded.settings.health_url == "http://127.0.0.1:19000/health"
    assert loaded.settings.ready_url == ""


@pytest.mark.parametrize(
    "document",
    [
        {"channels": {"line": {"channel_access_token": "aa", "channel_secret": "bb"}}},
        {
            "version": 3,
            "channel_list": {
                "telegram": {"type": "telegram", "channel_access_token": "zz"},
                "mine": {
                    "type": "line",
                    "settings": {"channel_access_token": "aa", "channel_secret": "bb"},
                },
            },
        },
        {"channel_list": {"line": {"channel_access_token": "aa", "channel_secret": "bb"}}},
    ],
)
def test_picoclaws_own_line_channel_is_read(home: Home, document: dict[str, object]) -> None:
    loaded = home.with_config(document).load()
    assert loaded.settings.line_channel_access_token == "aa"
    assert loaded.settings.line_channel_secret == "bb"
    assert loaded.origins["line_channel_secret"].where == str(home.config)
    assert loaded.mistakes == ()


def test_picoclaws_own_line_channel_comes_last(home: Home) -> None:
    home.with_config(
        {
            "channels": {"line": {"channel_access_token": "aa", "webhook_path": "/hook"}},
            "watchdog": {"line_channel_access_token": "bb"},
        }
    )
    assert home.load().settings.line_channel_access_token == "bb"
    assert home.load().settings.webhook_path == "/hook"
    assert home.load(**{TOKEN: "cc"}).settings.line_channel_access_token == "cc"


@pytest.mark.parametrize("value", ["YOUR_LINE_CHANNEL_ACCESS_TOKEN", "[NOT_HERE]", "enc://x", ""])
def test_what_stands_in_for_a_token_in_picoclaws_config_is_no_token(home: Home, value: str) -> None:
    loaded = home.with_config({"channels": {"line": {"channel_access_token": value}}}).load()
    assert loaded.settings.line_channel_access_token == ""
    assert loaded.mistakes == ()


def test_json_values_may_be_of_their_own_type_or_texts(home: Home) -> None:
    loaded = home.with_config(
        {
            "watchdog": {
                "enabled": False,
                "tell_mended": "off",
                "local_timeout_sec": 2.5,
                "external_timeout_sec": 4,
                "gateway_port": "18000",
                "ollama_required_models": ["chat-v1:latest", "worker"],
            }
        }
    ).load()
    settings = loaded.settings
    assert loaded.mistakes == ()
    assert settings.enabled is False
    assert settings.tell_mended is False
    assert (settings.local_timeout_sec, settings.external_timeout_sec) == (2.5, 4.0)
    assert settings.gateway_port == 18000
    assert settings.ollama_required_models == ("chat-v1:latest", "worker")


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ja_JP"}, "ja"),
        ({"LANG": "de_DE", "LC_ALL": ""}, "en"),
    ],
)
def test_the_language_follows_the_locale(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language
    assert load(environ, "/nonexistent").settings.language == language


def test_a_set_language_beats_the_locale(home: Home) -> None:
    assert home.load(LANG="ja_JP.UTF-8", **{P + "LANGUAGE": "EN"}).settings.language == "en"


# ---- values that are right


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("enabled", "TRUE", True),
        ("enabled", "No", False),
        ("enabled", "0", False),
        ("interval_sec", "1", 1),
        ("interval_sec", "86400", 86400),
        ("local_timeout_sec", "0.5", 0.5),
        ("local_timeout_sec", "3", 3.0),
        ("health_url", "http://[::1]:18790/health?deep=1", "http://[::1]:18790/health?deep=1"),
        ("health_url", "HTTP://localhost", "http://localhost"),
        ("webhook_url", "https://a-b.c.ts.net:8443/x/y", "https://a-b.c.ts.net:8443/x/y"),
        ("gateway_service", "picoclaw@home.service", "picoclaw@home.service"),
        ("line_push_endpoint", "http://127.0.0.1:9/p", "http://127.0.0.1:9/p"),
        ("webhook_path", "/line/hook", "/line/hook"),
        ("ollama_required_models", "a:latest, b ,,a:latest", ("a:latest", "b")),
        ("state_dir", "/srv/監視/", "/srv/監視"),
        ("kick_token", "correct horse battery staple", "correct horse battery staple"),
        ("line_notify_to", "Uxxxx", "Uxxxx"),  # an example's, as long as messages are off
    ],
)
def test_a_good_value_is_taken(home: Home, field: str, text: str, value: object) -> None:
    loaded = home.load(**{BY_FIELD[field].name: text})
    assert getattr(loaded.settings, field) == value
    assert [mistake.line() for mistake in loaded.mistakes if mistake.fatal] == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("tgram://a/b, warning>json://h critical>mailto://u:p@h/?to=a@b.c,d@e.f", 3),
        ("TGRAM://a/b\tWARNING>json://h", 2),
        ("tgram://a/b oops warning>json://h", 1),  # what follows no address belongs to it
        ("grave>tgram://a/b json://h", 1),
        (" ".join(f"json://h{number}" for number in range(9)), 8),
        ("nonsense", 0),
    ],
)
def test_a_slip_in_one_address_does_not_silence_the_others(
    home: Home, written: str, kept: int
) -> None:
    urls = home.load(**{f"{P}APPRISE_URLS": written}).settings.apprise_urls
    assert len(urls) == kept
    assert all(url.partition(">")[0] in ("notice", "warning", "critical") for url in urls)

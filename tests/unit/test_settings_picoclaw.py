"""PicoClaw's own settings are followed, from where the gateway itself reads them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.settings.load import Loaded, load, with_unit
from picoclaw_watchdog.settings.mistakes import ENVIRONMENT, Flaw, Origin
from picoclaw_watchdog.settings.picoclaw import followed
from tests.unit.settings_home import Home, P, flaws

LINE = {"enabled": True, "type": "line"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def watched(loaded: Loaded) -> tuple[int, str, str]:
    settings = loaded.settings
    return settings.gateway_port, settings.health_url, settings.ready_url


def at(address: str, port: int) -> tuple[int, str, str]:
    return port, f"http://{address}:{port}/health", f"http://{address}:{port}/ready"


# ---- where it is read


def test_with_nothing_said_the_usual_address_is_watched_and_nothing_is_claimed(home: Home) -> None:
    settings = home.with_config({"gateway": {}}).load().settings
    assert (settings.own_address, settings.own_source, settings.address_set) == ("", "", False)
    assert settings.gateway_host == "127.0.0.1"


def test_the_gateways_port_in_config_json_is_followed(home: Home) -> None:
    loaded = home.with_config({"gateway": {"host": "localhost", "port": 8080}}).load()
    assert watched(loaded) == at("127.0.0.1", 8080)
    assert loaded.settings.own_address == "http://127.0.0.1:8080"
    assert loaded.settings.own_source == f"{home.config}:4"
    assert {loaded.origins[field] for field in ("gateway_port", "health_url", "ready_url")} == {
        Origin(str(home.config), 4)
    }
    assert not loaded.settings.address_set
    assert loaded.mistakes == ()


@pytest.mark.parametrize("line", ["{}=8080", "export {}='8080'", '{} = "8080" # mine', "{}=8080\r"])
def test_the_gateways_port_in_the_same_env_file_is_followed(home: Home, line: str) -> None:
    home.with_config({"gateway": {"port": 9000}})
    loaded = home.with_env(f"# mine\n{line.format('PICOCLAW_GATEWAY_PORT')}\n").load()
    assert watched(loaded) == at("127.0.0.1", 8080)
    assert loaded.settings.own_source == f"{home.env}:2"
    assert loaded.mistakes == ()


def test_the_environment_comes_before_the_file(home: Home) -> None:
    home.with_env("PICOCLAW_GATEWAY_PORT=8080\n").with_config({"gateway": {"port": 9000}})
    loaded = home.load(PICOCLAW_GATEWAY_PORT=" 7000 ")
    assert watched(loaded) == at("127.0.0.1", 7000)
    assert loaded.settings.own_source == "PICOCLAW_GATEWAY_PORT"
    assert loaded.origins["gateway_port"] == ENVIRONMENT


@pytest.mark.parametrize(
    "value", ["", "0", "65536", "-1", "80a", "${PORT}", "\uff18\uff10", "1" * 400]
)
def test_a_port_that_is_none_is_passed_over(home: Home, value: str) -> None:
    home.with_env(f"PICOCLAW_GATEWAY_PORT={value}\n").with_config({"gateway": {"port": 9000}})
    assert home.load().settings.gateway_port == 9000
    assert home.load().mistakes == ()


@pytest.mark.parametrize("gateway", [None, 7, [], {"port": "8080"}, {"port": True}, {"host": 7}])
def test_a_gateway_of_another_kind_of_json_says_nothing(home: Home, gateway: object) -> None:
    loaded = home.with_config({"gateway": gateway}).load()
    assert loaded.settings.own_address == ""
    assert loaded.settings.gateway_port == 18790


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("::", "127.0.0.1"),
        ("[::]", "127.0.0.1"),
        ("*", "127.0.0.1"),
        ("LocalHost", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.2"),
        ("192.168.1.5", "192.168.1.5"),
        ("100.83.207.6", "100.83.207.6"),
        ("pi.tailnet.ts.net", "pi.tailnet.ts.net"),
        ("::1", "[::1]"),
        ("fd7a:115c:a1e0::1", "[fd7a:115c:a1e0::1]"),
        ("[FD00::1]", "[fd00::1]"),
        ("192.168.1.5, 127.0.0.1", "127.0.0.1"),
        ("fe80::1%eth0", ""),
        ("no host", ""),
        ("a..b", ""),
        ("http://host", ""),
    ],
)
def test_a_gateway_is_looked_at_where_it_listens(home: Home, host: str, reached: str) -> None:
    loaded = home.with_config({"gateway": {"host": host, "port": 8080}}).load()
    assert watched(loaded) == at(reached or "127.0.0.1", 8080)
    assert loaded.settings.gateway_host == (reached or "127.0.0.1").strip("[]")
    assert loaded.mistakes == ()


def test_a_host_alone_is_followed_too(home: Home) -> None:
    loaded = home.with_env("PICOCLAW_GATEWAY_HOST=192.168.1.5\n").load()
    assert watched(loaded) == at("192.168.1.5", 18790)
    assert loaded.settings.own_source == f"{home.env}:1"


# ---- what the owner has set himself


@pytest.mark.parametrize("key", ["GATEWAY_PORT=18790", "HEALTH_URL=http://127.0.0.1:18790/health"])
def test_what_the_owner_has_set_stays_and_the_difference_is_known(home: Home, key: str) -> None:
    home.with_env(f"{P}{key}\nPICOCLAW_GATEWAY_PORT=8080\n")
    settings = home.load().settings
    assert settings.health_url == "http://127.0.0.1:18790/health"
    assert settings.address_set
    assert settings.own_address == "http://127.0.0.1:8080"
    assert settings.own_source == f"{home.env}:2"


def test_an_address_that_is_switched_off_stays_off_and_is_no_address(home: Home) -> None:
    home.with_env(f"{P}HEALTH_URL=\n{P}READY_URL=\nPICOCLAW_GATEWAY_PORT=8080\n")
    loaded = home.load()
    assert watched(loaded) == (8080, "", "")
    assert not loaded.settings.address_set


def test_a_port_of_ours_that_is_wrong_leaves_picoclaws(home: Home) -> None:
    loaded = home.with_env(f"{P}GATEWAY_PORT=no\nPICOCLAW_GATEWAY_PORT=8080\n").load()
    assert watched(loaded) == at("127.0.0.1", 8080)
    assert flaws(loaded) == [Flaw.NOT_WHOLE]


# ---- which config.json


@pytest.mark.parametrize("where", ["environment", "env file"])
@pytest.mark.parametrize(
    ("variable", "ending"), [("PICOCLAW_HOME", ""), ("PICOCLAW_CONFIG", "/config.json")]
)
def test_config_json_is_read_where_the_gateway_reads_it(
    home: Home, tmp_path: Path, where: str, variable: str, ending: str
) -> None:
    other = Home(tmp_path / "it's elsewhere")
    other.with_config({"gateway": {"port": 8080}, "watchdog": {"log_keep": 3}})
    home.with_config({"gateway": {"port": 9000}})
    value = f"{other.folder}{ending}"
    if where == "environment":
        loaded = home.load(**{variable: value})
    else:
        loaded = home.with_env(f'{variable}="{value}"\n').load()
    assert loaded.settings.own_address == "http://127.0.0.1:8080"
    assert loaded.settings.log_keep == 3
    assert loaded.config_file == str(other.config)
    assert loaded.settings.pico_home == str(home.folder), "ours do not move with it"


@pytest.mark.parametrize("value", ["~/other", "~/other/"])
def test_a_tilde_in_picoclaws_home_is_the_home_folder(home: Home, value: str) -> None:
    assert home.load(PICOCLAW_HOME=value).config_file == f"{home.path}/other/config.json"


@pytest.mark.parametrize("value", ["relative", "", "  ", "/a\nb", "$HOME/x", "/srv/${USER}/x"])
def test_a_place_that_is_none_is_passed_over(home: Home, value: str) -> None:
    home.with_config({"gateway": {"port": 9000}})
    assert home.load(PICOCLAW_HOME=value).settings.gateway_port == 9000


def test_a_config_json_that_is_named_and_not_there_is_told(home: Home) -> None:
    loaded = home.load(PICOCLAW_CONFIG="/nonexistent/config.json")
    assert flaws(loaded) == [Flaw.MISSING]
    assert not loaded.fatal
    assert "/nonexistent/config.json" in loaded.mistakes[0].line()


@pytest.mark.parametrize(
    "put",
    [
        Path.mkdir,
        os.mkfifo,
        lambda path: path.symlink_to(path),
        lambda path: path.write_text(" " * (4 * 1024 * 1024 + 1)),
        lambda path: path.write_text("gateway:\n  port: 8080\n"),
        lambda path: path.write_bytes('{"gateway": {}}'.encode("utf-16")),
    ],
    ids=["folder", "pipe", "loop", "huge", "YAML", "UTF-16"],
)
def test_a_config_json_that_cannot_be_used_hurts_nobody_and_is_told(
    home: Home, put: Callable[[Path], object]
) -> None:
    put(home.config)
    loaded = home.load()
    assert len(loaded.mistakes) == 1
    assert loaded.fatal
    assert loaded.settings.own_address == ""
    assert loaded.picoclaw is None


# ---- the webhook


def test_the_forks_webhook_port_and_path_are_followed(home: Home) -> None:
    channel = {"enabled": True, "webhook_port": 9001, "webhook_path": "/hook"}
    settings = home.with_config({"channels": {"line": channel}}).load().settings
    assert (settings.line_webhook_port, settings.webhook_path) == (9001, "/hook")
    owned = home.load(**{P + "LINE_WEBHOOK_PORT": "9002"}).settings
    assert owned.line_webhook_port == 9002


@pytest.mark.parametrize("port", [None, 18791, 9001])
def test_with_a_channel_list_the_webhook_is_on_the_gateways_own_port(
    home: Home, port: int | None
) -> None:
    line = {**LINE, "settings": {"webhook_host": "0.0.0.0", "webhook_port": port}}
    document = {"gateway": {"host": "localhost", "port": 8080}, "channel_list": {"line": line}}
    settings = home.with_config(document).load().settings
    assert settings.line_webhook_port == 8080
    owned = home.load(**{P + "LINE_WEBHOOK_PORT": "18791"}).settings
    assert owned.line_webhook_port == 18791


def test_the_channels_variables_come_before_config_json(home: Home) -> None:
    home.with_config({"channels": {"line": {"webhook_port": 9001, "webhook_path": "/hook"}}})
    home.with_env(
        "PICOCLAW_CHANNELS_LINE_WEBHOOK_PORT=9002\nPICOCLAW_CHANNELS_LINE_WEBHOOK_PATH=/other\n"
    )
    settings = home.load().settings
    assert (settings.line_webhook_port, settings.webhook_path) == (9002, "/other")


# ---- Ollama


@pytest.mark.parametrize(
    ("document", "address"),
    [
        (
            {"providers": {"ollama": {"api_base": "http://100.83.207.6:11434/v1"}}},
            "http://100.83.207.6:11434/v1/models",
        ),
        (
            {"model_list": [{"model": "ollama/qwen3", "api_base": "http://gpu:4000/"}]},
            "http://gpu:4000/v1/models",
        ),
        (
            {"providers": {"ollama": {"api_base": "http://localhost:11434/v1"}}},
            Settings().ollama_models_url,
        ),
        (
            {"providers": {"ollama": {"api_base": "http://gpu:99999/v1"}}},
            Settings().ollama_models_url,
        ),
        ({"providers": {"ollama": {"api_base": "gpu:11434"}}}, Settings().ollama_models_url),
    ],
)
def test_ollama_is_looked_at_where_picoclaw_has_it(
    home: Home, document: dict[str, object], address: str
) -> None:
    loaded = home.with_config(document).load()
    assert loaded.settings.ollama_models_url == address
    assert loaded.mistakes == ()
    here = "http://127.0.0.1:9/v1/models"
    assert home.load(**{P + "OLLAMA_MODELS_URL": here}).settings.ollama_models_url == here


# ---- the gateway's unit


def test_what_the_unit_says_comes_before_the_files(home: Home) -> None:
    home.with_config({"gateway": {"host": "192.168.1.5", "port": 9000}})
    settings = followed(home.load().settings, {"PICOCLAW_GATEWAY_PORT": "8080", "TZ": "x"})
    assert settings.gateway_port == 8080
    assert settings.health_url == "http://192.168.1.5:8080/health"
    assert settings.ready_url == "http://192.168.1.5:8080/ready"
    assert settings.own_address == "http://192.168.1.5:8080"
    assert settings.own_source == "PICOCLAW_GATEWAY_PORT"


@pytest.mark.parametrize("host", ["::1", "fd00::1", "192.168.1.5"])
def test_a_host_that_the_unit_says_keeps_the_port(home: Home, host: str) -> None:
    known = home.with_env("PICOCLAW_GATEWAY_PORT=8080\n").load().settings
    settings = followed(known, {"PICOCLAW_GATEWAY_HOST": host})
    assert (settings.gateway_host, settings.gateway_port) == (host, 8080)
    shown = f"[{host}]" if ":" in host else host
    assert settings.health_url == f"http://{shown}:8080/health"
    assert followed(settings, {"PICOCLAW_GATEWAY_HOST": host}) == settings


@pytest.mark.parametrize(
    "environment",
    [{}, {"PICOCLAW_GATEWAY_PORT": "${PORT}"}, {"PICOCLAW_GATEWAY_PORT": ""}, {"PORT": "8080"}],
)
def test_a_unit_that_says_nothing_changes_nothing(home: Home, environment: dict[str, str]) -> None:
    settings = home.with_config({"gateway": {"port": 9000}}).load().settings
    assert followed(settings, environment) == settings


def test_the_owners_own_address_stays_also_against_the_unit(home: Home) -> None:
    known = home.with_env(f"{P}GATEWAY_PORT=18790\n").load().settings
    settings = followed(known, {"PICOCLAW_GATEWAY_PORT": "8080"})
    assert settings == known._replace(
        own_address="http://127.0.0.1:8080", own_source="PICOCLAW_GATEWAY_PORT"
    )


@pytest.mark.parametrize(
    ("key", "value"), [("READY_URL", ""), ("READY_URL", "http://127.0.0.1:7/r"), ("HEALTH_URL", "")]
)
def test_an_address_that_the_owner_has_set_or_switched_off_does_not_move(
    home: Home, key: str, value: str
) -> None:
    known = home.with_env(f"{P}{key}={value}\n").load().settings
    settings = followed(known, {"PICOCLAW_GATEWAY_PORT": "8080"})
    assert getattr(settings, key.lower()) == value
    assert settings.gateway_port == 8080


def test_a_webhook_on_the_gateways_own_port_moves_with_it(home: Home) -> None:
    known = home.with_config({"channel_list": {"line": LINE}}).load().settings
    assert followed(known, {"PICOCLAW_GATEWAY_PORT": "8080"}).line_webhook_port == 8080
    apart = home.with_config({"channels": {"line": LINE}}).load().settings
    assert followed(apart, {"PICOCLAW_GATEWAY_PORT": "8080"}).line_webhook_port == 18791


@pytest.mark.parametrize("variable", ["PICOCLAW_HOME", "PICOCLAW_CONFIG"])
def test_a_config_json_that_the_unit_names_is_read(
    home: Home, tmp_path: Path, variable: str
) -> None:
    other = Home(tmp_path / "other")
    line = {"webhook_path": "/other", "channel_access_token": "other"}
    other.with_config({"gateway": {"port": 8080}, "channels": {"line": line}})
    home.with_config({"gateway": {"port": 9000}})
    value = str(other.config if variable == "PICOCLAW_CONFIG" else other.folder)
    before = home.load()
    after = with_unit(before, {}, str(home.path), {variable: value})
    assert after == load({}, str(home.path), {variable: value})
    assert watched(after) == at("127.0.0.1", 8080)
    assert after.settings.webhook_path == "/other"
    assert after.settings.line_channel_access_token == "other"


@pytest.mark.parametrize("variable", ["PICOCLAW_HOME", "PICOCLAW_CONFIG", "PICOCLAW_GATEWAY_PORT"])
def test_a_unit_that_names_the_same_or_nothing_moves_nothing(home: Home, variable: str) -> None:
    before = home.with_config({"gateway": {"port": 9000}}).load()
    same = {
        "PICOCLAW_HOME": str(home.folder),
        "PICOCLAW_CONFIG": str(home.config),
        "PICOCLAW_GATEWAY_PORT": "",
    }
    assert with_unit(before, {}, str(home.path), {variable: same[variable]}) == before

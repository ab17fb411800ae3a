import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.schema import BY_FIELD, BY_NAME, SETTINGS
from tests.unit.settings_home import Home, P


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


# ---- anything at all

KEYS = st.sampled_from([*BY_NAME, *BY_FIELD, "watchdog", "channels", "line", "PICOCLAW_WATCHDOG_X"])
SCRAPS = st.one_of(KEYS, st.sampled_from(["=", "'", '"', "\\", "#", " ", "\n", "\r", "export "]))
ENV_BYTES = st.one_of(
    st.binary(),
    st.lists(st.one_of(SCRAPS.map(str.encode), st.binary(max_size=6))).map(b"".join),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=5)
    ),
    max_leaves=20,
)


def check_complete(loaded: Loaded) -> None:
    settings = loaded.settings
    for setting in SETTINGS:
        value = getattr(settings, setting.field)
        assert type(value) is type(setting.default)
        if setting.high:
            assert isinstance(value, int | float)
            assert setting.low <= value <= setting.high
    assert settings.language in {"en", "ja"}
    assert all(mistake.line("en") and mistake.line("ja") for mistake in loaded.mistakes)
    "".join(mistake.line("ja") for mistake in loaded.mistakes).encode()


@given(ENV_BYTES)
def test_no_bytes_in_the_env_file_make_it_fail(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    home = Home(tmp_path_factory.mktemp("env"))
    check_complete(home.with_env(content).load())


@given(st.one_of(st.binary(), JSON.map(json.dumps).map(str.encode)))
def test_no_bytes_in_the_config_make_it_fail(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    home = Home(tmp_path_factory.mktemp("config"))
    home.config.write_bytes(content)
    check_complete(home.load())


@given(
    st.dictionaries(KEYS, st.one_of(st.none(), st.integers(), st.text(), JSON), max_size=8),
    st.dictionaries(KEYS, st.text(), max_size=8),
)
def test_no_values_make_it_fail(
    tmp_path_factory: pytest.TempPathFactory,
    watchdog: dict[str, object],
    environ: dict[str, str],
) -> None:
    home = Home(tmp_path_factory.mktemp("values")).with_config({"watchdog": watchdog})
    check_complete(home.load(**{**environ, "PICO_HOME": ""}))


# ---- what it costs

HEAVY = """
dataclasses inspect asyncio http.client urllib.request urllib.parse email logging argparse pathlib
tempfile shutil uuid hashlib hmac ssl sqlite3 json datetime tomllib random subprocess difflib
concurrent.futures
"""
OUR_TEXTS = [f"picoclaw_watchdog.settings.{name}" for name in ("texts", "docs", "wording", "show")]


def test_a_quiet_load_imports_nothing_heavy_and_no_texts(home: Home) -> None:
    home.with_env(f"{P}GATEWAY_PORT=18790\n{P}STATE_DIR=~/s\nPICOCLAW_GATEWAY_HOST=x\n")
    program = (
        "import sys; from picoclaw_watchdog.settings.load import load\n"
        f"loaded = load({{}}, {str(home.path)!r})\n"
        "assert loaded.mistakes == ()\n"
        "print('\\n'.join(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, 'src')\n{program}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    loaded_modules = set(ran.stdout.split())
    assert "picoclaw_watchdog.settings.load" in loaded_modules
    assert loaded_modules.isdisjoint([*HEAVY.split(), *OUR_TEXTS])

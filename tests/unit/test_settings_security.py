"""The LINE token and secret that PicoClaw keeps in `.security.yml`, beside its config.json."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.mistakes import Flaw, Origin
from picoclaw_watchdog.settings.security import NotPlainError, read
from tests.unit.settings_home import SECRET, TOKEN, Home, P, flaws

FIELDS = {"channel_access_token": "token", "channel_secret": "secret"}
NAMES = frozenset(("line", "mine"))
PLAIN = "channels:\n  line:\n    channel_secret: {secret}\n    channel_access_token: {token}\n"
NOTIFY = f"{P}LINE_NOTIFY_ENABLED=true\n{P}LINE_NOTIFY_TO=U{'0123456789abcdef' * 2}\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def with_secrets(home: Home, text: str | bytes) -> Path:
    path = home.folder / ".security.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def told(text: str) -> dict[str, str]:
    return {field: found.text for field, found in read(text, "/f", FIELDS, NAMES).items()}


# ---- what is in it


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("abc", "abc"),
        ('"abc"', "abc"),
        ("'abc'", "abc"),
        ("abc # mine", "abc"),
        ('"abc" # mine', "abc"),
        ("'a#b'", "a#b"),
        ("a#b", "a#b"),
        ('"a\\"b\\\\c"', 'a"b\\c'),
        ("'it''s'", "it's"),
        ("ab+/=cd", "ab+/=cd"),
        ("  abc  ", "abc"),
        ("0123456789", "0123456789"),
    ],
)
@pytest.mark.parametrize(
    "around",
    [
        "channels:\n  line:\n    channel_access_token: {}\n",
        "---\n# mine\n\nchannels: # all\n    line:\n        channel_access_token: {}\n",
        "channel_list:\n  line:\n    settings:\n      channel_access_token: {}\n",
        "channel_list:\n  mine:\n    type: line\n    settings:\n      channel_access_token: {}\n",
        '"channels":\n  "line":\n    "channel_access_token": {}\r\n',
        "models:\n  m:0:\n    keys:\n    - x\nchannels:\n  line:\n    channel_access_token: {}\n",
        "channels:\n  telegram:\n    token: x: y\n  line:\n    channel_access_token: {}\n",
    ],
)
def test_a_plain_value_is_read(around: str, written: str, value: str) -> None:
    assert told(around.format(written)) == {"token": value}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "channels:\n  line:\n    channel_access_token:\n",
        'channels:\n  line:\n    channel_access_token: ""\n',
        "channels:\n  line:\n    channel_access_token: null\n",
        "channels:\n  telegram:\n    channel_access_token: x\n",
        "line:\n  channel_access_token: x\n",
        "channel_access_token: x\n",
        "other:\n  channels:\n    line:\n      channel_access_token: x\n",
        "other: |\n  channels:\n    line:\n      channel_access_token: x\n",
        "channels:\n  other: |\n    line:\n      channel_access_token: x\n",
        "channels:\n  line:\n    deeper:\n      channel_access_token: x\n",
    ],
)
def test_what_is_elsewhere_or_empty_is_not_taken(text: str) -> None:
    assert told(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "channels: &all\n  line:\n    channel_access_token: x\n",
        "channels:\n  line: &line\n    channel_access_token: x\n",
        "channels:\n  line: *other\n",
        "channels:\n  line:\n    <<: *other\n    channel_access_token: x\n",
        "channels:\n  line:\n    channel_access_token: *other\n",
        "channels:\n  line:\n    channel_access_token: &name x\n",
        "channels:\n  line:\n    channel_access_token: !!str x\n",
        "channels:\n  line:\n    channel_access_token: |\n      x\n",
        "channels:\n  line:\n    channel_access_token: >-\n      x\n",
        "channels:\n  line:\n    channel_access_token: [x]\n",
        "channels:\n  line:\n    channel_access_token: {a: x}\n",
        'channels:\n  line:\n    channel_access_token: "x\n      y"\n',
        'channels:\n  line:\n    channel_access_token: "\\x41"\n',
        'channels:\n  line:\n    channel_access_token: "x" y\n',
        "channels:\n  line:\n    channel_access_token: a: b\n",
        "channels:\n  line:\n    channel_access_token: x\n    channel_access_token: y\n",
        "channels:\n  line:\n    channel_access_token: x\nchannels:\n  line:\n",
        "channels: {line: {channel_access_token: x}}\n",
        "channels:\n  line: {channel_access_token: x}\n",
        "channels:\n\tline:\n\t\tchannel_access_token: x\n  ? a\n",
    ],
)
def test_what_is_not_plain_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(NotPlainError):
        told(text)


@given(st.text())
def test_no_text_makes_it_fail(text: str) -> None:
    with contextlib.suppress(NotPlainError):
        told(text)


@given(
    st.lists(
        st.sampled_from(
            ["channels:", "line:", "channel_secret:", "  ", "\n", " x", "'", '"', "#", "&a", "- "]
        )
    )
)
def test_no_scraps_make_it_fail(scraps: list[str]) -> None:
    with contextlib.suppress(NotPlainError):
        assert set(told("".join(scraps))) <= {"secret"}


# ---- where it counts


def test_the_token_and_the_secret_are_found(home: Home) -> None:
    line = {"channel_secret": "[NOT_HERE]", "channel_access_token": "[NOT_HERE]"}
    home.with_config({"channel_list": {"line": {"type": "line", "settings": line}}})
    path = with_secrets(home, PLAIN.format(secret='"a-secret"', token='"a-token"'))
    loaded = home.with_env(NOTIFY + f"{P}PROBE_WEBHOOK_SIGNATURE=true\n").load()
    assert loaded.mistakes == ()
    assert loaded.settings.line_channel_access_token == "a-token"
    assert loaded.settings.line_channel_secret == "a-secret"
    assert loaded.origins["line_channel_access_token"] == Origin(str(path), 4)


def test_it_lies_beside_the_config_json_that_the_gateway_reads(home: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    with_secrets(other, PLAIN.format(secret="a", token="b"))
    settings = home.load(PICOCLAW_CONFIG=str(other.config)).settings
    assert settings.line_channel_access_token == "b"
    assert home.load().settings.line_channel_access_token == ""


@pytest.mark.parametrize(
    "value", ["[NOT_HERE]", '"[NOT_HERE]"', "YOUR_TOKEN", '"enc://abc"', '"${TOKEN}"']
)
def test_what_stands_in_for_a_token_is_none(home: Home, value: str) -> None:
    with_secrets(home, PLAIN.format(secret="a", token=value))
    assert home.load().settings.line_channel_access_token == ""


def test_what_is_set_elsewhere_comes_first_and_spares_the_look(home: Home) -> None:
    path = with_secrets(home, PLAIN.format(secret="a", token="b"))
    path.chmod(0o666)
    loaded = home.load(**{TOKEN: "mine", SECRET: "mine too"})
    assert loaded.settings.line_channel_access_token == "mine"


def replaced(path: Path, make: Callable[[Path], None]) -> None:
    path.unlink()
    make(path)


def hints(loaded: Loaded, path: Path) -> list[Flaw]:
    return [each.flaw for each in loaded.mistakes if each.origin.where == str(path)]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o610])
def test_one_that_others_may_open_is_not_used_but_named(home: Home, mode: int) -> None:
    path = with_secrets(home, PLAIN.format(secret="a", token="b"))
    path.chmod(mode)
    loaded = home.with_env(NOTIFY).load()
    assert loaded.settings.line_channel_access_token == ""
    assert hints(loaded, path) == [Flaw.NOT_PRIVATE]
    assert Flaw.NOT_FOUND in flaws(loaded)
    assert f"run: chmod 600 {path}" in "".join(each.line() for each in loaded.mistakes)


@pytest.mark.parametrize(
    ("spoil", "flaw"),
    [
        (lambda path: path.chmod(0o622), Flaw.WRITABLE),
        (lambda path: path.write_text("channels: *x\n"), Flaw.NOT_PLAIN),
        (lambda path: path.write_bytes(b"a\0b"), Flaw.NOT_UTF8),
        (lambda path: path.write_bytes(b"#" * 300_000), Flaw.TOO_LARGE),
        (lambda path: replaced(path, os.mkfifo), Flaw.NOT_A_FILE),
        (lambda path: replaced(path, Path.mkdir), Flaw.NOT_A_FILE),
    ],
)
def test_one_that_cannot_be_used_is_named_where_the_token_is_needed(
    home: Home, spoil: Callable[[Path], object], flaw: Flaw
) -> None:
    path = with_secrets(home, PLAIN.format(secret="a", token="b"))
    spoil(path)
    assert home.with_env("").load().mistakes == (), "nobody needs it"
    loaded = home.with_env(NOTIFY).load()
    assert hints(loaded, path) == [flaw]
    assert loaded.settings.line_channel_access_token == ""


def test_where_the_token_was_looked_for_is_said(home: Home) -> None:
    (mistake,) = home.with_env(NOTIFY).load().mistakes
    for language in ("en", "ja"):
        line = mistake.line(language)
        for name in (".env", "config.json", ".security.yml"):
            assert str(home.folder / name) in line

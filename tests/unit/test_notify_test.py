"""notify-test, against servers on loopback."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.cli import notify_test
from picoclaw_watchdog.cli.main import main
from tests.unit.line_server import OWNER, TOKEN, LineServer, assert_fits_the_contract
from tests.unit.servers import Server, closed_port, response, says

P = "PICOCLAW_WATCHDOG_"
Environ = Callable[..., None]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[LineServer]:
    server = LineServer(tmp_path)
    yield server
    server.close()


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environ:
    """Sets our settings, and nobody else's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PICO_HOME", raising=False)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def sets(**settings: str) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(name if name.startswith("PICO") else P + name, value)

    return sets


def with_line(environ: Environ, line: LineServer, **others: str) -> None:
    environ(
        LINE_NOTIFY_ENABLED="true",
        LINE_NOTIFY_TO=OWNER,
        LINE_PUSH_ENDPOINT=line.endpoint,
        PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN=TOKEN,
        EXTERNAL_TIMEOUT_SEC="8",
        **others,
    )


def test_every_channel_is_tried_and_leaves_no_trace(
    environ: Environ, line: LineServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(says(response(200, b"OK"))) as hook, Server(says(response(200, b"OK"))) as heart:
        urls = f"critical>json://127.0.0.1:{hook.port}/hunter2"
        with_line(environ, line, APPRISE_URLS=urls, HEARTBEAT_URL=f"{heart.url}/ping/hunter2")
        assert main(["notify-test"]) == 0
        assert json.loads(hook.requests[0].partition(b"\r\n\r\n")[2])["title"].endswith(
            "This is a test"
        )
        assert heart.requests[0].startswith(b"POST /ping/hunter2 ")
    said = capsys.readouterr().out
    assert [text.split(":")[0] for text in said.splitlines() if not text.startswith(" ")] == [
        "✓ line",
        "✓ json",
        "✓ heartbeat",
    ]
    assert "hunter2" not in said
    (push,) = line.pushes()
    assert_fits_the_contract(push)
    assert not (tmp_path / ".picoclaw/state").exists()


def test_two_tests_are_two_messages(environ: Environ, line: LineServer) -> None:
    with_line(environ, line)
    assert main(["notify-test"]) == 0
    assert main(["notify-test", "--channel", "line"]) == 0
    keys = {push.headers["x-line-retry-key"] for push in line.pushes()}
    assert len(keys) == len(line.texts()) == 2


@pytest.mark.parametrize(
    ("mode", "remedy"),
    [
        ("refuse-content", "add the bot as a friend"),
        ("401", "issue a new channel access token"),
        ("403", "may not push messages"),
        ("429month", "wait for the new month"),
        ("429rate", "try again in a minute"),
        ("503", "LINE itself is not well"),
    ],
)
def test_each_refusal_of_line_has_its_remedy(
    environ: Environ,
    line: LineServer,
    capsys: pytest.CaptureFixture[str],
    mode: str,
    remedy: str,
) -> None:
    with_line(environ, line)
    line.behave(mode, token=TOKEN)
    assert main(["notify-test"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("✗ line: NOT sent: ")
    assert remedy in said
    assert TOKEN not in said


def test_line_is_spared_where_few_messages_are_left_unless_it_is_named(
    environ: Environ, line: LineServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with_line(environ, line, LINE_QUOTA_RESERVE="20")
    line.behave(limit=200, used=190, token=TOKEN)
    assert main(["notify-test"]) == 1
    assert "skipped: 10 of this month's" in capsys.readouterr().out
    assert line.pushes() == []
    assert main(["notify-test", "--channel", "line"]) == 0
    line.behave(limit=200, used=200, token=TOKEN)
    assert main(["notify-test", "--channel", "line"]) == 1
    assert len(line.pushes()) == 1


def test_what_does_not_go_is_said_with_what_to_do(
    environ: Environ, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(says(response(404))) as server:
        environ(
            APPRISE_URLS=f"json://127.0.0.1:{closed_port()}/ json://127.0.0.1:{server.port}/hunter2",
            HEARTBEAT_URL=f"{server.url}/api/push/hunter2",
            EXTERNAL_TIMEOUT_SEC="8",
        )
        assert main(["notify-test"]) == 1
    said = capsys.readouterr().out
    assert "✗ json: NOT sent" in said
    assert "✗ json-2: NOT sent" in said
    assert "mend its address in PICOCLAW_WATCHDOG_APPRISE_URLS" in said
    assert "✗ heartbeat: NOT sent: HTTP 404\n    to do: there is no such check" in said
    assert "hunter2" not in said


def test_without_a_channel_there_is_nothing_to_test(
    environ: Environ, capsys: pytest.CaptureFixture[str]
) -> None:
    environ(LANGUAGE="ja")
    assert main(["notify-test"]) == 3
    assert capsys.readouterr().out == "通知先がありません: picoclaw-watchdog init\n"


def test_an_unknown_channel_is_answered_with_those_that_are(
    environ: Environ, capsys: pytest.CaptureFixture[str]
) -> None:
    environ(APPRISE_URLS="tgram://a/b tgram://c/d")
    assert main(["notify-test", "--channel", "line"]) == 2
    assert "no channel 'line'; there are: tgram, tgram-2" in capsys.readouterr().err


def test_both_languages_have_every_word() -> None:
    for words in (
        notify_test.SAY,
        notify_test.LINE_REMEDIES,
        notify_test.REMEDIES,
    ):
        assert set(words["en"]) == set(words["ja"])

import io
import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from picoclaw_watchdog.cli import audit as audit_command
from picoclaw_watchdog.cli.kick import Wish, main, parse
from picoclaw_watchdog.cli.kick_wording import PATIENCE
from picoclaw_watchdog.host.user import is_typed
from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.kick.audit import REFUSED, SERVED, Audit, Event
from picoclaw_watchdog.kick.requests import Policy, Request, identify, judge
from picoclaw_watchdog.settings.schema import SETTINGS

P = "PICOCLAW_WATCHDOG_"
SOURCE = str(Path(__file__).parents[2] / "src")
TOKEN = "a-long-enough-kick-token-0123456789"
OTHER = "another-long-enough-token-987654321"


class Home:
    def __init__(self, folder: Path) -> None:
        self.pico = folder / ".picoclaw"
        self.state = self.pico / "state" / "watchdog"
        self.request = self.state / "kick_request"
        self.pico.mkdir()
        self.write(KICK_ENABLED="true", KICK_TOKEN=TOKEN)

    def write(self, **settings: str) -> None:
        env = self.pico / ".env"
        env.write_text("".join(f"{P}{name}={value}\n" for name, value in settings.items()))
        env.chmod(0o600)

    def asked(self, token: str = TOKEN) -> Request:
        (line,) = self.request.read_text().splitlines()
        verdict = judge(line, Policy(True, token), time.time())
        assert isinstance(verdict, Request), verdict
        return verdict

    def written(self) -> str:
        return self.request.read_text() if self.request.exists() else ""

    def answer(self, **event: object) -> threading.Thread:
        """Answer the request as soon as it is there."""

        def answering() -> None:
            until = time.monotonic() + 20
            while not self.written() and time.monotonic() < until:
                time.sleep(0.005)
            line = self.written().splitlines()[0]
            about = Event(time.time(), identify(line, 0), "cli", "status", SERVED)
            Audit(str(self.state)).append([about._replace(**event)])  # type: ignore[arg-type]

        thread = threading.Thread(target=answering)
        thread.start()
        return thread


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("PICO_HOME", "LC_ALL", "LC_MESSAGES", "LANG", *(s.name for s in SETTINGS)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("line", "wish"),
    [
        ("status", Wish("status")),
        ("status --source line:U1", Wish("status", "line:U1")),
        ("--source=line:U1 pause=30m", Wish("pause=30m", "line:U1")),
        ("status line:U1", Wish("status", "line:U1")),
        ("status line:U1 secret", Wish("status", "line:U1", token="secret")),
        ("status --wait", Wish("status", wait=PATIENCE)),
        ("--wait status", Wish("status", wait=PATIENCE)),
        ("status --wait 1.5 --plain", Wish("status", wait=1.5, plain=True)),
        ("status --wait=7", Wish("status", wait=7.0)),
        ("status --token-file f", Wish("status", token_file="f")),
        ("status --token-stdin", Wish("status", token_stdin=True)),
    ],
)
def test_a_command_line_is_understood(line: str, wish: Wish) -> None:
    assert parse(line.split()) == wish


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--plain",
        "status a b c",
        "status --token x",
        "status --source",
        "status --wait=soon",
        "status --wait=",
        "status --token-file f --token-stdin",
        "status a b --token-stdin",
    ],
)
def test_a_command_line_that_is_not_understood_asks_for_nothing(home: Home, line: str) -> None:
    assert main(line.split()) == 2
    assert not home.request.exists()


def test_a_request_is_signed_unless_the_plain_form_is_asked_for(home: Home) -> None:
    assert main(["restart_gateway", "--source", "line:U1"]) == 0
    assert TOKEN not in home.request.read_text()
    assert home.asked()[:2] == ("restart_gateway", "line:U1")
    home.request.unlink()
    assert main(["pause=1h", "--plain"]) == 0
    assert home.asked()[:2] == ("pause", "cli")
    assert TOKEN in home.request.read_text()


def test_the_token_comes_from_where_it_is_said_to(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = home.pico / "token"
    kept.write_text(f"{OTHER}\n")
    assert main(["status", "--token-file", str(kept)]) == 0
    assert home.asked(OTHER).verb == "status"
    home.request.unlink()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{OTHER}\nmore\n"))
    assert main(["status", "--token-stdin"]) == 0
    assert home.asked(OTHER).verb == "status"
    home.request.unlink()
    assert "warning" not in capsys.readouterr().err
    assert main(["status", "line:U1", OTHER]) == 0
    assert home.asked(OTHER).source == "line:U1"
    said = capsys.readouterr()
    assert "other users can read" in said.err
    assert OTHER not in said.err + said.out
    home.request.unlink()
    monkeypatch.setenv(f"{P}KICK_TOKEN", OTHER)
    assert main(["status"]) == 0
    assert home.asked(OTHER).verb == "status"


def test_without_a_token_or_while_kicks_are_off_nothing_is_asked(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--token-file", str(home.pico / "nowhere")]) == 2
    home.write(KICK_ENABLED="true")
    assert main(["status"]) == 2
    home.write(KICK_TOKEN=TOKEN)
    assert main(["status"]) == 3
    assert "KICK_ENABLED=true" in capsys.readouterr().err
    assert not home.request.exists()


def test_a_request_that_cannot_be_written_says_so(home: Home) -> None:
    home.request.mkdir(parents=True)
    assert main(["status"]) == 1


def kept(**event: object) -> dict[str, object]:
    return event


@pytest.mark.parametrize(
    ("event", "code", "said"),
    [
        (kept(outcome="mended", took=1.25), 0, "status: recovered in 1.2 s"),
        (kept(outcome="done", detail="healthy"), 0, ": all is well\n"),
        (kept(outcome="done", detail="service_down, x"), 0, ": the gateway is down, x\n"),
        (kept(outcome="done", detail="peer_down until="), 0, ': "peer_down until="\n'),
        (kept(outcome="done", detail="one\ntwo"), 0, "one\ntwo\n"),
        (kept(outcome="done", detail="until=1700000000"), 0, "until 2023-11-1"),
        (kept(event=REFUSED, verdict="wrong_token", outcome="refused"), 3, "wrong token"),
        (kept(outcome="refused", detail="stale"), 3, "too old"),
        (
            kept(outcome="withheld", detail="budget_spent until=1700000000"),
            4,
            "withheld: the attempts allowed in this time are used up; possible from 2023-11-1",
        ),
        (kept(outcome="withheld", detail="paused"), 4, "withheld: the watchdog is paused\n"),
        (kept(outcome="failed", detail="no good"), 5, "failed in 0.0 s"),
        (kept(outcome="interrupted", detail="killed"), 5, "interrupted"),
    ],
)
@pytest.mark.parametrize("form", [[], ["--plain"]])
def test_waiting_ends_with_the_outcome(
    home: Home,
    capsys: pytest.CaptureFixture[str],
    event: dict[str, object],
    code: int,
    said: str,
    form: list[str],
) -> None:
    thread = home.answer(**event)
    assert main(["status", "--wait", "20", *form]) == code
    thread.join()
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (kept(outcome="mended", took=1.25), "status: 復旧しました (所要 1.2 秒、依頼から "),
        (kept(outcome="done", detail="until=1700000000"), ": 2023-11-1"),
        (kept(event=REFUSED, verdict="wrong_token", outcome="refused"), "トークンが違います"),
        (kept(outcome="withheld", detail="budget_spent until=1700000000"), " 以降に可能です"),
        (kept(outcome="interrupted", detail="killed_at_it"), "結果は不明です"),
    ],
)
def test_the_outcome_is_told_in_japanese_too(
    home: Home, capsys: pytest.CaptureFixture[str], event: dict[str, object], said: str
) -> None:
    home.write(KICK_ENABLED="true", KICK_TOKEN=TOKEN, LANGUAGE="ja")
    thread = home.answer(**event)
    main(["status", "--wait", "20"])
    thread.join()
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--help", "復旧を依頼します"),
        ("", "何をするかを書いてください"),
        ("nothing", "知らない操作です: 'nothing'"),
        ("pause", "pause=30m"),
        ("status --source a|b", "依頼元に使えるのは"),
        ("status --wait=soon", "--wait には秒数"),
        ("status --token-file /nowhere/token", "/nowhere/token: ファイルがありません"),
        ("status --token-file /", "/: 読めません: "),
        ("status line:U1 short|token", "トークンが空か"),
        ("status", "status を依頼しました"),
    ],
)
def test_the_command_speaks_japanese_too(
    home: Home, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    home.write(KICK_ENABLED="true", KICK_TOKEN=TOKEN, LANGUAGE="ja")
    main(line.split())
    printed = capsys.readouterr()
    assert said in printed.out + printed.err


def test_the_audit_speaks_japanese_too(
    home: Home, log: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    home.write(LANGUAGE="ja")
    assert log() == 0
    said = capsys.readouterr().out.splitlines()
    assert "結果 status line:U1 a 実行しました x / y" in said[0]
    assert "拒否 - cli b 書式が正しくありません 1.00s" in said[1]
    path = home.state / audit.NAME
    path.write_text(path.read_text().replace("line:U1", "line:U2"))
    assert log("--verify") == 1
    assert "audit.log:1: 書き換えられたか" in capsys.readouterr().out
    assert log("--nothing") == 2
    assert "終了コード" in capsys.readouterr().err


LIMITED = {
    "KICK_ENABLED": "true",
    "KICK_TOKEN": TOKEN,
    "KICK_ALLOWED_SOURCES": "cli,manual,make,line:U1=status",
}


@pytest.mark.parametrize(
    "line",
    [
        "restart_gateway",
        "restart_gateway --source cli",
        "restart_gateway --source=",
        "restart_gateway manual",
        "pause=1h --source make",
        "status --plain",
    ],
)
def test_who_leaves_out_the_source_gets_past_no_limit_by_source(home: Home, line: str) -> None:
    home.write(**LIMITED)
    assert run_apart(home, line.split()) == 3
    assert home.written() == ""
    assert run_apart(home, ["status", "--source", "line:U1"]) == 0
    assert home.asked().source == "line:U1"


def run_apart(home: Home, words: list[str], *, terminal: bool = False) -> int:
    """As the agent's shell runs it: in a session without a terminal; or with one."""
    command = [sys.executable, "-m", "picoclaw_watchdog", "kick", *words]
    if terminal:
        spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
        command = [sys.executable, "-c", spawn, *command]
    done = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "HOME": str(home.pico.parent), "PYTHONPATH": SOURCE},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        start_new_session=True,
        check=False,
        timeout=60,
    )
    return done.returncode


def test_a_person_at_a_terminal_need_not_say_who_he_is(home: Home) -> None:
    home.write(**LIMITED)
    assert run_apart(home, ["status"], terminal=True) == 0
    assert home.asked().source == "cli"


def test_where_nobody_is_limited_nobody_need_say_who_he_is(home: Home) -> None:
    assert run_apart(home, ["status"]) == 0
    assert home.asked().source == "cli"


@pytest.mark.parametrize(
    ("group", "typed"),
    [
        ("0::/user.slice/user-1000.slice/session-3.scope", True),
        ("0::/", True),
        ("0::/user.slice/user@1000.service/app.slice/picoclaw-gateway.service", False),
        ("1:name=systemd:/x\n0::/app.slice/picoclaw-gateway.service/sub", False),
        ("0::/app.slice/my-picoclaw-gateway.service", True),
    ],
)
def test_what_runs_inside_the_gateway_is_nobody_at_a_terminal(
    tmp_path: Path,
    group: str,
    typed: bool,  # noqa: FBT001
) -> None:
    groups, terminal = tmp_path / "cgroup", tmp_path / "tty"
    groups.write_text(f"{group}\n")
    terminal.touch()
    assert is_typed("picoclaw-gateway.service", str(groups), str(terminal)) is typed
    terminal.unlink()
    assert not is_typed("picoclaw-gateway.service", str(groups), str(terminal))


@pytest.mark.parametrize("what", ["a-token\n", '{"gateway": {}}\n', "name|x|y|1\n"])
def test_nothing_is_written_into_another_file_and_it_says_which(
    home: Home, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    other = home.pico.parent / "it's mine.txt"
    other.write_text(what)
    home.write(KICK_ENABLED="true", KICK_TOKEN=TOKEN, KICK_FILE=f'"{other}"')
    assert main(["status"]) == 1
    assert other.read_text() == what
    assert f"{shlex.quote(str(other))} is left untouched: " in capsys.readouterr().err


@pytest.mark.parametrize("name", [".env", "config.json", "state", "state/watchdog/paused"])
def test_what_is_ours_for_something_else_is_a_mistake(
    home: Home, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    home.write(KICK_ENABLED="true", KICK_TOKEN=TOKEN, KICK_FILE=str(home.pico / name))
    before = (home.pico / ".env").read_text()
    assert main(["status"]) == 2
    assert "PICOCLAW_WATCHDOG_KICK_FILE" in capsys.readouterr().err
    assert (home.pico / ".env").read_text() == before


def test_a_short_token_is_a_mistake_and_one_elsewhere_stops_nobody(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.write(KICK_ENABLED="true", KICK_TOKEN="short")
    assert main(["status"]) == 2
    assert "write 16 characters or more" in capsys.readouterr().err
    home.write(KICK_ENABLED="true", KICK_TOKEN=TOKEN, INTERVAL_SEC="soon")
    assert main(["status"]) == 0


def test_waiting_listens_to_no_answer_for_somebody_else_or_of_before(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    thread = home.answer(id="0123456789abcdef", outcome="done")
    assert main(["status", "--wait", "0.3"]) == 6
    thread.join()
    assert "is the watchdog enabled" in capsys.readouterr().err


@pytest.fixture
def log(home: Home) -> Callable[..., int]:
    one = Audit(str(home.state))
    one.append([Event(1.0, "a", "line:U1", "status", SERVED, outcome="done", detail="x\ny")])
    one.append([Event(2.0, "b", "cli", "", REFUSED, "malformed", "refused", took=1.0)])
    return lambda *words: audit_command.main(list(words))


def test_the_audit_of_no_source_at_all_is_wrong_usage(log: Callable[..., int]) -> None:
    assert log("--source", "") == 2
    assert log("--source") == 2


def test_the_audit_is_listed_and_verified(
    home: Home, log: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert log() == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(" ", 2)[2] for line in said] == [
        "served status line:U1 a done x / y",
        "refused - cli b malformed 1.00s",
    ]
    assert log("--source", "line:*", "--json") == 0
    assert json.loads(capsys.readouterr().out)["id"] == "a"
    assert log("--verify") == 0
    assert "intact" in capsys.readouterr().out
    path = home.state / audit.NAME
    path.write_text(path.read_text().replace("line:U1", "line:U2"))
    assert log("--verify") == 1
    assert "audit.log:1: changed" in capsys.readouterr().out
    assert log("--verify", "--json") == 1
    assert json.loads(capsys.readouterr().out)["intact"] is False
    assert log() == 1
    assert "changed" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["--source", "--all", "more"])
def test_an_audit_that_is_not_understood_shows_the_help(log: Callable[..., int], line: str) -> None:
    assert log(line) == 2
    assert log("--help") == 0

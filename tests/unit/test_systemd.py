import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.core.model import UnitFacts
from picoclaw_watchdog.host import journal
from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.host.systemd import UserSystemd, bus_environment, read_facts, words_of
from picoclaw_watchdog.ports import Silence, Why
from tests.unit.standins import Bin

RUNNING = """\
LoadState=loaded
ActiveState=active
SubState=running
Result=success
InvocationID=0c3b6de35b3a4b8d9d7c7b8f0f5a1e22
MainPID=4711
ExecMainStartTimestampMonotonic=90000000
NRestarts=2
StateChangeTimestampMonotonic=97000000
Type=notify
ExecMainStatus=0
ExecMainCode=0
UnitFileState=enabled
Environment=PICOCLAW_GATEWAY_PORT=8080 "GREETING=two words" "QUOTED=a\\"b\\$c\\\\d"
"""
UNIT = "picoclaw-gateway.service"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    return Bin(tmp_path, monkeypatch)


def test_the_answer_is_read_whole() -> None:
    facts = read_facts(RUNNING, now=100.0)
    assert facts == UnitFacts(
        load="loaded",
        active="active",
        sub="running",
        result="success",
        instance="0c3b6de35b3a4b8d9d7c7b8f0f5a1e22",
        main_pid=4711,
        started_ago=10.0,
        restarts=2,
        changed_ago=3.0,
        kind="notify",
        enabled="enabled",
        environment=("PICOCLAW_GATEWAY_PORT=8080",),
    )


def test_what_moves_a_gateway_is_read_from_the_units_files_too(tmp_path: Path) -> None:
    file = tmp_path / "gateway env"
    file.write_text("# comment\nLINE_TOKEN=secret\nPICOCLAW_GATEWAY_PORT='8081'\n")
    said = f"ActiveState=active\nEnvironmentFiles={file} (ignore_errors=no)\n"
    facts = read_facts(said, 0.0)
    assert facts is not None
    assert facts.environment == ("PICOCLAW_GATEWAY_PORT=8081",)
    gone = read_facts(said.replace("gateway env", "no such file"), 0.0)
    assert gone is not None
    assert gone.environment == ()


@pytest.mark.parametrize(
    ("number", "code"), [("0", ""), ("1", "exited"), ("2", "killed"), ("3", "dumped"), ("", "")]
)
def test_how_it_ended_is_a_word(number: str, code: str) -> None:
    said = f"ActiveState=failed\nExecMainCode={number}\nExecMainStatus=203\n"
    facts = read_facts(said, now=1.0)
    assert facts is not None
    assert (facts.code, facts.status) == (code, 203)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("A=1 B=", ("A=1", "B=")),
        ('"A=two words" B=x', ("A=two words", "B=x")),
        ('"A=tab\\011and\\012line"', ("A=tab\tand\nline",)),
        (r"$'A=it\'s\none' B=1", ("A=it's\none", "B=1")),
        ('"A=50\\$ `x`"', ("A=50$ `x`",)),
        ('"A=open', ("A=open",)),
    ],
)
def test_an_environment_is_read_as_systemctl_quotes_it(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


def test_the_order_of_the_lines_does_not_matter() -> None:
    backwards = "\n".join(reversed(RUNNING.splitlines()))
    assert read_facts(backwards, now=100.0) == read_facts(RUNNING, now=100.0)


def test_a_unit_that_never_ran_has_no_start() -> None:
    text = RUNNING.replace("=90000000", "=0").replace("MainPID=4711", "MainPID=0")
    facts = read_facts(text, now=100.0)
    assert facts is not None
    assert facts.started_ago is None


def test_a_start_later_than_now_is_no_negative_age() -> None:
    facts = read_facts(RUNNING, now=1.0)
    assert facts is not None
    assert facts.started_ago == 0.0


def test_values_that_are_not_set_are_zero() -> None:
    facts = read_facts("ActiveState=inactive\nMainPID=[not set]\nNRestarts=\n", now=5.0)
    assert facts == UnitFacts("", "inactive", "", "", "")


def test_of_two_units_the_first_counts() -> None:
    facts = read_facts("ActiveState=failed\n\nActiveState=active\n", now=5.0)
    assert facts is not None
    assert facts.active == "failed"


@pytest.mark.parametrize("text", ["", "\n", "ActiveState=", "Failed to connect to bus", "=\0="])
def test_without_a_state_there_are_no_facts(text: str) -> None:
    assert read_facts(text, now=0.0) is None


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_is_survived(text: str, now: float) -> None:
    read_facts(text, now)
    read_facts(f"ActiveState=active\nExecMainStartTimestampMonotonic={text}\nMainPID={text}", now)


def test_one_call_asks_everything(path: Bin) -> None:
    path.says("systemctl", RUNNING)
    facts = UserSystemd().show(UNIT, 5.0)
    assert isinstance(facts, UnitFacts)
    assert facts.main_pid == 4711
    assert facts.started_ago is not None
    assert facts.started_ago == pytest.approx(max(0.0, monotonic() - 90), abs=5)
    (call,) = path.calls()
    assert call.startswith(f"systemctl --user show {UNIT} -p LoadState,ActiveState,SubState,Result")


NOT_FOUND = "LoadState=not-found\nActiveState=inactive\nSubState=dead\n"


def test_a_unit_that_the_user_does_not_have_is_looked_for_in_the_system(path: Bin) -> None:
    running = RUNNING.replace("'", "")
    path.program(
        "systemctl",
        f'[ "$1" = --user ] && {{ printf %s "{NOT_FOUND}"; exit; }}\ncat <<\'END\'\n{running}END',
    )
    path.folder.joinpath("cat").symlink_to("/bin/cat")
    facts = UserSystemd().show(UNIT, 5.0)
    assert isinstance(facts, UnitFacts)
    assert (facts.scope, facts.active, facts.main_pid) == ("system", "active", 4711)
    assert [call.startswith("systemctl --user") for call in path.calls()] == [True, False]


@pytest.mark.parametrize(
    "system", [NOT_FOUND, "", "ActiveState=", "Failed to connect to bus: Permission denied"]
)
def test_where_the_system_does_not_know_it_either_the_user_does_not_have_it(
    path: Bin, system: str
) -> None:
    path.program(
        "systemctl",
        f'[ "$1" = --user ] && {{ printf %s "{NOT_FOUND}"; exit; }}\nprintf %s "{system}"',
    )
    facts = UserSystemd().show(UNIT, 5.0)
    assert isinstance(facts, UnitFacts)
    assert (facts.scope, facts.load) == ("user", "not-found")


@pytest.mark.parametrize("state", [RUNNING, "LoadState=masked\nActiveState=inactive\n"])
def test_the_system_is_asked_only_for_want_of_the_users(path: Bin, state: str) -> None:
    path.says("systemctl", state)
    UserSystemd().show(UNIT, 5.0)
    assert len(path.calls()) == 1


def test_a_bus_that_refuses_is_silence_and_not_a_dead_unit(path: Bin) -> None:
    path.says("systemctl", err="Failed to connect to bus: No medium found\n", code=1)
    assert UserSystemd().show(UNIT, 5.0) == Silence("Failed to connect to bus: No medium found")


def test_a_bus_that_hangs_is_silence_within_the_deadline(path: Bin) -> None:
    path.says("systemctl", RUNNING, sleep=30)
    began = monotonic()
    silence = UserSystemd().show(UNIT, 0.2)
    assert isinstance(silence, Silence)
    assert silence.why is Why.TIMED_OUT
    assert monotonic() - began < 10


@pytest.mark.usefixtures("path")
def test_no_systemctl_is_told_apart() -> None:
    silence = UserSystemd().show(UNIT, 1.0)
    assert isinstance(silence, Silence)
    assert silence.why is Why.MISSING


def test_an_empty_answer_is_silence(path: Bin) -> None:
    path.says("systemctl", "")
    assert UserSystemd().show(UNIT, 5.0) == Silence("systemctl named no state")


def test_the_commands_are_the_documented_ones(path: Bin) -> None:
    path.says("systemctl")
    path.says("journalctl", '{"MESSAGE":"a line"}\n')
    systemd = UserSystemd()
    assert systemd.restart(UNIT, 5.0).ok
    assert systemd.reset_failed(UNIT, 5.0).ok
    assert systemd.kill(UNIT, 5.0).ok
    assert systemd.journal(UNIT, 200, 5.0).out == "-  unknown: a line\n"
    assert path.calls() == [
        f"systemctl --user restart {UNIT}",
        f"systemctl --user reset-failed {UNIT}",
        f"systemctl --user kill --signal=SIGKILL {UNIT}",
        " ".join(("journalctl --user -u", UNIT, "-n 200 -r", *journal.OPTIONS)),
    ]


def test_a_restart_that_does_not_end_is_given_up(path: Bin) -> None:
    path.says("systemctl", sleep=30)
    assert UserSystemd().restart(UNIT, 0.2).timed_out


def test_the_bus_is_found_without_a_login_session(
    path: Bin, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.program("systemctl", 'echo "ActiveState=$XDG_RUNTIME_DIR"')
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    folder = f"/run/user/{os.getuid()}"
    expected = folder if Path(folder).is_dir() else ""
    assert bus_environment().get("XDG_RUNTIME_DIR", "") == expected
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/somewhere")
    facts = UserSystemd().show(UNIT, 5.0)
    assert isinstance(facts, UnitFacts)
    assert facts.active == "/somewhere"

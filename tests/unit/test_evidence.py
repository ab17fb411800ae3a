import pytest

from picoclaw_watchdog.core.foreign import MASK
from picoclaw_watchdog.core.model import UnitFacts
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Ran
from picoclaw_watchdog.recoveries import evidence
from tests.unit.standins.world import FakeStore, ScriptedServices, a_world

TOKEN = "line-channel-access-token-of-this-test"
SETTINGS = Settings(
    line_channel_access_token=TOKEN, line_channel_secret="0123456789abcdef", kick_token="kick me"
)


def captured(ran: Ran, store: FakeStore | None = None) -> str:
    store = store or FakeStore()
    services = ScriptedServices(UnitFacts("loaded", "failed", "", "", ""))
    services.journal_says = ran
    evidence.capture(SETTINGS, a_world(services=services, store=store))
    assert services.calls == ["journal picoclaw-gateway.service 200 3"]
    return store.kept[0]


def test_the_last_lines_are_kept() -> None:
    assert "panic: runtime error" in captured(Ran(0, "12:00 picoclaw: panic: runtime error\n"))


def test_the_path_is_answered() -> None:
    world = a_world(store=FakeStore("gateway_journal_20260220_091500.log"))
    assert evidence.capture(SETTINGS, world) == "gateway_journal_20260220_091500.log"


def test_what_could_not_be_kept_has_no_path() -> None:
    assert evidence.capture(SETTINGS, a_world(store=FakeStore(""))) == ""


@pytest.mark.parametrize(
    ("ran", "why"),
    [
        (Ran(0), "has nothing about this unit"),
        (Ran(127, err="journalctl: not found"), "could not be read: journalctl: not found"),
        (Ran(1, err="No journal files were found.\n"), "No journal files were found."),
        (Ran(-9, out="12:00 half a li", timed_out=True), "12:00 half a li"),
        (Ran(-9, timed_out=True), "did not answer in time"),
    ],
)
def test_a_journal_that_says_nothing_leaves_a_file_that_says_why(ran: Ran, why: str) -> None:
    assert why in captured(ran)


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        (f"pushing with {TOKEN}", TOKEN),
        ("secret is 0123456789abcdef, really", "0123456789abcdef"),
        ("kick me", "kick me"),
        ("Authorization: Bearer abcdefgh12345678/+=", "abcdefgh12345678"),
        ("authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("channel_access_token=qwertyuiop", "qwertyuiop"),
        ('{"channel_secret":"feedbeef","x":1}', "feedbeef"),
        (r'msg="{\"api_key\": \"sk-12345\"}"', "sk-12345"),
        ("PASSWORD: hunter2", "hunter2"),
        ("GET http://me:hunter2@127.0.0.1/ 200", "hunter2"),
        ("GET /x?token=hunter2&y=1", "hunter2"),
        ("X-Line-Signature: c2lnbmF0dXJl", "c2lnbmF0dXJl"),
        ("raw " + "aB3/" * 40 + "== end", "aB3/aB3/"),
    ],
)
def test_no_secret_is_kept(line: str, secret: str) -> None:
    text = captured(Ran(0, f"before {line}\nafter\n"))
    assert secret not in text
    assert MASK in text
    assert "before" in text
    assert "after" in text


@pytest.mark.parametrize(
    "line",
    [
        "GET http://127.0.0.1:18790/health 200",
        "open /home/pico/.picoclaw/workspace/sessions/" + "long/" * 30 + "file.json: no such file",
        "tokens used: 120 of 4096",
        "listen tcp 127.0.0.1:18790: bind: address already in use",
        "mail to owner@example.org",
    ],
)
def test_what_helps_to_find_the_fault_stays(line: str) -> None:
    assert line in captured(Ran(0, line + "\n"))


def test_a_megabyte_without_a_space_is_masked_in_time() -> None:
    text = captured(Ran(0, "token" * 100_000 + "A1" * 250_000))
    assert MASK in text

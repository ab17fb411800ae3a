"""`init` and `doctor` on a real systemd: a fresh user, a terminal, a LINE that answers."""

import json
import stat
import time
from collections.abc import Mapping
from typing import Any

import pytest

from picoclaw_watchdog.demo.tailscaled import Tailnet
from picoclaw_watchdog.install.unit_text import signed, unsigned
from tests.lab.host import GATEWAY, KICKS, PUBLIC, STANDINS, STATE, TIMER, UNITS, WATCHDOG, Host
from tests.lab.lab import HOME, Done
from tests.lab.terminal import HEAR_CTRL_C, Typist

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

OWNER = "U" + "5" * 32
TOKEN = "the-bots-channel-access-token=="
LINE = "http://127.0.0.1:18080/v2/bot/message/push"
CONFIG = {
    "gateway": {"host": "0.0.0.0", "port": 18790},
    "channels": {
        "line": {
            "enabled": True,
            "webhook_port": 18791,
            "webhook_path": "/webhook/line",
            "allow_from": [OWNER],
        }
    },
    "providers": {"ollama": {"api_base": "http://127.0.0.1:11434/v1"}},
}
SECRETS = {
    "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN": TOKEN,
    "PICOCLAW_WATCHDOG_KICK_TOKEN": "long-enough-for-anybody",
}
# What no shell of an owner would have: where the stand-ins are.
AWAY = {"PICOCLAW_WATCHDOG_LINE_PUSH_ENDPOINT": LINE, "PICOCLAW_WATCHDOG_WEBHOOK_URL": PUBLIC}


class Newcomer:
    """A fresh user of a host on which everything else is in order."""

    def __init__(self, host: Host) -> None:
        self.host, self.lab = host, host.lab
        host.tailscale(operator=True)
        host.standin(
            "line.service",
            f"line --port 18080 --keep {STANDINS}/line.jsonl --control {STANDINS}/line.json",
        )
        self.lab.systemctl("daemon-reload")
        self.lab.systemctl("start", "line.service")
        self.lab.systemctl("enable", "--quiet", GATEWAY)
        host.publish()
        self.lab.write("~/.local/bin/timedatectl", "#!/bin/sh\necho yes\n", 0o755)
        self.lab.write("~/.picoclaw/config.json", json.dumps(CONFIG), 0o600)
        self.lab.path("~/.picoclaw").chmod(0o700)
        self.line(token=TOKEN)
        self.linger(on=True)

    def line(self, **orders: object) -> None:
        """How LINE answers from now on."""
        self.lab.write(f"{STANDINS}/line.json", json.dumps(orders))

    def linger(self, *, on: bool) -> None:
        """What `loginctl enable-linger` does, which needs a logind."""
        folder = self.lab.path("/var/lib/systemd/linger")
        folder.mkdir(exist_ok=True)
        (folder / "pico").touch() if on else (folder / "pico").unlink()

    def init(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Typist:
        """`init` from the clone, at a terminal."""
        argv = (self.lab.python, "-m", "picoclaw_watchdog", "init", *arguments)
        env = {"PYTHONPATH": f"{HOME}/clone/src", **AWAY, **(environ or {})}
        return self.at_terminal(*argv, environ=env)

    def at_terminal(self, *argv: str, environ: Mapping[str, str] | None = None) -> Typist:
        """A command, typed by the newcomer."""
        heard = (self.lab.python, "-c", HEAR_CTRL_C, *argv)
        return Typist(self.lab.command(*heard, env={"TERM": "xterm", **(environ or {})}))

    def letters(self) -> list[str]:
        """What LINE delivered to the owner."""
        kept = self.lab.read(f"{STANDINS}/line.jsonl").splitlines()
        return [each["text"] for each in map(json.loads, kept) if each["to"] == OWNER]

    def doctor(self, *arguments: str) -> Done:
        """The installed doctor."""
        return self.host.command("doctor", *arguments)

    def wrong(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """What the doctor finds not in order, by its check."""
        said = json.loads(self.doctor("--json", *arguments).out)
        fine = ("ok", "skipped")
        return {each["check"]: each for each in said["checks"] if each["state"] not in fine}


@pytest.fixture
def newcomer(host: Host) -> Newcomer:
    return Newcomer(host)


def test_a_fresh_user_is_set_up_at_a_terminal(newcomer: Newcomer) -> None:
    lab = newcomer.lab
    # With the default of 60 s it takes up to four and a half minutes: too near on a busy machine.
    before = "# my own notes\nPICOCLAW_OTHER='kept as it is'\nPICOCLAW_WATCHDOG_INTERVAL_SEC=30\n"
    lab.write("~/.picoclaw/.env", before, 0o644)
    began = time.monotonic()
    with newcomer.init() as typist:
        typist.answer("LINE channel access token", "not-the-token")
        typist.wait_for("LINE refuses the channel access token")
        typist.answer("LINE channel access token", TOKEN)
        typist.wait_for("the token is that of PicoClaw")
        typist.wait_for("Your LINE user ID [")
        typist.answer(f"{OWNER}]:", "")  # proposed, because the bot listens to nobody else
        typist.wait_for("the recipient can be reached: Owner")
        typist.answer("install and begin to watch?", "")
        status = typist.end()
    assert status == 0, typist.shown
    assert TOKEN not in typist.shown, "what is typed as a secret is not shown"
    assert "all is well" in typist.plain, typist.plain
    assert "checks are in order" in typist.plain, typist.plain

    env = lab.read("~/.picoclaw/.env")
    assert env.startswith(before)
    assert f"PICOCLAW_WATCHDOG_LINE_NOTIFY_TO={OWNER}\n" in env
    assert stat.S_IMODE(lab.path("~/.picoclaw/.env").stat().st_mode) == 0o600
    for unit in (TIMER, KICKS):
        assert lab.show(unit, "UnitFileState") == "enabled"
        assert lab.show(unit, "ActiveState") == "active"
    assert len(newcomer.letters()) == 1
    assert "This is a test" in newcomer.letters()[0]
    assert newcomer.host.command("status").code == 0
    assert newcomer.doctor().code == 0
    assert newcomer.wrong() == {}, "on a good host the doctor is all green"

    with newcomer.at_terminal(f"{lab.bin}/picoclaw-watchdog", "drill", "all") as typist:
        typist.answer("Type yes to go on:", "yes")
        status = typist.end(300)
    assert status == 0, typist.shown
    took = time.monotonic() - began
    assert took < 300, typist.shown


def test_machines_set_up_without_a_question_and_again_without_a_change(newcomer: Newcomer) -> None:
    lab = newcomer.lab
    newcomer.host.tailscale(operator=False)  # the Funnel is mended by sudo here
    newcomer.host.publish()
    lab.write("~/token", f"{TOKEN}\n", 0o600)
    run = (
        f"PYTHONPATH={HOME}/clone/src {lab.python} -m picoclaw_watchdog init --yes --token-stdin "
        "< token"
    )
    done = lab.run("sh", "-c", run, env=AWAY)
    assert done, done.out + done.err
    assert newcomer.host.command("status").code == 0
    assert lab.show(WATCHDOG, "NoNewPrivileges") == "no"
    assert newcomer.wrong() == {}
    assert len(newcomer.letters()) == 1
    env = lab.read("~/.picoclaw/.env")
    assert f"\nPICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN={TOKEN}\n" in env
    assert f"\nPICOCLAW_WATCHDOG_LINE_NOTIFY_TO={OWNER}\n" in env
    assert TOKEN not in done.out + done.err

    again = newcomer.host.command("init", "--yes", "--no-test", "--language", "ja")
    assert again, again.out + again.err
    assert "変更" in again.out or "書きました" in again.out
    assert lab.read("~/.picoclaw/.env").replace("LANGUAGE=ja", "LANGUAGE=en") == env.replace(
        "#PICOCLAW_WATCHDOG_LANGUAGE", "PICOCLAW_WATCHDOG_LANGUAGE"
    )
    assert len(newcomer.letters()) == 1, "--no-test"


def test_a_token_that_line_refuses_changes_nothing(newcomer: Newcomer) -> None:
    before = newcomer.host.files()
    argv = (newcomer.lab.python, "-m", "picoclaw_watchdog", "init", "--yes")
    key = "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN"
    env = {**AWAY, "PYTHONPATH": f"{HOME}/clone/src", key: "wrong"}
    done = newcomer.lab.run(*argv, env=env)
    assert done.code == 1
    assert "LINE refuses" in done.out
    assert newcomer.host.files() == before


def test_ctrl_c_leaves_nothing_half_done(newcomer: Newcomer) -> None:
    before = newcomer.host.files()
    with newcomer.init() as typist:
        typist.wait_for("LINE channel access token (")
        assert not typist.echoes()
        typist.type("\x03")
        assert typist.end() == 130
        assert typist.echoes(), "the terminal is as it was"
    assert "Nothing was changed" in typist.plain
    assert newcomer.host.files() == before

    with newcomer.init() as typist:
        typist.answer("LINE channel access token (", TOKEN)
        typist.answer(f"{OWNER}]:", "")
        typist.answer("install and begin to watch?", "y")
        typist.wait_for("readable by you alone")
        typist.type("\x03")
        assert typist.end() == 130
    new = newcomer.host.files() - before
    assert new == {".picoclaw/.env"}, "what is written is whole, the rest is taken back"
    assert TOKEN in newcomer.lab.read("~/.picoclaw/.env")

    with newcomer.init() as typist:
        typist.answer("install and begin to watch?", "")
        assert typist.end() == 0, typist.shown
    assert newcomer.host.command("status").code == 0


# Planted below, one group after the other.
FIXABLE = ("private", "state_folder", "timer", "kicks")
REINSTALLED = ("current", "on_failure", "bytecode")
OWNERS = (
    *(
        "linger",
        "boot",
        "recipient",
        "webhook_at_line",
        "quota",
        "tailscale_version",
        "capability",
        "funnel",
    ),
    *("complaints", "clock", "ready", "same_one", "public"),
)
ALSO_OWNERS = ("token", "rights", "reachable", "unit", "owners", "mistakes", "database")


@pytest.fixture
def watched(newcomer: Newcomer) -> Newcomer:
    """Set up, and in perfect order."""
    newcomer.lab.write("~/.picoclaw/.env", "PICOCLAW_WATCHDOG_KICK_ENABLED=true\n", 0o600)
    with newcomer.init("--yes", environ=SECRETS) as typist:
        assert typist.end() == 0, typist.shown
    assert newcomer.wrong() == {}
    return newcomer


def planted(newcomer: Newcomer, *expected: str) -> None:
    """Exactly these are found, each with its remedy."""
    wrong = newcomer.wrong()
    assert set(wrong) == set(expected)
    assert all(each["remedy"] for each in wrong.values()), wrong


def mended(newcomer: Newcomer) -> None:
    """All that is wrong is mended by --fix."""
    done = newcomer.doctor("--fix")
    assert done.code == 0, done.out
    assert newcomer.wrong() == {}


def test_planted_faults_are_found_and_mended_by_fix(watched: Newcomer) -> None:
    lab = watched.lab
    lab.path("~/.picoclaw/.env").chmod(0o644)
    lab.path(STATE).chmod(0o755)
    lab.systemctl("stop", TIMER, KICKS)
    planted(watched, *FIXABLE)
    mended(watched)
    assert lab.show(TIMER, "ActiveState") == "active"

    lab.must("rm", f"{HOME}/.config/systemd/user/{GATEWAY}.d/50-watchdog.conf")
    older = unsigned(lab.read(f"{UNITS}/{TIMER}")).replace("=60", "=61")
    lab.write(f"{UNITS}/{TIMER}", signed(older))
    lab.must("sh", "-c", "rm ~/.local/share/picoclaw/venv/lib/*/*/*/core/__pycache__/*")
    planted(watched, "current", "loaded", "bytecode")
    lab.systemctl("daemon-reload")
    planted(watched, *REINSTALLED)
    mended(watched)

    # A timer that has had its last time: it shows active and never elapses again.
    dying = "[Timer]\nOnActiveSec=100ms\n[Install]\nWantedBy=timers.target\n"
    lab.write(f"{UNITS}/{TIMER}", signed(dying))
    lab.systemctl("daemon-reload")
    lab.systemctl("restart", TIMER)
    lab.wait_for(lambda: lab.show(TIMER, "SubState") == "elapsed")
    assert lab.show(TIMER, "NextElapseUSecMonotonic") == "infinity"
    assert lab.show(TIMER, "ActiveState") == "active"
    planted(watched, "timer", "current")
    mended(watched)
    assert lab.show(TIMER, "NextElapseUSecMonotonic") != "infinity"


def test_planted_faults_that_only_the_owner_can_mend_are_found(watched: Newcomer) -> None:
    lab, host = watched.lab, watched.host
    lab.systemctl("stop", TIMER)  # nobody mends anything meanwhile
    watched.linger(on=False)
    lab.systemctl("disable", "--quiet", GATEWAY)
    watched.line(token=TOKEN, friend=False, webhook_active=False, quota=200, used=200)
    state = Tailnet(operator=True, version="1.50.1", capable=False, health=("no relay",))
    lab.write(f"{STANDINS}/tailscale.json", json.dumps(state._asdict()), 0o666)
    lab.write("~/.local/bin/timedatectl", "#!/bin/sh\necho no\n", 0o755)
    host.order(ready="failing")
    config = {**CONFIG, "providers": {"ollama": {"api_base": "http://100.64.0.9:11434"}}}
    lab.write("~/.picoclaw/config.json", json.dumps(config), 0o600)
    env = lab.read("~/.picoclaw/.env")
    watches = "PICOCLAW_WATCHDOG_OLLAMA_MODELS_URL=http://127.0.0.1:11434/v1/models\n"
    lab.write("~/.picoclaw/.env", env + watches, 0o600)  # else the gateway's is watched
    planted(watched, "timer", *OWNERS)

    watched.linger(on=True)
    lab.systemctl("enable", "--quiet", GATEWAY)
    watched.line(token="another")
    host.tailscale(operator=False)
    host.publish()
    lab.write("~/.local/bin/sudo", "#!/bin/sh\nexit 1\n", 0o755)
    lab.write("~/.local/bin/timedatectl", "#!/bin/sh\necho yes\n", 0o755)
    lab.write("~/.picoclaw/config.json", json.dumps(CONFIG), 0o600)
    lab.write("~/.picoclaw/.env", f"{env}PICOCLAW_WATCHDOG_INTERVALL_SEC=5\n", 0o600)
    lab.write(f"{STATE}/watchdog.db", "this is no database" * 300, 0o600)
    lab.systemctl("stop", GATEWAY, "ollama.service")
    host.order()
    host.standin("squatter.service", "gateway --port 18790 --webhook-port 18791")
    lab.systemctl("daemon-reload")
    lab.systemctl("start", "squatter.service")
    host.wait_until_healthy()
    planted(watched, "timer", *ALSO_OWNERS)


def test_the_faults_above_are_at_least_25() -> None:
    assert len({*FIXABLE, *REINSTALLED, "loaded", *OWNERS, *ALSO_OWNERS}) >= 25

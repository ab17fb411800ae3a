"""`init` on a host in a box, through a pipe; at a terminal it is tried in tests/lab."""

import json
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.core.reasons import Probe, Sight
from picoclaw_watchdog.demo.box import OWNER_ID, Box
from picoclaw_watchdog.init import finding_out, wording
from picoclaw_watchdog.settings.editing import changed
from picoclaw_watchdog.settings.load import load
from picoclaw_watchdog.settings.picoclaw import Picoclaw
from tests.unit.doctoring import healthy, looks_bad
from tests.unit.standins import Bin
from tests.unit.tailnet import config

TOKEN = "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN"
P = "PICOCLAW_WATCHDOG_"
STRANGER = "U" + "9" * 32


class Newcomer:
    """A box whose `.env` knows where the stand-ins are, and nothing of LINE's account."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.env = box.pico_home / ".env"
        lines = self.env.read_text().splitlines()
        self.token = next(line for line in lines if line.startswith(TOKEN)).partition("=")[2]
        gone = (TOKEN, f"{P}LINE_NOTIFY_TO", f"{P}LINE_NOTIFY_ENABLED")
        kept = [line for line in lines if line.partition("=")[0] not in gone]
        self.before = "\n".join(["# the owner's own", "OTHER='thing'", *kept, ""])
        self.env.write_text(self.before)
        box.order("line", token=self.token)

    def run(self, *arguments: str, typed: str = "", **environ: str) -> tuple[int, str]:
        """`init`, with these answers in a pipe."""
        ran = subprocess.run(
            [sys.executable, "-m", "picoclaw_watchdog", "init", *arguments],
            env={**self.box.environ, **environ},
            cwd=self.box.folder,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ran.returncode, ran.stdout

    def installed(self) -> bool:
        return (self.box.folder / "home/.local/share/picoclaw/venv").exists()


@pytest.fixture
def newcomer() -> Iterator[Newcomer]:
    with Box() as box:
        yield Newcomer(box)


def test_answers_come_through_a_pipe_as_well(newcomer: Newcomer) -> None:
    code, out = newcomer.run(typed=f"{newcomer.token}\n{OWNER_ID}\ny\n")
    assert code == 0, out
    env = newcomer.env.read_text()
    assert env.startswith(newcomer.before)
    assert f"\n{TOKEN}={newcomer.token}\n" in env
    assert f"\n{P}LINE_NOTIFY_TO={OWNER_ID}\n" in env
    assert f"\n{P}LINE_NOTIFY_ENABLED=true\n" in env
    assert "# Written by `picoclaw-watchdog init`: as you typed it\n" in env
    assert stat.S_IMODE(newcomer.env.stat().st_mode) == 0o600
    assert newcomer.token not in out
    assert [message.to for message in newcomer.box.messages()] == [OWNER_ID]
    assert newcomer.installed()


def test_a_recipient_that_line_does_not_know_is_told_before_it_bites(newcomer: Newcomer) -> None:
    newcomer.box.order("line", token=newcomer.token, friend=False)
    typed = f"{newcomer.token}\nme@example\n{STRANGER}\n\nn\n"
    code, out = newcomer.run(typed=typed)
    assert code == 1
    assert "That is no LINE ID" in out
    assert "each provider knows you by another one" in " ".join(out.split())
    assert "the ID is from another provider" in " ".join(out.split())
    assert "Nothing was changed" in out
    assert newcomer.env.read_text() == newcomer.before
    assert not newcomer.installed()


def test_without_line_is_an_answer(newcomer: Newcomer) -> None:
    code, out = newcomer.run(typed="\ny\n")
    assert code == 0, out
    assert newcomer.env.read_text() == newcomer.before
    assert "without LINE" in out
    assert newcomer.installed()


def test_input_that_ends_changes_nothing(newcomer: Newcomer) -> None:
    for typed in ("", newcomer.token, f"{newcomer.token}\n{OWNER_ID}\n"):
        code, out = newcomer.run(typed=typed)
        assert code == 1
        assert "--yes" in out
        assert newcomer.env.read_text() == newcomer.before
        assert not newcomer.installed()


def test_a_token_that_is_refused_three_times_ends_it(newcomer: Newcomer) -> None:
    code, out = newcomer.run(typed="wrong\nwith blanks\nwrong-again\n")
    assert code == 1
    assert out.count("LINE refuses") == 2
    assert "blanks" in out
    assert newcomer.env.read_text() == newcomer.before


def test_machines_give_the_token_in_the_environment(newcomer: Newcomer) -> None:
    environ = {TOKEN: newcomer.token, f"{P}LINE_NOTIFY_TO": OWNER_ID}
    code, out = newcomer.run("--yes", **environ)
    assert code == 0, out
    loaded = load({}, str(newcomer.box.folder / "home"))
    assert loaded.settings.line_channel_access_token == newcomer.token
    assert loaded.settings.line_notify_enabled
    assert newcomer.token not in out
    assert len(newcomer.box.messages()) == 1


def test_machines_without_a_token_go_without_line(newcomer: Newcomer) -> None:
    code, out = newcomer.run("--yes")
    assert code == 0, out
    assert newcomer.env.read_text() == newcomer.before
    assert newcomer.box.messages() == []


def test_mistakes_that_are_none_of_its_questions_are_said_first(newcomer: Newcomer) -> None:
    newcomer.env.write_text(f"{newcomer.before}{P}INTERVAL_SEC=often\n")
    code, out = newcomer.run("--yes")
    assert code == 2
    assert "INTERVAL_SEC" in out
    assert not newcomer.installed()


def test_a_link_in_the_place_of_env_stays_one(newcomer: Newcomer) -> None:
    real = newcomer.box.folder / "home/dotfiles/env"
    real.parent.mkdir()
    newcomer.env.rename(real)
    newcomer.env.symlink_to(real)
    code, out = newcomer.run("--yes", **{TOKEN: newcomer.token, f"{P}LINE_NOTIFY_TO": OWNER_ID})
    assert code == 0, out
    assert newcomer.env.is_symlink()
    assert newcomer.token in real.read_text()
    assert [path.name for path in real.parent.iterdir()] == ["env"]


def test_a_new_env_is_the_template_with_what_was_found(newcomer: Newcomer) -> None:
    environ = dict(
        line.partition("=")[::2] for line in newcomer.before.splitlines() if line.startswith(P)
    )
    newcomer.env.unlink()
    config = {"channels": {"line": {"enabled": True, "allow_from": [OWNER_ID]}}}
    (newcomer.box.pico_home / "config.json").write_text(json.dumps(config))
    code, out = newcomer.run("--yes", **{**environ, TOKEN: newcomer.token})
    assert code == 0, out
    env = newcomer.env.read_text()
    assert env.startswith("# Settings of picoclaw-watchdog")
    assert f"\n{P}LINE_NOTIFY_TO={OWNER_ID}\n" in env, "the only one the bot listens to"
    assert f"\n{P}GATEWAY_PORT={newcomer.box.ports.gateway}\n" in env
    assert f"#{P}GATEWAY_PORT" not in env
    again, _ = newcomer.run("--yes", "--no-test")
    assert again == 0
    assert newcomer.env.read_text() == env, "a second time changes nothing"
    assert len(newcomer.box.messages()) == 1


def test_language_and_wrong_usage(newcomer: Newcomer) -> None:
    code, out = newcomer.run("--yes", "--no-test", "--language", "ja")
    assert code == 0, out
    assert "監視を設定します" in out
    assert f"{P}LANGUAGE=ja\n" in newcomer.env.read_text()
    assert newcomer.run("--language", "fr")[0] == 2
    assert newcomer.run("--token", "x")[0] == 2
    assert newcomer.run("--yes", "--to", "U123")[0] == 2
    assert newcomer.run("--yes", "--token-stdin")[0] == 2
    assert newcomer.run("--help")[0] == 0


# -- what it does not have to ask -----------------------------------------------------------------


def changes(found: list[finding_out.Change]) -> dict[str, str]:
    return {change.field: change.value for change in found}


def test_what_only_the_shell_knows_is_written_down_as_it_stands_there(tmp_path: Path) -> None:
    environ = {
        f"{P}PAUSE_WINDOWS": " Sun 03:00 30m; *-*-01 04:00 1h ",
        f"{P}APPRISE_URLS": "warning>json://127.0.0.1:9/",
        f"{P}READY_URL": "",
        "PICO_HOME": str(tmp_path),
        "OTHER": "x",
    }
    loaded = load(environ, str(tmp_path))
    assert loaded.mistakes == ()
    found = finding_out.of_environment(loaded, environ)
    assert changes(found) == {
        "pause_windows": "Sun 03:00 30m; *-*-01 04:00 1h",
        "apprise_urls": "warning>json://127.0.0.1:9/",
        "ready_url": "",
    }
    assert finding_out.with_changes(loaded, found).settings == loaded.settings
    text = changed("", {change.key: change.value for change in found}, {})
    (tmp_path / ".env").write_text(text)
    (tmp_path / ".env").chmod(0o600)
    again = load({"PICO_HOME": str(tmp_path)}, str(tmp_path))
    assert again.mistakes == ()
    assert again.settings == loaded.settings


def test_what_would_become_public_is_shown_and_nothing_is_published(newcomer: Newcomer) -> None:
    newcomer.box.funnel_off()
    lines = [line for line in newcomer.before.splitlines() if "WEBHOOK_URL" not in line]
    newcomer.env.write_text("\n".join([*lines, ""]))
    code, out = newcomer.run("--yes", "--no-test")
    assert code == 0, out
    port = newcomer.box.ports.webhook
    assert f"\n  $ sudo tailscale funnel --bg {port}\n" in out or (
        f"\n  $ tailscale funnel --bg {port}\n" in out
    )
    said = " ".join(out.split())
    assert f"with every path that the program on port {port} answers" in said
    assert "Nothing is published by this set-up" in said
    assert out.index("makes public") < out.index("Setting up\n")
    assert newcomer.box.tailscale_commands() == []


def test_what_publishing_would_change_of_others_is_said_first(newcomer: Newcomer) -> None:
    newcomer.box.set_tailnet(
        serve=config({"/photos": {"Proxy": "http://127.0.0.1:2342"}}, public=False)
    )
    lines = [line for line in newcomer.before.splitlines() if "WEBHOOK_URL" not in line]
    newcomer.env.write_text("\n".join([*lines, ""]))
    code, out = newcomer.run("--yes", "--no-test", COLUMNS="300")
    assert code == 0, out
    said = next(line for line in out.splitlines() if "to another port first" in line)
    assert "/photos" in said
    assert newcomer.box.tailscale_commands() == []


@pytest.mark.parametrize("name", ["picoclaw.service", r"foo\x2dbar.service", "app@inst.service"])
def test_a_gateway_of_the_whole_system_is_said_to_be_one(newcomer: Newcomer, name: str) -> None:
    systemctl = newcomer.box.folder / "bin/systemctl"
    users = systemctl.rename(systemctl.with_name("users-systemctl"))
    systemctl.write_text(
        '#!/bin/sh\ncase "$*" in\n*"--user show -P LoadState"*) echo not-found ;;\n'
        f'*--user*) exec "{users}" "$@" ;;\n*LoadState*) echo loaded ;;\nesac\n'
    )
    systemctl.chmod(0o755)
    lines = [line for line in newcomer.before.splitlines() if "GATEWAY_SERVICE" not in line]
    newcomer.env.write_text("\n".join([*lines, f"{P}GATEWAY_SERVICE='{name}'", ""]))
    _, out = newcomer.run("--yes", "--no-test", COLUMNS="200")
    found = out.partition("Setting up\n")[0]
    assert f"{name} is a unit of the whole system" in found
    assert f"sudo systemctl status {shlex.quote(name)}" in found
    assert "no unit of the gateway was found" not in out


def test_a_shared_port_and_the_magic_dns_trap_are_seen(tmp_path: Path) -> None:
    seen = healthy(tmp_path)
    assert seen.public is not None
    seen.public = seen.public._replace(addresses=("100.101.102.103",))
    looks_bad(seen, Probe.WEBHOOK_LOCAL, Sight.SHARED_PORT)
    assert changes(finding_out.of_sight(seen)) == {
        "line_webhook_port": "18790",
        "probe_line_webhook_test": "true",
    }


def test_the_settings_to_come_are_looked_with(tmp_path: Path) -> None:
    loaded = load({}, str(tmp_path))
    change = finding_out.Change("line_webhook_port", "18790", wording.OF_PORT)
    settings = finding_out.with_changes(loaded, [change]).settings
    assert settings.line_webhook_port == 18790


def test_the_gateways_unit_is_looked_for_by_name_and_by_what_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Bin(tmp_path, monkeypatch)
    blocks = (
        "Id=my-bot.service\nExecStart={ path=/opt/picoclaw ; argv[]=/opt/picoclaw gateway ; }\n\n"
        "Id=ssh.service\nExecStart={ path=/usr/sbin/sshd ; }\n"
    )
    files = "claw-helper.service static -\npicoclaw-watchdog.service static -\nssh.service x -\n"
    programs.program(
        "systemctl",
        f"""case "$*" in
        *LoadState*) echo not-found ;;
        *list-unit-files*) printf '{files}' ;;
        *ExecStart*) printf '{blocks}' ;;
        esac""",
    )
    names = finding_out.gateway_units("picoclaw-gateway.service")
    assert names == ("my-bot.service", "claw-helper.service")
    programs.says("systemctl", "loaded\n")
    assert finding_out.gateway_units("mine.service") == ("mine.service",)
    programs.says("systemctl", err="no bus\n", code=1)
    assert finding_out.gateway_units("mine.service") is None


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ((OWNER_ID,), OWNER_ID),
        ((OWNER_ID, "C" + "1" * 32), OWNER_ID),
        ((OWNER_ID, STRANGER), ""),
        ((), ""),
    ],
)
def test_who_is_most_likely_the_owner(people: tuple[str, ...], expected: str) -> None:
    assert finding_out.likely_recipient(Picoclaw(may_write=people)) == expected

"""The token appears nowhere but where the owner put it."""

import base64
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from picoclaw_watchdog.demo.box import Box
from tests.waiting import wait_for

SOURCE = "line:U" + "7" * 32
WRAPPER = Path(__file__).parents[2] / "scripts" / "ops_watchdog_kick.sh"
SETTINGS = {
    "LOCAL_TIMEOUT_SEC": "1",
    "EXTERNAL_TIMEOUT_SEC": "1.5",
    "STOP_TIMEOUT_SEC": "2",
    "RESTART_VERIFY_SEC": "5",
    "STARTUP_GRACE_SEC": "0",
    "KICK_ENABLED": "true",
}


class Secret:
    """A token, and every form of it that would give it away."""

    def __init__(self) -> None:
        self.text = secrets.token_hex(32)  # as the documents tell the owner to make it
        raw = self.text.encode()
        self.forms = {raw, raw.hex().encode(), base64.b64encode(raw)}
        # Also a part that is long enough to guess the rest, or to recognise it by.
        self.forms |= {raw[:16], raw[-16:]}

    def is_in(self, data: bytes) -> bool:
        return any(form in data for form in self.forms)


class Ps:
    """All that `ps` would have shown anybody meanwhile."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.is_set():
            for process in filter(str.isdigit, os.listdir("/proc")):
                try:
                    self.seen.add(Path("/proc", process, "cmdline").read_bytes())
                except OSError:
                    continue
            time.sleep(0.001)

    def have_shown(self, token: Secret) -> bool:
        return any(map(token.is_in, self.seen.copy()))

    @contextmanager
    def watching(self) -> Iterator[None]:
        self._thread.start()
        yield
        self._over.set()
        self._thread.join()


@pytest.fixture
def token() -> Secret:
    return Secret()


@pytest.fixture
def host(token: Secret) -> Iterator[Box]:
    with Box({**SETTINGS, "KICK_TOKEN": token.text}) as box:
        yield box


def files_with(token: Secret, host: Box) -> list[str]:
    """Every file of the box, its names included, that gives the token away; .env may."""
    found = []
    for folder, _, names in os.walk(host.folder):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and token.is_in(os.fsencode(path) + path.read_bytes()):
                found.append(str(path.relative_to(host.folder)))
    return sorted(set(found) - {"home/.picoclaw/.env"})


def put(host: Box, *lines: str) -> None:
    """Requests as other programs write them."""
    host.state_dir.mkdir(parents=True, exist_ok=True)
    with (host.state_dir / "kick_request").open("a") as waiting:
        waiting.writelines(f"{line}\n" for line in lines)


def given(host: Box, *words: str, typed: str = "", **environ: str) -> tuple[int, str]:
    """Run the command with something on its standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "picoclaw_watchdog", *words],
        env={**host.environ, **environ},
        cwd=host.folder,
        input=typed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


def test_the_search_finds_the_token_where_it_is(host: Box, token: Secret) -> None:
    assert token.is_in((host.pico_home / ".env").read_bytes())
    put(host, f"restart_gateway|{token.text}|{SOURCE}|{time.time():.0f}")
    assert files_with(token, host) == ["home/.picoclaw/state/watchdog/kick_request"]
    ps = Ps()
    reading = [sys.executable, "-c", "input()", token.text]
    with ps.watching(), subprocess.Popen(reading, stdin=subprocess.PIPE, text=True) as shown:
        wait_for(lambda: ps.have_shown(token), "it is seen in ps")
        shown.communicate("over\n")
    assert ps.have_shown(token)


def test_a_signed_request_gives_nothing_away_from_asking_to_the_audit(
    host: Box, token: Secret
) -> None:
    ps = Ps()
    with ps.watching():
        printed = [host.run("kick", "restart_gateway", "--source", SOURCE)]
        assert "kick_request" in os.listdir(host.state_dir)
        assert files_with(token, host) == []
        printed.append(host.run("once"))
        printed.append(host.run("audit"))
        printed.append(host.run("audit", "--json"))
        printed.append(host.run("status"))
        printed.append(host.run("why"))
    assert host.gateway_starts() == 2, printed
    assert files_with(token, host) == []
    assert not token.is_in(repr(printed).encode())
    assert not ps.have_shown(token)


def test_a_request_that_a_killed_cycle_has_taken_gives_nothing_away(
    host: Box, token: Secret
) -> None:
    host.order("gateway", listen="dead")
    host.run("kick", "restart_gateway", "--source", SOURCE)
    taken = host.state_dir / "kick_taken"
    cycle = host.begin("once")
    until = time.monotonic() + 20
    while not taken.exists() and cycle.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    assert taken.exists(), "the cycle was over before it could be killed"
    cycle.kill()
    cycle.wait()
    assert files_with(token, host) == []


def test_plain_requests_good_and_bad_leave_no_token_behind(host: Box, token: Secret) -> None:
    now = f"{time.time():.0f}"
    put(
        host,
        f"restart_gateway|{token.text}|{SOURCE}|{now}",
        f"restart_gateway|{token.text}|{SOURCE}|1",
        f"format_disk|{token.text}|{SOURCE}|{now}",
        f"check_ollama|{token.text}|a b|{now}",
        f"check_ollama|{token.text}|{SOURCE}|{now}|more",
        f"check_ollama|{token.text}x|{SOURCE}|{now}",
        f"check_ollama|v1.{token.text}|{SOURCE}|{now}",
        # The owner mixed the fields up: the token stands where a source or an action is shown.
        f"check_ollama|{SOURCE}|{token.text}|{now}",
        f"{token.text}|check_ollama|{SOURCE}|{now}",
        f"check_ollama|wrong-token-wrong-token|{SOURCE}:{token.text}|{now}",
        f"check_ollama|{SOURCE}|{now}|{token.text}",
        f"{token.text}",
        f"check_ollama {token.text} {SOURCE} {now}",
        f"check_ollama|{token.text}|{SOURCE}|{now}" + "x" * 5000,
    )
    printed = [host.run("once"), host.run("once"), host.run("audit"), host.run("audit", "--json")]
    printed += [host.run("status", "--json"), host.run("why")]
    assert host.messages(), "the refusals are told"
    assert files_with(token, host) == []
    assert not token.is_in(repr(printed).encode())
    assert not token.is_in(repr(host.messages()).encode())


def test_every_way_to_give_the_token_is_silent_about_it(host: Box, token: Secret) -> None:
    kept = host.folder / "owner-token"
    kept.write_text(token.text + "\n")
    kept.chmod(0o600)
    kick = ("kick", "check_ollama", "--source", SOURCE)
    name = "PICOCLAW_WATCHDOG_KICK_TOKEN"
    ps = Ps()
    with ps.watching():
        printed = [
            given(host, *kick, "--token-file", str(kept)),
            given(host, *kick, "--token-stdin", typed=token.text + "\n"),
            given(host, *kick, **{name: token.text}),
        ]
        assert [code for code, _ in printed] == [0, 0, 0], "each of them works"
        # And each of them fails, in as many ways as an owner finds.
        printed += [
            given(host, *kick, "--token-stdin", typed=token.text + "|\nmore\n"),
            given(host, *kick, "--token-stdin", typed=token.text + "\0"),
            given(host, *kick, "--token-file", str(host.folder / "nowhere")),
            given(host, *kick, "--token-file", str(host.folder)),
            given(host, *kick, **{name: f"{token.text} {token.text}"}),
            given(host, *kick, **{name: f"{token.text}|"}),
            given(host, "kick", "unknown", "--token-stdin", typed=token.text),
            given(
                host,
                *kick,
                **{name: token.text, "PICOCLAW_WATCHDOG_KICK_FILE": f"{kept}/below/a/file"},
            ),
            given(host, "config", "show"),
            given(host, "config", "check", **{name: f"{token.text}|"}),
        ]
    assert not token.is_in(repr(printed).encode()), printed
    assert not ps.have_shown(token)
    kept.unlink()
    host.run("once")
    assert files_with(token, host) == []


def test_a_token_on_the_wrappers_command_line_goes_no_further_and_is_warned_of(
    host: Box, token: Secret
) -> None:
    program = host.folder / "home/.local/share/picoclaw/venv/bin/picoclaw-watchdog"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m picoclaw_watchdog "$@"\n')
    program.chmod(0o700)
    ps = Ps()
    with ps.watching():
        done = subprocess.run(
            ["/bin/sh", WRAPPER, "check_ollama", SOURCE, token.text],
            env=host.environ,
            cwd=host.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert "other users can read" in done.stderr
    assert not token.is_in((done.stdout + done.stderr).encode())
    given_away = [line for line in ps.seen if token.is_in(line)]
    assert all(line.startswith(b"/bin/sh\0") for line in given_away), "only the wrapper itself"
    assert files_with(token, host) == []


def test_a_token_on_our_own_command_line_goes_no_further_and_is_warned_of(
    host: Box, token: Secret
) -> None:
    printed = [
        host.run("kick", "check_ollama", SOURCE, token.text),
        host.run("kick", "check_ollama", SOURCE, f"{token.text}|"),
        host.run("kick", "check_ollama", SOURCE, token.text, "--token-stdin"),
        host.run("kick", "check_ollama", f"--token={token.text}"),
    ]
    assert [code for code, _ in printed] == [0, 2, 2, 2]
    assert "other users can read" in printed[0][1]
    printed.append(host.run("once"))
    assert not token.is_in(repr(printed).encode()), printed
    assert files_with(token, host) == []


def test_no_variable_of_the_token_reaches_the_programs_that_are_started(
    host: Box, token: Secret
) -> None:
    """Whoever may see one of them run need not see the token in its environment."""
    program = host.folder / "bin" / "systemctl"
    real = program.rename(program.with_name("systemctl-real"))
    seen = host.folder / "environments"
    program.write_text(
        f'#!/bin/sh\n/usr/bin/env >> "{seen}"\nexec "{real}" "$@"\n',
    )
    program.chmod(0o700)
    host.run("kick", "restart_gateway", "--source", SOURCE)
    host.run("once")
    assert b"PICO_HOME" in seen.read_bytes()
    assert not token.is_in(seen.read_bytes())

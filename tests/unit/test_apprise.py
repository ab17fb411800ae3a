"""The real Apprise library, sending to stand-ins on loopback."""

import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from picoclaw_watchdog.channels import apprise_child
from picoclaw_watchdog.channels.apprise import MISSING, AppriseCourier, masked, python_for
from picoclaw_watchdog.core.couriers import addresses
from picoclaw_watchdog.core.model import Receipt
from picoclaw_watchdog.core.reasons import Fate
from picoclaw_watchdog.core.settings import Settings
from tests.unit.servers import Server, closed_port, response, says, silent

TEXT = "[minipc] The gateway is down\nSeen: connection refused\nMore: picoclaw-watchdog why"
DEADLINE = 30.0  # seconds; a loaded machine needs some to import the library
PATIENCE = 120.0  # seconds, for what would never come if it were broken


def courier(url: str, home: str = "") -> AppriseCourier:
    (address,) = addresses(Settings(apprise_urls=(f"notice>{url}",)))
    return AppriseCourier(address, home)


def send(url: str, deadline: float = DEADLINE) -> Receipt:
    return courier(url).start(TEXT, "failure", deadline)()


def test_a_message_arrives_with_its_title_its_text_and_its_kind() -> None:
    with Server(says(response(200))) as server:
        receipt = send(f"json://127.0.0.1:{server.port}/hook")
        (request,) = server.requests
    assert receipt == Receipt(Fate.SENT)
    body = json.loads(request.partition(b"\r\n\r\n")[2])
    assert body["title"] == "[minipc] The gateway is down"
    assert body["message"] == "Seen: connection refused\nMore: picoclaw-watchdog why"
    assert body["type"] == "failure"


def test_ntfy_gets_japanese_whole() -> None:
    with Server(says(response(200, b"{}"))) as server:
        address = f"ntfy://127.0.0.1:{server.port}/owner"
        receipt = courier(address).start("[箱] 停止\n接続拒否", "warning", DEADLINE)()
        (request,) = server.requests
    assert receipt.fate is Fate.SENT
    body = json.loads(request.partition(b"\r\n\r\n")[2])
    assert (body["topic"], body["title"], body["message"]) == ("owner", "[箱] 停止", "接続拒否")


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (401, Fate.REFUSED),
        (404, Fate.REFUSED),
        (429, Fate.TRY_LATER),
        (503, Fate.TRY_LATER),
    ],
)
def test_an_error_says_whether_another_try_can_help(status: int, fate: Fate) -> None:
    with Server(says(response(status))) as server:
        receipt = send(f"json://127.0.0.1:{server.port}/hook")
    assert receipt.fate is fate
    assert f"error={status}" in receipt.detail


def test_a_closed_port_means_that_nothing_was_sent() -> None:
    receipt = send(f"json://127.0.0.1:{closed_port()}/hook")
    assert receipt.fate is Fate.NOT_SENT
    assert receipt.detail.endswith("(not reached)")


def test_a_server_that_hangs_up_leaves_the_fate_open() -> None:
    with Server(says()) as server:
        assert send(f"json://127.0.0.1:{server.port}/hook").fate is Fate.SILENT


def test_a_silent_server_costs_no_more_than_the_deadline() -> None:
    with Server(silent) as server:
        receipt = send(f"json://127.0.0.1:{server.port}/?rto=120", deadline=6.0)
    assert receipt == Receipt(Fate.SILENT, "no answer in time")


def test_two_couriers_are_on_their_way_at_the_same_time() -> None:
    """Neither is answered before both have come."""
    both = threading.Barrier(2)

    def once_both_are_here(connection: socket.socket, _: bytes) -> None:
        both.wait(PATIENCE)
        connection.sendall(response(200))

    with Server(once_both_are_here) as server:
        url = f"json://127.0.0.1:{server.port}/?rto={PATIENCE:.0f}"
        receipts = [courier(url).start(TEXT, "info", PATIENCE) for _ in range(2)]
        assert [receipt().fate for receipt in receipts] == [Fate.SENT, Fate.SENT]


def test_an_address_that_the_library_does_not_know_is_refused() -> None:
    receipt = send("nothing://at/all")
    assert receipt == Receipt(Fate.REFUSED, "Apprise does not know this kind of address")


def test_a_crash_of_the_child_leaves_the_fate_open(tmp_path: Path) -> None:
    python = tmp_path / ".local/share/picoclaw/apprise/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nkill -9 $$\n")
    python.chmod(0o755)
    receipt = courier("json://127.0.0.1/", str(tmp_path)).start(TEXT, "info", DEADLINE)()
    assert receipt == Receipt(Fate.SILENT, "the sender ended with status -9")


def test_without_the_library_the_command_that_installs_it_is_named(tmp_path: Path) -> None:
    python = tmp_path / ".local/share/picoclaw/apprise/bin/python"
    python.parent.mkdir(parents=True)
    base = os.path.realpath(sys.executable)  # without the packages of this environment
    python.write_text(f'#!/bin/sh\nexec {base} -S "$@"\n')
    python.chmod(0o755)
    receipt = courier("json://127.0.0.1/", str(tmp_path)).start(TEXT, "info", DEADLINE)()
    assert receipt == Receipt(Fate.REFUSED, MISSING)


def test_installing_the_library_is_a_reason_to_try_again(tmp_path: Path) -> None:
    before = courier("json://127.0.0.1/", str(tmp_path)).fingerprint()
    assert python_for(str(tmp_path)) == sys.executable
    python = tmp_path / ".local/share/picoclaw/apprise/bin/python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert courier("json://127.0.0.1/", str(tmp_path)).fingerprint() != before
    assert courier("json://127.0.0.2/").fingerprint() != before


class Mailbox:
    """What a real SMTP server does with what it is given."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.mails: list[str] = []

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: object, session: object, envelope: Envelope, address: str, options: object
    ) -> str:
        del server, session, options
        envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        content = envelope.content or b""
        self.mails.append(content.decode() if isinstance(content, bytes) else content)
        return "250 taken"


@pytest.mark.parametrize(
    ("answer", "fate", "number"),
    [
        ("250 fine", Fate.SENT, 1),
        ("550 no such user", Fate.REFUSED, 0),
        ("451 later", Fate.TRY_LATER, 0),
    ],
)
def test_mail_goes_by_a_real_smtp_server(answer: str, fate: Fate, number: int) -> None:
    mailbox = Mailbox(answer)
    port = closed_port()
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        url = f"mailto://127.0.0.1:{port}?from=w@example.com&to=o@example.com&mode=insecure"
        receipt = courier(url).start("[箱] 停止\nbody", "failure", DEADLINE)()
    finally:
        server.stop()
    assert receipt.fate is fate
    assert "example" not in receipt.detail
    assert len(mailbox.mails) == number


def test_no_secret_stands_on_the_childs_command_line() -> None:
    lines: list[bytes] = []

    def spy(connection: object, request: bytes) -> None:
        del connection, request
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                lines.append((folder / "cmdline").read_bytes())
            except OSError:
                continue

    script: Callable[[object, bytes], None] = spy
    with Server(script) as server:
        send(f"json://127.0.0.1:{server.port}/hunter2-token")
    assert any(b"apprise_child" in line for line in lines)
    assert not any(b"hunter2" in line for line in lines)


def test_what_the_library_says_is_masked() -> None:
    url = "tgram://123456789:abcdefg_hijkl/lead2gold/?silent=yes"
    said = "Failed to send to 123456789:abcdefg_hijkl @lead2gold:\n error=401."
    assert masked(said, url) == "Failed to send to ***:*** @***: error=401."


@pytest.mark.parametrize(
    ("said", "fate"),
    [
        ([(30, "Failed: error=410.")], "refused"),
        ([(30, "Failed: error=408.")], "try_later"),
        ([(10, "Socket Exception: Read timed out."), (30, "A Connection error")], "silent"),
        ([(30, "x"), (10, "Socket Exception: NewConnectionError(...)")], "not_sent"),
        ([(30, "There are no targets")], "try_later"),
        ([], "try_later"),
    ],
)
def test_what_the_library_says_becomes_a_fate(said: list[tuple[int, str]], fate: str) -> None:
    assert apprise_child.fate_of(said)[0] == fate

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.host.notify import notify, watchdog_interval


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(5)
        if request.param == "file":
            address = str(tmp_path / "notify")
            listener.bind(address)
        else:
            listener.bind("")  # the kernel chooses an abstract name
            address = "@" + listener.getsockname()[1:].decode()
        yield listener, address


def test_a_message_arrives_as_one_datagram(manager: tuple[socket.socket, str]) -> None:
    listener, address = manager
    assert notify("READY=1\nSTATUS=見ています", {"NOTIFY_SOCKET": address})
    assert listener.recv(4096).decode() == "READY=1\nSTATUS=見ています"


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1234", "/", "@", "/a\0b"])
def test_without_a_usable_socket_nothing_happens(address: str) -> None:
    assert not notify("READY=1", {"NOTIFY_SOCKET": address})


def test_a_manager_that_is_gone_is_no_error(tmp_path: Path) -> None:
    assert not notify("READY=1", {})
    assert not notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "gone")})
    assert not notify("READY=1", {"NOTIFY_SOCKET": "/" + "x" * 300})


def test_the_interval_is_in_seconds_and_ours_alone() -> None:
    assert watchdog_interval({"WATCHDOG_USEC": "30000000"}, 7) == 30
    assert watchdog_interval({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "7"}, 7) == 0.5
    assert watchdog_interval({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "8"}, 7) is None


@pytest.mark.parametrize("value", ["", "0", "-1", "soon", "1.5", "²", " 1"])
def test_an_interval_that_is_none_is_none(value: str) -> None:
    assert watchdog_interval({"WATCHDOG_USEC": value}, 7) is None
    assert watchdog_interval({}, 7) is None

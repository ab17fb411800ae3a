import socket
import time
from pathlib import Path

import pytest

from picoclaw_watchdog.host import resolve as resolving
from picoclaw_watchdog.host.network import HostNetwork
from picoclaw_watchdog.host.resolve import Address, Unresolved, literal, resolve
from picoclaw_watchdog.ports import HttpFate, Request
from tests.unit.servers import Server, closed_port, response, says

BY_NETLINK = HostNetwork()
BY_FILES = HostNetwork(netlink=False)

ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010200C0\t{flags}\t0\t0\t0\t{mask}\t0\t0\t0\n"
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
)
ZERO = "0" * 32
ROUTES6 = (
    f"fd00{'0' * 28} 40 {ZERO} 00 {ZERO} 00000100 00000001 00000000 00000001     eth0\n"
    f"{ZERO} {{length}} {ZERO} 00 {ZERO} 00000400 00000002 00000000 {{flags}}     {{device}}\n"
)


@pytest.fixture(params=[BY_NETLINK, BY_FILES], ids=["netlink", "files"])
def network(request: pytest.FixtureRequest) -> HostNetwork:
    found: HostNetwork = request.param
    return found


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_a_listener_is_seen_on_whatever_address(network: HostNetwork, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((address, 0))
        port = listener.getsockname()[1]
        assert network.listening([port]) == frozenset(), "bound is not listening"
        listener.listen()
        assert network.listening([port, 1]) == frozenset({port})


def test_a_connection_is_no_listener(network: HostNetwork) -> None:
    with Server(says(b"")) as server, socket.create_connection(("127.0.0.1", server.port)) as one:
        port = one.getsockname()[1]
        assert network.listening([port, server.port]) == frozenset({server.port})


def test_many_listeners_are_all_seen(network: HostNetwork) -> None:
    sockets = [socket.socket() for _ in range(300)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
            each.listen()
        ports = {each.getsockname()[1] for each in sockets}
        assert network.listening(sorted(ports)) == frozenset(ports)
    finally:
        for each in sockets:
            each.close()


def test_where_nobody_tells_who_listens_the_answer_is_unknown(tmp_path: Path) -> None:
    assert HostNetwork(str(tmp_path), netlink=False).listening([1]) is None


def test_one_table_is_enough_where_ipv6_is_off(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue\n"
        "   0: 0100007F:4966 00000000:0000 0A 00000000:00000000 00:00000000\n"
        "   1: 0100007F:4967 0100007F:C350 01 00000000:00000000 00:00000000\n"
        "   2: 0100007F:4968 00000000:0000 07 00000000:00000000 00:00000000\n"
    )
    network = HostNetwork(str(tmp_path), netlink=False)
    assert network.listening([0x4966, 0x4967, 0x4968]) == frozenset({0x4966})


@pytest.mark.parametrize(
    ("flags", "mask", "expected"),
    [
        ("0003", "00000000", True),
        ("0001", "00000000", True),
        ("0002", "00000000", False),
        ("0201", "00000000", False),
        ("0003", "000000FF", False),
    ],
    ids=["gateway", "device", "down", "unreachable", "a network at zero"],
)
def test_a_default_route_is_one_that_is_up(
    tmp_path: Path, flags: str, mask: str, *, expected: bool
) -> None:
    (tmp_path / "route").write_text(ROUTES.format(flags=flags, mask=mask))
    assert HostNetwork(str(tmp_path)).has_route() is expected


@pytest.mark.parametrize(
    ("length", "flags", "device", "expected"),
    [
        ("00", "00000003", "eth0", True),
        ("00", "00200200", "lo", False),
        ("00", "00000001", "lo", False),
        ("00", "00000203", "eth0", False),
        ("08", "00000003", "eth0", False),
    ],
    ids=["gateway", "the kernel's own on lo", "to ourselves", "unreachable", "not the whole world"],
)
def test_an_ipv6_default_route_counts_too(
    tmp_path: Path, length: str, flags: str, device: str, *, expected: bool
) -> None:
    (tmp_path / "ipv6_route").write_text(ROUTES6.format(length=length, flags=flags, device=device))
    assert HostNetwork(str(tmp_path)).has_route() is expected


def test_an_empty_table_has_no_route_and_a_missing_one_is_unknown(tmp_path: Path) -> None:
    assert HostNetwork(str(tmp_path)).has_route() is None
    (tmp_path / "route").write_text(ROUTES.splitlines()[0] + "\n")
    assert HostNetwork(str(tmp_path)).has_route() is False


def test_names_resolve_or_not() -> None:
    assert BY_NETLINK.resolves("localhost", 1)
    assert BY_NETLINK.resolves("192.0.2.1", 1)
    assert not BY_NETLINK.resolves("a" * 300 + ".invalid", 5)
    assert not BY_NETLINK.resolves("", 5)


def test_localhost_is_ipv4_first_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "_ask", None)
    assert resolve("LocalHost", 0) == (
        Address(socket.AF_INET, "127.0.0.1"),
        Address(socket.AF_INET6, "::1"),
    )
    assert resolve("::1", 0) == (Address(socket.AF_INET6, "::1"),)


def test_a_resolver_that_hangs_does_not_outlast_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hangs(_name: str) -> tuple[Address, ...]:
        time.sleep(20)
        return ()

    monkeypatch.setattr(resolving, "_ask", hangs)
    began = time.monotonic()
    assert isinstance(resolve("api.example", 0.2), Unresolved)
    answer = BY_NETLINK.ask(Request("http://api.example/"), 0.2)
    assert time.monotonic() - began < 10
    assert answer.fate is HttpFate.NAME_UNKNOWN


def test_text_that_is_no_address_is_none() -> None:
    assert literal("127.0.0.1") == Address(socket.AF_INET, "127.0.0.1")
    for text in ("", "127.1", "localhost", "1.2.3.4.5", "::g", "a\0b", "日本"):
        assert literal(text) is None


def test_asking_is_http() -> None:
    with Server(says(response(200, b"hello"))) as server:
        answer = BY_NETLINK.ask(Request(server.url), 5)
    assert (answer.status, answer.body) == (200, b"hello")
    refused = BY_NETLINK.ask(Request(f"http://127.0.0.1:{closed_port()}/"), 5)
    assert refused.fate is HttpFate.REFUSED

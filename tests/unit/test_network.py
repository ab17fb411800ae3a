import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from picoclaw_watchdog.host import network as network_module
from picoclaw_watchdog.host import resolve as resolving
from picoclaw_watchdog.host.network import HostNetwork
from picoclaw_watchdog.host.resolve import Address, Unresolved, literal, resolve
from picoclaw_watchdog.ports import HttpFate, Request
from tests.unit.limits import no_descriptors_left
from tests.unit.servers import Server, closed_port, response, says

BY_NETLINK = HostNetwork()
BY_FILES = HostNetwork(netlink=False)


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


SAYS = "from picoclaw_watchdog.host.network import HostNetwork as N; print(N().has_route())"


def has_route(*commands: str) -> str:
    """What is said in a network of its own, in which these `ip` commands were given."""
    setup = " && ".join(f"ip {command}" for command in ("link set lo up", *commands))
    ran = subprocess.run(
        ["unshare", "-n", "sh", "-c", f'{setup} && exec "$0" -c "$1"', sys.executable, SAYS],
        env={**os.environ, "PYTHONPATH": str(Path(network_module.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    if "Operation not permitted" in ran.stderr or "not found" in ran.stderr:
        pytest.skip(ran.stderr)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


CARD = ("link add card type bridge", "addr add 192.0.2.2/24 dev card", "link set card up")
CARD6 = (
    "link add card type bridge",
    "-6 addr add 2001:db8::2/64 dev card nodad",
    "link set card up",
)


@pytest.mark.parametrize(
    "commands",
    [
        (*CARD, "route add default via 192.0.2.1"),
        (*CARD, "route add default dev card"),
        (*CARD, "route add 0.0.0.0/1 dev card", "route add 128.0.0.0/1 dev card"),
        (*CARD, "route add default dev card table 51820", "rule add not fwmark 7 table 51820"),
        (*CARD, "route add default dev card table 7", "rule add from all lookup 7 pref 100"),
        (*CARD6, "-6 route add default via 2001:db8::1 dev card"),
        (*CARD6, "-6 route add default dev card table 9", "-6 rule add from all lookup 9"),
    ],
    ids=["gateway", "device", "halves", "wireguard", "table", "IPv6 only", "IPv6 table"],
)
def test_a_way_into_the_world_is_one_by_whatever_table(commands: tuple[str, ...]) -> None:
    assert has_route(*commands) == "True"


@pytest.mark.parametrize(
    "commands",
    [
        (),
        CARD,
        CARD6,
        (*CARD, "route add unreachable default"),
        (*CARD, "route add prohibit default"),
        (*CARD, "route add blackhole default"),
        (*CARD, "route add default dev card", "link set card down"),
    ],
    ids=["nothing", "a network", "an IPv6 network", "unreachable", "prohibit", "blackhole", "down"],
)
def test_where_the_kernel_knows_no_way_there_is_none(commands: tuple[str, ...]) -> None:
    assert has_route(*commands) == "False"


def test_a_kernel_that_cannot_be_asked_is_no_missing_route() -> None:
    with no_descriptors_left():
        assert BY_NETLINK.has_route() is None


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

"""The HTTP client: the way out by a proxy that the environment names."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from picoclaw_watchdog.host.http import ask
from picoclaw_watchdog.host.proxy import Proxy, parsed, proxy_for
from picoclaw_watchdog.ports import HttpFate, Request
from tests.unit.certificates import Authority
from tests.unit.servers import Script, Server, closed_port, response, says, silent
from tests.unit.test_http_tls import TlsServer

NAME = "api.example"
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "HTTP_PROXY")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    authority = Authority(tmp_path_factory.mktemp("ca"))
    return authority.certificate(NAME), authority.bundle


@pytest.fixture
def tls(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[TlsServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    server = TlsServer(certificate[0], response(200, b"by way of the proxy"))
    yield server
    server.close()


def connects_to(port: int) -> Script:
    """A proxy that leads every CONNECT to one port of this machine."""

    def script(client: socket.socket, _: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port)) as there:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(there, client), daemon=True)
            back.start()
            _copy(client, there)
            back.join(5)

    return script


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("form", ["http://127.0.0.1:{}", "127.0.0.1:{}", "http://127.0.0.1:{}/"])
def test_a_tls_host_is_reached_by_the_proxy(
    tls: TlsServer, monkeypatch: pytest.MonkeyPatch, variable: str, form: str
) -> None:
    with Server(connects_to(tls.port)) as proxy:
        monkeypatch.setenv(variable, form.format(proxy.port))
        headers = (("Authorization", "Bearer secret"),)
        answer = ask(Request(f"https://{NAME}/push", headers=headers), 10)
    assert (answer.status, answer.body) == (200, b"by way of the proxy")
    assert proxy.requests == [f"CONNECT {NAME}:443 HTTP/1.1\r\nHost: {NAME}:443\r\n\r\n".encode()]


def test_the_certificate_behind_a_proxy_is_still_checked(
    tls: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(connects_to(tls.port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        answer = ask(Request("https://other.example/"), 10)
    assert answer.fate is HttpFate.CERTIFICATE_REFUSED


def test_the_proxys_credentials_go_to_the_proxy_and_into_no_message(
    tls: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(connects_to(tls.port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:p%40ss@127.0.0.1:{proxy.port}")
        assert ask(Request(f"https://{NAME}/"), 10).status == 200
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in proxy.requests[0]
    answer = ask(Request(f"https://{NAME}/"), 10)
    assert answer.fate is HttpFate.PROXY_FAILED
    assert "ss@" not in answer.detail


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (says(response(407)), "answers 407"),
        (says(response(403, b"<html>")), "answers 403"),
        (says(b"SSH-2.0-x\r\n"), "answers 0"),
        (says(b""), "answers 0"),
    ],
)
def test_a_proxy_that_does_not_connect_is_named(
    monkeypatch: pytest.MonkeyPatch, script: Script, words: str
) -> None:
    with Server(script) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        answer = ask(Request(f"https://{NAME}/"), 10)
    assert (answer.fate, answer.sent) == (HttpFate.PROXY_FAILED, False)
    assert answer.detail == f"the proxy 127.0.0.1:{proxy.port} {words}"


def test_a_proxy_that_is_silent_or_not_there_is_the_proxys_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
    assert ask(Request(f"https://{NAME}/"), 10).fate is HttpFate.PROXY_FAILED
    with Server(silent) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert ask(Request(f"https://{NAME}/"), 0.3).fate is HttpFate.PROXY_FAILED


@pytest.mark.parametrize("scheme", ["socks5", "https", "SOCKS5h"])
def test_a_proxy_of_another_kind_is_said_plainly(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://127.0.0.1:1")
    answer = ask(Request(f"https://{NAME}/"), 10)
    assert answer.fate is HttpFate.PROXY_FAILED
    assert "does not speak http://" in answer.detail


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "::1", "100.64.0.1", "100.127.255.254", "fd7a:115c:a1e0::53"],
)
def test_this_machine_and_its_tailnet_are_never_reached_by_a_proxy(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert proxy_for(host) is None


@pytest.mark.parametrize(
    ("exceptions", "direct"),
    [
        ("", False),
        ("*", True),
        ("api.line.me", True),
        ("line.me", True),
        (".line.me", True),
        ("*.line.me", True),
        ("other.example, LINE.me", True),
        ("e.me", False),
        ("api.line.me.example", False),
    ],
)
def test_exceptions_are_read_as_curl_reads_them(
    monkeypatch: pytest.MonkeyPatch, exceptions: str, *, direct: bool
) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", exceptions)
    assert (proxy_for("api.line.me") is None) is direct


def test_a_network_can_be_excepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8,[2001:db8::1]")
    assert proxy_for("10.1.2.3") is None
    assert proxy_for("2001:db8::1") is None
    assert proxy_for("11.1.2.3") is not None


def test_plain_http_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(says(response(204))) as server:
        for name in PROXY_VARIABLES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
        assert ask(Request(server.url), 10).status == 204


def test_a_setting_that_is_no_proxy_is_none() -> None:
    assert parsed("http://u:p@[2001:db8::1]:3128") == Proxy("2001:db8::1", 3128, "u:p")
    assert parsed("") is None
    assert parsed("http://a b") is None

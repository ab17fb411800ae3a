"""The HTTP client: TLS."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from picoclaw_watchdog.host.http import ask
from picoclaw_watchdog.ports import HttpFate, Request
from tests.unit.asking import LATE, SHORT
from tests.unit.certificates import Authority
from tests.unit.servers import response


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for safe.example and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    made = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=safe.example",
            "-addext",
            "subjectAltName=DNS:safe.example,IP:127.0.0.1",
            *files,
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("no openssl to make a certificate with")
    both = folder / "both.pem"
    both.write_text((folder / "cert").read_text() + (folder / "key").read_text())
    return both


class TlsServer:
    """Answers one request per connection over TLS."""

    def __init__(self, certificate: Path, answer: bytes) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(65536)
                    tls.sendall(self._answer)
            except OSError:
                pass
            connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def tls(certificate: Path) -> Iterator[TlsServer]:
    server = TlsServer(certificate, response(405, b"Method not allowed"))
    yield server
    server.close()


def test_a_certificate_for_the_name_is_accepted(
    tls: TlsServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    url = f"https://safe.example:{tls.port}/webhook/line"
    answer = ask(Request(url, connect_to="127.0.0.1"), 10)
    assert (answer.fate, answer.status, answer.body) == (
        HttpFate.ANSWERED,
        405,
        b"Method not allowed",
    )
    assert ask(Request(f"https://127.0.0.1:{tls.port}/"), 10).status == 405


def test_a_certificate_for_another_name_is_refused(
    tls: TlsServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    url = f"https://other.example:{tls.port}/"
    answer = ask(Request(url, connect_to="127.0.0.1"), 10)
    assert (answer.fate, answer.sent) == (HttpFate.CERTIFICATE_REFUSED, False)
    assert "mismatch" in answer.detail.lower()
    assert answer.reason == 62


def test_a_certificate_from_nobody_we_know_is_refused(
    tls: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    url = f"https://safe.example:{tls.port}/"
    answer = ask(Request(url, connect_to="127.0.0.1"), 10)
    assert answer.fate is HttpFate.CERTIFICATE_REFUSED
    assert "certificate" in answer.detail.lower()
    assert answer.reason == 18


def test_a_folder_of_hashed_certificates_is_enough(
    tls: TlsServer, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", str(certificate)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (tmp_path / f"{hashed}.0").write_text(certificate.read_text().split("-----BEGIN PRIV")[0])
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    url = f"https://safe.example:{tls.port}/"
    assert ask(Request(url, connect_to="127.0.0.1"), 10).status == 405


@pytest.mark.parametrize("content", [None, "", "# no certificate in here\n"])
def test_without_any_ca_certificate_it_is_we_who_cannot_verify(
    tls: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "folder"))
    answer = ask(Request(f"https://safe.example:{tls.port}/", connect_to="127.0.0.1"), 10)
    assert answer.fate is HttpFate.NO_CERTIFICATES
    assert f"no CA certificates in {bundle} or {tmp_path}/folder" in answer.detail


def test_a_folder_with_empty_files_is_no_store(
    tls: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0a1b2c3d.0").touch()
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    answer = ask(Request(f"https://safe.example:{tls.port}/", connect_to="127.0.0.1"), 10)
    assert answer.fate is HttpFate.NO_CERTIFICATES


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.mark.parametrize(
    ("dates", "reason", "words"),
    [
        (("20200101000000Z", "20210101000000Z"), 10, "expired"),
        (("20990101000000Z", "20991231000000Z"), 9, "not yet valid"),
    ],
)
def test_a_certificate_that_is_not_of_today_is_refused_for_its_date(
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    dates: tuple[str, str],
    reason: int,
    words: str,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    server = TlsServer(authority.certificate("safe.example", *dates), response(200))
    answer = ask(Request(f"https://safe.example:{server.port}/", connect_to="127.0.0.1"), 10)
    server.close()
    assert (answer.fate, answer.reason) == (HttpFate.CERTIFICATE_REFUSED, reason)
    assert words in answer.detail


def test_a_certificate_by_an_authority_that_we_do_not_have_is_refused(
    authority: Authority, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a host whose store is there, but not whole."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")
    server = TlsServer(authority.certificate("safe.example"), response(200))
    answer = ask(Request(f"https://safe.example:{server.port}/", connect_to="127.0.0.1"), 10)
    server.close()
    assert answer.fate is HttpFate.CERTIFICATE_REFUSED
    assert answer.reason in (20, 21)


def test_the_verification_is_the_standard_librarys_own(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a Python adds to its default (3.13: strict, partial chains) holds here, too."""
    made: list[ssl.SSLContext] = []
    default = ssl.create_default_context

    def spied() -> ssl.SSLContext:
        made.append(default())
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", spied)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = TlsServer(certificate, response(200))
    assert ask(Request(f"https://127.0.0.1:{server.port}/"), 10).status == 200
    server.close()
    (context,) = made
    assert context.verify_flags == default().verify_flags
    assert context.minimum_version == default().minimum_version
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_handshake_that_never_ends_cannot_outlast_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        began = time.monotonic()
        answer = ask(Request(f"https://127.0.0.1:{port}/"), SHORT)
    assert time.monotonic() - began < SHORT + LATE
    assert (answer.fate, answer.sent) == (HttpFate.NO_ANSWER, False)


def test_a_server_without_tls_fails_the_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def plain() -> None:
            connection, _ = listener.accept()
            connection.sendall(response(400))
            connection.recv(1000)
            connection.close()

        threading.Thread(target=plain, daemon=True).start()
        answer = ask(Request(f"https://127.0.0.1:{listener.getsockname()[1]}/"), 5)
    assert answer.fate is HttpFate.TLS_FAILED

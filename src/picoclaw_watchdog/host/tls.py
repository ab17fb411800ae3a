"""TLS over a connected socket, verified, by the interpreter's own OpenSSL binding.

`_ssl` and not `ssl`: the checks are the same, they are OpenSSL's, but `ssl` brings `socket`,
`selectors`, `base64` and a dozen enums with it, a tenth of a quiet cycle's CPU
(docs/decisions/0014). What is used here has been the same since CPython 3.7 (Lib/ssl.py).
"""

import _socket
import _ssl
import os
from contextlib import suppress

from picoclaw_watchdog.light import Any

CertificateError = _ssl.SSLCertVerificationError

HASHED_FOLDERS = ("/etc/ssl/certs", "/etc/pki/tls/certs")


class _Plain(_socket.socket):
    """As TLS wants it: it holds on to it by a weak reference."""

    __slots__ = ("__weakref__",)


class Secured:
    """A connection whose other end has proved its name.

    Args:
        plain: the connected socket, with its time limit set. It is taken over.
        host: the name that the certificate must be for: ASCII, or an IP address.

    Raises:
        CertificateError: the certificate is not to be trusted, or is another host's.
        OSError: the handshake failed; TimeoutError among them.
        ValueError: no name that a certificate could be for.
    """

    def __init__(self, plain: _socket.socket, host: str) -> None:
        seconds = plain.gettimeout()
        self._plain = _Plain(fileno=plain.detach())
        self._plain.settimeout(seconds)
        try:
            self._tls: Any = _context()._wrap_socket(self._plain, False, host)  # noqa: SLF001
            self._tls.do_handshake()
        except BaseException:
            self._plain.close()
            raise

    def settimeout(self, seconds: float) -> None:
        """The time limit of the next call, in seconds."""
        self._plain.settimeout(seconds)

    def send(self, data: memoryview) -> int:
        """Send some of it; how many bytes.

        Raises:
            OSError: as a socket's.
        """
        return int(self._tls.write(data))

    def recv(self, limit: int) -> bytes:
        """The next bytes; none where the other side has closed, politely or not.

        Raises:
            OSError: as a socket's.
        """
        try:
            return bytes(self._tls.read(limit))
        except _ssl.SSLEOFError:
            return b""

    def close(self) -> None:
        """Close the connection; nothing that was sent is waited for."""
        self._plain.close()


def _context() -> Any:
    """A context that verifies chain and name, from TLS 1.2 on: PROTOCOL_TLS_CLIENT's defaults.

    A folder of certificates named by their hash is read one file at a time when needed. The
    bundle in one file is parsed whole: 19 ms CPU. So the folder is preferred, unless the
    environment names something else.
    """
    context: Any = _ssl._SSLContext(_ssl.PROTOCOL_TLS_CLIENT)  # noqa: SLF001
    folder = "" if {"SSL_CERT_FILE", "SSL_CERT_DIR"} & os.environ.keys() else _hashed_folder()
    if folder:
        context.load_verify_locations(capath=folder)
    else:
        context.set_default_verify_paths()
    return context


def _hashed_folder() -> str:
    for folder in HASHED_FOLDERS:
        with suppress(OSError), os.scandir(folder) as entries:
            if any(entry.name.endswith(".0") for entry in entries):
                return folder
    return ""

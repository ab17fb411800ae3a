"""TLS over a connected socket, as the standard library verifies by default: no less, no more."""

import os
import socket
import ssl
from contextlib import suppress

from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import HttpFate

# Where distributions keep a bundle; an interpreter built elsewhere does not look there.
KNOWN_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
# OpenSSL's numbers for a chain that ends with nobody we know (x509_vfy.h).
ISSUER_UNKNOWN = (2, 18, 19, 20, 21)


class Refused(NamedTuple):
    """Why a certificate was not accepted."""

    fate: HttpFate
    detail: str
    reason: int  # OpenSSL's number


class Authorities(NamedTuple):
    """The CA certificates that this interpreter verifies with."""

    exist: bool
    places: tuple[str, ...]  # where they are looked for
    elsewhere: str  # a bundle that is on this host all the same; empty: none


class CertificateError(Exception):
    """A certificate was not accepted."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.detail)
        self.refused = refused


def secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    """A connection whose other end has proved its name.

    Args:
        plain: the connected socket, with its time limit set. It is taken over.
        host: the name that the certificate must be for: ASCII, or an IP address.

    Raises:
        CertificateError: the certificate is not to be trusted, or is another host's.
        OSError: the handshake failed; TimeoutError among them.
        ValueError: no name that a certificate could be for.
    """
    context = ssl.create_default_context()
    try:
        # As bytes, because for text Python first imports its tables for international names.
        return context.wrap_socket(plain, server_hostname=host.encode("ascii"))
    except ssl.SSLCertVerificationError as error:
        raise CertificateError(_refused(error)) from None


def _refused(error: ssl.SSLCertVerificationError) -> Refused:
    if error.verify_code in ISSUER_UNKNOWN:
        known = authorities()
        if not known.exist:
            return Refused(HttpFate.NO_CERTIFICATES, nobody_known(known), error.verify_code)
    return Refused(HttpFate.CERTIFICATE_REFUSED, error.verify_message, error.verify_code)


def nobody_known(known: Authorities) -> str:
    """In words: where no CA certificates are, and where some are."""
    places = " or ".join(known.places) or "any place"
    hint = f"; there are some in {known.elsewhere} (SSL_CERT_FILE)" if known.elsewhere else ""
    return f"no CA certificates in {places}{hint}"


def authorities() -> Authorities:
    """Whether there is anything to verify a certificate with, and where it is looked for."""
    paths = ssl.get_default_verify_paths()
    file = os.environ.get(paths.openssl_cafile_env, paths.openssl_cafile)
    folder = os.environ.get(paths.openssl_capath_env, paths.openssl_capath)
    exist = bool(ssl.create_default_context().cert_store_stats()["x509"]) or _has_hashed(folder)
    places = tuple(place for place in (file, folder) if place)
    elsewhere = next((each for each in KNOWN_BUNDLES if _is_filled(each) and each != file), "")
    return Authorities(exist, places, elsewhere)


def _has_hashed(folders: str) -> bool:
    """Whether one of the folders holds certificates by their hash: read only when needed."""
    for folder in folders.split(os.pathsep):
        with suppress(OSError), os.scandir(folder or ".") as entries:
            if any(entry.name.endswith(".0") and _is_filled(entry.path) for entry in entries):
                return True
    return False


def _is_filled(path: str) -> bool:
    try:
        return os.stat(path).st_size > 0
    except OSError:
        return False

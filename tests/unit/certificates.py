"""A certificate authority for the tests, made by `openssl`."""

import subprocess
from itertools import count
from pathlib import Path

import pytest

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_CONFIG = """\
[ca]
default_ca=own
[own]
new_certs_dir={folder}
database={folder}/index
serial={folder}/serial
default_md=sha256
policy=any
copy_extensions=copy
x509_extensions=leaf
unique_subject=no
[any]
commonName=supplied
[leaf]
basicConstraints=critical,CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""


class Authority:
    """Signs certificates for whatever name and time; its own is the whole store."""

    def __init__(self, folder: Path) -> None:
        self.bundle = folder / "ca.pem"
        self._folder = folder
        self._key = folder / "ca.key"
        self._numbers = count(1)
        (folder / "index").touch()
        (folder / "serial").write_text("01\n")
        (folder / "ca.conf").write_text(_CONFIG.format(folder=folder))
        extensions = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        out = ("-keyout", str(self._key), "-out", str(self.bundle))
        self._run("req", "-x509", *_KEY, "-days", "9", "-subj", "/CN=CA", *extensions, *out)

    def certificate(self, name: str, since: str = "", until: str = "") -> Path:
        """Key and certificate in one file; the dates as YYYYmmddHHMMSSZ."""
        stem = self._folder / str(next(self._numbers))
        key, asked, signed = (stem.with_suffix(each) for each in (".key", ".csr", ".crt"))
        names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1")
        self._run("req", "-new", *_KEY, *names, "-keyout", str(key), "-out", str(asked))
        dates = ("-startdate", since, "-enddate", until) if since else ("-days", "3")
        own = ("-cert", str(self.bundle), "-keyfile", str(self._key))
        config = ("-config", str(self._folder / "ca.conf"), "-batch", "-notext")
        self._run("ca", *config, *own, *dates, "-in", str(asked), "-out", str(signed))
        both = stem.with_suffix(".pem")
        both.write_text(signed.read_text() + key.read_text())
        return both

    @staticmethod
    def _run(*arguments: str) -> None:
        try:
            made = subprocess.run(
                ["openssl", *arguments], capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            pytest.skip("no openssl to make certificates with")
        assert made.returncode == 0, made.stderr

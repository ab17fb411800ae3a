"""What this machine has to look out with, asked of the machine itself."""

from pathlib import Path

import pytest

from picoclaw_watchdog.host.means import means
from tests.unit.standins import Bin


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    return Bin(folder, monkeypatch)


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("nameserver 192.0.2.1\nnameserver\t2001:db8::1\n", ("192.0.2.1", "2001:db8::1")),
        ("# nameserver 192.0.2.1\nsearch example\n", ()),
        ("", ()),
        (None, None),
    ],
)
@pytest.mark.usefixtures("path")
def test_the_name_servers_are_those_that_are_set(
    tmp_path: Path, text: str | None, servers: tuple[str, ...] | None
) -> None:
    file = tmp_path / "resolv.conf"
    if text is not None:
        file.write_text(text)
    assert means(str(file), ()).name_servers == servers


@pytest.mark.parametrize(
    "line",
    [
        "HTTPS_PROXY=http://proxy.corp:3128",
        'https_proxy="http://proxy.corp:3128"',
        "export HTTPS_PROXY='http://proxy.corp:3128' # way out",
        "DefaultEnvironment=LANG=C HTTPS_PROXY=http://proxy.corp:3128",
    ],
)
@pytest.mark.parametrize("name", ["environment", "environment.d/90-proxy.conf"])
def test_a_proxy_is_found_where_hosts_name_it(
    path: Bin, tmp_path: Path, name: str, line: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"# HTTPS_PROXY=http://old.corp:1\nPATH=/bin\n{line}\n")
    found = means("/nowhere", (str(tmp_path / name.partition("/")[0]), "/nowhere"))
    assert (found.proxy_elsewhere, found.proxy_named_in) == ("http://proxy.corp:3128", str(file))
    assert not any(call.startswith("systemctl") for call in path.calls())


def test_a_proxy_that_only_the_systems_manager_knows_is_found(path: Bin) -> None:
    path.says("systemctl", "LANG=C\nhttps_proxy=proxy.corp:3128\n")
    found = means("/nowhere", ())
    assert found.proxy_elsewhere == "proxy.corp:3128"
    assert found.proxy_named_in == "systemctl show-environment"


def test_a_proxy_of_ours_is_not_elsewhere(
    path: Bin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.says("systemctl", "https_proxy=proxy.corp:3128\n")
    (tmp_path / "environment").write_text("HTTPS_PROXY=http://proxy.corp:3128\n")
    monkeypatch.setenv("https_proxy", "http://proxy.corp:3128")
    assert means("/nowhere", (str(tmp_path / "environment"),)).proxy_elsewhere == ""


@pytest.mark.usefixtures("path")
def test_a_store_without_certificates_is_told_with_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{tmp_path}/bundle.pem")
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path}/certs")
    found = means("/nowhere", ())
    assert found.authorities is False
    assert f"{tmp_path}/bundle.pem or {tmp_path}/certs" in found.authorities_words

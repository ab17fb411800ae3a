"""The way out that the environment names: HTTPS_PROXY and NO_PROXY, as curl reads them."""

import os
import re

from picoclaw_watchdog.core.address import is_here
from picoclaw_watchdog.host.resolve import literal
from picoclaw_watchdog.light import NamedTuple

NAMES = ("https_proxy", "HTTPS_PROXY")
EXCEPT = ("no_proxy", "NO_PROXY")
TAILNET = ("100.64.0.0/10", "fd7a:115c:a1e0::/48")  # Tailscale's own addresses
_PROXY = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?:(?P<user>[^@/\s]*)@)?"
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?/?"
)
_PORT = 1080  # curl's, where none is given


class Proxy(NamedTuple):
    """A proxy to ask for connections."""

    host: str
    port: int
    user: str = ""  # user:password, still percent-encoded
    is_http: bool = True  # what else there is (socks, https) cannot be spoken to

    @property
    def words(self) -> str:
        """`host:port`, without its credentials."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def proxy_for(host: str) -> Proxy | None:
    """The proxy for a TLS connection to a host; None where it is reached directly.

    What is on this machine or in its tailnet never goes by a proxy.
    """
    setting = next((os.environ[name] for name in NAMES if os.environ.get(name)), "")
    if not setting or is_here(host) or is_tailnet(host):
        return None
    exceptions = next((os.environ[name] for name in EXCEPT if os.environ.get(name)), "")
    return None if _is_except(host.lower(), exceptions) else parsed(setting)


def parsed(setting: str) -> Proxy | None:
    """A proxy as settings write it: `http://user:password@host:port`, or only `host:port`."""
    match = _PROXY.fullmatch(setting.strip().strip("\"'"))
    if match is None:
        return None
    host = match["six"] or match["host"]
    is_http = (match["scheme"] or "http").lower() == "http"
    return Proxy(host, int(match["port"] or _PORT), match["user"] or "", is_http)


def is_tailnet(text: str) -> bool:
    """Whether a text is an address of a tailnet."""
    return literal(text) is not None and any(_lies_in(text, network) for network in TAILNET)


def _is_except(host: str, exceptions: str) -> bool:
    for entry in re.split(r"[,\s]+", exceptions.lower()):
        name = entry.partition("]")[0].strip("[") if entry.startswith("[") else entry
        if entry and (entry == "*" or host == name or host.endswith(f".{name.lstrip('*.')}")):
            return True
        if "/" in name and literal(host) is not None and _lies_in(host, name):
            return True
    return False


def _lies_in(text: str, network: str) -> bool:
    import ipaddress

    try:
        address = ipaddress.ip_address(text)
        address = getattr(address, "ipv4_mapped", None) or address
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False

"""Which machine an address means."""

import re

_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/?#@]*@)?(?:\[([^\]]*)\]|([^/?#:]*))", re.IGNORECASE
)
# 0.0.0.0 and :: are what Ollama is told to listen on; to connect there reaches this machine.
_HERE = re.compile(r"127(?:\.[0-9]{1,3}){3}|localhost\.?|::1|0\.0\.0\.0|::", re.IGNORECASE)


def host_of(url: str) -> str:
    """The name or address in a URL, without brackets, port and credentials; empty for none."""
    found = _HOST.match(url)
    return (found[1] or found[2] or "") if found else ""


def is_here(host: str) -> bool:
    """Whether a name or address is this very machine, as far as can be told by looking at it."""
    return _HERE.fullmatch(host) is not None


def port_of(url: str) -> int:
    """The port that a URL names, or that its scheme stands for; 0 for none."""
    found = re.match(r"[a-z][a-z0-9+.-]*://[^/?#]*?:([0-9]{1,5})(?:[/?#]|$)", url, re.IGNORECASE)
    if found:
        return int(found[1])
    return {"http": 80, "https": 443}.get(url.partition("://")[0].lower(), 0)

"""Names to addresses within a deadline.

getaddrinfo has no deadline of its own and can block for half a minute, so a thread asks it. A
thread that is still waiting when we stop is left behind; it keeps nothing from ending.
"""

import socket
import threading

from picoclaw_watchdog.light import NamedTuple


class Address(NamedTuple):
    """An IP address: what `socket.socket` and `connect` want."""

    family: int
    ip: str


class Unresolved(NamedTuple):
    """Why a name has no address."""

    detail: str
    starved: bool = False  # nobody was asked: this process may start no thread


def resolve(name: str, deadline: float) -> tuple[Address, ...] | Unresolved:
    """The addresses of a name, in the order to try them.

    IP literals and localhost are answered without asking anybody.

    Args:
        name: A host name or an IP literal without brackets.
        deadline: Seconds.
    """
    address = literal(name)
    if address:
        return (address,)
    if name.lower() == "localhost":
        return (Address(socket.AF_INET, "127.0.0.1"), Address(socket.AF_INET6, "::1"))
    found: list[tuple[Address, ...] | Unresolved] = []
    asking = threading.Thread(target=lambda: found.append(_ask(name)), daemon=True)
    try:
        asking.start()
    except RuntimeError:
        return Unresolved("no thread can be started to resolve a name with", starved=True)
    asking.join(max(0.0, deadline))
    return found[0] if found else Unresolved("the resolver does not answer")


def literal(text: str) -> Address | None:
    """The address that the text itself is."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except (OSError, ValueError):
            continue
        return Address(family, text)
    return None


def _ask(name: str) -> tuple[Address, ...] | Unresolved:
    try:
        # As bytes, because for text Python first imports its tables for international names.
        entries = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else ""
        return Unresolved(reason or "the name cannot be resolved")
    addresses = tuple(Address(family, str(address[0])) for family, _, _, _, address in entries)
    return addresses or Unresolved("the name has no address")

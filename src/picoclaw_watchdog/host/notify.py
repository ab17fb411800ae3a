"""systemd's notification protocol, as sd_notify(3) describes it."""

import socket
from collections.abc import Mapping

PATIENCE = 1.0  # seconds, where the manager has more to read than it holds


def notify(message: str, environ: Mapping[str, str]) -> bool:
    """Tell the service manager something.

    Args:
        message: Lines of KEY=VALUE: `READY=1`, `WATCHDOG=1`, `STATUS=...`.
        environ: Where NOTIFY_SOCKET is looked up; nothing happens where it is not set.

    Returns:
        Whether somebody was told. A manager that does not listen is no error.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):  # unset, or a kind (vsock) that no user unit has
        return False
    if address.startswith("@"):
        address = f"\0{address[1:]}"
    try:
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    except OSError:
        return False
    try:
        manager.settimeout(PATIENCE)
        manager.sendto(message.encode("utf-8", "replace"), address)
    except (OSError, ValueError):
        return False
    finally:
        manager.close()
    return True


def watchdog_interval(environ: Mapping[str, str], pid: int) -> float | None:
    """Within how many seconds systemd wants a sign of life; None where it wants none.

    A sign of life (`WATCHDOG=1`) at half of it is what sd_watchdog_enabled(3) recommends.
    """
    if environ.get("WATCHDOG_PID", "") not in {"", str(pid)}:
        return None
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not (microseconds.isascii() and microseconds.isdigit()):
        return None
    return int(microseconds) / 1_000_000 or None

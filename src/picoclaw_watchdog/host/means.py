"""What this machine has to look out with: clock, certificates, name servers, proxy, limits."""

import os
import re
import resource
import threading
from collections.abc import Iterator
from contextlib import suppress

from picoclaw_watchdog.host import tls
from picoclaw_watchdog.host.process import run
from picoclaw_watchdog.host.proxy import NAMES, parsed
from picoclaw_watchdog.host.timex import is_synchronised
from picoclaw_watchdog.ports import Means

RESOLV_CONF = "/etc/resolv.conf"
# Where a host says by which proxy it goes out; a user unit hears of the fewest of them.
PLACES = (
    "/etc/environment",
    "/etc/environment.d",
    "/etc/profile.d",
    "/etc/systemd/system.conf",
    "/etc/systemd/system.conf.d",
    "/etc/systemd/user.conf",
    "/etc/systemd/user.conf.d",
    "~/.config/environment.d",
    "~/.profile",
    "~/.bashrc",
)
_SETTING = re.compile(rf"\b(?:{'|'.join(NAMES)})=[\"']?([^\s\"'#;]+)")
_SERVER = re.compile(r"^\s*nameserver\s+(\S+)", re.MULTILINE)
_FILE_LIMIT = 65_536
_PATIENCE = 1.0  # seconds for a program that only says something


def means(resolv_conf: str = RESOLV_CONF, places: tuple[str, ...] = PLACES) -> Means:
    """Look at all of it; see `ports.Means`."""
    shortage = tuple(_shortage())
    known = tls.authorities() if not shortage else None
    proxy, where = ("", "") if _has_proxy() else _proxy_elsewhere(places)
    text = _text(resolv_conf)
    return Means(
        clock_kept=is_synchronised(),
        built=_built(),
        authorities=known.exist if known else None,
        authorities_words=tls.nobody_known(known) if known and not known.exist else "",
        name_servers=None if text is None else tuple(_SERVER.findall(text)),
        proxy_elsewhere=proxy,
        proxy_named_in=where,
        shortage=shortage,
    )


def _built() -> float:
    """When the program was put on this host, by the clock of then."""
    try:
        return os.stat(__file__).st_mtime
    except OSError:  # inside of a bundle
        return 0.0


def _shortage() -> Iterator[str]:
    """Everything that cannot be had, each tried for itself."""
    thread = threading.Thread(target=lambda: None, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
        yield f"no thread can be started (at most {limit} processes and threads, LimitNPROC=)"
    else:
        thread.join(_PATIENCE)
    ran = run(["true"], _PATIENCE)
    if ran.starved:
        yield f"no program can be started ({ran.complaint})"
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        yield f"no file can be opened ({error.strerror}; at most {limit}, LimitNOFILE=)"


def _has_proxy() -> bool:
    return any(os.environ.get(name) for name in NAMES)


def _proxy_elsewhere(places: tuple[str, ...]) -> tuple[str, str]:
    """A proxy that this host is told of, and who says so; empty where there is none."""
    for file in _files(places):
        match = _SETTING.search(_without_comments(_text(file) or ""))
        if match and parsed(match[1]):
            return match[1], file
    said = run(["systemctl", "show-environment"], _PATIENCE)
    match = _SETTING.search(said.out) if said.ok else None
    return (match[1], "systemctl show-environment") if match and parsed(match[1]) else ("", "")


def _files(places: tuple[str, ...]) -> Iterator[str]:
    for place in map(os.path.expanduser, places):
        try:
            names = sorted(os.listdir(place))
        except NotADirectoryError:
            yield place
        except OSError:
            continue
        else:
            yield from (f"{place}/{name}" for name in names)


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _text(path: str) -> str | None:
    with suppress(OSError, ValueError), open(path, "rb") as file:
        return file.read(_FILE_LIMIT).decode("utf-8", "replace")
    return None

"""What happened, as others than the watchdog saw it: the gateway's own start log, LINE, /proc."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from picoclaw_watchdog.core.settings import Settings
from tests.lab.host import GATEWAY, STANDINS, STATE, UNITS, WATCHDOG, Host

STARTS = f"{STANDINS}/starts"
KEPT = f"{STANDINS}/line.jsonl"
LINE_PORT = 18800
OWNER = "U" + "1" * 32
LINE_SETTINGS: dict[str, object] = {
    "LINE_NOTIFY_ENABLED": "true",
    "LINE_NOTIFY_TO": OWNER,
    "LINE_PUSH_ENDPOINT": f"http://127.0.0.1:{LINE_PORT}/v2/bot/message/push",
    "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN": "an-access-token-of-line",
}
# Short waits, so that a bad day fits into seconds.
QUICK: dict[str, object] = {
    "LANGUAGE": "en",
    "LOCAL_TIMEOUT_SEC": 1,
    "EXTERNAL_TIMEOUT_SEC": 1,
    "STARTUP_GRACE_SEC": 0,
    "RESTART_VERIFY_SEC": 5,
    "STOP_TIMEOUT_SEC": 2,
    "OLLAMA_RETRY_SEC": 0,
    "WEBHOOK_URL": "http://127.0.0.1:18791/webhook/line",
}
BUDGET = Settings().restart_max_count


class Resources(NamedTuple):
    """What a process holds."""

    rss: int  # kB
    peak: int  # kB
    descriptors: int
    threads: int
    children: int


class Witness:
    """Has seen the host from before the watchdog was installed."""

    def __init__(self, host: Host) -> None:
        self._host = host
        host.lab.write(STARTS, "")
        note = f"/bin/sh -c 'date +%%s.%%N >>{STARTS}'"
        host.lab.write(
            f"{UNITS}/{GATEWAY}.d/80-start-log.conf", f"[Service]\nExecStartPre={note}\n"
        )
        host.standin(
            "line.service",
            f"line --port {LINE_PORT} --keep {KEPT} --control {STANDINS}/line.json",
        )
        host.lab.systemctl("daemon-reload")
        host.lab.systemctl("start", "line.service")

    def starts(self) -> list[float]:
        """When the gateway was started since, oldest first; seconds since the epoch."""
        return [float(line) for line in self._host.lab.read(STARTS).split()]

    def messages(self) -> list[str]:
        """What LINE delivered to the owner, oldest first."""
        return [kept["text"] for kept in self._kept()]

    def retry_keys(self) -> list[str]:
        """The key of each delivery."""
        return [kept["retry_key"] for kept in self._kept()]

    def _kept(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self._host.lab.read(KEPT).splitlines()]

    def processes(self, unit: str = WATCHDOG) -> list[str]:
        """Command lines of everything that runs in a unit's cgroup."""
        name = f"/{unit}"
        found = []
        for line in self._host.lab.must("ps", "-e", "-ww", "-o", "cgroup=,args=").splitlines():
            cgroup, _, args = line.strip().partition(" ")
            if name in cgroup:
                found.append(args.strip())
        return found

    def resources(self, pid: str) -> Resources:
        """Of a process inside.

        Raises:
            OSError: it is gone.
        """
        folder = self._host.lab.path(f"/proc/{pid}")
        said = dict(
            line.split(":", 1) for line in (folder / "status").read_text().splitlines() if line
        )
        return Resources(
            rss=_kilobytes(said["VmRSS"]),
            peak=_kilobytes(said["VmHWM"]),
            descriptors=len(list((folder / "fd").iterdir())),
            threads=int(said["Threads"]),
            children=len((folder / "task" / pid / "children").read_text().split()),
        )

    def sizes(self) -> dict[str, int]:
        """Bytes in the state folder and the logs, by what they are; and how many files."""
        found = {"db": 0, "evidence": 0, "other": 0, "log": 0, "files": 0}
        for folder in (STATE, "~/.picoclaw/logs"):
            for path in _files(self._host.lab.path(folder)):
                try:
                    size = path.lstat().st_size
                except OSError:
                    continue  # replaced under our eyes
                found[_kind(path.name)] += size
                found["files"] += 1
        return found


def most_within(seconds: float, moments: Iterable[float]) -> int:
    """The most moments that lie in any window of so many seconds."""
    ordered = sorted(moments)
    return max(
        (sum(1 for other in ordered if 0 <= other - first < seconds) for first in ordered),
        default=0,
    )


def _kilobytes(text: str) -> int:
    return int(text.split(maxsplit=1)[0])


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.is_dir()]
    except OSError:
        return []


def _kind(name: str) -> str:
    if name.startswith("watchdog.db"):
        return "db"
    if name.startswith("gateway_journal_"):
        return "evidence"
    return "log" if re.match(r"ops-watchdog\.log|audit", name) else "other"

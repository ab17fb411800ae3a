"""Who watches the gateway: each sets itself up in a lab of its own, on the same host."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.lab.host import GATEWAY, HEALTH, LOOP, READY, STANDINS, UNITS, Host
from tests.lab.lab import HOME

WEBHOOK = "http://127.0.0.1:18791/webhook/line"
RESTART = f"systemctl --user restart {GATEWAY}"
SCRIPT = Path(__file__).with_name("plain_healer.sh")


class Watcher(NamedTuple):
    """One way to keep a gateway alive."""

    name: str
    words: str
    set_up: Callable[[Host], None]
    faults: tuple[str, ...]  # what it sees at all
    every: float = 0.0  # seconds between two looks; 0 where it is told
    grace: float = 0.0  # seconds in which it does not judge a gateway that was just started
    is_quick: bool = False  # at a SIGKILL: measured in turns with the others that are


def ours_by_timer(host: Host) -> None:
    """As `make install-watchdog enable-watchdog` leaves it."""
    host.watch(INTERVAL_SEC=60, WEBHOOK_URL=WEBHOOK)


def ours_resident(host: Host) -> None:
    """The loop, every 5 s."""
    host.settings(INTERVAL_SEC=5, WEBHOOK_URL=WEBHOOK)
    host.make("install-watchdog")
    host.lab.systemctl("enable", "--now", LOOP)


def systemd_restart(host: Host) -> None:
    """systemd alone."""
    host.drop_in(GATEWAY, "[Service]\nRestart=always\n")


def plain_script(host: Host) -> None:
    """A shell script on a timer of 60 s."""
    lab = host.lab
    lab.copy(SCRIPT, "~/healer.sh")
    lab.write(
        f"{UNITS}/healer.service",
        f"[Service]\nType=oneshot\nTimeoutStartSec=55\nEnvironment=PATH={lab.environment['PATH']}\n"
        f"ExecStart=/bin/sh {HOME}/healer.sh {GATEWAY} {HEALTH} {READY} {WEBHOOK}\n",
    )
    lab.write(
        f"{UNITS}/healer.timer",
        "[Timer]\nOnActiveSec=0\nOnUnitActiveSec=60\nAccuracySec=1s\n",
    )
    lab.systemctl("daemon-reload")
    lab.systemctl("start", "healer.timer")


def monit(seconds: int) -> Callable[[Host], None]:
    """Monit, as its manual would have it for such a gateway."""

    def set_up(host: Host) -> None:
        lab = host.lab
        environment = [f"{key}={value}" for key, value in lab.environment.items()]
        env = f"/usr/bin/env {' '.join(environment)}"
        checks = "\n".join(
            f"  if failed port {port} protocol http request {path} {status} timeout 3 seconds"
            " then restart"
            for port, path, status in (
                (18790, "/health", ""),
                (18790, "/ready", ""),
                (18791, "/webhook/line", "status = 405"),
            )
        )
        lab.write(
            "~/monitrc",
            f"set daemon {seconds}\nset logfile {HOME}/monit.log\nset pidfile {HOME}/monit.pid\n"
            f"set idfile {HOME}/monit.id\nset statefile {HOME}/monit.state\n"
            f'check process gateway matching "demo.gateway --port 18790"\n'
            f'  start program = "{env} systemctl --user start {GATEWAY}"\n'
            f'  stop program = "{env} systemctl --user stop {GATEWAY}"\n'
            f'  restart program = "{env} {RESTART}"\n{checks}\n'
            f'check program funnel with path "{env} sh {HOME}/funnel.sh"\n'
            f'  if status != 0 then exec "{env} tailscale funnel --bg 18791"\n',
            0o600,
        )
        lab.write("~/funnel.sh", "tailscale funnel status | grep -q 'proxy http.*:18791'\n", 0o755)
        lab.write(f"{UNITS}/monit.service", f"[Service]\nExecStart=monit -I -c {HOME}/monitrc\n")
        lab.systemctl("daemon-reload")
        lab.systemctl("start", "monit.service")

    return set_up


ALL = ("killed", "stopped", "hangs", "port lost", "Funnel off")
# What each has by default: STARTUP_GRACE_SEC, and the timeout of Monit's `start program`.
OUR_GRACE, MONITS_GRACE = 46, 31
WATCHERS = (
    Watcher(
        *("ours, default", "timer of 60 s, OnFailure=", ours_by_timer, ALL, 60, OUR_GRACE),
        is_quick=True,
    ),
    Watcher(
        *("ours, loop", "resident, every 5 s, OnFailure=", ours_resident, ALL, 5, OUR_GRACE),
        is_quick=True,
    ),
    Watcher("Restart=always", "systemd alone", systemd_restart, ("killed",), is_quick=True),
    Watcher("Monit, 5 s", "resident", monit(5), ALL, 5, MONITS_GRACE),
    Watcher("Monit, 120 s", "resident, as Debian ships it", monit(120), ALL, 120, MONITS_GRACE),
    Watcher("shell script", "timer of 60 s", plain_script, ALL, 60),
)
FUNNEL_STATE = f"{STANDINS}/tailscale.json"

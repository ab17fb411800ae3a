"""`systemctl`, `tailscale` and `journalctl` as the watchdog finds them on a bad day.

Each stands before the real one on PATH and, for the watchdog alone, does first what a file
orders: `hang-NAME` (for ever, with children), or `kill-NAME`, whose text is a point: the
watchdog dies by SIGKILL before the command with that word is given, while it runs, or after it.
"""

import os

from tests.lab.host import STANDINS, Host

ORDERS = f"{STANDINS}/orders"
PUBLISHED = f"{STANDINS}/published.json"
# What is behind each: for Tailscale the stand-in, whose one frequent answer is kept in a file.
REAL = {
    "systemctl": '/usr/bin/systemctl "$@"',
    "journalctl": '/usr/bin/journalctl "$@"',
    "tailscale": (
        f'[ "$*" = "funnel status --json" ] && cat {PUBLISHED} || {STANDINS}/tailscale "$@"'
    ),
}
_SCRIPT = """#!/bin/sh
orders={orders} name={name}
real() {{ {real}; }}
grep -q share/picoclaw "/proc/$PPID/cmdline" || {{ real "$@"; exit; }}
if [ -e "$orders/hang-$name" ]; then
    sleep 600 & setsid sleep 601 &
    echo hung >>"$orders/seen"
    exec sleep 602
fi
read -r point word 2>/dev/null <"$orders/kill-$name" || {{ real "$@"; exit; }}
case " $* " in *" $word "*) ;; *) real "$@"; exit ;; esac
rm -f "$orders/kill-$name" # once
echo "$point" >>"$orders/seen"
case $point in
before) kill -KILL "$PPID"; exit ;;
while) setsid "$0" "$@" & sleep "${{delay:-0.02}}"; kill -KILL "$PPID"; wait ;;
after) real "$@"; kill -KILL "$PPID" ;;
stop) real "$@"; kill -STOP "$PPID" ;;
esac
"""


class Tools:
    """What the watchdog finds on PATH from now on; harmless until something is ordered."""

    def __init__(self, host: Host) -> None:
        self._host = host
        host.lab.make_folder(ORDERS)
        host.tailscale(operator=True)
        host.publish()
        host.lab.write(PUBLISHED, host.lab.must("tailscale", "funnel", "status", "--json"))
        host.lab.must("mv", f"{host.lab.bin}/tailscale", f"{STANDINS}/tailscale")
        for name, real in REAL.items():
            text = _SCRIPT.format(orders=ORDERS, name=name, real=real)
            host.lab.write(f"~/.local/bin/{name}", text, 0o755)

    def hang(self, *names: str) -> None:
        """From now on these never end."""
        for name in names:
            self._host.lab.write(f"{ORDERS}/hang-{name}", "")

    def kill_watchdog(self, point: str, word: str, name: str = "systemctl") -> None:
        """Once: SIGKILL `before`, `while` or `after` the command with this word, or `stop` it."""
        self._host.lab.write(f"{ORDERS}/kill-{name}", f"{point} {word}\n")

    def behave(self) -> None:
        """Nothing is ordered any more; what was seen is forgotten."""
        for path in self._host.lab.path(ORDERS).iterdir():
            os.unlink(path)

    def seen(self) -> list[str]:
        """What was carried out."""
        return self._host.lab.read(f"{ORDERS}/seen").split()

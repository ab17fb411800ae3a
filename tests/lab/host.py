"""A PicoClaw host in the lab: the gateway as a user unit, Ollama, and a clone to install from."""

import json
import re
from pathlib import Path

from picoclaw_watchdog.demo.tailscaled import Tailnet
from tests.lab.lab import HOME, ROOT, Done, Lab

GATEWAY = "picoclaw-gateway.service"
WATCHDOG = "picoclaw-watchdog.service"
TIMER = "picoclaw-watchdog.timer"
KICKS = "picoclaw-watchdog.path"
LOOP = "picoclaw-watchdog-loop.service"
UNITS = "~/.config/systemd/user"
STATE = "~/.picoclaw/state/watchdog"
STANDINS = "/run/standins"  # out of the user's way
PUBLIC = "http://127.0.0.1:18081/webhook/line"  # where the internet would be
INGRESS = f"ingress --port 18081 --tailscale {STANDINS}/tailscale.json"
CLONE = "~/clone"
IN_CLONE = ("Makefile", "pyproject.toml", "src", "scripts", "systemd", "config")
HEALTH, READY = (f"http://127.0.0.1:18790/{path}" for path in ("health", "ready"))
# What root would do, unless the kernel forbids new privileges: then the real one refuses.
SUDO = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do [ "$1" = -l ] && exit 0; shift; done
grep -q '^NoNewPrivs:.*1' /proc/self/status && { echo 'sudo: no new privileges' >&2; exit 1; }
PICOCLAW_DEMO_ROOT=1 exec "$@"
"""
TOKEN = "a-token-long-enough-for-anybody"


class Host:
    """One host, its gateway running and healthy, the watchdog not yet installed."""

    def __init__(self, lab: Lab, start_delay: float = 0.2) -> None:
        self.lab = lab
        lab.copy(ROOT / "src", f"{STANDINS}/src")
        lab.copy(Path(__file__).with_name("stopwatch.py"), f"{STANDINS}/stopwatch.py")
        for name in IN_CLONE:
            lab.copy(ROOT / name, f"{CLONE}/{name}")
        self.standin(
            GATEWAY,
            "gateway --port 18790 --webhook-port 18791 --ollama http://127.0.0.1:11434 "
            f"--start-delay {start_delay} --control /run/standins/gateway.json",
            "[Install]\nWantedBy=default.target",
        )
        self.standin("ollama.service", f"ollama --port 11434 --control {STANDINS}/ollama.json")
        lab.systemctl("daemon-reload")
        lab.systemctl("start", GATEWAY, "ollama.service")
        self.wait_until_healthy()

    def standin(self, unit: str, command: str, more: str = "") -> None:
        """A stand-in as a user unit."""
        self.lab.write(
            f"{UNITS}/{unit}",
            f"[Service]\nEnvironment=PYTHONPATH={STANDINS}/src\n"
            f"ExecStart={self.lab.python} -m picoclaw_watchdog.demo.{command}\n{more}\n",
        )

    def tailscale(self, *, operator: bool) -> None:
        """A stand-in `tailscale` with nothing published, its ingress, and where needed a `sudo`."""
        state = Tailnet(operator=operator)
        self.lab.write(f"{STANDINS}/tailscale.json", json.dumps(state._asdict()), 0o666)
        run = f"exec {self.lab.python} -m picoclaw_watchdog.demo.tailscale"
        lines = [
            "#!/bin/sh",
            f"export PYTHONPATH={STANDINS}/src PICOCLAW_DEMO_TAILSCALE={STANDINS}/tailscale.json",
            f'{run} "$@"',
        ]
        self.lab.write("~/.local/bin/tailscale", "\n".join(lines), 0o755)
        if not operator:
            self.lab.write("~/.local/bin/sudo", SUDO, 0o755)
        self.standin("ingress.service", INGRESS)
        self.lab.systemctl("daemon-reload")
        self.lab.systemctl("start", "ingress.service")
        self.lab.wait_for(lambda: "18081" in self.lab.must("ss", "-ltn"), what="the ingress")

    def publish(self) -> None:
        """What the owner did once, with the rights that it takes."""
        self.lab.must("tailscale", "funnel", "--bg", "18791", env={"PICOCLAW_DEMO_ROOT": "1"})

    def unpublish(self) -> None:
        """The fault: somebody has switched the Funnel off."""
        off = ("funnel", "--https=443", "off")
        self.lab.must("tailscale", *off, env={"PICOCLAW_DEMO_ROOT": "1"})

    def published(self) -> bool:
        """Whether the Funnel leads to the webhook."""
        return "18791" in self.lab.must("tailscale", "funnel", "status", "--json")

    # The owner's hands.

    def make(self, target: str, *more: str) -> str:
        """`make TARGET` in the clone; it has to succeed."""
        return self.lab.must("make", "--no-print-directory", "-C", f"{HOME}/clone", target, *more)

    def settings(self, **values: object) -> None:
        """Write `.env`; keys without our prefix, or with PicoClaw's own."""
        names = {
            key: key if key.startswith("PICOCLAW_") else f"PICOCLAW_WATCHDOG_{key}"
            for key in values
        }
        lines = [f"{names[key]}={value}\n" for key, value in values.items()]
        self.lab.make_folder("~/.picoclaw")
        self.lab.write("~/.picoclaw/.env", "".join(lines), 0o600)

    def watch(self, **values: object) -> None:
        """Install with these settings, enable, and let the first cycle pass."""
        self.settings(**{"INTERVAL_SEC": 3600, **values})
        self.make("install-watchdog")
        self.make("enable-watchdog")
        self.lab.wait_for(lambda: self.cycles() >= 1, what="the first cycle")
        self.wait_for_rest()

    def drop_in(self, unit: str, text: str) -> None:
        """An override of the owner's."""
        self.lab.write(f"{UNITS}/{unit}.d/90-owner.conf", text)
        self.lab.systemctl("daemon-reload")

    def give_budget_back(self) -> None:
        """What an owner may do with the founding document's file."""
        self.lab.write(f"{STATE}/restart_gateway_times.log", "", 0o600)

    def watch_at_once(self, **values: object) -> None:
        """The same with the first cycle at once, not after five seconds."""
        self.settings(**{"INTERVAL_SEC": 3600, **values})
        self.make("install-watchdog")
        period = re.findall(
            r"^OnUnitActiveSec=.*$", self.lab.read(f"{UNITS}/{TIMER}"), re.MULTILINE
        )
        first = f"[Timer]\nOnActiveSec=\nOnActiveSec=100ms\n{period[0]}\n"
        self.lab.write(f"{UNITS}/{TIMER}.d/90-owner.conf", first)
        self.make("enable-watchdog")
        self.lab.wait_for(lambda: self.cycles() >= 1, what="the first cycle")
        self.wait_for_rest()

    def command(self, *arguments: str, env: dict[str, str] | None = None) -> Done:
        """The installed command."""
        return self.lab.run(f"{HOME}/.local/bin/picoclaw-watchdog", *arguments, env=env)

    # Faults.

    def kill_gateway(self) -> None:
        """SIGKILL."""
        self.lab.systemctl("kill", "-s", "KILL", GATEWAY)

    def order(self, **faults: object) -> None:
        """Faults that the stand-in gateway has from now on."""
        self.lab.write(f"{STANDINS}/gateway.json", json.dumps(faults))

    def time_outage(self, *fault: str, limit: float = 60) -> float:
        """Seconds from a fault's command until the gateway is healthy again."""
        argv = (self.lab.python, f"{STANDINS}/stopwatch.py", HEALTH, READY, str(limit), *fault)
        return float(self.lab.must(*argv, timeout=limit + 10))

    # Looks.

    def is_healthy(self) -> bool:
        """Whether health and ready answer 200."""
        script = (
            "import sys, urllib.request as r\n"
            "for url in sys.argv[1:]: r.urlopen(url, timeout=1).read()"
        )
        return bool(self.lab.run(self.lab.python, "-c", script, HEALTH, READY))

    def wait_until_healthy(self, seconds: float = 20) -> float:
        """Wait; answers how long it took."""
        return self.lab.wait_for(self.is_healthy, seconds, "a healthy gateway")

    def wait_for_rest(self, seconds: float = 60) -> None:
        """Wait until no cycle runs."""
        self.lab.wait_for(
            lambda: self.lab.show(WATCHDOG, "ActiveState") in ("inactive", "failed"),
            seconds,
            "the end of the cycle",
        )

    def cycle(self) -> None:
        """One cycle as the timer starts it, to its end."""
        self.wait_for_rest()
        self.lab.run("systemctl", "--user", "start", WATCHDOG)

    def cycles(self) -> int:
        """How many cycles were started."""
        text = self.lab.must("journalctl", "--user", "-u", WATCHDOG, "-o", "cat", "--no-pager")
        return len(re.findall(rf"^Starting {re.escape(WATCHDOG)}", text, re.MULTILINE))

    def wait_for_cycles(self, more: int, seconds: float = 20) -> float:
        """Wait until as many more were started; answers how long it took."""
        wanted = self.cycles() + more
        return self.lab.wait_for(lambda: self.cycles() >= wanted, seconds, f"{more} more cycles")

    def gateway_starts(self) -> int:
        """How often the gateway was started."""
        return self.lab.starts(GATEWAY)

    def log(self) -> str:
        """The watchdog's log."""
        return self.lab.read("~/.picoclaw/logs/ops-watchdog.log")

    def files(self) -> set[str]:
        """Every file, link and folder of the user, except for the clone."""
        home = self.lab.path("~")
        found = {str(path.relative_to(home)) for path in home.rglob("*")}
        return {name for name in found if name.partition("/")[0] != "clone"}

    def processes(self) -> list[str]:
        """Command lines of what runs of the installed watchdog."""
        shown = self.lab.must("ps", "-e", "-o", "args=")
        return [line for line in shown.splitlines() if "share/picoclaw" in line]

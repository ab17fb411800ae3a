"""What can befall a host at random. Nothing here starts the gateway: only the watchdog does."""

import json
from collections.abc import Callable
from random import Random

from tests.lab.host import GATEWAY, STANDINS, STATE, TOKEN, Host
from tests.lab.lab import HOME
from tests.lab.tools import Tools

DISK = f"{HOME}/.picoclaw/state"
OLLAMA = "ollama.service"

Undo = Callable[[], object]
Fault = Callable[[], Undo]


def put_on_small_disk(host: Host, folder: str, size: str = "6m") -> None:
    """A tmpfs of so many bytes in the place of a folder that is not there yet."""
    host.lab.make_folder(folder)
    owner = f"uid={host.lab.uid},gid={host.lab.uid},mode=700"
    options = f"size={size},{owner}"
    assert host.lab.run("mount", "-t", "tmpfs", "-o", options, "lab", folder, root=True)


def fill_disk(host: Host, folder: str) -> Undo:
    """Not a byte is left."""
    host.lab.run("sh", "-c", f"cat /dev/zero >{folder}/fill")
    return lambda: host.lab.run("rm", "-f", f"{folder}/fill")


def lock_disk(host: Host, folder: str) -> Undo:
    """Read-only; not where somebody writes at that moment."""
    host.lab.run("mount", "-o", "remount,ro", folder, root=True)
    return lambda: host.lab.run("mount", "-o", "remount,rw", folder, root=True)


class Faults:
    """Faults of a whole host, drawn by dice.

    Args:
        host: the host.
        tools: the tools on its PATH.
        dice: decide what comes next.
        watcher: the unit of ours to be killed and frozen.
    """

    def __init__(self, host: Host, tools: Tools, dice: Random, watcher: str) -> None:
        self._host = host
        self._tools = tools
        self._dice = dice
        self._watcher = watcher
        self.kicks = 0  # that were accepted for service
        self.kinds: dict[str, Fault] = {
            "gateway killed": lambda: self._signal(GATEWAY, "KILL"),
            "gateway frozen": lambda: self._signal(GATEWAY, "STOP"),
            "gateway stopped": self._stop_gateway,
            "gateway ill": lambda: self._gateway(health_status=500),
            "gateway deaf": lambda: self._gateway(listen="dead"),
            "gateway hangs": lambda: self._gateway(hang=True),
            "gateway dies at once": self._dying_gateway,
            "ollama stopped": self._stop_ollama,
            "ollama hangs": lambda: self._ollama(hang=True),
            "line busy": lambda: self._line("503"),
            "line answers lost": lambda: self._line("drop"),
            "line silent": lambda: self._line("blackhole"),
            "systemctl hangs": lambda: self._hang("systemctl"),
            "tailscale hangs": lambda: self._hang("tailscale"),
            "journalctl hangs": lambda: self._hang("journalctl"),
            "watchdog killed": lambda: self._signal(self._watcher, "KILL"),
            "watchdog killed at a restart": self._kill_at_restart,
            "watchdog frozen": self._freeze,
            "disk full": lambda: fill_disk(host, DISK),
            "disk read-only": lambda: lock_disk(host, DISK),
            "state removed": self._remove_state,
            "manager executed anew": self._reexec,
            "kick": self._kick,
            "kick with a wrong token": self._wrong_kick,
        }

    def strike(self, without: frozenset[str] = frozenset()) -> tuple[str, Undo]:
        """One more fault, and how to end it."""
        name = self._dice.choice([name for name in self.kinds if name not in without])
        return name, self.kinds[name]()

    def end(self) -> None:
        """All is as on a good day, except for what only the watchdog mends."""
        self._tools.behave()
        self._host.order()
        self._ollama()
        self._line("ok")
        self._host.lab.systemctl("start", OLLAMA)

    def _signal(self, unit: str, name: str) -> Undo:
        self._host.lab.run("systemctl", "--user", "kill", "-s", name, unit)
        return lambda: None

    def _stop_gateway(self) -> Undo:
        self._host.lab.run("systemctl", "--user", "stop", GATEWAY)
        return lambda: None

    def _gateway(self, **faults: object) -> Undo:
        self._host.order(**faults)
        return self._host.order

    def _dying_gateway(self) -> Undo:
        self._host.order(die=True)
        self._signal(GATEWAY, "KILL")
        return self._host.order

    def _stop_ollama(self) -> Undo:
        self._host.lab.systemctl("stop", OLLAMA)
        return lambda: self._host.lab.systemctl("start", OLLAMA)

    def _ollama(self, **faults: object) -> Undo:
        self._host.lab.write(f"{STANDINS}/ollama.json", json.dumps(faults))
        return self._ollama if faults else lambda: None

    def _line(self, mode: str) -> Undo:
        self._host.lab.write(f"{STANDINS}/line.json", json.dumps({"mode": mode, "quota": None}))
        return lambda: self._line("ok")

    def _hang(self, name: str) -> Undo:
        self._tools.hang(name)
        return self._tools.behave

    def _kill_at_restart(self) -> Undo:
        self._tools.kill_watchdog(self._dice.choice(["before", "while", "after"]), "restart")
        self._signal(GATEWAY, "KILL")
        return self._tools.behave

    def _freeze(self) -> Undo:
        self._signal(self._watcher, "STOP")
        return lambda: self._signal(self._watcher, "CONT")

    def _remove_state(self) -> Undo:
        self._host.lab.run("rm", "-rf", STATE.replace("~", HOME))
        return lambda: None

    def _reexec(self) -> Undo:
        self._host.lab.systemctl("daemon-reexec")
        return lambda: None

    def _kick(self) -> Undo:
        action = self._dice.choice(["restart_gateway", "check_ollama", "run_cycle"])
        self.kicks += bool(self._host.command("kick", action, "--source", "line:U123"))
        return lambda: None

    def _wrong_kick(self) -> Undo:
        wrong = {"PICOCLAW_WATCHDOG_KICK_TOKEN": TOKEN[::-1]}
        self._host.command("kick", "restart_gateway", "--source", "line:U666", env=wrong)
        return lambda: None

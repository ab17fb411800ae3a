"""A real `systemd --user` with a real journald, for one test, beside whatever the machine runs.

Everything is private: files, processes, network. Nothing of the machine is changed, except for
one cgroup folder in each hierarchy, which is removed at the end. It needs root.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

HOME = "/home/pico"
ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("unshare", "nsenter", "setpriv", "ip", "journalctl", "systemctl", "make")
NAMESPACES = [
    "unshare",
    "--mount",
    "--net",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--propagation",
    "private",
]
WORLD = Path(__file__).with_name("world.sh")
SYSTEMD = "/lib/systemd/systemd"
CGROUPS = Path("/sys/fs/cgroup")
PREFIX = "picoclaw-lab-"
# Starts the user's systemd in its cgroups; they are the arguments. world.sh does the same.
MANAGER = """
for cgroup; do echo 0 >"$cgroup/cgroup.procs"; done
uid=$(id -u pico)
exec env SYSTEMD_LOG_TARGET=journal setpriv --reuid "$uid" --regid "$uid" --clear-groups \\
    --inh-caps=-all /lib/systemd/systemd --user
"""
STARTED = "39f53479d3a045ac8e11786248231fbf"  # SD_MESSAGE_UNIT_STARTED of sd-messages.h

_numbers = count(1)


def why_not() -> str:
    """Why no lab can be built here; empty where one can."""
    if os.geteuid() != 0:
        return "not root"
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if not Path(SYSTEMD).exists():
        missing.append(SYSTEMD)
    if missing:
        return f"not installed: {', '.join(missing)}"
    folders = [folder for folder in _hierarchies() if not os.access(folder, os.W_OK)]
    if folders or not _hierarchies():
        return f"no writable cgroup at {folders or CGROUPS}"
    return ""


def _hierarchies() -> list[Path]:
    """Where a systemd wants a cgroup: one place, or two on a hybrid machine."""
    if (CGROUPS / "cgroup.procs").exists():
        return [CGROUPS]
    return [path for path in (CGROUPS / "systemd", CGROUPS / "unified") if path.is_dir()]


class Lab:
    """One machine with one ordinary user, `pico`, and his systemd."""

    def __init__(self) -> None:
        self.uid = _free_uid()
        prefix = sys.base_prefix
        hidden = prefix.startswith(("/root/", "/home/"))  # covered in the lab, or not readable
        self.python = f"{prefix}/bin/python3"
        self.bin = f"{HOME}/.local/bin"
        self.environment = {
            "HOME": HOME,
            "USER": "pico",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": f"/run/user/{self.uid}",
            "PATH": f"{self.bin}:{prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        }
        name = f"{PREFIX}{os.getpid()}-{next(_numbers)}.slice"
        _sweep()
        self._slices = [folder / name for folder in _hierarchies()]
        self._manager: subprocess.Popen[bytes] | None = None  # not the first one, which is inside
        try:
            self._start(prefix if hidden else "")
        except BaseException:
            self.close()
            raise

    def _start(self, python: str) -> None:
        cgroups = [str(self._cgroup(folder)) for folder in self._slices]
        self._world = subprocess.Popen(
            [*NAMESPACES, "sh", str(WORLD), str(self.uid), python, *cgroups],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us; the world ends when its input does
            env={**os.environ, "LAB_PATH": self.environment["PATH"]},
        )
        assert self._world.stdout is not None
        if self._world.stdout.readline() != b"up\n":
            raise RuntimeError("the lab did not come up")
        self.wait_for(lambda: self.run("systemctl", "--user", "is-active", "-q", "default.target"))

    def restart_manager(self) -> None:
        """End the user's systemd with all that runs below it, and start another one."""
        self.run("systemctl", "--user", "exit")
        self.wait_for(lambda: not self._managers(), what="the end of the manager")
        cgroups = [str(folder / f"user@{self.uid}.service") for folder in self._slices]
        self._manager = subprocess.Popen(
            self.command("sh", "-c", MANAGER, "sh", *cgroups, root=True),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.wait_for(lambda: self.run("systemctl", "--user", "is-active", "-q", "default.target"))

    def _managers(self) -> list[str]:
        shown = self.run("ps", "-u", "pico", "-o", "args=").out.splitlines()
        return [line for line in shown if line.startswith(SYSTEMD)]

    def _cgroup(self, folder: Path) -> Path:
        """A cgroup that the user may divide; its name is what journald knows a user's units by."""
        leaf = folder / f"user@{self.uid}.service"
        leaf.mkdir(parents=True)
        for path in (leaf, *leaf.iterdir()):
            os.chown(path, self.uid, self.uid)
        return leaf

    def close(self) -> None:
        """End everything and leave nothing."""
        world: subprocess.Popen[bytes] | None = getattr(self, "_world", None)
        if world is not None and world.stdin is not None and not world.stdin.closed:
            assert world.stdout is not None
            world.stdin.close()
            try:
                world.wait(10)
            except subprocess.TimeoutExpired:
                world.send_signal(signal.SIGKILL)  # --kill-child takes the rest along
                world.wait()
            world.stdout.close()
        if self._manager is not None:
            self._manager.wait()
        for folder in self._slices:
            _remove_cgroup(folder)

    def cgroups(self) -> list[Path]:
        """The folders that are not inside: one for each hierarchy."""
        return list(self._slices)

    # What is inside, seen from outside.

    def path(self, inside: str) -> Path:
        """A file of the lab; a leading ~ is the user's home."""
        return Path(f"/proc/{self._world.pid}/root{_absolute(inside)}")

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        """Write a file as the user would."""
        path = self.path(inside)
        self.make_folder(os.path.dirname(_absolute(inside)))
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, self.uid, self.uid)

    def make_folder(self, inside: str) -> None:
        """Make a folder and those above it, as the user would."""
        folder = self.path(inside)
        if not folder.exists():
            self.make_folder(os.path.dirname(_absolute(inside)))
            folder.mkdir()
            os.chown(folder, self.uid, self.uid)

    def copy(self, source: Path, inside: str) -> None:
        """Copy a file or tree into the lab; it is the user's there."""
        target = self.path(inside)
        self.make_folder(os.path.dirname(_absolute(inside)))
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, symlinks=True, ignore=ignore)
        else:
            shutil.copy2(source, target, follow_symlinks=False)
        for path in (target, *target.rglob("*")):
            os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def read(self, inside: str) -> str:
        """A file's text; empty where there is none."""
        try:
            return self.path(inside).read_text()
        except FileNotFoundError:  # it may go away between a look and the reading
            return ""

    # What happens inside.

    def command(
        self, *argv: str, env: Mapping[str, str] | None = None, root: bool = False
    ) -> list[str]:
        """The command line that runs something inside, as the user or as root."""
        pid = self._world.pid
        enter = ["nsenter", f"--target={pid}", "--mount", "--net"]
        enter.append(f"--pid=/proc/{pid}/ns/pid_for_children")
        who = ["--reuid", str(self.uid), "--regid", str(self.uid), "--clear-groups"]
        become = [] if root else ["setpriv", *who, "--inh-caps=-all"]
        variables = [f"{key}={value}" for key, value in {**self.environment, **(env or {})}.items()]
        return [*enter, *become, "env", "-i", "-C", HOME, *variables, *argv]

    def run(
        self,
        *argv: str,
        timeout: float = 60,
        env: Mapping[str, str] | None = None,
        root: bool = False,
    ) -> "Done":
        """Run a command inside and wait for it."""
        ran = subprocess.run(
            self.command(*argv, env=env, root=root),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(ran.returncode, ran.stdout, ran.stderr)

    def must(self, *argv: str, timeout: float = 60, env: Mapping[str, str] | None = None) -> str:
        """Run a command that has to succeed; answers what it printed."""
        done = self.run(*argv, timeout=timeout, env=env)
        assert done, f"{' '.join(argv)}: status {done.code}\n{done.out}{done.err}"
        return done.out

    def systemctl(self, *argv: str) -> str:
        """`systemctl --user`, which has to succeed."""
        return self.must("systemctl", "--user", *argv)

    def show(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.systemctl("show", unit, "-P", name).strip()

    def journal(self, unit: str) -> str:
        """What a unit wrote, and what systemd wrote about it."""
        return self.must("journalctl", "--user", "-u", unit, "-o", "cat", "--no-pager")

    def starts(self, unit: str) -> int:
        """How often the unit was started since the lab began, as systemd itself wrote down."""
        text = self.must(
            *("journalctl", "--user", "--no-pager", "-q", "-o", "cat"),
            *(f"USER_UNIT={unit}", f"MESSAGE_ID={STARTED}"),
        )
        return len(text.splitlines())

    def wait_for(
        self, condition: Callable[[], object], seconds: float = 20, what: str = ""
    ) -> float:
        """Wait until something is true; answers how many seconds it took."""
        began = time.monotonic()
        while not condition():
            took = time.monotonic() - began
            assert took < seconds, f"not within {seconds} s: {what or condition}"
            time.sleep(0.05)
        return time.monotonic() - began


class Done:
    """A command that ended; true where it succeeded."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __bool__(self) -> bool:
        return self.code == 0


def _absolute(inside: str) -> str:
    return HOME + inside[1:] if inside.startswith("~") else inside


def _free_uid() -> int:
    """An ordinary uid that nobody has: journald keeps no journal of its own for others."""
    taken = {user.pw_uid for user in pwd.getpwall()}
    return next(uid for uid in range(1000, 60000) if uid not in taken)


def _sweep() -> None:
    """Remove cgroups of labs whose tests were killed outright."""
    for hierarchy in _hierarchies():
        for folder in hierarchy.glob(f"{PREFIX}*.slice"):
            owner = folder.name.removeprefix(PREFIX).partition("-")[0]
            if not _lives(owner):
                _remove_cgroup(folder)


def _lives(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""  # it is empty in a zombie
    except OSError:
        return False


def _remove_cgroup(folder: Path) -> None:
    for _ in range(100):
        try:
            for inner, _, _ in os.walk(folder, topdown=False):
                os.rmdir(inner)
        except OSError:
            time.sleep(0.05)  # its last processes are on their way out
        else:
            return

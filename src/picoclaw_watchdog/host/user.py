"""Who runs this process."""

import os


def user_name() -> str:
    """The user's name, as Unix knows it; the number where there is none."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return os.environ.get("USER") or str(os.getuid())


def is_typed(unit: str, groups: str = "/proc/self/cgroup", terminal: str = "/dev/tty") -> bool:
    """Whether a person at a terminal runs this process, and not something inside a unit.

    Args:
        unit: the one whose processes are no persons, also where they have a terminal.
        groups: the control groups of this process.
        terminal: opens where it has one.
    """
    try:
        with open(groups, encoding="utf-8", errors="replace") as file:
            inside = any(unit in line.rstrip("\n").split("/") for line in file)
        os.close(os.open(terminal, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return not inside

"""Does a user's systemd go on after logout, and start at boot?"""

import os

from picoclaw_watchdog.host.process import run

DEADLINE = 5.0
FOLDER = "/var/lib/systemd/linger"  # where logind keeps a file for each user that lingers
_SHORT = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}


def lingers(user: str, folder: str = FOLDER) -> bool:
    """Ask logind; it only knows who is logged in or lingers, so for others its file decides."""
    said = run(("loginctl", "show-user", user, "-p", "Linger"), DEADLINE)
    answer = said.out.strip().removeprefix("Linger=")
    if said.ok and answer in ("yes", "no"):
        return answer == "yes"
    return any(os.path.exists(f"{folder}/{name}") for name in spellings(user) if "/" not in name)


def spellings(user: str) -> tuple[str, ...]:
    """How the file may be called: logind escapes the name as a string of C, or in hexadecimal."""
    return tuple(dict.fromkeys((user, _c_string(user), user.replace("\\", "\\x5c"))))


def _c_string(text: str) -> str:
    signs = (bytes([byte]).decode("latin-1") for byte in text.encode("utf-8", "surrogateescape"))
    return "".join(_c_sign(sign) for sign in signs)


def _c_sign(sign: str) -> str:
    if sign in _SHORT or sign in "\\\"'":
        return f"\\{_SHORT.get(sign, sign)}"
    return sign if " " <= sign < "\x7f" else f"\\{ord(sign):03o}"

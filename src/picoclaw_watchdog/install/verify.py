"""Would systemd take these units? Asked before they replace what works."""

import os
from collections.abc import Mapping

from picoclaw_watchdog.host.process import run

DEADLINE = 30.0  # seconds
HARMLESS = ("Unknown key", "Unknown lvalue", "Unknown section")  # an older systemd takes the rest


def objection(texts: Mapping[str, str]) -> str:
    """What `systemd-analyze --user verify` has against them; empty where nothing.

    Empty too where it is not there or cannot say: then the manager's own word must do.

    Args:
        texts: unit files and drop-ins, by their path below the folder of units.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="picoclaw-watchdog-", dir="/tmp") as folder:  # private
        for name, text in texts.items():
            path = f"{folder}/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        units = [name for name in texts if "/" not in name]
        ran = run(
            ("systemd-analyze", "--user", "--man=no", "verify", *(f"{folder}/{u}" for u in units)),
            DEADLINE,
            env={"XDG_RUNTIME_DIR": folder, "SYSTEMD_LOG_COLOR": "0"},
        )
        for said in ran.err.splitlines():
            names_ours = folder in said or said.startswith(
                tuple(form.format(name) for name in units for form in ("{}: ", "Unit {} "))
            )
            if names_ours and not any(each in said for each in HARMLESS):
                return said.replace(f"{folder}/", "").strip()[:300]
    return ""

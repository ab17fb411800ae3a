"""Units that follow the settings, also where those are changed after the install.

The timer's first line says which settings the units were made for. A cycle compares it and, in
the rare case, has them made anew. So a cycle pays for one small file and imports nothing.
"""

from collections.abc import Mapping

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.install.places import TIMER, places

HEAD = "# Made for: "


def is_stale(environ: Mapping[str, str], home: str, settings: Settings) -> bool:
    """Whether the installed units were made for other settings.

    Only systemd's own start counts: what somebody tries with a variable at a terminal must not
    change the unattended watch.
    """
    if "INVOCATION_ID" not in environ:
        return False
    try:
        path = f"{places(environ, home).units}/{TIMER}"
        with open(path, encoding="utf-8", errors="replace") as file:
            line = file.readline()
    except OSError:
        return False
    return line.startswith(HEAD) and line != f"{HEAD}{made_for(settings)}\n"


def follow_settings(environ: Mapping[str, str], home: str, settings: Settings) -> str:
    """Make the units anew and let systemd know; answers why not, empty when done."""
    from picoclaw_watchdog.install.files import Folders
    from picoclaw_watchdog.install.manager import follow
    from picoclaw_watchdog.install.units import write_units

    where = places(environ, home)
    try:
        folders = Folders(where.folders_made)
        write_units(where, settings, environ, folders)
        folders.keep()
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    ran = follow(was_loop=False)  # the loop reads its period itself
    return "" if ran.ok else ran.complaint


def made_for(settings: Settings) -> str:
    """The settings that the units depend on, in one line."""
    return (
        f"interval {settings.interval_sec} s, longest cycle {longest_cycle(settings)} s, "
        f"gateway {settings.gateway_service!a}, requests {settings.kick_file!a}"
    )


def longest_cycle(settings: Settings) -> int:
    """Seconds beyond which a cycle must be hanging, whatever was wrong with the host.

    The sum of what may all happen in one: the wait for another cycle, eight rounds of looks, the
    longest backoff, the gateway's last words, a stop by force, a verification, Ollama's second
    look, both ways to mend the Funnel and what a reset drops put back, two messages by LINE and
    those by other channels, the heartbeat, and half a minute in which another cycle may be begun.
    """
    look = max(settings.local_timeout_sec, settings.external_timeout_sec) + 1.5
    restart = 30 + 10 + 2 * settings.stop_timeout_sec + 20 + settings.restart_verify_sec
    funnel = 4 * settings.external_timeout_sec + 15 + 20
    messages = 7 * settings.external_timeout_sec + 3
    return int(5 + 8 * look + restart + settings.ollama_retry_sec + funnel + messages + 60)

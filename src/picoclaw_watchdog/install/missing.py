"""What the owner still has to do, found by looking at the host."""

import os
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from picoclaw_watchdog.core.model import Entry
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host import sudoers
from picoclaw_watchdog.host.process import NOT_FOUND, find, run
from picoclaw_watchdog.host.serve_config import HTTPS_PORT
from picoclaw_watchdog.install import manager
from picoclaw_watchdog.install.linger import lingers
from picoclaw_watchdog.install.places import Places
from picoclaw_watchdog.ports import Silence, Tailnet
from picoclaw_watchdog.probes.funnel import published
from picoclaw_watchdog.recoveries.serving import arguments

DEADLINE = 5.0  # seconds for one question
# Where sudo itself looks for a program: its secure_path on the usual distributions.
SUDOS_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"


class Missing(Enum):
    """One thing that is not as it should be."""

    NO_BUS = "no_bus"
    NOT_ENABLED = "not_enabled"
    GATEWAY_UNKNOWN = "gateway_unknown"
    GATEWAY_IS_THE_SYSTEMS = "gateway_is_the_systems"
    LINGER_OFF = "linger_off"
    TAILSCALE_ABSENT = "tailscale_absent"
    FUNNEL_FORBIDDEN = "funnel_forbidden"
    FUNNEL_UNSAYABLE = "funnel_unsayable"  # and no line of sudoers could allow just that
    LINE_OFF = "line_off"
    LINE_INCOMPLETE = "line_incomplete"
    COMMAND_NOT_ON_PATH = "command_not_on_path"


class Rights(NamedTuple):
    """How the Funnel can be mended here."""

    tailscale: bool
    operator: bool  # this user may command tailscaled
    sudo: bool  # there is a sudo at all
    allowed: bool  # and it lets this user run what we need, without a password
    line: str = ""  # of sudoers, that would allow exactly that; empty: none can be written

    @property
    def needs_sudo(self) -> bool:
        """Whether our service must be able to use sudo: anything else may be restricted."""
        return self.tailscale and self.sudo and not self.operator


def rights(user: str, tailnet: Tailnet, settings: Settings) -> Rights:
    """Look how the Funnel can be mended: by the very command that restores what is published.

    Args:
        user: The name of this user.
        tailnet: Where to ask what is published.
        settings: The port, where nothing is published yet.
    """
    prefs = run(("tailscale", "debug", "prefs"), DEADLINE)
    if prefs.ok and _operator(prefs.out) == user:
        return Rights(tailscale=True, operator=True, sudo=False, allowed=True)
    seen = tailnet.funnel(DEADLINE)
    entry = None if isinstance(seen, Silence) else published(seen, settings)
    entry = entry or Entry("", HTTPS_PORT, "/", f"http://127.0.0.1:{settings.line_webhook_port}")
    wanted = arguments(entry)
    asked = run(("sudo", "-n", "-l", "tailscale", *wanted), DEADLINE)
    has_tailscale, has_sudo = prefs.code != NOT_FOUND, asked.code != NOT_FOUND
    line = _line(user, wanted) if has_sudo and not asked.ok else ""
    return Rights(has_tailscale, operator=False, sudo=has_sudo, allowed=asked.ok, line=line)


def _line(user: str, wanted: tuple[str, ...]) -> str:
    program = find("tailscale", SUDOS_PATH)
    return sudoers.line(user, (program, *wanted)) if program and sudoers.is_roots(program) else ""


def _operator(prefs: str) -> str:
    import json

    try:
        document = json.loads(prefs)
    except ValueError:
        return ""
    return str(document.get("OperatorUser") or "") if isinstance(document, dict) else ""


def look(
    places: Places, settings: Settings, environ: Mapping[str, str], user: str, may: Rights
) -> list[Missing]:
    """Everything that is missing, the gravest first."""
    found = _of_systemd(settings, user)
    if not may.tailscale:
        found.append(Missing.TAILSCALE_ABSENT)
    elif not may.allowed and not may.operator:
        found.append(Missing.FUNNEL_FORBIDDEN if may.line else Missing.FUNNEL_UNSAYABLE)
    if not settings.line_notify_enabled:
        found += [] if settings.apprise_urls else [Missing.LINE_OFF]
    elif not (settings.line_notify_to and settings.line_channel_access_token):
        found.append(Missing.LINE_INCOMPLETE)
    if os.path.dirname(places.command) not in environ.get("PATH", "").split(":"):
        found.append(Missing.COMMAND_NOT_ON_PATH)
    return found


def _of_systemd(settings: Settings, user: str) -> list[Missing]:
    found = []
    if not manager.answers():
        found.append(Missing.NO_BUS)
    else:
        if not manager.is_enabled():
            found.append(Missing.NOT_ENABLED)
        if manager.load_state(settings.gateway_service) == "not-found":
            theirs = manager.is_the_systems(settings.gateway_service)
            found.append(Missing.GATEWAY_IS_THE_SYSTEMS if theirs else Missing.GATEWAY_UNKNOWN)
    if not lingers(user):
        found.append(Missing.LINGER_OFF)
    return found

"""The only place that builds the real world."""

import os
from collections.abc import Callable, Mapping

from picoclaw_watchdog.channels import CHANNELS, couriers
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.host.machine import Machine
from picoclaw_watchdog.host.network import HostNetwork
from picoclaw_watchdog.host.systemd import UserSystemd
from picoclaw_watchdog.host.tailscale import HostTailnet
from picoclaw_watchdog.ports import World
from picoclaw_watchdog.store.disk import DiskStore
from picoclaw_watchdog.store.log import LogFile
from picoclaw_watchdog.store.spare import distrust


def build(
    settings: Settings, environ: Mapping[str, str], echo: Callable[[str], None] | None = None
) -> World:
    """This host, as the engine sees it.

    Args:
        settings: complete settings.
        environ: the process environment.
        echo: is given each line of the log, as it is written.
    """
    clock = HostClock()
    network = HostNetwork()
    return World(
        clock=clock,
        services=UserSystemd(),
        network=network,
        tailnet=HostTailnet(),
        host=Machine(),
        store=store_of(settings, environ),
        log=LogFile(
            settings.log_file,
            now=lambda: clock.now().wall,
            max_bytes=settings.log_max_bytes,
            keep=settings.log_keep,
            secrets=secrets_of(settings),
            echo=echo,
        ),
        channels=tuple(filter(None, (make(settings, network) for make in CHANNELS))),
        couriers=lambda: couriers(settings, environ.get("HOME", "")),
        follow=lambda known, unit: _followed(known, environ, unit),
    )


def _followed(settings: Settings, environ: Mapping[str, str], unit: Mapping[str, str]) -> Settings:
    from picoclaw_watchdog.settings.load import Loaded, with_unit  # where a unit sets something

    return with_unit(Loaded(settings, (), {}), environ, environ.get("HOME", ""), unit).settings


def store_of(settings: Settings, environ: Mapping[str, str]) -> DiskStore:
    """The state folder, with its spare in the user's runtime folder."""
    return DiskStore(
        settings.state_dir,
        _spare_place(environ),  # which complains where it must not be used
        captures_keep=settings.captures_keep,
        history_days=settings.history_days,
        window=settings.restart_window_sec,
    )


def spare_dir(environ: Mapping[str, str]) -> str:
    """Where state goes while its own folder cannot be written; empty where there is no such place.

    It is a tmpfs that only this user can read, made by systemd (pam_systemd(8)); what others could
    have written is not used.
    """
    folder = _spare_place(environ)
    return "" if distrust(folder) else folder


def _spare_place(environ: Mapping[str, str]) -> str:
    runtime = environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.geteuid()}")
    return f"{runtime}/picoclaw-watchdog" if os.path.isdir(runtime) else ""

"""The family's table: the ways to tell. A new channel is its file and one line.

Each line answers a channel, or None where the owner has not switched it on.
"""

from collections.abc import Callable

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Channel, Network


def _line(settings: Settings, network: Network) -> Channel | None:
    if not settings.line_notify_enabled:
        return None
    from picoclaw_watchdog.channels.line import LineChannel

    return LineChannel(settings, network)


CHANNELS: tuple[Callable[[Settings, Network], Channel | None], ...] = (_line,)

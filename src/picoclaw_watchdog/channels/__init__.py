"""The family's table: the ways to tell. A new channel is its file and one line.

Each line answers a channel, or None where the owner has not switched it on.
"""

from collections.abc import Callable

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import TYPE_CHECKING
from picoclaw_watchdog.ports import Channel, Courier, Network

if TYPE_CHECKING:
    from picoclaw_watchdog.channels.apprise import Begin


def _line(settings: Settings, network: Network) -> Channel | None:
    if not settings.line_notify_enabled:
        return None
    from picoclaw_watchdog.channels.line import LineChannel

    return LineChannel(settings, network)


def couriers(settings: Settings, home: str, begin: "Begin | None" = None) -> tuple[Courier, ...]:
    """The channels beside LINE; `home` is the home folder, where the extra may be.

    `begin` starts the programs that they are, where it is not to be this host.
    """
    if not settings.apprise_urls:
        return ()
    from picoclaw_watchdog.channels.apprise import AppriseCourier
    from picoclaw_watchdog.core.couriers import addresses

    return tuple(AppriseCourier(address, home, begin) for address in addresses(settings))


CHANNELS: tuple[Callable[[Settings, Network], Channel | None], ...] = (_line,)

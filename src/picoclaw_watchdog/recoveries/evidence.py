"""Save the gateway's last words before a restart buries them."""

from picoclaw_watchdog.core.foreign import masked
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Ran, World

LINES = 200


def capture(settings: Settings, world: World) -> str:
    """Keep the unit's last journal lines, secrets masked; answers the file's path.

    Never raises. Where the journal has nothing or does not answer, the file says so; the
    answer is empty where no file could be written.
    """
    unit = settings.gateway_service
    ran = world.services.journal(unit, LINES, settings.local_timeout_sec)
    text = masked(_text(unit, ran), secrets_of(settings))
    return world.store.keep_evidence(text, world.clock.now())


def _text(unit: str, ran: Ran) -> str:
    head = f"# journalctl --user -u {unit} -n {LINES}\n"
    if ran.timed_out:
        head += "# the journal did not answer in time; what follows is incomplete\n"
    elif not ran.ok:
        head += f"# the journal could not be read: {ran.complaint}\n"
    elif not ran.out.strip():
        head += "# the journal has nothing about this unit\n"
    return head + ran.out

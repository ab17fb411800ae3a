"""What `init` does not have to ask: the host says it itself."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from picoclaw_watchdog.core.reasons import Probe, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.doctor import tailscale
from picoclaw_watchdog.doctor.finding import State
from picoclaw_watchdog.doctor.seen import Seen
from picoclaw_watchdog.host.process import run
from picoclaw_watchdog.host.systemd import bus_environment
from picoclaw_watchdog.init import wording
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.mistakes import DEFAULT, ENVIRONMENT
from picoclaw_watchdog.settings.picoclaw import Picoclaw
from picoclaw_watchdog.settings.schema import BY_FIELD, SETTINGS

DEADLINE = 5.0  # seconds for one question to systemd
OURS = "picoclaw-watchdog"
CLAW_GATEWAY = re.compile(r"\bpicoclaw\b.*\bgateway\b")


class Change(NamedTuple):
    """One setting to be written."""

    field: str
    value: str
    why: Text

    @property
    def key(self) -> str:
        """As it is called in `.env`."""
        return BY_FIELD[self.field].name

    @property
    def is_secret(self) -> bool:
        """Whether it must not be shown."""
        return BY_FIELD[self.field].secret


def of_environment(loaded: Loaded, environ: Mapping[str, str]) -> list[Change]:
    """What is set in this shell only: the service, which systemd starts, will not see it."""
    return [
        Change(setting.field, environ[setting.name].strip(), wording.OF_ENVIRONMENT)
        for setting in SETTINGS
        if loaded.origins[setting.field] is ENVIRONMENT and setting.field != "pico_home"
    ]


def of_sight(seen: Seen) -> list[Change]:
    """What only shows when one looks: newer gateways serve all on one port; MagicDNS."""
    loaded, settings = seen.case.loaded, seen.settings
    found = []
    look = seen.looks.get(Probe.WEBHOOK_LOCAL)
    if look is not None and look.sight is Sight.SHARED_PORT:
        found.append(Change("line_webhook_port", str(settings.gateway_port), wording.OF_PORT))
    trapped = any(
        finding.state is State.WARN and finding.words is tailscale.MAGIC
        for finding in tailscale.public(seen)
    )
    if trapped and _is_open(loaded, "probe_line_webhook_test"):
        found.append(Change("probe_line_webhook_test", "true", wording.OF_MAGIC))
    return found


def with_changes(loaded: Loaded, changes: list[Change]) -> Loaded:
    """The settings as they will be, for looking at the host with them."""
    settings = loaded.settings
    values: dict[str, object] = {
        change.field: _typed(settings, change.field, change.value)
        for change in changes
        if change.why is not wording.OF_ENVIRONMENT  # counts already
    }
    return loaded._replace(settings=settings._replace(**values))  # type: ignore[arg-type]


def gateway_units(configured: str) -> tuple[str, ...] | None:
    """The units that could be the gateway's: only the configured one where it is there.

    None: systemd did not answer.
    """
    ask = ("systemctl", "--user")
    shown = run((*ask, "show", "-P", "LoadState", configured), DEADLINE, env=bus_environment())
    if not shown.ok:
        return None
    if shown.out.strip() not in ("not-found", ""):
        return (configured,)
    files = run(
        (*ask, "list-unit-files", "--type=service", "--plain", "--no-legend", "--no-pager"),
        DEADLINE,
        env=bus_environment(),
    )
    names = [line.split()[0] for line in files.out.splitlines() if line.strip()]
    likely = [name for name in names if "claw" in name.lower() and not name.startswith(OURS)]
    loaded = run((*ask, "show", "*.service", "-p", "Id,ExecStart"), DEADLINE, env=bus_environment())
    for block in loaded.out.split("\n\n"):
        name = re.search(r"^Id=(.+)$", block, re.MULTILINE)
        start = re.search(r"^ExecStart=(.+)$", block, re.MULTILINE)
        if name and start and CLAW_GATEWAY.search(start[1]) and not name[1].startswith(OURS):
            likely.insert(0, name[1])
    return tuple(dict.fromkeys(likely))


def likely_recipient(said: Picoclaw | None) -> str:
    """Whom the bot listens to, where that is one person: most likely its owner."""
    people = [each for each in (said.may_write if said else ()) if each.startswith("U")]
    return people[0] if len(people) == 1 else ""


def notes_for(changes: list[Change], language: str) -> Mapping[str, tuple[str, ...]]:
    """Comment lines for what is added to the owner's file."""
    from picoclaw_watchdog.settings.texts import MEANINGS

    notes = {}
    for change in changes:
        meaning = MEANINGS[change.field]
        text = (meaning.ja if language == "ja" else meaning.en).replace("`", "")
        why = wording.FILE_NOTE.format(why=change.why.say(language))
        notes[change.key] = (text, why)
    return notes


def _is_open(loaded: Loaded, field: str) -> bool:
    """Whether the owner has not decided it: nothing is written, or the default as a template."""
    default = BY_FIELD[field].default
    return loaded.origins[field] is DEFAULT or getattr(loaded.settings, field) == default


def _typed(settings: Settings, field: str, value: str) -> object:
    known = getattr(settings, field)
    if isinstance(known, bool):
        return value == "true"
    return type(known)(value) if isinstance(known, int | float) else value

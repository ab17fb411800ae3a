"""Environment, `.env`, `config.json` and defaults -> Settings, and every mistake at once."""

import os
from collections.abc import Mapping

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import Any, NamedTuple
from picoclaw_watchdog.settings.mistakes import DEFAULT, Mistake, Origin, Refusal, shown
from picoclaw_watchdog.settings.schema import BY_FIELD, SETTINGS, Kind, Setting
from picoclaw_watchdog.settings.sources import (
    Source,
    Written,
    from_config,
    from_dotenv,
    from_environment,
)
from picoclaw_watchdog.settings.together import Draft, check_together, close_doors
from picoclaw_watchdog.settings.values import read_value

# A token may have been pasted one line below: what is no recipient is not shown either.
_HIDDEN = frozenset((Kind.TOKEN, Kind.PASSPHRASE, Kind.RECIPIENT, Kind.CHANNELS, Kind.SECRET_URL))


class Loaded(NamedTuple):
    """The settings, complete whatever was wrong, and where each came from."""

    settings: Settings
    mistakes: tuple[Mistake, ...]
    origins: Mapping[str, Origin]  # by field
    unread: tuple[str, ...] = ()  # secrets that were not accepted, but for what clings to them

    @property
    def fatal(self) -> bool:
        """Whether a command that a person runs must stop (exit status 2)."""
        return any(mistake.fatal for mistake in self.mistakes)


def load(environ: Mapping[str, str], home: str) -> Loaded:
    """Read everything. Never raises for what the owner wrote: a bad value counts as its default.

    `home` is the home folder that a leading `~` stands for; PICO_HOME in `environ` moves the
    folder of `.env` and `config.json`, else it is `<home>/.picoclaw`. A key that is set to
    nothing is not set, except for the addresses that switch a probe off that way.
    """
    mistakes: list[Mistake] = []
    defaults = Settings()._replace(
        language=language_of(environ), pico_home=os.path.normpath(f"{home}/.picoclaw")
    )
    draft = Draft(defaults._asdict(), dict.fromkeys(Settings._fields, DEFAULT), {}, set())
    outside = from_environment(environ, mistakes)
    _settle(BY_FIELD["pico_home"], (outside,), home, draft, mistakes)
    pico_home = draft.values["pico_home"]
    unread: list[tuple[Setting, str]] = []
    inside = from_dotenv(f"{pico_home}/.env", mistakes, unread)
    config, channel = from_config(f"{pico_home}/config.json", mistakes)
    sources = (outside, inside, config, channel)
    for setting in SETTINGS:
        if setting.field != "pico_home":
            _settle(setting, sources, home, draft, mistakes)
    refused = map(BY_FIELD.__getitem__, draft.refused)
    unread += [(each, found.text) for each in refused if (found := _first(each, sources))]
    secrets = tuple(_bare(text) for setting, text in unread if setting.kind in _HIDDEN)
    close_doors(draft, mistakes)
    mistakes.extend(check_together(draft))
    _derive(draft)
    mistakes.sort(key=lambda mistake: mistake.origin)
    return Loaded(Settings(**draft.values), tuple(mistakes), draft.origins, secrets)


def language_of(environ: Mapping[str, str]) -> str:
    """`ja` where the locale is Japanese, else `en`; the order is that of locale(7)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        locale = environ.get(name)
        if locale:
            return "ja" if locale.lower().startswith("ja") else "en"
    return "en"


def _settle(
    setting: Setting,
    sources: tuple[Source, ...],
    home: str,
    draft: Draft,
    mistakes: list[Mistake],
) -> None:
    """Take the first source that has something to say."""
    written = _first(setting, sources)
    if written is None:
        return
    # Nothing written in an address that may be empty: its probe is switched off.
    value = read_value(setting, written.text, home) if written.text else ""
    if isinstance(value, Refusal):
        draft.refused.add(setting.field)
        found = "" if setting.kind in _HIDDEN else shown(value.found or written.text)
        right, unit = value.right, setting.unit
        if value.kept is not None:
            draft.values[setting.field] = value.kept
        mistakes.append(Mistake(written.origin, written.key, value.flaw, found, right, unit))
        return
    draft.values[setting.field] = value
    draft.origins[setting.field] = written.origin
    draft.keys[setting.field] = written.key


def _bare(text: str) -> str:
    """A secret as others may have it: without blanks around it and what cannot be seen."""
    return "".join(filter(str.isprintable, text)).strip()


def _first(setting: Setting, sources: tuple[Source, ...]) -> Written | None:
    for source in sources:
        written = source.get(setting.field)
        if written is not None and (written.text or setting.can_be_off):
            return written
    return None


def _derive(draft: Draft) -> None:
    """Defaults that follow other settings."""
    values: dict[str, Any] = draft.values
    values["state_dir"] = values["state_dir"] or f"{values['pico_home']}/state/watchdog"
    values["log_dir"] = values["log_dir"] or f"{values['pico_home']}/logs"
    values["log_file"] = values["log_file"] or f"{values['log_dir']}/ops-watchdog.log"
    values["kick_file"] = values["kick_file"] or f"{values['state_dir']}/kick_request"
    for field, path in (("health_url", "/health"), ("ready_url", "/ready")):
        if draft.origins[field] is DEFAULT:
            values[field] = f"http://127.0.0.1:{values['gateway_port']}{path}"

"""Environment, `.env`, `config.json` and defaults -> Settings, and every mistake at once."""

import os
from collections.abc import Mapping
from types import MappingProxyType

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import Any, NamedTuple
from picoclaw_watchdog.settings import files, picoclaw
from picoclaw_watchdog.settings.mistakes import (
    DEFAULT,
    ENVIRONMENT,
    Flaw,
    Mistake,
    Origin,
    Refusal,
    Source,
    Written,
    shown,
)
from picoclaw_watchdog.settings.picoclaw import Picoclaw, stands_in
from picoclaw_watchdog.settings.schema import BY_FIELD, OF_LINE, SETTINGS, Kind, Setting
from picoclaw_watchdog.settings.sources import (
    LARGEST_ENV,
    Document,
    Reading,
    from_config,
    from_dotenv,
    from_environment,
    read_document,
)
from picoclaw_watchdog.settings.together import Draft, Looked, check_together, close_doors
from picoclaw_watchdog.settings.values import read_value

# A token may have been pasted one line below: what is no recipient is not shown either.
_HIDDEN = frozenset((Kind.TOKEN, Kind.PASSPHRASE, Kind.RECIPIENT, Kind.CHANNELS, Kind.SECRET_URL))


class Loaded(NamedTuple):
    """The settings, complete whatever was wrong, and where each came from."""

    settings: Settings
    mistakes: tuple[Mistake, ...]
    origins: Mapping[str, Origin]  # by field
    unread: tuple[str, ...] = ()  # secrets that were not accepted, but for what clings to them
    config_file: str = ""  # PicoClaw's config.json, whether there is one or not
    picoclaw: Picoclaw | None = None  # what it says; None: there is none that can be used

    @property
    def fatal(self) -> bool:
        """Whether a command that a person runs must stop (exit status 2)."""
        return any(mistake.fatal for mistake in self.mistakes)


def load(
    environ: Mapping[str, str], home: str, unit: Mapping[str, str] = MappingProxyType({})
) -> Loaded:
    """Read everything. Never raises for what the owner wrote: a bad value counts as its default.

    A key that is set to nothing is not set, except for the addresses that switch a probe off
    that way.

    Args:
        environ: the process environment. PICO_HOME in it moves the folder of `.env` and
            `config.json`, else it is `<home>/.picoclaw`.
        home: the home folder that a leading `~` stands for.
        unit: what the gateway's unit puts into its environment, where that is known.
    """
    reading = Reading([], [])
    defaults = Settings()._replace(
        language=language_of(environ), pico_home=os.path.normpath(f"{home}/.picoclaw")
    )
    draft = Draft(defaults._asdict(), dict.fromkeys(Settings._fields, DEFAULT), {}, set(), set())
    outside = from_environment(environ, reading)
    _settle(BY_FIELD["pico_home"], (outside,), home, draft, reading.mistakes)
    pico_home = draft.values["pico_home"]
    inside, theirs = from_dotenv(f"{pico_home}/.env", reading)
    for place in (environ, unit):
        for name in picoclaw.VARIABLES:
            if place.get(name, "").strip():
                theirs[name] = Written(place[name].strip(), ENVIRONMENT, name)
    document = _document(theirs, pico_home, home, reading)
    known = picoclaw.facts(document.content)
    said = picoclaw.source_of(theirs, document, known)
    owned = (outside, inside, from_config(document, reading))
    draft.refused.update(setting.field for setting, _ in reading.unread)
    for setting in SETTINGS:
        if setting.field != "pico_home":
            _settle(setting, owned, home, draft, reading.mistakes)
            if draft.origins[setting.field] is not DEFAULT:
                draft.owned.add(setting.field)
            else:
                _settle(setting, (said,), home, draft, reading.mistakes)
    looked = _beside(draft, document, home, reading)
    refused = map(BY_FIELD.__getitem__, sorted(draft.refused))
    sources = (*owned, said)
    reading.unread.extend(
        (each, found.text) for each in refused if (found := _first(each, sources))
    )
    close_doors(draft, reading.mistakes)
    reading.mistakes.extend(check_together(draft, looked))
    _derive(draft, said, known)
    return Loaded(
        Settings(**draft.values),
        tuple(sorted(reading.mistakes, key=lambda mistake: mistake.origin)),
        draft.origins,
        tuple(_bare(text) for setting, text in reading.unread if setting.kind in _HIDDEN),
        document.path,
        known if document.content else None,
    )


def with_unit(
    loaded: Loaded, environ: Mapping[str, str], home: str, unit: Mapping[str, str]
) -> Loaded:
    """The settings with what the gateway's unit puts into its environment laid over them.

    Everything is read anew only where the unit names another config.json.
    """
    said = {name: Written(text.strip(), ENVIRONMENT, name) for name, text in unit.items()}
    place = picoclaw.config_place(said, loaded.settings.pico_home, home)
    if place.key and place.text != loaded.config_file:
        return load(environ, home, unit)
    return loaded._replace(settings=picoclaw.followed(loaded.settings, unit))


def language_of(environ: Mapping[str, str]) -> str:
    """`ja` where the locale is Japanese, else `en`; the order is that of locale(7)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        locale = environ.get(name)
        if locale:
            return "ja" if locale.lower().startswith("ja") else "en"
    return "en"


def _document(
    theirs: Mapping[str, Written], pico_home: str, home: str, reading: Reading
) -> Document:
    """PicoClaw's config.json, from where the gateway reads it."""
    place = picoclaw.config_place(theirs, pico_home, home)
    document = read_document(place.text, reading)
    if document.missing and place.key:
        mistake = Mistake(place.origin, place.key, Flaw.MISSING, shown(place.text), fatal=False)
        reading.mistakes.append(mistake)
    return document


def _beside(draft: Draft, document: Document, home: str, reading: Reading) -> Looked:
    """Take the LINE token and secret that PicoClaw keeps beside its config.json.

    Only where they are needed and not set elsewhere: most hosts are spared the look.
    """
    values = draft.values
    signs = values["probe_webhook_signature"] and not values["line_channel_secret"]
    if values["line_channel_access_token"] and not signs:
        return Looked()
    path = f"{os.path.dirname(document.path)}/.security.yml"
    hints: list[Mistake] = []
    names = frozenset(name for _, name, _ in picoclaw.line_channels(document.content))
    said: Source = {}
    content = files.read(path, LARGEST_ENV, hints, secret=True)
    if content and not hints:
        from picoclaw_watchdog.settings import security  # most hosts have none

        try:
            text = files.decoded(content, path, hints)
            fields = {key: field for field, key in OF_LINE.items()}
            said = security.read(text, path, fields, names | {"line"})
        except security.NotPlainError:
            right = BY_FIELD["line_channel_access_token"].name
            hints.append(Mistake(Origin(path), "", Flaw.NOT_PLAIN, right=right))
    for field in OF_LINE:
        if draft.origins[field] is DEFAULT and field in said and not stands_in(said[field].text):
            _settle(BY_FIELD[field], (said,), home, draft, reading.mistakes)
    hints = [
        each._replace(fatal=False, flaw=Flaw.NOT_PRIVATE)
        if each.flaw is Flaw.OPEN_TO_OTHERS
        else each._replace(fatal=False)
        for each in hints
        if each not in reading.mistakes
    ]
    return Looked(f"{draft.values['pico_home']}/.env, {document.path}, {path}", tuple(hints))


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


def _derive(draft: Draft, said: Source, known: Picoclaw) -> None:
    """Defaults that follow other settings."""
    values: dict[str, Any] = draft.values
    values["state_dir"] = values["state_dir"] or f"{values['pico_home']}/state/watchdog"
    values["log_dir"] = values["log_dir"] or f"{values['pico_home']}/logs"
    values["log_file"] = values["log_file"] or f"{values['log_dir']}/ops-watchdog.log"
    values["kick_file"] = values["kick_file"] or f"{values['state_dir']}/kick_request"
    own = picoclaw.own_of(said)
    values["own_address"], values["own_source"] = own.address, own.source
    values["gateway_host"] = own.host or values["gateway_host"]
    set_here = {field for field in ("gateway_port", "health_url") if values[field]} & draft.owned
    values["address_set"] = bool(set_here)
    address = picoclaw.url(values["gateway_host"], values["gateway_port"])
    for field, path in (("health_url", "/health"), ("ready_url", "/ready")):
        if draft.origins[field] is DEFAULT:
            values[field] = f"{address}{path}"
            if own.address and "gateway_port" not in draft.owned:
                draft.origins[field] = (said.get("gateway_port") or said["gateway_host"]).origin
    # Upstream serves the webhook on the gateway's own port, whatever its webhook_port says.
    shared = known.line_enabled is not None and not known.old_form
    if shared and "line_webhook_port" not in draft.owned:
        values["line_webhook_port"] = values["gateway_port"]

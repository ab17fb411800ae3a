"""Keys that are none of ours but look as if they were meant to be."""

import re

from picoclaw_watchdog.settings.schema import BY_FIELD, BY_NAME, OF_LINE, PREFIX

_STEM = PREFIX.replace("_", "")


def meant(name: str) -> str | None:
    """The key that was probably meant; empty where none is near, None where it is not ours.

    Most keys of a `.env` are PicoClaw's own and must be told from ours without effort, so only
    a suspicious one is compared (difflib costs more than all the rest of the reading).
    """
    tidy = name.upper()
    if not ("PIC" in tidy or "CLAW" in tidy or tidy.startswith("WATCHDOG")):
        return None
    tidy = re.sub(r"[^A-Z0-9]", "_", tidy)
    if tidy in BY_NAME:
        return tidy
    if "PICOCLAW_" + tidy in BY_NAME:  # WATCHDOG_ENABLED; systemd's WATCHDOG_USEC is none of ours
        return "PICOCLAW_" + tidy
    if tidy.startswith(PREFIX):
        return _nearest_name(tidy.removeprefix(PREFIX))
    if _prefix_is_near(tidy):
        words = tidy.split("_")
        return _nearest_name("_".join(words[2:])) or _nearest_name("_".join(words[3:]))
    if "LINE" in tidy and ("TOK" in tidy or "SEC" in tidy) and tidy.startswith("PICO"):
        return _nearest(tidy, tuple(BY_FIELD[field].name for field in OF_LINE), 0.8) or None
    return None


def meant_field(field: str) -> str:
    """The key of config.json's `watchdog` object that was probably meant; empty: none is near."""
    tidy = re.sub(r"[^a-z0-9]", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", field).lower())
    return tidy if tidy in BY_FIELD else _nearest(tidy, tuple(BY_FIELD))


def _prefix_is_near(tidy: str) -> bool:
    if not ("WATCH" in tidy or "DOG" in tidy):
        return False
    from difflib import SequenceMatcher  # only for a suspicious key

    head = tidy.replace("_", "")[: len(_STEM)]
    return SequenceMatcher(None, head, _STEM).ratio() >= 0.85  # noqa: PLR2004 - two slips in 16


def _nearest_name(ending: str) -> str:
    field = _nearest(ending.lower(), tuple(BY_FIELD))
    return BY_FIELD[field].name if field else ""


def _nearest(word: str, known: tuple[str, ...], cutoff: float = 0.7) -> str:
    from difflib import get_close_matches  # only for a suspicious key

    found = get_close_matches(word, known, n=1, cutoff=cutoff)
    return found[0] if found else ""

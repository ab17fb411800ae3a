"""Keys that are none of ours but look as if they were meant to be."""

import re

from picoclaw_watchdog.settings.schema import BY_NAME, LINE_PREFIX, OF_LINE, PREFIX

_STEM = PREFIX.replace("_", "")


def meant(name: str) -> str | None:
    """The key that was probably meant; empty where none is near, None where it is not ours.

    Most keys of a `.env` are PicoClaw's own and must be told from ours without effort, so only
    a suspicious one is compared (difflib costs more than all the rest of the reading).
    """
    tidy = re.sub(r"[^A-Z0-9]", "_", name.upper())
    if not ("PIC" in tidy or "CLAW" in tidy or tidy.startswith("WATCHDOG_")):
        return None
    if tidy in BY_NAME:
        return tidy
    if "PICOCLAW_" + tidy in BY_NAME:  # WATCHDOG_ENABLED; systemd's WATCHDOG_USEC is none of ours
        return "PICOCLAW_" + tidy
    if tidy.startswith(PREFIX) or _prefix_is_near(tidy):
        return _nearest(tidy)
    if "LINE" in tidy and ("TOK" in tidy or "SEC" in tidy) and tidy.startswith("PICO"):
        return _nearest(tidy, tuple(LINE_PREFIX + key.upper() for key in OF_LINE.values())) or None
    return None


def meant_field(field: str, known: tuple[str, ...]) -> str:
    """The key of config.json's `watchdog` object that was probably meant; empty: none is near."""
    tidy = re.sub(r"[^a-z0-9]", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", field).lower())
    return tidy if tidy in known else _nearest(tidy, known, 0.7)


def _prefix_is_near(tidy: str) -> bool:
    if not ("WATCH" in tidy or "DOG" in tidy):
        return False
    from difflib import SequenceMatcher  # noqa: PLC0415 - only for a suspicious key

    head = tidy.replace("_", "")[: len(_STEM)]
    return SequenceMatcher(None, head, _STEM).ratio() >= 0.85  # noqa: PLR2004 - two slips in 16


def _nearest(tidy: str, names: tuple[str, ...] = (), cutoff: float = 0.8) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a suspicious key

    found = get_close_matches(tidy, names or tuple(BY_NAME), n=1, cutoff=cutoff)
    return found[0] if found else ""

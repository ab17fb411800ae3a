"""Moments as people type them."""

import re
import time

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_AGO = re.compile(r"(\d{1,9})\s*([smhd])")
_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%H:%M")


def moment_of(text: str, now: float) -> float | None:
    """Wall seconds of `30m` (ago), `2026-11-24 03:00` (local) or `03:00` (today).

    None where it is none of these.
    """
    text = text.strip()
    if ago := _AGO.fullmatch(text):
        return max(0.0, now - int(ago[1]) * _UNITS[ago[2]])
    for form in _FORMS:
        try:
            found = time.strptime(text.replace("T", " "), form)
        except ValueError:
            continue
        date = time.localtime(now)[:3] if form == "%H:%M" else found[:3]
        try:
            return time.mktime((*date, *found[3:6], 0, 0, -1))
        except (OverflowError, ValueError):
            return None
    return None

"""Lengths of time as people write them: `30m`, `1h30m`, `2d`."""

import re

SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_LENGTH = r"(?:[1-9][0-9]{0,6}(?:min|[smhd]))+"
_PART = r"([0-9]+)(min|[smhd])"


def seconds_of(text: str, longest: int) -> int:
    """The length in seconds; 0 for what is none, or is longer than `longest`."""
    if not re.fullmatch(_LENGTH, text):
        return 0
    seconds = sum(int(number) * SECONDS[unit] for number, unit in re.findall(_PART, text))
    return seconds if seconds <= longest else 0

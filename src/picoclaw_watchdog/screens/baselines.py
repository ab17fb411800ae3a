"""What was seen working of each target, in a line: the only thing that is ever brought back."""

from collections.abc import Mapping
from typing import Any

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.screens.times import when

SINCE = Text("seen working since {at}: {where}", "正常を確認した構成（{at} から）: {where}")
NEVER = Text("never seen working here yet", "ここで正常に動いたことはまだありません")
# What can be brought back, and so has a baseline.
KNOWN = (targets.GATEWAY, targets.FUNNEL, targets.OLLAMA)


def baseline_line(document: Mapping[str, Any], name: str, now: float, language: str) -> str:
    """Since when a target was seen working, and where; that it never was; empty for others.

    Args:
        document: status.json.
        name: of the target.
        now: wall seconds.
        language: en or ja.
    """
    if name not in {each.name for each in KNOWN}:
        return ""
    known = document.get("baselines") or ()
    found = next((each for each in known if each["target"] == name), None)
    if found is None:
        return NEVER.say(language)
    return SINCE.say(language, at=when(found["since"], now), where=place(found))


def place(baseline: Mapping[str, Any]) -> str:
    """Where it was seen working: `https://HOST/PATH -> http://127.0.0.1:18791`."""
    where = baseline["address"] or baseline["unit"]
    entry = baseline["entry"]
    return printable(f"{where} -> {entry['target']}" if entry else where)

"""`picoclaw-watchdog why`: the reasons of the last decisions, newest first."""

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from picoclaw_watchdog.cli.loading import settings_for
from picoclaw_watchdog.core.reasons import (
    Action,
    Cause,
    Hold,
    Target,
)
from picoclaw_watchdog.core.wording import (
    action_words,
    cause_words,
    hold_words,
    target_words,
)
from picoclaw_watchdog.engine.wiring import store_of

HELP = """picoclaw-watchdog why [--json]

The last decisions that did something, or withheld something, each with its reason.

example: picoclaw-watchdog why"""

LABELS = {
    "en": {
        "none": "nothing had to be decided yet",
        "found": "found",
        "did": "did",
        "held": "withheld",
        "ended": "ended",
        "until": "next possible {at}",
        "by": "mended by",
        "itself": "came back by itself",
    },
    "ja": {
        "none": "まだ判断すべきことはありませんでした",
        "found": "検知",
        "did": "実行",
        "held": "見送り",
        "ended": "終了",
        "until": "次は {at} 以降",
        "by": "復旧手段",
        "itself": "自然に回復",
    },
}


def main(arguments: list[str]) -> int:
    """Print the decisions that the snapshot remembers."""
    settings = settings_for(arguments, {"--json"}, HELP)
    if isinstance(settings, int):
        return settings
    known = store_of(settings, os.environ).last_snapshot().get("decisions")
    decisions = known if isinstance(known, list) else []
    if "--json" in arguments:
        json.dump(decisions, sys.stdout, ensure_ascii=False, indent=2)
        print()
        return 0
    lines = [line for entry in decisions for line in explain(entry, settings.language)]
    print("\n".join(lines) or LABELS[settings.language]["none"])
    return 0


def explain(entry: Mapping[str, Any], language: str) -> list[str]:
    """One decision as lines."""
    say = LABELS[language]
    lines = [_time(entry["at"])]
    for each in entry["found"]:
        cause = cause_words(Cause(each["cause"]), language)
        lines.append(_line(say["found"], cause, each["detail"]))
    for each in entry["did"]:
        action = action_words(Action(each["action"]), language)
        lines.append(_line(say["did"], action, f"{each['phase']} {each['took']} s"))
    lines += [_withheld(each, language) for each in entry["withheld"]]
    for each in entry["ended"]:
        how = say["itself"]
        if each["mended_by"]:
            how = f"{say['by']}: {action_words(Action(each['mended_by']), language)}"
        lines.append(_line(say["ended"], cause_words(Cause(each["cause"]), language), how))
    return lines


def _withheld(each: Mapping[str, Any], language: str) -> str:
    say = LABELS[language]
    name = each["action"]
    what = (
        action_words(Action(name), language)
        if name
        else target_words(Target(each["target"]), language)
    )
    reason = hold_words(Hold(each["hold"]), language)
    until = say["until"].format(at=_time(each["until"])) if each["until"] else ""
    return _line(say["held"], f"{what}: {reason}", ", ".join(filter(None, [until, each["detail"]])))


def _line(label: str, words: str, detail: str) -> str:
    return f"  {label}: {words}" + (f" ({detail})" if detail else "")


def _time(wall: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall))

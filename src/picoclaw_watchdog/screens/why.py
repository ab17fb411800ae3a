"""The reasons of the last decisions, newest first; the same one again and again is said once."""

from collections.abc import Mapping, Sequence
from typing import Any

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.reasons import Hold, Ill, Phase
from picoclaw_watchdog.core.wording import action_words, cause_words, hold_words, target_words
from picoclaw_watchdog.screens.baselines import KNOWN, baseline_line
from picoclaw_watchdog.screens.times import clock, day, full, lasted
from picoclaw_watchdog.terminal.blocks import Cell, pairs
from picoclaw_watchdog.terminal.paint import Style, Terminal

WORDS = {
    "en": {
        "none": "no decisions yet",
        "found": "found",
        "did": "did",
        "held": "withheld",
        "ended": "ended",
        "until": "next possible {at}",
        "by": "recovered by",
        "itself": "came back by itself",
        "times": "{began} to {ended}, {number} times",
        "next": "next",
        "restores": "what the watchdog may restore",
        "phases": {
            Phase.DONE: "done in {took}",
            Phase.FAILED: "did not help, {took}",
            Phase.STARTED: "started, not yet healthy after {took}",
            Phase.LOST: "interrupted",
            Phase.INTENDED: "begun",
        },
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
        "times": "{began} から {ended} まで、{number} 回",
        "next": "次の操作",
        "restores": "見張りが復旧してよい構成",
        "phases": {
            Phase.DONE: "{took}で完了",
            Phase.FAILED: "効果なし、{took}",
            Phase.STARTED: "起動済み、{took}後もまだ正常応答なし",
            Phase.LOST: "途中で終了",
            Phase.INTENDED: "開始",
        },
    },
}
Said = tuple[str, Style | None]


def why(on: Terminal, document: Mapping[str, Any], now: float, language: str) -> list[str]:
    """The lines of the screen: the decisions, and what they may bring back.

    Args:
        on: the terminal.
        document: status.json.
        now: wall seconds.
        language: en or ja.
    """
    say: Any = WORDS[language]
    decisions = decisions_of(document)
    if not decisions:
        return [*on.text(say["none"]), *_baselines(on, document, now, language)]
    lines: list[str] = []
    for moments, said in _grouped(decisions, language):
        if lines:
            lines.append("")
        lines += on.text(_when(moments, language), Style.HEAD)
        for text, style in said:
            lines += on.text(text, style, indent=4, first="  - ")
    show = Cell("picoclaw-watchdog incidents show", Style.COMMAND)
    lines += _baselines(on, document, now, language)
    return [*lines, "", *pairs(on, [(say["next"], show)])]


def decisions_of(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The decisions that the snapshot remembers, newest first."""
    known = document.get("decisions")
    return known if isinstance(known, list) else []


def _baselines(on: Terminal, document: Mapping[str, Any], now: float, language: str) -> list[str]:
    """What may be brought back: only what was seen working here."""
    if "targets" not in document:
        return []
    say: Any = WORDS[language]
    lines = ["", *on.text(say["restores"], Style.HEAD)]
    for target in KNOWN:
        if target.name in document["targets"]:
            text = baseline_line(document, target.name, now, language)
            name = target_words(target, language)
            lines += on.text(f"{name}: {text}", indent=4, first="  - ")
    return lines


def _grouped(
    decisions: Sequence[Mapping[str, Any]], language: str
) -> list[tuple[list[float], list[Said]]]:
    """Decisions that read the same, one behind the other, become one."""
    groups: list[tuple[list[float], list[Said]]] = []
    for entry in decisions:
        said = explained(entry, language)
        if groups and groups[-1][1] == said:
            groups[-1][0].append(entry["at"])
        else:
            groups.append(([entry["at"]], said))
    return groups


def _when(moments: Sequence[float], language: str) -> str:
    newest, oldest = moments[0], moments[-1]
    if newest == oldest:
        return full(newest)
    end = clock(newest) if day(newest) == day(oldest) else full(newest)
    say: Any = WORDS[language]
    return str(say["times"].format(began=full(oldest), ended=end, number=len(moments)))


def explained(entry: Mapping[str, Any], language: str) -> list[Said]:
    """One decision: what was found, done, withheld and over."""
    say: Any = WORDS[language]
    said: list[Said] = []
    for each in entry["found"]:
        cause = cause_words(Ill(each["cause"]), language)
        said.append((_line(say["found"], cause, each["detail"]), Style.BAD))
    for each in entry["did"]:
        action = action_words(targets.action_named(each["action"]), language)
        phase = Phase(each["phase"])
        how = say["phases"][phase].format(took=lasted(each["took"], language))
        style = Style.GOOD if phase is Phase.DONE else Style.WARN
        said.append((_line(say["did"], action, how), style))
    said += [(_withheld(each, language), Style.WARN) for each in entry["withheld"]]
    for each in entry["ended"]:
        how = say["itself"]
        if each["mended_by"]:
            how = f"{say['by']}: {action_words(targets.action_named(each['mended_by']), language)}"
        cause = cause_words(Ill(each["cause"]), language)
        said.append((_line(say["ended"], cause, how), Style.GOOD))
    return said


def _withheld(each: Mapping[str, Any], language: str) -> str:
    say: Any = WORDS[language]
    name = each["action"]
    what = (
        action_words(targets.action_named(name), language)
        if name
        else target_words(targets.named(each["target"]), language)
    )
    reason = hold_words(Hold(each["hold"]), language)
    until = say["until"].format(at=full(each["until"])) if each["until"] else ""
    detail = ", ".join(filter(None, [until, each["detail"]]))
    return _line(say["held"], f"{what}: {reason}", detail)


def _line(label: str, words: str, detail: str) -> str:
    return f"{label}: {words}" + (f" ({printable(detail)})" if detail else "")

"""The state of the host on one screen, from the snapshot of a cycle: an agent reads it.

What others said stands in quotation marks and is short: it is to be told on, not to be followed.
"""

import time
from collections.abc import Mapping

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.foreign import quotation
from picoclaw_watchdog.core.model import Alert, Moment
from picoclaw_watchdog.core.reasons import Ill
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.wording import cause_words, target_words, topic_words
from picoclaw_watchdog.light import Any

LABELS = {
    "en": {
        "good": "good",
        "bad": "BAD",
        "unknown": "unknown",
        "healthy": "all is well",
        "ill": "NOT healthy",
        "paused": "PAUSED {until} by {who}: {why}; to end it: picoclaw-watchdog resume",
        "window": "PAUSED {until}: planned window {why}",
        "stopped": "the gateway is STOPPED {until} by {who}: {why};"
        " to start it: picoclaw-watchdog start-gateway",
        "until": "until {at}",
        "forever": "without end",
        "looked": "looked at {at} ({ago} ago), next look {next}",
        "stale": "NOBODY LOOKS: the last cycle was {ago} ago;"
        " try: systemctl --user status picoclaw-watchdog.timer",
        "since": "since {at}, attempts {attempts}",
        "left": "restarts left",
        "next": "next possible {at}",
        "waiting": "{number} waiting",
        "messages": "messages",
        "trouble": "LINE does not take them: {why}",
        "quota": "{number} left this month",
        "never": "no cycle has run yet; try: picoclaw-watchdog once",
        "more": "why: picoclaw-watchdog why",
        "restart_gateway": "gateway",
        "recover_funnel": "Funnel",
        "of": "{left} of {max}",
    },
    "ja": {
        "good": "正常",
        "bad": "異常",
        "unknown": "不明",
        "healthy": "すべて正常です",
        "ill": "異常があります",
        "paused": "一時停止中（{until}、{who}）: {why}。再開: picoclaw-watchdog resume",
        "window": "一時停止中（{until}）: 予定の時間帯 {why}",
        "stopped": "ゲートウェイは計画停止中（{until}、{who}）: {why}。"
        "起動: picoclaw-watchdog start-gateway",
        "until": "{at} まで",
        "forever": "期限なし",
        "looked": "最終確認 {at}（{ago}前）、次回 {next}",
        "stale": "監視が止まっています（最終確認は{ago}前）。確認:"
        " systemctl --user status picoclaw-watchdog.timer",
        "since": "{at} から、試行 {attempts} 回",
        "left": "残り復旧回数",
        "next": "次は {at} 以降",
        "waiting": "送信待ち {number} 件",
        "messages": "通知",
        "trouble": "LINE に送れません: {why}",
        "quota": "今月の残り {number} 通",
        "never": "まだ一度も確認していません。実行: picoclaw-watchdog once",
        "more": "理由: picoclaw-watchdog why",
        "restart_gateway": "Gateway",
        "recover_funnel": "Funnel",
        "of": "{left}/{max}",
    },
}


def screen(
    settings: Settings,
    document: Mapping[str, Any],
    delivered: tuple[tuple[Alert, Moment], ...],
    now: float,
    *,
    stale: bool,
) -> list[str]:
    """The lines of the screen."""
    say = LABELS[settings.language]
    ago = duration(now - document["at"])
    head = say["healthy"] if document["healthy"] else say["ill"]
    lines = [f"{document['host']}: {head}"]
    looked = say["stale"] if stale else say["looked"]
    lines.append(
        looked.format(at=clock(document["at"]), ago=ago, next=clock(document["next_look"]))
    )
    lines += _switches(settings, document, now)
    lines.append("")
    lines += _targets(settings, document)
    lines += ["", f"{say['left']}: " + ", ".join(_budgets(settings, document["budgets"]))]
    lines.append(f"{say['messages']}: " + "; ".join(_messages(settings, document, delivered)))
    if not document["healthy"]:
        lines.append(say["more"])
    return lines


def _switches(settings: Settings, document: Mapping[str, Any], now: float) -> list[str]:
    say = LABELS[settings.language]
    lines = []
    for name in ("paused", "stopped"):
        switch = document.get(name)
        if not switch:
            continue
        until = switch["until"]
        end = say["forever"] if until is None else say["until"].format(at=day_and_clock(until, now))
        words = say["window" if switch.get("planned") else name]
        who, why = quotation(switch["who"]) or "?", quotation(switch["why"]) or "-"
        lines.append(words.format(until=end, who=who, why=why))
    return lines


def day_and_clock(wall: float, now: float) -> str:
    """Local time of day, with the date where it is not today's."""
    then, today = time.localtime(wall), time.localtime(now)
    return time.strftime("%H:%M:%S" if then[:3] == today[:3] else "%m-%d %H:%M:%S", then)


def clock(wall: float) -> str:
    """Local time of day."""
    return time.strftime("%H:%M:%S", time.localtime(wall))


def duration(seconds: float) -> str:
    """A length of time as a person says it."""
    whole = max(0, int(seconds))
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if whole >= unit:
            return f"{whole // unit} {name}"
    return f"{whole} s"


def _targets(settings: Settings, document: Mapping[str, Any]) -> list[str]:
    say = LABELS[settings.language]
    incidents = {each["target"]: each for each in document["incidents"]}
    lines = []
    for target in targets.BUILT_IN:
        verdict = document["targets"].get(target.name)
        incident = incidents.get(target.name)
        if verdict is None and incident is None:
            continue
        words = target_words(target, settings.language)
        lines.append(f"  {words}: {say['bad' if incident else verdict or 'unknown']}")
        if incident:
            cause = cause_words(Ill(incident["cause"]), settings.language)
            since = say["since"].format(at=clock(incident["since"]), attempts=incident["attempts"])
            lines.append(f"    {cause} ({since})")
        lines += [
            f"    {look['probe']}: {look['sight']} {quotation(look['detail'])}".rstrip()
            for look in document["looks"]
            if look["verdict"] != "good" and look["target"] == target.name
        ]
    return lines


def _budgets(settings: Settings, budgets: Mapping[str, Any]) -> list[str]:
    say = LABELS[settings.language]
    texts = []
    for action, budget in budgets.items():
        text = f"{say[action]} " + say["of"].format(left=budget["left"], max=budget["max"])
        if budget["left"] == 0 and budget.get("next_possible"):
            text += f" ({say['next'].format(at=clock(budget['next_possible']))})"
        texts.append(text)
    return texts


def _messages(
    settings: Settings,
    document: Mapping[str, Any],
    delivered: tuple[tuple[Alert, Moment], ...],
) -> list[str]:
    say = LABELS[settings.language]
    texts = [say["waiting"].format(number=document["waiting_messages"])]
    if document.get("channel_trouble"):
        texts.append(say["trouble"].format(why=quotation(document["channel_trouble"])))
    if document.get("quota_left") is not None:
        texts.append(say["quota"].format(number=document["quota_left"]))
    texts += [
        f"{clock(moment.wall)} {_about(alert, settings.language)}"
        for alert, moment in delivered[:3]
    ]
    return texts


def _about(alert: Alert, language: str) -> str:
    words = topic_words(alert.topic, language)
    return f"{words} ({cause_words(alert.cause, language)})" if alert.cause is not None else words

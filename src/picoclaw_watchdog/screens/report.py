"""One incident as Markdown, to send to somebody who knows more. Pure: secrets are masked before."""

from collections.abc import Sequence

from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.wording import cause_words
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.screens.incidents import Told, events, evidence_of, span_of
from picoclaw_watchdog.screens.times import lasted, with_zone

WORDS = {
    "en": {
        "title": "Incident {id}",
        "fact": "fact",
        "what": "what",
        "span": "when",
        "unseen": "seen",
        "unseen_value": "at most {span} after it began",
        "drill": "drill",
        "drill_value": "this fault was made on purpose, to try the watchdog",
        "detail": "detail",
        "error": "last error",
        "followers": "also bad",
        "lost": "lost entries",
        "attempts": "attempts",
        "timeline": "What happened",
        "time": "time",
        "event": "event",
        "host": "The host",
        "settings": "Settings that differ from the default",
        "no_settings": "None.",
        "mistakes": "Mistakes in the settings",
        "evidence": "The gateway's journal before the attempt",
        "no_evidence": "No journal was kept.",
        "without": "Left out; to add it: `picoclaw-watchdog report --journal`",
        "log": "The watchdog's log around it",
        "no_log": "The log no longer goes back that far.",
        "end": "Made by picoclaw-watchdog {version} at {at}. Secrets are masked; still, read it "
        "before you send it.",
    },
    "ja": {
        "title": "障害 {id}",
        "fact": "項目",
        "what": "内容",
        "span": "期間",
        "unseen": "検知",
        "unseen_value": "発生から長くても {span}以内",
        "drill": "訓練",
        "drill_value": "見張りを試すために、わざと起こした障害です",
        "detail": "詳細",
        "error": "最後のエラー",
        "followers": "影響",
        "lost": "失われた項目",
        "attempts": "試行回数",
        "timeline": "経過",
        "time": "時刻",
        "event": "できごと",
        "host": "ホスト",
        "settings": "既定と異なる設定",
        "no_settings": "ありません。",
        "mistakes": "設定の誤り",
        "evidence": "試行前のゲートウェイのジャーナル",
        "no_evidence": "ジャーナルの記録はありません。",
        "without": "含めていません。含めるには: `picoclaw-watchdog report --journal`",
        "log": "前後の見張りのログ",
        "no_log": "該当する時期のログは残っていません。",
        "end": "picoclaw-watchdog {version} が {at} に作成。秘密は伏せてありますが、送る前に"
        "必ず目を通してください。",
    },
}


class Surroundings(NamedTuple):
    """What is known besides the incident itself."""

    version: str  # ours
    versions: tuple[tuple[str, str], ...]  # of what it runs on
    settings: tuple[tuple[str, str], ...]  # name, value as it may be shown
    journal: tuple[str, ...] | None  # lines, masked; None: nobody asked for it
    log: tuple[str, ...]  # lines, masked
    mistakes: tuple[str, ...] = ()  # in the settings


def report(told: Told, around: Surroundings) -> list[str]:
    """The lines of the Markdown document."""
    say = WORDS[told.language]
    incident = told.story.incident
    lines = [f"# {say['title'].format(id=_inline(incident.id))}", ""]
    lines += _table((say["fact"], ""), _facts(told))
    timeline = [(with_zone(wall), text.replace("\n", "; ")) for wall, text, _ in events(told)]
    lines += ["", f"## {say['timeline']}", "", *_table((say["time"], say["event"]), timeline)]
    lines += ["", f"## {say['host']}", "", *_table((say["fact"], ""), around.versions)]
    lines += ["", f"## {say['settings']}", ""]
    lines += _table((say["fact"], ""), around.settings) if around.settings else [say["no_settings"]]
    if around.mistakes:
        mistakes = [f"- {_inline(mistake)}" for mistake in around.mistakes]
        lines += ["", f"## {say['mistakes']}", "", *mistakes]
    lines += ["", f"## {say['evidence']}", ""]
    lines += [f"- `{path}`" for path in evidence_of(told)] + [""] * bool(evidence_of(told))
    if around.journal:
        lines += _block(around.journal)
    else:
        lines += [say["no_evidence"] if around.journal is not None else say["without"]]
    lines += ["", f"## {say['log']}", ""]
    lines += _block(around.log) if around.log else [say["no_log"]]
    end = say["end"].format(version=around.version, at=with_zone(told.now))
    return [*lines, "", "---", "", end]


def _facts(told: Told) -> list[tuple[str, str]]:
    say, incident = WORDS[told.language], told.story.incident
    unseen = incident.unseen
    what = f"{cause_words(incident.cause, told.language)} (`{incident.cause.value}`)"
    facts = [
        (say["what"], what),
        (say["drill"], say["drill_value"] if incident.drill else ""),
        (say["span"], span_of(told)),
        (
            say["unseen"],
            say["unseen_value"].format(span=lasted(unseen, told.language))
            if unseen is not None
            else "",
        ),
        (say["detail"], incident.detail),
        (say["attempts"], str(incident.attempts)),
        (say["error"], incident.last_error),
        (say["followers"], ", ".join(probe.value for probe in incident.followers)),
        (say["lost"], incident.lost),
    ]
    return [fact for fact in facts if fact[1]]


def _table(heads: tuple[str, str], rows: Sequence[tuple[str, str]]) -> list[str]:
    lines = [f"| {heads[0]} | {heads[1]} |", "| --- | --- |"]
    return lines + [f"| {_inline(name)} | {_inline(value)} |" for name, value in rows]


def _inline(text: str) -> str:
    """Foreign text in a cell: nothing in it makes a cell, a tag, a link, or calls somebody."""
    return " ".join(_word(word) for word in printable(text).split(" "))


def _word(word: str) -> str:
    if any(sign in word.lower() for sign in ("://", "www.", "@", "#")):  # they link by themselves
        return "`" + word.replace("`", "'").replace("|", "\\|") + "`"
    escaped = word.replace("\\", "\\\\")
    for sign in "|<>[]*":
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped


def _block(lines: Sequence[str]) -> list[str]:
    """Lines as they are, in a fence longer than any that is in them."""
    longest = max((_run(line) for line in lines), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *lines, fence]


def _run(line: str) -> int:
    return max(map(len, "".join(sign if sign == "`" else " " for sign in line).split()), default=0)

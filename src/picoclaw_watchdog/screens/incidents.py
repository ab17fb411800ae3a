"""The incidents as a list, and one of them from its first sight to its end."""

from collections.abc import Sequence
from typing import NamedTuple

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import Attempt, Incident
from picoclaw_watchdog.core.reasons import Ill, Phase
from picoclaw_watchdog.core.wording import action_words, cause_words, topic_words
from picoclaw_watchdog.screens.times import clock, day, full, lasted, when
from picoclaw_watchdog.store.past import Brief, Letter, Story
from picoclaw_watchdog.terminal.blocks import Cell, Row, pairs, table
from picoclaw_watchdog.terminal.paint import Sign, Style, Terminal

WORDS = {
    "en": {
        "none": "no incidents in the last {days} days",
        "some": "{number} in the last {days} days, {open} of them open",
        "more": "... and {number} earlier ones: --days N for fewer, --json for all",
        "id": "incident",
        "began": "began",
        "what": "what",
        "lasted": "lasted",
        "ended": "how it ended",
        "open": "OPEN",
        "acked": "OPEN, acknowledged",
        "itself": "came back by itself",
        "open_since": "open since {at} ({ago})",
        "from_to": "{began} to {ended}, {lasted}",
        "found": "found: {cause}",
        "unseen": "at most {span} after it began",
        "worked": "{action}: done, verified after {took}",
        "worked_old": "{action}: done",
        "failed": "{action}: did not help ({took})",
        "failed_old": "{action}: did not help",
        "started": "{action}: started, not yet healthy after {took}",
        "lost": "{action}: the watchdog was interrupted",
        "intended": "{action}: in progress",
        "told": "told you: {topic}",
        "told_late": "told you, {span} late: {topic}",
        "waits": "a message waits: {topic}",
        "dropped": "a message was dropped unsent: {topic}",
        "known": "acknowledged by {who}",
        "drill": "a drill",
        "over": "over: {how}",
        "cycles": "found by",
        "cycles_value": "{number} cycles in a row",
        "followers": "also bad",
        "evidence": "evidence",
        "gone": "{path} (no longer there)",
        "lost_entries": "lost",
        "next": "next",
    },
    "ja": {
        "none": "過去 {days} 日間に障害はありません",
        "some": "過去 {days} 日間に {number} 件、うち未解決 {open} 件",
        "more": "ほか {number} 件（--days N で期間を、--json で全件を）",
        "id": "障害",
        "began": "発生",
        "what": "内容",
        "lasted": "継続",
        "ended": "結果",
        "open": "未解決",
        "acked": "未解決、確認済み",
        "itself": "自然に回復",
        "open_since": "{at} から未解決（{ago}）",
        "from_to": "{began} から {ended} まで、{lasted}",
        "found": "検知: {cause}",
        "unseen": "発生から長くても {span}以内",
        "worked": "{action}: 実行、{took}後に確認",
        "worked_old": "{action}: 実行",
        "failed": "{action}: 効果なし（{took}）",
        "failed_old": "{action}: 効果なし",
        "started": "{action}: 起動済み、{took}後もまだ正常応答なし",
        "lost": "{action}: 途中で見張りが終了",
        "intended": "{action}: 実行中",
        "told": "通知: {topic}",
        "told_late": "通知（{span}遅れ）: {topic}",
        "waits": "送信待ち: {topic}",
        "dropped": "送信せず破棄: {topic}",
        "known": "{who} が確認済みにしました",
        "drill": "訓練",
        "over": "終了: {how}",
        "cycles": "検知回数",
        "cycles_value": "連続 {number} 周期",
        "followers": "影響",
        "evidence": "記録",
        "gone": "{path}（もうありません）",
        "lost_entries": "失われた項目",
        "next": "次の操作",
    },
}
WIDE = 70  # columns; below, two lines for each incident are easier to read than a table
MOST = 50  # incidents in the list: more are for programs
LATE = 30.0  # seconds from a message's making to its delivery that are worth a word


class Listed(NamedTuple):
    """What the list is made of."""

    briefs: tuple[Brief, ...]
    days: int
    now: float  # wall seconds
    language: str


def was_real(brief: Brief) -> bool:
    """A start that came to a good end was never a fault."""
    starting = brief.cause == Ill.SERVICE_STARTING.value
    return not starting or brief.closed is None or bool(brief.attempts or brief.alerted)


def listed(on: Terminal, wish: Listed) -> list[str]:
    """The list: open ones first, then the newest first."""
    say = WORDS[wish.language]
    if not wish.briefs:
        none = on.text(say["none"].format(days=wish.days), Style.GOOD)
        return [*none, *_next(on, wish.language, "picoclaw-watchdog history")]
    opened = [each for each in wish.briefs if each.closed is None]
    over = [each for each in wish.briefs if each.closed is not None]
    head = say["some"].format(number=len(wish.briefs), days=wish.days, open=len(opened))
    lines = [*on.text(head, Style.HEAD), ""]
    ordered = [*opened, *over][:MOST]
    lines += _as_table(on, wish, ordered) if on.columns >= WIDE else _as_lines(on, wish, ordered)
    show = f"picoclaw-watchdog incidents show {ordered[0].id}"
    if (more := len(wish.briefs) - len(ordered)) > 0:
        lines += on.text(say["more"].format(number=more), Style.DIM)
    return [*lines, "", *_next(on, wish.language, show)]


def _next(on: Terminal, language: str, command: str) -> list[str]:
    return pairs(on, [(WORDS[language]["next"], Cell(command, Style.COMMAND))])


def _as_table(on: Terminal, wish: Listed, briefs: Sequence[Brief]) -> list[str]:
    say = WORDS[wish.language]
    rows: list[Row] = []
    for each in briefs:
        sign, style = _mark(each)
        rows.append(
            (
                Cell(f"{on.sign(sign)} {each.id}", style),
                when(each.opened, wish.now),
                _what(each, wish.language),
                _length(each, wish),
                Cell(_how(each, wish.language), style if each.closed is None else None),
            )
        )
    heads = (say["id"], say["began"], say["what"], say["lasted"], say["ended"])
    return table(on, heads, rows, right=frozenset({3}), flexible=2)


def _as_lines(on: Terminal, wish: Listed, briefs: Sequence[Brief]) -> list[str]:
    lines: list[str] = []
    comma = "、" if wish.language == "ja" else ", "
    for each in briefs:
        sign, style = _mark(each)
        first = on.paint(on.sign(sign), style) + " "
        lines += on.text(f"{when(each.opened, wish.now)} {each.id}", style, indent=2, first=first)
        words = [_what(each, wish.language), _length(each, wish), _how(each, wish.language)]
        lines += on.text(comma.join(words), indent=4)
    return lines


def _mark(brief: Brief) -> tuple[Sign, Style]:
    return (Sign.BAD, Style.BAD) if brief.closed is None else (Sign.GOOD, Style.GOOD)


def _cause(value: str, language: str) -> str:
    known = next((each for each in Ill if each.value == value), None)
    return cause_words(known, language) if known is not None else printable(value)


def _what(brief: Brief, language: str) -> str:
    what = _cause(brief.cause, language)
    return f"{what} ({WORDS[language]['drill']})" if brief.drill else what


def _length(brief: Brief, wish: Listed) -> str:
    length = brief.lasted if brief.lasted is not None else wish.now - brief.opened
    return lasted(max(0.0, length), wish.language)


def _how(brief: Brief, language: str) -> str:
    say = WORDS[language]
    if brief.closed is None:
        return say["acked" if brief.acked else "open"]
    known = targets.action_named(brief.mended_by)
    return action_words(known, language) if known is not None else say["itself"]


class Told(NamedTuple):
    """What the screen of one incident is made of."""

    story: Story
    brief: Brief
    gone: frozenset[str]  # evidence that is no longer there
    home: str  # shown as ~
    now: float  # wall seconds
    language: str


def shown(on: Terminal, told: Told) -> list[str]:
    """One incident: what, since when, everything that happened, where to look further."""
    say, incident = WORDS[told.language], told.story.incident
    sign, style = _mark(told.brief)
    head = f"{incident.id}: {cause_words(incident.cause, told.language)}"
    if incident.drill:
        head += f" ({say['drill']})"
    lines = on.text(head, style, indent=2, first=on.paint(on.sign(sign), style) + " ")
    lines += [*on.text(span_of(told), indent=2), ""]
    today = ""
    for wall, text, mood in events(told):
        if (date := day(wall)) != today:
            today = date
            lines.append(on.paint(date, Style.HEAD))
        lines += on.text(text, mood, indent=10, first=f"{clock(wall)}  ")
    facts: list[tuple[str, Cell | str]] = [
        (say["cycles"], say["cycles_value"].format(number=incident.cycles)),
        (say["followers"], ", ".join(probe.value for probe in incident.followers)),
        (say["lost_entries"], printable(incident.lost)),
        (say["evidence"], "\n".join(evidence_of(told))),
        (say["next"], Cell(f"picoclaw-watchdog report {incident.id}", Style.COMMAND)),
    ]
    return [*lines, "", *pairs(on, [fact for fact in facts if fact[1]])]


def span_of(told: Told) -> str:
    """From when to when, and how long."""
    say, brief = WORDS[told.language], told.brief
    if brief.closed is None:
        ago = lasted(max(0.0, told.now - brief.opened), told.language)
        return say["open_since"].format(at=full(brief.opened), ago=ago)
    length = lasted(brief.lasted or 0.0, told.language)
    same = day(brief.opened) == day(brief.closed)
    ended = clock(brief.closed) if same else full(brief.closed)
    return say["from_to"].format(began=full(brief.opened), ended=ended, lasted=length)


def evidence_of(told: Told) -> list[str]:
    """Where the journals lie that were saved before the attempts."""
    say, paths = WORDS[told.language], []
    for path in filter(None, (each.evidence for each in told.story.attempts)):
        short = "~" + path.removeprefix(told.home) if path.startswith(f"{told.home}/") else path
        paths.append(say["gone"].format(path=short) if path in told.gone else short)
    return paths


def events(told: Told) -> list[tuple[float, str, Style | None]]:
    """Everything that happened, in its order: when (wall seconds), what, how it is shown."""
    say, incident = WORDS[told.language], told.story.incident
    found = [(incident.opened.wall, _found(incident, told.language), Style.BAD)]
    happened: list[tuple[float, str, Style | None]] = [*found]
    happened += [_of_attempt(each, told.language) for each in told.story.attempts]
    happened += [_of_letter(each, told.language) for each in told.story.letters]
    if incident.acked_at is not None:
        who = printable(incident.acked_by) or "?"
        happened.append((incident.acked_at.wall, say["known"].format(who=who), None))
    if incident.closed is not None:
        how = _how(told.brief, told.language)
        happened.append((incident.closed.wall, say["over"].format(how=how), Style.GOOD))
    return sorted(happened, key=lambda each: each[0])


def _found(incident: Incident, language: str) -> str:
    say = WORDS[language]
    text = say["found"].format(cause=cause_words(incident.cause, language))
    if incident.detail:
        text += f": {printable(incident.detail)}"
    if incident.unseen is None:
        return text
    return f"{text}\n{say['unseen'].format(span=lasted(incident.unseen, language))}"


def _of_attempt(attempt: Attempt, language: str) -> tuple[float, str, Style | None]:
    say, took = WORDS[language], lasted(attempt.took, language)
    old = "" if attempt.took else "_old"
    names = {
        Phase.DONE: f"worked{old}",
        Phase.FAILED: f"failed{old}",
        Phase.STARTED: "started",
        Phase.LOST: "lost",
        Phase.INTENDED: "intended",
    }
    action = action_words(attempt.action, language)
    text = say[names[attempt.phase]].format(action=action, took=took)
    if attempt.detail and attempt.phase is not Phase.DONE:
        text += f": {printable(attempt.detail)}"
    return attempt.at.wall, text, Style.GOOD if attempt.phase is Phase.DONE else Style.WARN


def _of_letter(letter: Letter, language: str) -> tuple[float, str, Style | None]:
    say, made = WORDS[language], letter.alert.made.wall
    topic = topic_words(letter.alert.topic, language)
    if letter.delivered is None:
        return made, say["waits" if letter.waiting else "dropped"].format(topic=topic), Style.WARN
    late = letter.delivered.wall - made
    name = "told_late" if late > LATE else "told"
    text = say[name].format(topic=topic, span=lasted(max(0.0, late), language))
    return letter.delivered.wall, text, None

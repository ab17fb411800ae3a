"""How long each target was up, with a sign for each day."""

from collections.abc import Mapping, Sequence

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.wording import target_words
from picoclaw_watchdog.screens.times import day, lasted
from picoclaw_watchdog.screens.uptime import PERIODS, Span, Sum, Uptime
from picoclaw_watchdog.terminal.blocks import Cell, Row, flow, pairs, table
from picoclaw_watchdog.terminal.paint import Style, Terminal

WORDS = {
    "en": {
        "watch": "the watch",
        "looked": "watched",
        "period": "last",
        "days": "{number} d",
        "hours": "24 h",
        "up": "up",
        "down": "down",
        "planned": "planned",
        "meant": "on purpose",
        "meant_value": "{number}: drills and planned stops, not counted elsewhere",
        "incidents": "incidents",
        "seen": "seen after",
        "mended": "over after",
        "times": "median {median}, worst {worst}",
        "ends": "ended",
        "ends_value": "{us} by the watchdog, {itself} by themselves",
        "begins": "The records begin on {date}.",
        "legend": "each sign is a day:\n{full} up\n{planned} planned stop"
        "\n{brief} down for less than 1 min\n{short} less than 1 h\n{long} longer"
        "\n{half} watched less than half\n{none} not watched",
        "none": "nothing has been recorded yet",
        "next": "next",
    },
    "ja": {
        "watch": "見張り自身",
        "looked": "確認済み",
        "period": "期間",
        "days": "{number}日",
        "hours": "24時間",
        "up": "稼働率",
        "down": "停止",
        "planned": "計画停止",
        "meant": "計画的",
        "meant_value": "訓練と計画停止 {number} 件（ほかの数には含めません）",
        "incidents": "障害",
        "seen": "検知まで",
        "mended": "終了まで",
        "times": "中央値 {median}、最長 {worst}",
        "ends": "終わり方",
        "ends_value": "見張りによる復旧 {us} 件、自然回復 {itself} 件",
        "begins": "記録は {date} からです。",
        "legend": "記号は1日分:\n{full} 稼働\n{planned} 計画停止\n{brief} 停止1分未満"
        "\n{short} 停止1時間未満\n{long} それ以上\n{half} 確認が半分未満\n{none} 確認なし",
        "none": "まだ記録がありません",
        "next": "次の操作",
    },
}
FULL, MEANT, BRIEF, SHORT, LONG, HALF, NONE = "|", "=", "+", "!", "X", ":", "."
_STYLES = {
    FULL: Style.GOOD,
    MEANT: Style.DIM,
    BRIEF: Style.GOOD,
    SHORT: Style.WARN,
    LONG: Style.BAD,
    HALF: Style.DIM,
    NONE: Style.DIM,
}
_ROWS = (90, 45, 30, 15)  # days in a row of the bar: as many as fit
_LABEL = 7  # columns of the date before a row
_MINUTE, _HOUR = 60.0, 3600.0


def history(on: Terminal, known: Uptime, language: str) -> list[str]:
    """The lines of the screen."""
    say = WORDS[language]
    if known.begins is None:
        once = Cell("picoclaw-watchdog once", Style.COMMAND)
        return [*on.text(say["none"]), *pairs(on, [(say["next"], once)])]
    lines = _watch(on, known, language)
    for target, sums in known.sums.items():
        lines += ["", *_target(on, target, sums, known.days[target], language)]
    legend = say["legend"].format(
        full=FULL, planned=MEANT, brief=BRIEF, short=SHORT, long=LONG, half=HALF, none=NONE
    )
    more = Cell("picoclaw-watchdog incidents", Style.COMMAND)
    return [*lines, "", *flow(on, legend.split("\n"), Style.DIM), *pairs(on, [(say["next"], more)])]


def _watch(on: Terminal, known: Uptime, language: str) -> list[str]:
    """First of all how much is known: what follows is about that part alone."""
    say = WORDS[language]
    rows: list[Row] = [
        (_period(days, language), _percent(span.watched / span.length if span.length else None))
        for days, span in known.watch.items()
    ]
    lines = [on.paint(say["watch"], Style.HEAD)]
    lines += table(on, (say["period"], say["looked"]), rows, right=frozenset({1}))
    begins = known.begins or 0.0
    if begins > known.now - max(PERIODS) * 24 * _HOUR:
        lines += on.text(say["begins"].format(date=day(begins)), Style.DIM)
    return lines


def _target(
    on: Terminal, target: str, sums: Mapping[int, Sum], days: Mapping[str, Span], language: str
) -> list[str]:
    say = WORDS[language]
    name = target_words(targets.named(target), language)
    lines = [on.paint(name, Style.HEAD), *bar(on, days)]
    shows_planned = any(total.span.planned for total in sums.values())
    rows: list[Row] = []
    for period, total in sums.items():
        up, span = total.span.up, total.span
        row: list[Cell | str] = [_period(period, language), Cell(_percent(up), _mood(up))]
        row.append(lasted(span.down, language) if span.watched else "-")
        row += [lasted(span.planned, language)] if shows_planned else []
        rows.append([*row, str(total.incidents)])
    heads = [say["period"], say["up"], say["down"], say["incidents"]]
    heads[3:3] = [say["planned"]] if shows_planned else []
    lines += table(on, heads, rows, right=frozenset(range(1, len(heads))))
    return [*lines, *pairs(on, _times(sums[max(sums)], language))]


def _times(total: Sum, language: str) -> list[tuple[str, Cell | str]]:
    """How fast things went, in the longest period."""
    say = WORDS[language]
    rows: list[tuple[str, Cell | str]] = []
    for name, pair in (("seen", total.seen), ("mended", total.mended)):
        if pair is not None:
            median, worst = (lasted(seconds, language) for seconds in pair)
            rows.append((say[name], say["times"].format(median=median, worst=worst)))
    if total.by_us or total.by_itself:
        text = say["ends_value"].format(us=total.by_us, itself=total.by_itself)
        rows.append((say["ends"], text))
    if total.planned:
        rows.append((say["meant"], say["meant_value"].format(number=total.planned)))
    return rows


def bar(on: Terminal, days: Mapping[str, Span]) -> list[str]:
    """A sign for each day, oldest first, in rows that begin with their first date."""
    dates = list(days)[-max(PERIODS) :]
    size = next((each for each in _ROWS if each + _LABEL <= on.columns), min(_ROWS))
    rows = [dates[start : start + size] for start in range(0, len(dates), size)]
    return [f"{row[0][5:]:<{_LABEL}}{_cells(on, [days[date] for date in row])}" for row in rows]


def _cells(on: Terminal, spans: Sequence[Span]) -> str:
    """Signs, painted in runs of the same style."""
    pieces: list[tuple[str, Style]] = []
    for sign in map(sign_of, spans):
        style = _STYLES[sign]
        if pieces and pieces[-1][1] is style:
            pieces[-1] = (pieces[-1][0] + sign, style)
        else:
            pieces.append((sign, style))
    return "".join(on.paint(text, style) for text, style in pieces)


def sign_of(span: Span) -> str:
    """What a day was like: the worst that is known of it."""
    if span.watched <= 0:
        return NONE
    if span.down >= _HOUR:
        return LONG
    if span.down >= _MINUTE:
        return SHORT
    if span.watched < span.length / 2:
        return HALF
    if span.planned >= _MINUTE:
        return MEANT
    return BRIEF if span.down > 0 else FULL


def _period(days: int, language: str) -> str:
    say = WORDS[language]
    return say["hours"] if days == 1 else say["days"].format(number=days)


def _percent(part: float | None) -> str:
    """Never rounded up to 100."""
    if part is None:
        return "-"
    shown = int(max(0.0, part) * 100_000 + 1e-6) / 1000  # cut, not rounded
    return f"{shown:.3f} %" if 99 <= shown < 100 else f"{shown:.1f} %"  # noqa: PLR2004


def _mood(up: float | None) -> Style | None:
    if up is None:
        return Style.DIM
    if up >= 0.999:  # noqa: PLR2004  # a minute and a half a day
        return Style.GOOD
    return Style.WARN if up >= 0.99 else Style.BAD  # noqa: PLR2004

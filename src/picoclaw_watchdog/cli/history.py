"""`picoclaw-watchdog history`: how long each target was up, seen and mended how fast."""

import os
import sys

from picoclaw_watchdog.cli.arguments import Known, Typed, typed_in
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.cli.loading import ended, say_unreadable
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.wiring import store_of
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.ports import Clock
from picoclaw_watchdog.screens.history import history
from picoclaw_watchdog.screens.incidents import was_real
from picoclaw_watchdog.screens.uptime import DAY, HOUR, PERIODS, Span, Uptime, measured
from picoclaw_watchdog.terminal.paint import show, show_json, terminal_of

NOT_READ = 1
KNOWN = Known(flags=frozenset({"--json"}))
HELP = {
    "en": Help(
        usage="picoclaw-watchdog history [--json]",
        about="How long each target was up in the last 24 hours, 7, 30 and 90 days, a sign for "
        "each day, and how fast faults were seen and over. Hours in which nobody looked count as "
        "neither up nor down; a fault counts from the last look that found the target well. Drills "
        "and what you stopped or paused count apart.",
        options=(
            ("--json", "for programs"),
            ("--color WHEN", "auto, always or never; NO_COLOR counts too"),
        ),
        statuses=(
            ("0", "done"),
            ("1", "not all could be read"),
            ("2", "wrong usage, or mistakes in the settings: what is known is shown"),
        ),
        examples=("picoclaw-watchdog history",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog history [--json]",
        about="各対象の過去 24 時間、7、30、90 日間の稼働率、1 日ごとの記号、検知と復旧までの時間を"
        "表示します。確認していない時間は、稼働にも停止にも数えません。障害は、最後に正常と確認した"
        "時点から数えます。訓練、計画停止、一時停止中の停止は別に数えます。",
        options=(
            ("--json", "プログラム向けに出力します"),
            ("--color WHEN", "auto、always、never のいずれか（NO_COLOR も有効）"),
        ),
        statuses=(
            ("0", "完了"),
            ("1", "読めない部分がある"),
            ("2", "使い方の誤り、または設定の誤り（分かることは表示します）"),
        ),
        examples=("picoclaw-watchdog history",),
    ),
}


def main(arguments: list[str], clock: Clock | None = None) -> int:
    """Show the past.

    Args:
        arguments: what was typed behind the command.
        clock: the host's own if None.
    """
    asked = typed_in("history", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    return ended(loaded, _history(loaded.settings, typed, (clock or HostClock()).now().wall))


def _history(settings: Settings, typed: Typed, now: float) -> int:
    since = now - max(PERIODS) * DAY
    store = store_of(settings, os.environ)
    briefs = [each for each in store.incidents(since) if was_real(each)]
    known = measured(store.hours(int(since // HOUR)), briefs, now, settings.interval_sec)
    if "--json" in typed.flags:
        show_json(_document(known))
    else:
        on = terminal_of(sys.stdout, os.environ, typed.colour)
        show(sys.stdout, history(on, known, settings.language))
    return NOT_READ if say_unreadable(store) else 0


def _document(known: Uptime) -> dict[str, object]:
    """For programs: lengths in seconds, shares between 0 and 1, null where nobody looked."""
    return {
        "now": round(known.now, 3),
        "records_begin": known.begins,
        "watch": {f"{days}d": _span(span) for days, span in known.watch.items()},
        "targets": {
            target: {
                f"{days}d": {
                    **_span(total.span),
                    "up": None if total.span.up is None else round(total.span.up, 6),
                    "incidents": total.incidents,
                    "planned_incidents": total.planned,
                    "mended_by_watchdog": total.by_us,
                    "came_back_by_itself": total.by_itself,
                    "seen_after": _pair(total.seen),
                    "over_after": _pair(total.mended),
                }
                for days, total in sums.items()
            }
            for target, sums in known.sums.items()
        },
        "days": {
            target: {date: _span(span) for date, span in days.items()}
            for target, days in known.days.items()
        },
    }


def _span(span: Span) -> dict[str, object]:
    return {
        "length": round(span.length),
        "watched": round(span.watched),
        "down": round(span.down, 1),
        "planned": round(span.planned, 1),
    }


def _pair(pair: tuple[float, float] | None) -> dict[str, float] | None:
    return None if pair is None else {"median": round(pair[0], 3), "worst": round(pair[1], 3)}

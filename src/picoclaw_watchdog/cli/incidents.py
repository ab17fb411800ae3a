"""`picoclaw-watchdog incidents`: what broke, and `incidents show`: one of them in full."""

import os
import sys

from picoclaw_watchdog.cli.arguments import Known, Typed, misused, typed_in
from picoclaw_watchdog.cli.choosing import Chosen
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.cli.loading import ended, say_unreadable
from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.wiring import store_of
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.ports import Clock
from picoclaw_watchdog.screens.incidents import Listed, Told, listed, shown, was_real
from picoclaw_watchdog.store.codec import pack
from picoclaw_watchdog.terminal.paint import show, show_json, terminal_of

DAY = 86_400.0
NOT_READ = 1
DAYS, MOST_DAYS = 30, 3_650
KNOWN = Known(flags=frozenset({"--json"}), valued=frozenset({"--days", "--target"}), words=2)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog incidents [--days N] [--target NAME] [--json]\n"
        "picoclaw-watchdog incidents show [ID] [--json]",
        about="What broke, since when, how long it lasted and what fixed it. `show` tells all of "
        "one: its attempts, its messages, its evidence. ID may be the beginning of an id, or a "
        "target's name for its latest; without one it is the open or the latest incident.",
        options=(
            ("--days N", f"how far back (default: {DAYS})"),
            ("--target NAME", ", ".join(targets.NAMES)),
            ("--json", "for programs"),
        ),
        statuses=(
            ("0", "done"),
            ("1", "no such incident, or not all could be read"),
            ("2", "wrong usage, or mistakes in the settings: what is known is shown"),
        ),
        examples=("picoclaw-watchdog incidents show gateway",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog incidents [--days N] [--target NAME] [--json]\n"
        "picoclaw-watchdog incidents show [ID] [--json]",
        about="何がいつ壊れ、どれだけ続き、何で復旧したか。show は 1 件の詳細（試行、通知、記録）を"
        "表示します。ID は先頭の一部でも、対象の名前（その最新）でもかまいません。省略すると"
        "未解決の、または最新の障害です。",
        options=(
            ("--days N", f"さかのぼる日数（既定: {DAYS}）"),
            ("--target NAME", ", ".join(targets.NAMES)),
            ("--json", "プログラム向けに出力します"),
        ),
        statuses=(
            ("0", "完了"),
            ("1", "その障害はない、または読めない部分がある"),
            ("2", "使い方の誤り、または設定の誤り（分かることは表示します）"),
        ),
        examples=("picoclaw-watchdog incidents show gateway",),
    ),
}


def main(arguments: list[str], clock: Clock | None = None) -> int:
    """List the incidents, or show one.

    Args:
        arguments: what was typed behind the command.
        clock: the host's own if None.
    """
    asked = typed_in("incidents", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    return ended(loaded, _incidents(loaded.settings, typed, (clock or HostClock()).now().wall))


def _incidents(settings: Settings, typed: Typed, now: float) -> int:
    if typed.words[:1] == ("show",):
        return _show(settings, typed, now)
    days, target = typed.values.get("--days", str(DAYS)), typed.values.get("--target")
    for wrong in (
        " ".join(typed.words),
        "" if days.isdecimal() and 0 < int(days) <= MOST_DAYS else f"--days {days}",
        "" if target in {None, *targets.NAMES} else f"--target {target}",
    ):
        if wrong:
            return misused("incidents", wrong, HELP, settings.language)
    return _list(settings, typed, int(days), now)


def _list(settings: Settings, typed: Typed, days: int, now: float) -> int:
    target, store = typed.values.get("--target"), store_of(settings, os.environ)
    briefs = tuple(
        each
        for each in store.incidents(now - days * DAY)
        if was_real(each) and target in (None, each.target)
    )
    if "--json" in typed.flags:
        show_json([each._asdict() for each in briefs])
    else:
        on = terminal_of(sys.stdout, os.environ, typed.colour)
        show(sys.stdout, listed(on, Listed(briefs, days, now, settings.language)))
    return NOT_READ if say_unreadable(store) else 0


def _show(settings: Settings, typed: Typed, now: float) -> int:
    chosen = Chosen(store_of(settings, os.environ), typed.words[1:])
    if chosen.story is None or chosen.brief is None:
        return chosen.complain(settings.language)
    if "--json" in typed.flags:
        show_json(pack(chosen.story))
        return 0
    paths = {each.evidence for each in chosen.story.attempts if each.evidence}
    gone = frozenset(path for path in paths if not os.path.exists(path))
    home = os.path.expanduser("~")
    told = Told(chosen.story, chosen.brief, gone, home, now, settings.language)
    show(sys.stdout, shown(terminal_of(sys.stdout, os.environ, typed.colour), told))
    return 0

"""`picoclaw-watchdog why`: the reasons of the last decisions, newest first."""

import os
import sys

from picoclaw_watchdog.cli.arguments import Known, Typed, typed_in
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.cli.loading import ended
from picoclaw_watchdog.cli.odd_files import ODD, say_odd
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.wiring import store_of
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.ports import Clock
from picoclaw_watchdog.screens.why import decisions_of, why
from picoclaw_watchdog.terminal.paint import show, show_json, terminal_of

UNREADABLE = 1
KNOWN = Known(flags=frozenset({"--json"}))
HELP = {
    "en": Help(
        usage="picoclaw-watchdog why [--json]",
        about="The last decisions that did something, or withheld something, each with its reason; "
        "and what the watchdog may restore: only what it has seen working here.",
        options=(
            ("--json", "for programs"),
            ("--color WHEN", "auto, always or never; NO_COLOR counts too"),
        ),
        statuses=(
            ("0", "done"),
            ("1", "the snapshot is not one that this program wrote"),
            ("2", "wrong usage, or mistakes in the settings: what is known is shown"),
        ),
        examples=("picoclaw-watchdog why",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog why [--json]",
        about="何かを実行した、または見送った最近の判断と、その理由を表示します。見張りが復旧して"
        "よい構成（ここで正常を確認したものだけ）も表示します。",
        options=(
            ("--json", "プログラム向けに出力します"),
            ("--color WHEN", "auto、always、never のいずれか（NO_COLOR も有効）"),
        ),
        statuses=(
            ("0", "完了"),
            ("1", "status.json の内容がこのプログラムのものでない"),
            ("2", "使い方の誤り、または設定の誤り（分かることは表示します）"),
        ),
        examples=("picoclaw-watchdog why",),
    ),
}


def main(arguments: list[str], clock: Clock | None = None) -> int:
    """Print the decisions that the snapshot remembers.

    Args:
        arguments: what was typed behind the command.
        clock: the host's own if None.
    """
    asked = typed_in("why", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    try:
        return ended(loaded, _why(loaded.settings, typed, (clock or HostClock()).now().wall))
    except ODD as error:
        say_odd(loaded.settings, error)
        return UNREADABLE


def _why(settings: Settings, typed: Typed, now: float) -> int:
    document = store_of(settings, os.environ).last_snapshot()
    if "--json" in typed.flags:
        show_json(decisions_of(document))
        return 0
    on = terminal_of(sys.stdout, os.environ, typed.colour)
    show(sys.stdout, why(on, document, now, settings.language))
    return 0

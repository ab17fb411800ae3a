"""`picoclaw-watchdog status`: one screen, from the snapshot of the last cycle."""

import os
import sys
from collections.abc import Callable
from typing import Any

from picoclaw_watchdog.cli.arguments import Known, Typed, misused, typed_in
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.cli.loading import ended, painted_mistakes, say_unreadable
from picoclaw_watchdog.cli.odd_files import ODD, odd_line, say_odd
from picoclaw_watchdog.core.model import Alert, Moment
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.switches import overlaid, wishes_now
from picoclaw_watchdog.engine.wiring import store_of
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.ports import Clock
from picoclaw_watchdog.screens.status import Seen, screen
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.store.disk import DiskStore
from picoclaw_watchdog.terminal.paint import Terminal, show, show_json, terminal_of

HEALTHY = 0
NOT_HEALTHY = 1
NEVER_LOOKED = 3

# A snapshot older than this many intervals means that nobody looks any more.
STALE_INTERVALS = 3
WATCH_PERIOD = 1.0  # seconds
LAST_TOLD = 5  # messages

KNOWN = Known(flags=frozenset({"--json"}), perhaps=frozenset({"--watch"}))
HELP = {
    "en": Help(
        usage="picoclaw-watchdog status [--watch [SECONDS] | --json]",
        about="What is wrong, since when, and what you have to do; then what each look saw, the "
        "attempts left, the messages, and what to type next.",
        options=(
            ("--watch [SECONDS]", "draw it again when it changes, until Ctrl-C"),
            ("--json", "for programs"),
            ("--color WHEN", "auto, always or never; NO_COLOR counts too"),
        ),
        statuses=(
            ("0", "healthy"),
            ("1", "not healthy, or the watchdog is not running"),
            ("2", "wrong usage, or mistakes in the settings: what is known is shown"),
            ("3", "no cycle has run yet"),
        ),
        examples=("picoclaw-watchdog status --watch",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog status [--watch [秒] | --json]",
        about="何がいつから悪いか、何をすればよいか。続いて各確認の結果、残り復旧回数、通知、"
        "次に打つコマンドを表示します。",
        options=(
            ("--watch [秒]", "変わるたびに描き直します（Ctrl-C で終了）"),
            ("--json", "プログラム向けに出力します"),
            ("--color WHEN", "auto、always、never のいずれか（NO_COLOR も有効）"),
        ),
        statuses=(
            ("0", "正常"),
            ("1", "異常、または監視が止まっている"),
            ("2", "使い方の誤り、または設定の誤り（分かることは表示します）"),
            ("3", "まだ一度も確認していない"),
        ),
        examples=("picoclaw-watchdog status --watch",),
    ),
}
_NO_TERMINAL = {
    "en": "--watch needs a terminal",
    "ja": "--watch には端末が必要です",
}


def main(arguments: list[str], clock: Clock | None = None) -> int:
    """Show the state of the host as the last cycle left it.

    Args:
        arguments: what was typed behind the command.
        clock: the host's own if None.
    """
    asked = typed_in("status", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    clock = clock or HostClock()
    watches = "--watch" in typed.flags or "--watch" in typed.values
    how = _watch if watches else _status
    try:
        return ended(loaded, how(loaded, typed, clock))
    except ODD as error:
        say_odd(loaded.settings, error)
        return NOT_HEALTHY


def _status(loaded: Loaded, typed: Typed, clock: Clock) -> int:
    settings = loaded.settings
    store = store_of(settings, os.environ)
    seen = _seen(settings, store, clock)
    if "--json" in typed.flags:
        _print_json(seen)
    else:
        show(sys.stdout, screen(terminal_of(sys.stdout, os.environ, typed.colour), seen))
    say_unreadable(store)
    if "at" not in seen.document:
        return NEVER_LOOKED
    return HEALTHY if seen.document.get("healthy") and not seen.stale else NOT_HEALTHY


def _seen(settings: Settings, store: DiskStore, clock: Clock) -> Seen:
    document: dict[str, Any] = dict(store.last_snapshot())
    document.pop("store", None)
    now = clock.now().wall
    if "at" not in document:
        return Seen(settings, {}, (), now, stale=False)
    stale = now - float(document["at"]) > STALE_INTERVALS * settings.interval_sec
    document = overlaid(document, wishes_now(settings, store, clock.now()))
    return Seen(settings, document, store.told(LAST_TOLD), now, stale)


def _watch(loaded: Loaded, typed: Typed, clock: Clock) -> int:
    from picoclaw_watchdog.terminal.live import watch

    text = typed.values.get("--watch", "")
    period = _seconds(text) if text else WATCH_PERIOD
    settings, language = loaded.settings, loaded.settings.language
    if period is None:
        return misused("status", f"--watch {text}", HELP, language)
    if not sys.stdout.isatty():
        return misused("status", _NO_TERMINAL[language], HELP, language)
    path = os.path.join(settings.state_dir, "status.json")
    latest: dict[str, object] = {}

    def stamp() -> object:
        try:
            facts = os.stat(path)
        except OSError:
            return None
        return facts.st_ino, facts.st_mtime_ns

    def seen_now() -> Seen:
        """The past is only read again when there was another cycle."""
        now = stamp()
        if "seen" not in latest or latest["stamp"] != now:
            latest.update(stamp=now, seen=_seen(settings, store_of(settings, os.environ), clock))
        seen = latest["seen"]
        assert isinstance(seen, Seen)  # noqa: S101  # we have just put it there
        return _aged(seen, clock.now().wall)

    def frame() -> list[str]:
        on = terminal_of(sys.stdout, os.environ, typed.colour)
        lines = [*painted_mistakes(loaded, on), *_drawn(on, settings, seen_now)]
        return lines[: on.rows]

    return watch(sys.stdout, frame, stamp, period, lambda: clock.now().awake)


def _aged(seen: Seen, now: float) -> Seen:
    """What was seen before, as it stands now."""
    if "at" not in seen.document:
        return seen._replace(now=now)
    late = now - float(seen.document["at"]) > STALE_INTERVALS * seen.settings.interval_sec
    return seen._replace(now=now, stale=late)


def _drawn(on: Terminal, settings: Settings, look: Callable[[], Seen]) -> list[str]:
    try:
        return screen(on, look())
    except ODD as error:
        return on.text(odd_line(settings, error))


def _seconds(text: str) -> float | None:
    if not text.replace(".", "", 1).isdecimal():
        return None
    return min(max(float(text), 0.1), 3600.0)


def _print_json(seen: Seen) -> None:
    document = dict(seen.document)
    if "at" in document:
        document["stale"] = seen.stale
        document["last_messages"] = [_message(*each) for each in seen.delivered]
    show_json(document)


def _message(alert: Alert, moment: Moment) -> dict[str, object]:
    return {
        "at": round(moment.wall, 3),
        "topic": alert.topic.value,
        "target": alert.target,
        "incident": alert.incident,
    }

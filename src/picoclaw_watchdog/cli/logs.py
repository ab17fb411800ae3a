"""`picoclaw-watchdog logs`: the watchdog's log, or the gateway's journal."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from picoclaw_watchdog.cli.arguments import Known, Typed, misused, typed_in
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.cli.loading import ended
from picoclaw_watchdog.cli.log_lines import LinePrinter
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.host.process import become
from picoclaw_watchdog.host.systemd import bus_environment
from picoclaw_watchdog.ports import Clock
from picoclaw_watchdog.screens.moments import moment_of
from picoclaw_watchdog.store.files import reason
from picoclaw_watchdog.store.log_reader import LEVELS, Follower, Line, last, read
from picoclaw_watchdog.terminal.paint import show, terminal_of

NOTHING = 1
LINES, MOST_LINES = 30, 1_000_000
LOOK_EVERY = 0.25  # seconds between two questions whether something was written
KNOWN = Known(
    flags=frozenset({"--follow", "--gateway", "--raw"}),
    valued=frozenset({"--lines", "--level", "--since"}),
    short={"-f": "--follow", "-n": "--lines"},
)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog logs [-f] [-n N] [--level LEVEL] [--since WHEN] [--raw]\n"
        "picoclaw-watchdog logs --gateway [-f] [-n N] [--since WHEN]",
        about="The watchdog's log, rotated files included. In a pipe its lines come as they are.",
        options=(
            ("-n, --lines N", f"how many of the last ones (default: {LINES})"),
            ("-f, --follow", "wait for more, until Ctrl-C"),
            ("--level LEVEL", "this one and graver: " + ", ".join(LEVELS)),
            ("--since WHEN", "30m, 2h, 3d, 2026-11-24 or '2026-11-24 03:00'"),
            ("--raw", "as they are in the file, also on a terminal"),
            ("--gateway", "the gateway's journal instead"),
        ),
        statuses=(
            ("0", "done"),
            ("1", "there is no such line"),
            ("2", "wrong usage, or mistakes in the settings: what is known is shown"),
        ),
        examples=("picoclaw-watchdog logs --level WARN --since 3d",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog logs [-f] [-n N] [--level LEVEL] [--since WHEN] [--raw]\n"
        "picoclaw-watchdog logs --gateway [-f] [-n N] [--since WHEN]",
        about="見張りのログを、ローテート済みの分も含めて表示します。パイプにはそのままの行を出します。",
        options=(
            ("-n, --lines N", f"最後の何行か（既定: {LINES}）"),
            ("-f, --follow", "続きを待ちます（Ctrl-C で終了）"),
            ("--level LEVEL", "これ以上の重さ: " + ", ".join(LEVELS)),
            ("--since WHEN", "30m、2h、3d、2026-11-24、'2026-11-24 03:00' など"),
            ("--raw", "端末でもファイルのままの行を出します"),
            ("--gateway", "代わりにゲートウェイのジャーナルを表示します"),
        ),
        statuses=(
            ("0", "完了"),
            ("1", "該当する行がない"),
            ("2", "使い方の誤り、または設定の誤り（分かることは表示します）"),
        ),
        examples=("picoclaw-watchdog logs --level WARN --since 3d",),
    ),
}
_SAID = {
    "en": {
        "none": "no such line in the log: {path}",
        "next": "nothing was logged yet: {path}\ntry: picoclaw-watchdog once",
        "journalctl": "journalctl cannot be run",
    },
    "ja": {
        "none": "該当する行がありません: {path}",
        "next": "まだ何も記録されていません: {path}\n実行: picoclaw-watchdog once",
        "journalctl": "journalctl を実行できません",
    },
}


def main(arguments: list[str], clock: Clock | None = None) -> int:
    """Show the last lines of the log, and perhaps those that follow.

    Args:
        arguments: what was typed behind the command.
        clock: the host's own if None.
    """
    asked = typed_in("logs", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    return ended(loaded, _logs(loaded.settings, typed, clock or HostClock()))


def _logs(settings: Settings, typed: Typed, clock: Clock) -> int:
    number, level, since = (typed.values.get(f"--{each}") for each in ("lines", "level", "since"))
    after = moment_of(since, clock.now().wall) if since is not None else 0.0
    wrong = ""
    if number is not None and not (number.isdecimal() and int(number) <= MOST_LINES):
        wrong = f"--lines {number}"
    elif level is not None and level.upper() not in LEVELS:
        wrong = f"--level {level}"
    elif after is None:
        wrong = f"--since {since}"
    if wrong or after is None:
        return misused("logs", wrong, HELP, settings.language)
    default = MOST_LINES if since is not None else LINES
    most = int(number) if number is not None else default
    if "--gateway" in typed.flags:
        return _journal(settings, typed, most, after)
    graver = LEVELS[LEVELS.index(level.upper()) :] if level is not None else ()
    return _log(settings, typed, most, after, lambda line: not graver or line.level in graver)


def _log(
    settings: Settings, typed: Typed, most: int, since: float, accepts: Callable[[Line], bool]
) -> int:
    path, follows = settings.log_file, "--follow" in typed.flags
    follower = Follower(path) if follows else None  # before: better twice than never
    printer = LinePrinter(typed.colour, raw="--raw" in typed.flags)
    found = last(path, most, accepts, since) if most else []
    printer.show(found)
    if follower is None:
        if found:
            return 0
        name = "none" if os.path.exists(path) else "next"
        on = terminal_of(sys.stderr, os.environ)
        show(sys.stderr, on.text(_SAID[settings.language][name].format(path=path)))
        return NOTHING
    with suppress(KeyboardInterrupt):
        clock = HostClock()
        while True:
            printer.show(filter(accepts, map(read, follower.lines())))
            clock.sleep(LOOK_EVERY)
    return 0


def _journal(settings: Settings, typed: Typed, most: int, since: float) -> int:
    """The journal has a reader of its own, and knows its own colours."""
    argv = ["journalctl", "--user", "-u", settings.gateway_service, "--no-pager", "-o", "short-iso"]
    argv += ["-n", str(most) if most < MOST_LINES else "all"]
    argv += ["-S", f"@{since:.0f}"] if since else []
    argv += ["-f"] if "--follow" in typed.flags else []
    sys.stdout.flush()
    return _become(argv, settings)


def _become(argv: Sequence[str], settings: Settings) -> int:
    try:
        become(argv, bus_environment())
    except OSError as error:
        print(f"{_SAID[settings.language]['journalctl']} ({reason(error)})", file=sys.stderr)
    return NOTHING

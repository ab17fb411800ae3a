"""A file of ours that this version did not write, cut, edited or forged: one line, no traceback."""

import sys

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.store.cache import NAME as SNAPSHOT
from picoclaw_watchdog.store.drills import RESULTS as DRILLS
from picoclaw_watchdog.terminal.paint import show

# What reading a document raises whose parts are missing, of another type or out of range.
ODD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
_SAID = {
    SNAPSHOT: Text(
        "{path}: something in it is missing or wrong ({what}); a cycle writes it anew:"
        " picoclaw-watchdog once",
        "{path}: 内容が欠けているか、正しくありません（{what}）。次のコマンドで書き直されます:"
        " picoclaw-watchdog once",
    ),
    DRILLS: Text(
        "{path}: something in it is missing or wrong ({what}); delete it, or drill again",
        "{path}: 内容が欠けているか、正しくありません（{what}）。"
        "削除するか、もう一度訓練してください",
    ),
}


def odd_line(settings: Settings, error: Exception, name: str = SNAPSHOT) -> str:
    """What is wrong with the file, and what to do."""
    what = f"{type(error).__name__}: {error}"[:120]
    return _SAID[name].say(settings.language, path=f"{settings.state_dir}/{name}", what=what)


def say_odd(settings: Settings, error: Exception, name: str = SNAPSHOT) -> None:
    """Say it to standard error."""
    show(sys.stderr, [odd_line(settings, error, name)])

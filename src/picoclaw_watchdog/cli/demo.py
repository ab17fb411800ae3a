"""`picoclaw-watchdog demo`: a host in a box, broken five times, mended before your eyes."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from picoclaw_watchdog.cli.arguments import LANGUAGE, Known, typed_in
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.demo.screen import Screen
from picoclaw_watchdog.demo.story import perform
from picoclaw_watchdog.terminal.paint import tell, terminal_of

KNOWN = Known(flags=frozenset({"--fast"}), choices=LANGUAGE)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog demo [--fast] [--language en|ja]",
        about="Breaks a host in a box five times and recovers it before your eyes. Needs no "
        "PicoClaw, no Tailscale, no Ollama, no systemd, no root; takes about a minute and leaves "
        "nothing behind.",
        options=(
            ("--fast", "shorter waits, no pauses for reading"),
            ("--language en|ja", "other than the settings or the locale say"),
        ),
        statuses=(
            ("0", "every chapter ended as promised"),
            ("1", "not so, or the box could not be built"),
            ("2", "wrong usage"),
        ),
        examples=("picoclaw-watchdog demo --language ja",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog demo [--fast] [--language en|ja]",
        about="箱の中のホストを 5 回壊し、目の前で復旧します。PicoClaw、Tailscale、Ollama、"
        "systemd、root は不要です。約 1 分で終わり、何も残しません。",
        options=(
            ("--fast", "待ち時間を短くし、読むための間を置きません"),
            ("--language en|ja", "設定やロケールと異なる言語で表示します"),
        ),
        statuses=(
            ("0", "すべての章が約束どおり"),
            ("1", "そうではない、または箱を作れない"),
            ("2", "使い方の誤り"),
        ),
        examples=("picoclaw-watchdog demo --language en",),
    ),
}
CANNOT_BUILD = Text(
    "picoclaw-watchdog demo: cannot build the box: {why}",
    "picoclaw-watchdog demo: 箱を作れません: {why}",
)
_SIGNAL_STATUS = 128
_INTERRUPTIONS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def main(arguments: list[str]) -> int:
    """Perform the demo.

    Returns:
        0 when every chapter ended as promised; 1 when not; 128 and the signal's number when
        it was interrupted. Nothing is left behind either way.
    """
    asked = typed_in("demo", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    language = typed.values.get("--language", loaded.settings.language)
    screen = Screen(terminal_of(sys.stdout, os.environ, typed.colour))
    for number in _INTERRUPTIONS:
        signal.signal(number, _leave)
    try:
        return perform(language, fast="--fast" in typed.flags, screen=screen)
    except (FileNotFoundError, PermissionError, TimeoutError) as error:
        tell(CANNOT_BUILD.say(language, why=error), sys.stderr)
        return 1


def _leave(number: int, _: FrameType | None) -> NoReturn:
    """End by way of every `finally`, so that the box is cleared away; once is enough."""
    for other in _INTERRUPTIONS:
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(_SIGNAL_STATUS + number)
